package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients come and go, well-behaved and not, and nothing is left of them: threads, open files and
 * heap do not grow from round to round. After each round all clients are gone.
 *
 * <p>{@code -Dminutes=30 -Dclients=16 -Dseed=N} goes on for so long.
 */
class EnduranceITCase {

  private static final long SEED = Long.getLong("seed", 20261201L);
  private static final int CLIENTS = Integer.getInteger("clients", 4);
  private static final int MINUTES = Integer.getInteger("minutes", 0);

  /** Without {@code minutes}. */
  private static final int ROUNDS = 5;

  private static final Duration ROUND = Duration.ofSeconds(MINUTES == 0 ? 2 : 20);

  /** Between two acts of a client, on average: so many acts a second whatever their number. */
  private static final Duration PAUSE = Duration.ofMillis(6L * CLIENTS);

  /** What a JVM that has loaded its classes still varies by. */
  private static final long HEAP_TOLERANCE_BYTES = 12L << 20;

  private static final int THREADS_TOLERANCE = 2;
  private static final int FILES_TOLERANCE = 8;

  private static final int ROWS_MAX = 20;
  private static final int LIFE = 10;

  private enum Act {
    COMMIT,
    ROLL_BACK,
    POLL_CHANGES,
    COPY_IN_BULK,
    CANCEL,
    TIME_OUT,
    TEMPORARY_TABLE,
    CURSOR_HALF_READ,
    RESULT_HALF_READ,
    LOST_IN_A_TRANSACTION,
    DUPLICATE_KEY,
    SYNTAX_ERROR,
    OUTPUT_PARAMETER,
    DIALOG,
    WRONG_PASSWORD,
    TLS
  }

  private static final List<Act> ACTS = List.of(Act.values());

  /** At the end of a round, when all clients have gone. */
  private record Sample(long threads, long files, long heapBytes, long dataBytes) {}

  @TempDir Path directory;

  private final ScheduledExecutorService canceller = Executors.newSingleThreadScheduledExecutor();
  private final Map<Act, AtomicLong> done = new EnumMap<>(Act.class);
  private SqlServerStandIn server;

  @BeforeEach
  void start() throws Exception {
    server =
        SqlServerStandIn.builder()
            .login("loader", "Secret-1")
            .database("Hartonomous")
            .dataDirectory(directory)
            .start();
    for (Act act : Act.values()) {
      done.put(act, new AtomicLong());
    }
  }

  @AfterEach
  void stop() throws Exception {
    canceller.shutdownNow();
    server.close();
  }

  private SQLServerDataSource source() {
    SQLServerDataSource source = new SQLServerDataSource();
    source.setServerName("127.0.0.1");
    source.setPortNumber(server.port());
    source.setDatabaseName("Hartonomous");
    source.setUser("loader");
    source.setPassword("Secret-1");
    source.setEncrypt("false");
    source.setTrustServerCertificate(true);
    source.setConnectRetryCount(0);
    // Prepared at the first execution: a handle that the server keeps.
    source.setEnablePrepareOnFirstPreparedStatementCall(true);
    return source;
  }

