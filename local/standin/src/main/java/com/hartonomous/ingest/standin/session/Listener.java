package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.wire.ProtocolException;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections and gives each two threads: one that executes, one that reads. Does not own
 * the engine.
 */
public final class Listener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
  private static final long CLOSE_TIMEOUT_MILLIS = 10_000;
  private static final int BACKLOG = 128;

  /**
   * How to listen.
   *
   * @param port 0 for any free port
   * @param maxConnections connections at a time; further ones are closed at once
   * @param loginTimeout from accepting to the end of the login
   */
  public record Settings(
      String host,
      int port,
      int maxConnections,
      Duration loginTimeout,
      String serverName,
      WireLimits limits) {}

  private final Settings settings;
  private final Login login;
  private final ServerSocket server;
  private final Map<Thread, Socket> connections = new ConcurrentHashMap<>();
  private final ScheduledExecutorService deadlines;
  private final Thread acceptor;
  private volatile boolean closed;
  private int lastProcessId = 50;

  /**
   * Begins to listen.
   *
   * @throws IOException when the address cannot be bound
   */
  public Listener(Settings settings, SqlEngine engine, IdentityProvider identities)
      throws IOException {
    this.settings = settings;
    this.login = new Login(engine, identities, settings.limits(), settings.serverName());
    this.server = new ServerSocket();
    try {
      server.bind(new InetSocketAddress(settings.host(), settings.port()), BACKLOG);
    } catch (IOException e) {
      server.close();
      throw new IOException(
          "Cannot listen on " + settings.host() + ":" + settings.port() + ": " + e.getMessage(), e);
    }
    this.deadlines = deadlines();
    this.acceptor = new Thread(this::acceptConnections, "standin-accept-" + port());
    acceptor.setDaemon(true);
    acceptor.start();
  }

  /** The port that is listened on. */
  public int port() {
    return server.getLocalPort();
  }

  /** Stops listening, ends all connections, and waits for their threads, ten seconds at most. */
  @Override
  public void close() throws IOException {
    closed = true;
    server.close();
    deadlines.shutdownNow();
    connections.values().forEach(Listener::closeSocket);
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_TIMEOUT_MILLIS);
    try {
      join(acceptor, deadline);
      for (Map.Entry<Thread, Socket> connection : connections.entrySet()) {
        closeSocket(connection.getValue());
        join(connection.getKey(), deadline);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while connections were being closed", e);
    }
  }

  private static void join(Thread thread, long deadline) throws InterruptedException {
    long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    if (thread != Thread.currentThread() && millis > 0) {
      thread.join(millis);
    }
    if (thread.isAlive()) {
      LOG.warn("{} has not ended in time", thread.getName());
    }
  }

  private static ScheduledExecutorService deadlines() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = Executors.defaultThreadFactory().newThread(task);
              thread.setName("standin-login-deadline");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  private void acceptConnections() {
    while (!closed) {
      try {
        accept(server.accept());
      } catch (IOException e) {
        if (!closed) {
          LOG.warn("Cannot accept a connection", e);
        }
      }
    }
  }

  private void accept(Socket socket) throws IOException {
    if (connections.size() >= settings.maxConnections()) {
      LOG.warn(
          "Connection from {} closed: {} connections are open, which is the maximum",
          socket.getRemoteSocketAddress(),
          connections.size());
      socket.close();
      return;
    }
    int processId = ++lastProcessId & 0x7FFF;
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(true);
    Thread thread =
        new Thread(() -> serve(socket, processId), "standin-" + port() + "-" + processId);
    thread.setDaemon(true);
    connections.put(thread, socket);
    thread.start();
    if (closed) {
      closeSocket(socket);
    }
  }

  private void serve(Socket socket, int processId) {
    try (socket) {
      ScheduledFuture<?> deadline =
          deadlines.schedule(
              () -> {
                LOG.warn("Connection {} closed: no login in time", processId);
                closeSocket(socket);
              },
              settings.loginTimeout().toMillis(),
              TimeUnit.MILLISECONDS);
      Optional<Login.Accepted> accepted;
      try {
        accepted = login.accept(socket, processId);
      } finally {
        deadline.cancel(false);
      }
      if (accepted.isPresent()) {
        converse(accepted.get(), socket, processId);
      }
    } catch (EOFException e) {
      LOG.debug("Connection {} ended: {}", processId, e.getMessage());
    } catch (ProtocolException e) {
      LOG.warn("Connection {} closed: {}", processId, e.getMessage());
    } catch (IOException e) {
      LOG.info("Connection {} ended: {}", processId, e.toString());
    } catch (RejectedExecutionException e) {
      LOG.debug("Connection {} came while the server was closing", processId, e);
    } catch (RuntimeException e) {
      LOG.error("Connection {} ended by a fault of the stand-in", processId, e);
    } finally {
      connections.remove(Thread.currentThread());
    }
  }

  private void converse(Login.Accepted accepted, Socket plain, int processId) throws IOException {
    try (EngineSession session = accepted.session()) {
      Attention attention = new Attention(session);
      RequestQueue requests =
          new RequestQueue(accepted.socket().getInputStream(), accepted.packetSize(), attention);
      Thread reader = new Thread(requests, "standin-read-" + port() + "-" + processId);
      reader.setDaemon(true);
      reader.start();
      try {
        new Connection(
                session,
                requests,
                attention,
                accepted.packets(),
                settings.limits(),
                settings.serverName(),
                accepted.version())
            .run();
      } finally {
        // The plain socket, because an encrypted one would first try to say good-bye.
        closeSocket(plain);
        reader.interrupt();
      }
    }
  }

  private static void closeSocket(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("Cannot close a socket", e);
    }
  }
}
