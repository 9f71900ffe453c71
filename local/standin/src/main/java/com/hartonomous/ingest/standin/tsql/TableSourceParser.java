package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.TableSource.DerivedTable;
import com.hartonomous.ingest.standin.tsql.TableSource.FunctionTable;
import com.hartonomous.ingest.standin.tsql.TableSource.Join;
import com.hartonomous.ingest.standin.tsql.TableSource.JoinKind;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;
import com.hartonomous.ingest.standin.tsql.TableSource.ValuesTable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses what stands in FROM. */
final class TableSourceParser {

  private static final Set<String> JOIN_HINTS = Set.of("LOOP", "HASH", "MERGE");
  private static final int MOST_JOINS = 256;

  private final TokenStream tokens;
  private final QueryParser queries;

  TableSourceParser(TokenStream tokens, QueryParser queries) {
    this.tokens = tokens;
    this.queries = queries;
  }

  /** Sources between commas. */
  List<TableSource> list() throws SqlServerError {
    List<TableSource> sources = new ArrayList<>();
    do {
      sources.add(joined());
    } while (tokens.acceptSymbol(","));
    return sources;
  }

  private TableSource joined() throws SqlServerError {
    tokens.enter();
    try {
      TableSource left = primary();
      for (int i = 0; i < MOST_JOINS; i++) {
        JoinKind kind = joinKind();
        if (kind == null) {
          return left;
        }
        TableSource right = primary();
        Condition on = null;
        if (kind.compareTo(JoinKind.FULL) <= 0) {
          tokens.expectWord("ON");
          on = queries.expressions().condition();
        }
        left = new Join(kind, left, right, on);
      }
      throw Errors.tooDeep();
    } finally {
      tokens.leave();
    }
  }

  private JoinKind joinKind() throws SqlServerError {
    if (tokens.acceptWord("JOIN")) {
      return JoinKind.INNER;
    }
    if (tokens.acceptWord("CROSS")) {
      if (tokens.acceptWord("APPLY")) {
        return JoinKind.CROSS_APPLY;
      }
      tokens.expectWord("JOIN");
      return JoinKind.CROSS;
    }
    if (tokens.acceptWords("OUTER", "APPLY")) {
      return JoinKind.OUTER_APPLY;
    }
    JoinKind kind;
    if (tokens.acceptWord("INNER")) {
      kind = JoinKind.INNER;
    } else if (tokens.acceptWord("LEFT")) {
      kind = JoinKind.LEFT;
    } else if (tokens.acceptWord("RIGHT")) {
      kind = JoinKind.RIGHT;
    } else if (tokens.acceptWord("FULL")) {
      kind = JoinKind.FULL;
    } else if (tokens.atWord("PIVOT") || tokens.atWord("UNPIVOT") || tokens.atWord("TABLESAMPLE")) {
      throw Errors.unsupported(tokens.peek().upperCase());
    } else {
      return null;
    }
    if (kind != JoinKind.INNER) {
      tokens.acceptWord("OUTER");
    }
    if (tokens.peek().kind() == Token.Kind.WORD && JOIN_HINTS.contains(tokens.peek().upperCase())) {
      tokens.next();
    }
    tokens.expectWord("JOIN");
    return kind;
  }

  private TableSource primary() throws SqlServerError {
    if (tokens.atSymbol("(")) {
      return parenthesized();
    }
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      ObjectName variable = ObjectName.of(tokens.next().text());
      return new NamedTable(variable, alias(), hints());
    }
    for (String word : List.of("OPENROWSET", "OPENQUERY", "OPENDATASOURCE", "OPENXML")) {
      if (tokens.atWord(word)) {
        throw Errors.unsupported(word);
      }
    }
    ObjectName name = tokens.expectObjectName();
    if (tokens.atSymbol("(")) {
      return function(name);
    }
    // The hints of older T-SQL, FROM t WITH (..) AS a, do not exist: the alias comes first.
    String alias = alias();
    return new NamedTable(name, alias, hints());
  }

  private TableSource function(ObjectName name) throws SqlServerError {
    if (name.schema().isEmpty()) {
      throw BuiltinTable.KNOWN_TABLE_FUNCTIONS.contains(
              name.name().toUpperCase(java.util.Locale.ROOT))
          ? Errors.unsupported("the table-valued function '" + name + "'")
          : new SqlServerError(208, 16, 3, "Invalid object name '" + name + "'.");
    }
    List<Expression> arguments = new ArrayList<>();
    tokens.expectSymbol("(");
    if (!tokens.atSymbol(")")) {
      arguments.addAll(queries.expressions().values());
    }
    tokens.expectSymbol(")");
    String alias = alias();
    List<String> columns =
        alias != null && tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
    return new FunctionTable(Expression.FunctionCall.of(name, arguments), alias, columns);
  }

  private TableSource parenthesized() throws SqlServerError {
    if (tokens.peek(1).isWord("VALUES")) {
      return values();
    }
    if (!queries.atQuery()) {
      tokens.expectSymbol("(");
      TableSource inner = joined();
      tokens.expectSymbol(")");
      return inner;
    }
    Query query = queries.parenthesizedQuery();
    String alias = alias();
    if (alias == null) {
      throw tokens.syntaxError();
    }
    List<String> columns = tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
    return new DerivedTable(query, alias, columns);
  }

  private TableSource values() throws SqlServerError {
    tokens.expectSymbol("(");
    tokens.expectWord("VALUES");
    List<List<Expression>> rows = new ArrayList<>();
    do {
      tokens.expectSymbol("(");
      List<Expression> row = queries.expressions().values();
      tokens.expectSymbol(")");
      if (!rows.isEmpty() && rows.get(0).size() != row.size()) {
        throw new SqlServerError(
            10709,
            16,
            1,
            "The number of columns for each row in a table value constructor must be the same.");
      }
      rows.add(row);
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    String alias = alias();
    if (alias == null) {
      throw tokens.syntaxError();
    }
    List<String> columns = tokens.expectNameList();
    if (columns.size() != rows.get(0).size()) {
      throw new SqlServerError(
          8158, 16, 1, "'" + alias + "' has more columns than were specified in the column list.");
    }
    return new ValuesTable(rows, alias, columns);
  }

  private String alias() throws SqlServerError {
    if (tokens.acceptWord("AS")) {
      return tokens.expectName();
    }
    return tokens.peek().isName() ? tokens.next().text() : null;
  }

  /** {@code WITH (hint, ...)}, or nothing. */
  List<String> hints() throws SqlServerError {
    List<String> hints = new ArrayList<>();
    if (tokens.atWord("WITH") && tokens.peek(1).isSymbol("(")) {
      tokens.next();
      tokens.next();
      do {
        String hint = tokens.next().upperCase();
        if (hint.equals("INDEX")) {
          indexHint();
        } else if (!TableHints.ACCEPTED.contains(hint)) {
          throw Errors.unsupported("the table hint '" + hint + "'");
        }
        hints.add(hint);
        tokens.acceptSymbol(",");
      } while (!tokens.acceptSymbol(")"));
    }
    return hints;
  }

  private void indexHint() throws SqlServerError {
    if (tokens.acceptSymbol("=")) {
      tokens.expectName();
    } else {
      tokens.expectNameList();
    }
  }
}
