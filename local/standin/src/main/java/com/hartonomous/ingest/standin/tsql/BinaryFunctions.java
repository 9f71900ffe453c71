package com.hartonomous.ingest.standin.tsql;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.h2.value.Value;

/**
 * The functions and conversions of bytes, run by H2 for each row. NULL in, NULL out. Public because
 * H2 calls them by name.
 */
public final class BinaryFunctions {

  private static final Map<String, String> ALGORITHMS =
      Map.of(
          "SHA2_256", "SHA-256",
          "SHA2_512", "SHA-512",
          "SHA1", "SHA-1",
          "SHA", "SHA-1",
          "MD5", "MD5");

  private BinaryFunctions() {}

  /** HASHBYTES; NULL for an unknown algorithm, as SQL Server answers. */
  public static byte[] hashBytes(String algorithm, byte[] bytes) {
    if (algorithm == null || bytes == null) {
      return null;
    }
    String name = ALGORITHMS.get(algorithm.toUpperCase(Locale.ROOT));
    if (name == null) {
      return null;
    }
    try {
      return MessageDigest.getInstance(name).digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("The Java platform lacks " + name, e);
    }
  }

  /** NVARCHAR's bytes: its UTF-16 code units as they are, little-endian. */
  public static byte[] utf16Bytes(String text) {
    if (text == null) {
      return null;
    }
    byte[] bytes = new byte[2 * text.length()];
    for (int i = 0; i < text.length(); i++) {
      bytes[2 * i] = (byte) text.charAt(i);
      bytes[2 * i + 1] = (byte) (text.charAt(i) >> Byte.SIZE);
    }
    return bytes;
  }

  /** NVARCHAR's text of such code units; an odd last byte is dropped. */
  public static String utf16Text(byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    char[] units = new char[bytes.length / 2];
    for (int i = 0; i < units.length; i++) {
      units[i] = (char) ((bytes[2 * i] & 0xFF) | bytes[2 * i + 1] << Byte.SIZE);
    }
    return new String(units);
  }

  /** VARCHAR's bytes: code page 1252. */
  public static byte[] codePageBytes(String text) {
    return text == null ? null : text.getBytes(H2Names.CODE_PAGE);
  }

  /** VARCHAR's text. */
  public static String codePageText(byte[] bytes) {
    return bytes == null ? null : new String(bytes, H2Names.CODE_PAGE);
  }

  /** The bytes of a value whose T-SQL type is not known; text counts as NVARCHAR. */
  public static byte[] toBinary(Value value) throws SQLException {
    switch (value.getValueType()) {
      case Value.NULL:
        return null;
      case Value.BINARY, Value.VARBINARY, Value.BLOB:
        return value.getBytes();
      case Value.CHAR, Value.VARCHAR, Value.VARCHAR_IGNORECASE, Value.CLOB:
        return utf16Bytes(value.getString());
      case Value.SMALLINT:
        return integerBinary((long) value.getShort(), 2, 2);
      case Value.INTEGER:
        return integerBinary((long) value.getInt(), 4, 4);
      case Value.BIGINT:
        return integerBinary(value.getLong(), 8, 8);
      case Value.UUID:
        return uuidBinary(UUID.fromString(value.getString()));
      default:
        throw BuiltinFunctions.error(
            Errors.UNSUPPORTED,
            "The stand-in does not support the conversion of "
                + value.getType().getTraceSQL()
                + " to binary.");
    }
  }

  /** DATALENGTH of a value whose T-SQL type is not known. */
  public static Integer dataLength(Value value) throws SQLException {
    byte[] bytes = toBinary(value);
    return bytes == null ? null : bytes.length;
  }

  /** SUBSTRING of bytes; positions count from 1, those below 1 shorten the result. */
  public static byte[] substringBinary(byte[] bytes, Integer start, Integer length)
      throws SQLException {
    if (bytes == null || start == null || length == null) {
      return null;
    }
    TextFunctions.checkLength(length, "substring");
    long from = Math.max(1L, start);
    long to = Math.min((long) start + length, bytes.length + 1L);
    return to <= from ? new byte[0] : Arrays.copyOfRange(bytes, (int) from - 1, (int) to - 1);
  }

