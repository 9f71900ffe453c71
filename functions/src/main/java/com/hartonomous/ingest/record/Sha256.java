package com.hartonomous.ingest.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 digest: the name of an atom, or of a natural key. Held as four big-endian words, since
 * Flink allows no byte array as a key. Ordered as SQL Server orders BINARY(32): unsigned bytes.
 */
public record Sha256(long word0, long word1, long word2, long word3) implements Comparable<Sha256> {

  /** Bytes in a digest. */
  public static final int LENGTH = 32;

  /** The digest of the bytes. */
  public static Sha256 of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  /** The digest of a part of an array. */
  public static Sha256 of(byte[] bytes, int offset, int length) {
    MessageDigest digest = newDigest();
    digest.update(bytes, offset, length);
    return fromBytes(digest.digest());
  }

  /**
   * The digest of a text's UTF-16LE bytes: what {@code HASHBYTES('SHA2_256', @nvarchar)} gives in
   * T-SQL.
   */
  public static Sha256 ofText(String text) {
    return of(text.getBytes(StandardCharsets.UTF_16LE));
  }

  /**
   * @throws IllegalArgumentException unless given exactly 32 bytes
   */
  public static Sha256 fromBytes(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException(
          "A SHA-256 digest has 32 bytes, found " + bytes.length + ".");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new Sha256(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
  }

  /**
   * @throws IllegalArgumentException unless given 64 hexadecimal digits
   */
  public static Sha256 fromHex(String hex) {
    return fromBytes(HexFormat.of().parseHex(hex));
  }

  /** A new message digest; every Java platform has SHA-256. */
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java platform lacks SHA-256.", e);
    }
  }

  public byte[] toBytes() {
    return ByteBuffer.allocate(LENGTH)
        .putLong(word0)
        .putLong(word1)
        .putLong(word2)
        .putLong(word3)
        .array();
  }

  /** 64 lower-case hexadecimal digits. */
  public String toHex() {
    return HexFormat.of().formatHex(toBytes());
  }

  @Override
  public int compareTo(Sha256 other) {
    int result = Long.compareUnsigned(word0, other.word0);
    if (result == 0) {
      result = Long.compareUnsigned(word1, other.word1);
    }
    if (result == 0) {
      result = Long.compareUnsigned(word2, other.word2);
    }
    return result != 0 ? result : Long.compareUnsigned(word3, other.word3);
  }

  /**
   * Fixed by this project, not left to the JDK: Flink assigns keyed state to key groups by it, so
   * it must never change while savepoints exist. A digest's bits are uniform already.
   */
  @Override
  public int hashCode() {
    return (int) word0;
  }

  @Override
  public String toString() {
    return toHex();
  }
}
