package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.broker.BrokerObjects.Queue;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Service Broker of one database. Thread-safe. */
public final class ServiceBroker implements AutoCloseable {

  /** What the engine does for the broker. */
  public interface Host {

    /** The objects as of the last definition. */
    BrokerObjects objects();

    /** Commits the work of a connection that is no session's. */
    void commit(Connection connection) throws SQLException;

    /** Too many receives were rolled back: turns the queue off, in a transaction of its own. */
    void disable(Queue queue);
  }

  private final Host host;
  private final ConversationLocks locks = new ConversationLocks();
  private final RolledBackReceives rolledBack = new RolledBackReceives();
  private final Postman postman;

  /**
   * Begins to deliver what the transmission queue holds.
   *
   * @param connection of H2, READ COMMITTED, closed with the broker
   */
  public ServiceBroker(Host host, Connection connection) {
    this.host = host;
    this.postman = new Postman(this, connection);
    postman.start();
  }

  /** A session on a connection of H2, in whose transaction its statements run. */
  public BrokerSession openSession(Connection connection, BooleanSupplier cancelled) {
    return new BrokerSession(this, connection, cancelled);
  }

  /** Objects were defined, altered or dropped. */
  public void objectsChanged() {
    locks.queuesChanged();
    postman.wake();
  }

  /** Lets sessions that wait look whether they were cancelled. */
  public void wakeWaiting() {
    locks.wake();
  }

  /** A queue was turned on or dropped: rolled back receives are counted anew. */
  public void forgetRolledBack(int queueId) {
    rolledBack.forget(queueId);
  }

  Supplier<BrokerObjects> objects() {
    return host::objects;
  }

  Host host() {
    return host;
  }

  ConversationLocks locks() {
    return locks;
  }

  RolledBackReceives rolledBack() {
    return rolledBack;
  }

  Postman postman() {
    return postman;
  }

  /** Ends delivery. Sessions must have ended. */
  @Override
  public void close() {
    postman.close();
  }
}
