package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.BrokerStatement.Awaitable;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.BeginDialog;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.EndConversation;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.GetConversationGroup;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.MoveConversation;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.Receive;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.Send;
import com.hartonomous.ingest.standin.tsql.BrokerStatement.WaitForMessages;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertSource;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.tsql.TableSource.NamedTable;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses the statements of conversations. Their first words are no reserved ones. */
final class BrokerStatementParser {

  private final TokenStream tokens;
  private final QueryParser queries;
  private final ExpressionParser expressions;

  BrokerStatementParser(TokenStream tokens, QueryParser queries) {
    this.tokens = tokens;
    this.queries = queries;
    this.expressions = queries.expressions();
  }

  /** True when a statement of this parser begins here. */
  boolean atStatement() {
    return tokens.atWord("RECEIVE")
        || tokens.atWords("SEND", "ON")
        || tokens.atWords("GET", "CONVERSATION")
        || tokens.atWords("MOVE", "CONVERSATION")
        || atEnd()
        || tokens.atWords("BEGIN", "DIALOG")
        || tokens.atWords("BEGIN", "CONVERSATION");
  }

  /** END CONVERSATION, which is not the END of a block. */
  boolean atEnd() {
    return tokens.atWords("END", "CONVERSATION");
  }

  BrokerStatement parse() throws SqlServerError {
    String word = tokens.peek().upperCase();
    switch (word) {
      case "RECEIVE":
        return receive();
      case "SEND":
        return send();
      case "GET":
        return getGroup();
      case "MOVE":
        tokens.expectWords("MOVE", "CONVERSATION");
        Expression moved = handle();
        tokens.expectWord("TO");
        return new MoveConversation(moved, handle());
      case "END":
        return end();
      default:
        return beginDialog();
    }
  }

  private BeginDialog beginDialog() throws SqlServerError {
    tokens.expectWord("BEGIN");
    if (tokens.atWord("CONVERSATION")) {
      throw Errors.unsupported("BEGIN CONVERSATION TIMER");
    }
    tokens.expectWord("DIALOG");
    tokens.acceptWord("CONVERSATION");
    Variable handle = new Variable(tokens.expectVariable());
    tokens.expectWords("FROM", "SERVICE");
    Expression from = name();
    tokens.expectWords("TO", "SERVICE");
    Expression to = textOrVariable();
    Expression instance = tokens.acceptSymbol(",") ? textOrVariable() : null;
    Expression contract = tokens.acceptWords("ON", "CONTRACT") ? name() : null;
    Expression lifetime = null;
    Expression related = null;
    boolean relatedIsGroup = false;
    if (tokens.acceptWord("WITH")) {
      do {
        String option =
            tokens.expectOneOf(
                Set.of(
                    "ENCRYPTION",
                    "LIFETIME",
                    "RELATED_CONVERSATION",
                    "RELATED_CONVERSATION_GROUP"));
        tokens.expectSymbol("=");
        switch (option) {
          // Within one database nothing is encrypted either way.
          case "ENCRYPTION" -> tokens.expectOneOf(Set.of("ON", "OFF"));
          case "LIFETIME" -> lifetime = expressions.value();
          default -> {
            if (related != null) {
              throw tokens.syntaxError();
            }
            related = handle();
            relatedIsGroup = option.equals("RELATED_CONVERSATION_GROUP");
          }
        }
      } while (tokens.acceptSymbol(","));
    }
    return new BeginDialog(handle, from, to, instance, contract, lifetime, related, relatedIsGroup);
  }

