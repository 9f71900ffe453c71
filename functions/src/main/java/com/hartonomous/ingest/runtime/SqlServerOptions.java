package com.hartonomous.ingest.runtime;

import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import java.io.IOException;
import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * How to reach the SQL Server database.
 *
 * @param encrypt TLS; on unless somebody turned it off
 * @param trustServerCertificate accept any certificate, for servers with a self-signed one
 * @param loginTimeout limit for opening a connection, whole seconds, at least one
 */
public record SqlServerOptions(
    String host,
    int port,
    String database,
    String user,
    Secret password,
    boolean encrypt,
    boolean trustServerCertificate,
    Duration loginTimeout)
    implements Serializable {

  /**
   * A data source for this database.
   *
   * @throws IOException when the password cannot be had
   */
  public SQLServerDataSource dataSource(String applicationName) throws IOException {
    SQLServerDataSource dataSource = new SQLServerDataSource();
    dataSource.setServerName(host);
    dataSource.setPortNumber(port);
    dataSource.setDatabaseName(database);
    dataSource.setUser(user);
    dataSource.setPassword(password.resolve());
    dataSource.setEncrypt(encrypt ? "true" : "false");
    dataSource.setTrustServerCertificate(trustServerCertificate);
    dataSource.setLoginTimeout(Math.toIntExact(loginTimeout.toSeconds()));
    dataSource.setApplicationName(applicationName);
    // A session that the driver restores by itself would have lost its locks and temporary tables.
    dataSource.setConnectRetryCount(0);
    // Text parameters are Unicode in our schema; without this the driver is right already, with
    // "false" every key look-up would convert the column and scan.
    dataSource.setSendStringParametersAsUnicode(true);
    return dataSource;
  }

  /** Opens a connection; the caller closes it. */
  public Connection open(String applicationName) throws IOException, SQLException {
    return dataSource(applicationName).getConnection();
  }

  /** {@code host:port/database}, for messages. */
  public String address() {
    return host + ":" + port + "/" + database;
  }
}
