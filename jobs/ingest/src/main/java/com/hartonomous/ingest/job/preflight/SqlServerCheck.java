package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.runtime.SqlErrors;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.net.ssl.SSLException;

/** Opens the SQL Server database, and says in one line why it cannot be used as it is. */
public final class SqlServerCheck {

  /** The newest migration that this version of the jobs relies on. */
  static final int SCHEMA_VERSION = 13;

  private static final int LOGIN_FAILED = 18456;
  private static final int CANNOT_OPEN_DATABASE = 4060;

  private SqlServerCheck() {}

  /**
   * Opens a connection once, without the driver's own retries; the caller closes it.
   *
   * @throws ConfigurationException for a wrong login, password, database or certificate
   * @throws UnreachableException when the server does not answer
   */
  public static Connection connect(SqlServerOptions options, String applicationName)
      throws ConfigurationException, UnreachableException {
    try {
      SQLServerDataSource dataSource = options.dataSource(applicationName);
      dataSource.setConnectRetryCount(0);
      return dataSource.getConnection();
    } catch (IOException e) {
      throw new ConfigurationException(
          String.format(
              "sqlserver: the password cannot be had from %s: %s Make it readable (./hartonomous"
                  + " local makes its own), or set sqlserver.password-file or"
                  + " sqlserver.password-env.",
              options.password(), sentence(e)),
          e);
    } catch (SQLException e) {
      throw connectionRefused(options, e);
    }
  }

  private static ConfigurationException connectionRefused(SqlServerOptions options, SQLException e)
      throws UnreachableException {
    String address = options.address();
    if (e.getErrorCode() == LOGIN_FAILED) {
      return new ConfigurationException(
          String.format(
              "sqlserver: %s refused the login '%s'. Check sqlserver.user and the password in %s.",
              address, options.user(), options.password()),
          e);
    }
    if (e.getErrorCode() == CANNOT_OPEN_DATABASE) {
      return new ConfigurationException(
          String.format(
              "sqlserver: the database of %s does not exist, or '%s' may not open it. Check"
                  + " sqlserver.database, or create it.",
              address, options.user()),
          e);
    }
    if (isAboutTls(e)) {
      return new ConfigurationException(
          String.format(
              "sqlserver: no TLS connection to %s: %s Install the server's certificate, or for a"
                  + " self-signed one set sqlserver.trust-server-certificate: true.",
              address, sentence(e)),
          e);
    }
    throw new UnreachableException(
        String.format(
            "sqlserver: %s does not answer: %s Check sqlserver.host and sqlserver.port, and that"
                + " the server runs (on this machine: ./hartonomous local).",
            address, sentence(e)),
        e);
  }

  private static boolean isAboutTls(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException || cause instanceof GeneralSecurityException) {
        return true;
      }
    }
    return false;
  }

  /**
   * Refuses a database whose schema is not there or older than this version needs.
   *
   * @throws ConfigurationException saying to run the migration
   */
  public static void requireSchema(Connection connection, SqlServerOptions options)
      throws ConfigurationException, SQLException {
    int found = schemaVersion(connection);
    if (found < SCHEMA_VERSION) {
      throw new ConfigurationException(
          String.format(
              "sqlserver: the schema of %s is %s, expected version %d. Run ./hartonomous migrate.",
              options.address(), found == 0 ? "not there" : "version " + found, SCHEMA_VERSION));
    }
  }

  /** The newest migration that was applied; 0 when there is none. */
  private static int schemaVersion(Connection connection) throws SQLException {
    int newest = 0;
    try (Statement statement = connection.createStatement()) {
      try (ResultSet history =
          statement.executeQuery("SELECT OBJECT_ID(N'dbo.flyway_schema_history')")) {
        if (!history.next() || history.getString(1) == null) {
          return newest;
        }
      }
      try (ResultSet versions =
          statement.executeQuery(
              "SELECT version FROM dbo.flyway_schema_history"
                  + " WHERE success = 1 AND version IS NOT NULL")) {
        while (versions.next()) {
          newest = Math.max(newest, Integer.parseInt(versions.getString(1)));
        }
      }
    }
    return newest;
  }

  /**
   * What an error that a check met means for the operator.
   *
   * @throws UnreachableException when the connection broke
   */
  static ConfigurationException explain(SqlServerOptions options, SQLException e)
      throws UnreachableException {
    if (SqlErrors.kind(e) == SqlErrors.Kind.CONNECTION) {
      throw new UnreachableException(
          String.format(
              "sqlserver: the connection to %s broke: %s Check the server and start again.",
              options.address(), sentence(e)),
          e);
    }
    return new ConfigurationException(
        String.format(
            "sqlserver: %s refused a check (error %d): %s Check the rights of '%s'.",
            options.address(), e.getErrorCode(), sentence(e), options.user()),
        e);
  }

  /** The first line of the message, ending with a full stop. */
  static String sentence(Throwable e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file.";
    }
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String line = message.lines().findFirst().orElse("").strip();
    return line.endsWith(".") ? line : line + ".";
  }
}
