package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerObjects;
import com.hartonomous.ingest.standin.broker.BrokerTables;
import com.hartonomous.ingest.standin.broker.Validation;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Contract;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.DropBrokerObject;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Kind;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.MessageType;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Queue;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Sender;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.SentMessage;
import com.hartonomous.ingest.standin.tsql.BrokerDefinition.Service;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterDatabaseSet;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Defines, alters and drops Service Broker's objects. */
final class BrokerDefinitionRunner {

  private final H2Session session;
  private final DefinitionRunner runner;

  BrokerDefinitionRunner(H2Session session, DefinitionRunner runner) {
    this.session = session;
    this.runner = runner;
  }

  void run(BrokerDefinition statement) throws SqlServerError, SQLException, IOException {
    if (statement instanceof MessageType type) {
      messageType(type);
    } else if (statement instanceof Contract contract) {
      contract(contract);
    } else if (statement instanceof Queue queue) {
      if (queue.alter()) {
        alterQueue(queue);
      } else {
        createQueue(queue);
      }
    } else if (statement instanceof Service service) {
      if (service.alter()) {
        alterService(service);
      } else {
        createService(service);
      }
    } else {
      drop((DropBrokerObject) statement);
    }
  }

  /** ENABLE_BROKER, DISABLE_BROKER and NEW_BROKER. */
  void alterDatabase(AlterDatabaseSet set) throws SqlServerError, SQLException, IOException {
    define(
        connection -> {
          switch (set.option()) {
            case "ENABLE_BROKER" -> BrokerTables.setEnabled(connection, true);
            case "DISABLE_BROKER" -> BrokerTables.setEnabled(connection, false);
            default -> BrokerTables.renew(connection, objects());
          }
        });
  }

  private BrokerObjects objects() {
    return session.catalogue().broker();
  }

  /** What is done on the definitions connection. */
  @FunctionalInterface
  private interface Change {
    void make(Connection connection) throws SQLException, SqlServerError;
  }

  private void define(Change change) throws SqlServerError, SQLException, IOException {
    runner.define(
        (connection, statement, store) -> {
          change.make(connection);
          return null;
        });
    session.engine().broker().objectsChanged();
  }

  /** Undoes a definition when the transaction is rolled back. */
  private void onRollback(Change change) {
    session
        .transaction()
        .onRollback(
            () -> {
              session
                  .engine()
                  .definitions()
                  .define(
                      session.options().lockTimeout,
                      (connection, statement, store) -> {
                        change.make(connection);
                        return null;
                      });
              session.engine().broker().objectsChanged();
            });
  }

  private static SqlServerError missing(String verb, Kind kind, String name) {
    return new SqlServerError(
        15151,
        16,
        1,
        "Cannot "
            + verb
            + " the "
            + (kind == Kind.QUEUE ? "queue" : kind.words())
            + " '"
            + name
            + "', because it does not exist or you do not have permission.");
  }

  private static SqlServerError bound(Kind kind, String name, Kind to) {
    return new SqlServerError(
        3716,
        16,
        1,
        "The "
            + kind.words()
            + " '"
            + name
            + "' cannot be dropped because it is bound to one or more "
            + to.words()
            + ".");
  }

  private static void requireUsers(String verb, Kind kind, String name, int id)
      throws SqlServerError {
    if (id < BrokerObjects.FIRST_USER_ID) {
      throw missing(verb, kind, name);
    }
  }

  private void messageType(MessageType type) throws SqlServerError, SQLException, IOException {
    Validation validation = Validation.valueOf(type.validation().name());
    Optional<BrokerObjects.MessageType> old = objects().type(type.name());
    if (!type.alter()) {
      if (old.isPresent()) {
        throw Definitions.nameTaken(type.name());
      }
      int[] id = new int[1];
      define(connection -> id[0] = BrokerTables.addType(connection, type.name(), validation));
      onRollback(connection -> BrokerTables.dropType(connection, id[0]));
      return;
    }
    BrokerObjects.MessageType found =
        old.orElseThrow(() -> missing("alter", Kind.MESSAGE_TYPE, type.name()));
    requireUsers("alter", Kind.MESSAGE_TYPE, type.name(), found.id());
    define(
        connection ->
            BrokerTables.putType(
                connection, new BrokerObjects.MessageType(found.id(), found.name(), validation)));
    onRollback(connection -> BrokerTables.putType(connection, found));
  }

