package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.Argument;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Declare;
import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.ControlStatement.ExecuteString;
import com.hartonomous.ingest.standin.tsql.ControlStatement.If;
import com.hartonomous.ingest.standin.tsql.ControlStatement.RaiseError;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Return;
import com.hartonomous.ingest.standin.tsql.ControlStatement.TryCatch;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.ControlStatement.WaitForDelay;
import com.hartonomous.ingest.standin.tsql.ControlStatement.While;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Parses lists of statements, and the statements of control flow; hands the others on. */
final class StatementParser {

  private static final Set<String> UNSUPPORTED =
      Set.of(
          "ADD BACKUP BULK CHECKPOINT CLOSE DBCC DEALLOCATE DENY DISABLE ENABLE FETCH GOTO GRANT"
              .split(" "));
  private static final Set<String> UNSUPPORTED_TOO =
      Set.of("KILL OPEN READTEXT RECONFIGURE RESTORE REVERT REVOKE SETUSER SHUTDOWN".split(" "));

  private final TokenStream tokens;
  private final IdentityHashMap<Statement, Integer> lines = new IdentityHashMap<>();
  private final ExpressionParser expressions;
  private final DataStatementParser data;
  private final DefinitionParser definitions;
  private final SessionStatementParser session;
  private final BrokerStatementParser broker;
  private final BrokerDefinitionParser brokerDefinitions;
  private final TypeParser types;

  StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.types = new TypeParser(tokens);
    QueryParser queries = new QueryParser(tokens);
    this.expressions = queries.expressions();
    this.data = new DataStatementParser(tokens, queries, this);
    this.definitions = new DefinitionParser(tokens, queries, data, this);
    this.session = new SessionStatementParser(tokens, expressions);
    this.broker = new BrokerStatementParser(tokens, queries);
    this.brokerDefinitions = new BrokerDefinitionParser(tokens);
  }

  /** All statements to the end of the batch. */
  ParsedBatch toEnd() throws SqlServerError {
    List<Statement> statements = new ArrayList<>();
    while (skipSemicolons()) {
      statements.add(statement(statements.isEmpty()));
    }
    return new ParsedBatch(statements, lines);
  }

  /** Skips semicolons; false at the end of the batch. */
  private boolean skipSemicolons() {
    while (tokens.acceptSymbol(";")) {}
    return !tokens.atEnd();
  }

  private Statement statement(boolean first) throws SqlServerError {
    int line = tokens.line();
    Statement statement = statementHere(first);
    lines.put(statement, line);
    return statement;
  }

  private Statement statementHere(boolean first) throws SqlServerError {
    tokens.enter();
    try {
      Token token = tokens.peek();
      if (token.isSymbol("(")) {
        return data.select(List.of());
      }
      if (broker.atStatement()) {
        return broker.parse();
      }
      if (token.kind() == Token.Kind.QUOTED_NAME
          || (token.isName() && token.kind() == Token.Kind.WORD)) {
        return beginningWithName(token);
      }
      if (token.kind() != Token.Kind.WORD) {
        throw tokens.syntaxError();
      }
      return beginningWithKeyword(token, first);
    } finally {
      tokens.leave();
    }
  }

  /** THROW is no reserved word; any other name is a procedure, if it begins the batch. */
  private Statement beginningWithName(Token token) throws SqlServerError {
    if (token.isWord("THROW")) {
      return throwStatement();
    }
    if (tokens.atBegin()) {
      return call(null);
    }
    if (token.kind() == Token.Kind.WORD && isUnsupportedStatement(token.upperCase())) {
      throw Errors.unsupported("the statement " + token.upperCase());
    }
    throw tokens.syntaxError();
  }

  private static boolean isUnsupportedStatement(String word) {
    return UNSUPPORTED.contains(word) || UNSUPPORTED_TOO.contains(word);
  }

  private Statement beginningWithKeyword(Token token, boolean first) throws SqlServerError {
    String word = token.upperCase();
    switch (word) {
      case "SELECT":
        return data.select(List.of());
      case "WITH":
        if (!first && !tokens.followsSemicolon()) {
          throw new SqlServerError(
              319,
              15,
              1,
              "Incorrect syntax near the keyword 'with'. If this statement is a common table"
                  + " expression, the previous statement must be terminated with a semicolon.");
        }
        return data.afterWith();
      case "INSERT":
        return data.insert(List.of());
      case "UPDATE":
        return data.update(List.of());
      case "DELETE":
        return data.delete(List.of());
      case "MERGE":
        throw DataStatementParser.mergeRefused();
      case "CREATE", "ALTER", "DROP", "TRUNCATE":
        return definition(word);
      case "SET", "USE", "COMMIT", "ROLLBACK", "SAVE":
        return session.parse();
      case "BEGIN":
        return begin();
      default:
        return control(word);
    }
  }

  private Statement definition(String verb) throws SqlServerError {
    if (verb.equals("TRUNCATE") || !brokerDefinitions.atKindBehindVerb()) {
      return definitions.parse();
    }
    tokens.next();
    return verb.equals("DROP")
        ? brokerDefinitions.drop()
        : brokerDefinitions.define(verb.equals("ALTER"));
  }

  private Statement control(String word) throws SqlServerError {
    switch (word) {
      case "DECLARE":
        return declare();
      case "IF":
        return ifStatement();
      case "WHILE":
        tokens.next();
        Condition condition = expressions.condition();
        return new While(condition, nested());
      case "BREAK":
        tokens.next();
        return new ControlStatement.Break();
      case "CONTINUE":
        tokens.next();
        return new ControlStatement.Continue();
      case "RETURN":
        return returnStatement();
      case "PRINT":
        tokens.next();
        return new ControlStatement.Print(expressions.value());
      case "RAISERROR":
        return raiseError();
      case "EXEC", "EXECUTE":
        return execute();
      case "WAITFOR":
        return waitFor();
      default:
        if (isUnsupportedStatement(word)) {
          throw Errors.unsupported("the statement " + word);
        }
        throw tokens.syntaxError();
    }
  }

  /** The statement of IF, ELSE and WHILE. */
  private Statement nested() throws SqlServerError {
    if (tokens.atEnd() || tokens.atSymbol(";")) {
      throw tokens.syntaxError();
    }
    return statement(true);
  }

  private Statement ifStatement() throws SqlServerError {
    tokens.expectWord("IF");
    Condition condition = expressions.condition();
    Statement then = nested();
    if (tokens.atSymbol(";") && tokens.peek(1).isWord("ELSE")) {
      tokens.next();
    }
    return new If(condition, then, tokens.acceptWord("ELSE") ? nested() : null);
  }

  private Statement begin() throws SqlServerError {
    if (tokens.peek(1).isWord("TRAN") || tokens.peek(1).isWord("TRANSACTION")) {
      return session.parse();
    }
    tokens.expectWord("BEGIN");
    if (tokens.acceptWord("TRY")) {
      List<Statement> attempt = untilEnd();
      tokens.expectWord("TRY");
      tokens.acceptSymbol(";");
      tokens.expectWords("BEGIN", "CATCH");
      List<Statement> handler = untilEnd();
      tokens.expectWord("CATCH");
      return new TryCatch(attempt, handler);
    }
    for (String word : List.of("DISTRIBUTED", "ATOMIC")) {
      if (tokens.atWord(word)) {
        throw Errors.unsupported("BEGIN " + word);
      }
    }
    List<Statement> statements = untilEnd();
    if (statements.isEmpty()) {
      throw Errors.syntax("END");
    }
    return new ControlStatement.Block(statements);
  }

  /** Statements up to END, which is taken. */
  private List<Statement> untilEnd() throws SqlServerError {
    List<Statement> statements = new ArrayList<>();
    while (skipSemicolons()) {
      if (!broker.atEnd() && tokens.acceptWord("END")) {
        return statements;
      }
      statements.add(statement(statements.isEmpty()));
    }
    throw tokens.syntaxError();
  }

  private Statement declare() throws SqlServerError {
    tokens.expectWord("DECLARE");
    List<VariableDeclaration> variables = new ArrayList<>();
    do {
      if (tokens.peek().isName() && tokens.peek(1).isWord("CURSOR")) {
        throw Errors.unsupported("cursors");
      }
      String name = tokens.expectVariable();
      tokens.acceptWord("AS");
      if (variables.isEmpty() && tokens.acceptWord("TABLE")) {
        return new DeclareTable(name, definitions.tableElements());
      }
      SqlType type = types.parse(1);
      variables.add(
          new VariableDeclaration(
              name, type, tokens.acceptSymbol("=") ? expressions.value() : null));
    } while (tokens.acceptSymbol(","));
    return new Declare(variables);
  }

  private Statement returnStatement() throws SqlServerError {
    tokens.expectWord("RETURN");
    Token token = tokens.peek();
    boolean value =
        switch (token.kind()) {
          case NUMBER, VARIABLE, GLOBAL_VARIABLE -> true;
          case SYMBOL -> token.isSymbol("(") || token.isSymbol("-");
          case WORD -> token.isName() || token.isWord("CASE");
          default -> false;
        };
    return new Return(value ? expressions.value() : null);
  }

  private Statement raiseError() throws SqlServerError {
    tokens.expectWord("RAISERROR");
    tokens.expectSymbol("(");
    Expression message = expressions.value();
    tokens.expectSymbol(",");
    Expression severity = expressions.value();
    tokens.expectSymbol(",");
    Expression state = expressions.value();
    List<Expression> arguments = tokens.acceptSymbol(",") ? expressions.values() : List.of();
    tokens.expectSymbol(")");
    List<String> options = new ArrayList<>();
    if (tokens.acceptWord("WITH")) {
      do {
        options.add(tokens.expectOneOf(Set.of("NOWAIT", "LOG", "SETERROR")));
      } while (tokens.acceptSymbol(","));
    }
    return new RaiseError(message, severity, state, arguments, options);
  }

  private Statement throwStatement() throws SqlServerError {
    tokens.expectWord("THROW");
    if (tokens.atEnd() || tokens.atSymbol(";") || tokens.atWord("END")) {
      return new ControlStatement.Throw(null, null, null);
    }
    Expression number = expressions.value();
    tokens.expectSymbol(",");
    Expression message = expressions.value();
    tokens.expectSymbol(",");
    return new ControlStatement.Throw(number, message, expressions.value());
  }

  private Statement waitFor() throws SqlServerError {
    tokens.expectWord("WAITFOR");
    if (tokens.atSymbol("(")) {
      return broker.waitFor();
    }
    if (!tokens.acceptWord("DELAY")) {
      throw Errors.unsupported("WAITFOR " + tokens.peek().text());
    }
    return new WaitForDelay(expressions.value());
  }

  /** EXECUTE of a procedure or a text. */
  Statement execute() throws SqlServerError {
    if (!tokens.acceptWord("EXEC")) {
      tokens.expectWord("EXECUTE");
    }
    if (tokens.acceptSymbol("(")) {
      Expression text = expressions.value();
      tokens.expectSymbol(")");
      if (tokens.atWord("AT") || tokens.atWord("AS")) {
        throw Errors.unsupported("EXECUTE (text) " + tokens.peek().upperCase());
      }
      return new ExecuteString(text);
    }
    if (tokens.atWord("AS")) {
      throw Errors.unsupported("EXECUTE AS");
    }
    String returnVariable = null;
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      returnVariable = tokens.next().text();
      if (!tokens.acceptSymbol("=")) {
        throw Errors.unsupported("EXECUTE of a procedure whose name is in a variable");
      }
    }
    return call(returnVariable);
  }

  private Execute call(String returnVariable) throws SqlServerError {
    ObjectName procedure = tokens.expectObjectName();
    List<Argument> arguments = new ArrayList<>();
    if (atArgument()) {
      do {
        arguments.add(argument());
      } while (tokens.acceptSymbol(","));
    }
    if (tokens.atWord("WITH")) {
      throw Errors.unsupported("EXECUTE ... WITH");
    }
    return new Execute(returnVariable, procedure, arguments);
  }

  private boolean atArgument() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case SYMBOL -> token.isSymbol("-");
      case WORD ->
          token.isName()
              || token.isWord("NULL")
              || token.isWord("DEFAULT")
              || token.isWord("ON")
              || token.isWord("OFF");
      case END -> false;
      default -> true;
    };
  }

  private Argument argument() throws SqlServerError {
    String name = null;
    if (tokens.peek().kind() == Token.Kind.VARIABLE && tokens.peek(1).isSymbol("=")) {
      name = tokens.next().text();
      tokens.expectSymbol("=");
    }
    if (tokens.acceptWord("DEFAULT")) {
      return new Argument(name, null, false);
    }
    Expression value = argumentValue();
    boolean output = tokens.acceptWord("OUTPUT") || tokens.acceptWord("OUT");
    if (output && !(value instanceof Variable)) {
      throw new SqlServerError(
          179,
          15,
          1,
          "Cannot use the OUTPUT option when passing a constant to a stored procedure.");
    }
    return new Argument(name, value, output);
  }

  /** A constant or variable; SQL Server allows no expressions here, and takes words as text. */
  private Expression argumentValue() throws SqlServerError {
    Token token = tokens.peek();
    if (token.isSymbol("-")) {
      tokens.next();
      if (tokens.peek().kind() != Token.Kind.NUMBER) {
        throw tokens.syntaxError();
      }
      return new Unary('-', new Expression.NumberLiteral(tokens.next().text()));
    }
    switch (token.kind()) {
      case NUMBER:
        return new Expression.NumberLiteral(tokens.next().text());
      case STRING, NATIONAL_STRING:
        tokens.next();
        return new StringLiteral(token.text(), token.kind() == Token.Kind.NATIONAL_STRING);
      case BINARY:
        return new Expression.BinaryLiteral(tokens.next().text());
      case VARIABLE:
        return new Variable(tokens.next().text());
      case GLOBAL_VARIABLE:
        return expressions.value();
      case WORD:
        if (token.isWord("NULL")) {
          tokens.next();
          return new Expression.NullLiteral();
        }
        if (token.isWord("ON") || token.isWord("OFF")) {
          return new StringLiteral(tokens.next().text(), true);
        }
        return new StringLiteral(tokens.expectName(), true);
      default:
        return new StringLiteral(tokens.expectName(), true);
    }
  }
}
