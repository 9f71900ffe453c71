package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.broker.BrokerObjects.MessageType;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Queue;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Service;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;

/**
 * Endpoints and messages in the tables, within the transaction of one connection. Writing to an
 * endpoint needs the lock of its group, except that a side that ends closes one that has already.
 * For one thread.
 */
final class Conversations {

  static final String BROKER_DISABLED = "The broker is disabled in the sender's database.";
  static final String QUEUE_DISABLED =
      "One or more messages could not be delivered to the local service targeted by this dialog.";
  static final String SERVICE_NOT_FOUND =
      "The target service name could not be found. Ensure that the service name is specified"
          + " correctly and/or the routing information has been supplied.";

  /** The other side's group is locked: the message is delivered once it is free. */
  static final String GROUP_LOCKED = "";

  private static final String ENDPOINTS = BrokerTables.SCHEMA + "endpoints";
  private static final String TRANSMISSION = BrokerTables.SCHEMA + "transmission";
  private static final String COLUMNS =
      "conversation_handle, conversation_id, is_initiator, service_contract_id,"
          + " conversation_group_id, service_id, lifetime, state, far_service, far_broker_instance,"
          + " send_sequence";

  private final Statements statements;
  private final ConversationLocks locks;
  private final Object owner;
  private final Collection<Integer> changedQueues;

  /**
   * @param owner of the locks
   * @param changedQueues takes the ids of queues in which something changed
   */
  Conversations(
      Statements statements,
      ConversationLocks locks,
      Object owner,
      Collection<Integer> changedQueues) {
    this.statements = statements;
    this.locks = locks;
    this.owner = owner;
    this.changedQueues = changedQueues;
  }

  static LocalDateTime now() {
    return LocalDateTime.now(Clock.systemUTC()).truncatedTo(ChronoUnit.MILLIS);
  }

  private static Endpoint endpoint(ResultSet row) throws SQLException {
    return new Endpoint(
        row.getObject(1, UUID.class),
        row.getObject(2, UUID.class),
        row.getBoolean(3),
        row.getInt(4),
        row.getObject(5, UUID.class),
        row.getInt(6),
        row.getObject(7, LocalDateTime.class),
        State.valueOf(row.getString(8)),
        row.getString(9),
        row.getString(10),
        row.getLong(11));
  }

  Optional<Endpoint> find(UUID handle) throws SQLException {
    return Optional.ofNullable(
        statements.first(
            "SELECT " + COLUMNS + " FROM " + ENDPOINTS + " WHERE conversation_handle = ?",
            Conversations::endpoint,
            handle));
  }

  Optional<Endpoint> farSide(Endpoint near) throws SQLException {
    return Optional.ofNullable(
        statements.first(
            "SELECT "
                + COLUMNS
                + " FROM "
                + ENDPOINTS
                + " WHERE conversation_id = ? AND is_initiator = ?",
            Conversations::endpoint,
            near.conversation(),
            !near.initiator()));
  }

  /** The service of a group, or null when no conversation is in it. */
  Integer serviceOfGroup(UUID group) throws SQLException {
    return statements.first(
        "SELECT service_id FROM "
            + ENDPOINTS
            + " WHERE conversation_group_id = ? AND state <> 'CD' FETCH FIRST 1 ROW ONLY",
        row -> row.getInt(1),
        group);
  }

  void insert(Endpoint endpoint) throws SQLException {
    statements.update(
        "INSERT INTO " + ENDPOINTS + " (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        endpoint.handle(),
        endpoint.conversation(),
        endpoint.initiator(),
        endpoint.contractId(),
        endpoint.group(),
        endpoint.serviceId(),
        endpoint.lifetime(),
        endpoint.state().name(),
        endpoint.farService(),
        endpoint.farInstance(),
        endpoint.sendSequence());
  }

  void setState(Endpoint endpoint, State state) throws SQLException {
    statements.update(
        "UPDATE " + ENDPOINTS + " SET state = ? WHERE conversation_handle = ?",
        state.name(),
        endpoint.handle());
  }

  /** Both sides have ended: the initiator's is forgotten, the target's kept for a while. */
  void close(Endpoint endpoint) throws SQLException {
    if (endpoint.initiator()) {
      delete(endpoint);
    } else {
      statements.update(
          "UPDATE " + ENDPOINTS + " SET state = 'CD', closed_at = ? WHERE conversation_handle = ?",
          now(),
          endpoint.handle());
    }
  }

  void delete(Endpoint endpoint) throws SQLException {
    statements.update(
        "DELETE FROM " + ENDPOINTS + " WHERE conversation_handle = ?", endpoint.handle());
  }

