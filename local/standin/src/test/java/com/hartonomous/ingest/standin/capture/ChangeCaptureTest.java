package com.hartonomous.ingest.standin.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Capture alone, over plain H2 connections. */
class ChangeCaptureTest {

  private static final HexFormat HEX = HexFormat.of();

  private final String url =
      "jdbc:h2:mem:"
          + UUID.randomUUID()
          + "/Db;MODE=MSSQLServer;DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE"
          + ";LOCK_TIMEOUT=20000";
  private Connection definitions;
  private ChangeCapture capture;

  /** A row of a change table. */
  private record Change(
      String lsn, String sequence, int operation, String mask, Integer id, String text) {}

  /** A connection whose changes are captured. */
  private final class Writer implements AutoCloseable {
    private final Connection connection = connect();
    private final SessionCapture session = capture.openSession(connection);

    Writer() throws SQLException {}

    Writer run(String... statements) throws SQLException {
      try (Statement statement = connection.createStatement()) {
        for (String sql : statements) {
          statement.execute(sql);
        }
      }
      return this;
    }

    void commit() throws SQLException {
      capture.numbering().commit(session);
    }

    void rollback() throws SQLException {
      connection.rollback();
      session.ended();
    }

    @Override
    public void close() throws SQLException {
      session.close();
      connection.close();
    }
  }

  @BeforeEach
  void open() throws SQLException {
    definitions = connect();
    try (Statement statement = definitions.createStatement()) {
      statement.execute("CREATE SCHEMA dbo");
      statement.execute("CREATE TABLE dbo.A (id INT PRIMARY KEY, text NVARCHAR(MAX), other INT)");
      statement.execute("CREATE TABLE dbo.B (id INT PRIMARY KEY, text NVARCHAR(MAX), other INT)");
      // What the capture asks of the engine's catalogue: the numbers of a table's columns.
      statement.execute("CREATE SCHEMA standin_catalogue");
      statement.execute("CREATE TABLE standin_catalogue.columns (object_id INT, column_id INT)");
    }
    capture = ChangeCapture.open(definitions);
    capture.enableDatabase(definitions);
    enable("A", 100, List.of("id", "text", "other"));
    enable("B", 101, List.of("id", "text"));
    definitions.commit();
  }

  @AfterEach
  void close() throws SQLException {
    definitions.close();
  }

  private Connection connect() throws SQLException {
    Connection connection = DriverManager.getConnection(url, "sa", "");
    connection.setAutoCommit(false);
    return connection;
  }

  private void enable(String table, int objectId, List<String> names) throws SQLException {
    List<CaptureInstance.Column> columns = new ArrayList<>();
    for (String name : names) {
      columns.add(new CaptureInstance.Column(name, columns.size() + 1, "int", false));
      try (Statement statement = definitions.createStatement()) {
        statement.execute(
            String.format(
                "INSERT INTO standin_catalogue.columns VALUES (%d, %d)",
                objectId + 1000, columns.size()));
      }
    }
    capture.enableTable(
        definitions,
        new CaptureInstance(
            "dbo_" + table,
            objectId,
            objectId + 1000,
            "dbo",
            table,
            columns,
            List.of("id"),
            "PK",
            true),
        new ChangeCapture.Options(null, null));
  }

  private List<Change> changes(String instance) throws SQLException {
    return changes(instance, "all update old");
  }

  private List<Change> changes(String instance, String filter) throws SQLException {
    try (Connection reader = connect()) {
      byte[] to = CdcFunctions.maxLsn(reader);
      byte[] from = CdcFunctions.minLsn(reader, instance);
      return changes(reader, instance, from, to, filter);
    }
  }

