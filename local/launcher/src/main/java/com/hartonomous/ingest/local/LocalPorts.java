package com.hartonomous.ingest.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** The loopback ports of the local services. */
final class LocalPorts {

  static final int SQL_SERVER = 14_330;
  static final int BOLT = 17_687;
  static final int WEB = 18_081;
  static final String LOOPBACK = "127.0.0.1";

  private LocalPorts() {}

  /** The port if it is free, otherwise 0, which stands for any free one. */
  static int ifFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(LOOPBACK))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      return 0;
    }
  }
}
