package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.UUID;

/**
 * Puts values, straight into the packet. A value that its type cannot hold is an
 * IllegalArgumentException, thrown before a byte of it is put: the engine delivered it wrongly.
 */
final class ValueWriter {
  private static final long SHORT_NULL = 0xFFFF;

  /** What stands before text, ntext and image: a pointer for READTEXT, which nobody gets. */
  private static final byte[] POINTER = "text pointer 16b".getBytes(StandardCharsets.US_ASCII);

  private ValueWriter() {}

  static void write(PacketWriter out, TypeInfo info, Object value) throws IOException {
    if (value == null) {
      writeNull(out, info);
      return;
    }
    if (info.wireType() == WireType.NVARCHAR && !(value instanceof String)) {
      writeUnicode(out, info, Temporal.text(value, info.type().scale()));
      return;
    }
    switch (info.type().kind()) {
      case BIT -> {
        out.putByte(1);
        out.putByte((Boolean) value ? 1 : 0);
      }
      case TINYINT -> {
        short number = (Short) value;
        require(number >= 0 && number <= 255, info, value);
        out.putByte(1);
        out.putByte(number);
      }
      case SMALLINT -> {
        out.putByte(2);
        out.putShort((Short) value);
      }
      case INT -> {
        out.putByte(4);
        out.putInt((Integer) value);
      }
      case BIGINT -> {
        out.putByte(8);
        out.putLong((Long) value);
      }
      case REAL -> {
        out.putByte(4);
        out.putInt(Float.floatToIntBits((Float) value));
      }
      case FLOAT -> {
        out.putByte(8);
        out.putLong(Double.doubleToLongBits((Double) value));
      }
      case DECIMAL, NUMERIC -> writeDecimal(out, info, (BigDecimal) value);
      case SMALLMONEY, MONEY -> writeMoney(out, info, (BigDecimal) value);
      case CHAR, VARCHAR -> writeCharacters(out, info, (String) value);
      case NCHAR, NVARCHAR -> writeUnicode(out, info, (String) value);
      case BINARY, VARBINARY, GEOMETRY -> writeBinary(out, info, (byte[]) value);
      case DATE -> {
        int days = Temporal.daysSince0001((LocalDate) value);
        out.putByte(3);
        out.putUnsigned(days, 3);
      }
      case TIME -> {
        out.putByte(info.maxBytes());
        writeTime(out, info, (LocalTime) value);
      }
      case SMALLDATETIME -> writeSmallDateTime(out, info, (LocalDateTime) value);
      case DATETIME -> writeDateTime(out, info, (LocalDateTime) value);
      case DATETIME2 -> {
        LocalDateTime dateTime = (LocalDateTime) value;
        int days = Temporal.daysSince0001(dateTime.toLocalDate());
        out.putByte(info.maxBytes());
        writeTime(out, info, dateTime.toLocalTime());
        out.putUnsigned(days, 3);
      }
      case DATETIMEOFFSET -> writeDateTimeOffset(out, info, (OffsetDateTime) value);
      case UNIQUEIDENTIFIER -> writeGuid(out, (UUID) value);
    }
  }

  private static void writeNull(PacketWriter out, TypeInfo info) throws IOException {
    if (info.wireType() == WireType.NVARCHAR) {
      putNullLength(out, info);
      return;
    }
    if (info.isLong()) {
      out.putByte(0);
      return;
    }
    switch (info.type().kind()) {
      case CHAR, VARCHAR, NCHAR, NVARCHAR, BINARY, VARBINARY, GEOMETRY -> putNullLength(out, info);
      default -> out.putByte(0);
    }
  }

  private static void putNullLength(PacketWriter out, TypeInfo info) throws IOException {
    if (info.partiallyLengthPrefixed()) {
      out.putLong(-1);
    } else {
      out.putShort((int) SHORT_NULL);
    }
  }

  private static void writeDecimal(PacketWriter out, TypeInfo info, BigDecimal value)
      throws IOException {
    BigDecimal scaled = value.setScale(info.type().scale(), RoundingMode.HALF_UP);
    require(scaled.precision() <= info.type().precision(), info, value);
    int magnitudeBytes = info.maxBytes() - 1;
    out.putByte(info.maxBytes());
    out.putByte(scaled.signum() < 0 ? 0 : 1);
    BigInteger unscaled = scaled.unscaledValue();
    if (unscaled.bitLength() < 64) {
      long magnitude = Math.abs(unscaled.longValue());
      out.putUnsigned(magnitude, Math.min(8, magnitudeBytes));
      for (int i = 8; i < magnitudeBytes; i++) {
        out.putByte(0);
      }
      return;
    }
    byte[] magnitude = unscaled.abs().toByteArray();
    for (int i = 0; i < magnitudeBytes; i++) {
      out.putByte(i < magnitude.length ? magnitude[magnitude.length - 1 - i] : 0);
    }
  }

