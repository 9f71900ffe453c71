package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterDatabaseSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAdd;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAlterColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropColumns;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropConstraints;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateDatabase;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateSchema;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.DropIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.IndexColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ObjectKind;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ProcedureParameter;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TruncateTable;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Parses CREATE, ALTER, DROP and TRUNCATE. Column lists are {@link TableDefinitionParser}'s. */
final class DefinitionParser {

  private static final Map<String, ObjectKind> DROPPABLE =
      Map.of(
          "TABLE", ObjectKind.TABLE,
          "VIEW", ObjectKind.VIEW,
          "PROCEDURE", ObjectKind.PROCEDURE,
          "PROC", ObjectKind.PROCEDURE,
          "SCHEMA", ObjectKind.SCHEMA,
          "DATABASE", ObjectKind.DATABASE);
  private static final Set<String> DATABASE_SWITCHES =
      Set.of("ALLOW_SNAPSHOT_ISOLATION", "READ_COMMITTED_SNAPSHOT");
  private static final Set<String> BROKER_OPTIONS =
      Set.of("ENABLE_BROKER", "DISABLE_BROKER", "NEW_BROKER");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final DataStatementParser data;
  private final StatementParser statements;
  private final QueryParser queries;
  private final TypeParser types;
  private final TableDefinitionParser tables;

  DefinitionParser(
      TokenStream tokens,
      QueryParser queries,
      DataStatementParser data,
      StatementParser statements) {
    this.tokens = tokens;
    this.expressions = queries.expressions();
    this.queries = queries;
    this.data = data;
    this.statements = statements;
    this.types = new TypeParser(tokens);
    this.tables = new TableDefinitionParser(tokens, expressions);
  }

  TableElements tableElements() throws SqlServerError {
    return tables.parenthesizedElements();
  }

  DefinitionStatement parse() throws SqlServerError {
    boolean first = tokens.onlySymbolsBefore(";");
    int start = tokens.peek().start();
    String verb = tokens.next().upperCase();
    switch (verb) {
      case "TRUNCATE":
        tokens.expectWord("TABLE");
        return new TruncateTable(tokens.expectObjectName());
      case "DROP":
        return drop();
      case "ALTER":
        return alter(start, first);
      default:
        return create(start, first);
    }
  }

  private DefinitionStatement create(int start, boolean first) throws SqlServerError {
    boolean replace = tokens.acceptWords("OR", "ALTER");
    Token kind = tokens.next();
    String word = kind.upperCase();
    switch (word) {
      case "VIEW":
        return view(start, first, replace);
      case "PROCEDURE", "PROC":
        return procedure(start, first, replace);
      default:
        if (replace) {
          throw Errors.unsupported("CREATE OR ALTER " + word);
        }
    }
    switch (word) {
      case "TABLE":
        ObjectName table = tokens.expectObjectName();
        CreateTable statement = new CreateTable(table, tables.parenthesizedElements());
        tables.tableOptions();
        return statement;
      case "SPATIAL":
        return spatialIndex();
      case "UNIQUE", "CLUSTERED", "NONCLUSTERED", "INDEX":
        return index(word);
      case "SCHEMA":
        return schema();
      case "DATABASE":
        return new CreateDatabase(tokens.expectName());
      default:
        throw kind.kind() == Token.Kind.WORD
            ? Errors.unsupported("CREATE " + word)
            : Errors.syntax(kind.text());
    }
  }

  private CreateSchema schema() throws SqlServerError {
    CreateSchema schema = new CreateSchema(tokens.expectName());
    if (tokens.acceptWord("AUTHORIZATION")) {
      tokens.expectName();
    }
    return schema;
  }

  private CreateView view(int start, boolean first, boolean replace) throws SqlServerError {
    mustBeFirst(first, "VIEW");
    ObjectName name = tokens.expectObjectName();
    List<String> columns = tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
    if (tokens.acceptWord("WITH")) {
      String option = tokens.next().upperCase();
      throw Errors.unsupported("CREATE VIEW ... WITH " + option);
    }
    tokens.expectWord("AS");
    SelectStatement query = data.select(queries.withClause());
    String source = tokens.textFrom(start);
    tokens.acceptSymbol(";");
    if (!tokens.atEnd()) {
      throw tokens.syntaxError();
    }
    return new CreateView(name, replace, columns, query, source);
  }

