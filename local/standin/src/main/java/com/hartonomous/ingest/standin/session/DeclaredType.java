package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.type.SizedTypes;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A type as it is written in a parameter declaration, such as {@code decimal(38,2)}. */
final class DeclaredType {
  private static final Pattern SYNTAX =
      Pattern.compile("(\\w+)\\s*(?:\\(\\s*(max|\\d{1,4})\\s*(?:,\\s*(\\d{1,2})\\s*)?\\))?");
  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);

  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("bit", Kind.BIT),
          Map.entry("tinyint", Kind.TINYINT),
          Map.entry("smallint", Kind.SMALLINT),
          Map.entry("int", Kind.INT),
          Map.entry("bigint", Kind.BIGINT),
          Map.entry("real", Kind.REAL),
          Map.entry("float", Kind.FLOAT),
          Map.entry("decimal", Kind.DECIMAL),
          Map.entry("numeric", Kind.NUMERIC),
          Map.entry("smallmoney", Kind.SMALLMONEY),
          Map.entry("money", Kind.MONEY),
          Map.entry("char", Kind.CHAR),
          Map.entry("varchar", Kind.VARCHAR),
          Map.entry("nchar", Kind.NCHAR),
          Map.entry("nvarchar", Kind.NVARCHAR),
          Map.entry("binary", Kind.BINARY),
          Map.entry("varbinary", Kind.VARBINARY),
          Map.entry("date", Kind.DATE),
          Map.entry("time", Kind.TIME),
          Map.entry("smalldatetime", Kind.SMALLDATETIME),
          Map.entry("datetime", Kind.DATETIME),
          Map.entry("datetime2", Kind.DATETIME2),
          Map.entry("datetimeoffset", Kind.DATETIMEOFFSET),
          Map.entry("geometry", Kind.GEOMETRY),
          Map.entry("uniqueidentifier", Kind.UNIQUEIDENTIFIER));

  private DeclaredType() {}

  /**
   * The type, or empty when it is none that the stand-in knows by this notation.
   *
   * @throws SqlServerError 131 when its length, precision or scale is none
   */
  static Optional<SqlType> parse(String text) throws SqlServerError {
    Matcher matcher = SYNTAX.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    if (matcher.group(1).equals("sysname")) {
      return Optional.of(SYSNAME);
    }
    Kind kind = KINDS.get(matcher.group(1));
    if (kind == null) {
      return Optional.empty();
    }
    boolean max = "max".equals(matcher.group(2));
    int first = matcher.group(2) == null || max ? -1 : Integer.parseInt(matcher.group(2));
    int second = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
    return Optional.of(
        switch (kind) {
          case DECIMAL, NUMERIC ->
              SizedTypes.decimal(kind, first < 0 ? SizedTypes.PRECISION_DEFAULT : first, second);
          case CHAR, VARCHAR, NCHAR, NVARCHAR, BINARY, VARBINARY ->
              max
                  ? SqlType.ofLength(kind, SqlType.MAX)
                  : SizedTypes.ofLength(kind, Math.max(1, first));
          case TIME, DATETIME2, DATETIMEOFFSET ->
              SizedTypes.ofScale(kind, first < 0 ? SizedTypes.TIME_SCALE_MAX : first);
          case FLOAT -> SizedTypes.ofMantissa(first < 0 ? SizedTypes.FLOAT_MANTISSA_MAX : first);
          default -> SqlType.of(kind);
        });
  }
}
