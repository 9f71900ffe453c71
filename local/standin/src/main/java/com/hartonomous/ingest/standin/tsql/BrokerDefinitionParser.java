package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Contract;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.DropBrokerObject;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Kind;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.MessageType;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Queue;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Sender;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.SentMessage;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Service;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Validation;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses CREATE, ALTER and DROP of Service Broker's objects, behind the verb. */
final class BrokerDefinitionParser {

  private static final Set<String> SWITCH = Set.of("ON", "OFF");

  private final TokenStream tokens;

  BrokerDefinitionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** True at a verb that is followed by a kind of Service Broker's objects. */
  boolean atKindBehindVerb() {
    Token kind = tokens.peek(1);
    return kind.isWord("CONTRACT")
        || kind.isWord("QUEUE")
        || kind.isWord("SERVICE")
        || (kind.isWord("MESSAGE") && tokens.peek(2).isWord("TYPE"));
  }

  /** CREATE or ALTER. */
  BrokerDefinition define(boolean alter) throws SqlServerError {
    return switch (kind()) {
      case MESSAGE_TYPE -> messageType(alter);
      case CONTRACT -> contract(alter);
      case QUEUE -> queue(alter);
      case SERVICE -> service(alter);
    };
  }

  DropBrokerObject drop() throws SqlServerError {
    Kind kind = kind();
    return new DropBrokerObject(
        kind, kind == Kind.QUEUE ? tokens.expectObjectName() : ObjectName.of(tokens.expectName()));
  }

  private Kind kind() throws SqlServerError {
    String word = tokens.next().upperCase();
    if (word.equals("MESSAGE")) {
      tokens.expectWord("TYPE");
      return Kind.MESSAGE_TYPE;
    }
    return Kind.valueOf(word);
  }

  private void authorization() throws SqlServerError {
    if (tokens.acceptWord("AUTHORIZATION") && !tokens.expectName().equalsIgnoreCase("dbo")) {
      throw Errors.unsupported("AUTHORIZATION of another owner than dbo");
    }
  }

  private MessageType messageType(boolean alter) throws SqlServerError {
    String name = tokens.expectName();
    authorization();
    Validation validation = Validation.NONE;
    if (alter || tokens.atWord("VALIDATION")) {
      tokens.expectWord("VALIDATION");
      tokens.expectSymbol("=");
      if (tokens.atWord("VALID_XML")) {
        throw Errors.unsupported("VALIDATION = VALID_XML (schema collections)");
      }
      validation =
          Validation.valueOf(tokens.expectOneOf(Set.of("NONE", "EMPTY", "WELL_FORMED_XML")));
    }
    return new MessageType(name, alter, validation);
  }

  private Contract contract(boolean alter) throws SqlServerError {
    if (alter) {
      throw Errors.syntax("CONTRACT");
    }
    String name = tokens.expectName();
    authorization();
    List<SentMessage> messages = new ArrayList<>();
    tokens.expectSymbol("(");
    do {
      String type = tokens.acceptWord("DEFAULT") ? "DEFAULT" : tokens.expectName();
      tokens.expectWords("SENT", "BY");
      messages.add(
          new SentMessage(
              type, Sender.valueOf(tokens.expectOneOf(Set.of("INITIATOR", "TARGET", "ANY")))));
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    return new Contract(name, messages);
  }

  private Queue queue(boolean alter) throws SqlServerError {
    ObjectName name = tokens.expectObjectName();
    if (alter
        && (tokens.atWord("REBUILD") || tokens.atWord("REORGANIZE") || tokens.atWord("MOVE"))) {
      throw Errors.unsupported("ALTER QUEUE ... " + tokens.peek().upperCase());
    }
    Boolean status = null;
    Boolean poisonHandling = null;
    if (alter || tokens.atWord("WITH")) {
      tokens.expectWord("WITH");
      do {
        String option =
            tokens.expectOneOf(
                Set.of("STATUS", "RETENTION", "ACTIVATION", "POISON_MESSAGE_HANDLING"));
        switch (option) {
          case "STATUS" -> status = switchValue();
          case "RETENTION" -> {
            if (switchValue()) {
              throw Errors.unsupported("RETENTION = ON of a queue");
            }
          }
          case "ACTIVATION" -> activation();
          default -> {
            tokens.expectSymbol("(");
            tokens.expectWord("STATUS");
            poisonHandling = switchValue();
            tokens.expectSymbol(")");
          }
        }
      } while (tokens.acceptSymbol(","));
    }
    if (!alter && tokens.acceptWord("ON")) {
      // A filegroup is a place on disk, which means nothing here.
      tokens.expectName();
    }
    return new Queue(name, alter, status, poisonHandling);
  }

  private boolean switchValue() throws SqlServerError {
    tokens.expectSymbol("=");
    return tokens.expectOneOf(SWITCH).equals("ON");
  }

  /** Only what says that nothing is to be activated; the default of a list without STATUS is ON. */
  private void activation() throws SqlServerError {
    tokens.expectSymbol("(");
    if (!tokens.acceptWord("DROP")) {
      boolean off = false;
      do {
        String option =
            tokens.expectOneOf(Set.of("STATUS", "PROCEDURE_NAME", "MAX_QUEUE_READERS", "EXECUTE"));
        switch (option) {
          case "STATUS" -> off = !switchValue();
          case "PROCEDURE_NAME" -> {
            tokens.expectSymbol("=");
            tokens.expectObjectName();
          }
          case "MAX_QUEUE_READERS" -> {
            tokens.expectSymbol("=");
            tokens.expectInteger();
          }
          default -> {
            tokens.expectWord("AS");
            tokens.next();
          }
        }
      } while (tokens.acceptSymbol(","));
      if (!off) {
        throw Errors.unsupported(
            "ACTIVATION of a queue; receive its messages from a client, and write STATUS = OFF");
      }
    }
    tokens.expectSymbol(")");
  }

  private Service service(boolean alter) throws SqlServerError {
    String name = tokens.expectName();
    authorization();
    ObjectName queue = null;
    if (tokens.acceptWords("ON", "QUEUE")) {
      queue = tokens.expectObjectName();
    } else if (!alter) {
      throw tokens.syntaxError();
    }
    List<String> added = new ArrayList<>();
    List<String> dropped = new ArrayList<>();
    if (tokens.acceptSymbol("(")) {
      do {
        List<String> contracts = added;
        if (alter) {
          contracts = tokens.expectOneOf(Set.of("ADD", "DROP")).equals("ADD") ? added : dropped;
          tokens.expectWord("CONTRACT");
        }
        contracts.add(tokens.acceptWord("DEFAULT") ? "DEFAULT" : tokens.expectName());
      } while (tokens.acceptSymbol(","));
      tokens.expectSymbol(")");
    }
    return new Service(name, alter, queue, added, dropped);
  }
}
