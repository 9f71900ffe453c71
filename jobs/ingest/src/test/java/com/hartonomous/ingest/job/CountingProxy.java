package com.hartonomous.ingest.job;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An HTTP server on loopback that passes requests on to another one, headers and all, so that
 * signatures stay valid, and remembers them.
 */
final class CountingProxy implements AutoCloseable {

  private static final int BLOCK_BYTES = 16 << 10;

  /**
   * A request.
   *
   * @param range the header; null without it
   * @param bytes of the answer's body that the client took
   */
  record Request(String method, String path, String range, AtomicLong bytes) {

    /** Length of the range that was asked for; of what is left of the object when it has no end. */
    long rangeLength() {
      if (range == null) {
        return Long.MAX_VALUE;
      }
      String[] ends = range.substring(range.indexOf('=') + 1).split("-", -1);
      return ends[1].isEmpty()
          ? Long.MAX_VALUE
          : Long.parseLong(ends[1]) - Long.parseLong(ends[0]) + 1;
    }
  }

  private final int target;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();

  /** Passes requests on to that port of loopback. */
  CountingProxy(int target) throws IOException {
    this.target = target;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::pass);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** All requests since the last time it was asked, in the order in which they came. */
  List<Request> take() {
    List<Request> taken = List.copyOf(requests);
    requests.removeAll(taken);
    return taken;
  }

  private void pass(HttpExchange exchange) throws IOException {
    Request request =
        new Request(
            exchange.getRequestMethod(),
            exchange.getRequestURI().getPath(),
            exchange.getRequestHeaders().getFirst("Range"),
            new AtomicLong());
    requests.add(request);
    try (exchange;
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), target)) {
      StringBuilder head = new StringBuilder();
      head.append(
          "%s %s HTTP/1.1\r\n".formatted(request.method(), exchange.getRequestURI().toString()));
      exchange
          .getRequestHeaders()
          .forEach(
              (name, values) -> {
                if (!name.equalsIgnoreCase("Connection") && !name.equalsIgnoreCase("Expect")) {
                  values.forEach(value -> head.append(name + ": " + value + "\r\n"));
                }
              });
      head.append("Connection: close\r\n\r\n");
      socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      exchange.getRequestBody().transferTo(socket.getOutputStream());
      answer(exchange, request, new BufferedInputStream(socket.getInputStream()));
    }
  }

  private static void answer(HttpExchange exchange, Request request, InputStream in)
      throws IOException {
    int status = Integer.parseInt(line(in).split(" ", -1)[1]);
    boolean hasBody = !request.method().equals("HEAD") && status != 204 && status != 304;
    boolean chunked = false;
    long left = -1;
    for (String header = line(in); !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      String name = header.substring(0, colon).toLowerCase(Locale.ROOT);
      String value = header.substring(colon + 1).strip();
      if (name.equals("transfer-encoding")) {
        chunked = true;
      } else if (!name.equals("connection") && (!hasBody || !name.equals("content-length"))) {
        exchange.getResponseHeaders().add(name, value);
      } else if (name.equals("content-length")) {
        left = Long.parseLong(value);
      }
    }
    if (!hasBody) {
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    if (chunked || left < 0) {
      byte[] body = chunked ? chunks(in) : in.readAllBytes();
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
      request.bytes().addAndGet(body.length);
      return;
    }
    exchange.sendResponseHeaders(status, left == 0 ? -1 : left);
    byte[] block = new byte[BLOCK_BYTES];
    while (left > 0) {
      int count = in.read(block, 0, (int) Math.min(block.length, left));
      if (count < 0) {
        throw new EOFException("the server broke off " + left + " bytes before the end");
      }
      exchange.getResponseBody().write(block, 0, count);
      request.bytes().addAndGet(count);
      left -= count;
    }
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = Integer.parseInt(line(in), 16);
        size > 0;
        size = Integer.parseInt(line(in), 16)) {
      body.write(in.readNBytes(size));
      line(in);
    }
    return body.toByteArray();
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new EOFException("the server broke off");
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
