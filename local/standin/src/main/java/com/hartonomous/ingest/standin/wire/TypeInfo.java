package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;

/**
 * A type as it stands on the wire.
 *
 * @param wireType the type token
 * @param maxBytes the declared length in bytes; {@link #PARTIALLY_LENGTH_PREFIXED} for (max) types
 * @param type the type it means
 * @param utf8 whether a CHAR or VARCHAR value is UTF-8 instead of code page 1252
 */
public record TypeInfo(int wireType, int maxBytes, SqlType type, boolean utf8) {
  static final int PARTIALLY_LENGTH_PREFIXED = 0xFFFF;
  private static final int MAX_SHORT_BYTES = 8000;

  /** The declared length of text and image; half of the characters for ntext. */
  private static final int MAX_LONG_BYTES = 0x7FFFFFFF;

  private static final String GEOMETRY_ASSEMBLY =
      "Microsoft.SqlServer.Types.SqlGeometry, Microsoft.SqlServer.Types, Version=11.0.0.0,"
          + " Culture=neutral, PublicKeyToken=89845dcd8080cc91";

  /** SQL_Latin1_General_CP1_CI_AS: locale 1033, comparison flags, sort order 52. */
  private static final int COLLATION = 0x00D00409;

  private static final int COLLATION_SORT_ORDER = 0x34;
  private static final int COLLATION_UTF8_FLAG = 0x0400_0000;

  /** The wire form in which the stand-in sends values of a type. */
  public static TypeInfo of(SqlType type) {
    return switch (type.kind()) {
      case BIT -> fixed(WireType.BIT_N, 1, type);
      case TINYINT -> fixed(WireType.INT_N, 1, type);
      case SMALLINT -> fixed(WireType.INT_N, 2, type);
      case INT -> fixed(WireType.INT_N, 4, type);
      case BIGINT -> fixed(WireType.INT_N, 8, type);
      case REAL -> fixed(WireType.FLOAT_N, 4, type);
      case FLOAT -> fixed(WireType.FLOAT_N, 8, type);
      case DECIMAL -> fixed(WireType.DECIMAL_N, decimalBytes(type), type);
      case NUMERIC -> fixed(WireType.NUMERIC_N, decimalBytes(type), type);
      case SMALLMONEY -> fixed(WireType.MONEY_N, 4, type);
      case MONEY -> fixed(WireType.MONEY_N, 8, type);
      case CHAR -> variable(WireType.CHAR, type, 1);
      case VARCHAR -> variable(WireType.VARCHAR, type, 1);
      case NCHAR -> variable(WireType.NCHAR, type, 2);
      case NVARCHAR -> variable(WireType.NVARCHAR, type, 2);
      case BINARY -> variable(WireType.BINARY, type, 1);
      case VARBINARY -> variable(WireType.VARBINARY, type, 1);
      case DATE -> fixed(WireType.DATE_N, 3, type);
      case TIME -> fixed(WireType.TIME_N, timeBytes(scale(type)), type);
      case SMALLDATETIME -> fixed(WireType.DATETIME_N, 4, type);
      case DATETIME -> fixed(WireType.DATETIME_N, 8, type);
      case DATETIME2 -> fixed(WireType.DATETIME2_N, timeBytes(scale(type)) + 3, type);
      case DATETIMEOFFSET -> fixed(WireType.DATETIMEOFFSET_N, timeBytes(scale(type)) + 5, type);
      case UNIQUEIDENTIFIER -> fixed(WireType.GUID, 16, type);
      case GEOMETRY -> fixed(WireType.UDT, PARTIALLY_LENGTH_PREFIXED, type);
    };
  }

  /**
   * The wire form for a client of an older version: (max) types are text, ntext and image, and what
   * it has no type of date and time for is text.
   */
  public static TypeInfo of(SqlType type, TdsVersion version) {
    if (!version.isWide() && type.kind() == Kind.GEOMETRY) {
      return new TypeInfo(WireType.IMAGE, MAX_LONG_BYTES, type, false);
    }
    if (!version.isWide() && isMax(type)) {
      return switch (type.kind()) {
        case VARCHAR -> new TypeInfo(WireType.TEXT, MAX_LONG_BYTES, type, false);
        case NVARCHAR -> new TypeInfo(WireType.NTEXT, MAX_LONG_BYTES - 1, type, false);
        default -> new TypeInfo(WireType.IMAGE, MAX_LONG_BYTES, type, false);
      };
    }
    if (!version.hasDateTypes()) {
      int characters =
          switch (type.kind()) {
            case DATE -> 10;
            case TIME -> 8 + fraction(type);
            case DATETIME2 -> 19 + fraction(type);
            case DATETIMEOFFSET -> 26 + fraction(type);
            default -> 0;
          };
      if (characters > 0) {
        return new TypeInfo(WireType.NVARCHAR, 2 * characters, type, false);
      }
    }
    return of(type);
  }

