package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.broker.BrokerObjects.MessageType;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers what the transmission queue holds, ends conversations whose lifetime is over, and
 * forgets closed ones: on a thread and connection of its own, whenever something may have changed.
 */
final class Postman implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Postman.class);
  private static final String ENDPOINTS = BrokerTables.SCHEMA + "endpoints";
  private static final String TRANSMISSION = BrokerTables.SCHEMA + "transmission";

  private static final Duration CLOSED_KEPT = Duration.ofMinutes(30);
  private static final long PAUSE_AFTER_FAILURE_MILLIS = 1_000;
  private static final long PAUSE_MAX_MILLIS = 60_000;
  private static final int CONVERSATIONS_MAX = 1_000;
  private static final int MESSAGES_MAX = 100;

  private record Unsent(long id, long sequence, int typeId, byte[] body, String status) {}

  private final ServiceBroker broker;
  private final Connection connection;
  private final Statements statements;
  private final Set<Integer> changedQueues = new HashSet<>();
  private final Conversations conversations;
  private final Thread thread = new Thread(this::run, "standin-broker");

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();
  private boolean work = true;
  private boolean closed;
  private volatile boolean lockedOut;

  Postman(ServiceBroker broker, Connection connection) {
    this.broker = broker;
    this.connection = connection;
    this.statements = new Statements(connection);
    this.conversations = new Conversations(statements, broker.locks(), this, changedQueues);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** There may be something to deliver. */
  void wake() {
    lock.lock();
    try {
      work = true;
      woken.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Locks of groups were given back: something may have waited for one. */
  void groupsReleased() {
    if (lockedOut) {
      wake();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      woken.signal();
    } finally {
      lock.unlock();
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      LOG.warn("The connection that delivers messages could not be closed", e);
    }
  }

  private void run() {
    long pause = 0;
    while (awaitWork(pause)) {
      try {
        lockedOut = false;
        deliverAll();
        pause = expire();
      } catch (SQLException | RuntimeException e) {
        LOG.error("Messages could not be delivered; it is tried again", e);
        rollback();
        pause = PAUSE_AFTER_FAILURE_MILLIS;
      }
    }
  }

  /** False when it is over. */
  private boolean awaitWork(long pauseMillis) {
    lock.lock();
    try {
      long remaining = TimeUnit.MILLISECONDS.toNanos(pauseMillis);
      while (!work && !closed && remaining > 0) {
        remaining = woken.awaitNanos(remaining);
      }
      work = false;
      return !closed;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  private void commit() throws SQLException {
    broker.host().commit(connection);
    release();
  }

  private void release() {
    broker.locks().release(this, changedQueues);
    changedQueues.clear();
  }

  private void rollback() {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.error("Half-delivered messages could not be rolled back", e);
    }
    release();
  }

  private void deliverAll() throws SQLException {
    List<UUID> handles = handlesAfter(null);
    while (!handles.isEmpty()) {
      for (UUID handle : handles) {
        while (deliver(handle)) {
          // Page after page.
        }
      }
      handles =
          handles.size() < CONVERSATIONS_MAX
              ? List.of()
              : handlesAfter(handles.get(handles.size() - 1));
    }
  }

  private List<UUID> handlesAfter(UUID last) throws SQLException {
    List<UUID> handles = new ArrayList<>();
    statements.query(
        "SELECT DISTINCT conversation_handle FROM "
            + TRANSMISSION
            + (last == null ? "" : " WHERE conversation_handle > ?")
            + " ORDER BY conversation_handle FETCH FIRST "
            + CONVERSATIONS_MAX
            + " ROWS ONLY",
        rows -> {
          while (rows.next()) {
            handles.add(rows.getObject(1, UUID.class));
          }
          return null;
        },
        last == null ? new Object[0] : new Object[] {last});
    connection.rollback();
    return handles;
  }

  /**
   * Delivers some messages of one sender in their order.
   *
   * @return true when there may be more to deliver
   */
  private boolean deliver(UUID handle) throws SQLException {
    Optional<Endpoint> from = conversations.find(handle);
    if (from.isEmpty()) {
      statements.update("DELETE FROM " + TRANSMISSION + " WHERE conversation_handle = ?", handle);
      commit();
      return false;
    }
    if (!broker.locks().tryLock(from.get().group(), this)) {
      lockedOut = true;
      // The lock may have been given back before that was known.
      if (!broker.locks().tryLock(from.get().group(), this)) {
        connection.rollback();
        return false;
      }
    }
    if (conversations.find(handle).filter(e -> e.group().equals(from.get().group())).isEmpty()) {
      // Moved or ended before the lock was there.
      wake();
      rollback();
      return false;
    }
    boolean more = true;
    int delivered = 0;
    while (more && delivered < MESSAGES_MAX) {
      more = deliverNext(handle);
      delivered++;
    }
    commit();
    return more;
  }

  private boolean deliverNext(UUID handle) throws SQLException {
    Unsent next =
        statements.first(
            "SELECT id, message_sequence_number, message_type_id, message_body, transmission_status"
                + " FROM "
                + TRANSMISSION
                + " WHERE conversation_handle = ? ORDER BY id FETCH FIRST 1 ROW ONLY",
            row ->
                new Unsent(
                    row.getLong(1),
                    row.getLong(2),
                    row.getInt(3),
                    row.getBytes(4),
                    row.getString(5)),
            handle);
    Optional<Endpoint> from = next == null ? Optional.empty() : conversations.find(handle);
    if (from.isEmpty()) {
      return false;
    }
    BrokerObjects objects = broker.host().objects();
    MessageType type = objects.type(next.typeId());
    if (from.get().state() == State.ER) {
      // Held until the application ends the conversation.
      return false;
    }
    Optional<String> reason =
        conversations.deliver(numbered(from.get(), next.sequence()), type, next.body(), objects);
    if (reason.isEmpty()) {
      statements.update("DELETE FROM " + TRANSMISSION + " WHERE id = ?", next.id());
      return true;
    }
    if (reason.get().equals(Conversations.GROUP_LOCKED)) {
      lockedOut = true;
      wakeIfFree(from.get());
    }
    if (!reason.get().equals(next.status())) {
      statements.update(
          "UPDATE " + TRANSMISSION + " SET transmission_status = ? WHERE id = ?",
          reason.get(),
          next.id());
    }
    return false;
  }

  /** The other side's lock may have been given back before it was known that this waits for it. */
  private void wakeIfFree(Endpoint from) throws SQLException {
    Optional<Endpoint> far = conversations.farSide(from);
    if (far.isPresent() && broker.locks().tryLock(far.get().group(), this)) {
      wake();
    }
  }

  private static Endpoint numbered(Endpoint from, long sequence) {
    return new Endpoint(
        from.handle(),
        from.conversation(),
        from.initiator(),
        from.contractId(),
        from.group(),
        from.serviceId(),
        from.lifetime(),
        from.state(),
        from.farService(),
        from.farInstance(),
        sequence);
  }

  /** Returns for how many milliseconds there is nothing to do. */
  private long expire() throws SQLException {
    LocalDateTime now = Conversations.now();
    statements.update(
        "DELETE FROM " + ENDPOINTS + " WHERE state = 'CD' AND closed_at < ?",
        now.minus(CLOSED_KEPT));
    List<UUID> expired = new ArrayList<>();
    statements.query(
        "SELECT conversation_handle FROM "
            + ENDPOINTS
            + " WHERE lifetime <= ? AND (state = 'SO' OR state = 'CO')",
        rows -> {
          while (rows.next()) {
            expired.add(rows.getObject(1, UUID.class));
          }
          return null;
        },
        now);
    for (UUID handle : expired) {
      expire(handle);
    }
    LocalDateTime next =
        statements.first(
            "SELECT MIN(lifetime) FROM "
                + ENDPOINTS
                + " WHERE lifetime > ? AND (state = 'SO' OR state = 'CO')",
            row -> row.getObject(1, LocalDateTime.class),
            now);
    commit();
    return next == null
        ? PAUSE_MAX_MILLIS
        : Math.max(1, Math.min(PAUSE_MAX_MILLIS, Duration.between(now, next).toMillis()));
  }

  private void expire(UUID handle) throws SQLException {
    Optional<Endpoint> endpoint = conversations.find(handle);
    if (endpoint.isEmpty()) {
      return;
    }
    if (!broker.locks().tryLock(endpoint.get().group(), this)) {
      lockedOut = true;
      return;
    }
    Optional<Endpoint> locked = conversations.find(handle);
    if (locked.isPresent() && locked.get().state().canSend()) {
      conversations.fail(
          locked.get(),
          BrokerErrors.EXPIRED,
          "The dialog has exceeded the specified LIFETIME.",
          broker.host().objects());
    }
  }
}