  /**
   * An integer as bytes, most significant first.
   *
   * @param size bytes of the integer's type
   * @param length wanted bytes: zeros are put in front, or the front is cut
   */
  public static byte[] integerBinary(Long value, int size, int length) {
    if (value == null) {
      return null;
    }
    byte[] all = ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    byte[] own = Arrays.copyOfRange(all, Long.BYTES - size, Long.BYTES);
    byte[] result = new byte[length];
    int common = Math.min(size, length);
    System.arraycopy(own, size - common, result, length - common, common);
    return result;
  }

  /** The last bytes as a signed integer of that many bytes; one byte is unsigned (tinyint). */
  public static Long binaryInteger(byte[] bytes, int size) {
    if (bytes == null) {
      return null;
    }
    byte[] padded = new byte[Long.BYTES];
    int common = Math.min(size, bytes.length);
    boolean negative = size > 1 && bytes.length >= size && bytes[bytes.length - size] < 0;
    Arrays.fill(padded, negative ? (byte) -1 : 0);
    System.arraycopy(bytes, bytes.length - common, padded, Long.BYTES - common, common);
    return ByteBuffer.wrap(padded).getLong();
  }

  /** Digits of CONVERT style 1 (with 0x) or 2 (without) to bytes. */
  public static byte[] hexBinary(String text, int style) throws SQLException {
    if (text == null) {
      return null;
    }
    boolean prefixed = text.startsWith("0x") || text.startsWith("0X");
    try {
      if (prefixed == (style == 1)) {
        return HexFormat.of().parseHex(prefixed ? text.substring(2) : text);
      }
    } catch (IllegalArgumentException e) {
      throw BuiltinFunctions.error(8114, hexError());
    }
    throw BuiltinFunctions.error(8114, hexError());
  }

  private static String hexError() {
    return "Error converting data type varchar to varbinary.";
  }

  /** UNIQUEIDENTIFIER's bytes: the first three groups are little-endian. */
  public static byte[] uuidBinary(UUID value) {
    if (value == null) {
      return null;
    }
    long high = value.getMostSignificantBits();
    ByteBuffer buffer = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt((int) (high >>> 32)).putShort((short) (high >>> 16)).putShort((short) high);
    return buffer.order(ByteOrder.BIG_ENDIAN).putLong(value.getLeastSignificantBits()).array();
  }

  /** The reverse of {@link #uuidBinary}; needs 16 bytes, more are cut. */
  public static UUID binaryUuid(byte[] bytes) throws SQLException {
    if (bytes == null) {
      return null;
    }
    if (bytes.length < 16) {
      throw BuiltinFunctions.error(
          8169, "Conversion failed when converting from binary to uniqueidentifier.");
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long high = (buffer.getInt() & 0xFFFFFFFFL) << 32;
    high |= (buffer.getShort() & 0xFFFFL) << 16;
    high |= buffer.getShort() & 0xFFFFL;
    return new UUID(high, buffer.order(ByteOrder.BIG_ENDIAN).getLong());
  }

  /**
   * A key that H2 sorts as SQL Server sorts the UNIQUEIDENTIFIER: of its bytes the last six count
   * first, then 8 and 9, 6 and 7, 4 and 5, and 0 to 3.
   */
  public static UUID uuidOrdered(UUID value) {
    return value == null
        ? null
        : new UUID(
            Long.rotateLeft(value.getLeastSignificantBits(), Short.SIZE),
            Long.reverseBytes(value.getMostSignificantBits()));
  }

  /** The reverse of {@link #uuidOrdered}. */
  public static UUID uuidUnordered(UUID key) {
    return key == null
        ? null
        : new UUID(
            Long.reverseBytes(key.getLeastSignificantBits()),
            Long.rotateRight(key.getMostSignificantBits(), Short.SIZE));
  }
}
