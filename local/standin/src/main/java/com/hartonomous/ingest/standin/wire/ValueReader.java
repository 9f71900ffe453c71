package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;

/** Takes values off a message: instances of their types' value classes, or null. */
final class ValueReader {
  /** The error's number for a value that is longer than its type allows. */
  static final int INVALID_LENGTH = 8016;

  private static final int SHORT_NULL = 0xFFFF;
  private static final long PARTIAL_NULL = -1L;
  private static final long PARTIAL_UNKNOWN_LENGTH = -2L;

  /** What is taken at least for a long value of which less has arrived. */
  private static final int FIRST_ALLOCATION = 64;

  private final MessageReader in;
  private final int maxValueBytes;
  private byte[] scratch = new byte[64];

  /**
   * @param maxValueBytes the longest value; a longer one is error 7119
   */
  ValueReader(MessageReader in, int maxValueBytes) {
    this.in = in;
    this.maxValueBytes = maxValueBytes;
  }

  /**
   * Reads one value.
   *
   * @throws SqlServerError 8016, 8023 or 7119 for a value that its type does not have; what is left
   *     of the message cannot be read then, only drained
   */
  Object read(TypeInfo info) throws IOException, SqlServerError {
    int length;
    switch (info.wireType()) {
      case WireType.CHAR,
          WireType.VARCHAR,
          WireType.NCHAR,
          WireType.NVARCHAR,
          WireType.BINARY,
          WireType.UDT,
          WireType.VARBINARY -> {
        if (info.partiallyLengthPrefixed()) {
          return readPartial(info);
        }
        length = in.readUnsignedShort();
        if (length == SHORT_NULL) {
          return null;
        }
        return readVariable(info, length);
      }
      case WireType.INT1,
          WireType.BIT,
          WireType.INT2,
          WireType.INT4,
          WireType.INT8,
          WireType.REAL,
          WireType.FLOAT,
          WireType.MONEY,
          WireType.SMALLMONEY,
          WireType.DATETIME,
          WireType.SMALLDATETIME -> {
        return readFixed(info, info.maxBytes());
      }
      case WireType.TEXT, WireType.NTEXT, WireType.IMAGE -> {
        int pointer = in.readUnsignedByte();
        if (pointer == 0) {
          return null;
        }
        in.skip(pointer + 8L);
        return readLong(info, in.readInt());
      }
      default -> {
        length = in.readUnsignedByte();
        if (length == 0) {
          return null;
        }
        return readFixed(info, length);
      }
    }
  }

  /**
   * Reads the value of a procedure's parameter; text, ntext and image have no pointer there.
   *
   * @throws SqlServerError as {@link #read} does
   */
  Object readParameter(TypeInfo info) throws IOException, SqlServerError {
    return info.isLong() ? readLong(info, in.readInt()) : read(info);
  }

  /** An announced length alone costs nothing: as much as the current packet holds at most. */
  private int firstAllocation(long expected) {
    return (int) Math.min(expected, Math.max(FIRST_ALLOCATION, in.bytesInPacket()));
  }

  private Object readLong(TypeInfo info, int length) throws IOException, SqlServerError {
    if (length < 0) {
      return null;
    }
    requireAllowed(length <= maxValueBytes);
    byte[] value = new byte[firstAllocation(length)];
    int done = 0;
    while (done < length) {
      if (done == value.length) {
        value = Arrays.copyOf(value, (int) Math.min(2L * done, length));
      }
      in.readBytes(value, done, value.length - done);
      done = value.length;
    }
    return decodeLong(info, value, length);
  }

