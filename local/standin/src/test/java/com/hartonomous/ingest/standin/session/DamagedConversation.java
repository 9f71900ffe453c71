package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import com.hartonomous.ingest.standin.wire.Packet;
import com.hartonomous.ingest.standin.wire.PacketReader;
import com.hartonomous.ingest.standin.wire.PacketSource;
import com.hartonomous.ingest.standin.wire.PacketType;
import com.hartonomous.ingest.standin.wire.PacketWriter;
import com.hartonomous.ingest.standin.wire.ProtocolException;
import com.hartonomous.ingest.standin.wire.ServerIdentity;
import com.hartonomous.ingest.standin.wire.TdsVersion;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * What must hold for any bytes at all that a client sends: each message is answered, or the
 * connection ends by a typed error; every packet is given back once; and what is allocated is
 * bounded by the bytes that came, not by the lengths that they announce. The session's own code
 * runs, on the calling thread and without a socket; the engine accepts everything and sends values
 * back.
 */
public final class DamagedConversation {
  /** What a connection may cost whatever is sent: its buffers, a TLS handshake, a few errors. */
  private static final long ALLOCATED_BYTES = 8L << 20;

  /** Objects for one byte that came: a call of four bytes is answered in tokens and messages. */
  private static final long ALLOCATED_PER_BYTE = 512;

  private static final int MESSAGE_HEADER_BYTES = 4;
  private static final int[] PAYLOAD_BYTES = {4088, 1, 2, 3, 7, 16, 100, 504};
  private static final int ECHOED_ROWS = 3;
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static ServerIdentity identity;

  private DamagedConversation() {}

  /** Everything from the first byte of a connection to the answer to its login. */
  public static void login(byte[] stream) throws IOException {
    ServerIdentity made = identity();
    bounded(stream.length, () -> logIn(stream, made));
  }

  /**
   * The packets of a client that has logged in.
   *
   * @param bytes first the index of a {@link TdsVersion}, modulo their number, then the packets
   */
  public static void requests(byte[] bytes) throws IOException {
    if (bytes.length > 0) {
      bounded(
          bytes.length, () -> converse(version(bytes), Arrays.copyOfRange(bytes, 1, bytes.length)));
    }
  }

  /**
   * The messages of a client that has logged in, cut into packets here, so that lengths and ends of
   * packets are right whatever the bytes are.
   *
   * @param bytes first the index of a {@link TdsVersion}, then for each message its type, the
   *     status of its packets with an index of {@link #PAYLOAD_BYTES} in the upper three bits, its
   *     length in two bytes, the lower first, and its payload
   */
  public static void messages(byte[] bytes) throws IOException {
    if (bytes.length == 0) {
      return;
    }
    ByteArrayOutputStream packets = new ByteArrayOutputStream();
    int at = 1;
    while (at + MESSAGE_HEADER_BYTES <= bytes.length) {
      int length = (bytes[at + 2] & 0xFF) | ((bytes[at + 3] & 0xFF) << 8);
      int from = at + MESSAGE_HEADER_BYTES;
      int to = Math.min(bytes.length, from + length);
      cut(bytes[at], bytes[at + 1], Arrays.copyOfRange(bytes, from, to), packets);
      at = to;
    }
    byte[] stream = packets.toByteArray();
    bounded(stream.length, () -> converse(version(bytes), stream));
  }

  private static void cut(int type, int status, byte[] payload, ByteArrayOutputStream packets) {
    int size = PAYLOAD_BYTES[(status & 0xE0) >> 5];
    int at = 0;
    do {
      int to = Math.min(payload.length, at + size);
      int last = to == payload.length ? status & 0x1F : status & 0x1E;
      packets.writeBytes(RawClient.packet(type, last, Arrays.copyOfRange(payload, at, to)));
      at = to;
    } while (at < payload.length);
  }

  private static TdsVersion version(byte[] bytes) {
    TdsVersion[] versions = TdsVersion.values();
    return versions[(bytes[0] & 0xFF) % versions.length];
  }

  private interface Conversation {
    void run() throws IOException;
  }

  private static void bounded(int sent, Conversation conversation) throws IOException {
    long allowed = ALLOCATED_BYTES + ALLOCATED_PER_BYTE * sent;
    if (allocated(conversation) > allowed) {
      // The first time it may have been the loading of classes.
      long allocated = allocated(conversation);
      if (allocated > allowed) {
        throw new AssertionError(
            "Expected at most %,d bytes of memory for %,d that came, found %,d"
                .formatted(allowed, sent, allocated));
      }
    }
  }

