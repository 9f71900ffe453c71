package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ExpressionType.Collation;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Set;

/** CAST, CONVERT and the conversions that T-SQL does by itself, where H2's differ. */
final class ConversionEmitter {

  /** Styles of dates as text, see {@link DateTimeFunctions#dateTimeText}. */
  private static final Set<Integer> DATE_STYLES =
      Set.of(20, 21, 23, 25, 108, 112, 114, 120, 121, 126, 127);

  private static final int ISO_STYLE = 121;
  private static final int NO_STYLE = -1;

  private ConversionEmitter() {}

  /** CAST(x AS type). */
  static Fragment cast(Fragment x, SqlType target) throws SqlServerError {
    return convert(x, target, NO_STYLE);
  }

  /**
   * CONVERT(type, x, style).
   *
   * @throws SqlServerError for a style or pair of types that the stand-in does not know
   */
  static Fragment convert(Fragment x, SqlType target, int style) throws SqlServerError {
    ExpressionType source = x.type();
    if (!source.isKnown()) {
      return SqlTypes.isBinary(target)
          ? plainCast(call("TO_BINARY", SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), x), target)
          : plainCast(x, target);
    }
    if (target.kind() == Kind.GEOMETRY) {
      return source.isKind(Kind.GEOMETRY) ? x : SpatialEmitter.converted(x);
    }
    if (source.isKind(Kind.GEOMETRY)) {
      if (!SqlTypes.isBinary(target)) {
        throw new SqlServerError(
            529,
            16,
            3,
            "Explicit conversion from data type geometry to "
                + SqlTypes.name(target)
                + " is not allowed.");
      }
      return plainCast(SpatialEmitter.bytes(x), target);
    }
    if (SqlTypes.isText(target)) {
      return toText(x, target, style);
    }
    if (SqlTypes.isBinary(target)) {
      return toBinary(x, target, style);
    }
    if (SqlTypes.isTime(target)) {
      return toTime(x, target);
    }
    if (SqlTypes.isInteger(target)) {
      return toInteger(x, target);
    }
    if (target.kind() == Kind.UNIQUEIDENTIFIER && source.isBinary()) {
      return call("BINARY_UUID", target, x);
    }
    return plainCast(x, target);
  }

  /** TRY_CAST: NULL where CAST fails. */
  static Fragment tryCast(Fragment x, SqlType target) throws SqlServerError {
    if (SqlTypes.isText(target) || SqlTypes.isBinary(target)) {
      return cast(x, target);
    }
    Fragment text =
        x.type().isText() || !x.type().isKnown()
            ? Fragment.concat(x.type(), "CAST(", x, " AS VARCHAR)")
            : cast(x, SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX));
    Fragment checked =
        Fragment.concat(
            ExpressionType.of(SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX)),
            H2Names.alias("CONVERTIBLE_TEXT"),
            "(",
            text,
            ", " + H2Names.literal(target.kind().name()),
            ", " + target.precision() + ", " + target.scale() + ")");
    boolean viaTimestamp = SqlTypes.isTime(target) && target.kind() != Kind.DATETIMEOFFSET;
    return plainCast(
        viaTimestamp ? plainCast(checked, SqlType.ofScale(Kind.DATETIME2, 7)) : checked, target);
  }

  /**
   * The value as it goes into a column, converted without being asked.
   *
   * @param target or null when the column's type is not known
   */
  static Fragment assign(Fragment x, SqlType target) throws SqlServerError {
    ExpressionType source = x.type();
    if (target == null || !source.isKnown() || source.type().kind() == target.kind()) {
      return x;
    }
    if (source.isKind(Kind.GEOMETRY)) {
      throw implicitRefused(source.type(), target);
    }
    if (SqlTypes.isText(target)) {
      return source.isText() ? x : cast(x, SqlType.ofLength(target.kind(), SqlType.MAX));
    }
    if (SqlTypes.isBinary(target)) {
      if (source.isText()) {
        throw implicitRefused(source.type(), target);
      }
      return source.isBinary() ? x : cast(x, target);
    }
    boolean harmless =
        source.isNumeric()
            && SqlTypes.isNumeric(target)
            && !(SqlTypes.isInteger(target) && !source.isInteger());
    return harmless && target.kind() != Kind.BIT && target.kind() != Kind.TINYINT
        ? x
        : cast(x, target);
  }

  private static SqlServerError implicitRefused(SqlType source, SqlType target) {
    return new SqlServerError(
        257,
        16,
        3,
        "Implicit conversion from data type "
            + SqlTypes.name(source)
            + " to "
            + SqlTypes.name(target)
            + " is not allowed. Use the CONVERT function to run this query.");
  }

  private static Fragment toText(Fragment x, SqlType target, int style) throws SqlServerError {
    SqlType source = x.type().type();
    Fragment text = x;
    if (SqlTypes.isBinary(source)) {
      text = binaryAsText(x, target, style);
    } else if (SqlTypes.isTime(source)) {
      text = timeAsText(x, source, style);
    } else if (source.kind() == Kind.BIT) {
      text = Fragment.concat(x.type(), "CAST(", x, " AS INTEGER)");
    } else if (SqlTypes.isFloat(source)) {
      text = call("FLOAT_TEXT", target, x);
    } else if (SqlTypes.isMoney(source)) {
      text = Fragment.concat(x.type(), "CAST(", x, " AS NUMERIC(19, 2))");
    } else if (source.kind() == Kind.UNIQUEIDENTIFIER) {
      text = Fragment.concat(x.type(), "UPPER(CAST(", x, " AS VARCHAR))");
    }
    return plainCast(text, target);
  }

  private static Fragment binaryAsText(Fragment x, SqlType target, int style)
      throws SqlServerError {
    switch (style) {
      case NO_STYLE, 0:
        return call(SqlTypes.isNational(target) ? "UTF16_TEXT" : "CODE_PAGE_TEXT", target, x);
      case 1:
        return Fragment.concat(x.type(), "('0x' || UPPER(RAWTOHEX(", x, ")))");
      case 2:
        return Fragment.concat(x.type(), "UPPER(RAWTOHEX(", x, "))");
      default:
        throw unknownStyle(style, "binary");
    }
  }

  private static Fragment timeAsText(Fragment x, SqlType source, int style) throws SqlServerError {
    boolean old = source.kind() == Kind.DATETIME || source.kind() == Kind.SMALLDATETIME;
    if (style == NO_STYLE && old) {
      throw Errors.unsupported(
          "the conversion of " + SqlTypes.name(source) + " to text without a style; give 121");
    }
    int effective = style == NO_STYLE ? ISO_STYLE : style;
    if (!DATE_STYLES.contains(effective)) {
      throw unknownStyle(style, "date and time");
    }
    String function = source.kind() == Kind.DATETIMEOFFSET ? "OFFSET_TEXT" : "DATETIME_TEXT";
    Fragment value =
        source.kind() == Kind.TIME ? Fragment.concat(x.type(), "CAST(", x, " AS TIMESTAMP(7))") : x;
    int scale = old ? source.kind() == Kind.DATETIME ? 3 : 0 : source.scale();
    return Fragment.concat(
        x.type(),
        H2Names.alias(function),
        "(",
        value,
        ", " + H2Names.literal(source.kind().name()) + ", " + scale + ", " + effective + ")");
  }

  private static SqlServerError unknownStyle(int style, String what) {
    return Errors.unsupported("CONVERT style " + style + " of " + what);
  }

  private static Fragment toBinary(Fragment x, SqlType target, int style) throws SqlServerError {
    SqlType source = x.type().type();
    if (SqlTypes.isText(source)) {
      if (style == 1 || style == 2) {
        return plainCast(
            Fragment.concat(x.type(), H2Names.alias("HEX_BINARY"), "(", x, ", " + style + ")"),
            target);
      }
      if (style > 2) {
        throw unknownStyle(style, "binary");
      }
      return plainCast(textBytes(x), target);
    }
    if (SqlTypes.isInteger(source) || source.kind() == Kind.BIT) {
      int bytes = integerBytes(source);
      int length =
          target.kind() == Kind.BINARY || (target.length() >= 0 && target.length() < bytes)
              ? target.length()
              : bytes;
      return Fragment.concat(
          ExpressionType.of(target),
          H2Names.alias("INTEGER_BINARY"),
          "(CAST(",
          x,
          " AS BIGINT), " + bytes + ", " + length + ")");
    }
    if (source.kind() == Kind.UNIQUEIDENTIFIER) {
      return plainCast(call("UUID_BINARY", target, x), target);
    }
    if (SqlTypes.isBinary(source)) {
      return plainCast(x, target);
    }
    throw Errors.unsupported("the conversion of " + SqlTypes.name(source) + " to binary");
  }

  /** The bytes that SQL Server stores for text. */
  static Fragment textBytes(Fragment x) {
    return call(
        SqlTypes.isNational(x.type().type()) ? "UTF16_BYTES" : "CODE_PAGE_BYTES",
        SqlType.ofLength(Kind.VARBINARY, SqlType.MAX),
        x);
  }

  private static int integerBytes(SqlType type) {
    return switch (type.kind()) {
      case BIT, TINYINT -> 1;
      case SMALLINT -> 2;
      case BIGINT -> 8;
      default -> 4;
    };
  }

  private static Fragment toInteger(Fragment x, SqlType target) throws SqlServerError {
    SqlType source = x.type().type();
    if (SqlTypes.isText(source)) {
      return plainCast(
          Fragment.concat(
              x.type(),
              H2Names.alias("TEXT_INTEGER"),
              "(",
              x,
              ", " + H2Names.literal(SqlTypes.name(source)),
              ", " + H2Names.literal(target.kind().name()) + ")"),
          target);
    }
    if (SqlTypes.isBinary(source)) {
      return plainCast(
          Fragment.concat(
              x.type(), H2Names.alias("BINARY_INTEGER"), "(", x, ", " + integerBytes(target) + ")"),
          target);
    }
    if (SqlTypes.isDecimal(source) || SqlTypes.isFloat(source)) {
      return plainCast(Fragment.concat(x.type(), "TRUNC(", x, ", 0)"), target);
    }
    if (SqlTypes.isTime(source)) {
      throw Errors.unsupported("the conversion of dates to numbers");
    }
    return plainCast(x, target);
  }

  private static Fragment toTime(Fragment x, SqlType target) throws SqlServerError {
    SqlType source = x.type().type();
    boolean toOffset = target.kind() == Kind.DATETIMEOFFSET;
    if (SqlTypes.isText(source)) {
      return plainCast(call(toOffset ? "TEXT_OFFSET" : "TEXT_DATETIME", target, x), target);
    }
    if (!SqlTypes.isTime(source)) {
      throw Errors.unsupported("the conversion of " + SqlTypes.name(source) + " to a date or time");
    }
    if (source.kind() == Kind.TIME && target.kind() != Kind.TIME) {
      throw Errors.unsupported("the conversion of time to " + SqlTypes.name(target));
    }
    boolean fromOffset = source.kind() == Kind.DATETIMEOFFSET;
    if (fromOffset && !toOffset) {
      return plainCast(call("OFFSET_LOCAL", target, x), target);
    }
    if (!fromOffset && toOffset) {
      return plainCast(call("LOCAL_OFFSET", target, x), target);
    }
    return plainCast(x, target);
  }

  private static Fragment call(String alias, SqlType type, Fragment x) {
    return Fragment.concat(ExpressionType.of(type), H2Names.alias(alias), "(", x, ")");
  }

  /** H2's own CAST; DATETIME and SMALLDATETIME are rounded as SQL Server does it. */
  static Fragment plainCast(Fragment x, SqlType target) {
    boolean ignoresCase = target.kind() == Kind.VARCHAR || target.kind() == Kind.NVARCHAR;
    Collation collation =
        SqlTypes.isText(target) && x.type().isText() ? x.type().collation() : Collation.DEFAULT;
    ExpressionType type = new ExpressionType(target, collation, ignoresCase, x.type().nullable());
    String check =
        switch (target.kind()) {
          case DATETIME, SMALLDATETIME, TINYINT -> target.kind().name() + "_VALUE";
          default -> null;
        };
    String h2 = SqlTypes.h2Value(target);
    return check == null
        ? Fragment.concat(type, "CAST(", x, " AS " + h2 + ")")
        : Fragment.concat(
            type,
            "CAST(" + H2Names.alias(check) + "(CAST(",
            x,
            " AS "
                + (target.kind() == Kind.TINYINT ? "BIGINT" : "TIMESTAMP(9)")
                + ")) AS "
                + h2
                + ")");
  }
}
