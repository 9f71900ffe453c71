package com.hartonomous.ingest.standin.session;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Sends what it is told to, byte by byte, for what no driver would send. */
final class RawClient implements AutoCloseable {
  static final byte[] PRELOGIN =
      HexFormat.of()
          .parseHex(
              "1201001a00000100" + "00000b0006" + "0100110001" + "ff" + "0c0000000000" + "00");

  private static final int READ_TIMEOUT_MILLIS = 30_000;
  private static final int LOGIN_FIXED_BYTES = 94;
  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;

  RawClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(READ_TIMEOUT_MILLIS);
    in = new DataInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  /** Connects and logs in without encryption. */
  static RawClient loggedIn(int port) throws IOException {
    RawClient client = new RawClient(port);
    client.send(PRELOGIN);
    client.receive();
    client.send(packet(0x10, 1, login()));
    client.receive();
    return client;
  }

  private static byte[] login() {
    byte[] user = ScriptedEngine.USER.getBytes(StandardCharsets.UTF_16LE);
    byte[] password = ScriptedEngine.PASSWORD.getBytes(StandardCharsets.UTF_16LE);
    for (int i = 0; i < password.length; i++) {
      int value = password[i] & 0xFF;
      password[i] = (byte) (((value << 4) | (value >> 4)) ^ 0xA5);
    }
    ByteBuffer buffer =
        ByteBuffer.allocate(LOGIN_FIXED_BYTES + user.length + password.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(0, buffer.capacity()).putInt(4, 0x74000004).putInt(8, 4096);
    buffer.putShort(40, (short) LOGIN_FIXED_BYTES).putShort(42, (short) (user.length / 2));
    buffer
        .putShort(44, (short) (LOGIN_FIXED_BYTES + user.length))
        .putShort(46, (short) (password.length / 2));
    buffer.position(LOGIN_FIXED_BYTES);
    return buffer.put(user).put(password).array();
  }

  static byte[] packet(int type, int status, byte[] payload) {
    byte[] packet = new byte[8 + payload.length];
    packet[0] = (byte) type;
    packet[1] = (byte) status;
    packet[2] = (byte) (packet.length >> 8);
    packet[3] = (byte) packet.length;
    System.arraycopy(payload, 0, packet, 8, payload.length);
    return packet;
  }

  static byte[] hex(String bytes) {
    return HexFormat.of().parseHex(bytes.replace(" ", ""));
  }

  /** A batch in one packet. */
  static byte[] batch(String text) {
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    payload.writeBytes(hex("04000000"));
    payload.writeBytes(text.getBytes(StandardCharsets.UTF_16LE));
    return packet(1, 1, payload.toByteArray());
  }

  void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** The payload of the next reply message. */
  byte[] receive() throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    byte[] header = new byte[8];
    do {
      in.readFully(header);
      message.writeBytes(in.readNBytes((((header[2] & 0xFF) << 8) | (header[3] & 0xFF)) - 8));
    } while ((header[1] & 1) == 0);
    return message.toByteArray();
  }

  /** The status of the DONE token that ends a message. */
  static int doneStatus(byte[] message) {
    byte[] done = Arrays.copyOfRange(message, message.length - 13, message.length);
    if ((done[0] & 0xFF) < 0xFD) {
      throw new IllegalArgumentException("No DONE token at the end: " + Arrays.toString(done));
    }
    return done[1] & 0xFF;
  }

  /** Says that nothing more will be sent. */
  void finish() throws IOException {
    socket.shutdownOutput();
  }

  /** Reads until the server closes; returns what came before. */
  byte[] receiveAll() throws IOException {
    return in.readAllBytes();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
