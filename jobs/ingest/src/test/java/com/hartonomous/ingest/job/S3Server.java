package com.hartonomous.ingest.job;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.DefaultPluginManager;
import org.apache.flink.core.plugin.PluginDescriptor;
import org.awaitility.Awaitility;

/**
 * S3Proxy, a server of its own process that checks signatures, on loopback, with a directory behind
 * it; and Flink's file systems set up for it, as a cluster's configuration would.
 */
final class S3Server implements AutoCloseable {

  /** Where Maven puts what is not on the class path; see the module's pom. */
  private static final Path JARS = Path.of("target", "s3").toAbsolutePath();

  /** Packages that a plugin gets from Flink: Flink's own default. */
  private static final String[] FROM_FLINK = {
    "java.",
    "org.apache.flink.",
    "javax.annotation.",
    "org.slf4j",
    "org.apache.log4j",
    "org.apache.logging",
    "org.apache.commons.logging",
    "ch.qos.logback"
  };

  private static final String ACCESS_KEY = "test";
  private static final String BUCKET = "models";

  private final Process process;
  private final CountingProxy proxy;

  /**
   * Starts it.
   *
   * @param directory for its files
   */
  S3Server(Path directory) throws Exception {
    String secret = UUID.randomUUID().toString();
    int port = freePort();
    Path store = Files.createDirectories(directory.resolve("store"));
    Files.createDirectory(store.resolve(BUCKET));
    Path properties =
        Files.write(
            directory.resolve("s3proxy.properties"),
            List.of(
                "s3proxy.endpoint=http://127.0.0.1:" + port,
                "s3proxy.authorization=aws-v2-or-v4",
                "s3proxy.identity=" + ACCESS_KEY,
                "s3proxy.credential=" + secret,
                "jclouds.provider=filesystem-nio2",
                "jclouds.identity=none",
                "jclouds.credential=none",
                "jclouds.filesystem.basedir=" + store));
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-jar",
                jar("s3proxy.jar").toString(),
                "--properties",
                properties.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("s3proxy.log").toFile())
            .start();
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> !process.isAlive() || accepts(port));
    if (!process.isAlive()) {
      throw new IOException("S3Proxy ended: " + Files.readString(directory.resolve("s3proxy.log")));
    }
    proxy = new CountingProxy(port);
    FileSystem.initialize(
        configuration(proxy.port(), secret),
        new DefaultPluginManager(
            List.of(
                new PluginDescriptor(
                    "s3",
                    new URL[] {jar("flink-s3-fs-hadoop.jar").toURI().toURL()},
                    new String[0])),
            FROM_FLINK));
  }

  /** What the README says of S3. */
  private static Configuration configuration(int port, String secret) {
    Configuration configuration = new Configuration();
    configuration.setString("s3.endpoint", "http://127.0.0.1:" + port);
    configuration.setString("s3.path.style.access", "true");
    configuration.setString("s3.endpoint.region", "us-east-1");
    configuration.setString("s3.access-key", ACCESS_KEY);
    configuration.setString("s3.secret-key", secret);
    configuration.setString("s3.experimental.input.fadvise", "random");
    // Uploads of the test: no search for markers of parent directories to delete.
    configuration.setString("s3.directory.marker.retention", "keep");
    return configuration;
  }

  private static File jar(String name) throws IOException {
    File jar = JARS.resolve(name).toFile();
    if (!jar.isFile()) {
      throw new IOException(
          jar + " is not there: mvn -pl jobs/ingest -am pre-integration-test puts it there.");
    }
    return jar;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** Uploads an object and returns its URI. */
  String put(String key, byte[] content) throws IOException {
    org.apache.flink.core.fs.Path path =
        new org.apache.flink.core.fs.Path("s3://" + BUCKET + "/" + key);
    try (OutputStream object =
        path.getFileSystem().create(path, FileSystem.WriteMode.NO_OVERWRITE)) {
      object.write(content);
    }
    return path.toString();
  }

  /** The requests since the last call. */
  List<CountingProxy.Request> requests() {
    return proxy.take();
  }

  @Override
  public void close() throws Exception {
    FileSystem.initialize(new Configuration(), null);
    proxy.close();
    process.destroy();
    process.waitFor();
  }
}
