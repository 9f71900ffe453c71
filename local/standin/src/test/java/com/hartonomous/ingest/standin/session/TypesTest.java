package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every type as result column, as parameter, and as NULL. */
@Timeout(120)
class TypesTest {
  private static StandInFixture standIn;
  private static Connection connection;

  @BeforeAll
  static void start() throws Exception {
    standIn = new StandInFixture();
    // Else the driver sends a time of day as DATETIME.
    connection = standIn.connect("sendTimeAsDatetime", "false");
    standIn.engine.on(
        "SELECT @P0",
        (session, parameters, results) -> {
          Parameter parameter = parameters.get(0);
          ScriptedEngine.answer(
              results,
              List.of(ScriptedEngine.column("echo", parameter.type())),
              new Object[] {parameter.value()});
        });
  }

  @AfterAll
  static void stop() throws Exception {
    connection.close();
    standIn.close();
  }

  /** Type, value in the stand-in, name and value that the driver shows. */
  static Stream<Arguments> columns() {
    byte[] bytes = new byte[8000];
    new Random(5).nextBytes(bytes);
    BigDecimal greatest = new BigDecimal(BigInteger.TEN.pow(38).subtract(BigInteger.ONE), 0);
    UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    LocalDateTime dateTime = LocalDateTime.parse("2024-02-29T23:59:59.1234567");
    return Stream.of(
        same(SqlType.of(Kind.BIT), "bit", true, false),
        same(SqlType.of(Kind.TINYINT), "tinyint", (short) 0, (short) 127, (short) 255),
        same(SqlType.of(Kind.SMALLINT), "smallint", Short.MIN_VALUE, (short) -1, Short.MAX_VALUE),
        same(SqlType.of(Kind.INT), "int", Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE),
        same(SqlType.of(Kind.BIGINT), "bigint", Long.MIN_VALUE, -1L, 0L, Long.MAX_VALUE),
        same(SqlType.of(Kind.REAL), "real", -1.5f, Float.MIN_VALUE, Float.MAX_VALUE),
        same(SqlType.of(Kind.FLOAT), "float", -1.5, Double.MIN_VALUE, Double.MAX_VALUE),
        same(SqlType.decimal(Kind.DECIMAL, 9, 0), "decimal", new BigDecimal("-999999999")),
        same(
            SqlType.decimal(Kind.DECIMAL, 18, 4),
            "decimal",
            new BigDecimal("-12345678901234.5678"),
            new BigDecimal("0.0001"),
            new BigDecimal("0.0000")),
        same(
            SqlType.decimal(Kind.NUMERIC, 19, 0), "numeric", new BigDecimal("9999999999999999999")),
        same(
            SqlType.decimal(Kind.DECIMAL, 28, 28),
            "decimal",
            new BigDecimal("-0.1234567890123456789012345678")),
        same(SqlType.decimal(Kind.NUMERIC, 38, 0), "numeric", greatest, greatest.negate()),
        same(
            SqlType.of(Kind.SMALLMONEY),
            "smallmoney",
            new BigDecimal("-214748.3648"),
            new BigDecimal("214748.3647")),
        same(
            SqlType.of(Kind.MONEY),
            "money",
            new BigDecimal("-922337203685477.5808"),
            new BigDecimal("-0.0001"),
            new BigDecimal("922337203685477.5807")),
        same(SqlType.ofLength(Kind.CHAR, 5), "char", "ab   ", "€é²Ÿ~"),
        same(SqlType.ofLength(Kind.VARCHAR, 8000), "varchar", "", "x".repeat(8000)),
        same(SqlType.ofLength(Kind.VARCHAR, SqlType.MAX), "varchar", "", "é€".repeat(2_000_000)),
        same(SqlType.ofLength(Kind.NCHAR, 3), "nchar", "漢  "),
        same(SqlType.ofLength(Kind.NVARCHAR, 4000), "nvarchar", "", "漢".repeat(4000)),
        same(
            SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
            "nvarchar",
            "",
            "a",
            "漢😀".repeat(1_000_000)),
        same(SqlType.ofLength(Kind.BINARY, 3), "binary", new byte[] {0, -1, 2}),
        same(SqlType.ofLength(Kind.VARBINARY, 8000), "varbinary", new byte[0], bytes),
        same(
            SqlType.ofLength(Kind.VARBINARY, SqlType.MAX),
            "varbinary",
            new byte[0],
            bytes,
            new byte[5_000_001]),
        same(
            SqlType.of(Kind.DATE),
            "date",
            LocalDate.of(1, 1, 1),
            LocalDate.of(1582, 10, 15),
            LocalDate.of(9999, 12, 31)),
        same(SqlType.ofScale(Kind.TIME, 0), "time", LocalTime.of(23, 59, 59)),
        same(SqlType.ofScale(Kind.TIME, 3), "time", LocalTime.parse("12:34:56.789")),
        same(SqlType.ofScale(Kind.TIME, 7), "time", LocalTime.parse("23:59:59.9999999")),
        same(
            SqlType.of(Kind.SMALLDATETIME),
            "smalldatetime",
            LocalDateTime.of(1900, 1, 1, 0, 0),
            LocalDateTime.of(2079, 6, 6, 23, 59)),
        same(
            SqlType.of(Kind.DATETIME),
            "datetime",
            LocalDateTime.parse("1753-01-01T00:00:00"),
            LocalDateTime.parse("2024-05-06T07:08:09.003"),
            LocalDateTime.parse("9999-12-31T23:59:59.997")),
        same(SqlType.ofScale(Kind.DATETIME2, 7), "datetime2", dateTime),
        same(
            SqlType.ofScale(Kind.DATETIME2, 3),
            "datetime2",
            LocalDateTime.parse("0001-01-01T00:00:00"),
            LocalDateTime.parse("9999-12-31T23:59:59.999")),
        same(
            SqlType.ofScale(Kind.DATETIMEOFFSET, 7),
            "datetimeoffset",
            dateTime.atOffset(ZoneOffset.ofHoursMinutes(14, 0)),
            dateTime.atOffset(ZoneOffset.ofHoursMinutes(-9, -30))),
        same(
            SqlType.ofScale(Kind.DATETIMEOFFSET, 0),
            "datetimeoffset",
            OffsetDateTime.parse("2024-02-29T23:59:59Z")),
        same(SqlType.of(Kind.UNIQUEIDENTIFIER), "uniqueidentifier", uuid));
  }

