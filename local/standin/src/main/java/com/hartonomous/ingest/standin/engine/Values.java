package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.DateTimeFunctions;
import com.hartonomous.ingest.standin.tsql.SpatialFunctions;
import com.hartonomous.ingest.standin.tsql.TextFunctions;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.UUID;

/** Values between H2 and the stand-in's value classes. */
final class Values {

  private static final int NATIONAL_LENGTH_MAX = 4000;
  private static final int BINARY_LENGTH_MAX = 8000;
  private static final int PRECISION_MAX = 38;
  private static final int FRACTION_DIGITS_MAX = 7;

  private Values() {}

  static void bind(PreparedStatement statement, int index, Object value) throws SQLException {
    if (value == null) {
      statement.setNull(index, Types.NULL);
    } else {
      statement.setObject(index, value);
    }
  }

  /** The value that a column of the type stores for a value that a bulk load sent. */
  static Object stored(Object value, SqlType type) throws SQLException {
    if (value instanceof LocalDateTime time) {
      return switch (type.kind()) {
        case DATETIME -> DateTimeFunctions.dateTimeValue(time);
        case SMALLDATETIME -> DateTimeFunctions.smallDateTimeValue(time);
        default -> value;
      };
    }
    if (type.kind() == Kind.GEOMETRY && value instanceof byte[] clr) {
      return SpatialFunctions.fromClr(clr);
    }
    if (type.kind() == Kind.TINYINT && value instanceof Number number) {
      return TextFunctions.tinyintValue(number.longValue());
    }
    if ((type.kind() == Kind.DATETIME || type.kind() == Kind.SMALLDATETIME)
        && value instanceof String text) {
      return stored(DateTimeFunctions.textDateTime(text), type);
    }
    return value;
  }

  /** The column's value as an instance of the type's value class, or null. */
  static Object read(ResultSet rows, int column, SqlType type) throws SQLException {
    Object value =
        switch (type.kind()) {
          case BIT -> rows.getBoolean(column);
          case TINYINT, SMALLINT -> rows.getShort(column);
          case INT -> rows.getInt(column);
          case BIGINT -> rows.getLong(column);
          case REAL -> rows.getFloat(column);
          case FLOAT -> rows.getDouble(column);
          case DECIMAL, NUMERIC -> decimal(rows.getBigDecimal(column), type.scale());
          case SMALLMONEY, MONEY -> decimal(rows.getBigDecimal(column), 4);
          case CHAR, NCHAR -> padded(rows.getString(column), type.length());
          case VARCHAR, NVARCHAR -> rows.getString(column);
          case BINARY, VARBINARY -> rows.getBytes(column);
          case DATE -> rows.getObject(column, LocalDate.class);
          case TIME -> rows.getObject(column, LocalTime.class);
          case SMALLDATETIME, DATETIME, DATETIME2 -> rows.getObject(column, LocalDateTime.class);
          case DATETIMEOFFSET -> rows.getObject(column, OffsetDateTime.class);
          case UNIQUEIDENTIFIER -> rows.getObject(column, UUID.class);
          case GEOMETRY -> SpatialFunctions.toClr(rows.getBytes(column));
        };
    return rows.wasNull() ? null : value;
  }

  private static BigDecimal decimal(BigDecimal value, int scale) {
    return value == null ? null : value.setScale(scale, RoundingMode.HALF_UP);
  }

  private static String padded(String value, int length) {
    return value == null || value.length() >= length
        ? value
        : value + " ".repeat(length - value.length());
  }

  /** The nearest SQL Server type of a column whose T-SQL type is not known. */
  static SqlType typeOf(ResultSetMetaData metadata, int column) throws SQLException {
    int precision = metadata.getPrecision(column);
    int scale = metadata.getScale(column);
    String name = metadata.getColumnTypeName(column).toUpperCase(Locale.ROOT);
    return switch (name) {
      case "BOOLEAN" -> SqlType.of(Kind.BIT);
      case "TINYINT", "SMALLINT" -> SqlType.of(Kind.SMALLINT);
      case "INTEGER", "NULL" -> SqlType.of(Kind.INT);
      case "BIGINT" -> SqlType.of(Kind.BIGINT);
      case "REAL" -> SqlType.of(Kind.REAL);
      case "DOUBLE PRECISION", "FLOAT", "DECFLOAT" -> SqlType.of(Kind.FLOAT);
      case "NUMERIC", "DECIMAL" -> decimalType(precision, scale);
      case "CHARACTER" -> SqlType.ofLength(Kind.NCHAR, Math.min(precision, NATIONAL_LENGTH_MAX));
      case "CHARACTER VARYING", "VARCHAR_IGNORECASE" ->
          SqlType.ofLength(
              Kind.NVARCHAR,
              precision < 1 || precision > NATIONAL_LENGTH_MAX ? SqlType.MAX : precision);
      case "BINARY" -> SqlType.ofLength(Kind.BINARY, Math.min(precision, BINARY_LENGTH_MAX));
      case "BINARY VARYING" ->
          SqlType.ofLength(
              Kind.VARBINARY,
              precision < 1 || precision > BINARY_LENGTH_MAX ? SqlType.MAX : precision);
      case "BINARY LARGE OBJECT" -> SqlType.ofLength(Kind.VARBINARY, SqlType.MAX);
      case "DATE" -> SqlType.of(Kind.DATE);
      case "TIME" -> SqlType.ofScale(Kind.TIME, Math.min(scale, FRACTION_DIGITS_MAX));
      case "TIMESTAMP" -> SqlType.ofScale(Kind.DATETIME2, Math.min(scale, FRACTION_DIGITS_MAX));
      case "TIMESTAMP WITH TIME ZONE" ->
          SqlType.ofScale(Kind.DATETIMEOFFSET, Math.min(scale, FRACTION_DIGITS_MAX));
      case "UUID" -> SqlType.of(Kind.UNIQUEIDENTIFIER);
      case "GEOMETRY" -> SqlType.of(Kind.GEOMETRY);
      default -> SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX);
    };
  }

  private static SqlType decimalType(int precision, int scale) {
    if (precision <= PRECISION_MAX) {
      return SqlType.decimal(Kind.DECIMAL, Math.max(precision, 1), scale);
    }
    // H2 widens results of arithmetic beyond what the wire can carry: keep the integer digits.
    int lost = precision - PRECISION_MAX;
    return SqlType.decimal(Kind.DECIMAL, PRECISION_MAX, Math.max(Math.min(scale, 6), scale - lost));
  }
}
