package com.hartonomous.ingest.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.balance.Findings;
import com.hartonomous.ingest.balance.ModelBalance;
import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.balance.SubmissionBalance;
import com.hartonomous.ingest.balance.TableBalance;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;

/**
 * The balance of a database, which every test of ingestion requires at its end: what came in is
 * stored, known or a dead letter.
 *
 * <p>A test that starts an ingest job owes the balance from then on ({@link #owe}), until it was
 * {@link #awaitEven} once, or {@link #waive}d with a reason; {@link SqlServerExtension} fails a
 * test that ends and owes it still.
 */
public final class Balance implements Findings {

  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Databases whose balance is owed. */
  private static final Set<String> OWED = ConcurrentHashMap.newKeySet();

  private final Map<String, SourceBalance> sources = new LinkedHashMap<>();
  private final List<String> differences = new ArrayList<>();

  private Balance() {}

  /** An ingest job was started on the database. */
  public static void owe(SqlServerOptions server) {
    OWED.add(database(server));
  }

  /** Whether it was neither required nor waived since a job was started. */
  public static boolean isOwed(SqlServerOptions server) {
    return OWED.contains(database(server));
  }

  /**
   * The running test does without.
   *
   * @param reason why it cannot come out even, for those who read the test
   */
  public static void waive(SqlServerOptions server, String reason) {
    assertThat(reason).as("why the balance is waived").isNotBlank();
    OWED.remove(database(server));
  }

  /** Fails when it is owed; forgets the database, which ends with its test. */
  static void requirePaid(SqlServerOptions server) {
    assertThat(OWED.remove(database(server)))
        .as(
            "an ingest job ran on %s and nothing required its balance: end the job by close() while"
                + " it runs, or call Balance.awaitEven or Balance.waive",
            database(server))
        .isFalse();
  }

  private static String database(SqlServerOptions server) {
    return server.host() + ':' + server.port() + '/' + server.database();
  }

  /** The balance as it is now. */
  public static Balance of(SqlServerOptions server) throws Exception {
    Balance balance = new Balance();
    try (Connection connection = server.open("test")) {
      SubmissionBalance.check(connection, balance);
      ModelBalance.check(connection, balance);
    }
    TableBalance.check(server, balance, Duration.ZERO);
    return balance;
  }

  /**
   * Waits until nothing is under way and nothing differs, while the job runs.
   *
   * @return the balance then
   */
  public static Balance awaitEven(SqlServerOptions server) throws Exception {
    Balance[] last = new Balance[1];
    Awaitility.await()
        .atMost(TIMEOUT)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              last[0] = of(server);
              assertThat(last[0].differences()).as("differences in the balance").isEmpty();
              assertThat(last[0].sources.values())
                  .allSatisfy(
                      source -> {
                        assertThat(source.underWay()).as("%s under way", source.source()).isZero();
                        assertThat(source.stored() + source.known() + source.dead())
                            .as("%s", source)
                            .isEqualTo(source.in());
                      });
            });
    OWED.remove(database(server));
    return last[0];
  }

  /** What does not balance; the word pending before what ingestion is about to mend. */
  public List<String> differences() {
    return List.copyOf(differences);
  }

  /**
   * The sums of a source: in, stored, known, dead.
   *
   * @param name {@code submissions}, {@code models} or a table
   */
  public List<Long> sums(String name) {
    SourceBalance source = sources.get(name);
    assertThat(source).as("%s among %s", name, sources.keySet()).isNotNull();
    return List.of(source.in(), source.stored(), source.known(), source.dead());
  }

  @Override
  public void balance(SourceBalance source) {
    sources.put(source.source(), source);
  }

  @Override
  public void difference(String key, String message, boolean pending) {
    differences.add((pending ? "pending: " : "") + key + " " + message);
  }
}
