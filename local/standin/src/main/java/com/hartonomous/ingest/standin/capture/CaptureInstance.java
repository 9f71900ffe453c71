package com.hartonomous.ingest.standin.capture;

import java.util.List;

/**
 * What a capture instance captures.
 *
 * @param name the capture instance, for example {@code dbo_Documents}
 * @param objectId of its change table
 * @param sourceObjectId of the captured table
 * @param schema of the captured table
 * @param table the captured table
 * @param columns the captured columns in table order
 * @param keyColumns the columns of the unique index that identifies a row; perhaps empty
 * @param indexName that index, or null
 * @param netChanges true when net changes can be asked for; there are key columns then
 */
public record CaptureInstance(
    String name,
    int objectId,
    int sourceObjectId,
    String schema,
    String table,
    List<Column> columns,
    List<String> keyColumns,
    String indexName,
    boolean netChanges) {

  public CaptureInstance {
    columns = List.copyOf(columns);
    keyColumns = List.copyOf(keyColumns);
  }

  /**
   * A captured column.
   *
   * @param columnId its column_id in the source table
   * @param typeName the type's name in T-SQL
   * @param computed true for a computed column, whose captured value is always NULL
   */
  public record Column(String name, int columnId, String typeName, boolean computed) {}

  /** The name of the trigger on the source table. */
  String triggerName() {
    return "capture_" + objectId;
  }

  /** The physical change table behind the view that people see, quoted. */
  String rowsTable() {
    return ChangeTables.SCHEMA + "." + ChangeTables.quote(name + "_CT");
  }

  /** The change table as people see it, quoted. */
  public String changeTable() {
    return "cdc." + ChangeTables.quote(name + "_CT");
  }
}
