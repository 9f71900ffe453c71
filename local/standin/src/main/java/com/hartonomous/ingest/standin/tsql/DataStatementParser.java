package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DataStatement.BulkColumn;
import com.hartonomous.ingest.standin.tsql.DataStatement.Delete;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertBulk;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertSource;
import com.hartonomous.ingest.standin.tsql.DataStatement.OutputClause;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.SetClause;
import com.hartonomous.ingest.standin.tsql.DataStatement.Update;
import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryOperator;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Query.CommonTableExpression;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses SELECT, INSERT, UPDATE, DELETE and INSERT BULK. */
final class DataStatementParser {

  /** The operators of compound assignments, by their token. */
  static final Map<String, BinaryOperator> COMPOUND =
      Map.of(
          "+=", BinaryOperator.ADD,
          "-=", BinaryOperator.SUBTRACT,
          "*=", BinaryOperator.MULTIPLY,
          "/=", BinaryOperator.DIVIDE,
          "%=", BinaryOperator.MODULO,
          "&=", BinaryOperator.BIT_AND,
          "|=", BinaryOperator.BIT_OR,
          "^=", BinaryOperator.BIT_XOR);

  private static final Set<String> BULK_FLAGS =
      Set.of("TABLOCK", "KEEP_NULLS", "CHECK_CONSTRAINTS", "FIRE_TRIGGERS");
  private static final Set<String> BULK_SIZES = Set.of("ROWS_PER_BATCH", "KILOBYTES_PER_BATCH");

  private final TokenStream tokens;
  private final QueryParser queries;
  private final ExpressionParser expressions;
  private final StatementParser statements;

  DataStatementParser(TokenStream tokens, QueryParser queries, StatementParser statements) {
    this.tokens = tokens;
    this.queries = queries;
    this.expressions = queries.expressions();
    this.statements = statements;
  }

  /** A statement that begins with WITH. */
  DataStatement afterWith() throws SqlServerError {
    List<CommonTableExpression> with = queries.withClause();
    if (tokens.atWord("INSERT")) {
      return insert(with);
    }
    if (tokens.atWord("UPDATE")) {
      return update(with);
    }
    if (tokens.atWord("DELETE")) {
      return delete(with);
    }
    if (tokens.atWord("MERGE")) {
      throw mergeRefused();
    }
    return select(with);
  }

  static SqlServerError mergeRefused() {
    return Errors.unsupported("MERGE; write it as INSERT, UPDATE and DELETE");
  }

  SelectStatement select(List<CommonTableExpression> with) throws SqlServerError {
    Query query = queries.query();
    queries.optionClause();
    SelectStatement statement = new SelectStatement(with, query);
    if (query.body() instanceof Query.Select select
        && select.assignsVariables()
        && !select.items().stream().allMatch(SelectItem.Assignment.class::isInstance)) {
      throw new SqlServerError(
          141,
          15,
          1,
          "A SELECT statement that assigns a value to a variable must not be combined with"
              + " data-retrieval operations.");
    }
    return statement;
  }

  DataStatement insert(List<CommonTableExpression> with) throws SqlServerError {
    tokens.expectWord("INSERT");
    if (tokens.acceptWord("BULK")) {
      return insertBulk();
    }
    if (tokens.atWord("TOP")) {
      throw Errors.unsupported("INSERT TOP");
    }
    tokens.acceptWord("INTO");
    ObjectName table = target();
    queries.sources().hints();
    List<String> columns =
        tokens.atSymbol("(") && !queries.atQuery() ? tokens.expectNameList() : List.of();
    OutputClause output = output();
    InsertSource source = insertSource();
    queries.optionClause();
    return new Insert(with, table, columns, output, source);
  }

  private InsertSource insertSource() throws SqlServerError {
    if (tokens.acceptWord("VALUES")) {
      List<List<Expression>> rows = new ArrayList<>();
      do {
        rows.add(insertRow());
      } while (tokens.acceptSymbol(","));
      return new InsertSource.Rows(rows);
    }
    if (tokens.acceptWords("DEFAULT", "VALUES")) {
      return new InsertSource.DefaultValues();
    }
    if (tokens.atWord("EXEC") || tokens.atWord("EXECUTE")) {
      if (statements.execute() instanceof ControlStatement.Execute call) {
        return new InsertSource.FromProcedure(call);
      }
      throw Errors.unsupported("INSERT ... EXEC('text')");
    }
    if (!queries.atQuery()) {
      throw tokens.syntaxError();
    }
    return new InsertSource.FromQuery(queries.query());
  }

