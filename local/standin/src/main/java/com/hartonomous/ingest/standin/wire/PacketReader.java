package com.hartonomous.ingest.standin.wire;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Reads single packets off a stream, checking the header before anything else is believed. */
public final class PacketReader {
  private final InputStream in;

  public PacketReader(InputStream in) {
    this.in = in;
  }

  /**
   * Reads one packet.
   *
   * @throws EOFException when the stream ends before or within the packet
   * @throws ProtocolException when the header is none, or announces more than the packet can hold
   */
  public void read(Packet packet) throws IOException {
    byte[] buffer = packet.buffer;
    readFully(buffer, 0, Packet.HEADER_LENGTH);
    int type = buffer[0] & 0xFF;
    int length = ((buffer[2] & 0xFF) << 8) | (buffer[3] & 0xFF);
    if (!PacketType.isRequest(type)) {
      throw new ProtocolException(
          String.format("Expected the type of a request packet, found 0x%02X", type)
              + (type == 0x16 ? " (a TLS record: encrypt=strict is not supported)" : ""));
    }
    if (length < Packet.HEADER_LENGTH || length > buffer.length) {
      throw new ProtocolException(
          String.format(
              "Expected a packet length between %d and %d, found %d in a packet of type 0x%02X",
              Packet.HEADER_LENGTH, buffer.length, length, type));
    }
    packet.type = type;
    packet.status = buffer[1] & 0xFF;
    packet.length = length;
    readFully(buffer, Packet.HEADER_LENGTH, length);
  }

  private void readFully(byte[] buffer, int from, int to) throws IOException {
    int position = from;
    while (position < to) {
      int count = in.read(buffer, position, to - position);
      if (count < 0) {
        throw new EOFException(
            position == 0 ? "Connection closed" : "Connection closed within a packet");
      }
      position += count;
    }
  }
}
