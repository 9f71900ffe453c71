package com.hartonomous.ingest.record;

import java.io.Serializable;
import java.util.List;

/**
 * A captured table as it is registered in {@code dbo.CapturedTables}. Part of a job's plan: it
 * travels in the job graph by Java serialization, never as an element of a stream.
 *
 * @param tableId {@code dbo.CapturedTables.CapturedTableId}
 * @param schema as the database writes it, for example {@code dbo}
 * @param table as the database writes it
 * @param group the capture group, one CDC source
 * @param generation row state of another generation counts as empty
 * @param keyColumns the primary key's columns in key order, at least one
 * @param contentColumns at least one
 */
public record CapturedTable(
    int tableId,
    String schema,
    String table,
    String group,
    int generation,
    List<String> keyColumns,
    List<CapturedColumn> contentColumns)
    implements Serializable {

  public CapturedTable {
    keyColumns = List.copyOf(keyColumns);
    contentColumns = List.copyOf(contentColumns);
    if (keyColumns.isEmpty() || contentColumns.isEmpty()) {
      throw new IllegalArgumentException(
          "The captured table "
              + schema
              + "."
              + table
              + " needs a key column and a content column.");
    }
  }

  /** {@code schema.table}. */
  public String qualifiedName() {
    return schema + "." + table;
  }
}
