package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The process of a stand-in is killed again and again while two clients commit. What was
 * acknowledged is there each time, nothing is there in part, and log sequence numbers keep the
 * order of the commits.
 */
@Timeout(300)
class DurabilityFaultToleranceITCase {

  private static final long SEED = Long.getLong("seed", 20261122L);
  private static final int KILLS = Integer.getInteger("kills", 10);

  /**
   * Up to this long the clients write before each kill; an engine that reuses space needs seconds.
   */
  private static final int WRITING_MILLIS = Integer.getInteger("writing.millis", 400);

  private static final int WRITERS = 2;
  private static final int ROWS_MAX = 40;

  /** A transaction also deletes the rows of the one that is this much older. */
  private static final int LIFE = 5;

  @TempDir Path directory;

  private final Random random = new Random(SEED);
  private final List<Writer> writers = new ArrayList<>();
  private final NavigableMap<String, String> transactionByLsn = new TreeMap<>();

  /** How many rows a transaction inserts; the same whoever asks. */
  private static int size(int writer, int number) {
    return 1 + new Random(SEED + 31L * number + writer).nextInt(ROWS_MAX);
  }

  @Test
  void whatWasAcknowledgedSurvivesEveryKill() throws Exception {
    System.out.println("seed " + SEED);
    for (int writer = 0; writer < WRITERS; writer++) {
      writers.add(new Writer(writer));
    }
    int committed = 0;
    for (int kill = 0; kill <= KILLS; kill++) {
      try (Server server = new Server(directory)) {
        if (kill == 0) {
          createTables(server);
        } else {
          try (Connection connection = server.connect()) {
            committed = check(connection, "seed " + SEED + ", kill " + kill);
          }
        }
        if (kill < KILLS) {
          writeUntilKilled(server);
        }
      }
    }
    assertThat(committed).as("seed %d: transactions in all", SEED).isGreaterThan(KILLS);
  }

  private void writeUntilKilled(Server server) throws Exception {
    List<CompletableFuture<Void>> running =
        writers.stream()
            .map(writer -> CompletableFuture.runAsync(() -> writer.run(server)))
            .toList();
    for (Writer writer : writers) {
      writer.awaitAcknowledgement();
    }
    Thread.sleep(random.nextInt(WRITING_MILLIS));
    server.kill();
    for (CompletableFuture<Void> writer : running) {
      writer.get(60, TimeUnit.SECONDS);
    }
  }

  private static void createTables(Server server) throws SQLException {
    try (Connection connection = server.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("EXEC sys.sp_cdc_enable_db");
      statement.execute(
          "CREATE TABLE dbo.Items (Writer INT NOT NULL, Number INT NOT NULL, Item INT NOT NULL,"
              + " Text NVARCHAR(MAX) NOT NULL, CONSTRAINT PK_Items PRIMARY KEY (Writer, Number,"
              + " Item))");
      statement.execute("CREATE INDEX IX_Items ON dbo.Items (Item, Writer)");
      statement.execute(
          "CREATE TABLE dbo.Counters (Writer INT NOT NULL PRIMARY KEY, Number INT NOT NULL)");
      for (String table : List.of("Items", "Counters")) {
        statement.execute(
            "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
                + table
                + "', @role_name = NULL, @supports_net_changes = 0");
      }
      for (int writer = 0; writer < WRITERS; writer++) {
        statement.execute("INSERT INTO dbo.Counters (Writer, Number) VALUES (" + writer + ", 0)");
      }
    }
  }

  /** Commits transactions over a connection until it breaks. Used by one thread at a time. */
  private static final class Writer {
    private final int id;
    private final Set<Integer> acknowledged = new TreeSet<>();
    private final Set<Integer> unknown = new TreeSet<>();
    private final Semaphore acknowledgements = new Semaphore(0);
    private int number;

    Writer(int id) {
      this.id = id;
    }

    /** Waits for one that came after the last call. */
    void awaitAcknowledgement() throws InterruptedException {
      acknowledgements.drainPermits();
      assertThat(acknowledgements.tryAcquire(30, TimeUnit.SECONDS))
          .as("seed %d: writer %d commits", SEED, id)
          .isTrue();
    }

    void run(Server server) {
      try (Connection connection = server.connect();
          Statement statement = connection.createStatement()) {
        // Long enough for the other one; too short for a lock of a transaction that is no more.
        statement.execute("SET LOCK_TIMEOUT 10000");
        connection.setAutoCommit(false);
        while (true) {
          number++;
          unknown.add(number);
          write(connection);
          connection.commit();
          unknown.remove(number);
          acknowledged.add(number);
          acknowledgements.release();
        }
      } catch (SQLException e) {
        if (!server.isKilled()) {
          throw new IllegalStateException("seed " + SEED + ", before the kill", e);
        }
      }
    }

