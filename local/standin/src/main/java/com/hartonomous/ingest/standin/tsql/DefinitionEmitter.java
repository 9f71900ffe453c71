package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAdd;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAlterColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.DropIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.IndexColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ObjectKind;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.EmittedSql.Command;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;

/** Emits definitions. They hold no placeholders: H2 stores their expressions as text. */
final class DefinitionEmitter {

  private final Environment environment;
  private final QueryEmitter queries;

  DefinitionEmitter(Environment environment) {
    this.environment = environment;
    this.queries = new QueryEmitter(environment);
  }

  static EmittedSql definition(String sql) {
    return new EmittedSql(sql, List.of(), Command.DEFINITION, false, List.of());
  }

  private static List<EmittedSql> definitions(List<String> sql) {
    return sql.stream().map(DefinitionEmitter::definition).toList();
  }

  /** The SQL of a fragment in a definition, where the session has no values. */
  private static String constant(Fragment fragment) throws SqlServerError {
    if (!fragment.parameters().isEmpty()) {
      throw Errors.unsupported(
          "'" + fragment.parameters().get(0).name() + "' in the definition of an object");
    }
    return fragment.sql();
  }

  List<EmittedSql> createTable(ObjectName name, TableElements elements) throws SqlServerError {
    Scope scope = scope(elements.columns());
    List<String> parts = new ArrayList<>();
    for (ColumnDefinition column : elements.columns()) {
      parts.add(column(column, scope));
    }
    for (TableConstraint constraint : elements.constraints()) {
      parts.add(constraint(constraint, scope));
    }
    // What ends with the session need not reach the disk: H2 keeps such a table in memory.
    boolean temporary = name.isTemporaryTable() || name.isTableVariable();
    return List.of(
        definition(
            (temporary ? "CREATE GLOBAL TEMPORARY TABLE " : "CREATE TABLE ")
                + environment.newTable(name)
                + " ("
                + String.join(", ", parts)
                + ")"
                + (temporary ? " NOT PERSISTENT" : "")));
  }

  private static Scope scope(List<ColumnDefinition> columns) throws SqlServerError {
    List<Scope.Column> known = new ArrayList<>();
    for (ColumnDefinition column : columns) {
      boolean computed = column.computed() != null;
      known.add(
          new Scope.Column(
              column.name(),
              computed
                  ? ExpressionType.UNKNOWN
                  : ExpressionType.ofColumn(
                      new Environment.TableColumn(
                          column.name(),
                          column.type(),
                          column.nullable(),
                          column.identity() != null,
                          false,
                          isBinary(column))),
              column.identity() != null));
    }
    Scope scope = new Scope(null);
    scope.add(new Scope.Source("", "", known));
    return scope;
  }

  TableElements withComputedTypes(TableElements elements, ObjectName table) throws SqlServerError {
    Scope scope = scope(elements.columns());
    if (table != null) {
      scope.add(new Scope.Source("", "", TableSourceEmitter.columns(environment, table)));
    }
    List<ColumnDefinition> columns = new ArrayList<>();
    for (ColumnDefinition column : elements.columns()) {
      columns.add(
          column.computed() == null
              ? column
              : new ColumnDefinition(
                  column.name(),
                  queries.expressions(scope).value(column.computed()).type().type(),
                  column.nullable(),
                  column.nullabilityGiven(),
                  null,
                  null,
                  null,
                  column.collation(),
                  column.computed()));
    }
    return new TableElements(columns, elements.constraints());
  }

  private static boolean isBinary(ColumnDefinition column) throws SqlServerError {
    return column.collation() != null && ExpressionEmitter.isBinaryCollation(column.collation());
  }

  private String column(ColumnDefinition column, Scope scope) throws SqlServerError {
    StringBuilder sql = new StringBuilder(H2Names.quote(column.name()));
    if (column.computed() != null) {
      Fragment value = queries.expressions(scope).value(column.computed());
      if (value.type().isKnown()) {
        sql.append(' ').append(SqlTypes.h2Column(value.type().type(), false));
      }
      return sql.append(" GENERATED ALWAYS AS (").append(constant(value)).append(')').toString();
    }
    sql.append(' ').append(SqlTypes.h2Column(column.type(), isBinary(column)));
    if (column.identity() != null) {
      sql.append(" GENERATED BY DEFAULT AS IDENTITY(START WITH ")
          .append(column.identity().seed())
          .append(" INCREMENT BY ")
          .append(column.identity().increment())
          .append(')');
    }
    if (column.defaultValue() != null) {
      sql.append(" DEFAULT ").append(defaultValue(column.defaultValue(), column.type()));
    }
    if (!column.nullable()) {
      sql.append(" NOT NULL");
    }
    if (column.type().kind() == Kind.TINYINT) {
      sql.append(" CHECK (").append(H2Names.quote(column.name())).append(" BETWEEN 0 AND 255)");
    }
    return sql.toString();
  }