  private static long allocated(Conversation conversation) throws IOException {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    conversation.run();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  private static synchronized ServerIdentity identity() throws IOException {
    if (identity == null) {
      identity = ServerIdentity.create();
    }
    return identity;
  }

  private static void logIn(byte[] stream, ServerIdentity made) throws IOException {
    Login login = new Login(new EchoEngine(), () -> made, WireLimits.DEFAULT, "standin");
    try {
      Optional<Login.Accepted> accepted =
          login.accept(new MemorySocket(new ByteArrayInputStream(stream)), 51);
      accepted.ifPresent(a -> a.session().close());
    } catch (EOFException | ProtocolException | SSLException e) {
      // Refused with a typed error.
    }
  }

  private static void converse(TdsVersion version, byte[] stream) throws IOException {
    ReplySink replies = new ReplySink();
    Echo session = new Echo();
    Attention attention = new Attention(session);
    Packets packets = new Packets(new ByteArrayInputStream(stream), attention);
    PacketWriter out = new PacketWriter(replies, 51);
    try {
      new Connection(session, packets, attention, out, WireLimits.DEFAULT, "standin", version)
          .run();
      throw new AssertionError("Expected the conversation to end by an exception");
    } catch (EOFException | ProtocolException e) {
      // The client left, or was told what is wrong.
    } catch (IOException e) {
      if (e.getCause() != null) {
        throw new AssertionError("Expected a typed error, found a fault", e.getCause());
      }
    }
    replies.requireWholePackets();
  }

  /** The packets of a stream, each of which must be given back before the next is wanted. */
  private static final class Packets implements PacketSource {
    private final PacketReader reader;
    private final Attention attention;
    private final Packet packet = new Packet(Packet.MAX_SIZE);
    private boolean taken;

    Packets(InputStream in, Attention attention) {
      this.reader = new PacketReader(in);
      this.attention = attention;
    }

    @Override
    public Packet next() throws IOException {
      if (taken) {
        throw new AssertionError("Expected the last packet to be given back, found it in use");
      }
      try {
        reader.read(packet);
      } catch (IOException e) {
        attention.request();
        throw e;
      }
      if (packet.type() == PacketType.ATTENTION) {
        attention.request();
      }
      taken = true;
      return packet;
    }

    @Override
    public void release(Packet released) {
      if (!taken) {
        throw new AssertionError("Expected a packet to be given back once, found it again");
      }
      taken = false;
    }
  }

  /** Checks that what is sent are packets of replies. */
  private static final class ReplySink extends OutputStream {
    private final byte[] header = new byte[8];
    private int headerBytes;
    private int payloadLeft;

    @Override
    public void write(int value) {
      if (payloadLeft > 0) {
        payloadLeft--;
        return;
      }
      header[headerBytes++] = (byte) value;
      if (headerBytes == header.length) {
        headerBytes = 0;
        payloadLeft = (((header[2] & 0xFF) << 8) | (header[3] & 0xFF)) - header.length;
        if (header[0] != PacketType.REPLY || payloadLeft < 0) {
          throw new AssertionError("Expected the header of a reply: " + Arrays.toString(header));
        }
      }
    }

    void requireWholePackets() {
      if (headerBytes != 0 || payloadLeft != 0) {
        throw new AssertionError("Expected whole packets, found a part of one");
      }
    }
  }

  /** A connected socket over bytes. */
  private static final class MemorySocket extends Socket {
    private final InputStream in;

    MemorySocket(InputStream in) {
      this.in = in;
    }

    @Override
    public InputStream getInputStream() {
      return in;
    }

    /** The records of TLS are no replies, and are not looked at. */
    @Override
    public OutputStream getOutputStream() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public void setSoTimeout(int millis) {}

    @Override
    public int getSoTimeout() {
      return 0;
    }

    @Override
    public void setSoLinger(boolean on, int seconds) {}

    @Override
    public int getSoLinger() {
      return -1;
    }

    @Override
    public void shutdownInput() {}

    @Override
    public void shutdownOutput() {}

    @Override
    public boolean isConnected() {
      return true;
    }

    @Override
    public InetAddress getInetAddress() {
      return InetAddress.getLoopbackAddress();
    }
  }

  /** Takes every user that has a name. */
  private static final class EchoEngine implements SqlEngine {
    @Override
    public EngineSession login(String user, char[] password, String database, String application)
        throws SqlServerError {
      if (user.isEmpty()) {
        throw new SqlServerError(18456, 14, 1, "Login failed for user ''.");
      }
      return new Echo();
    }

    @Override
    public void close() {}
  }

  /** Sends back what it is given, in types that hold every value of the given ones. */
  private static final class Echo implements EngineSession {
    private boolean awaitsBulkData;

    @Override
    public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      awaitsBulkData = batch.toUpperCase(Locale.ROOT).startsWith("INSERT BULK");
      if (isQuery(batch)) {
        query(batch, parameters, results);
      } else {
        results.done(Command.OTHER, -1);
      }
      outputs(parameters, results);
    }

    private static void outputs(List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      for (int i = 0; i < parameters.size(); i++) {
        Parameter parameter = parameters.get(i);
        if (parameter.output()) {
          results.outputValue(
              i, parameter.name(), wide(parameter.type(), scale(parameter)), parameter.value());
        }
      }
    }

    @Override
    public boolean isQuery(String batch) {
      return batch.regionMatches(true, 0, "SELECT", 0, "SELECT".length());
    }

    @Override
    public void query(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      List<ResultColumn> columns = new ArrayList<>();
      columns.add(new ResultColumn("n", SqlType.of(Kind.INT), false, false));
      for (Parameter parameter : parameters) {
        columns.add(
            new ResultColumn(
                parameter.name(), wide(parameter.type(), scale(parameter)), true, false));
      }
      results.columns(columns);
      for (int n = 0; n < ECHOED_ROWS; n++) {
        Object[] row = new Object[columns.size()];
        row[0] = n;
        for (int i = 1; i < row.length; i++) {
          row[i] = parameters.get(i - 1).value();
        }
        results.row(row);
      }
      results.done(Command.SELECT, ECHOED_ROWS);
    }

    private static int scale(Parameter parameter) {
      return parameter.value() instanceof BigDecimal number ? number.scale() : 0;
    }

    private static int scale(SqlType type) {
      return type.kind() == Kind.MONEY || type.kind() == Kind.SMALLMONEY ? 4 : type.scale();
    }

    /** The engine converts a value to its declared type; here it is taken as it came. */
    private static SqlType wide(SqlType type, int scale) {
      return switch (type.kind()) {
        case TINYINT -> SqlType.of(Kind.SMALLINT);
        case DECIMAL, NUMERIC, MONEY, SMALLMONEY -> SqlType.decimal(Kind.DECIMAL, 38, scale);
        case CHAR, VARCHAR -> SqlType.ofLength(Kind.VARCHAR, SqlType.MAX);
        case NCHAR, NVARCHAR -> SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX);
        case BINARY, VARBINARY -> SqlType.ofLength(Kind.VARBINARY, SqlType.MAX);
        case SMALLDATETIME, DATETIME -> SqlType.ofScale(Kind.DATETIME2, 7);
        default -> type;
      };
    }

    @Override
    public void call(String procedure, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      query(procedure, parameters, results);
      outputs(parameters, results);
      results.returnStatus(parameters.size());
    }

    @Override
    public boolean awaitsBulkData() {
      return awaitsBulkData;
    }

    @Override
    public void bulkInsert(BulkRows rows, ResultConsumer results) throws IOException {
      awaitsBulkData = false;
      List<ResultColumn> columns = new ArrayList<>();
      for (ResultColumn column : rows.columns()) {
        SqlType type = wide(column.type(), scale(column.type()));
        columns.add(new ResultColumn(column.name(), type, true, column.identity()));
      }
      results.columns(columns);
      long count = 0;
      try {
        for (Object[] row = rows.next(); row != null; row = rows.next()) {
          results.row(row);
          count++;
        }
        results.done(Command.BULK_INSERT, count);
      } catch (SqlServerError e) {
        results.error(e);
      }
    }

    @Override
    public void cancel() {}

    @Override
    public void reset(boolean keepTransaction) {
      awaitsBulkData = false;
    }

    @Override
    public String database() {
      return "Library";
    }

    @Override
    public void close() {}
  }
}
