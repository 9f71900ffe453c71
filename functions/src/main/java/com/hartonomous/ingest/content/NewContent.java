package com.hartonomous.ingest.content;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Optional;

/**
 * The content of an atom on its way into the store, which need not be in memory. What it is worth
 * is known only when it was read.
 */
public interface NewContent {

  /** Bytes that the atom has. */
  long length();

  /**
   * Opens it; each time from its beginning. The stream never fails, since what takes it is a
   * message to the server that cannot be taken back: it ends early when the content cannot be had,
   * or is not the atom's.
   */
  InputStream open();

  /** The bytes, if they are in memory anyway. */
  default Optional<byte[]> inMemory() {
    return Optional.empty();
  }

  /** Whether what was read, to its end, is what the atom's name says. */
  boolean isVerified();

  /**
   * Content in memory.
   *
   * @param bytes whoever makes this has checked them
   */
  static NewContent of(byte[] bytes) {
    return new NewContent() {
      @Override
      public long length() {
        return bytes.length;
      }

      @Override
      public InputStream open() {
        return new ByteArrayInputStream(bytes);
      }

      @Override
      public Optional<byte[]> inMemory() {
        return Optional.of(bytes);
      }

      @Override
      public boolean isVerified() {
        return true;
      }
    };
  }
}
