package com.hartonomous.ingest.standin.tsql;

import java.util.List;

/** Statements that define Service Broker's objects; the engine executes them. */
public sealed interface BrokerDefinition extends Statement {

  /** What a message type demands of bodies. */
  enum Validation {
    NONE,
    EMPTY,
    WELL_FORMED_XML
  }

  /** Who may send a message type. */
  enum Sender {
    INITIATOR,
    TARGET,
    ANY
  }

  /** CREATE or ALTER MESSAGE TYPE. */
  record MessageType(String name, boolean alter, Validation validation)
      implements BrokerDefinition {}

  /** CREATE CONTRACT. */
  record Contract(String name, List<SentMessage> messages) implements BrokerDefinition {
    public Contract {
      messages = List.copyOf(messages);
    }
  }

  /** A message type of a contract. */
  record SentMessage(String messageType, Sender sender) {}

  /**
   * CREATE or ALTER QUEUE.
   *
   * @param status STATUS, or null when it was not given
   * @param poisonHandling STATUS of POISON_MESSAGE_HANDLING, or null
   */
  record Queue(ObjectName name, boolean alter, Boolean status, Boolean poisonHandling)
      implements BrokerDefinition {}

  /**
   * CREATE or ALTER SERVICE.
   *
   * @param queue or null, in ALTER only
   * @param added contracts, perhaps empty
   * @param dropped contracts, perhaps empty, in ALTER only
   */
  record Service(
      String name, boolean alter, ObjectName queue, List<String> added, List<String> dropped)
      implements BrokerDefinition {
    public Service {
      added = List.copyOf(added);
      dropped = List.copyOf(dropped);
    }
  }

  /** The kinds of object that DROP takes, with the words of error messages. */
  enum Kind {
    MESSAGE_TYPE("message type"),
    CONTRACT("contract"),
    QUEUE("service queue"),
    SERVICE("service");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /** As messages name it. */
    public String words() {
      return words;
    }
  }

  /** DROP MESSAGE TYPE, CONTRACT, QUEUE or SERVICE. */
  record DropBrokerObject(Kind kind, ObjectName name) implements BrokerDefinition {}
}