  private void contract(Contract contract) throws SqlServerError, SQLException, IOException {
    if (objects().contract(contract.name()).isPresent()) {
      throw Definitions.nameTaken(contract.name());
    }
    Set<Integer> byInitiator = new HashSet<>();
    Set<Integer> byTarget = new HashSet<>();
    Set<Integer> seen = new HashSet<>();
    for (SentMessage message : contract.messages()) {
      int type =
          objects()
              .type(message.messageType())
              .orElseThrow(() -> missing("find", Kind.MESSAGE_TYPE, message.messageType()))
              .id();
      if (!seen.add(type)) {
        throw new SqlServerError(
            8403,
            16,
            1,
            "The message type '"
                + message.messageType()
                + "' is specified more than once. Remove the duplicate message type.");
      }
      if (message.sender() != Sender.TARGET) {
        byInitiator.add(type);
      }
      if (message.sender() != Sender.INITIATOR) {
        byTarget.add(type);
      }
    }
    if (byInitiator.isEmpty()) {
      throw new SqlServerError(
          8492,
          16,
          1,
          "The service contract '"
              + contract.name()
              + "' must have at least one message SENT BY INITIATOR or ANY.");
    }
    int[] id = new int[1];
    define(
        connection ->
            id[0] = BrokerTables.addContract(connection, contract.name(), byInitiator, byTarget));
    onRollback(connection -> BrokerTables.dropContract(connection, id[0]));
  }

  private void createQueue(Queue queue) throws SqlServerError, SQLException, IOException {
    ObjectName name = queue.name();
    if (name.isTemporaryTable()) {
      throw DefinitionRunner.unsupported("temporary queues, nor does SQL Server: '" + name + "'");
    }
    // Checks that the name is free and its schema is there.
    session.environment(new Scope("", null, null)).newTable(name);
    boolean on = queue.status() == null || queue.status();
    int id =
        runner.define(
            (connection, statement, store) -> {
              DatabaseObject object = runner.newObject(name, ObjectType.QUEUE, null, store);
              store.addObject(object);
              BrokerTables.addQueue(
                  connection,
                  new BrokerObjects.Queue(
                      object.id(),
                      object.qualifiedName(),
                      on,
                      on,
                      queue.poisonHandling() == null || queue.poisonHandling()));
              return object.id();
            });
    session.engine().broker().objectsChanged();
    session.transaction().onRollback(() -> dropQueueNow(id));
  }

  private void dropQueueNow(int id) throws SQLException, SqlServerError {
    session
        .engine()
        .definitions()
        .define(
            session.options().lockTimeout,
            (connection, statement, store) -> {
              BrokerTables.dropQueue(connection, id);
              store.dropObject(id);
              return null;
            });
    session.engine().broker().objectsChanged();
  }

  private BrokerObjects.Queue requireQueue(String verb, ObjectName name) throws SqlServerError {
    return session
        .environment(new Scope("", null, null))
        .findQueue(name)
        .orElseThrow(() -> missing(verb, Kind.QUEUE, name.toString()));
  }

  private void alterQueue(Queue queue) throws SqlServerError, SQLException, IOException {
    BrokerObjects.Queue old = requireQueue("alter", queue.name());
    BrokerObjects.Queue altered =
        new BrokerObjects.Queue(
            old.id(),
            old.name(),
            queue.status() == null ? old.receiveEnabled() : queue.status(),
            queue.status() == null ? old.enqueueEnabled() : queue.status(),
            queue.poisonHandling() == null ? old.poisonHandling() : queue.poisonHandling());
    session.engine().broker().forgetRolledBack(old.id());
    define(connection -> BrokerTables.putQueue(connection, altered));
    onRollback(connection -> BrokerTables.putQueue(connection, old));
  }

  private Set<Integer> contracts(List<String> names) throws SqlServerError {
    Set<Integer> ids = new HashSet<>();
    for (String name : names) {
      int id =
          objects().contract(name).orElseThrow(() -> missing("find", Kind.CONTRACT, name)).id();
      if (!ids.add(id)) {
        throw new SqlServerError(
            8404,
            16,
            1,
            "The service contract '"
                + name
                + "' is specified more than once. Remove the duplicate service contract.");
      }
    }
    return ids;
  }

  private void createService(Service service) throws SqlServerError, SQLException, IOException {
    if (objects().service(service.name()).isPresent()) {
      throw Definitions.nameTaken(service.name());
    }
    int queue = requireQueue("find", service.queue()).id();
    Set<Integer> contracts = contracts(service.added());
    int[] id = new int[1];
    define(
        connection ->
            id[0] = BrokerTables.addService(connection, service.name(), queue, contracts));
    onRollback(connection -> BrokerTables.dropService(connection, id[0]));
  }