  private CreateProcedure procedure(int start, boolean first, boolean replace)
      throws SqlServerError {
    mustBeFirst(first, "PROCEDURE");
    ObjectName name = tokens.expectObjectName();
    List<ProcedureParameter> parameters = new ArrayList<>();
    boolean parenthesis = tokens.acceptSymbol("(");
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      do {
        parameters.add(parameter());
      } while (tokens.acceptSymbol(","));
    }
    if (parenthesis) {
      tokens.expectSymbol(")");
    }
    if (tokens.acceptWord("WITH")) {
      throw Errors.unsupported("CREATE PROCEDURE ... WITH " + tokens.peek().upperCase());
    }
    tokens.expectWord("AS");
    List<Statement> body = statements.toEnd();
    if (body.isEmpty()) {
      throw tokens.syntaxError();
    }
    CreateProcedure procedure =
        new CreateProcedure(name, replace, parameters, body, tokens.textFrom(start));
    DeclaredVariables.check(procedure);
    return procedure;
  }

  private ProcedureParameter parameter() throws SqlServerError {
    String name = tokens.expectVariable();
    tokens.acceptWord("AS");
    SqlType type = types.parse(1);
    Expression initial = tokens.acceptSymbol("=") ? expressions.value() : null;
    boolean output = tokens.acceptWord("OUTPUT") || tokens.acceptWord("OUT");
    if (tokens.atWord("READONLY")) {
      throw Errors.unsupported("table-valued parameters");
    }
    return new ProcedureParameter(new VariableDeclaration(name, type, initial), output);
  }

  private static void mustBeFirst(boolean first, String kind) throws SqlServerError {
    if (!first) {
      throw new SqlServerError(
          111, 15, 1, "'CREATE " + kind + "' must be the first statement in a query batch.");
    }
  }

  private CreateIndex index(String firstWord) throws SqlServerError {
    String word = firstWord;
    boolean unique = word.equals("UNIQUE");
    if (unique) {
      word = tokens.next().upperCase();
    }
    boolean clustered = word.equals("CLUSTERED");
    if (clustered || word.equals("NONCLUSTERED")) {
      word = tokens.next().upperCase();
    }
    if (!word.equals("INDEX")) {
      throw Errors.unsupported("CREATE ... " + word);
    }
    String name = tokens.expectName();
    tokens.expectWord("ON");
    ObjectName table = tokens.expectObjectName();
    List<IndexColumn> columns = tables.indexColumns();
    List<String> included = tokens.acceptWord("INCLUDE") ? tokens.expectNameList() : List.of();
    Condition filter = tokens.acceptWord("WHERE") ? expressions.condition() : null;
    tables.indexOptions();
    return new CreateIndex(name, unique, clustered, false, table, columns, included, filter);
  }

  /** The options shape SQL Server's grid; the bounds are checked, and H2 needs none. */
  private CreateIndex spatialIndex() throws SqlServerError {
    tokens.expectWord("INDEX");
    String name = tokens.expectName();
    tokens.expectWord("ON");
    ObjectName table = tokens.expectObjectName();
    tokens.expectSymbol("(");
    IndexColumn column = new IndexColumn(tokens.expectName(), false);
    tokens.expectSymbol(")");
    if (tokens.acceptWord("USING")) {
      tokens.expectOneOf(Set.of("GEOMETRY_AUTO_GRID", "GEOMETRY_GRID"));
    }
    tables.spatialOptions();
    return new CreateIndex(name, false, false, true, table, List.of(column), List.of(), null);
  }

  private DefinitionStatement alter(int start, boolean first) throws SqlServerError {
    Token kind = tokens.next();
    switch (kind.upperCase()) {
      case "TABLE":
        return alterTable(start, tokens.expectObjectName());
      case "VIEW":
        return view(start, first, true);
      case "PROCEDURE", "PROC":
        return procedure(start, first, true);
      case "DATABASE":
        return alterDatabase();
      default:
        throw kind.kind() == Token.Kind.WORD
            ? Errors.unsupported("ALTER " + kind.upperCase())
            : Errors.syntax(kind.text());
    }
  }

  private DefinitionStatement alterTable(int start, ObjectName table) throws SqlServerError {
    boolean checkExisting = true;
    if (tokens.acceptWord("WITH")) {
      checkExisting = tokens.expectOneOf(Set.of("CHECK", "NOCHECK")).equals("CHECK");
      if (!tokens.atWord("ADD")) {
        return constraintSwitch(table);
      }
    }
    if (tokens.acceptWord("ADD")) {
      TableElements added = tables.elements();
      return new AlterTableAdd(table, added, checkExisting, tokens.textFrom(start));
    }
    if (tokens.acceptWord("DROP")) {
      return alterTableDrop(start, table);
    }
    if (tokens.acceptWords("ALTER", "COLUMN")) {
      ColumnDefinition altered = tables.alteredColumn();
      return new AlterTableAlterColumn(table, altered, tokens.textFrom(start));
    }
    if (tokens.acceptWord("SET")) {
      tokens.expectSymbol("(");
      String option = tokens.next().upperCase();
      if (!option.equals("LOCK_ESCALATION")) {
        throw Errors.unsupported("ALTER TABLE ... SET (" + option + ")");
      }
      tokens.expectSymbol("=");
      String value = tokens.expectOneOf(Set.of("AUTO", "TABLE", "DISABLE"));
      tokens.expectSymbol(")");
      return new AlterTableSet(table, option, value);
    }
    if (tokens.atWord("CHECK") || tokens.atWord("NOCHECK")) {
      return constraintSwitch(table);
    }
    throw Errors.unsupported("ALTER TABLE ... " + tokens.peek().upperCase());
  }

  /** CHECK CONSTRAINT enables what is always enabled here; NOCHECK CONSTRAINT is refused. */
  private AlterTableSet constraintSwitch(ObjectName table) throws SqlServerError {
    if (tokens.atWord("NOCHECK")) {
      throw Errors.unsupported("ALTER TABLE ... NOCHECK CONSTRAINT");
    }
    tokens.expectWords("CHECK", "CONSTRAINT");
    String name = tokens.acceptWord("ALL") ? "ALL" : tokens.expectName();
    return new AlterTableSet(table, "CHECK CONSTRAINT", name);
  }

  private DefinitionStatement alterTableDrop(int start, ObjectName table) throws SqlServerError {
    boolean columns = tokens.acceptWord("COLUMN");
    if (!columns) {
      tokens.acceptWord("CONSTRAINT");
    }
    boolean ifExists = tokens.acceptWords("IF", "EXISTS");
    List<String> names = new ArrayList<>();
    do {
      names.add(tokens.expectName());
    } while (tokens.acceptSymbol(","));
    return columns
        ? new AlterTableDropColumns(table, names, ifExists, tokens.textFrom(start))
        : new AlterTableDropConstraints(table, names, ifExists);
  }

  private AlterDatabaseSet alterDatabase() throws SqlServerError {
    String database = tokens.acceptWord("CURRENT") ? "CURRENT" : tokens.expectName();
    if (!tokens.acceptWord("SET")) {
      throw Errors.unsupported("ALTER DATABASE ... " + tokens.peek().upperCase());
    }
    String option = tokens.next().upperCase();
    String value;
    if (DATABASE_SWITCHES.contains(option)) {
      value = tokens.expectOneOf(Set.of("ON", "OFF"));
    } else if (BROKER_OPTIONS.contains(option)) {
      value = "";
    } else if (option.equals("RECOVERY")) {
      value = tokens.expectOneOf(Set.of("SIMPLE", "FULL", "BULK_LOGGED"));
    } else {
      throw Errors.unsupported("ALTER DATABASE ... SET " + option);
    }
    if (tokens.acceptWord("WITH") && !tokens.acceptWord("NO_WAIT")) {
      tokens.expectWords("ROLLBACK", "IMMEDIATE");
    }
    return new AlterDatabaseSet(database, option, value);
  }

  private DefinitionStatement drop() throws SqlServerError {
    Token token = tokens.next();
    String word = token.upperCase();
    if (word.equals("INDEX")) {
      boolean ifExists = tokens.acceptWords("IF", "EXISTS");
      String name = tokens.expectName();
      tokens.expectWord("ON");
      return new DropIndex(name, tokens.expectObjectName(), ifExists);
    }
    ObjectKind kind = DROPPABLE.get(word);
    if (kind == null) {
      throw token.kind() == Token.Kind.WORD
          ? Errors.unsupported("DROP " + word.toUpperCase(Locale.ROOT))
          : Errors.syntax(token.text());
    }
    boolean ifExists = tokens.acceptWords("IF", "EXISTS");
    List<ObjectName> names = new ArrayList<>();
    do {
      names.add(tokens.expectObjectName());
    } while (tokens.acceptSymbol(","));
    return new Drop(kind, names, ifExists);
  }
}