  private static Arguments same(SqlType type, String name, Object... values) {
    return Arguments.of(type, name, List.of(values));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("columns")
  void deliversColumn(SqlType type, String typeName, List<Object> values) throws Exception {
    List<Object[]> rows = new ArrayList<>();
    rows.add(new Object[] {null, 1});
    values.forEach(value -> rows.add(new Object[] {value, 2}));
    rows.add(new Object[] {null, 3});
    standIn.engine.onQuery(
        "column",
        List.of(ScriptedEngine.column("value", type), ScriptedEngine.column("n", Kind.INT)),
        rows.toArray(Object[][]::new));
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("column")) {
      ResultSetMetaData metaData = result.getMetaData();
      assertThat(metaData.getColumnTypeName(1)).isEqualTo(typeName);
      assertThat(metaData.getColumnName(1)).isEqualTo("value");
      assertThat(metaData.isNullable(1)).isEqualTo(ResultSetMetaData.columnNullable);
      if (type.precision() > 0) {
        assertThat(metaData.getPrecision(1)).isEqualTo(type.precision());
        assertThat(metaData.getScale(1)).isEqualTo(type.scale());
      }
      for (Object[] row : rows) {
        assertThat(result.next()).isTrue();
        assertThat(result.getInt(2)).isEqualTo(row[1]);
        Object value = read(result, type);
        if (row[0] instanceof BigDecimal number) {
          assertThat((BigDecimal) value).isEqualByComparingTo(number);
        } else {
          assertThat(value).isEqualTo(row[0]);
        }
        assertThat(result.wasNull()).isEqualTo(row[0] == null);
      }
      assertThat(result.next()).isFalse();
    }
  }