  private List<Expression> insertRow() throws SqlServerError {
    List<Expression> row = new ArrayList<>();
    tokens.expectSymbol("(");
    do {
      row.add(tokens.acceptWord("DEFAULT") ? null : expressions.value());
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    return row;
  }

  Update update(List<CommonTableExpression> with) throws SqlServerError {
    tokens.expectWord("UPDATE");
    if (tokens.atWord("STATISTICS")) {
      throw Errors.unsupported("UPDATE STATISTICS");
    }
    Expression top = queries.topClause();
    ObjectName target = target();
    queries.sources().hints();
    tokens.expectWord("SET");
    List<SetClause> assignments = new ArrayList<>();
    do {
      assignments.add(setClause());
    } while (tokens.acceptSymbol(","));
    OutputClause output = output();
    List<TableSource> from = tokens.acceptWord("FROM") ? queries.sources().list() : List.of();
    Condition where = where();
    queries.optionClause();
    return new Update(with, top, target, assignments, output, from, where);
  }

  private SetClause setClause() throws SqlServerError {
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      throw Errors.unsupported("the assignment of variables in UPDATE");
    }
    ObjectName column = tokens.expectObjectName();
    BinaryOperator compound =
        tokens.peek().kind() == Token.Kind.SYMBOL ? COMPOUND.get(tokens.peek().text()) : null;
    if (compound != null) {
      tokens.next();
      ColumnReference old = new ColumnReference(column.parts());
      return new SetClause(column.name(), new Binary(compound, old, expressions.value()));
    }
    tokens.expectSymbol("=");
    return new SetClause(column.name(), tokens.acceptWord("DEFAULT") ? null : expressions.value());
  }

  Delete delete(List<CommonTableExpression> with) throws SqlServerError {
    tokens.expectWord("DELETE");
    Expression top = queries.topClause();
    tokens.acceptWord("FROM");
    ObjectName target = target();
    queries.sources().hints();
    OutputClause output = output();
    List<TableSource> from = tokens.acceptWord("FROM") ? queries.sources().list() : List.of();
    Condition where = where();
    queries.optionClause();
    return new Delete(with, top, target, output, from, where);
  }

  private Condition where() throws SqlServerError {
    if (!tokens.acceptWord("WHERE")) {
      return null;
    }
    if (tokens.atWords("CURRENT", "OF")) {
      throw Errors.unsupported("WHERE CURRENT OF (cursors)");
    }
    return expressions.condition();
  }

  /** A table or a table variable. */
  private ObjectName target() throws SqlServerError {
    return tokens.peek().kind() == Token.Kind.VARIABLE
        ? ObjectName.of(tokens.next().text())
        : tokens.expectObjectName();
  }

  private OutputClause output() throws SqlServerError {
    if (!tokens.acceptWord("OUTPUT")) {
      return null;
    }
    List<SelectItem> items = queries.selectItems();
    if (!tokens.acceptWord("INTO")) {
      return new OutputClause(items, null, List.of());
    }
    ObjectName into = target();
    List<String> columns = tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
    if (tokens.atWord("OUTPUT")) {
      throw Errors.unsupported("two OUTPUT clauses in one statement");
    }
    return new OutputClause(items, into, columns);
  }

  private InsertBulk insertBulk() throws SqlServerError {
    ObjectName table = tokens.expectObjectName();
    TypeParser types = new TypeParser(tokens);
    List<BulkColumn> columns = new ArrayList<>();
    tokens.expectSymbol("(");
    do {
      String name = tokens.expectName();
      SqlType type = types.parse(1);
      columns.add(
          new BulkColumn(name, type, tokens.acceptWord("COLLATE") ? tokens.expectName() : null));
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    return new InsertBulk(table, columns, bulkOptions());
  }

  private List<String> bulkOptions() throws SqlServerError {
    List<String> options = new ArrayList<>();
    if (!tokens.acceptWord("WITH")) {
      return options;
    }
    tokens.expectSymbol("(");
    do {
      String option = tokens.next().upperCase();
      if (BULK_SIZES.contains(option)) {
        tokens.expectSymbol("=");
        tokens.expectInteger();
      } else if (!BULK_FLAGS.contains(option)) {
        throw Errors.unsupported("the bulk load option '" + option + "'");
      }
      options.add(option);
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    return options;
  }
}