  /** An object's name, written as a name or held by a variable. */
  private Expression name() throws SqlServerError {
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      return new Variable(tokens.next().text());
    }
    return new StringLiteral(tokens.acceptWord("DEFAULT") ? "DEFAULT" : tokens.expectName(), true);
  }

  private Expression textOrVariable() throws SqlServerError {
    if (tokens.peek().kind() == Token.Kind.VARIABLE) {
      return new Variable(tokens.next().text());
    }
    if (!tokens.peek().isString()) {
      throw tokens.syntaxError();
    }
    return new StringLiteral(tokens.next().text(), true);
  }

  /** A handle or group: a variable or a constant. */
  private Expression handle() throws SqlServerError {
    return tokens.acceptWord("NULL") ? new Expression.NullLiteral() : textOrVariable();
  }

  private Send send() throws SqlServerError {
    tokens.expectWords("SEND", "ON", "CONVERSATION");
    List<Expression> handles = new ArrayList<>();
    if (tokens.acceptSymbol("(")) {
      do {
        handles.add(handle());
      } while (tokens.acceptSymbol(","));
      tokens.expectSymbol(")");
    } else {
      handles.add(handle());
    }
    Expression type = null;
    if (tokens.acceptWords("MESSAGE", "TYPE")) {
      type = name();
    }
    Expression body = null;
    if (tokens.acceptSymbol("(")) {
      body = expressions.value();
      tokens.expectSymbol(")");
    }
    return new Send(handles, type, body);
  }

  private Receive receive() throws SqlServerError {
    tokens.expectWord("RECEIVE");
    Expression top = queries.topClause();
    List<SelectItem> items = queries.selectItems();
    boolean assigns = items.stream().anyMatch(SelectItem.Assignment.class::isInstance);
    if (assigns && !items.stream().allMatch(SelectItem.Assignment.class::isInstance)) {
      throw new SqlServerError(
          8447,
          16,
          1,
          "A RECEIVE statement that assigns a value to a variable must not be combined with data"
              + " retrieval operations.");
    }
    tokens.expectWord("FROM");
    ObjectName queue = tokens.expectObjectName();
    ObjectName into = null;
    if (tokens.acceptWord("INTO")) {
      into = ObjectName.of(tokens.expectVariable());
      if (assigns) {
        throw new SqlServerError(
            8450,
            16,
            1,
            "Assignments in the RECEIVE projection are not allowed in conjunction with the INTO"
                + " clause.");
      }
    }
    Expression conversation = null;
    Expression group = null;
    if (tokens.acceptWord("WHERE")) {
      String column = tokens.expectName();
      tokens.expectSymbol("=");
      if (column.equalsIgnoreCase("conversation_handle")) {
        conversation = handle();
      } else if (column.equalsIgnoreCase("conversation_group_id")) {
        group = handle();
      } else {
        throw Errors.syntax(column);
      }
    }
    Query query =
        new Query(
            new Query.Select(
                false,
                null,
                items,
                null,
                List.of(new NamedTable(queue, null, List.of())),
                null,
                List.of(),
                null),
            List.of(),
            null,
            null);
    DataStatement reading =
        into == null
            ? new SelectStatement(List.of(), query)
            : new Insert(List.of(), into, List.of(), null, new InsertSource.FromQuery(query));
    return new Receive(top, queue, reading, assigns, conversation, group);
  }

  private GetConversationGroup getGroup() throws SqlServerError {
    tokens.expectWords("GET", "CONVERSATION", "GROUP");
    Variable group = new Variable(tokens.expectVariable());
    tokens.expectWord("FROM");
    return new GetConversationGroup(group, tokens.expectObjectName());
  }

  /** Behind WAITFOR, at the parenthesis. */
  WaitForMessages waitFor() throws SqlServerError {
    tokens.expectSymbol("(");
    Awaitable statement;
    if (tokens.atWord("RECEIVE")) {
      statement = receive();
    } else if (tokens.atWords("GET", "CONVERSATION")) {
      statement = getGroup();
    } else {
      throw tokens.syntaxError();
    }
    tokens.acceptSymbol(";");
    tokens.expectSymbol(")");
    Expression timeout = null;
    if (tokens.acceptSymbol(",")) {
      tokens.expectWord("TIMEOUT");
      timeout = expressions.value();
    }
    return new WaitForMessages(statement, timeout);
  }

  private EndConversation end() throws SqlServerError {
    tokens.expectWords("END", "CONVERSATION");
    Expression handle = handle();
    if (!tokens.acceptWord("WITH")) {
      return new EndConversation(handle, null, null, false);
    }
    if (tokens.acceptWord("CLEANUP")) {
      return new EndConversation(handle, null, null, true);
    }
    tokens.expectWord("ERROR");
    tokens.expectSymbol("=");
    Expression code = expressions.value();
    tokens.expectWord("DESCRIPTION");
    tokens.expectSymbol("=");
    return new EndConversation(handle, code, expressions.value(), false);
  }
}