  private static void writeMoney(PacketWriter out, TypeInfo info, BigDecimal value)
      throws IOException {
    BigInteger unscaled = value.setScale(4, RoundingMode.HALF_UP).unscaledValue();
    require(unscaled.bitLength() < 8 * info.maxBytes(), info, value);
    long number = unscaled.longValue();
    out.putByte(info.maxBytes());
    if (info.maxBytes() == 4) {
      out.putInt((int) number);
    } else {
      out.putInt((int) (number >> 32));
      out.putInt((int) number);
    }
  }

  private static void writeCharacters(PacketWriter out, TypeInfo info, String value)
      throws IOException {
    putLength(out, info, value.length(), value.length());
    out.putCodePage1252(value);
    putEnd(out, info);
  }

  private static void writeUnicode(PacketWriter out, TypeInfo info, String value)
      throws IOException {
    long bytes = 2L * value.length();
    putLength(out, info, bytes, value.length());
    out.putUtf16(value);
    putEnd(out, info);
  }

  private static void writeBinary(PacketWriter out, TypeInfo info, byte[] value)
      throws IOException {
    putLength(out, info, value.length, value.length);
    out.putBytes(value);
    putEnd(out, info);
  }

  private static void putLength(PacketWriter out, TypeInfo info, long bytes, int units)
      throws IOException {
    if (info.isLong()) {
      if (bytes > info.maxBytes()) {
        throw new IllegalArgumentException("Too long for " + info.type() + ": " + bytes);
      }
      out.putByte(POINTER.length);
      out.putBytes(POINTER);
      out.putLong(0);
      out.putInt((int) bytes);
      return;
    }
    if (info.partiallyLengthPrefixed()) {
      out.putLong(bytes);
      if (bytes > 0) {
        // One chunk; its length is an unsigned 32-bit number, so that even a full array fits.
        out.putInt((int) bytes);
      }
      return;
    }
    if (bytes > info.maxBytes()) {
      throw new IllegalArgumentException(
          "Expected at most "
              + info.type().length()
              + " in a value of "
              + info.type()
              + ", found "
              + units);
    }
    out.putShort((int) bytes);
  }

  private static void putEnd(PacketWriter out, TypeInfo info) throws IOException {
    if (info.partiallyLengthPrefixed()) {
      out.putInt(0);
    }
  }

  private static void writeTime(PacketWriter out, TypeInfo info, LocalTime time)
      throws IOException {
    int scale = info.type().scale();
    out.putUnsigned(time.toNanoOfDay() / Temporal.nanosPerUnit(scale), TypeInfo.timeBytes(scale));
  }

  private static void writeSmallDateTime(PacketWriter out, TypeInfo info, LocalDateTime value)
      throws IOException {
    long days = value.toLocalDate().toEpochDay() + Temporal.DAYS_1900_TO_1970;
    int minutes = (value.toLocalTime().toSecondOfDay() + 30) / 60;
    days += minutes / Temporal.MINUTES_PER_DAY;
    require(days >= 0 && days <= 0xFFFF, info, value);
    out.putByte(4);
    out.putShort((int) days);
    out.putShort(minutes % Temporal.MINUTES_PER_DAY);
  }

  private static void writeDateTime(PacketWriter out, TypeInfo info, LocalDateTime value)
      throws IOException {
    long days = value.toLocalDate().toEpochDay() + Temporal.DAYS_1900_TO_1970;
    int ticks = Temporal.ticks(value.toLocalTime());
    days += ticks / Temporal.TICKS_PER_DAY;
    require(days >= Temporal.FIRST_DATETIME_DAY && days <= Temporal.LAST_DATETIME_DAY, info, value);
    out.putByte(8);
    out.putInt((int) days);
    out.putInt(ticks % Temporal.TICKS_PER_DAY);
  }

  private static void writeDateTimeOffset(PacketWriter out, TypeInfo info, OffsetDateTime value)
      throws IOException {
    LocalDateTime utc = value.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
    int seconds = value.getOffset().getTotalSeconds();
    require(seconds % 60 == 0 && Math.abs(seconds) <= 14 * 3600, info, value);
    int days = Temporal.daysSince0001(utc.toLocalDate());
    out.putByte(info.maxBytes());
    writeTime(out, info, utc.toLocalTime());
    out.putUnsigned(days, 3);
    out.putShort(seconds / 60);
  }

  private static void writeGuid(PacketWriter out, UUID value) throws IOException {
    long high = value.getMostSignificantBits();
    out.putByte(16);
    out.putInt((int) (high >>> 32));
    out.putShort((int) (high >>> 16));
    out.putShort((int) high);
    out.putLong(Long.reverseBytes(value.getLeastSignificantBits()));
  }

  private static void require(boolean condition, TypeInfo info, Object value) {
    if (!condition) {
      throw new IllegalArgumentException("Expected a value of " + info.type() + ", found " + value);
    }
  }
}
