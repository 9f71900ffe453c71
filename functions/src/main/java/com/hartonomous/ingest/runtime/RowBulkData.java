package com.hartonomous.ingest.runtime;

import com.microsoft.sqlserver.jdbc.ISQLServerBulkData;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopyOptions;
import java.sql.Connection;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Rows for a bulk copy, taken from an iterator as the driver asks for them. */
public final class RowBulkData implements ISQLServerBulkData {

  private static final long serialVersionUID = 1L;
  private static final int TIMEOUT_SECONDS = 300;
  private static final int SHOWN_CHARACTERS_MAX = 50;

  /** "String or binary data would be truncated". */
  private static final int TRUNCATION = 2628;

  /**
   * A column of the destination.
   *
   * @param type of {@link java.sql.Types}; LONGNVARCHAR and LONGVARBINARY for (max)
   * @param precision characters, bytes or digits; 0 for (max)
   */
  public record Column(String name, int type, int precision) {}

  private final transient List<Column> columns;
  private final transient Iterator<Object[]> rows;
  private transient Object[] row;

  private RowBulkData(List<Column> columns, Iterator<Object[]> rows) {
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * Copies the rows into the table, in the connection's open transaction, checking constraints.
   *
   * @param rows an array of the columns' values each, in their order; the iterator must not fail,
   *     since the stream to the server cannot be taken back
   */
  public static void copy(
      Connection connection, String table, List<Column> columns, Iterator<Object[]> rows)
      throws SQLException {
    try (SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
      SQLServerBulkCopyOptions options = new SQLServerBulkCopyOptions();
      options.setCheckConstraints(true);
      options.setBulkCopyTimeout(TIMEOUT_SECONDS);
      copy.setBulkCopyOptions(options);
      copy.setDestinationTableName(table);
      for (int i = 0; i < columns.size(); i++) {
        copy.addColumnMapping(i + 1, columns.get(i).name());
      }
      copy.writeToServer(new RowBulkData(columns, rows));
    }
  }

  @Override
  public Set<Integer> getColumnOrdinals() {
    Set<Integer> ordinals = new TreeSet<>();
    for (int i = 1; i <= columns.size(); i++) {
      ordinals.add(i);
    }
    return ordinals;
  }

  @Override
  public String getColumnName(int column) {
    return columns.get(column - 1).name();
  }

  @Override
  public int getColumnType(int column) {
    return columns.get(column - 1).type();
  }

  @Override
  public int getPrecision(int column) {
    return columns.get(column - 1).precision();
  }

  @Override
  public int getScale(int column) {
    return 0;
  }

  @Override
  public Object[] getRowData() {
    return row;
  }

  /**
   * @throws SQLDataException (error 2628, as the server numbers it) for a text that is too long for
   *     its column: the driver would refuse it too, but without a number that tells it from a
   *     defect
   */
  @Override
  public boolean next() throws SQLDataException {
    if (!rows.hasNext()) {
      return false;
    }
    row = rows.next();
    for (int i = 0; i < row.length; i++) {
      Column column = columns.get(i);
      if (column.type() == Types.NVARCHAR
          && row[i] instanceof String text
          && text.length() > column.precision()) {
        throw new SQLDataException(
            "The column %s takes %d characters, found %d: '%s...'."
                .formatted(
                    column.name(),
                    column.precision(),
                    text.length(),
                    text.substring(0, Math.min(text.length(), SHOWN_CHARACTERS_MAX))),
            "22001",
            TRUNCATION);
      }
    }
    return true;
  }
}
