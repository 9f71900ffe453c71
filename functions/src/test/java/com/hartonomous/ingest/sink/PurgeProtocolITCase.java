package com.hartonomous.ingest.sink;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.runtime.metrics.groups.MetricsGroupTestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Atoms without references that go away between two steps of a writer that is about to refer to
 * them.
 */
class PurgeProtocolITCase {

  private static final String WRITER = "hartonomous-writer-0";
  private static final int LOCK_NOT_GRANTED = 1222;
  private static final int REFERENCED = 547;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  private Sql sql;
  private int table;

  @BeforeEach
  void registerTable() throws Exception {
    sql = server.connect();
    table = new SampleTables(sql).captureTable("T", "Body");
  }

  /** Though atoms went away under the writer, each row's text is stored. */
  @AfterEach
  void requireBalance() throws Exception {
    Balance.awaitEven(server.options());
    sql.close();
  }

  /** The lock keeps a purge out from a writer's first statement to its commit. */
  @Test
  @StandInOnly("injected faults")
  void aPurgeThatKeepsTheProtocolWaitsForTheWriter() throws Exception {
    leaveUnreferenced("a");
    List<Integer> refusals = new ArrayList<>();
    AtomicInteger insideTransaction = new AtomicInteger();
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (application.equals(WRITER) && isStepOfTransaction(point, batch)) {
            insideTransaction.incrementAndGet();
            refusals.add(purge(true));
          }
        });
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(0, "a"), null);
      writer.flush(false);
    }
    assertThat(insideTransaction.get()).isGreaterThan(5);
    assertThat(refusals).hasSize(insideTransaction.get()).containsOnly(LOCK_NOT_GRANTED);
    assertReferenced("a");
    assertThat(purge(true)).isZero();
    assertReferenced("a");
  }

  /** What ignores the lock, somebody's DELETE by hand, costs a retry and nothing else. */
  @Test
  @StandInOnly("injected faults")
  void atomsDeletedBetweenAnyTwoStepsAreShippedAgain() throws Exception {
    int steps = 0;
    AtomicInteger step = new AtomicInteger();
    do {
      String text = "text " + steps;
      leaveUnreferenced(text);
      step.set(0);
      int purged = ++steps;
      server.injectFaults(
          (point, application, kind, batch) -> {
            if (application.equals(WRITER)
                && point == Point.BEFORE_STATEMENT
                && step.incrementAndGet() == purged) {
              assertThat(purge(false)).isIn(0, LOCK_NOT_GRANTED, REFERENCED);
            }
          });
      try (AtomSinkWriter writer = writer()) {
        writer.write(present(steps, text).withKnown(true), null);
        writer.flush(false);
      }
      assertReferenced(text);
    } while (step.get() >= steps);
    assertThat(steps).as("steps of a transaction").isGreaterThan(8);
  }

  /** Behind the statement that takes the lock, up to the commit. */
  private static boolean isStepOfTransaction(Point point, String batch) {
    return switch (point) {
      case BEFORE_STATEMENT ->
          Set.of("#Atom", "#RowReference", "#Change", "dbo.Atoms").stream()
                  .anyMatch(batch::contains)
              && !batch.contains("CREATE TABLE");
      case BEFORE_COMMIT -> !batch.contains("CREATE TABLE") && !batch.contains("WriterFences");
      case AFTER_COMMIT -> false;
    };
  }

  /** Deletes atoms without references; 0 or the number of the error. */
  private int purge(boolean withLock) {
    try (Connection connection = server.options().open("purge");
        Statement statement = connection.createStatement()) {
      statement.execute("SET LOCK_TIMEOUT 200");
      connection.setAutoCommit(false);
      if (withLock) {
        ApplicationLock.acquireExclusive(connection, ApplicationLock.ATOMS, Duration.ofMillis(10));
      }
      statement.executeUpdate("DELETE FROM dbo.Atoms WHERE ReferenceCount = 0");
      connection.commit();
      return 0;
    } catch (SQLException e) {
      return e.getErrorCode();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void leaveUnreferenced(String text) throws Exception {
    byte[] content = text.getBytes(StandardCharsets.UTF_16LE);
    sql.update(
        "INSERT INTO dbo.Atoms (AtomHash, ByteLength, Content, ContentType, CanonicalText,"
            + " ReferenceCount) VALUES (?, ?, ?, N'text/plain', ?, 0)",
        Sha256.ofText(text).toBytes(),
        content.length,
        content,
        text);
  }

  private void assertReferenced(String text) throws Exception {
    assertThat(
            sql.rows(
                "SELECT CanonicalText, ReferenceCount FROM dbo.Atoms WHERE AtomHash = ?",
                (Object) Sha256.ofText(text).toBytes()))
        .containsExactly(text + "|1");
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  private AtomSinkWriter writer() {
    return new AtomSinkWriter(
        new ReferenceBatch(100, 1 << 20),
        new AtomTransaction(server.options(), new DatabaseContentStore(), 0, null, 1 << 20),
        new CapturedNames(List.of()),
        5,
        MetricsGroupTestUtils.mockWriterMetricGroup());
  }

  /** The reference of a row of the table, which is there with that text. */
  private AtomReference present(int id, String text) throws SQLException {
    sql.update("INSERT INTO dbo.T (Id, Body) VALUES (?, ?)", id, text);
    String key = SampleTables.keyText(id);
    return AtomReference.ofRow(
        Sha256.ofText(text),
        "text/plain",
        text.getBytes(StandardCharsets.UTF_16LE),
        new RowReference(new RowKey(table, Sha256.ofText(key)), key, 1, 0));
  }
}