  /** The wire form of an output parameter, which cannot be text, ntext or image. */
  static TypeInfo ofOutput(SqlType type, TdsVersion version) {
    if (version.isWide() || !isMax(type)) {
      return of(type, version);
    }
    int length = type.kind() == Kind.NVARCHAR ? MAX_SHORT_BYTES / 2 : MAX_SHORT_BYTES;
    return of(SqlType.ofLength(type.kind(), length));
  }

  private static boolean isMax(SqlType type) {
    return switch (type.kind()) {
      case VARCHAR, NVARCHAR, VARBINARY -> type.length() == SqlType.MAX;
      default -> false;
    };
  }

  private static int fraction(SqlType type) {
    return type.scale() == 0 ? 0 : 1 + scale(type);
  }

  /** Whether values stand behind a pointer and a length of four bytes. */
  boolean isLong() {
    return wireType == WireType.TEXT || wireType == WireType.NTEXT || wireType == WireType.IMAGE;
  }

  /** Whether values travel in chunks behind an eight-byte length. */
  boolean partiallyLengthPrefixed() {
    return maxBytes == PARTIALLY_LENGTH_PREFIXED;
  }

  /** Bytes of a time of day with this many fractional second digits. */
  static int timeBytes(int scale) {
    return scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  }

  /** Puts the TYPE_INFO. */
  void write(PacketWriter out) throws IOException {
    out.putByte(wireType);
    switch (wireType) {
      case WireType.DATE_N -> {}
      case WireType.TIME_N, WireType.DATETIME2_N, WireType.DATETIMEOFFSET_N ->
          out.putByte(type.scale());
      case WireType.DECIMAL_N, WireType.NUMERIC_N -> {
        out.putByte(maxBytes);
        out.putByte(type.precision());
        out.putByte(type.scale());
      }
      case WireType.BINARY, WireType.VARBINARY -> out.putShort(maxBytes);
      case WireType.IMAGE -> out.putInt(maxBytes);
      case WireType.TEXT, WireType.NTEXT -> {
        out.putInt(maxBytes);
        writeCollation(out);
      }
      case WireType.CHAR, WireType.VARCHAR, WireType.NCHAR, WireType.NVARCHAR -> {
        out.putShort(maxBytes);
        writeCollation(out);
      }
      case WireType.UDT -> {
        out.putShort(maxBytes);
        for (String part : new String[] {"", "sys", "geometry"}) {
          out.putByte(part.length());
          out.putUtf16(part);
        }
        out.putShort(GEOMETRY_ASSEMBLY.length());
        out.putUtf16(GEOMETRY_ASSEMBLY);
      }
      default -> out.putByte(maxBytes);
    }
  }

  /** Puts the five bytes of the only collation that the stand-in has. */
  static void writeCollation(PacketWriter out) throws IOException {
    out.putInt(COLLATION);
    out.putByte(COLLATION_SORT_ORDER);
  }

