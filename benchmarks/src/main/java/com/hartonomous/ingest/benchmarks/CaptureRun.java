package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/**
 * Captures tables with the job in one Java process and the stand-in in another: first the snapshot
 * of all tables, then one transaction that changes some of them. In the end the key and content of
 * every row are compared.
 */
final class CaptureRun {

  private static final Duration POLL = Duration.ofMillis(200);
  private static final int BATCH = 10_000;

  /**
   * What to run.
   *
   * @param tables captured ones
   * @param snapshotRows in each of them before the job starts, at least 1
   * @param changedTables how many of them the transaction inserts into; 0 for no transaction
   * @param changedRows how many rows it inserts into each
   * @param characters of a row's content, ASCII, beside its name
   * @param jobHeap and {@code serverHeap} as for -Xmx
   * @param directory holds everything; removed at the end
   * @param limit for the snapshot, and for the transaction, beyond which it counts as failed
   */
  record Options(
      int tables,
      int snapshotRows,
      int changedTables,
      int changedRows,
      int characters,
      String jobHeap,
      String serverHeap,
      Path directory,
      Duration limit) {

    private int rows(int table) {
      return snapshotRows + (table < changedTables ? changedRows : 0);
    }

    private long snapshotTotal() {
      return (long) tables * snapshotRows;
    }

    private long total() {
      return snapshotTotal() + (long) changedTables * changedRows;
    }
  }

  /**
   * What came of it.
   *
   * @param firstRow from the start of the job's process until a row's content is stored
   * @param snapshot until all are
   * @param written from the transaction's begin to the return of its commit
   * @param stored from there until its last row's content is stored
   */
  record Result(
      Duration firstRow,
      Duration snapshot,
      Duration written,
      Duration stored,
      ChildProcess.Memory job,
      ChildProcess.Memory server,
      long databaseBytes) {}

  private final Options options;
  private final Path home;

  CaptureRun(Options options) {
    this.options = options;
    this.home = options.directory().resolve("capture-run").toAbsolutePath();
  }

  /**
   * Runs it.
   *
   * @throws IOException when a process fails, a limit is over, or what is stored is not the tables'
   */
  Result run() throws IOException, InterruptedException, SQLException {
    Files.createDirectories(home);
    try (ServerProcess server = ServerProcess.start(home, options.serverHeap())) {
      return capture(server);
    } finally {
      Directories.remove(home);
    }
  }

  private Result capture(ServerProcess server)
      throws IOException, InterruptedException, SQLException {
    SqlServerOptions sqlServer = server.options();
    try (Connection connection = sqlServer.open("benchmark")) {
      createTables(connection);
      Path configuration =
          Files.writeString(home.resolve("ingest.yaml"), server.configuration() + configuration());
      long begin = System.nanoTime();
      try (ChildProcess job =
          ChildProcess.command(
              "ingest",
              options.jobHeap(),
              home,
              List.of("ingest", "--config", configuration.toString()))) {
        awaitRows(connection, 1, job, server);
        Duration firstRow = since(begin);
        awaitRows(connection, options.snapshotTotal(), job, server);
        Duration snapshot = since(begin);

        long writeBegin = System.nanoTime();
        insertChanges(connection);
        Duration written = since(writeBegin);
        long committed = System.nanoTime();
        awaitRows(connection, options.total(), job, server);
        Duration stored = since(committed);
        ChildProcess.Memory jobMemory = job.memory();
        compare(connection);
        return new Result(
            firstRow,
            snapshot,
            written,
            stored,
            jobMemory,
            server.memory(),
            server.databaseBytes());
      }
    }
  }

  private static Duration since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private static String name(int table) {
    return "Captured%04d".formatted(table);
  }

  private String configuration() {
    StringBuilder text = new StringBuilder("capture:\n  tables:\n");
    for (int table = 0; table < options.tables(); table++) {
      text.append("    - {table: dbo.%s, columns: {Body: text/plain}}%n".formatted(name(table)));
    }
    return text.toString();
  }

