package com.hartonomous.ingest.capture.sqlserver;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.data.Field;
import org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.data.Struct;
import org.apache.flink.cdc.connectors.shaded.org.apache.kafka.connect.source.SourceRecord;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.flink.util.Collector;

/**
 * Turns the connector's change records into {@link RowChange}s. The only class that knows the
 * connector's (relocated) record types.
 *
 * <p>Record form, from the connector's and Debezium's sources: {@code op} is r (snapshot), c, u or
 * d; {@code source.commit_lsn} and {@code source.change_lsn} are set on streamed records only; an
 * update of the key arrives as a delete and an insert.
 *
 * <p>The heartbeat table's changes become changes of table {@link #HEARTBEAT_TABLE_ID}, without
 * content.
 */
final class RowChangeDeserializer implements DebeziumDeserializationSchema<RowChange> {

  private static final long serialVersionUID = 1L;

  /** No captured table has this id: identities start at 1. */
  static final int HEARTBEAT_TABLE_ID = 0;

  static final String HEARTBEAT_SCHEMA = "dbo";
  static final String HEARTBEAT_TABLE = "Heartbeat";

  private static final JsonFactory JSON = new JsonFactory();

  /** By the aliases of schema and name: joined by a dot they could be mistaken for others. */
  private final Map<List<String>, CapturedTable> tables = new HashMap<>();

  private final StreamProgress progress;

  RowChangeDeserializer(List<CapturedTable> capturedTables, StreamProgress progress) {
    this.progress = progress;
    for (CapturedTable table : capturedTables) {
      tables.put(List.of(TableAlias.of(table.schema()), TableAlias.of(table.table())), table);
    }
  }

  @Override
  public void deserialize(SourceRecord sourceRecord, Collector<RowChange> out) throws IOException {
    Struct value = (Struct) sourceRecord.value();
    Struct source = value.getStruct("source");
    String schema = source.getString("schema");
    String table = source.getString("table");
    String operation = value.getString("op");
    RowVersion version = version(operation, source);
    if (schema.equals(HEARTBEAT_SCHEMA) && table.equals(HEARTBEAT_TABLE)) {
      RowKey key = new RowKey(HEARTBEAT_TABLE_ID, Sha256.ofText("heartbeat"));
      if (!version.isSnapshot()) {
        progress.passedOnUpTo(version.commit());
      }
      out.collect(RowChange.deleted(key, "{}", 0, version));
      return;
    }
    CapturedTable captured = tables.get(List.of(schema, table));
    if (captured == null) {
      throw new IOException(
          "The capture source delivered a change of "
              + schema
              + "."
              + table
              + ", which is not among the captured tables "
              + tables.keySet()
              + ".");
    }
    String keyText = keyText((Struct) sourceRecord.key());
    RowKey key = new RowKey(captured.tableId(), Sha256.ofText(keyText));
    int generation = captured.generation();
    out.collect(
        operation.equals("d")
            ? RowChange.deleted(key, keyText, generation, version)
            : RowChange.present(
                key, keyText, generation, version, values(captured, value.getStruct("after"))));
  }

  private static RowVersion version(String operation, Struct source) throws IOException {
    int code =
        switch (operation) {
          case "r" -> 0;
          case "d" -> 1;
          case "c" -> 2;
          case "u" -> 4;
          default ->
              throw new IOException(
                  "A change record has operation r, c, u or d, found '" + operation + "'.");
        };
    String commit = source.getString("commit_lsn");
    if (code == 0 || commit == null) {
      return RowVersion.SNAPSHOT;
    }
    return new RowVersion(Lsn.parse(commit), Lsn.parse(source.getString("change_lsn")), code);
  }

  private static ContentValue[] values(CapturedTable table, Struct row) throws IOException {
    ContentValue[] values = new ContentValue[table.contentColumns().size()];
    for (int i = 0; i < values.length; i++) {
      CapturedColumn column = table.contentColumns().get(i);
      if (row.schema().field(column.name()) == null) {
        throw missing(table, column);
      }
      byte[] bytes = contentBytes(table, column, row.get(column.name()));
      values[i] =
          new ContentValue(column.columnId(), column.contentType(), column.segments(), bytes);
    }
    return values;
  }

  private static byte[] contentBytes(CapturedTable table, CapturedColumn column, Object value)
      throws IOException {
    if (value == null) {
      return null;
    }
    if (value instanceof String text && !column.binary()) {
      return ExactText.bytes(text);
    }
    if (value instanceof ByteBuffer buffer && column.binary()) {
      return bytes(buffer);
    }
    if (value instanceof byte[] bytes && column.binary()) {
      return bytes;
    }
    throw changed(table, column, "found a value of " + value.getClass().getSimpleName());
  }

  /** The job stops at the change and holds its position: nothing is lost meanwhile. */
  private static IOException missing(CapturedTable table, CapturedColumn column) {
    return new IOException(
        String.format(
            "A row of %s came without the content column %s: the table's newest capture instance"
                + " was made without it, or the column was dropped. Nothing is lost: the job stands"
                + " before this row. If an instance lacks it, disable that one (EXEC"
                + " sys.sp_cdc_disable_table), and the job goes on by itself with the one before,"
                + " or from its last checkpoint (--from-savepoint latest).",
            table.qualifiedName(), column.name()));
  }

  /** The same. */
  private static IOException changed(CapturedTable table, CapturedColumn column, String found) {
    return new IOException(
        String.format(
            "The content column %s of %s was captured as %s, %s: its definition was changed."
                + " Nothing is lost: the job stands before this change. Give the column its old"
                + " name and type back, and rows that were changed meanwhile their values; the job"
                + " then goes on by itself, or from its last checkpoint (--from-savepoint latest).",
            column.name(), table.qualifiedName(), column.binary() ? "bytes" : "text", found));
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  /** The key as a JSON object, columns in the order of the primary key. */
  private static String keyText(Struct key) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      for (Field field : key.schema().fields()) {
        json.writeFieldName(field.name());
        writeKeyValue(json, key.get(field));
      }
      json.writeEndObject();
    }
    return text.toString();
  }

  /** Also for {@link SourceKey}, which has the same values from the driver. */
  static void writeKeyValue(JsonGenerator json, Object value) throws IOException {
    if (value instanceof Long || value instanceof Integer || value instanceof Short) {
      json.writeNumber(((Number) value).longValue());
    } else if (value instanceof Boolean flag) {
      json.writeBoolean(flag);
    } else if (value instanceof BigDecimal decimal) {
      json.writeString(decimal.toPlainString());
    } else if (value instanceof ByteBuffer buffer) {
      json.writeString(HexFormat.of().formatHex(bytes(buffer)));
    } else {
      json.writeString(String.valueOf(value));
    }
  }

  @Override
  public TypeInformation<RowChange> getProducedType() {
    return TypeInformation.of(RowChange.class);
  }
}
