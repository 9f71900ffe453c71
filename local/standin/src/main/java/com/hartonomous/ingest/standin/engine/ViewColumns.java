package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.tsql.EmittedSql;
import com.hartonomous.ingest.standin.tsql.EmittedSql.OutputColumn;
import com.hartonomous.ingest.standin.type.SqlType;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** The columns of a new view: the emitter's T-SQL types where it knows them, otherwise H2's. */
final class ViewColumns {

  private ViewColumns() {}

  static List<Column> read(Statement statement, String physicalName, EmittedSql emitted)
      throws SQLException {
    List<Column> columns = new ArrayList<>();
    try (ResultSet rows =
        statement.executeQuery("SELECT * FROM " + physicalName + " WHERE 1 = 0")) {
      ResultSetMetaData metadata = rows.getMetaData();
      int count = metadata.getColumnCount();
      for (int i = 1; i <= count; i++) {
        OutputColumn known =
            emitted.columns().size() == count ? emitted.columns().get(i - 1) : null;
        SqlType type =
            known == null || known.type() == null ? Values.typeOf(metadata, i) : known.type();
        columns.add(
            new Column(
                i,
                metadata.getColumnLabel(i),
                type,
                known == null || known.nullable(),
                null,
                null,
                null,
                TypeCatalogue.isCharacter(type.kind()) ? CatalogueStore.DEFAULT_COLLATION : null,
                0));
      }
    }
    return columns;
  }
}
