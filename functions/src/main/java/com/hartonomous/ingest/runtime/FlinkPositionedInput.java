package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.RelativeLocation;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;

/** A file of any Flink file system. Reads move one stream, so it is for one thread. */
public final class FlinkPositionedInput implements PositionedInput {

  private static final long SKIPPED_BYTES_MAX = 1 << 20;

  private final Path path;
  private final FlinkModelFolder folder;
  private final String pathInFolder;
  private final FSDataInputStream stream;
  private final long length;
  private final long modifiedAt;

  private FlinkPositionedInput(
      Path path,
      FlinkModelFolder folder,
      String pathInFolder,
      FSDataInputStream stream,
      FileStatus status) {
    this.path = path;
    this.folder = folder;
    this.pathInFolder = pathInFolder;
    this.stream = stream;
    this.length = status.getLen();
    this.modifiedAt = status.getModificationTime();
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
    FileStatus status = status(path);
    FlinkModelFolder folder = FlinkModelFolder.of(path.getParent());
    FlinkPositionedInput input = open(path, folder, path.getName(), status);
    folder.remember(path.getName(), input);
    return input;
  }

  /** Opens a file of a folder, whose path there is {@code pathInFolder}. */
  static FlinkPositionedInput open(Path path, FlinkModelFolder folder, String pathInFolder)
      throws IOException {
    return open(path, folder, pathInFolder, status(path));
  }

  private static FlinkPositionedInput open(
      Path path, FlinkModelFolder folder, String pathInFolder, FileStatus status)
      throws IOException {
    return new FlinkPositionedInput(
        path, folder, pathInFolder, path.getFileSystem().open(path), status);
  }

  /** The folder of this file, which knows the files that were opened beside it, too. */
  public FlinkModelFolder folder() {
    return folder;
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

  @Override
  public String name() {
    return pathInFolder.substring(pathInFolder.lastIndexOf('/') + 1);
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int count) throws IOException {
    Objects.checkFromIndexSize(offset, count, buffer.length);
    if (position < 0 || count > length - position) {
      throw new EOFException(
          "%s: expected %d bytes at %d, found a file of %d bytes"
              .formatted(identity(), count, position, length));
    }
    seek(position);
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

  /**
   * Flink's Hadoop file systems, S3 among them, read and drop what lies between when a seek leads
   * at most a mebibyte ahead. Two seeks that lead further read nothing.
   */
  private void seek(long position) throws IOException {
    long ahead = position - stream.getPos();
    if (ahead > 0 && ahead <= SKIPPED_BYTES_MAX && position > SKIPPED_BYTES_MAX) {
      stream.seek(0);
    }
    stream.seek(position);
  }

  @Override
  public FlinkPositionedInput openRelative(String location) throws IOException {
    Optional<String> objection = RelativeLocation.check(location);
    if (objection.isPresent()) {
      throw new FileNotFoundException(
          "%s: location '%s' refused: %s".formatted(identity(), location, objection.get()));
    }
    try {
      return folder.open(ModelContents.sibling(pathInFolder, location));
    } catch (FileNotFoundException e) {
      FileNotFoundException refused =
          new FileNotFoundException(
              "%s: location '%s': expected a regular file, found %s"
                  .formatted(identity(), location, e.getMessage()));
      refused.initCause(e);
      throw refused;
    }
  }

  @Override
  public int hardLinkCount() throws IOException {
    return "file".equals(path.toUri().getScheme())
        ? LocalFileInput.hardLinkCount(java.nio.file.Path.of(path.getPath()))
        : 1;
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