  private Object readFixed(TypeInfo info, int length) throws IOException, SqlServerError {
    SqlType type = info.type();
    boolean decimal =
        info.wireType() == WireType.DECIMAL_N || info.wireType() == WireType.NUMERIC_N;
    if (decimal ? (length < 2 || length > 17) : length != info.maxBytes()) {
      throw new ProtocolException(
          "Expected a value of " + info.maxBytes() + " bytes for " + type + ", found " + length);
    }
    return switch (type.kind()) {
      case BIT -> in.readUnsignedByte() != 0;
      case TINYINT -> (short) in.readUnsignedByte();
      case SMALLINT -> in.readShort();
      case INT -> in.readInt();
      case BIGINT -> in.readLong();
      case REAL -> valid(Float.intBitsToFloat(in.readInt()), type);
      case FLOAT -> valid(Double.longBitsToDouble(in.readLong()), type);
      case DECIMAL, NUMERIC -> readDecimal(type, length);
      case SMALLMONEY -> BigDecimal.valueOf(in.readInt(), 4);
      case MONEY -> {
        long high = in.readInt();
        yield BigDecimal.valueOf((high << 32) | (in.readInt() & 0xFFFF_FFFFL), 4);
      }
      case DATE -> Temporal.dateSince0001(readDays(type));
      case TIME -> readTime(type);
      case SMALLDATETIME -> readSmallDateTime(type);
      case DATETIME -> readDateTime(type);
      case DATETIME2 -> readDateTime2(type);
      case DATETIMEOFFSET -> {
        LocalDateTime utc = readDateTime2(type);
        int minutes = in.readShort();
        require(Math.abs(minutes) <= 14 * 60, type);
        LocalDateTime local = utc.plusMinutes(minutes);
        require(local.getYear() >= 1 && local.getYear() <= 9999, type);
        yield local.atOffset(ZoneOffset.ofTotalSeconds(minutes * 60));
      }
      case UNIQUEIDENTIFIER -> readGuid();
      case CHAR, VARCHAR, NCHAR, NVARCHAR, BINARY, VARBINARY, GEOMETRY ->
          throw new IllegalStateException("Not a type of fixed length: " + type);
    };
  }

  private static Float valid(float value, SqlType type) throws SqlServerError {
    require(Float.isFinite(value), type);
    return value;
  }

  private static Double valid(double value, SqlType type) throws SqlServerError {
    require(Double.isFinite(value), type);
    return value;
  }

  private BigDecimal readDecimal(SqlType type, int length) throws IOException, SqlServerError {
    int magnitudeBytes = length - 1;
    boolean negative = in.readUnsignedByte() == 0;
    BigDecimal value;
    if (magnitudeBytes < 8) {
      long magnitude = in.readUnsigned(magnitudeBytes);
      value = BigDecimal.valueOf(negative ? -magnitude : magnitude, type.scale());
    } else {
      byte[] magnitude = new byte[magnitudeBytes];
      for (int i = magnitudeBytes - 1; i >= 0; i--) {
        magnitude[i] = (byte) in.readUnsignedByte();
      }
      value = new BigDecimal(new BigInteger(negative ? -1 : 1, magnitude), type.scale());
    }
    require(value.precision() <= 38, type);
    return value;
  }

  private int readDays(SqlType type) throws IOException, SqlServerError {
    int days = (int) in.readUnsigned(3);
    require(days <= Temporal.LAST_DAY, type);
    return days;
  }

  private LocalTime readTime(SqlType type) throws IOException, SqlServerError {
    long units = in.readUnsigned(TypeInfo.timeBytes(type.scale()));
    long nanosPerUnit = Temporal.nanosPerUnit(type.scale());
    require(units < Temporal.NANOS_PER_DAY / nanosPerUnit, type);
    return LocalTime.ofNanoOfDay(units * nanosPerUnit);
  }

  private LocalDateTime readSmallDateTime(SqlType type) throws IOException, SqlServerError {
    int days = in.readUnsignedShort();
    int minutes = in.readUnsignedShort();
    require(minutes < Temporal.MINUTES_PER_DAY, type);
    return Temporal.dateTime(days, minutes * 60 * 300);
  }

  private LocalDateTime readDateTime(SqlType type) throws IOException, SqlServerError {
    int days = in.readInt();
    int ticks = in.readInt();
    require(days >= Temporal.FIRST_DATETIME_DAY && days <= Temporal.LAST_DATETIME_DAY, type);
    require(ticks >= 0 && ticks < Temporal.TICKS_PER_DAY, type);
    return Temporal.dateTime(days, ticks);
  }

  private LocalDateTime readDateTime2(SqlType type) throws IOException, SqlServerError {
    LocalTime time = readTime(type);
    return LocalDateTime.of(Temporal.dateSince0001(readDays(type)), time);
  }

  private UUID readGuid() throws IOException {
    long high = (long) in.readInt() << 32;
    high |= (long) in.readUnsignedShort() << 16;
    high |= in.readUnsignedShort();
    return new UUID(high, Long.reverseBytes(in.readLong()));
  }

