package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import org.apache.flink.connector.jdbc.datasource.connections.JdbcConnectionProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives the JDBC connector its connection, with the secret resolved where it is used. */
final class SqlServerConnectionProvider implements JdbcConnectionProvider {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(SqlServerConnectionProvider.class);
  private static final int VALIDATION_TIMEOUT_SECONDS = 10;

  private final SqlServerOptions server;
  private final String applicationName;
  private transient Connection connection;

  SqlServerConnectionProvider(SqlServerOptions server, String applicationName) {
    this.server = server;
    this.applicationName = applicationName;
  }

  @Override
  public Connection getConnection() {
    return connection;
  }

  @Override
  public boolean isConnectionValid() throws SQLException {
    return connection != null && connection.isValid(VALIDATION_TIMEOUT_SECONDS);
  }

  @Override
  public Connection getOrEstablishConnection() throws SQLException {
    if (connection == null) {
      try {
        connection = server.open(applicationName);
      } catch (IOException e) {
        throw new SQLException(
            "The password for " + server.address() + " cannot be had: " + e.getMessage(), e);
      }
    }
    return connection;
  }

  @Override
  public void closeConnection() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        LOG.debug("Closing a connection to {} failed.", server.address(), e);
      }
      connection = null;
    }
  }

  @Override
  public Connection reestablishConnection() throws SQLException {
    closeConnection();
    return getOrEstablishConnection();
  }
}
