package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the payload of one message across its packets. Numbers are little-endian. Nothing is
 * buffered beyond the current packet. Not thread-safe.
 */
public final class MessageReader {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final PacketSource source;
  private final long maxBytes;
  private final int type;
  private final int firstStatus;
  private Packet packet;
  private byte[] buffer;
  private int position;
  private int limit;
  private long bytesOfFormerPackets;
  private char[] characters = new char[64];

  /**
   * Begins a message.
   *
   * @param first its first packet, already taken from {@code source}
   * @param maxBytes the payload length at which the message is refused
   */
  public MessageReader(PacketSource source, Packet first, long maxBytes) throws IOException {
    this.source = source;
    this.maxBytes = maxBytes;
    this.type = first.type;
    this.firstStatus = first.status;
    use(first);
  }

  /** The message type, one of {@link PacketType}. */
  public int type() {
    return type;
  }

  /** True when the session is to be reset before the request is executed. */
  public boolean resetsConnection() {
    return (firstStatus & Packet.STATUS_RESET_CONNECTION) != 0;
  }

  /** True when the session, but not its transaction, is to be reset before the request. */
  public boolean resetsConnectionKeepingTransaction() {
    return (firstStatus & Packet.STATUS_RESET_CONNECTION_KEEP_TRANSACTION) != 0;
  }

  /** Payload bytes read so far, for error messages. */
  public long offset() {
    return bytesOfFormerPackets + (packet == null ? 0 : position - (long) Packet.HEADER_LENGTH);
  }

  /** Bytes that can be read without waiting for another packet. */
  int bytesInPacket() {
    return limit - position;
  }

  /** True when no byte is left; waits for the next packet to know. */
  public boolean atEnd() throws IOException {
    while (position == limit) {
      if (packet == null || packet.isLast()) {
        return true;
      }
      advance();
    }
    return false;
  }

  /** Reads and drops what is left, and gives the last packet back. */
  public void drain() throws IOException {
    while (packet != null) {
      position = limit;
      if (packet.isLast()) {
        close();
      } else {
        advance();
      }
    }
  }

  /** Gives the current packet back. Nothing can be read afterwards. */
  public void close() {
    if (packet != null) {
      bytesOfFormerPackets = offset();
      Packet used = packet;
      packet = null;
      position = 0;
      limit = 0;
      source.release(used);
    }
  }

  public int readUnsignedByte() throws IOException {
    // The last packet of a message may be empty.
    while (position == limit) {
      advance();
    }
    return buffer[position++] & 0xFF;
  }

  public short readShort() throws IOException {
    if (limit - position >= 2) {
      short value = (short) SHORT.get(buffer, position);
      position += 2;
      return value;
    }
    int low = readUnsignedByte();
    return (short) (low | (readUnsignedByte() << 8));
  }

  public int readUnsignedShort() throws IOException {
    return readShort() & 0xFFFF;
  }

  public int readInt() throws IOException {
    if (limit - position >= 4) {
      int value = (int) INT.get(buffer, position);
      position += 4;
      return value;
    }
    int low = readUnsignedShort();
    return low | (readUnsignedShort() << 16);
  }

  public long readLong() throws IOException {
    if (limit - position >= 8) {
      long value = (long) LONG.get(buffer, position);
      position += 8;
      return value;
    }
    long low = readInt() & 0xFFFF_FFFFL;
    return low | ((long) readInt() << 32);
  }

  /** Reads an unsigned number of 1 to 8 bytes. */
  public long readUnsigned(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (long) readUnsignedByte() << (8 * i);
    }
    return value;
  }

  public void readBytes(byte[] target, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (position == limit) {
        advance();
      }
      int count = Math.min(length - done, limit - position);
      System.arraycopy(buffer, position, target, offset + done, count);
      position += count;
      done += count;
    }
  }

  public void skip(long length) throws IOException {
    long left = length;
    while (left > 0) {
      if (position == limit) {
        advance();
      }
      int count = (int) Math.min(left, limit - position);
      position += count;
      left -= count;
    }
  }

  /**
   * Reads UTF-16 code units as they are: unpaired surrogates pass, as they do through SQL Server.
   *
   * @param length code units; the caller has checked it, at most 65,535 on the wire
   */
  public String readUtf16(int length) throws IOException {
    if (characters.length < length) {
      characters = new char[Math.max(length, Math.min(2 * characters.length, 0x10000))];
    }
    readCharacters(characters, 0, length);
    return new String(characters, 0, length);
  }

  /** Reads UTF-16 code units into the target. */
  void readCharacters(char[] target, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      int count = Math.min(length - done, (limit - position) / 2);
      if (count == 0) {
        target[offset + done++] = (char) readShort();
        continue;
      }
      int at = position;
      for (int i = 0; i < count; i++, at += 2) {
        target[offset + done + i] = (char) ((buffer[at] & 0xFF) | (buffer[at + 1] << 8));
      }
      position = at;
      done += count;
    }
  }

  /** Reads a string behind its length in code units, one byte (B_VARCHAR). */
  public String readShortString() throws IOException {
    return readUtf16(readUnsignedByte());
  }

  private void advance() throws IOException {
    if (packet == null || packet.isLast()) {
      throw new ProtocolException(
          String.format("Message of type 0x%02X ended early, after %d bytes", type, offset()));
    }
    bytesOfFormerPackets += limit - Packet.HEADER_LENGTH;
    Packet used = packet;
    packet = null;
    position = 0;
    limit = 0;
    source.release(used);
    Packet next = source.next();
    if (next.type == PacketType.ATTENTION) {
      source.release(next);
      throw new MessageInterruptedException("attention within a message", true);
    }
    if (next.type != type) {
      source.release(next);
      throw new ProtocolException(
          String.format(
              "Expected another packet of the message of type 0x%02X, found type 0x%02X",
              type, next.type));
    }
    use(next);
  }

  private void use(Packet next) throws IOException {
    if ((next.status & Packet.STATUS_IGNORE) != 0 && next.isLast()) {
      source.release(next);
      throw new MessageInterruptedException("message to be ignored", false);
    }
    if (next.length == Packet.HEADER_LENGTH && !next.isLast()) {
      source.release(next);
      throw new ProtocolException("Packet without payload within a message");
    }
    if (bytesOfFormerPackets + next.length - Packet.HEADER_LENGTH > maxBytes) {
      source.release(next);
      throw new ProtocolException(
          String.format(
              "Expected a message of type 0x%02X of at most %d bytes, found more", type, maxBytes));
    }
    packet = next;
    buffer = next.buffer;
    position = Packet.HEADER_LENGTH;
    limit = next.length;
  }
}
