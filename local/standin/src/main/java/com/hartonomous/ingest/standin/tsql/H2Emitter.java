package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.DataStatement.Delete;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.Update;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAdd;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAlterColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropColumns;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropConstraints;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateSchema;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.DropIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TruncateTable;
import com.hartonomous.ingest.standin.tsql.EmittedSql.Command;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Turns statements into H2's SQL (2.3.232, MODE=MSSQLServer, DATABASE_TO_UPPER=FALSE,
 * CASE_INSENSITIVE_IDENTIFIERS=TRUE). {@link BuiltinFunctions#registerAliases} must have run.
 *
 * <p>Where H2 and T-SQL differ and this does not bridge it: trailing spaces count in comparisons
 * (except of CHAR and NCHAR); DATETIME keeps milliseconds instead of 1/300 s; accents and widths
 * compare by code point; UNIQUEIDENTIFIER sorts by its text; text is not checked against the code
 * page of VARCHAR columns; XML, spatial and other types are refused.
 */
public final class H2Emitter {

  private H2Emitter() {}

  /**
   * Translates a statement.
   *
   * <p>SELECT ... INTO becomes an INSERT: the engine first creates the table of {@link
   * #tableOfSelectInto}.
   *
   * @return statements to be run in order; rows and row count of the T-SQL statement are those of
   *     the last one
   * @throws SqlServerError for names that are not there, types that do not go together, and what
   *     the stand-in does not support
   */
  public static List<EmittedSql> emit(DataStatement statement, Environment environment)
      throws SqlServerError {
    if (statement instanceof SelectStatement select) {
      return List.of(new DataEmitter(environment).select(select));
    }
    if (statement instanceof Insert insert) {
      return List.of(new DataEmitter(environment).insert(insert));
    }
    if (statement instanceof Update update) {
      return List.of(new ChangeEmitter(environment).update(update));
    }
    if (statement instanceof Delete delete) {
      return List.of(new ChangeEmitter(environment).delete(delete));
    }
    throw Errors.unsupported("INSERT BULK in this place");
  }

  /**
   * Likewise for definitions; none of them has placeholders. Empty when there is nothing to do
   * (ALTER TABLE ... SET).
   */
  public static List<EmittedSql> emit(DefinitionStatement statement, Environment environment)
      throws SqlServerError {
    DefinitionEmitter definitions = new DefinitionEmitter(environment);
    if (statement instanceof CreateTable create) {
      return definitions.createTable(create.name(), create.elements());
    }
    if (statement instanceof CreateIndex index) {
      return definitions.createIndex(index);
    }
    if (statement instanceof CreateView view) {
      return definitions.createView(view);
    }
    if (statement instanceof Drop drop) {
      return definitions.drop(drop);
    }
    if (statement instanceof DropIndex drop) {
      return definitions.dropIndex(drop);
    }
    if (statement instanceof TruncateTable truncate) {
      return List.of(
          DefinitionEmitter.definition(
              "TRUNCATE TABLE " + environment.table(truncate.table()) + " RESTART IDENTITY"));
    }
    if (statement instanceof CreateSchema schema) {
      return List.of(DefinitionEmitter.definition("CREATE SCHEMA " + H2Names.quote(schema.name())));
    }
    return alter(statement, definitions);
  }

  private static List<EmittedSql> alter(
      DefinitionStatement statement, DefinitionEmitter definitions) throws SqlServerError {
    if (statement instanceof AlterTableAdd add) {
      return definitions.add(add);
    }
    if (statement instanceof AlterTableAlterColumn alter) {
      return definitions.alterColumn(alter);
    }
    if (statement instanceof AlterTableDropColumns drop) {
      return definitions.alterTable(drop.table(), "DROP COLUMN", drop.columns(), drop.ifExists());
    }
    if (statement instanceof AlterTableDropConstraints drop) {
      return definitions.alterTable(
          drop.table(), "DROP CONSTRAINT", drop.constraints(), drop.ifExists());
    }
    if (statement instanceof AlterTableSet) {
      return List.of();
    }
    throw Errors.unsupported(statement.getClass().getSimpleName() + " in this place");
  }

  /** The CREATE TABLE of {@code DECLARE @t TABLE}. */
  public static List<EmittedSql> emit(DeclareTable statement, Environment environment)
      throws SqlServerError {
    return new DefinitionEmitter(environment)
        .createTable(ObjectName.of(statement.name()), statement.elements());
  }

  /** The H2 type of a column that is defined so. */
  public static String columnType(ColumnDefinition column) throws SqlServerError {
    return DefinitionEmitter.h2Type(column);
  }

  /**
   * The table that SELECT ... INTO makes: the columns of the query, without keys and defaults.
   *
   * @throws SqlServerError 8155 for a column without a name, or when a type is not known
   */
  public static CreateTable tableOfSelectInto(SelectStatement select, Environment environment)
      throws SqlServerError {
    if (!(select.query().body() instanceof Select body) || body.into() == null) {
      throw new IllegalArgumentException("no SELECT ... INTO");
    }
    List<Scope.Column> columns =
        QueryEmitter.renamed(
            new DataEmitter(environment).columns(select), List.of(), body.into().name());
    if (columns == null || columns.stream().anyMatch(column -> !column.type().isKnown())) {
      throw Errors.unsupported("SELECT ... INTO of columns whose type is not known; CAST them");
    }
    List<ColumnDefinition> definitions = new ArrayList<>();
    for (Scope.Column column : columns) {
      SqlType type = column.type().type();
      String collation = column.type().collation().isBinary() ? "Latin1_General_100_BIN2" : null;
      definitions.add(
          new ColumnDefinition(
              column.name(),
              type,
              column.type().nullable(),
              true,
              null,
              null,
              null,
              collation,
              null));
    }
    return new CreateTable(body.into(), new TableElements(definitions, List.of()));
  }

  /**
   * The elements with the types of computed columns filled in, where they are known.
   *
   * @param table the table they are added to, or null for a new one
   */
  public static TableElements withComputedTypes(
      TableElements elements, ObjectName table, Environment environment) throws SqlServerError {
    return new DefinitionEmitter(environment).withComputedTypes(elements, table);
  }

  /** A query of one row and one column with the expression's value. */
  public static EmittedSql emitValue(Expression expression, Environment environment)
      throws SqlServerError {
    Fragment value = expressions(environment).value(expression);
    return DataEmitter.rows(
        Fragment.concat(ExpressionType.UNKNOWN, "SELECT ", value),
        Command.SELECT,
        List.of(new Scope.Column("", value.type(), false)));
  }

  /** A query of one row and one column: 1 when the condition is true, otherwise 0. */
  public static EmittedSql emitCondition(Condition condition, Environment environment)
      throws SqlServerError {
    Fragment emitted = expressions(environment).condition(condition);
    return DataEmitter.rows(
        Fragment.concat(ExpressionType.UNKNOWN, "SELECT CASE WHEN ", emitted, " THEN 1 ELSE 0 END"),
        Command.SELECT,
        List.of(new Scope.Column("", ExpressionType.of(SqlTypes.INT).notNull(), false)));
  }

  private static ExpressionEmitter expressions(Environment environment) {
    return new QueryEmitter(environment).expressions(new Scope(null));
  }

  /**
   * {@code INSERT INTO table (columns) VALUES (?, ...)} for rows that the engine supplies (INSERT
   * ... EXEC, INSERT BULK). The placeholders are the columns in order; {@code parameters} is empty.
   *
   * @param columns perhaps empty: all that can be inserted, in order
   */
  public static EmittedSql emitRowInsert(
      ObjectName table, List<String> columns, Environment environment) throws SqlServerError {
    String physical = environment.table(table);
    List<String> names =
        !columns.isEmpty()
            ? columns
            : environment
                .columns(table)
                .orElseThrow(() -> Errors.unsupported("INSERT into '" + table + "' of such rows"))
                .stream()
                .filter(column -> !column.identity())
                .map(Environment.TableColumn::name)
                .toList();
    return new EmittedSql(
        "INSERT INTO "
            + physical
            + " "
            + DataEmitter.nameList(names)
            + " VALUES ("
            + String.join(", ", Collections.nCopies(names.size(), "?"))
            + ")",
        List.of(),
        Command.INSERT,
        false,
        List.of());
  }
}
