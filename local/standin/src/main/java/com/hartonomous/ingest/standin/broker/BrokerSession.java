package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.broker.BrokerObjects.Contract;
import com.hartonomous.ingest.standin.broker.BrokerObjects.MessageType;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Queue;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Service;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * Conversations in the transaction of one session. Who calls undoes a statement that fails, and
 * calls {@link #ended} when the transaction has ended. For one thread.
 */
public final class BrokerSession implements AutoCloseable {

  /** The most messages that one RECEIVE returns. */
  public static final int MESSAGES_MAX = 10_000;

  private static final long BODY_BYTES_MAX = 64L << 20;
  private static final int NAME_LENGTH_MAX = 256;
  private static final int PAGE = 200;

  /** Seconds; also what a conversation has for which nothing was said. */
  public static final int LIFETIME_MAX = Integer.MAX_VALUE;

  private final ServiceBroker broker;
  private final BooleanSupplier cancelled;
  private final Statements statements;
  private final Set<Integer> changedQueues = new HashSet<>();
  private final Map<UUID, Integer> received = new HashMap<>();
  private final Conversations conversations;
  private boolean forPostman;

  BrokerSession(ServiceBroker broker, Connection connection, BooleanSupplier cancelled) {
    this.broker = broker;
    this.cancelled = cancelled;
    this.statements = new Statements(connection);
    this.conversations = new Conversations(statements, broker.locks(), this, changedQueues);
  }

  private BrokerObjects objects() {
    return broker.host().objects();
  }

  /** What a conversation is to be related to; at most one of both is not null. */
  public record Related(UUID conversation, UUID group) {}

  /**
   * BEGIN DIALOG.
   *
   * @param farInstance or null
   * @param lifetimeSeconds 1 to {@value #LIFETIME_MAX}
   * @return the handle
   */
  public UUID begin(
      String fromService,
      String toService,
      String farInstance,
      String contract,
      int lifetimeSeconds,
      Related related,
      int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    BrokerObjects objects = objects();
    Service service =
        objects
            .service(required(fromService))
            .orElseThrow(() -> BrokerErrors.unknownService(fromService));
    if (required(toService).isEmpty() || toService.length() > NAME_LENGTH_MAX) {
      throw BrokerErrors.error(
          8412, "The syntax of the service name '" + toService + "' is invalid.");
    }
    if (farInstance != null && farInstance.length() > 128) {
      throw BrokerErrors.error(
          8413,
          "The syntax of the broker instance '"
              + farInstance
              + "' is invalid. The specified broker instance is too long, the maximum size is 256"
              + " bytes.");
    }
    if (contract == null) {
      throw BrokerErrors.error(
          8417, "The service contract name is NULL. Specify a service contract name.");
    }
    Contract found =
        objects
            .contract(contract)
            .orElseThrow(
                () ->
                    BrokerErrors.error(
                        8425, "The service contract '" + contract + "' is not found."));
    if (lifetimeSeconds < 1) {
      throw BrokerErrors.error(
          8411,
          "The dialog lifetime value of "
              + lifetimeSeconds
              + " is outside the allowable range of 1 to "
              + LIFETIME_MAX
              + ". Specify a valid dialog lifetime value.");
    }
    UUID group = group(service, related, lockTimeoutMillis);
    Endpoint endpoint =
        new Endpoint(
            UUID.randomUUID(),
            UUID.randomUUID(),
            true,
            found.id(),
            group,
            service.id(),
            Conversations.now().plusSeconds(lifetimeSeconds),
            State.SO,
            toService,
            farInstance,
            0);
    conversations.insert(endpoint);
    forPostman |= lifetimeSeconds < LIFETIME_MAX;
    return endpoint.handle();
  }

  private static String required(String service) throws SqlServerError {
    if (service == null) {
      throw BrokerErrors.error(8421, "The service name is missing. Specify a service name.");
    }
    return service;
  }

  /** The group that the conversation joins, locked. */
  private UUID group(Service service, Related related, int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    if (related.conversation() != null) {
      Endpoint other = locked(related.conversation(), lockTimeoutMillis);
      requireService(service, other.serviceId(), "RELATED_CONVERSATION", related.conversation());
      return other.group();
    }
    UUID group = related.group() == null ? UUID.randomUUID() : related.group();
    lock(group, lockTimeoutMillis);
    Integer owner = conversations.serviceOfGroup(group);
    if (owner != null) {
      requireService(service, owner, "RELATED_CONVERSATION_GROUP", group);
    }
    return group;
  }

  private void requireService(Service service, int other, String option, UUID id)
      throws SqlServerError {
    if (service.id() != other) {
      throw BrokerErrors.error(
          9610,
          "The service '"
              + service.name()
              + "' in the FROM SERVICE clause must match the service '"
              + objects().service(other).orElseThrow().name()
              + "' referenced by "
              + option
              + " = '"
              + BrokerErrors.text(id)
              + "'.");
    }
  }

  private void lock(UUID group, int lockTimeoutMillis) throws SqlServerError {
    broker.locks().lock(group, this, lockTimeoutMillis, cancelled);
  }

  /** The endpoint with the lock of its group, as it is now. */
  private Endpoint locked(UUID handle, int lockTimeoutMillis) throws SqlServerError, SQLException {
    if (handle == null) {
      throw BrokerErrors.error(
          8418, "The conversation handle is missing. Specify a conversation handle.");
    }
    while (true) {
      Endpoint endpoint =
          conversations.find(handle).orElseThrow(() -> BrokerErrors.unknownHandle(handle));
      if (broker.locks().isHeldBy(endpoint.group(), this)) {
        changedQueues.add(objects().queueOf(endpoint.serviceId()).id());
        return endpoint;
      }
      // Who had the lock may have moved or ended the conversation: look again.
      lock(endpoint.group(), lockTimeoutMillis);
    }
  }

  /**
   * SEND.
   *
   * @param body null when none was written
   */
  public void send(UUID handle, String messageType, byte[] body, int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    Endpoint from = locked(handle, lockTimeoutMillis);
    if (!from.state().canSend()) {
      throw BrokerErrors.invalidState(8429, "SEND", from.state());
    }
    BrokerObjects objects = objects();
    MessageType type =
        objects
            .type(messageType)
            .filter(t -> !t.name().startsWith(BrokerObjects.SCHEMA))
            .orElseThrow(
                () ->
                    BrokerErrors.error(
                        8428, "The message type \"" + messageType + "\" is not found."));
    requireInContract(from, type, objects.contract(from.contractId()).orElseThrow());
    post(from, type, body, objects);
  }

  private static void requireInContract(Endpoint from, MessageType type, Contract contract)
      throws SqlServerError {
    boolean byInitiator = contract.byInitiator().contains(type.id());
    boolean byTarget = contract.byTarget().contains(type.id());
    if (!byInitiator && !byTarget) {
      throw BrokerErrors.error(
          8431, "The message type '" + type.name() + "' is not part of the service contract.");
    }
    if (from.initiator() && !byInitiator) {
      throw BrokerErrors.error(
          8432,
          "The message cannot be sent because the message type '"
              + type.name()
              + "' is marked SENT BY TARGET in the contract, however this service is an"
              + " Initiator.");
    }
    if (!from.initiator() && !byTarget) {
      throw BrokerErrors.error(
          8434,
          "The message cannot be sent because the message type '"
              + type.name()
              + "' is marked SENT BY INTITIATOR in the contract, however this service is a"
              + " Target.");
    }
  }

  private void post(Endpoint from, MessageType type, byte[] body, BrokerObjects objects)
      throws SQLException {
    conversations.countSent(from);
    Optional<String> reason =
        conversations.hasUnsent(from)
            ? Optional.of(Conversations.GROUP_LOCKED)
            : conversations.deliver(from, type, body, objects);
    if (reason.isPresent()) {
      conversations.hold(from, type, body, reason.get());
      forPostman = true;
    }
  }

  /** What a RECEIVE or GET CONVERSATION GROUP is limited to; at most one is not null. */
  public record Wanted(UUID conversation, UUID group) {}

  /**
   * One attempt of RECEIVE: takes messages of one conversation group, which stays locked.
   *
   * @param top 0 or more
   * @param awaited within WAITFOR: a group that is wanted but locked has nothing yet
   * @param lockTimeoutMillis how long to wait for the group otherwise
   * @return empty when there is nothing to receive now
   */
  public List<Message> receive(
      Queue queue, Wanted wanted, long top, boolean awaited, int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    requireEnabled(queue);
    int limit = (int) Math.min(top, MESSAGES_MAX);
    if (wanted.conversation() == null && wanted.group() == null) {
      List<Message> messages = new ArrayList<>();
      nextGroup(queue, group -> messages.addAll(take(queue, group, null, limit)));
      return messages;
    }
    UUID group = wantedGroup(queue, wanted);
    if (!awaited) {
      lock(group, lockTimeoutMillis);
    } else if (!broker.locks().tryLock(group, this)) {
      return List.of();
    }
    return take(queue, group, wanted.conversation(), limit);
  }

  private UUID wantedGroup(Queue queue, Wanted wanted) throws SqlServerError, SQLException {
    if (wanted.conversation() != null) {
      Endpoint endpoint =
          conversations
              .find(wanted.conversation())
              .filter(e -> objects().queueOf(e.serviceId()).id() == queue.id())
              .orElseThrow(() -> BrokerErrors.unknownHandle(wanted.conversation()));
      return endpoint.group();
    }
    Integer service = conversations.serviceOfGroup(wanted.group());
    if (service == null || objects().queueOf(service).id() != queue.id()) {
      throw BrokerErrors.unknownGroup(wanted.group());
    }
    return wanted.group();
  }

  private static void requireEnabled(Queue queue) throws SqlServerError {
    if (!queue.receiveEnabled()) {
      throw BrokerErrors.disabled(queue.name());
    }
  }

  /** GET CONVERSATION GROUP: one attempt; empty when no group has messages and is free. */
  public Optional<UUID> nextGroup(Queue queue) throws SqlServerError, SQLException {
    requireEnabled(queue);
    UUID[] found = new UUID[1];
    nextGroup(
        queue,
        group -> {
          boolean any = hasMessages(queue, group);
          if (any) {
            found[0] = group;
          }
          return any;
        });
    return Optional.ofNullable(found[0]);
  }

  /** Uses a group whose lock was just taken; false when there was nothing to use. */
  @FunctionalInterface
  private interface Use {
    boolean use(UUID group) throws SQLException;
  }

  /**
   * Finds the group of the oldest message whose lock is free. When the oldest {@value #PAGE}
   * messages are all of locked groups, any other free group will do: they are visited one by one,
   * so that a locked group with very many messages costs one step.
   */
  private void nextGroup(Queue queue, Use use) throws SQLException {
    Set<UUID> seen = new LinkedHashSet<>();
    int[] rows = new int[1];
    statements.query(
        "SELECT conversation_group_id FROM "
            + queue.table()
            + " ORDER BY queuing_order FETCH FIRST "
            + PAGE
            + " ROWS ONLY",
        result -> {
          while (result.next()) {
            rows[0]++;
            seen.add(result.getObject(1, UUID.class));
          }
          return null;
        });
    for (UUID group : seen) {
      if (tryUse(queue, group, use)) {
        return;
      }
    }
    UUID group = rows[0] < PAGE ? null : groupAfter(queue, null);
    while (group != null) {
      if (!seen.contains(group) && tryUse(queue, group, use)) {
        return;
      }
      group = groupAfter(queue, group);
    }
  }

  private UUID groupAfter(Queue queue, UUID last) throws SQLException {
    return statements.first(
        "SELECT conversation_group_id FROM "
            + queue.table()
            + (last == null ? "" : " WHERE conversation_group_id > ?")
            + " ORDER BY conversation_group_id FETCH FIRST 1 ROW ONLY",
        row -> row.getObject(1, UUID.class),
        last == null ? new Object[0] : new Object[] {last});
  }

  private boolean tryUse(Queue queue, UUID group, Use use) throws SQLException {
    boolean held = broker.locks().isHeldBy(group, this);
    if (!held && !broker.locks().tryLock(group, this)) {
      return false;
    }
    boolean used = use.use(group);
    if (used) {
      changedQueues.add(queue.id());
    } else if (!held) {
      broker.locks().unlock(group, this, queue.id());
    }
    return used;
  }

  private boolean hasMessages(Queue queue, UUID group) throws SQLException {
    return nextConversation(queue, group, Set.of()).isPresent();
  }

  /** Takes messages of a group whose lock is held, conversation by conversation. */
  private List<Message> take(Queue queue, UUID group, UUID only, int limit) throws SQLException {
    List<Message> messages = new ArrayList<>();
    Set<UUID> done = new HashSet<>();
    long[] bytes = new long[1];
    while (messages.size() < limit && bytes[0] < BODY_BYTES_MAX) {
      Optional<UUID> conversation =
          only == null
              ? nextConversation(queue, group, done)
              : Optional.of(only).filter(c -> !done.contains(c));
      if (conversation.isEmpty()) {
        break;
      }
      done.add(conversation.get());
      if (isReceivable(queue, group, conversation.get())) {
        messages.addAll(takeFrom(queue, conversation.get(), limit - messages.size(), bytes));
      }
    }
    if (!messages.isEmpty()) {
      changedQueues.add(queue.id());
      received.put(group, queue.id());
    }
    return messages;
  }

  private Optional<UUID> nextConversation(Queue queue, UUID group, Set<UUID> done)
      throws SQLException {
    return Optional.ofNullable(
        statements.query(
            "SELECT conversation_handle FROM "
                + queue.table()
                + " WHERE conversation_group_id = ? ORDER BY queuing_order"
                + (done.isEmpty() ? " FETCH FIRST 1 ROW ONLY" : ""),
            rows -> {
              while (rows.next()) {
                UUID conversation = rows.getObject(1, UUID.class);
                if (!done.contains(conversation)) {
                  return conversation;
                }
              }
              return null;
            },
            group));
  }

  /**
   * A sender does not have the lock of the group it sends to: what it sent while the conversation
   * was ended is discarded here, and what it sent while it was moved follows.
   */
  private boolean isReceivable(Queue queue, UUID group, UUID conversation) throws SQLException {
    Optional<Endpoint> endpoint = conversations.find(conversation);
    if (endpoint.isEmpty() || endpoint.get().state().isEnded()) {
      conversations.deleteMessages(conversation, queue);
      return false;
    }
    if (!endpoint.get().group().equals(group)) {
      conversations.moveMessages(conversation, endpoint.get().group(), queue);
      return false;
    }
    return true;
  }

  private List<Message> takeFrom(Queue queue, UUID conversation, int limit, long[] bytes)
      throws SQLException {
    Long last = lastToTake(queue, conversation, limit, bytes);
    if (last == null) {
      return List.of();
    }
    String which = " WHERE conversation_handle = ? AND queuing_order <= ?";
    List<Message> messages = new ArrayList<>();
    statements.query(
        "SELECT queuing_order, conversation_group_id, conversation_handle, message_sequence_number,"
            + " service_name, service_id, service_contract_name, service_contract_id,"
            + " message_type_name, message_type_id, validation, message_body, message_enqueue_time"
            + " FROM "
            + queue.table()
            + which
            + " ORDER BY queuing_order",
        rows -> {
          while (rows.next()) {
            messages.add(message(rows));
          }
          return null;
        },
        conversation,
        last);
    int deleted = statements.update("DELETE FROM " + queue.table() + which, conversation, last);
    if (deleted != messages.size()) {
      throw new IllegalStateException(
          "of "
              + messages.size()
              + " messages received, "
              + deleted
              + " were taken from the queue");
    }
    return messages;
  }

  /** Bounds what is read at a time. */
  private Long lastToTake(Queue queue, UUID conversation, int limit, long[] bytes)
      throws SQLException {
    return statements.query(
        "SELECT queuing_order, OCTET_LENGTH(message_body) FROM "
            + queue.table()
            + " WHERE conversation_handle = ? ORDER BY queuing_order FETCH FIRST "
            + limit
            + " ROWS ONLY",
        rows -> {
          Long last = null;
          while ((last == null || bytes[0] < BODY_BYTES_MAX) && rows.next()) {
            last = rows.getLong(1);
            bytes[0] += rows.getLong(2);
          }
          return last;
        },
        conversation);
  }

  private static Message message(ResultSet row) throws SQLException {
    return new Message(
        row.getLong(1),
        row.getObject(2, UUID.class),
        row.getObject(3, UUID.class),
        row.getLong(4),
        row.getString(5),
        row.getInt(6),
        row.getString(7),
        row.getInt(8),
        row.getString(9),
        row.getInt(10),
        row.getString(11),
        row.getBytes(12),
        row.getObject(13, LocalDateTime.class));
  }

  /** To be asked before an attempt, for {@link #awaitChange} behind it. */
  public long version(Queue queue) {
    return broker.locks().version(queue.id());
  }

  /**
   * Waits, without any lock of H2, until a queue may have something new.
   *
   * @return false when the time is up
   * @throws SqlServerError 3617 when the session was cancelled
   */
  public boolean awaitChange(Queue queue, long version, long deadlineNanos) throws SqlServerError {
    return broker.locks().awaitChange(queue.id(), version, deadlineNanos, cancelled);
  }

  /**
   * END CONVERSATION.
   *
   * @param description of WITH ERROR, or null
   */
  public void end(UUID handle, int code, String description, int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    Endpoint near = locked(handle, lockTimeoutMillis);
    if (near.state().isEnded()) {
      throw BrokerErrors.invalidState(8427, "END CONVERSATION", near.state());
    }
    BrokerObjects objects = objects();
    conversations.deleteMessages(handle, objects.queueOf(near.serviceId()));
    switch (near.state()) {
      case SO -> conversations.delete(near);
      case CO -> {
        conversations.setState(near, State.DO);
        if (description != null) {
          conversations.deleteUnsent(near);
        }
        endForFarSide(near, code, description, objects);
      }
      default -> {
        conversations.deleteUnsent(near);
        conversations.close(near);
        Optional<Endpoint> far = conversations.farSide(near);
        if (far.isPresent() && far.get().state() == State.DO) {
          conversations.close(far.get());
        }
      }
    }
  }

  private void endForFarSide(Endpoint near, int code, String description, BrokerObjects objects)
      throws SQLException {
    boolean error = description != null;
    String type = error ? BrokerObjects.ERROR : BrokerObjects.END_DIALOG;
    post(
        near,
        objects.type(type).orElseThrow(),
        error ? Conversations.errorBody(code, description) : null,
        objects);
  }

  /** END CONVERSATION ... WITH CLEANUP. */
  public void cleanUp(UUID handle, int lockTimeoutMillis) throws SqlServerError, SQLException {
    Endpoint near = locked(handle, lockTimeoutMillis);
    conversations.deleteMessages(handle, objects().queueOf(near.serviceId()));
    conversations.deleteUnsent(near);
    conversations.delete(near);
  }

  /** MOVE CONVERSATION. */
  public void move(UUID handle, UUID group, int lockTimeoutMillis)
      throws SqlServerError, SQLException {
    if (group == null) {
      throw BrokerErrors.error(
          8420, "The conversation group is missing. Specify a conversation group.");
    }
    Endpoint endpoint = locked(handle, lockTimeoutMillis);
    if (endpoint.state() == State.CD) {
      throw BrokerErrors.invalidState(8438, "MOVE CONVERSATION", endpoint.state());
    }
    lock(group, lockTimeoutMillis);
    Integer service = conversations.serviceOfGroup(group);
    if (service == null || service != endpoint.serviceId()) {
      throw BrokerErrors.error(
          8439,
          "The destination conversation group '" + BrokerErrors.text(group) + "' is invalid.");
    }
    conversations.move(endpoint, group, objects().queueOf(endpoint.serviceId()));
  }

  /** The transaction has ended, and its work is visible or undone. */
  public void ended(boolean committed) {
    Set<Queue> poisoned = new HashSet<>();
    received.forEach(
        (group, queueId) -> {
          if (committed) {
            broker.rolledBack().committed(queueId, group);
          } else {
            objects()
                .queue(queueId)
                .filter(queue -> queue.poisonHandling() && queue.receiveEnabled())
                .filter(queue -> broker.rolledBack().rolledBack(queueId, group))
                .ifPresent(poisoned::add);
          }
        });
    received.clear();
    // Before others can receive from it.
    poisoned.forEach(broker.host()::disable);
    broker.locks().release(this, changedQueues);
    changedQueues.clear();
    if (forPostman && committed) {
      broker.postman().wake();
    } else {
      broker.postman().groupsReleased();
    }
    forPostman = false;
  }

  @Override
  public void close() throws SQLException {
    statements.close();
  }
}
