package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.IndexColumn;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The catalogue procedures that drivers call: columns and order as SQL Server documents them. */
final class MetadataProcedures {

  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
  private static final SqlType SMALLINT = SqlType.of(Kind.SMALLINT);
  private static final SqlType INT = SqlType.of(Kind.INT);
  private static final SqlType TEXT = SqlType.ofLength(Kind.VARCHAR, 254);

  private static final int COLUMNS_OF_OLD = 18;
  private static final List<String> TABLE_RIGHTS =
      List.of("DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE");
  private static final List<String> COLUMN_RIGHTS =
      List.of("INSERT", "REFERENCES", "SELECT", "UPDATE");

  private final H2Session session;

  MetadataProcedures(H2Session session) {
    this.session = session;
  }

  /** Begins a result: names and types alternate. */
  private static List<ResultColumn> described(Object... namesAndTypes) {
    List<ResultColumn> columns = new ArrayList<>();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      columns.add(
          new ResultColumn((String) namesAndTypes[i], (SqlType) namesAndTypes[i + 1], true, false));
    }
    return columns;
  }

  /** Begins with the three columns that name a table. */
  private static List<ResultColumn> describedOfTable(Object... namesAndTypes) {
    List<ResultColumn> columns =
        new ArrayList<>(
            described("TABLE_QUALIFIER", SYSNAME, "TABLE_OWNER", SYSNAME, "TABLE_NAME", SYSNAME));
    columns.addAll(described(namesAndTypes));
    return columns;
  }

  private static int send(ResultConsumer results, List<ResultColumn> columns, List<Object[]> rows)
      throws IOException {
    results.columns(columns);
    for (Object[] row : rows) {
      results.row(row);
    }
    results.done(ResultConsumer.Command.SELECT, rows.size());
    return 0;
  }

  private boolean isOtherDatabase(String qualifier) {
    return qualifier != null
        && !qualifier.isEmpty()
        && !session.engine().isKnownDatabase(qualifier);
  }

  private static boolean matches(String pattern, String name) {
    return pattern == null || LikePattern.matches(pattern, name);
  }

  /** Tables and views sorted by schema and name. */
  private List<Table> tablesLike(String schema, String name) {
    return session.catalogue().tables().stream()
        .filter(t -> matches(schema, t.object().schema()) && matches(name, t.object().name()))
        .sorted(
            Comparator.comparing((Table t) -> t.object().schema())
                .thenComparing(t -> t.object().name()))
        .toList();
  }

  int tables(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    String name = arguments.text("@table_name", 0);
    String owner = arguments.text("@table_owner", 1);
    String qualifier = arguments.text("@table_qualifier", 2);
    String types = arguments.text("@table_type", 3);
    List<Object[]> rows = new ArrayList<>();
    if ("".equals(name) && "".equals(owner) && "%".equals(qualifier)) {
      // As documented: all databases.
      rows.add(new Object[] {session.database(), null, null, null, null});
    } else if (!isOtherDatabase(qualifier)) {
      for (Table table : tablesLike(owner, name)) {
        String type = table.object().type() == ObjectType.TABLE ? "TABLE" : "VIEW";
        if (types == null || types.contains("'" + type + "'")) {
          rows.add(
              new Object[] {
                session.database(), table.object().schema(), table.object().name(), type, null
              });
        }
      }
      rows.sort(Comparator.comparing(row -> (String) row[3]));
    }
    return send(
        results,
        describedOfTable("TABLE_TYPE", SqlType.ofLength(Kind.VARCHAR, 32), "REMARKS", TEXT),
        rows);
  }

  /** sp_columns_100. */
  int columns(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    return send(results, COLUMN_RESULT, columnRows(arguments));
  }

  /** sp_columns, which has none of the columns that the other one got later but the last. */
  int columnsOfOld(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    List<ResultColumn> columns = new ArrayList<>(COLUMN_RESULT.subList(0, COLUMNS_OF_OLD));
    columns.add(COLUMN_RESULT.get(COLUMN_RESULT.size() - 1));
    List<Object[]> rows = new ArrayList<>();
    for (Object[] row : columnRows(arguments)) {
      Object[] old = Arrays.copyOf(row, COLUMNS_OF_OLD + 1);
      old[COLUMNS_OF_OLD] = row[row.length - 1];
      rows.add(old);
    }
    return send(results, columns, rows);
  }

  private List<Object[]> columnRows(ProcedureArguments arguments) {
    String name = arguments.text("@table_name", 0);
    String owner = arguments.text("@table_owner", 1);
    String qualifier = arguments.text("@table_qualifier", 2);
    String columnName = arguments.text("@column_name", 3);
    List<Object[]> rows = new ArrayList<>();
    if (!isOtherDatabase(qualifier)) {
      for (Table table : tablesLike(owner, name)) {
        int ordinal = 1;
        for (Column column : table.columns()) {
          if (matches(columnName, column.name())) {
            rows.add(columnRow(table, column, ordinal));
          }
          ordinal++;
        }
      }
    }
    return rows;
  }

  private static final List<ResultColumn> COLUMN_RESULT =
      describedOfTable(
          "COLUMN_NAME",
          SYSNAME,
          "DATA_TYPE",
          SMALLINT,
          "TYPE_NAME",
          SYSNAME,
          "PRECISION",
          INT,
          "LENGTH",
          INT,
          "SCALE",
          SMALLINT,
          "RADIX",
          SMALLINT,
          "NULLABLE",
          SMALLINT,
          "REMARKS",
          TEXT,
          "COLUMN_DEF",
          SqlType.ofLength(Kind.NVARCHAR, 4000),
          "SQL_DATA_TYPE",
          SMALLINT,
          "SQL_DATETIME_SUB",
          SMALLINT,
          "CHAR_OCTET_LENGTH",
          INT,
          "ORDINAL_POSITION",
          INT,
          "IS_NULLABLE",
          TEXT,
          "SS_IS_SPARSE",
          SMALLINT,
          "SS_IS_COLUMN_SET",
          SMALLINT,
          "SS_IS_COMPUTED",
          SMALLINT,
          "SS_IS_IDENTITY",
          SMALLINT,
          "SS_UDT_CATALOG_NAME",
          SYSNAME,
          "SS_UDT_SCHEMA_NAME",
          SYSNAME,
          "SS_UDT_ASSEMBLY_TYPE_NAME",
          SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
          "SS_XML_SCHEMACOLLECTION_CATALOG_NAME",
          SYSNAME,
          "SS_XML_SCHEMACOLLECTION_SCHEMA_NAME",
          SYSNAME,
          "SS_XML_SCHEMACOLLECTION_NAME",
          SYSNAME,
          "SS_DATA_TYPE",
          SqlType.of(Kind.TINYINT));

  private Object[] columnRow(Table table, Column column, int ordinal) {
    OdbcType odbc = OdbcType.of(column.type());
    String definition =
        session.catalogue().object(column.defaultId()).map(DatabaseObject::definition).orElse(null);
    String typeName = odbc.typeName() + (column.isIdentity() ? " identity" : "");
    return new Object[] {
      session.database(),
      table.object().schema(),
      table.object().name(),
      column.name(),
      (short) odbc.dataType(),
      typeName,
      odbc.precision(),
      odbc.length(),
      odbc.scale(),
      odbc.radix(),
      (short) (column.nullable() ? 1 : 0),
      null,
      definition,
      (short) odbc.sqlDataType(),
      odbc.dateTimeSub(),
      odbc.octetLength(),
      ordinal,
      column.nullable() ? "YES" : "NO",
      (short) 0,
      (short) 0,
      (short) (column.isComputed() ? 1 : 0),
      (short) (column.isIdentity() ? 1 : 0),
      null,
      null,
      null,
      null,
      null,
      null,
      (short) odbc.serverType(column.nullable())
    };
  }

  int primaryKeys(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    List<Object[]> rows = new ArrayList<>();
    Optional<Table> table =
        exactTable(
            arguments.requiredText("@table_name", 0),
            arguments.text("@table_owner", 1),
            arguments.text("@table_qualifier", 2));
    Optional<Index> key = table.flatMap(Table::primaryKey);
    if (key.isPresent()) {
      for (IndexColumn column : key.get().columns()) {
        rows.add(
            new Object[] {
              session.database(),
              table.get().object().schema(),
              table.get().object().name(),
              table.get().column(column.columnId()).orElseThrow().name(),
              (short) column.keyOrdinal(),
              key.get().name()
            });
      }
    }
    return send(
        results,
        describedOfTable("COLUMN_NAME", SYSNAME, "KEY_SEQ", SMALLINT, "PK_NAME", SYSNAME),
        rows);
  }

  private Optional<Table> exactTable(String name, String owner, String qualifier) {
    if (isOtherDatabase(qualifier)) {
      return Optional.empty();
    }
    return session
        .catalogue()
        .table(
            owner == null || owner.isEmpty() ? "dbo" : LikePattern.unescaped(owner),
            LikePattern.unescaped(name));
  }

  /** sp_special_columns: what identifies a row. Of columns that change with it there are none. */
  int specialColumns(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    Optional<Table> table =
        exactTable(
            arguments.requiredText("@table_name", 0),
            arguments.text("@table_owner", 1),
            arguments.text("@qualifier", 2));
    boolean identifying = !"V".equalsIgnoreCase(arguments.text("@col_type", 3));
    boolean nullable = !"O".equalsIgnoreCase(arguments.text("@nullable", 5));
    List<Object[]> rows = new ArrayList<>();
    if (table.isPresent() && identifying) {
      for (Column column : identifyingColumns(table.get(), nullable)) {
        OdbcType odbc = OdbcType.of(column.type());
        rows.add(
            new Object[] {
              (short) 0,
              column.name(),
              (short) odbc.dataType(),
              odbc.typeName() + (column.isIdentity() ? " identity" : ""),
              odbc.precision(),
              odbc.length(),
              odbc.scale(),
              (short) 1
            });
      }
    }
    return send(
        results,
        described(
            "SCOPE", SMALLINT,
            "COLUMN_NAME", SYSNAME,
            "DATA_TYPE", SMALLINT,
            "TYPE_NAME", SYSNAME,
            "PRECISION", INT,
            "LENGTH", INT,
            "SCALE", SMALLINT,
            "PSEUDO_COLUMN", SMALLINT),
        rows);
  }

  /** The primary key, or a unique index without a filter. */
  private static List<Column> identifyingColumns(Table table, boolean nullable) {
    List<Index> candidates = new ArrayList<>();
    table.primaryKey().ifPresent(candidates::add);
    table.indexes().stream().filter(i -> i.unique() && i.filter() == null).forEach(candidates::add);
    for (Index index : candidates) {
      List<Column> columns =
          index.columns().stream()
              .filter(c -> c.keyOrdinal() > 0)
              .sorted(Comparator.comparing(IndexColumn::keyOrdinal))
              .map(c -> table.column(c.columnId()).orElseThrow())
              .toList();
      if (nullable || columns.stream().noneMatch(Column::nullable)) {
        return columns;
      }
    }
    return List.of();
  }

  int dataTypes(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    return send(
        results,
        described(DataTypeInfo.COLUMNS),
        DataTypeInfo.rows(arguments.number("@data_type", 0, 0)));
  }

  /** All that the owner has: the stand-in knows one login, and no GRANT. */
  int tablePrivileges(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    List<Object[]> rows = new ArrayList<>();
    String name = arguments.requiredText("@table_name", 0);
    if (!isOtherDatabase(arguments.text("@table_qualifier", 2))) {
      for (Table table : tablesLike(arguments.text("@table_owner", 1), name)) {
        String schema = table.object().schema();
        for (String right : TABLE_RIGHTS) {
          rows.add(
              new Object[] {
                session.database(), schema, table.object().name(), "dbo", "dbo", right, "YES"
              });
        }
      }
    }
    return send(
        results,
        describedOfTable(
            "GRANTOR",
            SYSNAME,
            "GRANTEE",
            SYSNAME,
            "PRIVILEGE",
            SqlType.ofLength(Kind.VARCHAR, 32),
            "IS_GRANTABLE",
            SqlType.ofLength(Kind.VARCHAR, 3)),
        rows);
  }

  /** The same for columns. */
  int columnPrivileges(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    Optional<Table> table =
        exactTable(
            arguments.requiredText("@table_name", 0),
            arguments.text("@table_owner", 1),
            arguments.text("@table_qualifier", 2));
    String pattern = arguments.text("@column_name", 3);
    List<Object[]> rows = new ArrayList<>();
    if (table.isPresent()) {
      DatabaseObject object = table.get().object();
      for (Column column : table.get().columns()) {
        for (String right : matches(pattern, column.name()) ? COLUMN_RIGHTS : List.<String>of()) {
          rows.add(
              new Object[] {
                session.database(),
                object.schema(),
                object.name(),
                column.name(),
                "dbo",
                "dbo",
                right,
                "YES"
              });
        }
      }
    }
    return send(
        results,
        describedOfTable(
            "COLUMN_NAME", SYSNAME,
            "GRANTOR", SYSNAME,
            "GRANTEE", SYSNAME,
            "PRIVILEGE", SqlType.ofLength(Kind.VARCHAR, 32),
            "IS_GRANTABLE", SqlType.ofLength(Kind.VARCHAR, 3)),
        rows);
  }

  int statistics(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException, SQLException {
    boolean uniqueOnly = "Y".equalsIgnoreCase(arguments.text("@is_unique", 4));
    List<Object[]> rows = new ArrayList<>();
    Optional<Table> table =
        exactTable(
            arguments.requiredText("@table_name", 0),
            arguments.text("@table_owner", 1),
            arguments.text("@table_qualifier", 2));
    if (table.isPresent()) {
      rows.add(
          statisticsRow(
              table.get(),
              null,
              (short) 0,
              null,
              (int) CatalogueFunctions.rowCount(session, table.get())));
      for (Index index : table.get().indexes()) {
        if (!uniqueOnly || index.unique()) {
          for (IndexColumn column : index.columns()) {
            if (column.keyOrdinal() > 0) {
              rows.add(
                  statisticsRow(
                      table.get(), index, (short) (index.clustered() ? 1 : 3), column, null));
            }
          }
        }
      }
    }
    return send(
        results,
        describedOfTable(
            "NON_UNIQUE", SMALLINT,
            "INDEX_QUALIFIER", SYSNAME,
            "INDEX_NAME", SYSNAME,
            "TYPE", SMALLINT,
            "SEQ_IN_INDEX", SMALLINT,
            "COLUMN_NAME", SYSNAME,
            "COLLATION", SqlType.ofLength(Kind.CHAR, 1),
            "CARDINALITY", INT,
            "PAGES", INT,
            "FILTER_CONDITION", SqlType.ofLength(Kind.VARCHAR, 128)),
        rows);
  }

  private Object[] statisticsRow(
      Table table, Index index, short type, IndexColumn column, Integer cardinality) {
    return new Object[] {
      session.database(),
      table.object().schema(),
      table.object().name(),
      index == null ? null : (short) (index.unique() ? 0 : 1),
      index == null ? null : table.object().name(),
      index == null ? null : index.name(),
      type,
      column == null ? null : (short) column.keyOrdinal(),
      column == null ? null : table.column(column.columnId()).orElseThrow().name(),
      column == null ? null : column.descending() ? "D" : "A",
      cardinality,
      null,
      index == null ? null : index.filter()
    };
  }

  int foreignKeys(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException, SQLException {
    String primary = arguments.text("@pktable_name", 0);
    String primaryOwner = arguments.text("@pktable_owner", 1);
    String foreign = arguments.text("@fktable_name", 3);
    String foreignOwner = arguments.text("@fktable_owner", 4);
    if (primary == null && foreign == null) {
      throw new SqlServerError(
          15252, 16, 1, "The primary or foreign key table name must be given.");
    }
    PreparedStatement query =
        session
            .prepared()
            .prepare(
                "SELECT f.parent_object_id, f.referenced_object_id, x.constraint_column_id,"
                    + " x.parent_column_id, x.referenced_column_id, f.update_action,"
                    + " f.delete_action, o.name, f.key_index_id FROM standin_catalogue.foreign_keys f"
                    + " JOIN standin_catalogue.foreign_key_columns x ON x.constraint_object_id ="
                    + " f.object_id JOIN standin_catalogue.objects o ON o.object_id = f.object_id"
                    + " ORDER BY f.object_id, x.constraint_column_id");
    List<Object[]> rows = new ArrayList<>();
    try (ResultSet keys = query.executeQuery()) {
      while (keys.next()) {
        Table child = session.catalogue().table(keys.getInt(1)).orElseThrow();
        Table parent = session.catalogue().table(keys.getInt(2)).orElseThrow();
        if (isNamed(parent, primary, primaryOwner) && isNamed(child, foreign, foreignOwner)) {
          rows.add(foreignKeyRow(keys, parent, child));
        }
      }
    }
    return send(
        results,
        described(
            "PKTABLE_QUALIFIER", SYSNAME,
            "PKTABLE_OWNER", SYSNAME,
            "PKTABLE_NAME", SYSNAME,
            "PKCOLUMN_NAME", SYSNAME,
            "FKTABLE_QUALIFIER", SYSNAME,
            "FKTABLE_OWNER", SYSNAME,
            "FKTABLE_NAME", SYSNAME,
            "FKCOLUMN_NAME", SYSNAME,
            "KEY_SEQ", SMALLINT,
            "UPDATE_RULE", SMALLINT,
            "DELETE_RULE", SMALLINT,
            "FK_NAME", SYSNAME,
            "PK_NAME", SYSNAME,
            "DEFERRABILITY", SMALLINT),
        rows);
  }

  private static boolean isNamed(Table table, String name, String owner) {
    return (name == null || LikePattern.unescaped(name).equalsIgnoreCase(table.object().name()))
        && (owner == null
            || owner.isEmpty()
            || LikePattern.unescaped(owner).equalsIgnoreCase(table.object().schema()));
  }

  private Object[] foreignKeyRow(ResultSet keys, Table parent, Table child) throws SQLException {
    int keyIndex = keys.getInt(9);
    String keyName =
        parent.indexes().stream()
            .filter(i -> i.id() == keyIndex)
            .map(Index::name)
            .findFirst()
            .orElse(null);
    return new Object[] {
      session.database(),
      parent.object().schema(),
      parent.object().name(),
      parent.column(keys.getInt(5)).orElseThrow().name(),
      session.database(),
      child.object().schema(),
      child.object().name(),
      child.column(keys.getInt(4)).orElseThrow().name(),
      keys.getShort(3),
      rule(keys.getString(6)),
      rule(keys.getString(7)),
      keys.getString(8),
      keyName,
      (short) 7
    };
  }

  private static short rule(String action) {
    return switch (action) {
      case "CASCADE" -> 0;
      case "SET NULL" -> 2;
      case "SET DEFAULT" -> 3;
      default -> 1;
    };
  }

  int storedProcedures(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    String name = arguments.text("@sp_name", 0);
    String owner = arguments.text("@sp_owner", 1);
    List<Object[]> rows = new ArrayList<>();
    if (!isOtherDatabase(arguments.text("@sp_qualifier", 2))) {
      session.catalogue().objects().stream()
          .filter(o -> o.type() == ObjectType.PROCEDURE)
          .filter(o -> matches(name, o.name()) && matches(owner, o.schema()))
          .sorted(Comparator.comparing(DatabaseObject::qualifiedName))
          .forEach(
              o ->
                  rows.add(
                      new Object[] {
                        session.database(), o.schema(), o.name() + ";1", -1, -1, -1, null, (short) 2
                      }));
    }
    return send(
        results,
        described(
            "PROCEDURE_QUALIFIER", SYSNAME,
            "PROCEDURE_OWNER", SYSNAME,
            "PROCEDURE_NAME", SqlType.ofLength(Kind.NVARCHAR, 134),
            "NUM_INPUT_PARAMS", INT,
            "NUM_OUTPUT_PARAMS", INT,
            "NUM_RESULT_SETS", INT,
            "REMARKS", TEXT,
            "PROCEDURE_TYPE", SMALLINT),
        rows);
  }

  int procedureColumns(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, IOException {
    return send(
        results,
        ProcedureColumns.RESULT,
        ProcedureColumns.rows(
            session, arguments.text("@procedure_name", 0), arguments.text("@procedure_owner", 1)));
  }

  int databases(ProcedureArguments arguments, ResultConsumer results) throws IOException {
    List<Object[]> rows = new ArrayList<>();
    rows.add(new Object[] {session.database(), null, null});
    return send(
        results, described("DATABASE_NAME", SYSNAME, "DATABASE_SIZE", INT, "REMARKS", TEXT), rows);
  }
}
