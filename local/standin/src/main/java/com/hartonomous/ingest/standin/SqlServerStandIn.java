package com.hartonomous.ingest.standin;

import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.H2Engine;
import com.hartonomous.ingest.standin.engine.LocalDatabase;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.session.Listener;
import com.hartonomous.ingest.standin.wire.ServerIdentity;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A server in this process that speaks SQL Server's wire protocol (TDS 7.4), for laptops and tests.
 * It is a stand-in: what it does not know is an error that says so.
 *
 * <p>TLS is offered with a certificate of its own; clients that encrypt either trust {@link
 * #certificate} or set {@code trustServerCertificate}. Thread-safe.
 */
public final class SqlServerStandIn implements AutoCloseable {
  private final SqlEngine engine;
  private final Optional<Path> dataDirectory;
  private final String host;
  private final Listener listener;
  private final AtomicBoolean closed = new AtomicBoolean();
  private ServerIdentity identity;

  private SqlServerStandIn(Builder builder, SqlEngine engine) throws IOException {
    this.engine = engine;
    this.dataDirectory = Optional.ofNullable(builder.dataDirectory);
    this.host = builder.host;
    this.listener =
        new Listener(
            new Listener.Settings(
                builder.host,
                builder.port,
                builder.maxConnections,
                builder.loginTimeout,
                builder.serverName,
                builder.limits),
            engine,
            this::identity);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The host or address that is listened on. */
  public String host() {
    return host;
  }

  /** The port that is listened on, also when 0 was asked for. */
  public int port() {
    return listener.port();
  }

  /**
   * The certificate that TLS clients are shown.
   *
   * @throws IOException when it can be neither read from nor made in the data directory
   */
  public X509Certificate certificate() throws IOException {
    return identity().certificate();
  }

  private synchronized ServerIdentity identity() throws IOException {
    if (identity == null) {
      identity =
          dataDirectory.isPresent()
              ? ServerIdentity.in(dataDirectory.get())
              : ServerIdentity.create();
    }
    return identity;
  }

  /**
   * Ends all connections, rolls back what they have open, and closes the database. Does nothing the
   * second time.
   */
  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      listener.close();
    } finally {
      engine.close();
    }
  }

  /** How to start. Not thread-safe. */
  public static final class Builder {
    private String host = "127.0.0.1";
    private int port;
    private int maxConnections = 512;
    private Duration loginTimeout = Duration.ofSeconds(30);
    private String serverName = "standin";
    private WireLimits limits = WireLimits.DEFAULT;
    private final LocalDatabase.Builder database = LocalDatabase.builder();
    private Path dataDirectory;
    private SqlEngine engine;

    private Builder() {}

    /** The address to listen on; 127.0.0.1 unless set. */
    public Builder host(String value) {
      host = Objects.requireNonNull(value, "host");
      return this;
    }

    /** The port to listen on; 0, which is the default, takes a free one. */
    public Builder port(int value) {
      port = value;
      return this;
    }

    /** Connections at a time, 512 unless set; further ones are closed at once. */
    public Builder maxConnections(int value) {
      maxConnections = value;
      return this;
    }

    /** How long a connection may take to log in; 30 seconds unless set. */
    public Builder loginTimeout(Duration value) {
      loginTimeout = Objects.requireNonNull(value, "loginTimeout");
      return this;
    }

    /** What clients may send at most; SQL Server's limits unless set. */
    public Builder limits(WireLimits value) {
      limits = Objects.requireNonNull(value, "limits");
      return this;
    }

    /** The only login that is accepted. Must be set. */
    public Builder login(String user, String password) {
      database.login(user, password);
      return this;
    }

    /** The database's name, made of letters, digits and underscores; Hartonomous unless set. */
    public Builder database(String name) {
      database.name(name);
      return this;
    }

    /**
     * Keeps the database and the TLS certificate in a directory, made when missing; in memory only
     * unless set.
     */
    public Builder dataDirectory(Path value) {
      dataDirectory = Objects.requireNonNull(value, "dataDirectory");
      database.dataDirectory(value);
      return this;
    }

    /** Lets a test break statements, commits and connections. */
    public Builder faultInjector(FaultInjector value) {
      database.faultInjector(value);
      return this;
    }

    /**
     * Executes statements by something else than the database on H2: login, database and fault
     * injector do not count then. The stand-in closes it.
     */
    public Builder engine(SqlEngine value) {
      engine = Objects.requireNonNull(value, "engine");
      return this;
    }

    /**
     * Opens the database and starts to listen.
     *
     * @throws IOException when the database cannot be opened or the address cannot be bound
     * @throws IllegalStateException when no login was set
     */
    public SqlServerStandIn start() throws IOException {
      SqlEngine started = engine == null ? H2Engine.open(database.build()) : engine;
      try {
        return new SqlServerStandIn(this, started);
      } catch (IOException | RuntimeException e) {
        started.close();
        throw e;
      }
    }
  }
}
