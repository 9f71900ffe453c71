package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.Progress;
import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.cli.models.StoredChunks.Chunk;
import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.content.ContentStore.StoredContent;
import com.hartonomous.ingest.format.RelativeLocation;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Writes the files of a model, byte for byte what was ingested.
 *
 * <p>They are written into a directory with a temporary name inside the target, each atom's content
 * is checked against its hash on the way, and all chunks against the model's digest; only then they
 * are moved to their places, one after the other. What fails before leaves nothing; a process that
 * is killed leaves that directory, whose name begins with a dot and ends with {@code .partial}.
 *
 * <p>Memory does not depend on the model's size but for its list of files.
 */
final class ModelExport {

  private static final int BUFFER_BYTES = 64 << 10;

  private final Connection connection;
  private final ContentStore store;
  private final StoredModel model;
  private final Progress progress;
  private final byte[] buffer = new byte[BUFFER_BYTES];

  ModelExport(Connection connection, ContentStore store, StoredModel model, Progress progress) {
    this.connection = connection;
    this.store = store;
    this.model = model;
    this.progress = progress;
  }

  /**
   * Writes all files, at their relative paths below the directory, which is created if need be.
   *
   * @throws ConfigurationException when one of them is there already, the directory is no
   *     directory, or its file system has no room or no such names
   * @throws ProblemException when what is stored is not the model, or a path would lead out of the
   *     directory
   * @throws IOException when the directory cannot be written
   */
  void write(Path directory)
      throws SQLException, IOException, ConfigurationException, ProblemException {
    Map<StoredFile, Path> relative = relativePaths();
    for (Path path : relative.values()) {
      requireFree(directory.resolve(path));
    }
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new ConfigurationException(
          "--out %s: it is a file. Give a directory.".formatted(directory));
    }
    Path target = Files.createDirectories(directory).toRealPath();
    requireRoom(target);
    Path written =
        Files.createDirectory(target.resolve(".export-" + UUID.randomUUID() + ".partial"));
    try {
      for (Path path : relative.values()) {
        Path file = written.resolve(path);
        Files.createDirectories(file.getParent());
        Files.createFile(file);
      }
      new StoredChunks(connection)
          .read(model, (file, page) -> writePage(file, written.resolve(relative.get(file)), page));
      for (Path path : relative.values()) {
        moveInto(target, written, path);
      }
    } finally {
      deleteAll(written);
    }
  }

  private Map<StoredFile, Path> relativePaths() throws ConfigurationException, ProblemException {
    Map<StoredFile, Path> paths = new LinkedHashMap<>();
    for (StoredFile file : model.files()) {
      String objection = RelativeLocation.check(file.path()).orElse(null);
      if (objection != null) {
        throw new ProblemException(
            "model %d: expected relative paths of files, found '%s': %s. It is not written."
                .formatted(model.modelId(), file.path(), objection));
      }
      try {
        paths.put(file, Path.of(file.path()));
      } catch (InvalidPathException e) {
        throw new ConfigurationException(
            "model %d: this system cannot name a file '%s': %s. Use a UTF-8 locale (LC_ALL=C.UTF-8)."
                .formatted(model.modelId(), file.path(), e.getReason()),
            e);
      }
    }
    return paths;
  }

  private static void requireFree(Path file) throws ConfigurationException {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ConfigurationException(
          "%s is there already and is not overwritten. Give another --out, or move it away."
              .formatted(file));
    }
  }

  private void requireRoom(Path directory) throws IOException, ConfigurationException {
    long room = Files.getFileStore(directory).getUsableSpace();
    if (room < model.byteLength()) {
      throw new ConfigurationException(
          "--out %s: expected room for %s, found %s. Give another --out, or make room."
              .formatted(directory, Units.bytes(model.byteLength()), Units.bytes(room)));
    }
  }

  private void writePage(StoredFile file, Path target, List<Chunk> page)
      throws SQLException, IOException, ProblemException {
    // An atom is read once a page, wherever it goes.
    Map<Long, List<Chunk>> places = new TreeMap<>();
    for (Chunk chunk : page) {
      places.computeIfAbsent(chunk.atomId(), id -> new ArrayList<>()).add(chunk);
    }
    long[] atomIds = places.keySet().stream().mapToLong(Long::longValue).toArray();
    List<String> objections = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
      store.read(
          connection,
          atomIds,
          content -> {
            List<Chunk> chunks = places.remove(content.atomId());
            String objection = writeAtom(content, chunks, channel, target);
            if (objection != null) {
              objections.add(objection);
            }
          });
    }
    if (objections.isEmpty() && !places.isEmpty()) {
      objections.add("its atom gone");
    }
    if (!objections.isEmpty()) {
      throw StoredChunks.damaged(
          model, "all content of '%s', found %s".formatted(file.path(), objections.get(0)));
    }
  }

  /** Returns what is wrong with the content; null when it is written. */
  private String writeAtom(
      StoredContent content, List<Chunk> chunks, FileChannel channel, Path target)
      throws IOException {
    Sha256 hash = chunks.get(0).hash();
    if (content.bytes() == null) {
      return "nothing of atom " + hash;
    }
    MessageDigest digest = Sha256.newDigest();
    long done = 0;
    InputStream bytes = content.bytes();
    for (int count = bytes.read(buffer); count >= 0; count = bytes.read(buffer)) {
      digest.update(buffer, 0, count);
      for (Chunk chunk : chunks) {
        if (done + count > chunk.length()) {
          return "more than %d bytes of atom %s".formatted(chunk.length(), hash);
        }
        writeFully(channel, ByteBuffer.wrap(buffer, 0, count), chunk.offset() + done, target);
      }
      done += count;
      progress.add((long) count * chunks.size());
    }
    Sha256 found = Sha256.fromBytes(digest.digest());
    if (!found.equals(hash)) {
      return "content with the hash %s of atom %s".formatted(found, hash);
    }
    for (Chunk chunk : chunks) {
      if (done < chunk.length()) {
        return "%d of %d bytes of atom %s".formatted(done, chunk.length(), hash);
      }
    }
    return null;
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes, long position, Path target)
      throws IOException {
    try {
      long at = position;
      while (bytes.hasRemaining()) {
        at += channel.write(bytes, at);
      }
    } catch (IOException e) {
      // The channel's own message does not say which file.
      FileSystemException failure =
          new FileSystemException(target.toString(), null, e.getMessage());
      failure.addSuppressed(e);
      throw failure;
    }
  }

  /**
   * Gives a written file its name.
   *
   * @param target without symbolic links
   */
  private static void moveInto(Path target, Path written, Path path)
      throws IOException, ConfigurationException {
    Path folder = target;
    for (int i = 0; i < path.getNameCount() - 1; i++) {
      folder = folder.resolve(path.getName(i));
      if (Files.isSymbolicLink(folder)) {
        throw new ConfigurationException(
            "%s is a symbolic link, through which nothing is written. Give another --out."
                .formatted(folder));
      }
      if (!Files.isDirectory(folder)) {
        Files.createDirectory(folder);
      }
    }
    requireFree(target.resolve(path));
    Files.move(written.resolve(path), target.resolve(path));
  }

  private static void deleteAll(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