  private static Object read(ResultSet result, SqlType type) throws Exception {
    return switch (type.kind()) {
      case DATE -> result.getObject(1, LocalDate.class);
      case TIME -> result.getObject(1, LocalTime.class);
      case SMALLDATETIME, DATETIME, DATETIME2 -> result.getObject(1, LocalDateTime.class);
      case DATETIMEOFFSET -> result.getObject(1, OffsetDateTime.class);
      case UNIQUEIDENTIFIER -> {
        String text = result.getString(1);
        yield text == null ? null : UUID.fromString(text);
      }
      default -> result.getObject(1);
    };
  }

  /** A call that sets the parameter, and what the engine is to be given. */
  interface Setter {
    void set(PreparedStatement statement) throws Exception;
  }

  static Stream<Arguments> parameters() {
    byte[] bytes = new byte[3_000_000];
    new Random(6).nextBytes(bytes);
    String text = "漢😀z".repeat(500_000);
    UUID uuid = UUID.randomUUID();
    LocalDateTime dateTime = LocalDateTime.parse("2024-02-29T23:59:59.1234567");
    OffsetDateTime offset = dateTime.atOffset(ZoneOffset.ofHours(5));
    return Stream.of(
        parameter(Kind.BIT, true, s -> s.setBoolean(1, true)),
        parameter(Kind.TINYINT, (short) 100, s -> s.setByte(1, (byte) 100)),
        parameter(Kind.SMALLINT, (short) -3, s -> s.setShort(1, (short) -3)),
        parameter(Kind.INT, -70000, s -> s.setInt(1, -70000)),
        parameter(Kind.BIGINT, Long.MIN_VALUE, s -> s.setLong(1, Long.MIN_VALUE)),
        parameter(Kind.FLOAT, 1.25, s -> s.setFloat(1, 1.25f)),
        parameter(Kind.FLOAT, -1e300, s -> s.setDouble(1, -1e300)),
        parameter(
            Kind.DECIMAL,
            new BigDecimal("-123456789012345678901234567890.12345678"),
            s -> s.setBigDecimal(1, new BigDecimal("-123456789012345678901234567890.12345678"))),
        parameter(
            Kind.DECIMAL, new BigDecimal("0.10"), s -> s.setBigDecimal(1, new BigDecimal("0.10"))),
        parameter(Kind.NVARCHAR, "", s -> s.setString(1, "")),
        parameter(Kind.NVARCHAR, "漢", s -> s.setString(1, "漢")),
        parameter(Kind.NVARCHAR, "漢".repeat(4000), s -> s.setString(1, "漢".repeat(4000))),
        parameter(Kind.NVARCHAR, text, s -> s.setString(1, text)),
        parameter(Kind.NVARCHAR, text, s -> s.setNCharacterStream(1, new StringReader(text))),
        parameter(Kind.VARBINARY, new byte[0], s -> s.setBytes(1, new byte[0])),
        parameter(Kind.VARBINARY, new byte[] {1, -1}, s -> s.setBytes(1, new byte[] {1, -1})),
        parameter(Kind.VARBINARY, bytes, s -> s.setBytes(1, bytes)),
        parameter(
            Kind.VARBINARY, bytes, s -> s.setBinaryStream(1, new ByteArrayInputStream(bytes))),
        parameter(
            Kind.DATE, LocalDate.of(2024, 2, 29), s -> s.setDate(1, Date.valueOf("2024-02-29"))),
        parameter(
            Kind.TIME,
            LocalTime.parse("23:59:58.1234567"),
            s -> s.setObject(1, LocalTime.parse("23:59:58.1234567"))),
        parameter(Kind.DATETIME2, dateTime, s -> s.setObject(1, dateTime)),
        parameter(Kind.DATETIMEOFFSET, offset, s -> s.setObject(1, offset)),
        parameter(Kind.UNIQUEIDENTIFIER, uuid, s -> s.setObject(1, uuid)));
  }

