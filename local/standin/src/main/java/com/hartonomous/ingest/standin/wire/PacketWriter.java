package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Cuts what is put into packets of one reply message. A packet is sent as soon as it is full and
 * another byte follows; the last one by {@link #endMessage}. Numbers are little-endian. Not
 * thread-safe.
 */
public final class PacketWriter {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final OutputStream out;
  private final int serverProcessId;
  private final int type;
  private final boolean framed;
  private byte[] buffer = new byte[Packet.DEFAULT_SIZE];
  private int position = Packet.HEADER_LENGTH;
  private long packetsSent;
  private int packetNumber = 1;

  /**
   * @param serverProcessId the connection's number, sent in each header
   */
  public PacketWriter(OutputStream out, int serverProcessId) {
    this(out, serverProcessId, PacketType.REPLY, true);
  }

  private PacketWriter(OutputStream out, int serverProcessId, int type, boolean framed) {
    this.type = type;
    this.out = out;
    this.serverProcessId = serverProcessId;
    this.framed = framed;
  }

  /** For records of TLS: they travel in packets of the same type both ways. */
  static PacketWriter ofHandshake(OutputStream out) {
    return new PacketWriter(out, 0, PacketType.PRELOGIN, true);
  }

  /** Passes on what is put without packet headers. */
  static PacketWriter unframed(OutputStream out) {
    return new PacketWriter(out, 0, PacketType.REPLY, false);
  }

  /** Sets the size of the packets from the next message on; only between two messages. */
  public void packetSize(int size) {
    if (position != Packet.HEADER_LENGTH) {
      throw new IllegalStateException("Packet size changed within a message");
    }
    buffer = new byte[size];
  }

  /** A place in the message, for {@link #rewind}. */
  long mark() {
    return (packetsSent << 16) | position;
  }

  /** Takes back what was put since the mark; false when a part of it has been sent already. */
  boolean rewind(long mark) {
    if (mark >>> 16 != packetsSent) {
      return false;
    }
    position = (int) (mark & 0xFFFF);
    return true;
  }

  public void putByte(int value) throws IOException {
    if (position == buffer.length) {
      send(0);
    }
    buffer[position++] = (byte) value;
  }

  public void putShort(int value) throws IOException {
    if (buffer.length - position >= 2) {
      SHORT.set(buffer, position, (short) value);
      position += 2;
    } else {
      putByte(value);
      putByte(value >> 8);
    }
  }

  public void putInt(int value) throws IOException {
    if (buffer.length - position >= 4) {
      INT.set(buffer, position, value);
      position += 4;
    } else {
      putShort(value);
      putShort(value >> 16);
    }
  }

  public void putLong(long value) throws IOException {
    if (buffer.length - position >= 8) {
      LONG.set(buffer, position, value);
      position += 8;
    } else {
      putInt((int) value);
      putInt((int) (value >> 32));
    }
  }

  /** Puts the low bytes of a number. */
  public void putUnsigned(long value, int bytes) throws IOException {
    for (int i = 0; i < bytes; i++) {
      putByte((int) (value >>> (8 * i)));
    }
  }

  public void putBytes(byte[] source) throws IOException {
    putBytes(source, 0, source.length);
  }

  /** Puts a part of the bytes. */
  public void putBytes(byte[] source, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (position == buffer.length) {
        send(0);
      }
      int count = Math.min(length - done, buffer.length - position);
      System.arraycopy(source, offset + done, buffer, position, count);
      position += count;
      done += count;
    }
  }

  /** Puts the UTF-16 code units of a text. */
  public void putUtf16(String text) throws IOException {
    int done = 0;
    while (done < text.length()) {
      int count = Math.min(text.length() - done, (buffer.length - position) / 2);
      if (count == 0) {
        putShort(text.charAt(done++));
        continue;
      }
      int at = position;
      for (int i = 0; i < count; i++, at += 2) {
        char unit = text.charAt(done + i);
        buffer[at] = (byte) unit;
        buffer[at + 1] = (byte) (unit >> 8);
      }
      position = at;
      done += count;
    }
  }

  /** Puts a text in code page 1252; characters outside of it become question marks. */
  public void putCodePage1252(String text) throws IOException {
    int done = 0;
    while (done < text.length()) {
      if (position == buffer.length) {
        send(0);
      }
      int count = Math.min(text.length() - done, buffer.length - position);
      for (int i = 0; i < count; i++) {
        buffer[position + i] = CodePage1252.encode(text.charAt(done + i));
      }
      position += count;
      done += count;
    }
  }

  /** Sends the last packet of the message and flushes the stream. */
  public void endMessage() throws IOException {
    send(Packet.STATUS_END_OF_MESSAGE);
    out.flush();
    packetNumber = 1;
  }

  private void send(int status) throws IOException {
    if (!framed) {
      int length = position - Packet.HEADER_LENGTH;
      position = Packet.HEADER_LENGTH;
      packetsSent++;
      out.write(buffer, Packet.HEADER_LENGTH, length);
      return;
    }
    buffer[0] = (byte) type;
    buffer[1] = (byte) status;
    buffer[2] = (byte) (position >> 8);
    buffer[3] = (byte) position;
    buffer[4] = (byte) (serverProcessId >> 8);
    buffer[5] = (byte) serverProcessId;
    buffer[6] = (byte) packetNumber++;
    buffer[7] = 0;
    int length = position;
    position = Packet.HEADER_LENGTH;
    packetsSent++;
    out.write(buffer, 0, length);
  }
}