    private void write(Connection connection) throws SQLException {
      try (PreparedStatement insert =
              connection.prepareStatement(
                  "INSERT INTO dbo.Items (Writer, Number, Item, Text) VALUES (?, ?, ?, ?)");
          PreparedStatement delete =
              connection.prepareStatement("DELETE FROM dbo.Items WHERE Writer = ? AND Number = ?");
          PreparedStatement count =
              connection.prepareStatement("UPDATE dbo.Counters SET Number = ? WHERE Writer = ?")) {
        for (int item = 0; item < size(id, number); item++) {
          insert.setInt(1, id);
          insert.setInt(2, number);
          insert.setInt(3, item);
          insert.setString(4, "text of " + id + " " + number + " " + item);
          insert.addBatch();
        }
        insert.executeBatch();
        delete.setInt(1, id);
        delete.setInt(2, number - LIFE);
        delete.executeUpdate();
        count.setInt(1, number);
        count.setInt(2, id);
        count.executeUpdate();
      }
    }
  }

  /** Checks everything and returns how many transactions are committed. */
  private int check(Connection connection, String description) throws SQLException {
    Map<String, String> lsns = lsnsOfTransactions(connection, description);
    List<String> rows = new ArrayList<>();
    List<String> changes = new ArrayList<>();
    int committed = 0;
    for (Writer writer : writers) {
      Set<Integer> found =
          lsns.keySet().stream()
              .filter(transaction -> transaction.startsWith(writer.id + " "))
              .map(transaction -> Integer.valueOf(transaction.substring(2)))
              .collect(Collectors.toCollection(TreeSet::new));
      Set<Integer> attempted = new TreeSet<>(writer.acknowledged);
      attempted.addAll(writer.unknown);
      assertThat(missing(found, writer.acknowledged)).as(description).isEmpty();
      assertThat(missing(attempted, found)).as(description).isEmpty();
      committed += found.size();
      String before = "";
      for (int number : found) {
        String lsn = lsns.get(writer.id + " " + number);
        assertThat(lsn)
            .as("%s: LSN of %d %d", description, writer.id, number)
            .isGreaterThan(before);
        before = lsn;
        addLines(changes, writer.id, number, "2");
        if (found.contains(number - LIFE)) {
          addLines(changes, writer.id, number - LIFE, "1");
        }
        if (!found.contains(number + LIFE)) {
          addLines(rows, writer.id, number, "row");
        }
      }
    }
    requireSame(description, lines(connection, "'row'", "dbo.Items"), rows);
    requireSame(description, lines(connection, "[__$operation]", "cdc.dbo_Items_CT"), changes);
    rememberLsns(lsns, description);
    return committed;
  }

  /** What of the wanted is not there; AssertJ's own search takes the square of the time. */
  private static <T> Set<T> missing(Collection<T> found, Collection<T> wanted) {
    Set<T> missing = new TreeSet<>(wanted);
    missing.removeAll(new HashSet<>(found));
    return missing;
  }

  private static void addLines(List<String> lines, int writer, int number, String prefix) {
    for (int item = 0; item < size(writer, number); item++) {
      lines.add(
          prefix
              + "|"
              + writer
              + "|"
              + number
              + "|"
              + item
              + "|text of "
              + writer
              + " "
              + number
              + " "
              + item);
    }
  }

  private static List<String> lines(Connection connection, String prefix, String table)
      throws SQLException {
    return query(
        connection, "SELECT " + prefix + " AS p, Writer, Number, Item, Text FROM " + table);
  }

  private static void requireSame(String description, List<String> found, List<String> expected) {
    assertThat(found.stream().sorted().toList())
        .as(description)
        .isEqualTo(expected.stream().sorted().toList());
  }

