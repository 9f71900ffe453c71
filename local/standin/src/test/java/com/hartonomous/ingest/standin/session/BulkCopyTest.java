package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import com.microsoft.sqlserver.jdbc.ISQLServerBulkData;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopyOptions;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BulkCopyTest {
  private StandInFixture standIn;

  @BeforeEach
  void start() throws Exception {
    standIn = new StandInFixture();
  }

  @AfterEach
  void stop() throws Exception {
    standIn.close();
  }

  /** A destination column, the JDBC type that the source claims, and two values. */
  private record Field(
      SqlType type, boolean nullable, int jdbcType, int precision, int scale, List<Object> values) {

    Field(
        SqlType type, boolean nullable, int jdbcType, int precision, int scale, Object... values) {
      this(type, nullable, jdbcType, precision, scale, List.of(values));
    }
  }

  private static List<Field> fields() {
    byte[] bytes = new byte[200_000];
    new Random(7).nextBytes(bytes);
    return List.of(
        new Field(SqlType.of(Kind.BIT), true, Types.BIT, 0, 0, true, false),
        new Field(SqlType.of(Kind.BIT), false, Types.BIT, 0, 0, true, false),
        new Field(SqlType.of(Kind.TINYINT), true, Types.TINYINT, 0, 0, (short) 255, (short) 0),
        new Field(SqlType.of(Kind.TINYINT), false, Types.TINYINT, 0, 0, (short) 255, (short) 0),
        new Field(SqlType.of(Kind.SMALLINT), true, Types.SMALLINT, 0, 0, (short) -7, (short) 0),
        new Field(SqlType.of(Kind.SMALLINT), false, Types.SMALLINT, 0, 0, (short) -7, (short) 0),
        new Field(SqlType.of(Kind.INT), true, Types.INTEGER, 0, 0, -7, 1 << 30),
        new Field(SqlType.of(Kind.INT), false, Types.INTEGER, 0, 0, -7, 1 << 30),
        new Field(SqlType.of(Kind.BIGINT), true, Types.BIGINT, 0, 0, -7L, 1L << 62),
        new Field(SqlType.of(Kind.BIGINT), false, Types.BIGINT, 0, 0, -7L, 1L << 62),
        new Field(SqlType.of(Kind.REAL), true, Types.REAL, 0, 0, 1.5f, -2.5f),
        new Field(SqlType.of(Kind.REAL), false, Types.REAL, 0, 0, 1.5f, -2.5f),
        new Field(SqlType.of(Kind.FLOAT), true, Types.DOUBLE, 0, 0, 1.5, -2.5),
        new Field(SqlType.of(Kind.FLOAT), false, Types.DOUBLE, 0, 0, 1.5, -2.5),
        new Field(
            SqlType.decimal(Kind.DECIMAL, 28, 6),
            true,
            Types.DECIMAL,
            28,
            6,
            new BigDecimal("-1234567890123456789012.123456"),
            new BigDecimal("0.000001")),
        new Field(
            SqlType.of(Kind.MONEY),
            true,
            Types.DECIMAL,
            19,
            4,
            new BigDecimal("-922337203685477.5808"),
            new BigDecimal("1.0000")),
        new Field(
            SqlType.of(Kind.SMALLMONEY),
            true,
            Types.DECIMAL,
            10,
            4,
            new BigDecimal("-1.0001"),
            new BigDecimal("1.0000")),
        new Field(SqlType.ofLength(Kind.CHAR, 5), true, Types.CHAR, 5, 0, "abcde", "é€ xy"),
        new Field(SqlType.ofLength(Kind.VARCHAR, 50), true, Types.VARCHAR, 50, 0, "", "é€"),
        new Field(
            SqlType.ofLength(Kind.VARCHAR, SqlType.MAX),
            true,
            Types.LONGVARCHAR,
            Integer.MAX_VALUE,
            0,
            "é".repeat(20_000),
            ""),
        new Field(SqlType.ofLength(Kind.NCHAR, 2), true, Types.NCHAR, 2, 0, "漢字", "ab"),
        new Field(SqlType.ofLength(Kind.NVARCHAR, 50), true, Types.NVARCHAR, 50, 0, "漢😀", ""),
        new Field(
            SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
            true,
            Types.LONGNVARCHAR,
            Integer.MAX_VALUE / 2,
            0,
            "漢😀".repeat(30_000),
            ""),
        new Field(
            SqlType.ofLength(Kind.BINARY, 3),
            true,
            Types.BINARY,
            3,
            0,
            new byte[] {1, 2, 3},
            new byte[] {-1, 0, 1}),
        new Field(
            SqlType.ofLength(Kind.VARBINARY, 50),
            true,
            Types.VARBINARY,
            50,
            0,
            new byte[] {1, 2},
            new byte[0]),
        new Field(
            SqlType.ofLength(Kind.VARBINARY, SqlType.MAX),
            true,
            Types.LONGVARBINARY,
            Integer.MAX_VALUE,
            0,
            bytes,
            new byte[0]),
        new Field(
            SqlType.of(Kind.DATE),
            true,
            Types.DATE,
            10,
            0,
            LocalDate.of(2024, 2, 29),
            LocalDate.of(1, 1, 1)),
        new Field(
            SqlType.ofScale(Kind.TIME, 7),
            true,
            Types.TIME,
            16,
            7,
            LocalTime.parse("23:59:59"),
            LocalTime.MIDNIGHT),
        new Field(
            SqlType.ofScale(Kind.DATETIME2, 7),
            true,
            Types.TIMESTAMP,
            27,
            7,
            LocalDateTime.parse("2024-02-29T23:59:59.1234567"),
            LocalDateTime.parse("1900-01-01T00:00:00")),
        new Field(
            SqlType.of(Kind.UNIQUEIDENTIFIER),
            true,
            microsoft.sql.Types.GUID,
            36,
            0,
            UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"),
            new UUID(-1, -2)));
  }

  @Test
  void loadsEveryType() throws Exception {
    List<Field> fields = fields();
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      int index = i;
      rows.add(fields.stream().map(f -> f.values().get(index)).toArray());
    }
    rows.add(fields.stream().map(f -> f.nullable() ? null : f.values().get(0)).toArray());
    describeTable(
        "dbo.T",
        fields.stream()
            .map(f -> new ResultColumn("c" + fields.indexOf(f), f.type(), f.nullable(), false))
            .toList());
    try (Connection connection = standIn.connect();
        SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
      copy.setDestinationTableName("dbo.T");
      copy.writeToServer(new Source(fields, rows, -1));
    }
    assertThat(standIn.engine.bulkRows()).hasSize(3);
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < fields.size(); column++) {
        Object found = standIn.engine.bulkRows().get(row)[column];
        Object expected = rows.get(row)[column];
        Kind sent = standIn.engine.bulkColumns().get(column).type().kind();
        if (found != null) {
          assertThat(found).isInstanceOf(sent.valueClass());
        }
        assertThat(asComparable(found))
            .as("row %d, column %s sent as %s", row, fields.get(column).type(), sent)
            .isEqualTo(asComparable(expected));
      }
    }
  }

  /** The driver sends dates and times as text, and identifiers too. */
  private static Object asComparable(Object value) {
    if (value instanceof byte[] bytes) {
      return HexFormat.of().formatHex(bytes);
    }
    if (value instanceof LocalDateTime dateTime) {
      return Timestamp.valueOf(dateTime).toString();
    }
    if (value instanceof UUID uuid) {
      return uuid.toString().toUpperCase(Locale.ROOT);
    }
    return value instanceof LocalDate || value instanceof LocalTime || value instanceof BigDecimal
        ? value.toString()
        : value;
  }

  @Test
  void loadsInBatchesAndRepeatedly() throws Exception {
    List<Field> fields =
        List.of(
            new Field(SqlType.of(Kind.INT), false, Types.INTEGER, 0, 0),
            new Field(SqlType.ofLength(Kind.NVARCHAR, 100), true, Types.NVARCHAR, 100, 0));
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      rows.add(new Object[] {i, i % 7 == 0 ? null : "row " + i});
    }
    describeTable(
        "T",
        List.of(
            new ResultColumn("id", fields.get(0).type(), false, true),
            new ResultColumn("text", fields.get(1).type(), true, false)));
    SQLServerBulkCopyOptions options = new SQLServerBulkCopyOptions();
    options.setBatchSize(700);
    options.setKeepIdentity(true);
    options.setTableLock(true);
    try (Connection connection = standIn.connect();
        SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
      copy.setBulkCopyOptions(options);
      copy.setDestinationTableName("T");
      for (int round = 0; round < 3; round++) {
        standIn.engine.bulkRows().clear();
        copy.writeToServer(new Source(fields, rows, -1));
        assertThat(standIn.engine.bulkRows()).usingRecursiveComparison().isEqualTo(rows);
      }
    }
  }

  @Test
  void breaksOffWhenTheSourceFails() throws Exception {
    List<Field> fields = List.of(new Field(SqlType.of(Kind.INT), false, Types.INTEGER, 0, 0));
    List<Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      rows.add(new Object[] {i});
    }
    List<ResultColumn> columns =
        List.of(new ResultColumn("id", fields.get(0).type(), false, false));
    describeTable("T", columns);
    standIn.engine.onQuery("SELECT 1", columns, new Object[] {1});
    try (Connection connection = standIn.connect()) {
      try (SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
        copy.setDestinationTableName("T");
        assertThatThrownBy(() -> copy.writeToServer(new Source(fields, rows, 40_000)))
            .hasStackTraceContaining("source is broken");
      }
      // The session stays usable, and the engine was told to undo the rows.
      assertThat(connection.isValid(10)).isTrue();
      assertThat(standIn.engine.bulkRows()).isEmpty();
    }
  }

  private void describeTable(String table, List<ResultColumn> columns) {
    standIn.engine.onQuery("sp_executesql N'SET FMTONLY ON SELECT * FROM " + table + " '", columns);
    List<ResultColumn> collations =
        List.of(
            ScriptedEngine.column("collation_name", SqlType.ofLength(Kind.NVARCHAR, 128)),
            ScriptedEngine.column("is_computed", Kind.BIT));
    standIn.engine.onQuery(
        "select collation_name, is_computed from sys.columns where object_id=OBJECT_ID('"
            + table
            + "') order by column_id ASC",
        collations,
        columns.stream()
            .map(
                column ->
                    new Object[] {
                      column.type().kind().valueClass() == String.class
                          ? "SQL_Latin1_General_CP1_CI_AS"
                          : null,
                      false
                    })
            .toArray(Object[][]::new));
  }

  /** Rows as the driver's bulk copy pulls them; fails at a row when told to. */
  private static final class Source implements ISQLServerBulkData {
    private static final long serialVersionUID = 1L;
    private final transient List<Field> fields;
    private final transient List<Object[]> rows;
    private final int failAt;
    private int position = -1;

    Source(List<Field> fields, List<Object[]> rows, int failAt) {
      this.fields = fields;
      this.rows = rows;
      this.failAt = failAt;
    }

    @Override
    public Set<Integer> getColumnOrdinals() {
      Set<Integer> ordinals = new TreeSet<>();
      for (int i = 1; i <= fields.size(); i++) {
        ordinals.add(i);
      }
      return ordinals;
    }

    @Override
    public String getColumnName(int column) {
      return "c" + (column - 1);
    }

    @Override
    public int getColumnType(int column) {
      return fields.get(column - 1).jdbcType();
    }

    @Override
    public int getPrecision(int column) {
      return fields.get(column - 1).precision();
    }

    @Override
    public int getScale(int column) {
      return fields.get(column - 1).scale();
    }

    @Override
    public Object[] getRowData() {
      Object[] row = rows.get(position).clone();
      for (int i = 0; i < row.length; i++) {
        if (row[i] instanceof LocalDateTime dateTime) {
          row[i] = Timestamp.valueOf(dateTime);
        } else if (row[i] instanceof LocalDate date) {
          row[i] = date.toString();
        } else if (row[i] instanceof LocalTime time) {
          row[i] = time.toString();
        } else if (row[i] instanceof UUID uuid) {
          row[i] = uuid.toString().toUpperCase(Locale.ROOT);
        }
      }
      return row;
    }

    @Override
    public boolean next() throws SQLException {
      if (++position == failAt) {
        throw new SQLException("source is broken");
      }
      return position < rows.size();
    }
  }
}
