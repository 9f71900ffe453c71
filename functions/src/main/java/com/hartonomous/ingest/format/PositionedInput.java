package com.hartonomous.ingest.format;

import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;

/**
 * A file of known length that is read at positions: all that the formats know about storage.
 *
 * <p>Positions and lengths are in bytes and are {@code long}, since model files exceed 2 GiB. An
 * instance is used by one thread at a time.
 */
public interface PositionedInput extends Closeable {

  /** Returns the path or URI that names this file in errors. */
  String identity();

  /**
   * Returns the last part of the path by which the file was asked for. Behind a symbolic link that
   * is the link's, whatever {@link #identity} says.
   */
  default String name() {
    String path = identity();
    return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }

  /** Returns the length of the file in bytes as it was when it was opened. */
  long length();

  /**
   * Reads exactly {@code length} bytes, beginning at {@code position}, into {@code buffer} from
   * index {@code offset} on.
   *
   * @throws EOFException if the file ends before that
   * @throws IndexOutOfBoundsException if the buffer does not hold that range
   */
  void readFully(long position, byte[] buffer, int offset, int length) throws IOException;

  /**
   * Opens a file in the folder of this one, or below it; the caller closes it.
   *
   * <p>Such names come out of model files, so an implementation resolves them without trust: it
   * refuses whatever is not a regular file inside that folder, and follows no symbolic links but
   * those that {@link LocalModelFolder} allows. {@link RelativeLocation#check} holds the checks
   * that need no file system.
   *
   * @param location relative, with {@code /} between its parts
   * @throws FileNotFoundException if there is no such regular file, or it may not be used; says why
   */
  PositionedInput openRelative(String location) throws IOException;

  /**
   * Returns how many names the file has in its file system: with a second one it may be a file from
   * outside its folder. 1 where that cannot be told.
   */
  default int hardLinkCount() throws IOException {
    return 1;
  }
}