  /**
   * The LSN of each committed transaction, by the change of its counter; every change of an item
   * has the LSN of its transaction, and each LSN is in the time mapping.
   */
  private static Map<String, String> lsnsOfTransactions(Connection connection, String description)
      throws SQLException {
    Map<String, String> lsns = new HashMap<>();
    Map<String, String> transactions = new HashMap<>();
    for (String line :
        query(
            connection,
            "SELECT [__$start_lsn], Writer, Number FROM cdc.dbo_Counters_CT"
                + " WHERE [__$operation] = 4 ORDER BY [__$start_lsn]")) {
      String[] columns = line.split("\\|");
      String transaction = columns[1] + " " + columns[2];
      assertThat(lsns.put(transaction, columns[0])).as(description).isNull();
      assertThat(transactions.put(columns[0], transaction)).as(description).isNull();
    }
    for (String line :
        query(
            connection,
            "SELECT [__$start_lsn], Writer, Number, [__$operation], COUNT(*),"
                + " COUNT(DISTINCT [__$seqval]) FROM cdc.dbo_Items_CT"
                + " GROUP BY [__$start_lsn], Writer, Number, [__$operation]")) {
      String[] columns = line.split("\\|");
      int age = columns[3].equals("1") ? LIFE : 0;
      assertThat(transactions)
          .as("%s: %s", description, line)
          .containsEntry(columns[0], columns[1] + " " + (Integer.parseInt(columns[2]) + age));
      assertThat(columns[5])
          .as("%s: sequence values of %s", description, line)
          .isEqualTo(columns[4]);
    }
    List<String> mapped =
        query(
            connection,
            "SELECT start_lsn FROM cdc.lsn_time_mapping ORDER BY tran_end_time, start_lsn");
    assertThat(mapped).as(description).isSorted().doesNotHaveDuplicates();
    assertThat(missing(mapped, lsns.values())).as(description).isEmpty();
    String greatest = query(connection, "SELECT sys.fn_cdc_get_max_lsn()").get(0);
    assertThat(mapped.get(mapped.size() - 1)).as(description).isEqualTo(greatest);
    return lsns;
  }

  /** No LSN that was seen before a kill means another transaction after it, or is passed by. */
  private void rememberLsns(Map<String, String> lsns, String description) {
    String before = transactionByLsn.isEmpty() ? "" : transactionByLsn.lastKey();
    for (Map.Entry<String, String> entry : lsns.entrySet()) {
      String known = transactionByLsn.get(entry.getValue());
      if (known == null) {
        assertThat(entry.getValue())
            .as("%s: LSN of the new transaction %s", description, entry.getKey())
            .isGreaterThan(before);
      } else {
        assertThat(known).as(description).isEqualTo(entry.getKey());
      }
    }
    assertThat(missing(lsns.values(), transactionByLsn.keySet())).as(description).isEmpty();
    lsns.forEach((transaction, lsn) -> transactionByLsn.put(lsn, transaction));
  }

  private static List<String> query(Connection connection, String sql) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      int width = rows.getMetaData().getColumnCount();
      while (rows.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= width; i++) {
          Object value = rows.getObject(i);
          values.add(
              value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value.toString());
        }
        lines.add(String.join("|", values));
      }
    }
    return lines;
  }

  /** A stand-in in a process of its own. */
  private static final class Server implements AutoCloseable {
    private final Process process;
    private final int port;
    private volatile boolean killed;

    Server(Path directory) throws IOException {
      process =
          new ProcessBuilder(
                  List.of(
                      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                      "-Xmx256m",
                      "-XX:TieredStopAtLevel=1",
                      "-XX:+UseSerialGC",
                      "-cp",
                      System.getProperty("java.class.path"),
                      Victim.class.getName(),
                      directory.toString()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      BufferedReader output =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = output.readLine();
      assertThat(line).as("seed %d: the stand-in starts", SEED).isNotNull();
      port = Integer.parseInt(line);
    }

    Connection connect() throws SQLException {
      SQLServerDataSource source = new SQLServerDataSource();
      source.setServerName("127.0.0.1");
      source.setPortNumber(port);
      source.setDatabaseName("Library");
      source.setUser("loader");
      source.setPassword("Secret-1");
      source.setEncrypt("false");
      source.setConnectRetryCount(0);
      return source.getConnection();
    }

    boolean isKilled() {
      return killed;
    }

    /** As {@code kill -9}: the process has no chance to do anything. */
    void kill() throws InterruptedException {
      killed = true;
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public void close() throws InterruptedException {
      kill();
    }
  }

  /** The process that is killed. */
  static final class Victim {
    private Victim() {}

    public static void main(String[] arguments) throws Exception {
      SqlServerStandIn server =
          SqlServerStandIn.builder()
              .login("loader", "Secret-1")
              .database("Library")
              .dataDirectory(Path.of(arguments[0]))
              .start();
      System.out.println(server.port());
      Thread.currentThread().join();
    }
  }
}
