package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.RelativeLocation;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** A file of any Flink file system. Reads move one stream, so it is for one thread. */
public final class FlinkPositionedInput implements PositionedInput {

  private final Path path;
  private final FSDataInputStream stream;
  private final long length;
  private final long modifiedAt;

  private FlinkPositionedInput(Path path, FSDataInputStream stream, long length, long modifiedAt) {
    this.path = path;
    this.stream = stream;
    this.length = length;
    this.modifiedAt = modifiedAt;
  }

  /**
   * Opens a regular file.
   *
   * @param location an absolute path, or a URI whose path is not percent-encoded
   * @throws FileNotFoundException if there is none there, or it may not be read
   */
  public static FlinkPositionedInput open(String location) throws IOException {
    return open(qualified(location));
  }

  /**
   * The location in full, with the scheme of the default file system if it had none.
   *
   * @throws IOException if there is no file system for its scheme
   * @throws FileNotFoundException if it cannot be understood
   */
  public static Path qualified(String location) throws IOException {
    try {
      Path path = new Path(location);
      return path.makeQualified(path.getFileSystem());
    } catch (IllegalArgumentException e) {
      FileNotFoundException refused =
          new FileNotFoundException(
              "%s: expected a path or a URI: %s".formatted(location, e.getMessage()));
      refused.initCause(e);
      throw refused;
    }
  }

  /**
   * The status of a regular file.
   *
   * @throws FileNotFoundException if there is none there
   */
  public static FileStatus status(Path path) throws IOException {
    FileStatus status = path.getFileSystem().getFileStatus(path);
    if (status.isDir()) {
      throw new FileNotFoundException(path + ": expected a regular file, found a directory");
    }
    return status;
  }

  /**
   * Opens a regular file.
   *
   * @throws FileNotFoundException if there is none there, or it may not be read
   */
  public static FlinkPositionedInput open(Path path) throws IOException {
    FileSystem fileSystem = path.getFileSystem();
    FileStatus status = status(path);
    return new FlinkPositionedInput(
        path, fileSystem.open(path), status.getLen(), status.getModificationTime());
  }

  @Override
  public String identity() {
    return path.toString();
  }

  @Override
  public long length() {
    return length;
  }

  /** The file's modification time when it was opened, milliseconds since 1970 UTC. */
  public long modifiedAt() {
    return modifiedAt;
  }

  /** The file's URI, percent-encoded: the form that {@link FileRangeReader} takes. */
  public String uri() {
    return path.toUri().toString();
  }

  /** The last part of the file's path. */
  public String name() {
    return path.getName();
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, buffer.length);
    if (position < 0 || count > length - position) {
      throw new EOFException(
          "%s: expected %d bytes at %d, found a file of %d bytes"
              .formatted(identity(), count, position, length));
    }
    stream.seek(position);
    int done = 0;
    while (done < count) {
      int read = stream.read(buffer, offset + done, count - done);
      if (read < 0) {
        throw new EOFException(
            "%s: expected %d bytes at %d, found the end of the file at %d"
                .formatted(identity(), count, position, position + done));
      }
      done += read;
    }
  }

  @Override
  public FlinkPositionedInput openRelative(String location) throws IOException {
    Optional<String> objection = RelativeLocation.check(location);
    if (objection.isEmpty()) {
      objection = symbolicLink(location);
    }
    if (objection.isPresent()) {
      throw new FileNotFoundException(
          "%s: location '%s' refused: %s".formatted(identity(), location, objection.get()));
    }
    return open(sibling(location));
  }

  private Path sibling(String location) {
    // The three-argument form takes the name as it is; as a child path, "a:b" would be a scheme.
    Path folder = path.getParent();
    return new Path(
        folder.toUri().getScheme(),
        folder.toUri().getAuthority(),
        folder.getPath() + (folder.getPath().endsWith("/") ? "" : "/") + location);
  }

  /** Only local file systems have links that could lead out of the folder. */
  private Optional<String> symbolicLink(String location) {
    if (!"file".equals(path.toUri().getScheme())) {
      return Optional.empty();
    }
    java.nio.file.Path current = java.nio.file.Path.of(path.getParent().getPath());
    for (String part : location.split("/", -1)) {
      current = current.resolve(part);
      if (Files.isSymbolicLink(current)) {
        return Optional.of(
            "'" + current + "' is a symbolic link, which may lead out of the folder");
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
