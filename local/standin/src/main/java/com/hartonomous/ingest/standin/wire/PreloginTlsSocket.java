package com.hartonomous.ingest.standin.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * The socket below TLS. During the handshake it wraps TLS records into PRELOGIN packets and unwraps
 * them, each flight of the server into one message; afterwards it passes bytes through.
 */
public final class PreloginTlsSocket extends Socket {
  /**
   * With 1.3 the driver sends its login before its last handshake message has left the wrapper, so
   * the end of the handshake could not be told apart.
   */
  private static final String[] PROTOCOLS = {"TLSv1.2"};

  private static final int MAX_FLIGHT_BYTES = 64 * 1024;

  private final Socket socket;
  private final InputStream socketIn;
  private final OutputStream socketOut;
  private final PacketReader packets;
  private final Packet packet = new Packet(Packet.MAX_SIZE);
  private int packetPosition;
  private final ByteArrayOutputStream flight = new ByteArrayOutputStream();
  private volatile boolean handshaking = true;

  private PreloginTlsSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.socketIn = socket.getInputStream();
    this.socketOut = socket.getOutputStream();
    this.packets = new PacketReader(socketIn);
  }

  /**
   * Performs the server's side of the handshake.
   *
   * @return the encrypted socket; closing it closes {@code socket}
   */
  public static SSLSocket handshake(Socket socket, SSLContext context) throws IOException {
    PreloginTlsSocket below = new PreloginTlsSocket(socket);
    SSLSocket encrypted =
        (SSLSocket) context.getSocketFactory().createSocket(below, (InputStream) null, true);
    encrypted.setUseClientMode(false);
    encrypted.setEnabledProtocols(PROTOCOLS);
    encrypted.startHandshake();
    below.flushFlight();
    if (below.packetPosition != below.packet.length) {
      throw new ProtocolException("Bytes behind the TLS handshake in its last packet");
    }
    below.handshaking = false;
    return encrypted;
  }

  private int readHandshake(byte[] target, int offset, int length) throws IOException {
    flushFlight();
    while (packetPosition == packet.length) {
      packets.read(packet);
      if (packet.type != PacketType.PRELOGIN) {
        throw new ProtocolException(
            String.format(
                "Expected the TLS handshake, found a packet of type 0x%02X", packet.type));
      }
      packetPosition = Packet.HEADER_LENGTH;
    }
    int count = Math.min(length, packet.length - packetPosition);
    System.arraycopy(packet.buffer, packetPosition, target, offset, count);
    packetPosition += count;
    return count;
  }

  private void flushFlight() throws IOException {
    if (flight.size() == 0) {
      return;
    }
    PacketWriter writer = PacketWriter.ofHandshake(socketOut);
    writer.putBytes(flight.toByteArray());
    flight.reset();
    writer.endMessage();
  }

  @Override
  public InputStream getInputStream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        return handshaking
            ? readHandshake(target, offset, length)
            : socketIn.read(target, offset, length);
      }

      @Override
      public void close() throws IOException {
        socket.close();
      }
    };
  }

  @Override
  public OutputStream getOutputStream() {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] source, int offset, int length) throws IOException {
        if (!handshaking) {
          socketOut.write(source, offset, length);
          return;
        }
        if (flight.size() + length > MAX_FLIGHT_BYTES) {
          throw new ProtocolException("TLS handshake of more than " + MAX_FLIGHT_BYTES + " bytes");
        }
        flight.write(source, offset, length);
      }

      @Override
      public void flush() throws IOException {
        if (!handshaking) {
          socketOut.flush();
        }
      }

      @Override
      public void close() throws IOException {
        socket.close();
      }
    };
  }

  @Override
  public boolean isConnected() {
    return socket.isConnected();
  }

  @Override
  public boolean isClosed() {
    return socket.isClosed();
  }

  @Override
  public InetAddress getInetAddress() {
    return socket.getInetAddress();
  }

  @Override
  public int getPort() {
    return socket.getPort();
  }

  @Override
  public int getLocalPort() {
    return socket.getLocalPort();
  }

  // Whatever the socket above asks of this one is the real socket's: the first question that Socket
  // answered itself would open another, which nobody closes.

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    socket.setSoTimeout(millis);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    return socket.getSoTimeout();
  }

  @Override
  public void setTcpNoDelay(boolean on) throws SocketException {
    socket.setTcpNoDelay(on);
  }

  @Override
  public void setSoLinger(boolean on, int seconds) throws SocketException {
    socket.setSoLinger(on, seconds);
  }

  @Override
  public int getSoLinger() throws SocketException {
    return socket.getSoLinger();
  }

  @Override
  public void shutdownInput() throws IOException {
    socket.shutdownInput();
  }

  @Override
  public void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public boolean isInputShutdown() {
    return socket.isInputShutdown();
  }

  @Override
  public boolean isOutputShutdown() {
    return socket.isOutputShutdown();
  }

  @Override
  public synchronized void close() throws IOException {
    socket.close();
  }
}
