package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.wire.LoginRequest;
import com.hartonomous.ingest.standin.wire.MessageInterruptedException;
import com.hartonomous.ingest.standin.wire.MessageReader;
import com.hartonomous.ingest.standin.wire.Packet;
import com.hartonomous.ingest.standin.wire.PacketReader;
import com.hartonomous.ingest.standin.wire.PacketSource;
import com.hartonomous.ingest.standin.wire.PacketType;
import com.hartonomous.ingest.standin.wire.PacketWriter;
import com.hartonomous.ingest.standin.wire.Prelogin;
import com.hartonomous.ingest.standin.wire.PreloginTlsSocket;
import com.hartonomous.ingest.standin.wire.ProtocolException;
import com.hartonomous.ingest.standin.wire.TdsVersion;
import com.hartonomous.ingest.standin.wire.TokenWriter;
import com.hartonomous.ingest.standin.wire.TokenWriter.Environment;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens on a connection before its first request: PRELOGIN, TLS, LOGIN7. */
final class Login {
  private static final Logger LOG = LoggerFactory.getLogger(Login.class);
  private static final String DEFAULT_DATABASE = "master";

  /** A packet must fit into one TLS record; the driver refuses larger ones. */
  private static final int MAX_ENCRYPTED_PACKET_SIZE = 16384;

  private static final int NO_SUCH_DATABASE = 4060;
  private static final int LOGIN_FAILED = 18456;
  private static final String LANGUAGE = "us_english";

  /**
   * An accepted login.
   *
   * @param socket the given one, or an encrypted one above it
   * @param packetSize the size agreed on
   * @param version the one that is spoken
   */
  record Accepted(
      Socket socket,
      PacketWriter packets,
      EngineSession session,
      int packetSize,
      TdsVersion version) {}

  private final SqlEngine engine;
  private final IdentityProvider identities;
  private final WireLimits limits;
  private final String serverName;

  Login(SqlEngine engine, IdentityProvider identities, WireLimits limits, String serverName) {
    this.engine = engine;
    this.identities = identities;
    this.limits = limits;
    this.serverName = serverName;
  }

  /**
   * Performs the exchange.
   *
   * @return empty when the login was refused and the client has been told
   */
  Optional<Accepted> accept(Socket plain, int serverProcessId) throws IOException {
    try {
      return exchange(plain, serverProcessId);
    } catch (MessageInterruptedException e) {
      throw new ProtocolException("Login broken off: " + e.getMessage());
    }
  }

  private Optional<Accepted> exchange(Socket plain, int serverProcessId) throws IOException {
    Socket socket = plain;
    StreamPackets packets = new StreamPackets(plain.getInputStream());
    boolean encrypt = false;
    MessageReader message = packets.message(limits.loginBytes());
    // Clients of TDS 7.1 may leave PRELOGIN out.
    if (message.type() == PacketType.PRELOGIN) {
      encrypt = Prelogin.readWantsEncryption(message);
      Prelogin.write(new PacketWriter(plain.getOutputStream(), serverProcessId), encrypt);
      if (encrypt) {
        socket = PreloginTlsSocket.handshake(plain, identities.identity().context());
        packets = new StreamPackets(socket.getInputStream());
      }
      message = packets.message(limits.loginBytes());
    }
    if (message.type() != PacketType.LOGIN7) {
      throw new ProtocolException(
          String.format("Expected a login, found a message of type 0x%02X", message.type()));
    }
    LoginRequest request = LoginRequest.read(message);
    LOG.debug("{}", request);
    PacketWriter out = new PacketWriter(socket.getOutputStream(), serverProcessId);
    TdsVersion version = version(request);
    try {
      EngineSession session = login(request);
      int packetSize = packetSize(request, encrypt);
      try {
        greet(session, new TokenWriter(out, serverName, version), out, packetSize);
      } catch (IOException e) {
        session.close();
        throw e;
      }
      return Optional.of(new Accepted(socket, out, session, packetSize, version));
    } catch (SqlServerError e) {
      LOG.info("{} refused: {} {}", request, e.number(), e.getMessage());
      TokenWriter tokens = new TokenWriter(out, serverName, version);
      tokens.error(e);
      if (e.number() == NO_SUCH_DATABASE) {
        tokens.error(
            new SqlServerError(
                LOGIN_FAILED, 14, 1, "Login failed for user '" + request.user() + "'."));
      }
      tokens.done(TokenWriter.DONE, TokenWriter.DONE_ERROR, 0, 0);
      out.endMessage();
      return Optional.empty();
    } finally {
      Arrays.fill(request.password(), '\0');
    }
  }

  private static TdsVersion version(LoginRequest request) throws ProtocolException {
    return TdsVersion.of(request.version())
        .orElseThrow(
            () ->
                new ProtocolException(
                    String.format(
                        "Expected a client of TDS 7.1 to 7.4, found version 0x%08X",
                        request.version())));
  }

  private EngineSession login(LoginRequest request) throws SqlServerError {
    if (request.integratedSecurity()) {
      throw new SqlServerError(
          18452,
          14,
          1,
          "Login failed. The login is from an untrusted domain and cannot be used with Integrated"
              + " authentication.");
    }
    return engine.login(
        request.user(), request.password(), request.database(), request.application());
  }

  private int packetSize(LoginRequest request, boolean encrypted) {
    int wanted = request.packetSize() == 0 ? Packet.DEFAULT_SIZE : request.packetSize();
    return Math.min(
        Math.max(wanted, Packet.MIN_SIZE),
        encrypted
            ? Math.min(limits.packetBytes(), MAX_ENCRYPTED_PACKET_SIZE)
            : limits.packetBytes());
  }

  private static void greet(
      EngineSession session, TokenWriter tokens, PacketWriter out, int packetSize)
      throws IOException {
    String database = session.database();
    tokens.environment(Environment.DATABASE, database, DEFAULT_DATABASE);
    tokens.info(5701, 0, "Changed database context to '" + database + "'.");
    tokens.collation();
    tokens.environment(Environment.LANGUAGE, LANGUAGE, "");
    tokens.info(5703, 0, "Changed language setting to " + LANGUAGE + ".");
    tokens.loginAcknowledgement();
    tokens.environment(
        Environment.PACKET_SIZE,
        Integer.toString(packetSize),
        Integer.toString(Packet.DEFAULT_SIZE));
    tokens.done(TokenWriter.DONE, 0, 0, 0);
    out.endMessage();
    out.packetSize(packetSize);
  }

  /** Packets straight off the stream, by the thread that wants them. */
  private static final class StreamPackets implements PacketSource {
    private final PacketReader reader;
    private final Packet packet = new Packet(Packet.MAX_SIZE);

    StreamPackets(InputStream in) {
      this.reader = new PacketReader(in);
    }

    MessageReader message(int maxBytes) throws IOException {
      Packet first = next();
      return new MessageReader(this, first, maxBytes);
    }

    @Override
    public Packet next() throws IOException {
      reader.read(packet);
      return packet;
    }

    @Override
    public void release(Packet used) {
      // There is only one, and it is read again.
    }
  }
}
