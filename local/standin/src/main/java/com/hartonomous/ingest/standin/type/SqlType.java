package com.hartonomous.ingest.standin.type;

/**
 * A SQL Server data type with its declared size.
 *
 * @param kind the type's family
 * @param length characters for CHAR/VARCHAR/NCHAR/NVARCHAR, bytes for BINARY/VARBINARY, {@link
 *     #MAX} for (max); 0 for the others
 * @param precision total digits of DECIMAL/NUMERIC, 0 for the others
 * @param scale digits after the point of DECIMAL/NUMERIC, fractional second digits (0 to 7) of
 *     TIME/DATETIME2/DATETIMEOFFSET, 0 for the others
 */
public record SqlType(Kind kind, int length, int precision, int scale) {

  /** The length of a (max) type. */
  public static final int MAX = -1;

  /** The families, each with the Java class that its values have inside the stand-in. */
  public enum Kind {
    BIT(Boolean.class),
    TINYINT(Short.class),
    SMALLINT(Short.class),
    INT(Integer.class),
    BIGINT(Long.class),
    REAL(Float.class),
    FLOAT(Double.class),
    DECIMAL(java.math.BigDecimal.class),
    NUMERIC(java.math.BigDecimal.class),
    SMALLMONEY(java.math.BigDecimal.class),
    MONEY(java.math.BigDecimal.class),
    CHAR(String.class),
    VARCHAR(String.class),
    NCHAR(String.class),
    NVARCHAR(String.class),
    BINARY(byte[].class),
    VARBINARY(byte[].class),
    DATE(java.time.LocalDate.class),
    TIME(java.time.LocalTime.class),
    SMALLDATETIME(java.time.LocalDateTime.class),
    DATETIME(java.time.LocalDateTime.class),
    DATETIME2(java.time.LocalDateTime.class),
    DATETIMEOFFSET(java.time.OffsetDateTime.class),
    UNIQUEIDENTIFIER(java.util.UUID.class),
    /** In SQL Server's binary form, {@link ClrGeometry}. */
    GEOMETRY(byte[].class);

    private final Class<?> valueClass;

    Kind(Class<?> valueClass) {
      this.valueClass = valueClass;
    }

    /** The class of every non-null value of this type inside the stand-in. */
    public Class<?> valueClass() {
      return valueClass;
    }
  }

  /** A type that has no size of its own. */
  public static SqlType of(Kind kind) {
    return new SqlType(kind, 0, 0, 0);
  }

  /** A character or binary type of the given length, or {@link #MAX}. */
  public static SqlType ofLength(Kind kind, int length) {
    return new SqlType(kind, length, 0, 0);
  }

  /** DECIMAL or NUMERIC. */
  public static SqlType decimal(Kind kind, int precision, int scale) {
    return new SqlType(kind, 0, precision, scale);
  }

  /** A time type with fractional second digits. */
  public static SqlType ofScale(Kind kind, int scale) {
    return new SqlType(kind, 0, 0, scale);
  }
}
