package com.hartonomous.ingest.format;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;

/** A file of the local file system. Positional reads keep no state, so threads may share it. */
public final class LocalFileInput implements PositionedInput {
  private final Path path;
  private final String identity;
  private final FileChannel channel;
  private final long length;

  private LocalFileInput(Path path, String identity, FileChannel channel, long length) {
    this.path = path;
    this.identity = identity;
    this.channel = channel;
    this.length = length;
  }

  /**
   * Opens a regular file; symbolic links to one are followed, since the user named it.
   *
   * @throws FileNotFoundException if there is no regular file at {@code path}
   */
  public static LocalFileInput open(Path path) throws IOException {
    return open(path, path.toString());
  }

  private static LocalFileInput open(Path path, String identity) throws IOException {
    Objects.requireNonNull(path, "path");
    if (!Files.isRegularFile(path)) {
      String reason = Files.exists(path) ? "not a regular file" : "no such file";
      throw new FileNotFoundException(identity + ": " + reason);
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new LocalFileInput(path, identity, channel, channel.size());
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
    Path folder = Optional.ofNullable(path.toAbsolutePath().getParent()).orElse(path.getRoot());
    Path current = folder;
    for (String part : location.split("/", -1)) {
      current = current.resolve(part);
      if (Files.isSymbolicLink(current)) {
        throw new FileNotFoundException(
            "%s: location '%s' refused: '%s' is a symbolic link, which may lead out of the folder"
                .formatted(identity, location, current));
      }
    }
    if (!Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileNotFoundException(
          "%s: location '%s': expected a regular file, found %s"
              .formatted(
                  identity, location, Files.exists(current) ? "something else" : "no such file"));
    }
    return open(current, current.toString());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
