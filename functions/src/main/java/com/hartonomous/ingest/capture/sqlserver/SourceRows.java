package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ContentValue;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the present rows of a captured table by SQL, in the form in which capture gives them: the
 * same keys and the same content bytes. Reads only. For one thread.
 */
public final class SourceRows {

  /** Keys that one query looks up: bounded by 2,100 parameters. */
  private static final int PARAMETERS_MAX = 1_000;

  private static final int FETCH_ROWS = 256;

  /**
   * A row as it is now.
   *
   * @param keyText the key as JSON, as a row's changes have it
   * @param values of the content columns
   */
  public record SourceRow(RowKey key, String keyText, ContentValue[] values) {}

  /** Takes rows. */
  @FunctionalInterface
  public interface Visitor<T> {
    void visit(T row) throws SQLException;
  }

  private final Connection connection;
  private final CapturedTable table;
  private final SourceKey key;

  /**
   * @throws SQLException a {@link java.sql.SQLDataException} when the table, or a column of its
   *     key, is not there any more
   */
  public SourceRows(Connection connection, CapturedTable table) throws SQLException {
    this.connection = connection;
    this.table = table;
    this.key = SourceKey.of(connection, table.schema(), table.table(), table.keyColumns());
  }

  /** Visits all rows, in no order; one is in memory at a time, with the driver's buffer. */
  public void all(Visitor<SourceRow> visitor) throws SQLException {
    visit(select(), List.of(), visitor);
  }

  /**
   * Visits those of the rows that are there. A row is the one that is meant only if its key has
   * exactly this text: the database's collation takes different texts for one.
   *
   * @throws SQLException a {@link java.sql.SQLDataException} when one is no text of the table's key
   */
  public void byKey(Set<String> keyTexts, Visitor<SourceRow> visitor) throws SQLException {
    List<String> texts = List.copyOf(keyTexts);
    int page = Math.max(1, PARAMETERS_MAX / key.columnCount());
    for (int start = 0; start < texts.size(); start += page) {
      List<String> some = texts.subList(start, Math.min(start + page, texts.size()));
      Set<String> wanted = new HashSet<>(some);
      List<String> parameters = new ArrayList<>();
      for (String text : some) {
        Collections.addAll(parameters, key.parameters(text));
      }
      String condition = String.join(" OR ", Collections.nCopies(some.size(), key.condition()));
      visit(
          select() + " WHERE " + condition,
          parameters,
          row -> {
            if (wanted.contains(row.keyText())) {
              visitor.visit(row);
            }
          });
    }
  }

  /**
   * Visits the keys of the rows that changed at a position or behind it, as the table's change
   * tables have them: those of updates before and after, a key once or more often.
   *
   * @param lsn 10 bytes
   */
  public void changedSince(byte[] lsn, Visitor<String> visitor) throws SQLException {
    for (String instance : captureInstances()) {
      String sql =
          "SELECT "
              + String.join(", ", key.names())
              + " FROM cdc."
              + SourceColumn.quote(instance + "_CT")
              + " WHERE __$start_lsn >= ?";
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        statement.setFetchSize(FETCH_ROWS);
        statement.setBytes(1, lsn);
        try (ResultSet row = statement.executeQuery()) {
          while (row.next()) {
            visitor.visit(key.text(row));
          }
        }
      }
    }
  }

  private List<String> captureInstances() throws SQLException {
    List<String> instances = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT capture_instance FROM cdc.change_tables"
                + " WHERE source_object_id = OBJECT_ID(?)")) {
      statement.setString(1, qualifiedName());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          instances.add(row.getString(1));
        }
      }
    }
    return instances;
  }

  private String qualifiedName() {
    return SourceColumn.quote(table.schema()) + "." + SourceColumn.quote(table.table());
  }

  private String select() {
    List<String> columns = new ArrayList<>(key.names());
    for (CapturedColumn column : table.contentColumns()) {
      columns.add(SourceColumn.quote(column.name()));
    }
    return "SELECT " + String.join(", ", columns) + " FROM " + qualifiedName();
  }

  private void visit(String sql, List<String> parameters, Visitor<SourceRow> visitor)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setFetchSize(FETCH_ROWS);
      for (int i = 0; i < parameters.size(); i++) {
        statement.setString(i + 1, parameters.get(i));
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          visitor.visit(row(row));
        }
      }
    }
  }

  private SourceRow row(ResultSet row) throws SQLException {
    String keyText = key.text(row);
    ContentValue[] values = new ContentValue[table.contentColumns().size()];
    for (int i = 0; i < values.length; i++) {
      CapturedColumn column = table.contentColumns().get(i);
      int position = key.columnCount() + 1 + i;
      byte[] bytes =
          column.binary() ? row.getBytes(position) : ExactText.bytes(ExactText.get(row, position));
      values[i] =
          new ContentValue(column.columnId(), column.contentType(), column.segments(), bytes);
    }
    return new SourceRow(new RowKey(table.tableId(), Sha256.ofText(keyText)), keyText, values);
  }
}