  @Test
  void nothingIsLeftOfClientsThatHaveGone() throws Exception {
    System.out.printf("EnduranceITCase seed %d, %d clients%n", SEED, CLIENTS);
    createTables();
    List<Sample> samples = new ArrayList<>();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      long deadline = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
      while (samples.size() < ROUNDS || System.nanoTime() < deadline) {
        int round = samples.size();
        long end = System.nanoTime() + ROUND.toNanos();
        List<Future<?>> running = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          Client of = new Client(client, new Random(SEED + 31L * client + 1009L * round));
          running.add(
              clients.submit(
                  () -> {
                    of.run(end);
                    return null;
                  }));
        }
        for (Future<?> client : running) {
          client.get(ROUND.toSeconds() + 120, TimeUnit.SECONDS);
        }
        tidyUp();
        samples.add(sample());
        System.out.printf("EnduranceITCase round %d: %s%n", round, samples.get(round));
      }
    } finally {
      clients.shutdownNow();
    }
    System.out.println("EnduranceITCase acts: " + done);
    assertNotGrown(samples, "threads", Sample::threads, THREADS_TOLERANCE);
    assertNotGrown(samples, "open files", Sample::files, FILES_TOLERANCE);
    assertNotGrown(samples, "heap bytes", Sample::heapBytes, HEAP_TOLERANCE_BYTES);
  }

  /** The median of the last third against that of the first one, without the first round. */
  private static void assertNotGrown(
      List<Sample> samples, String what, ToLongFunction<Sample> figure, long tolerance) {
    int third = Math.max(1, samples.size() / 3);
    long before = median(samples.subList(1, 1 + third), figure);
    long after = median(samples.subList(samples.size() - third, samples.size()), figure);
    assertThat(after)
        .as("seed %d: %s in %s", SEED, what, samples)
        .isLessThanOrEqualTo(before + tolerance);
  }

  private static long median(List<Sample> samples, ToLongFunction<Sample> figure) {
    return samples.stream()
        .mapToLong(figure)
        .sorted()
        .skip(samples.size() / 2)
        .findFirst()
        .orElse(0);
  }

  private Sample sample() throws Exception {
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> sessionThreads() == 0);
    System.gc();
    Thread.sleep(200);
    System.gc();
    try (Stream<Path> files = Files.list(directory)) {
      long data = files.mapToLong(file -> file.toFile().length()).sum();
      return new Sample(
          ManagementFactory.getThreadMXBean().getThreadCount(),
          openFiles(),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
          data);
    }
  }

  private static long openFiles() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? system.getOpenFileDescriptorCount()
        : 0;
  }

  /** The listener has one thread for each connection, named after the port and a number. */
  private long sessionThreads() {
    String prefix = "standin-" + server.port() + "-";
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(prefix))
        .count();
  }

  private void createTables() throws SQLException {
    try (Connection connection = source().getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql :
          List.of(
              "EXEC sys.sp_cdc_enable_db",
              "CREATE TABLE dbo.Items (Client INT NOT NULL, Number INT NOT NULL, Item INT NOT NULL,"
                  + " Text NVARCHAR(MAX) NOT NULL, CONSTRAINT PK_Items PRIMARY KEY (Client, Number,"
                  + " Item))",
              "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Items',"
                  + " @role_name = NULL, @supports_net_changes = 0",
              "CREATE TABLE dbo.Loads (Client INT NOT NULL, Item INT NOT NULL,"
                  + " CONSTRAINT PK_Loads PRIMARY KEY (Client, Item))",
              "CREATE TABLE dbo.Numbers (Number INT NOT NULL PRIMARY KEY, Text NVARCHAR(200))",
              "CREATE PROCEDURE dbo.Twice @Number INT, @Twice INT OUTPUT AS BEGIN SET NOCOUNT ON;"
                  + " SET @Twice = @Number * 2; SELECT @Twice AS Twice; END",
              "ALTER DATABASE Hartonomous SET ENABLE_BROKER",
              "CREATE MESSAGE TYPE [Request] VALIDATION = NONE",
              "CREATE CONTRACT [Contract] ([Request] SENT BY INITIATOR)",
              "CREATE QUEUE Requests",
              "CREATE QUEUE Answers",
              "CREATE SERVICE [Service] ON QUEUE Requests ([Contract])",
              "CREATE SERVICE [Client] ON QUEUE Answers ([Contract])")) {
        statement.execute(sql);
      }
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO dbo.Numbers (Number, Text) VALUES (?, ?)")) {
        for (int number = 0; number < 2_000; number++) {
          insert.setInt(1, number);
          insert.setString(2, "number ".repeat(20) + number);
          insert.addBatch();
        }
        insert.executeBatch();
      }
    }
  }

  /** Removes what is kept for others: changes, and conversations that were begun. */
  private void tidyUp() throws SQLException {
    try (Connection connection = source().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "DECLARE @newest BINARY(10) = (SELECT MAX(start_lsn) FROM cdc.lsn_time_mapping);"
              + " EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_Items',"
              + " @low_water_mark = @newest");
      for (String queue : List.of("Requests", "Answers")) {
        while (endDialog(connection, queue)) {
          // One after the other.
        }
      }
      assertThat(
              number(
                  connection,
                  "SELECT COUNT(*) FROM sys.conversation_endpoints WHERE state <> 'CD'"))
          .isZero();
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  /** Used by one thread. */
  private final class Client {
    private final int id;
    private final Random random;
    private int number;

    Client(int id, Random random) {
      this.id = id;
      this.random = random;
    }

    void run(long end) throws Exception {
      while (System.nanoTime() < end) {
        boolean cursors = random.nextInt(6) == 0;
        SQLServerDataSource source = source();
        source.setSelectMethod(cursors ? "cursor" : "direct");
        try (Connection connection = source.getConnection()) {
          number = (int) number(connection, "SELECT COALESCE(MAX(Number), 0) FROM dbo.Items");
          for (int acts = random.nextInt(12); acts >= 0 && System.nanoTime() < end; acts--) {
            Act act = ACTS.get(random.nextInt(ACTS.size()));
            act(act, connection);
            done.get(act).incrementAndGet();
            if (connection.isClosed()) {
              break;
            }
            Thread.sleep(random.nextInt(2 * (int) PAUSE.toMillis()));
          }
        }
      }
    }

    private void act(Act act, Connection connection) throws Exception {
      switch (act) {
        case COMMIT -> {
          write(connection);
          connection.commit();
          connection.setAutoCommit(true);
        }
        case ROLL_BACK -> {
          write(connection);
          connection.rollback();
          connection.setAutoCommit(true);
        }
        case POLL_CHANGES -> pollChanges(connection);
        case COPY_IN_BULK -> copyInBulk(connection);
        case CANCEL -> cancel(connection);
        case TIME_OUT -> timeOut(connection);
        case TEMPORARY_TABLE -> temporaryTable(connection);
        case CURSOR_HALF_READ ->
            readHalf(connection, ResultSet.TYPE_SCROLL_SENSITIVE, random.nextBoolean());
        case RESULT_HALF_READ ->
            readHalf(connection, ResultSet.TYPE_FORWARD_ONLY, random.nextBoolean());
        case LOST_IN_A_TRANSACTION -> {
          write(connection);
          connection.abort(Runnable::run);
        }
        case DUPLICATE_KEY ->
            requireError(connection, "INSERT INTO dbo.Numbers (Number) VALUES (1)", 2627);
        case SYNTAX_ERROR -> requireError(connection, "SELECT FROM WHERE", 156);
        case OUTPUT_PARAMETER -> outputParameter(connection);
        case DIALOG -> dialog(connection);
        case WRONG_PASSWORD -> {
          SQLServerDataSource source = source();
          source.setPassword("wrong");
          assertThatThrownBy(source::getConnection).hasMessageContaining("Login failed");
        }
        case TLS -> {
          SQLServerDataSource source = source();
          source.setEncrypt("true");
          try (Connection encrypted = source.getConnection()) {
            assertThat(number(encrypted, "SELECT COUNT(*) FROM dbo.Numbers")).isEqualTo(2_000);
          }
        }
      }
    }

    /** In a transaction that stays open. The rows of older ones go. */
    private void write(Connection connection) throws SQLException {
      connection.setAutoCommit(false);
      number++;
      try (PreparedStatement insert =
              connection.prepareStatement(
                  "INSERT INTO dbo.Items (Client, Number, Item, Text) VALUES (?, ?, ?, ?)");
          PreparedStatement delete =
              connection.prepareStatement(
                  "DELETE FROM dbo.Items WHERE Client = ? AND Number < ?")) {
        for (int item = random.nextInt(ROWS_MAX); item >= 0; item--) {
          insert.setInt(1, id);
          insert.setInt(2, number);
          insert.setInt(3, item);
          insert.setString(4, "text ".repeat(random.nextInt(200)));
          insert.addBatch();
        }
        insert.executeBatch();
        delete.setInt(1, id);
        delete.setInt(2, number - LIFE);
        delete.executeUpdate();
      }
    }

    /** As the connector does. */
    private void pollChanges(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement();
          ResultSet newest =
              statement.executeQuery(
                  "SELECT MAX(start_lsn), sys.fn_cdc_get_min_lsn('dbo_Items')"
                      + " FROM cdc.lsn_time_mapping")) {
        newest.next();
        byte[] to = newest.getBytes(1);
        byte[] from = newest.getBytes(2);
        newest.close();
        try (PreparedStatement changes =
            connection.prepareStatement(
                "SELECT * FROM cdc.fn_cdc_get_all_changes_dbo_Items(?, ?, N'all update old')")) {
          changes.setBytes(1, from);
          changes.setBytes(2, to);
          try (ResultSet rows = changes.executeQuery()) {
            for (int row = random.nextInt(200); row > 0 && rows.next(); row--) {
              assertThat(HexFormat.of().formatHex(rows.getBytes(1))).hasSize(20);
            }
          }
        } catch (SQLException e) {
          // Cleaned up in between.
          assertThat(e.getErrorCode()).isEqualTo(313);
        }
      }
    }

    private void copyInBulk(Connection connection) throws SQLException {
      try (Connection other = source().getConnection();
          Statement select = other.createStatement();
          ResultSet rows =
              select.executeQuery("SELECT " + id + " AS Client, Number FROM dbo.Numbers");
          SQLServerBulkCopy bulk = new SQLServerBulkCopy(connection)) {
        connection.setAutoCommit(false);
        bulk.setDestinationTableName("dbo.Loads");
        bulk.writeToServer(rows);
        try (PreparedStatement delete =
            connection.prepareStatement("DELETE FROM dbo.Loads WHERE Client = ?")) {
          delete.setInt(1, id);
          assertThat(delete.executeUpdate()).isEqualTo(2_000);
        }
        connection.commit();
        connection.setAutoCommit(true);
      }
    }

    private void cancel(Connection connection) throws Exception {
      try (Statement statement = connection.createStatement()) {
        Future<?> cancelled =
            canceller.schedule(
                () -> {
                  statement.cancel();
                  return null;
                },
                random.nextInt(50),
                TimeUnit.MILLISECONDS);
        try {
          statement.execute("WAITFOR DELAY '00:00:00.200'");
        } catch (SQLException e) {
          assertThat(e.getMessage()).containsIgnoringCase("cancel");
        }
        cancelled.get(30, TimeUnit.SECONDS);
      }
    }

    private void timeOut(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        assertThatThrownBy(() -> statement.execute("WAITFOR DELAY '00:00:30'"))
            .hasMessageContaining("timed out");
      }
    }

    private void temporaryTable(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP TABLE IF EXISTS #kept");
        statement.execute("CREATE TABLE #kept (Number INT NOT NULL PRIMARY KEY)");
        statement.execute("INSERT INTO #kept SELECT Number FROM dbo.Numbers WHERE Number < 100");
        assertThat(number(connection, "SELECT COUNT(*) FROM #kept")).isEqualTo(100);
        if (random.nextBoolean()) {
          statement.execute("DROP TABLE #kept");
        }
      }
    }

    private void readHalf(Connection connection, int type, boolean isLeftOpen) throws SQLException {
      PreparedStatement select =
          connection.prepareStatement(
              "SELECT Number, Text FROM dbo.Numbers WHERE Number >= ?",
              type,
              ResultSet.CONCUR_READ_ONLY);
      select.setInt(1, random.nextInt(1_000));
      ResultSet rows = select.executeQuery();
      for (int row = 0; row < 300; row++) {
        assertThat(rows.next()).isTrue();
      }
      if (!isLeftOpen) {
        select.close();
      }
    }

    private void requireError(Connection connection, String sql, int number) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
        throw new AssertionError("expected error " + number + ": " + sql);
      } catch (SQLException e) {
        assertThat(e.getErrorCode()).as(e.getMessage()).isEqualTo(number);
      }
    }

    private void outputParameter(Connection connection) throws SQLException {
      try (CallableStatement call = connection.prepareCall("{call dbo.Twice(?, ?)}")) {
        call.registerOutParameter(2, Types.INTEGER);
        for (int i = 0; i < 3; i++) {
          call.setInt(1, i);
          try (ResultSet rows = call.executeQuery()) {
            assertThat(rows.next()).isTrue();
          }
          assertThat(call.getInt(2)).isEqualTo(2 * i);
        }
      }
    }

    /** Begun here, and one that is there, perhaps of another client, ended at both ends. */
    private void dialog(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        statement.execute(
            "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG CONVERSATION @h FROM SERVICE [Client] TO"
                + " SERVICE N'Service', N'CURRENT DATABASE' ON CONTRACT [Contract] WITH ENCRYPTION"
                + " = OFF; SEND ON CONVERSATION @h MESSAGE TYPE [Request] (N'text')");
      }
      endDialog(connection, "Requests");
      endDialog(connection, "Answers");
    }
  }

  /** Receives a message and ends its conversation; false when there is none. */
  private static boolean endDialog(Connection connection, String queue) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      String handle;
      try (ResultSet rows =
          statement.executeQuery("RECEIVE TOP (1) conversation_handle FROM " + queue)) {
        handle = rows.next() ? rows.getString(1) : null;
      }
      if (handle != null) {
        statement.execute("END CONVERSATION '" + handle + "'");
      }
      connection.commit();
      return handle != null;
    } finally {
      connection.setAutoCommit(true);
    }
  }
}
