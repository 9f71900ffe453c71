package com.hartonomous.ingest.capture.sqlserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The primary key of a captured table, as SQL knows it: gives the key text of a row that was read
 * through the driver, the same as {@link RowChangeDeserializer} gives it to the row's changes, and
 * the row that belongs to a key text.
 *
 * <p>Times are numbers in key texts, since the connector gives them so: days for a date; for the
 * others milliseconds up to three digits behind the second, microseconds up to six, else
 * nanoseconds. Those with an offset are texts.
 */
final class SourceKey {

  private static final JsonFactory JSON = new JsonFactory();
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int MILLIS_DIGITS = 3;
  private static final int MICROS_DIGITS = 6;
  private static final int HEX_STYLE = 2;

  /**
   * A column of the key.
   *
   * @param type the type's name, in lower case
   * @param size characters, bytes or digits
   * @param scale digits behind the point, or of the second
   */
  private record Column(String name, String type, int size, int scale) {

    Object value(ResultSet row, int position) throws SQLException {
      return switch (type) {
        case "tinyint", "smallint", "int", "bigint" -> row.getLong(position);
        case "bit" -> row.getBoolean(position);
        case "decimal", "numeric", "money", "smallmoney" -> row.getBigDecimal(position);
        case "char", "varchar", "nchar", "nvarchar", "uniqueidentifier" -> row.getString(position);
        case "float" -> row.getDouble(position);
        case "real" -> row.getFloat(position);
        case "binary", "varbinary" -> ByteBuffer.wrap(row.getBytes(position));
        case "date" -> row.getObject(position, LocalDate.class).toEpochDay();
        case "datetime", "smalldatetime", "datetime2" ->
            Instant.EPOCH.until(
                row.getObject(position, LocalDateTime.class).toInstant(ZoneOffset.UTC), unit());
        case "time" -> LocalTime.MIDNIGHT.until(row.getObject(position, LocalTime.class), unit());
        case "datetimeoffset" ->
            row.getObject(position, OffsetDateTime.class)
                .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
        default -> throw unsupported();
      };
    }

    private ChronoUnit unit() {
      if (scale <= MILLIS_DIGITS) {
        return ChronoUnit.MILLIS;
      }
      return scale <= MICROS_DIGITS ? ChronoUnit.MICROS : ChronoUnit.NANOS;
    }

    /** What a parameter that {@link #parameter} gives becomes a value of the column by. */
    String placeholder() throws SQLException {
      return switch (type) {
        case "char", "varchar", "nchar", "nvarchar" ->
            "CAST(? AS " + type.toUpperCase(Locale.ROOT) + "(" + size + "))";
        case "decimal", "numeric" -> "CAST(? AS DECIMAL(" + size + ", " + scale + "))";
        case "binary", "varbinary" -> "CONVERT(VARBINARY(" + size + "), ?, " + HEX_STYLE + ")";
        case "datetime2" -> "CAST(? AS DATETIME2(" + scale + "))";
        case "datetimeoffset" -> "CAST(? AS DATETIMEOFFSET(" + scale + "))";
        case "time" -> "CAST(? AS TIME(" + scale + "))";
        case "tinyint",
            "smallint",
            "int",
            "bigint",
            "bit",
            "money",
            "smallmoney",
            "uniqueidentifier",
            "float",
            "real",
            "date",
            "datetime",
            "smalldatetime" ->
            "CAST(? AS " + type.toUpperCase(Locale.ROOT) + ")";
        default -> throw unsupported();
      };
    }

    String parameter(JsonNode value) {
      return switch (type) {
        case "bit" -> value.asBoolean() ? "1" : "0";
        case "date" -> LocalDate.ofEpochDay(value.asLong()).toString();
        case "datetime", "smalldatetime", "datetime2" ->
            sqlText("uuuu-MM-dd'T'")
                .format(
                    LocalDateTime.ofInstant(
                        Instant.EPOCH.plus(value.asLong(), unit()), ZoneOffset.UTC));
        case "time" -> sqlText("").format(LocalTime.MIDNIGHT.plus(value.asLong(), unit()));
        default -> value.asText();
      };
    }

    /**
     * SQL Server wants the seconds, though they be zero, and takes no more digits behind them than
     * the type has.
     */
    private DateTimeFormatter sqlText(String date) {
      DateTimeFormatterBuilder text =
          new DateTimeFormatterBuilder().appendPattern(date + "HH:mm:ss");
      if (scale > 0) {
        text.appendFraction(ChronoField.NANO_OF_SECOND, scale, scale, true);
      }
      return text.toFormatter(Locale.ROOT);
    }

    private SQLDataException unsupported() {
      return new SQLDataException(
          "The key column "
              + name
              + " is of type "
              + type
              + ", which cannot be looked up. Capture the table by another key.");
    }
  }

  private final List<Column> columns;

  private SourceKey(List<Column> columns) {
    this.columns = columns;
  }

  /**
   * Looks the types of the key's columns up.
   *
   * @throws SQLDataException when one of them is not in the table any more
   */
  static SourceKey of(Connection connection, String schema, String table, List<String> keyColumns)
      throws SQLException {
    Map<String, Column> byName = new HashMap<>();
    for (SourceColumn column : SourceColumn.ofTable(connection, schema, table)) {
      byName.put(
          column.name(), new Column(column.name(), column.type(), column.size(), column.scale()));
    }
    for (String name : keyColumns) {
      if (!byName.containsKey(name)) {
        throw new SQLDataException(
            schema + "." + table + ": expected the key column " + name + ", found none.");
      }
    }
    return new SourceKey(keyColumns.stream().map(byName::get).toList());
  }

  int columnCount() {
    return columns.size();
  }

  /** The columns, quoted, for a SELECT. */
  List<String> names() {
    return columns.stream().map(column -> SourceColumn.quote(column.name())).toList();
  }

  /** The key text of the current row, whose first columns are those of {@link #names}. */
  String text(ResultSet row) throws SQLException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (int i = 0; i < columns.size(); i++) {
        json.writeFieldName(columns.get(i).name());
        RowChangeDeserializer.writeKeyValue(json, columns.get(i).value(row, i + 1));
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new SQLException("A key could not be written as text: " + e.getMessage(), e);
    }
    return text.toString();
  }

  /** A condition that is true for one row; its parameters are those of {@link #parameters}. */
  String condition() throws SQLException {
    StringBuilder condition = new StringBuilder("(");
    for (Column column : columns) {
      condition
          .append(condition.length() == 1 ? "" : " AND ")
          .append(SourceColumn.quote(column.name()))
          .append(" = ")
          .append(column.placeholder());
    }
    return condition.append(')').toString();
  }

  /**
   * The parameters of {@link #condition}, for the row with this key text.
   *
   * @throws SQLDataException when it is not a text of this key
   */
  String[] parameters(String keyText) throws SQLException {
    try {
      JsonNode key = MAPPER.readTree(keyText);
      String[] parameters = new String[columns.size()];
      for (int i = 0; i < parameters.length; i++) {
        JsonNode value = key == null ? null : key.get(columns.get(i).name());
        if (value == null || value.isContainerNode() || value.isNull()) {
          throw new SQLDataException(
              "Expected a key of the columns " + names() + ", found " + keyText + ".");
        }
        parameters[i] = columns.get(i).parameter(value);
      }
      return parameters;
    } catch (JsonProcessingException e) {
      throw new SQLDataException("Expected a key as JSON, found " + keyText + ".", e);
    }
  }
}
