package com.hartonomous.ingest.record;

import java.io.Serializable;
import java.util.List;

/** Turns the numbers of captured tables and columns back into the names that users know. */
public record CapturedNames(List<CapturedTable> tables) implements Serializable {

  public CapturedNames {
    tables = List.copyOf(tables);
  }

  /** {@code schema.table}; {@code table N} when it is not captured any more. */
  public String table(int tableId) {
    return tables.stream()
        .filter(table -> table.tableId() == tableId)
        .map(CapturedTable::qualifiedName)
        .findFirst()
        .orElse("table " + tableId);
  }

  /** The column's name; its number when it is not captured any more. */
  public String column(int tableId, int columnId) {
    return tables.stream()
        .filter(table -> table.tableId() == tableId)
        .flatMap(table -> table.contentColumns().stream())
        .filter(column -> column.columnId() == columnId)
        .map(CapturedColumn::name)
        .findFirst()
        .orElse(Integer.toString(columnId));
  }
}
