package com.hartonomous.ingest.local;

import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a demo keeps everything: the databases, the model files, the jobs' checkpoints. A process
 * that dies leaves a directory with which the next one goes on.
 *
 * <p>Only one process uses it at a time: it holds a lock that the operating system frees when the
 * process dies.
 */
final class DemoDirectory implements AutoCloseable {

  /** The first file that is made in a directory, and locked while it is in use. */
  private static final String MARKER = "hartonomous-demo";

  private static final String PREPARED = "prepared";
  private static final String MODELS = "models";
  private static final String CHECKPOINTS = "checkpoints";
  private static final String FLINK = "flink";

  private final Path path;
  private final boolean temporary;
  private final FileChannel lock;

  private DemoDirectory(Path path, boolean temporary, FileChannel lock) {
    this.path = path;
    this.temporary = temporary;
    this.lock = lock;
  }

  /** A directory that is removed when it is closed. */
  static DemoDirectory temporary() throws IOException, ConfigurationException {
    Path path = Files.createTempDirectory("hartonomous-demo-");
    return new DemoDirectory(path, true, lock(path, path));
  }

  /**
   * Opens a directory: a new or empty one, or one that an earlier demo made. If that one died
   * before the tables were there, what it left is removed.
   *
   * @throws ConfigurationException when it is anything else, or another demo is using it
   */
  static DemoDirectory open(Path given) throws IOException, ConfigurationException {
    Path path = given.toAbsolutePath().normalize();
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new ConfigurationException(
          "--data " + given + ": expected a directory, found a file. Name another one.");
    }
    Files.createDirectories(path);
    if (!Files.exists(path.resolve(MARKER)) && !entries(path).isEmpty()) {
      throw new ConfigurationException(
          "--data "
              + given
              + ": expected a new or empty directory, or one that an earlier demo made, found "
              + entries(path).get(0).getFileName()
              + " in it. Name another one.");
    }
    DemoDirectory directory = new DemoDirectory(path, false, lock(path, given));
    try {
      directory.removeWhatIsOfNoUse();
    } catch (IOException e) {
      directory.close();
      throw e;
    }
    return directory;
  }

  private static FileChannel lock(Path path, Path given)
      throws IOException, ConfigurationException {
    FileChannel channel =
        FileChannel.open(path.resolve(MARKER), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!isLocked(channel)) {
      channel.close();
      throw new ConfigurationException(
          "--data " + given + ": another demo is using it. End that one, or name another one.");
    }
    return channel;
  }

  /** False when this process or another one has the lock. */
  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /**
   * Flink's temporary files, and, before the preparation was complete, everything: nothing was
   * ingested yet, and the stand-in cannot undo definitions of a transaction that died.
   */
  private void removeWhatIsOfNoUse() throws IOException {
    if (isPrepared()) {
      remove(path.resolve(FLINK));
      return;
    }
    for (Path entry : entries(path)) {
      if (!entry.getFileName().toString().equals(MARKER)) {
        remove(entry);
      }
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  /** Whether {@link #markPrepared} was called, by this process or an earlier one. */
  boolean isPrepared() {
    return Files.exists(path.resolve(PREPARED));
  }

  /** The tables are there: from now on the contents are gone on with. */
  void markPrepared() throws IOException {
    Files.createFile(path.resolve(PREPARED));
  }

  Path path() {
    return path;
  }

  /** Made when it is missing. */
  Path models() throws IOException {
    return Files.createDirectories(path.resolve(MODELS));
  }

  /** The checkpoint directory of a job; each has its own, so that each finds its own newest one. */
  Path checkpoints(String job) {
    return path.resolve(CHECKPOINTS).resolve(job);
  }

  /** For Flink's temporary files. */
  Path flink() {
    return path.resolve(FLINK);
  }

  /** Lets others use the directory, and removes it when it is temporary. */
  @Override
  public void close() throws IOException {
    try {
      if (temporary) {
        remove(path);
      }
    } finally {
      lock.close();
    }
  }

  /** Removes a file or directory; one that is not there, or vanishes meanwhile, is as good. */
  private static void remove(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
            if (error instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw error;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException error)
              throws IOException {
            if (error != null) {
              throw error;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
