package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The digest of a model: two models have the same one exactly when they consist of the same bytes
 * in files of the same relative paths, cut in the same way; files without a byte do not count. It
 * is the SHA-256 over, for each file in path order and each of its chunks in file order: the path
 * in UTF-8, a zero byte, the chunk's offset and length as big-endian 8-byte integers, and the 32
 * bytes of its hash.
 *
 * <p>Paths are ordered as {@link String#compareTo} orders them. For one thread, and one model.
 */
public final class ModelDigest {

  private final MessageDigest digest = Sha256.newDigest();
  private final ByteBuffer range = ByteBuffer.allocate(2 * Long.BYTES);

  private String currentPath;
  private byte[] currentPathBytes;
  private long nextOffset;

  /**
   * Adds the next chunk.
   *
   * @param path of the file, relative to the model, without a zero character
   * @param offset first byte in the file
   * @param length bytes
   * @param hash of the chunk's bytes
   * @throws IllegalArgumentException when the chunk does not come after the ones before it
   */
  public void add(String path, long offset, long length, Sha256 hash) {
    if (!path.equals(currentPath)) {
      startFile(path);
    }
    if (offset < nextOffset || length < 0) {
      throw new IllegalArgumentException(
          String.format(
              "Chunk (%s, offset %d, length %d) does not follow the chunk that ends at %d.",
              path, offset, length, nextOffset));
    }
    nextOffset = Math.addExact(offset, length);
    range.clear().putLong(offset).putLong(length).flip();
    digest.update(currentPathBytes);
    digest.update((byte) 0);
    digest.update(range);
    digest.update(hash.toBytes());
  }

  private void startFile(String path) {
    if (path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("A model file's path holds a zero character: " + path);
    }
    if (currentPath != null && path.compareTo(currentPath) < 0) {
      throw new IllegalArgumentException(
          "Files come in path order, but '" + path + "' came after '" + currentPath + "'.");
    }
    currentPath = path;
    currentPathBytes = path.getBytes(StandardCharsets.UTF_8);
    nextOffset = 0;
  }

  /** The digest of all chunks added; the object is of no use afterwards. */
  public Sha256 finish() {
    return Sha256.fromBytes(digest.digest());
  }
}