  private void alterService(Service service) throws SqlServerError, SQLException, IOException {
    BrokerObjects.Service old =
        objects()
            .service(service.name())
            .orElseThrow(() -> missing("alter", Kind.SERVICE, service.name()));
    Set<Integer> contracts = new HashSet<>(old.contracts());
    contracts.addAll(contracts(service.added()));
    contracts.removeAll(contracts(service.dropped()));
    int queue =
        service.queue() == null ? old.queueId() : requireQueue("find", service.queue()).id();
    if (queue == old.queueId() && service.added().isEmpty() && service.dropped().isEmpty()) {
      throw new SqlServerError(
          8493,
          16,
          1,
          "The alter of service '"
              + service.name()
              + "' must change the queue or at least one contract.");
    }
    define(
        connection -> {
          if (queue != old.queueId()) {
            refuseConversations(connection, old, "ALTER SERVICE ... ON QUEUE of the service");
          }
          BrokerTables.putService(
              connection, new BrokerObjects.Service(old.id(), old.name(), queue, contracts));
        });
    onRollback(connection -> BrokerTables.putService(connection, old));
  }

  private static void refuseConversations(
      Connection connection, BrokerObjects.Service service, String what)
      throws SQLException, SqlServerError {
    if (BrokerTables.hasConversations(connection, service.id())) {
      throw DefinitionRunner.unsupported(
          what
              + " '"
              + service.name()
              + "' while it has conversations; end them first, WITH CLEANUP if they cannot"
              + " complete");
    }
  }

  private void drop(DropBrokerObject drop) throws SqlServerError, SQLException, IOException {
    String name = drop.name().toString();
    switch (drop.kind()) {
      case MESSAGE_TYPE -> dropMessageType(name);
      case CONTRACT -> dropContract(name);
      case SERVICE -> dropService(name);
      case QUEUE -> dropQueue(drop.name());
    }
  }

  private void dropMessageType(String name) throws SqlServerError, SQLException, IOException {
    BrokerObjects.MessageType type =
        objects().type(name).orElseThrow(() -> missing("drop", Kind.MESSAGE_TYPE, name));
    requireUsers("drop", Kind.MESSAGE_TYPE, name, type.id());
    boolean used =
        objects().contracts().stream()
            .anyMatch(c -> c.byInitiator().contains(type.id()) || c.byTarget().contains(type.id()));
    if (used) {
      throw bound(Kind.MESSAGE_TYPE, name, Kind.CONTRACT);
    }
    define(connection -> BrokerTables.dropType(connection, type.id()));
    onRollback(connection -> BrokerTables.putType(connection, type));
  }

  private void dropContract(String name) throws SqlServerError, SQLException, IOException {
    BrokerObjects.Contract contract =
        objects().contract(name).orElseThrow(() -> missing("drop", Kind.CONTRACT, name));
    requireUsers("drop", Kind.CONTRACT, name, contract.id());
    if (objects().services().stream().anyMatch(s -> s.contracts().contains(contract.id()))) {
      throw bound(Kind.CONTRACT, name, Kind.SERVICE);
    }
    define(
        connection -> {
          if (BrokerTables.isContractUsed(connection, contract.id())) {
            throw DefinitionRunner.unsupported(
                "DROP CONTRACT of '" + name + "' while conversations follow it; end them first");
          }
          BrokerTables.dropContract(connection, contract.id());
        });
    onRollback(connection -> BrokerTables.putContract(connection, contract));
  }

  private void dropService(String name) throws SqlServerError, SQLException, IOException {
    BrokerObjects.Service service =
        objects().service(name).orElseThrow(() -> missing("drop", Kind.SERVICE, name));
    define(
        connection -> {
          refuseConversations(connection, service, "DROP SERVICE of");
          BrokerTables.dropService(connection, service.id());
        });
    onRollback(connection -> BrokerTables.putService(connection, service));
  }

  private void dropQueue(ObjectName name) throws SqlServerError, SQLException, IOException {
    BrokerObjects.Queue queue = requireQueue("drop", name);
    if (objects().services().stream().anyMatch(s -> s.queueId() == queue.id())) {
      throw bound(Kind.QUEUE, queue.name(), Kind.SERVICE);
    }
    session.engine().broker().forgetRolledBack(queue.id());
    runner.define(
        (connection, statement, store) -> {
          BrokerTables.dropQueue(connection, queue.id());
          store.dropObject(queue.id());
          return null;
        });
    session.engine().broker().objectsChanged();
    runner.irreversible("DROP QUEUE " + name);
  }
}
