package com.hartonomous.ingest.format;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a clone of a repository has in place of a large file until Git LFS fetches it. */
public final class GitLfsPointer {
  private static final byte[] BEGIN =
      "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

  /** Below this length the specification keeps a pointer, in bytes. */
  private static final int LENGTH_MAX = 1024;

  private GitLfsPointer() {}

  /**
   * Refuses a file that is a pointer.
   *
   * @throws ModelFormatException that says so
   */
  public static void refuse(PositionedInput input) throws IOException, ModelFormatException {
    if (input.length() < BEGIN.length || input.length() > LENGTH_MAX) {
      return;
    }
    byte[] found = new byte[BEGIN.length];
    input.readFully(0, found, 0, found.length);
    if (Arrays.equals(BEGIN, found)) {
      throw ModelFormatException.malformed(
          input,
          0,
          "file",
          "the model file itself",
          "a Git LFS pointer to it; 'git lfs pull' fetches the file");
    }
  }
}