  private static Arguments parameter(Kind kind, Object value, Setter setter) {
    return Arguments.of(kind, value, setter);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("parameters")
  void takesParameter(Kind kind, Object value, Setter setter) throws Exception {
    try (PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
      for (int i = 0; i < 3; i++) {
        setter.set(statement);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
        }
        assertReceived(kind, value);
      }
    }
  }

  @Test
  void takesNullOfEachJdbcType() throws Exception {
    Map<Integer, Kind> kinds =
        Map.ofEntries(
            Map.entry(Types.BIT, Kind.BIT),
            Map.entry(Types.TINYINT, Kind.TINYINT),
            Map.entry(Types.SMALLINT, Kind.SMALLINT),
            Map.entry(Types.INTEGER, Kind.INT),
            Map.entry(Types.BIGINT, Kind.BIGINT),
            Map.entry(Types.REAL, Kind.FLOAT),
            Map.entry(Types.DOUBLE, Kind.FLOAT),
            Map.entry(Types.DECIMAL, Kind.DECIMAL),
            Map.entry(Types.NVARCHAR, Kind.NVARCHAR),
            Map.entry(Types.LONGNVARCHAR, Kind.NVARCHAR),
            Map.entry(Types.VARBINARY, Kind.VARBINARY),
            Map.entry(Types.LONGVARBINARY, Kind.VARBINARY),
            Map.entry(Types.DATE, Kind.DATE),
            Map.entry(Types.TIME, Kind.TIME),
            Map.entry(Types.TIMESTAMP, Kind.DATETIME2),
            Map.entry(microsoft.sql.Types.DATETIMEOFFSET, Kind.DATETIMEOFFSET),
            Map.entry(microsoft.sql.Types.GUID, Kind.UNIQUEIDENTIFIER));
    for (Map.Entry<Integer, Kind> entry : kinds.entrySet()) {
      try (PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
        statement.setNull(1, entry.getKey());
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getObject(1)).as("%s", entry.getValue()).isNull();
        }
        assertReceived(entry.getValue(), null);
      }
    }
  }

  @Test
  void takesDateTimeWhenTheClientPrefersIt() throws Exception {
    try (Connection older = standIn.connect("datetimeParameterType", "datetime");
        PreparedStatement statement = older.prepareStatement("SELECT ?")) {
      for (String text : List.of("2024-05-06 07:08:09.003", "1753-01-01 23:59:59.997")) {
        Timestamp value = Timestamp.valueOf(text);
        statement.setTimestamp(1, value);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getTimestamp(1)).isEqualTo(value);
        }
        assertReceived(Kind.DATETIME, value.toLocalDateTime());
      }
    }
  }

  @Test
  void takesTextInCodePage() throws Exception {
    String small = "café € Ÿ";
    String large = small.repeat(5000);
    try (Connection ansi = standIn.connect("sendStringParametersAsUnicode", "false");
        PreparedStatement statement = ansi.prepareStatement("SELECT ?")) {
      for (String text : List.of(small, "", large)) {
        statement.setString(1, text);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getString(1)).isEqualTo(text);
        }
        assertReceived(Kind.VARCHAR, text);
      }
    }
  }

  private static void assertReceived(Kind kind, Object value) {
    List<ScriptedEngine.Executed> executed = standIn.engine.executed();
    Parameter parameter = executed.get(executed.size() - 1).parameters().get(0);
    assertThat(parameter.name()).isEqualTo("@P0");
    assertThat(parameter.type().kind()).isEqualTo(kind);
    assertThat(parameter.value()).isEqualTo(value);
  }
}