  private String defaultValue(Expression expression, SqlType type) throws SqlServerError {
    Fragment value = queries.expressions(new Scope(null)).value(expression);
    return constant(ConversionEmitter.assign(value, type));
  }

  private String constraint(TableConstraint constraint, Scope scope) throws SqlServerError {
    String name =
        constraint.name() == null ? "" : "CONSTRAINT " + H2Names.quote(constraint.name()) + " ";
    if (constraint instanceof TableConstraint.PrimaryKey key) {
      return name + "PRIMARY KEY " + columnNames(key.columns());
    }
    if (constraint instanceof TableConstraint.Unique unique) {
      // T-SQL counts NULLs as equal here.
      return name + "UNIQUE NULLS NOT DISTINCT " + columnNames(unique.columns());
    }
    if (constraint instanceof TableConstraint.Check check) {
      Fragment condition = queries.expressions(scope).condition(check.condition());
      return name + "CHECK (" + constant(condition) + ")";
    }
    if (constraint instanceof TableConstraint.ForeignKey key) {
      return name + foreignKey(key);
    }
    throw Errors.unsupported("DEFAULT ... FOR in CREATE TABLE");
  }

  private String foreignKey(TableConstraint.ForeignKey key) throws SqlServerError {
    StringBuilder sql = new StringBuilder("FOREIGN KEY ");
    sql.append(DataEmitter.nameList(key.columns()))
        .append(" REFERENCES ")
        .append(environment.table(key.referencedTable()));
    if (!key.referencedColumns().isEmpty()) {
      sql.append(' ').append(DataEmitter.nameList(key.referencedColumns()));
    }
    if (key.onDelete() != null) {
      sql.append(" ON DELETE ").append(key.onDelete());
    }
    if (key.onUpdate() != null) {
      sql.append(" ON UPDATE ").append(key.onUpdate());
    }
    return sql.toString();
  }

  private static String columnNames(List<IndexColumn> columns) {
    return DataEmitter.nameList(columns.stream().map(IndexColumn::name).toList());
  }

  List<EmittedSql> createIndex(CreateIndex index) throws SqlServerError {
    String table = environment.table(index.table());
    String name = H2Names.index(index.table(), index.name());
    if (index.unique() && index.filter() != null) {
      return definitions(filteredUniqueIndex(index, table, name));
    }
    List<String> columns = new ArrayList<>();
    for (IndexColumn column : index.columns()) {
      columns.add(H2Names.quote(column.name()) + (column.descending() ? " DESC" : ""));
    }
    return List.of(
        definition(
            "CREATE "
                + (index.unique() ? "UNIQUE NULLS NOT DISTINCT " : "")
                + (index.spatial() ? "SPATIAL " : "")
                + "INDEX "
                + name
                + " ON "
                + table
                + "("
                + String.join(", ", columns)
                + ")"));
  }

  /**
   * H2 has no filtered indexes. For one that is unique, invisible columns hold the key where the
   * filter is true and NULL where not, and NULLs are distinct. A key column that may be NULL would
   * then not be checked, so it is refused.
   */
  private List<String> filteredUniqueIndex(CreateIndex index, String table, String name)
      throws SqlServerError {
    Scope scope = new Scope(null);
    List<Scope.Column> known = TableSourceEmitter.columns(environment, index.table());
    Scope.Source source = new Scope.Source("", "", known);
    scope.add(source);
    String filter = constant(queries.expressions(scope).condition(index.filter()));
    List<String> sql = new ArrayList<>();
    List<String> columns = new ArrayList<>();
    for (IndexColumn key : index.columns()) {
      Scope.Column column = known == null ? null : Scope.find(source, key.name());
      if (column == null || column.type().nullable()) {
        throw Errors.unsupported(
            "a unique filtered index on '" + key.name() + "', which may be NULL");
      }
      String hidden = H2Names.quote(hiddenColumn(index.name(), key.name()));
      columns.add(hidden);
      sql.add(
          "ALTER TABLE "
              + table
              + " ADD COLUMN "
              + hidden
              + " "
              + SqlTypes.h2Column(column.type().type(), column.type().collation().isBinary())
              + " INVISIBLE GENERATED ALWAYS AS (CASE WHEN "
              + filter
              + " THEN "
              + H2Names.quote(key.name())
              + " END)");
    }
    sql.add(
        "CREATE UNIQUE NULLS DISTINCT INDEX "
            + name
            + " ON "
            + table
            + "("
            + String.join(", ", columns)
            + ")");
    return sql;
  }

  private static String hiddenColumn(String index, String column) {
    return "$" + index + "$" + column;
  }

  List<EmittedSql> dropIndex(DropIndex drop) throws SqlServerError {
    String schema = H2Names.schemaPrefix(environment.table(drop.table()));
    return List.of(
        definition(
            "DROP INDEX "
                + (drop.ifExists() ? "IF EXISTS " : "")
                + schema
                + H2Names.index(drop.table(), drop.name())));
  }

