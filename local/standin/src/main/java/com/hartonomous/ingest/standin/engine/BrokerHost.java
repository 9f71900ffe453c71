package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerObjects;
import com.hartonomous.ingest.standin.broker.BrokerObjects.Queue;
import com.hartonomous.ingest.standin.broker.BrokerTables;
import com.hartonomous.ingest.standin.broker.ServiceBroker;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Service Broker needs of the engine. */
final class BrokerHost implements ServiceBroker.Host {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerHost.class);

  private final Definitions definitions;
  private final ChangeCapture capture;

  BrokerHost(Definitions definitions, ChangeCapture capture) {
    this.definitions = definitions;
    this.capture = capture;
  }

  @Override
  public BrokerObjects objects() {
    return definitions.catalogue().broker();
  }

  @Override
  public void commit(Connection connection) throws SQLException {
    capture.numbering().begin();
    try {
      connection.commit();
    } finally {
      capture.numbering().end();
    }
  }

  @Override
  public void disable(Queue queue) {
    try {
      definitions.define(
          -1,
          (connection, statement, store) -> {
            BrokerTables.putQueue(
                connection,
                new Queue(queue.id(), queue.name(), false, false, queue.poisonHandling()));
            return null;
          });
      LOG.warn(
          "The queue {} is disabled: five transactions in a row that had received from one"
              + " conversation group of it were rolled back. ALTER QUEUE ... WITH STATUS = ON turns"
              + " it on again.",
          queue.name());
    } catch (SQLException | SqlServerError e) {
      LOG.error("The queue {} could not be disabled", queue.name(), e);
    }
  }
}