  void move(Endpoint endpoint, UUID group, Queue queue) throws SQLException {
    statements.update(
        "UPDATE " + ENDPOINTS + " SET conversation_group_id = ? WHERE conversation_handle = ?",
        group,
        endpoint.handle());
    moveMessages(endpoint.handle(), group, queue);
  }

  void moveMessages(UUID handle, UUID group, Queue queue) throws SQLException {
    statements.update(
        "UPDATE " + queue.table() + " SET conversation_group_id = ? WHERE conversation_handle = ?",
        group,
        handle);
    changedQueues.add(queue.id());
  }

  void deleteMessages(UUID handle, Queue queue) throws SQLException {
    statements.update("DELETE FROM " + queue.table() + " WHERE conversation_handle = ?", handle);
  }

  void deleteUnsent(Endpoint endpoint) throws SQLException {
    statements.update(
        "DELETE FROM " + TRANSMISSION + " WHERE conversation_handle = ?", endpoint.handle());
  }

  boolean hasUnsent(Endpoint endpoint) throws SQLException {
    return statements.first(
            "SELECT 1 FROM "
                + TRANSMISSION
                + " WHERE conversation_handle = ? FETCH FIRST 1 ROW ONLY",
            row -> 1,
            endpoint.handle())
        != null;
  }

  /** Numbers a message and notes that the endpoint has sent. */
  void countSent(Endpoint endpoint) throws SQLException {
    statements.update(
        "UPDATE "
            + ENDPOINTS
            + " SET send_sequence = ?, state = CASE state WHEN 'SO' THEN 'CO' ELSE state END WHERE"
            + " conversation_handle = ?",
        endpoint.sendSequence() + 1,
        endpoint.handle());
  }

  void hold(Endpoint from, MessageType type, byte[] body, String status) throws SQLException {
    statements.update(
        "INSERT INTO "
            + TRANSMISSION
            + " (conversation_handle, message_sequence_number, message_type_id, message_body,"
            + " enqueue_time, transmission_status) VALUES (?, ?, ?, ?, ?, ?)",
        from.handle(),
        from.sendSequence(),
        type.id(),
        body,
        now(),
        status);
  }

  /**
   * Brings a message to the other side. Discards what nobody there can receive any more.
   *
   * @param from the sender; {@code sendSequence} is the message's number
   * @return empty when that is done, else why the message has to stay in the transmission queue
   */
  Optional<String> deliver(Endpoint from, MessageType type, byte[] body, BrokerObjects objects)
      throws SQLException {
    if (!objects.isEnabled()) {
      return Optional.of(BROKER_DISABLED);
    }
    Optional<Endpoint> far = farSide(from);
    if (far.isEmpty()) {
      return deliverFirst(from, type, body, objects);
    }
    Queue queue = objects.queueOf(far.get().serviceId());
    if (!queue.enqueueEnabled()) {
      return Optional.of(QUEUE_DISABLED);
    }
    boolean ends = type.name().equals(BrokerObjects.END_DIALOG);
    if (ends || type.name().equals(BrokerObjects.ERROR)) {
      return deliverEnd(from, far.get(), type, body, ends, objects);
    }
    return far.get().state() == State.CO
        ? enqueueValid(from, far.get(), type, body, objects)
        : Optional.empty();
  }

  private Optional<String> deliverFirst(
      Endpoint from, MessageType type, byte[] body, BrokerObjects objects) throws SQLException {
    if (!from.initiator() || from.sendSequence() > 0) {
      // The other side was there and was removed without notice.
      if (!type.name().startsWith(BrokerObjects.SCHEMA)) {
        fail(
            from,
            BrokerErrors.CLOSED_REMOTE,
            "The remote conversation endpoint is either in a state where no more messages can be"
                + " exchanged, or it has been dropped.",
            objects);
      } else {
        Optional<Endpoint> near = find(from.handle());
        if (near.isPresent() && near.get().state() == State.DO) {
          close(near.get());
        }
      }
      return Optional.empty();
    }
    Optional<Service> service = objects.service(from.farService());
    if (service.isEmpty() || !isHere(from.farInstance(), objects)) {
      return Optional.of(SERVICE_NOT_FOUND);
    }
    if (!service.get().contracts().contains(from.contractId())) {
      fail(
          from,
          8408,
          "Target service '"
              + service.get().name()
              + "' does not support contract '"
              + contractName(from, objects)
              + "'.",
          objects);
      return Optional.empty();
    }
    Queue queue = objects.queueOf(service.get().id());
    if (!queue.enqueueEnabled()) {
      return Optional.of(QUEUE_DISABLED);
    }
    Endpoint far =
        new Endpoint(
            UUID.randomUUID(),
            from.conversation(),
            false,
            from.contractId(),
            UUID.randomUUID(),
            service.get().id(),
            from.lifetime(),
            State.CO,
            objects.service(from.serviceId()).orElseThrow().name(),
            null,
            0);
    insert(far);
    return enqueueValid(from, far, type, body, objects);
  }