  List<EmittedSql> add(AlterTableAdd add) throws SqlServerError {
    String table = "ALTER TABLE " + environment.table(add.table()) + " ADD ";
    Scope scope = scope(add.elements().columns());
    List<Scope.Column> old = TableSourceEmitter.columns(environment, add.table());
    scope.add(new Scope.Source("", "", old));
    List<String> sql = new ArrayList<>();
    for (ColumnDefinition column : add.elements().columns()) {
      sql.add(table + "COLUMN " + column(column, scope));
    }
    for (TableConstraint constraint : add.elements().constraints()) {
      if (constraint instanceof TableConstraint.Default value) {
        sql.add(setDefault(add.table(), value, old));
      } else {
        boolean checked =
            constraint instanceof TableConstraint.ForeignKey
                || constraint instanceof TableConstraint.Check;
        sql.add(
            table
                + constraint(constraint, scope)
                + (checked && !add.checkExisting() ? " NOCHECK" : ""));
      }
    }
    return definitions(sql);
  }

  private String setDefault(
      ObjectName table, TableConstraint.Default value, List<Scope.Column> columns)
      throws SqlServerError {
    Fragment emitted = queries.expressions(new Scope(null)).value(value.value());
    Scope.Column column =
        columns == null ? null : Scope.find(new Scope.Source("", columns), value.column());
    if (column != null && column.type().isKnown()) {
      emitted = ConversionEmitter.assign(emitted, column.type().type());
    }
    return "ALTER TABLE "
        + environment.table(table)
        + " ALTER COLUMN "
        + H2Names.quote(value.column())
        + " SET DEFAULT "
        + constant(emitted);
  }

  /** The H2 type of a column. */
  static String h2Type(ColumnDefinition column) throws SqlServerError {
    return SqlTypes.h2Column(column.type(), isBinary(column));
  }

  List<EmittedSql> alterColumn(AlterTableAlterColumn alter) throws SqlServerError {
    ColumnDefinition column = alter.column();
    String prefix =
        "ALTER TABLE "
            + environment.table(alter.table())
            + " ALTER COLUMN "
            + H2Names.quote(column.name());
    return definitions(
        List.of(
            prefix + " SET DATA TYPE " + h2Type(column),
            prefix + (column.nullable() ? " DROP NOT NULL" : " SET NOT NULL")));
  }

  List<EmittedSql> alterTable(ObjectName table, String action, List<String> names, boolean ifExists)
      throws SqlServerError {
    String physical = environment.table(table);
    return definitions(
        names.stream()
            .map(
                name ->
                    "ALTER TABLE "
                        + physical
                        + " "
                        + action
                        + (ifExists ? " IF EXISTS " : " ")
                        + H2Names.quote(name))
            .toList());
  }

  List<EmittedSql> drop(Drop drop) throws SqlServerError {
    List<String> sql = new ArrayList<>();
    for (ObjectName name : drop.names()) {
      switch (drop.kind()) {
        case TABLE, VIEW -> {
          String physical = existing(drop, name);
          if (physical != null) {
            sql.add("DROP " + drop.kind() + " " + physical + " RESTRICT");
          }
        }
        case SCHEMA -> sql.add("DROP SCHEMA " + environment.schema(name.name()) + " RESTRICT");
        default -> throw Errors.unsupported("DROP " + drop.kind() + " in this place");
      }
    }
    return definitions(sql);
  }

  /** The physical name, or null when the object is missing and IF EXISTS was given. */
  private String existing(Drop drop, ObjectName name) throws SqlServerError {
    try {
      return environment.table(name);
    } catch (SqlServerError e) {
      if (e.number() != 208) {
        throw e;
      }
      if (drop.ifExists()) {
        return null;
      }
      throw new SqlServerError(
          3701,
          11,
          5,
          "Cannot drop the "
              + (drop.kind() == ObjectKind.TABLE ? "table" : "view")
              + " '"
              + name
              + "', because it does not exist or you do not have permission.",
          e);
    }
  }

  List<EmittedSql> createView(CreateView view) throws SqlServerError {
    Scope scope = new Scope(null);
    Fragment with = queries.with(view.query().with(), scope);
    EmittedQuery query = queries.emit(view.query().query(), scope);
    List<Scope.Column> columns =
        QueryEmitter.renamed(query.columns(), view.columns(), view.name().name());
    String physical =
        view.replace() ? existingOrNew(view.name()) : environment.newTable(view.name());
    return List.of(
        definition(
            "CREATE "
                + (view.replace() ? "OR REPLACE " : "")
                + "VIEW "
                + physical
                + QueryEmitter.columnList(columns)
                + " AS "
                + constant(with)
                + constant(query.fragment())));
  }

  private String existingOrNew(ObjectName name) throws SqlServerError {
    try {
      return environment.table(name);
    } catch (SqlServerError e) {
      if (e.number() != 208) {
        throw e;
      }
      return environment.newTable(name);
    }
  }
}