  /**
   * Reads a TYPE_INFO.
   *
   * @param subject what has the type, for the message, for example {@code Parameter 3 ("@P2")}
   * @throws SqlServerError 8009 for a type that the stand-in does not know; the rest of the message
   *     cannot be understood then
   */
  static TypeInfo read(MessageReader in, String subject) throws IOException, SqlServerError {
    int token = in.readUnsignedByte();
    return switch (token) {
      case WireType.INT1 -> fixed(token, 1, SqlType.of(Kind.TINYINT));
      case WireType.BIT -> fixed(token, 1, SqlType.of(Kind.BIT));
      case WireType.INT2 -> fixed(token, 2, SqlType.of(Kind.SMALLINT));
      case WireType.INT4 -> fixed(token, 4, SqlType.of(Kind.INT));
      case WireType.INT8 -> fixed(token, 8, SqlType.of(Kind.BIGINT));
      case WireType.REAL -> fixed(token, 4, SqlType.of(Kind.REAL));
      case WireType.FLOAT -> fixed(token, 8, SqlType.of(Kind.FLOAT));
      case WireType.MONEY -> fixed(token, 8, SqlType.of(Kind.MONEY));
      case WireType.SMALLMONEY -> fixed(token, 4, SqlType.of(Kind.SMALLMONEY));
      case WireType.DATETIME -> fixed(token, 8, SqlType.of(Kind.DATETIME));
      case WireType.SMALLDATETIME -> fixed(token, 4, SqlType.of(Kind.SMALLDATETIME));
      case WireType.INT_N, WireType.FLOAT_N, WireType.MONEY_N, WireType.DATETIME_N ->
          readByLength(in, token, subject);
      case WireType.BIT_N -> {
        requireLength(in.readUnsignedByte() == 1, token, subject);
        yield fixed(token, 1, SqlType.of(Kind.BIT));
      }
      case WireType.GUID -> {
        int length = in.readUnsignedByte();
        requireLength(length == 16 || length == 0, token, subject);
        yield fixed(token, 16, SqlType.of(Kind.UNIQUEIDENTIFIER));
      }
      case WireType.DECIMAL_N, WireType.NUMERIC_N -> readDecimal(in, token, subject);
      case WireType.DATE_N -> fixed(token, 3, SqlType.of(Kind.DATE));
      case WireType.TIME_N, WireType.DATETIME2_N, WireType.DATETIMEOFFSET_N ->
          readTime(in, token, subject);
      case WireType.CHAR -> readVariable(in, token, Kind.CHAR, 1, true, subject);
      case WireType.VARCHAR -> readVariable(in, token, Kind.VARCHAR, 1, true, subject);
      case WireType.NCHAR -> readVariable(in, token, Kind.NCHAR, 2, true, subject);
      case WireType.NVARCHAR -> readVariable(in, token, Kind.NVARCHAR, 2, true, subject);
      case WireType.TEXT -> readLong(in, token, Kind.VARCHAR, true);
      case WireType.NTEXT -> readLong(in, token, Kind.NVARCHAR, true);
      case WireType.IMAGE -> readLong(in, token, Kind.VARBINARY, false);
      case WireType.BINARY -> readVariable(in, token, Kind.BINARY, 1, false, subject);
      case WireType.VARBINARY -> readVariable(in, token, Kind.VARBINARY, 1, false, subject);
      case WireType.UDT -> readGeometry(in, subject);
      default ->
          throw new SqlServerError(
              8009,
              16,
              1,
              String.format(
                  "The incoming tabular data stream (TDS) protocol stream is incorrect. %s: Data"
                      + " type 0x%02X is unknown.",
                  subject, token));
    };
  }

  /** UDT_INFO of a client: database, schema and name of the type. */
  private static TypeInfo readGeometry(MessageReader in, String subject)
      throws IOException, SqlServerError {
    in.readShortString();
    in.readShortString();
    String name = in.readShortString();
    if (!name.equalsIgnoreCase("geometry")) {
      throw new SqlServerError(
          40000, 16, 1, subject + ": the stand-in does not support the data type '" + name + "'.");
    }
    return fixed(WireType.UDT, PARTIALLY_LENGTH_PREFIXED, SqlType.of(Kind.GEOMETRY));
  }

  private static TypeInfo readByLength(MessageReader in, int token, String subject)
      throws IOException {
    int length = in.readUnsignedByte();
    Kind kind =
        switch (token << 8 | length) {
          case WireType.INT_N << 8 | 1 -> Kind.TINYINT;
          case WireType.INT_N << 8 | 2 -> Kind.SMALLINT;
          case WireType.INT_N << 8 | 4 -> Kind.INT;
          case WireType.INT_N << 8 | 8 -> Kind.BIGINT;
          case WireType.FLOAT_N << 8 | 4 -> Kind.REAL;
          case WireType.FLOAT_N << 8 | 8 -> Kind.FLOAT;
          case WireType.MONEY_N << 8 | 4 -> Kind.SMALLMONEY;
          case WireType.MONEY_N << 8 | 8 -> Kind.MONEY;
          case WireType.DATETIME_N << 8 | 4 -> Kind.SMALLDATETIME;
          case WireType.DATETIME_N << 8 | 8 -> Kind.DATETIME;
          default -> throw wrongLength(token, subject);
        };
    return fixed(token, length, SqlType.of(kind));
  }

