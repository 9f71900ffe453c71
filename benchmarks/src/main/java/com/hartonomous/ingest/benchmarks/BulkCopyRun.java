package com.hartonomous.ingest.benchmarks;

import com.microsoft.sqlserver.jdbc.ISQLServerBulkData;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopyOptions;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Small rows by {@code SQLServerBulkCopy} into the stand-in, in turns with batches of prepared
 * inserts into a plain H2 of the same settings of storage, in memory both, within one process. What
 * the stand-in adds is the driver, the wire both ways, and T-SQL's types; the insert is H2's in
 * both.
 */
final class BulkCopyRun implements AutoCloseable {

  private static final int BATCH_ROWS = 10_000;
  private static final String[] COLUMNS = {"Id", "Name", "Amount", "At", "Kind"};
  private static final int[] TYPES = {
    Types.BIGINT, Types.NVARCHAR, Types.DECIMAL, Types.TIMESTAMP, Types.INTEGER
  };
  private static final int[] PRECISIONS = {0, 40, 12, 27, 0};
  private static final int[] SCALES = {0, 0, 2, 7, 0};

  /**
   * What one turn took.
   *
   * @param perSecond rows
   * @param processorMicros for a row, of this whole process: the driver, the server, and what the
   *     JVM does for them. Other processes on the machine disturb it far less than the time
   */
  record Turn(double perSecond, double processorMicros) {}

  /** Two turns, one after the other. */
  record Pair(Turn ours, Turn theirs) {
    double ratio() {
      return ours.perSecond() / theirs.perSecond();
    }

    double processorRatio() {
      return ours.processorMicros() / theirs.processorMicros();
    }
  }

  private final int rows;
  private final LocalDatabaseServer server;
  private final Connection standIn;
  private final Connection plain;

  /**
   * Starts the stand-in.
   *
   * @param rows of a turn
   */
  BulkCopyRun(int rows) throws IOException, SQLException {
    this.rows = rows;
    this.server = LocalDatabaseServer.startInMemory();
    this.standIn = server.options().dataSource("benchmark").getConnection();
    this.plain = DriverManager.getConnection("jdbc:h2:mem:bulk-copy;DB_CLOSE_DELAY=-1");
  }

  /** Runs pairs of turns, and one before that does not count. */
  List<Pair> run(int pairs) throws SQLException {
    ours();
    theirs();
    List<Pair> measured = new ArrayList<>();
    for (int i = 0; i < pairs; i++) {
      if (i % 2 == 0) {
        Turn ours = ours();
        measured.add(new Pair(ours, theirs()));
      } else {
        Turn theirs = theirs();
        measured.add(new Pair(ours(), theirs));
      }
    }
    return measured;
  }

  private Turn ours() throws SQLException {
    execute(standIn, "DROP TABLE IF EXISTS dbo.BulkRows");
    execute(
        standIn,
        "CREATE TABLE dbo.BulkRows (Id BIGINT NOT NULL PRIMARY KEY, Name NVARCHAR(40) NOT NULL,"
            + " Amount DECIMAL(12,2) NOT NULL, At DATETIME2(7) NOT NULL, Kind INT NULL)");
    long processor = processorNanos();
    long begin = System.nanoTime();
    try (SQLServerBulkCopy copy = new SQLServerBulkCopy(standIn)) {
      SQLServerBulkCopyOptions options = new SQLServerBulkCopyOptions();
      options.setBatchSize(BATCH_ROWS);
      options.setBulkCopyTimeout(0);
      copy.setBulkCopyOptions(options);
      copy.setDestinationTableName("dbo.BulkRows");
      copy.writeToServer(new GeneratedRows(rows));
    }
    Turn turn = turn(begin, processor);
    requireAll(standIn, "SELECT COUNT_BIG(*), SUM(Amount) FROM dbo.BulkRows");
    return turn;
  }

  private Turn theirs() throws SQLException {
    execute(plain, "DROP TABLE IF EXISTS BulkRows");
    execute(
        plain,
        "CREATE TABLE BulkRows (Id BIGINT NOT NULL PRIMARY KEY, Name VARCHAR_IGNORECASE(40) NOT"
            + " NULL, Amount DECIMAL(12,2) NOT NULL, At TIMESTAMP(7) NOT NULL, Kind INT)");
    plain.setAutoCommit(false);
    long processor = processorNanos();
    long begin = System.nanoTime();
    GeneratedRows generated = new GeneratedRows(rows);
    try (PreparedStatement insert =
        plain.prepareStatement("INSERT INTO BulkRows VALUES (?, ?, ?, ?, ?)")) {
      for (int done = 0; generated.next(); ) {
        Object[] row = generated.getRowData();
        for (int i = 0; i < row.length; i++) {
          insert.setObject(i + 1, row[i]);
        }
        insert.addBatch();
        if (++done % BATCH_ROWS == 0) {
          insert.executeBatch();
          plain.commit();
        }
      }
      insert.executeBatch();
      plain.commit();
    }
    Turn turn = turn(begin, processor);
    plain.setAutoCommit(true);
    requireAll(plain, "SELECT COUNT(*), SUM(Amount) FROM BulkRows");
    return turn;
  }

  private Turn turn(long begin, long processorBegin) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    return new Turn(rows / seconds, (processorNanos() - processorBegin) / 1e3 / rows);
  }

  private static long processorNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private void requireAll(Connection connection, String query) throws SQLException {
    BigDecimal sum = BigDecimal.ZERO;
    for (int i = 0; i < rows; i++) {
      sum = sum.add(GeneratedRows.amount(i));
    }
    try (Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(query)) {
      found.next();
      if (found.getLong(1) != rows || found.getBigDecimal(2).compareTo(sum) != 0) {
        throw new IllegalStateException(
            "expected %d rows of %s together, found %d of %s"
                .formatted(rows, sum, found.getLong(1), found.getBigDecimal(2)));
      }
    }
  }

  private static void execute(Connection connection, String text) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(text);
    }
  }

  @Override
  public void close() throws IOException, SQLException {
    plain.close();
    standIn.close();
    server.close();
  }

  /** Rows of some 60 bytes on the wire. */
  private static final class GeneratedRows implements ISQLServerBulkData {
    private static final long serialVersionUID = 1L;
    private static final LocalDateTime BEGIN = LocalDateTime.of(2026, 1, 1, 0, 0);

    private final int rows;
    private int next;

    GeneratedRows(int rows) {
      this.rows = rows;
    }

    static BigDecimal amount(int row) {
      return BigDecimal.valueOf(row * 37L % 1_000_000, 2);
    }

    @Override
    public Set<Integer> getColumnOrdinals() {
      return Set.of(1, 2, 3, 4, 5);
    }

    @Override
    public String getColumnName(int column) {
      return COLUMNS[column - 1];
    }

    @Override
    public int getColumnType(int column) {
      return TYPES[column - 1];
    }

    @Override
    public int getPrecision(int column) {
      return PRECISIONS[column - 1];
    }

    @Override
    public int getScale(int column) {
      return SCALES[column - 1];
    }

    @Override
    public boolean next() {
      return next++ < rows;
    }

    @Override
    public Object[] getRowData() {
      int row = next - 1;
      return new Object[] {
        (long) row,
        "row " + row,
        amount(row),
        BEGIN.plusSeconds(row),
        row % 10 == 0 ? null : row % 7
      };
    }
  }
}
