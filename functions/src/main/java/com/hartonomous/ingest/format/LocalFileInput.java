package com.hartonomous.ingest.format;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;

/** A file of the local file system. Positional reads keep no state, so threads may share it. */
public final class LocalFileInput implements PositionedInput {
  private final Path file;
  private final String identity;
  private final ModelFolder folder;
  private final String pathInFolder;
  private final FileChannel channel;
  private final long length;

  private LocalFileInput(
      Path file,
      String identity,
      ModelFolder folder,
      String pathInFolder,
      FileChannel channel,
      long length) {
    this.file = file;
    this.identity = identity;
    this.folder = folder;
    this.pathInFolder = pathInFolder;
    this.channel = channel;
    this.length = length;
  }

  /**
   * Opens a regular file; symbolic links to one are followed, since the user named it.
   *
   * @throws FileNotFoundException if there is no regular file at {@code path}
   */
  public static LocalFileInput open(Path path) throws IOException {
    Path name = path.getFileName();
    return open(
        path, path.toString(), LocalModelFolder.around(path), name == null ? "" : name.toString());
  }

  /** Opens a file of a folder, whose path there is {@code pathInFolder}. */
  static LocalFileInput open(Path file, String identity, ModelFolder folder, String pathInFolder)
      throws IOException {
    Objects.requireNonNull(file, "file");
    if (!Files.isRegularFile(file)) {
      String reason = Files.exists(file) ? "not a regular file" : "no such file";
      throw new FileNotFoundException(identity + ": " + reason);
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new LocalFileInput(file, identity, folder, pathInFolder, channel, channel.size());
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    ByteBuffer target = ByteBuffer.wrap(buffer, offset, length);
    long next = position;
    while (target.hasRemaining()) {
      int count = channel.read(target, next);
      if (count < 0) {
        throw new EOFException(
            "%s: expected %d bytes at %d, found the end of the file at %d"
                .formatted(identity, length, position, next));
      }
      next += count;
    }
  }

  @Override
  public PositionedInput openRelative(String location) throws IOException {
    Optional<String> objection = RelativeLocation.check(location);
    if (objection.isPresent()) {
      throw new FileNotFoundException(
          "%s: location '%s' refused: %s".formatted(identity, location, objection.get()));
    }
    try {
      return folder.open(ModelContents.sibling(pathInFolder, location));
    } catch (FileNotFoundException e) {
      FileNotFoundException refused =
          new FileNotFoundException(
              "%s: location '%s': expected a regular file, found %s"
                  .formatted(identity, location, e.getMessage()));
      refused.initCause(e);
      throw refused;
    }
  }

  @Override
  public int hardLinkCount() throws IOException {
    return hardLinkCount(file);
  }

  /** Returns how many names a file has; 1 where the file system does not tell. */
  public static int hardLinkCount(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? (Integer) Files.getAttribute(file, "unix:nlink")
        : 1;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
