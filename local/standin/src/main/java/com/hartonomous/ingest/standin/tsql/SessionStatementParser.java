package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.Block;
import com.hartonomous.ingest.standin.tsql.ControlStatement.SetVariable;
import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryOperator;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.tsql.SessionStatement.BeginTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.CommitTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.RollbackTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SaveTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetIdentityInsert;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetOption;
import com.hartonomous.ingest.standin.tsql.SessionStatement.Use;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses SET, USE and the statements of transactions. */
final class SessionStatementParser {

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  SessionStatementParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Statement parse() throws SqlServerError {
    String word = tokens.next().upperCase();
    switch (word) {
      case "SET":
        return set();
      case "USE":
        return new Use(tokens.expectName());
      case "BEGIN":
        tokens.next();
        String begun = transactionName();
        if (tokens.acceptWord("WITH")) {
          throw Errors.unsupported("BEGIN TRANSACTION ... WITH MARK");
        }
        return new BeginTransaction(begun);
      case "COMMIT":
        acceptTransactionWord();
        String committed = transactionName();
        delayedDurability();
        return new CommitTransaction(committed);
      case "ROLLBACK":
        acceptTransactionWord();
        return new RollbackTransaction(transactionName());
      case "SAVE":
        if (!acceptTransactionWord()) {
          throw tokens.syntaxError();
        }
        String savepoint = transactionName();
        if (savepoint == null) {
          throw tokens.syntaxError();
        }
        return new SaveTransaction(savepoint);
      default:
        throw Errors.syntax(word);
    }
  }

  private boolean acceptTransactionWord() {
    return tokens.acceptWord("TRAN")
        || tokens.acceptWord("TRANSACTION")
        || tokens.acceptWord("WORK");
  }

  private String transactionName() {
    Token token = tokens.peek();
    // THROW may follow directly; it is a statement there, as on a real server after a keyword.
    if (token.kind() == Token.Kind.VARIABLE || (token.isName() && !token.isWord("THROW"))) {
      return tokens.next().text();
    }
    return null;
  }

  private void delayedDurability() throws SqlServerError {
    if (tokens.atWord("WITH") && tokens.peek(1).isSymbol("(")) {
      tokens.next();
      tokens.next();
      tokens.expectWord("DELAYED_DURABILITY");
      tokens.expectSymbol("=");
      tokens.expectOneOf(Set.of("ON", "OFF"));
      tokens.expectSymbol(")");
    }
  }

  private Statement set() throws SqlServerError {
    Token token = tokens.peek();
    if (token.kind() == Token.Kind.VARIABLE) {
      return setVariable();
    }
    if (token.kind() != Token.Kind.WORD) {
      throw tokens.syntaxError();
    }
    String option = token.upperCase();
    if (option.equals("TRANSACTION")) {
      return isolationLevel();
    }
    if (option.equals("IDENTITY_INSERT")) {
      tokens.next();
      ObjectName table = tokens.expectObjectName();
      return new SetIdentityInsert(table, tokens.expectOneOf(Set.of("ON", "OFF")).equals("ON"));
    }
    if (SetOptions.NUMBERS.contains(option)) {
      tokens.next();
      return new SetOption(option, Long.toString(tokens.expectInteger()));
    }
    if (SetOptions.WORDS.contains(option)) {
      tokens.next();
      return new SetOption(option, wordValue());
    }
    return switches();
  }

  private Statement setVariable() throws SqlServerError {
    String variable = tokens.expectVariable();
    BinaryOperator compound =
        tokens.peek().kind() == Token.Kind.SYMBOL
            ? DataStatementParser.COMPOUND.get(tokens.peek().text())
            : null;
    if (compound != null) {
      tokens.next();
      return new SetVariable(
          variable, new Binary(compound, new Variable(variable), expressions.value()));
    }
    tokens.expectSymbol("=");
    return new SetVariable(variable, expressions.value());
  }

  private Statement isolationLevel() throws SqlServerError {
    tokens.expectWords("TRANSACTION", "ISOLATION", "LEVEL");
    String first = tokens.expectOneOf(Set.of("READ", "REPEATABLE", "SNAPSHOT", "SERIALIZABLE"));
    String level =
        switch (first) {
          case "READ" -> "READ " + tokens.expectOneOf(Set.of("COMMITTED", "UNCOMMITTED"));
          case "REPEATABLE" -> "REPEATABLE " + tokens.expectOneOf(Set.of("READ"));
          default -> first;
        };
    return new SetOption(SetOptions.ISOLATION_LEVEL, level);
  }

  private String wordValue() throws SqlServerError {
    Token token = tokens.peek();
    if (token.isString() || token.isName() || token.kind() == Token.Kind.NUMBER) {
      return tokens.next().upperCase();
    }
    if (token.isSymbol("-")) {
      return Long.toString(tokens.expectInteger());
    }
    throw tokens.syntaxError();
  }

  private Statement switches() throws SqlServerError {
    List<String> options = new ArrayList<>();
    do {
      Token token = tokens.next();
      if (!SetOptions.SWITCHES.contains(token.upperCase())) {
        throw Errors.unsupported("SET " + token.upperCase());
      }
      options.add(token.upperCase());
    } while (tokens.acceptSymbol(","));
    String value = tokens.expectOneOf(Set.of("ON", "OFF"));
    if (options.size() == 1) {
      return new SetOption(options.get(0), value);
    }
    return new Block(
        options.stream().<Statement>map(option -> new SetOption(option, value)).toList());
  }
}