  private Object readVariable(TypeInfo info, int length) throws IOException, SqlServerError {
    if (length > info.maxBytes()) {
      throw new SqlServerError(
          INVALID_LENGTH,
          16,
          1,
          "The incoming tabular data stream (TDS) protocol stream is incorrect. Data type "
              + info.type()
              + " has an invalid data length of "
              + length
              + " bytes.");
    }
    return switch (info.type().kind()) {
      case NCHAR, NVARCHAR -> {
        requireEven(length, info);
        yield in.readUtf16(length / 2);
      }
      case CHAR, VARCHAR -> {
        if (scratch.length < length) {
          scratch = new byte[length];
        }
        in.readBytes(scratch, 0, length);
        yield decode(info, scratch, length);
      }
      default -> {
        byte[] value = new byte[length];
        in.readBytes(value, 0, length);
        yield value;
      }
    };
  }

  private Object readPartial(TypeInfo info) throws IOException, SqlServerError {
    long total = in.readLong();
    if (total == PARTIAL_NULL) {
      return null;
    }
    if (total != PARTIAL_UNKNOWN_LENGTH) {
      requireAllowed(Long.compareUnsigned(total, maxValueBytes) <= 0);
    }
    long expected = total == PARTIAL_UNKNOWN_LENGTH ? maxValueBytes : total;
    byte[] value = new byte[total == PARTIAL_UNKNOWN_LENGTH ? 0 : firstAllocation(total)];
    int length = 0;
    for (int chunk = in.readInt(); chunk != 0; chunk = in.readInt()) {
      long needed = length + Integer.toUnsignedLong(chunk);
      if (total != PARTIAL_UNKNOWN_LENGTH && needed > total) {
        throw new ProtocolException(
            "Expected chunks of " + total + " bytes together, found " + needed);
      }
      requireAllowed(needed <= maxValueBytes);
      while (length < needed) {
        if (length == value.length) {
          // Grows only behind bytes that have arrived.
          long grown = Math.max(2L * length, firstAllocation(needed - length));
          value = Arrays.copyOf(value, (int) Math.min(grown, expected));
        }
        int count = (int) Math.min(needed - length, value.length - length);
        in.readBytes(value, length, count);
        length += count;
      }
    }
    if (total != PARTIAL_UNKNOWN_LENGTH && length != total) {
      throw new ProtocolException(
          "Expected chunks of " + total + " bytes together, found " + length);
    }
    return decodeLong(info, value, length);
  }

  private static Object decodeLong(TypeInfo info, byte[] value, int length)
      throws ProtocolException {
    return switch (info.type().kind()) {
      case NVARCHAR -> {
        requireEven(length, info);
        yield utf16(value, length);
      }
      case VARCHAR -> decode(info, value, length);
      default -> length == value.length ? value : Arrays.copyOf(value, length);
    };
  }

  private static String decode(TypeInfo info, byte[] bytes, int length) {
    return info.utf8()
        ? new String(bytes, 0, length, StandardCharsets.UTF_8)
        : CodePage1252.decode(bytes, length);
  }

  private static String utf16(byte[] bytes, int length) {
    char[] characters = new char[length / 2];
    for (int i = 0; i < characters.length; i++) {
      characters[i] = (char) ((bytes[2 * i] & 0xFF) | (bytes[2 * i + 1] << 8));
    }
    return new String(characters);
  }

  private static void requireEven(int length, TypeInfo info) throws ProtocolException {
    if (length % 2 != 0) {
      throw new ProtocolException(
          "Expected an even number of bytes for " + info.type() + ", found " + length);
    }
  }

  private void requireAllowed(boolean condition) throws SqlServerError {
    if (!condition) {
      throw new SqlServerError(
          7119,
          16,
          1,
          "Attempting to grow LOB beyond maximum allowed size of " + maxValueBytes + " bytes.");
    }
  }

  private static void require(boolean condition, SqlType type) throws SqlServerError {
    if (!condition) {
      throw new SqlServerError(
          8023,
          16,
          1,
          "The incoming tabular data stream (TDS) protocol stream is incorrect. The supplied value"
              + " is not a valid instance of data type "
              + type.kind().name().toLowerCase(Locale.ROOT)
              + ".");
    }
  }
}