  private static boolean isHere(String instance, BrokerObjects objects) {
    return instance == null
        || instance.equalsIgnoreCase("CURRENT DATABASE")
        || instance.equalsIgnoreCase(objects.brokerId().toString());
  }

  private static String contractName(Endpoint endpoint, BrokerObjects objects) {
    return objects.contract(endpoint.contractId()).orElseThrow().name();
  }

  private Optional<String> deliverEnd(
      Endpoint from,
      Endpoint unlocked,
      MessageType type,
      byte[] body,
      boolean ends,
      BrokerObjects objects)
      throws SQLException {
    if (!locks.tryLock(unlocked.group(), owner)) {
      return Optional.of(GROUP_LOCKED);
    }
    changedQueues.add(objects.queueOf(unlocked.serviceId()).id());
    // Who had the lock may have changed it since.
    Optional<Endpoint> far = find(unlocked.handle());
    if (far.isEmpty()) {
      return Optional.empty();
    }
    if (!far.get().group().equals(unlocked.group())) {
      return Optional.of(GROUP_LOCKED);
    }
    if (far.get().state() == State.DO) {
      close(far.get());
      Optional<Endpoint> near = find(from.handle());
      if (near.isPresent() && near.get().state() == State.DO) {
        close(near.get());
      }
    } else if (far.get().state() == State.CO) {
      setState(far.get(), ends ? State.DI : State.ER);
      enqueue(far.get(), type, from.sendSequence(), body, objects);
    }
    return Optional.empty();
  }

  private Optional<String> enqueueValid(
      Endpoint from, Endpoint far, MessageType type, byte[] body, BrokerObjects objects)
      throws SQLException {
    Optional<String> fault = type.validation().fault(body);
    if (fault.isEmpty()) {
      enqueue(far, type, from.sendSequence(), body, objects);
      return Optional.empty();
    }
    if (!locks.tryLock(far.group(), owner)) {
      return Optional.of(GROUP_LOCKED);
    }
    String where =
        fault.get()
            + " This occurred in the message with Conversation ID '"
            + BrokerErrors.text(from.conversation())
            + "', Initiator: "
            + (from.initiator() ? 1 : 0)
            + ", and Message sequence number: "
            + from.sendSequence()
            + ".";
    String name = "A message of type '" + type.name() + "' ";
    fail(far, 9616, name + "was received and failed XML validation. " + where, objects);
    fail(from, 9615, name + "failed XML validation on the target service. " + where, objects);
    return Optional.empty();
  }

  /** Service Broker ends a conversation for this side with an Error message of its own. */
  void fail(Endpoint endpoint, int number, String description, BrokerObjects objects)
      throws SQLException {
    setState(endpoint, State.ER);
    enqueue(
        endpoint,
        objects.type(BrokerObjects.ERROR).orElseThrow(),
        0,
        errorBody(-number, description),
        objects);
  }

  /** The body of an Error message; UTF-16 with a byte order mark. */
  static byte[] errorBody(int code, String description) {
    String escaped =
        description
            .replaceAll("[\\p{Cntrl}&&[^\t\r\n]]|[\uFFFE\uFFFF]", "?")
            .replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;");
    return ("\uFEFF<?xml version=\"1.0\"?><Error xmlns=\""
            + BrokerObjects.ERROR
            + "\"><Code>"
            + code
            + "</Code><Description>"
            + escaped
            + "</Description></Error>")
        .getBytes(StandardCharsets.UTF_16LE);
  }

  private void enqueue(
      Endpoint to, MessageType type, long sequence, byte[] body, BrokerObjects objects)
      throws SQLException {
    Queue queue = objects.queueOf(to.serviceId());
    statements.update(
        "INSERT INTO "
            + queue.table()
            + " (conversation_group_id, conversation_handle, message_sequence_number, service_name,"
            + " service_id, service_contract_name, service_contract_id, message_type_name,"
            + " message_type_id, validation, message_body, message_enqueue_time) VALUES (?, ?, ?,"
            + " ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        to.group(),
        to.handle(),
        sequence,
        objects.service(to.serviceId()).orElseThrow().name(),
        to.serviceId(),
        contractName(to, objects),
        to.contractId(),
        type.name(),
        type.id(),
        type.validation().code(),
        body,
        now());
    changedQueues.add(queue.id());
  }
}