  private List<Change> changes(
      Connection reader, String instance, byte[] from, byte[] to, String filter)
      throws SQLException {
    String source =
        capture.allChanges(capture.instance(instance).orElseThrow(), List.of("?", "?", "?"));
    List<Change> changes = new ArrayList<>();
    try (PreparedStatement query =
        reader.prepareStatement(
            "SELECT * FROM "
                + source
                + " c ORDER BY \"__$start_lsn\", \"__$seqval\", \"__$operation\"")) {
      query.setBytes(1, from);
      query.setBytes(2, to);
      query.setString(3, filter);
      query.setBytes(4, from);
      query.setBytes(5, to);
      query.setString(6, filter);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          changes.add(
              new Change(
                  HEX.formatHex(rows.getBytes(1)),
                  HEX.formatHex(rows.getBytes(2)),
                  rows.getInt(3),
                  HEX.formatHex(rows.getBytes(4)),
                  rows.getObject(5, Integer.class),
                  rows.getString(6)));
        }
      }
    }
    return changes;
  }

  private static List<String> shapes(List<Change> changes) {
    return changes.stream()
        .map(c -> c.operation() + ":" + c.id() + ":" + c.text() + ":" + c.mask())
        .toList();
  }

  @Test
  void insertUpdateAndDeleteHaveTheirOperationsMasksAndImages() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)");
      writer.run("UPDATE dbo.A SET text = 'b' WHERE id = 1");
      writer.run("DELETE FROM dbo.A WHERE id = 1");
      writer.commit();
    }
    List<Change> changes = changes("dbo_A");
    assertThat(shapes(changes)).containsExactly("2:1:a:07", "3:1:a:02", "4:1:b:02", "1:1:b:07");
    assertThat(changes.get(1).sequence()).isEqualTo(changes.get(2).sequence());
    assertThat(changes).extracting(Change::lsn).containsOnly(changes.get(0).lsn());
    assertThat(shapes(changes("dbo_A", "all"))).containsExactly("2:1:a:07", "4:1:b:02", "1:1:b:07");
  }

  @Test
  void anUpdateOfTheKeyIsADeleteAndAnInsert() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)").commit();
      writer.run("UPDATE dbo.A SET id = 2 WHERE id = 1").commit();
    }
    List<Change> changes = changes("dbo_A");
    assertThat(shapes(changes)).containsExactly("2:1:a:07", "1:1:a:07", "2:2:a:07");
    assertThat(changes.get(1).sequence()).isLessThan(changes.get(2).sequence());
  }

  @Test
  void anUpdateThatChangesNoCapturedColumnIsNotCaptured() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.B VALUES (1, 'a', 5)").commit();
      writer.run("UPDATE dbo.B SET other = 6", "UPDATE dbo.B SET text = 'a'").commit();
    }
    assertThat(shapes(changes("dbo_B"))).containsExactly("2:1:a:03");
  }

  @Test
  void aTransactionOverTwoTablesHasOneLsnAndOneSequence() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)");
      writer.run("INSERT INTO dbo.B VALUES (1, 'b', 5)");
      writer.run("INSERT INTO dbo.A VALUES (2, 'c', 5)");
      writer.commit();
    }
    List<Change> inA = changes("dbo_A");
    List<Change> inB = changes("dbo_B");
    assertThat(inA.get(0).lsn()).isEqualTo(inB.get(0).lsn());
    assertThat(List.of(inA.get(0).sequence(), inB.get(0).sequence(), inA.get(1).sequence()))
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(inA.get(1).sequence()).isLessThan(inA.get(1).lsn());
  }

  @Test
  void whatIsRolledBackWasNeverCaptured() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)");
      Savepoint savepoint = writer.connection.setSavepoint();
      writer.run("INSERT INTO dbo.A VALUES (2, 'b', 5)");
      writer.connection.rollback(savepoint);
      assertThatThrownBy(() -> writer.run("INSERT INTO dbo.A VALUES (3, 'c', 5), (1, 'x', 5)"))
          .isInstanceOf(SQLException.class);
      writer.run("INSERT INTO dbo.A VALUES (4, 'd', 5)").commit();
      writer.run("INSERT INTO dbo.A VALUES (5, 'e', 5)").rollback();
    }
    assertThat(shapes(changes("dbo_A"))).containsExactly("2:1:a:07", "2:4:d:07");
  }

  @Test
  void anIntervalBelowTheInstanceIsAnErrorAndCleanUpRaisesTheMinimum() throws Exception {
    byte[] second;
    try (Writer writer = new Writer();
        Connection reader = connect()) {
      byte[] before = Lsn.of(Lsn.number(CdcFunctions.minLsn(reader, "dbo_A")) - 1);
      assertThatThrownBy(() -> changes(reader, "dbo_A", before, before, "all"))
          .hasStackTraceContaining("insufficient number of arguments");
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)").commit();
      byte[] first = CdcFunctions.maxLsn(reader);
      // Commits of one millisecond would stay together.
      Thread.sleep(5);
      writer.run("INSERT INTO dbo.A VALUES (2, 'b', 5)").commit();
      second = CdcFunctions.maxLsn(reader);
      CaptureInstance instance = capture.instance("dbo_A").orElseThrow();
      capture.raiseLowEnd(definitions, instance, second);
      assertThat(capture.deleteObsolete(definitions, instance, 1)).isTrue();
      assertThat(capture.deleteObsolete(definitions, instance, 1)).isFalse();
      definitions.commit();
      assertThatThrownBy(() -> changes(reader, "dbo_A", first, second, "all"))
          .hasStackTraceContaining("insufficient number of arguments");
    }
    assertThat(shapes(changes("dbo_A"))).containsExactly("2:2:b:07");
  }

  @Test
  void anUnknownRowFilterIsAnError() throws SQLException {
    try (Writer writer = new Writer()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)").commit();
    }
    assertThatThrownBy(() -> changes("dbo_A", "some"))
        .hasStackTraceContaining("insufficient number of arguments");
  }

  @Test
  void addedAndDroppedColumnsLeaveTheInstanceAsItWas() throws SQLException {
    try (Writer writer = new Writer();
        Statement statement = definitions.createStatement()) {
      writer.run("INSERT INTO dbo.A VALUES (1, 'a', 5)").commit();
      statement.execute("ALTER TABLE dbo.A ADD later INT");
      writer.run("INSERT INTO dbo.A VALUES (2, 'b', 5, 7)").commit();
      statement.execute("ALTER TABLE dbo.A DROP COLUMN text");
      writer.run("INSERT INTO dbo.A VALUES (3, 6, 8)").commit();
    }
    assertThat(shapes(changes("dbo_A"))).containsExactly("2:1:a:07", "2:2:b:07", "2:3:null:07");
  }

  @Test
  void aConnectionThatIsNoSessionCannotWriteACapturedTable() {
    assertThatThrownBy(
            () -> {
              try (Statement statement = definitions.createStatement()) {
                statement.execute("INSERT INTO dbo.A VALUES (1, 'a', 5)");
              }
            })
        .hasStackTraceContaining("no session of the stand-in");
  }

  /**
   * Readers that always continue behind the greatest LSN they have seen must meet every committed
   * row exactly once: no transaction may become visible below an LSN that was visible before.
   */
  @Test
  void concurrentCommitsBecomeVisibleInTheOrderOfTheirLsns() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("ChangeCaptureTest seed " + seed);
    int writers = 4;
    int transactions = 150;
    AtomicBoolean writing = new AtomicBoolean(true);
    ExecutorService threads = Executors.newFixedThreadPool(writers + 1);
    try {
      Future<List<Change>> reading = threads.submit(() -> readUntilEnd(writing));
      List<Callable<Integer>> tasks = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        int writer = i;
        tasks.add(() -> write(new Random(seed + writer), writer, transactions));
      }
      int committed = 0;
      for (Future<Integer> done : threads.invokeAll(tasks, 60, TimeUnit.SECONDS)) {
        committed += done.get();
      }
      writing.set(false);
      List<Change> seen = reading.get(60, TimeUnit.SECONDS);
      assertThat(seen).hasSize(committed);
      assertThat(seen).extracting(Change::id).doesNotHaveDuplicates();
      assertThat(seen).extracting(Change::sequence).isSorted();
      assertThat(seen).isEqualTo(changes("dbo_A"));
    } finally {
      threads.shutdownNow();
    }
  }

  private List<Change> readUntilEnd(AtomicBoolean writing) throws SQLException {
    List<Change> seen = new ArrayList<>();
    try (Connection reader = connect()) {
      byte[] from = CdcFunctions.minLsn(reader, "dbo_A");
      boolean more = true;
      while (more) {
        more = writing.get();
        byte[] to = CdcFunctions.maxLsn(reader);
        if (Lsn.compare(to, from) >= 0) {
          seen.addAll(changes(reader, "dbo_A", from, to, "all"));
          from = Lsn.increment(to);
        }
        reader.commit();
      }
    }
    return seen;
  }

  private int write(Random random, int writer, int transactions) throws SQLException {
    int committed = 0;
    int next = writer * 1_000_000;
    try (Writer session = new Writer()) {
      for (int i = 0; i < transactions; i++) {
        int rows = 1 + random.nextInt(5);
        for (int row = 0; row < rows; row++) {
          session.run("INSERT INTO dbo.A VALUES (" + next++ + ", 'x', 0)");
        }
        if (random.nextInt(10) == 0) {
          session.rollback();
        } else {
          session.commit();
          committed += rows;
        }
      }
    }
    return committed;
  }
}
