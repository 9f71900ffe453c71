package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.wire.Packet;
import com.hartonomous.ingest.standin.wire.PacketReader;
import com.hartonomous.ingest.standin.wire.PacketSource;
import com.hartonomous.ingest.standin.wire.PacketType;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads packets on a thread of its own, so that an attention and the end of the connection are seen
 * while a request executes. At most a fixed number of packets wait; beyond that the client waits.
 */
final class RequestQueue implements PacketSource, Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(RequestQueue.class);
  private static final int CAPACITY = 16;

  private final PacketReader packets;
  private final Attention attention;
  private final BlockingQueue<Packet> free = new ArrayBlockingQueue<>(CAPACITY);
  private final BlockingQueue<Object> read = new ArrayBlockingQueue<>(CAPACITY + 1);

  /**
   * @param packetSize the longest packet that the client may send
   */
  RequestQueue(InputStream in, int packetSize, Attention attention) {
    this.packets = new PacketReader(in);
    this.attention = attention;
    for (int i = 0; i < CAPACITY; i++) {
      free.add(new Packet(packetSize));
    }
  }

  /** Reads until the connection ends, or its thread is interrupted. */
  @Override
  public void run() {
    try {
      IOException end = readUntilEnd();
      attention.request();
      // One place is left beyond the packets that exist.
      read.put(end);
      attention.cancelExecution();
    } catch (InterruptedException e) {
      LOG.debug("Reader stopped: {}", e.toString());
      Thread.currentThread().interrupt();
    }
  }

  private IOException readUntilEnd() throws InterruptedException {
    while (true) {
      Packet packet = free.take();
      try {
        packets.read(packet);
      } catch (IOException e) {
        return e;
      }
      if (packet.type() == PacketType.ATTENTION) {
        attention.request();
        read.put(packet);
        // Behind the packet, because an execution may be waiting for the rest of a bulk load.
        attention.cancelExecution();
      } else {
        read.put(packet);
      }
    }
  }

  @Override
  public Packet next() throws IOException {
    try {
      Object next = read.take();
      if (next instanceof Packet packet) {
        return packet;
      }
      read.put(next);
      IOException end = (IOException) next;
      if (end instanceof EOFException) {
        throw new EOFException(end.getMessage());
      }
      throw end;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("Server is closing");
      interrupted.initCause(e);
      throw interrupted;
    }
  }

  @Override
  public void release(Packet packet) {
    free.add(packet);
  }
}