  private void createTables(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE dbo.Numbers (N INT NOT NULL PRIMARY KEY)");
      statement.execute("INSERT INTO dbo.Numbers (N) VALUES (0)");
      for (int count = 1; count < BATCH; count *= 2) {
        statement.execute(
            "INSERT INTO dbo.Numbers (N) SELECT N + %d FROM dbo.Numbers WHERE N + %d < %d"
                .formatted(count, count, BATCH));
      }
      for (int table = 0; table < options.tables(); table++) {
        statement.execute(
            "CREATE TABLE dbo.%s (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NOT NULL)"
                .formatted(name(table)));
        statement.execute(
            ("EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'%s',"
                    + " @role_name = NULL, @supports_net_changes = 0")
                .formatted(name(table)));
        insert(connection, table, 0, options.snapshotRows());
      }
    }
  }

  private void insertChanges(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    for (int begin = 0; begin < options.changedRows(); begin += BATCH) {
      int end = Math.min(begin + BATCH, options.changedRows());
      for (int table = 0; table < options.changedTables(); table++) {
        insert(connection, table, options.snapshotRows() + begin, options.snapshotRows() + end);
      }
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  /** Rows of these numbers. */
  private void insert(Connection connection, int table, int begin, int end) throws SQLException {
    String text =
        "INSERT INTO dbo.%s (Id, Body) SELECT N + ?, CONCAT(N'%s/', N + ?, REPLICATE(N'.', ?)) FROM dbo.Numbers WHERE N < ?"
            .formatted(name(table), name(table));
    try (PreparedStatement statement = connection.prepareStatement(text)) {
      for (int batch = begin; batch < end; batch += BATCH) {
        statement.setInt(1, batch);
        statement.setInt(2, batch);
        statement.setInt(3, options.characters());
        statement.setInt(4, Math.min(BATCH, end - batch));
        statement.executeUpdate();
      }
    }
  }

  private void awaitRows(
      Connection connection, long expected, ChildProcess job, ServerProcess server)
      throws IOException, InterruptedException, SQLException {
    long end = System.nanoTime() + options.limit().toNanos();
    while (true) {
      long found = number(connection, "SELECT COUNT(*) FROM dbo.RowAtoms");
      if (found >= expected) {
        return;
      }
      job.requireRunning();
      server.requireRunning();
      if (System.nanoTime() > end) {
        throw new IOException(
            "Expected the content of %d rows within %d s, found that of %d."
                .formatted(expected, options.limit().toSeconds(), found));
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  /**
   * Every table's key and hash of content, in whichever order they come: sums of a hash of both,
   * which are equal only when the rows are.
   */
  private void compare(Connection connection) throws IOException, SQLException {
    long[] expected = new long[2];
    for (int table = 0; table < options.tables(); table++) {
      for (int row = 0; row < options.rows(table); row++) {
        String text = name(table) + "/" + row + ".".repeat(options.characters());
        add(expected, name(table), "{\"Id\":" + row + "}", Sha256.ofText(text));
      }
    }
    long[] found = new long[2];
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT t.TableName, r.RowKey, a.AtomHash FROM dbo.RowAtoms AS r"
                    + " INNER JOIN dbo.CapturedTables AS t ON t.CapturedTableId = r.CapturedTableId"
                    + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId")) {
      while (row.next()) {
        add(found, row.getString(1), row.getString(2), Sha256.fromBytes(row.getBytes(3)));
      }
    }
    if (found[0] != expected[0] || found[1] != expected[1]) {
      throw new IOException(
          "Expected %d rows with the sum %x, found %d with %x."
              .formatted(expected[1], expected[0], found[1], found[0]));
    }
  }

  private static void add(long[] sum, String table, String key, Sha256 content) {
    Sha256 row = Sha256.of((table + " " + key + " " + content).getBytes(StandardCharsets.US_ASCII));
    sum[0] += ByteBuffer.wrap(row.toBytes()).getLong();
    sum[1]++;
  }
}
