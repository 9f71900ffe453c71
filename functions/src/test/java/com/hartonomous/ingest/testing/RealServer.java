package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server outside of this process, on which each test creates a database and drops it: the one
 * whose address is in the environment, or the official container. Thread-safe.
 */
public final class RealServer {

  /** {@code jdbc:sqlserver://host:port}, and {@code ;encrypt=false} for a server without TLS. */
  public static final String URL_VARIABLE = "HARTONOMOUS_SQLSERVER_URL";

  /** A login that may create databases and enable change data capture in them (sysadmin). */
  public static final String USER_VARIABLE = "HARTONOMOUS_SQLSERVER_USER";

  public static final String PASSWORD_VARIABLE = "HARTONOMOUS_SQLSERVER_PASSWORD";

  /** Set by the profile {@code sqlserver} of the build alone. */
  static final String IMAGE_PROPERTY = "sqlserver.image";

  private static final Pattern URL =
      Pattern.compile("jdbc:sqlserver://([^:;/\\\\]+)(?::(\\d{1,5}))?((?:;[^;=]+=[^;]*)*);?");
  private static final int DEFAULT_PORT = 1433;
  private static final int PORT_MAX = 65_535;
  private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(30);

  private final String name;
  private final SqlServerOptions master;

  private RealServer(String name, SqlServerOptions master) {
    this.name = name;
    this.master = master;
  }

  private static boolean isContainerWanted() {
    return System.getProperty(IMAGE_PROPERTY) != null;
  }

  /** Whether tests run on a real server, which is not asked for anything yet. */
  public static boolean isConfigured() {
    return System.getenv(URL_VARIABLE) != null || isContainerWanted();
  }

  /**
   * The server that tests run on; empty for the stand-in.
   *
   * @throws IllegalStateException when it is configured wrongly or the container cannot be had, the
   *     same at every call
   */
  static Optional<RealServer> configured() {
    if (System.getenv(URL_VARIABLE) != null) {
      return Optional.of(Given.SERVER.orElseThrow());
    }
    return isContainerWanted() ? Optional.of(Container.SERVER.orElseThrow()) : Optional.empty();
  }

  /** The server at an address, with a login from elsewhere: an address is shown, a password not. */
  static RealServer at(String url, Map<String, String> environment) {
    Matcher parts = URL.matcher(url);
    if (!parts.matches()) {
      throw new IllegalStateException(
          URL_VARIABLE + " must have the form jdbc:sqlserver://host:port, and is " + url);
    }
    boolean encrypt = true;
    boolean trust = true;
    for (Map.Entry<String, String> property : properties(parts.group(3)).entrySet()) {
      switch (property.getKey()) {
        case "encrypt" -> encrypt = bool(property);
        case "trustservercertificate" -> trust = bool(property);
        default ->
            throw new IllegalStateException(
                "%s knows the properties encrypt and trustServerCertificate, not %s; the login stands in %s and %s"
                    .formatted(URL_VARIABLE, property.getKey(), USER_VARIABLE, PASSWORD_VARIABLE));
      }
    }
    int port = parts.group(2) == null ? DEFAULT_PORT : Integer.parseInt(parts.group(2));
    if (port == 0 || port > PORT_MAX) {
      throw new IllegalStateException(URL_VARIABLE + " has a port of 1 to 65535, and is " + url);
    }
    return at(
        parts.group(1),
        port,
        required(environment, USER_VARIABLE),
        required(environment, PASSWORD_VARIABLE),
        encrypt,
        trust);
  }

  static RealServer at(
      String host, int port, String user, String password, boolean encrypt, boolean trust) {
    return new RealServer(
        "SQL Server at " + host + ":" + port,
        new SqlServerOptions(
            host,
            port,
            "master",
            user,
            Secret.fromFile(passwordFile(password).toString()),
            encrypt,
            trust,
            LOGIN_TIMEOUT));
  }

  private static Map<String, String> properties(String text) {
    Map<String, String> properties = new HashMap<>();
    for (String property : text.split(";", -1)) {
      if (!property.isEmpty()) {
        String[] pair = property.split("=", 2);
        properties.put(pair[0].strip().toLowerCase(Locale.ROOT), pair[1].strip());
      }
    }
    return properties;
  }

  private static boolean bool(Map.Entry<String, String> property) {
    return switch (property.getValue()) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalStateException(
              "%s: %s is true or false, and is %s"
                  .formatted(URL_VARIABLE, property.getKey(), property.getValue()));
    };
  }

  private static String required(Map<String, String> environment, String variable) {
    String value = environment.get(variable);
    if (value == null || value.isEmpty()) {
      throw new IllegalStateException(
          URL_VARIABLE + " is set and " + variable + " is not: set it in the environment too");
    }
    return value;
  }

  /** Jobs read their password from a file; only its owner can read a temporary one. */
  private static Path passwordFile(String password) {
    try {
      Path file = Files.createTempFile("sqlserver", ".password");
      file.toFile().deleteOnExit();
      return Files.writeString(file, password);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For reports: which server, without a secret. */
  public String name() {
    return name;
  }

  /** Its database {@code master}. */
  SqlServerOptions master() {
    return master;
  }

  /** Creates an empty database of a new name. */
  SqlServerOptions createDatabase() throws IOException, SQLException {
    String database = "Hartonomous_" + UUID.randomUUID().toString().replace("-", "");
    run(master, "CREATE DATABASE " + database);
    return inDatabase(database);
  }

  /**
   * Drops a database of {@link #createDatabase}, whoever is connected to it. Capture ends first:
   * its jobs would take the one connection that is left.
   */
  void dropDatabase(SqlServerOptions database) throws IOException, SQLException {
    try {
      run(
          database,
          "IF EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 1)"
              + " EXEC sys.sp_cdc_disable_db");
    } finally {
      run(
          master,
          "ALTER DATABASE "
              + database.database()
              + " SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE "
              + database.database());
    }
  }

  private SqlServerOptions inDatabase(String database) {
    return new SqlServerOptions(
        master.host(),
        master.port(),
        database,
        master.user(),
        master.password(),
        master.encrypt(),
        master.trustServerCertificate(),
        master.loginTimeout());
  }

  private static void run(SqlServerOptions server, String sql) throws IOException, SQLException {
    try (Connection connection = server.open("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** A server, or why there is none: found out once in a process. */
  private record Attempt(RealServer server, String problem) {

    static Attempt of(Supplier<RealServer> start) {
      try {
        return new Attempt(start.get(), null);
      } catch (IllegalStateException e) {
        return new Attempt(null, e.getMessage());
      }
    }

    RealServer orElseThrow() {
      if (server == null) {
        throw new IllegalStateException(problem);
      }
      return server;
    }
  }

  private static final class Given {
    static final Attempt SERVER =
        Attempt.of(() -> at(System.getenv(URL_VARIABLE), System.getenv()));
  }

  private static final class Container {
    static final Attempt SERVER = Attempt.of(SqlServerContainer::start);
  }
}