  private static TypeInfo readDecimal(MessageReader in, int token, String subject)
      throws IOException {
    int length = in.readUnsignedByte();
    int precision = in.readUnsignedByte();
    int scale = in.readUnsignedByte();
    requireLength(length >= 2 && length <= 17, token, subject);
    requireLength(precision >= 1 && precision <= 38 && scale <= precision, token, subject);
    Kind kind = token == WireType.DECIMAL_N ? Kind.DECIMAL : Kind.NUMERIC;
    return fixed(token, length, SqlType.decimal(kind, precision, scale));
  }

  private static TypeInfo readTime(MessageReader in, int token, String subject) throws IOException {
    int scale = in.readUnsignedByte();
    requireLength(scale <= 7, token, subject);
    return switch (token) {
      case WireType.TIME_N -> fixed(token, timeBytes(scale), SqlType.ofScale(Kind.TIME, scale));
      case WireType.DATETIME2_N ->
          fixed(token, timeBytes(scale) + 3, SqlType.ofScale(Kind.DATETIME2, scale));
      default -> fixed(token, timeBytes(scale) + 5, SqlType.ofScale(Kind.DATETIMEOFFSET, scale));
    };
  }

  private static TypeInfo readLong(MessageReader in, int token, Kind kind, boolean collated)
      throws IOException {
    // The declared length says nothing: clients put -1 there for NULL.
    in.skip(4);
    boolean utf8 = false;
    if (collated) {
      utf8 = (in.readInt() & COLLATION_UTF8_FLAG) != 0;
      in.skip(1);
    }
    return new TypeInfo(token, MAX_LONG_BYTES, SqlType.ofLength(kind, SqlType.MAX), utf8);
  }

  private static TypeInfo readVariable(
      MessageReader in,
      int token,
      Kind kind,
      int bytesPerCharacter,
      boolean collated,
      String subject)
      throws IOException {
    int length = in.readUnsignedShort();
    boolean utf8 = false;
    if (collated) {
      utf8 = (in.readInt() & COLLATION_UTF8_FLAG) != 0;
      in.skip(1);
    }
    if (length == PARTIALLY_LENGTH_PREFIXED) {
      requireLength(
          kind == Kind.VARCHAR || kind == Kind.NVARCHAR || kind == Kind.VARBINARY, token, subject);
      return new TypeInfo(token, length, SqlType.ofLength(kind, SqlType.MAX), utf8);
    }
    requireLength(length <= MAX_SHORT_BYTES && length % bytesPerCharacter == 0, token, subject);
    // A declared length of 0 does occur (an empty value); as a type the least length is 1.
    int characters = Math.max(1, length / bytesPerCharacter);
    return new TypeInfo(token, length, SqlType.ofLength(kind, characters), utf8);
  }

  private static void requireLength(boolean condition, int token, String subject)
      throws ProtocolException {
    if (!condition) {
      throw wrongLength(token, subject);
    }
  }

  private static ProtocolException wrongLength(int token, String subject) {
    return new ProtocolException(
        String.format(
            "%s: length, precision or scale is not possible for type 0x%02X", subject, token));
  }

  private static TypeInfo fixed(int token, int maxBytes, SqlType type) {
    return new TypeInfo(token, maxBytes, type, false);
  }

  private static TypeInfo variable(int token, SqlType type, int bytesPerCharacter) {
    if (type.length() == SqlType.MAX) {
      return new TypeInfo(token, PARTIALLY_LENGTH_PREFIXED, type, false);
    }
    int bytes = type.length() * bytesPerCharacter;
    if (bytes < 1 || bytes > MAX_SHORT_BYTES) {
      throw new IllegalArgumentException(
          "Expected a length of 1 to "
              + MAX_SHORT_BYTES / bytesPerCharacter
              + " or MAX in "
              + type);
    }
    return new TypeInfo(token, bytes, type, false);
  }

  private static int decimalBytes(SqlType type) {
    int precision = type.precision();
    if (precision < 1 || precision > 38 || type.scale() < 0 || type.scale() > precision) {
      throw new IllegalArgumentException("Expected precision 1 to 38 and 0 <= scale in " + type);
    }
    return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
  }

  private static int scale(SqlType type) {
    if (type.scale() < 0 || type.scale() > 7) {
      throw new IllegalArgumentException("Expected a scale of 0 to 7 in " + type);
    }
    return type.scale();
  }
}
