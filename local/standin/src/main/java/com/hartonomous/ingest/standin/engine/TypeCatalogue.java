package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;

/**
 * SQL Server's data types as its catalogue numbers and describes them (sys.types, sp_columns).
 *
 * @param id system_type_id
 * @param odbc DATA_TYPE of sp_columns_100
 * @param storage max_length of a column of fixed size, 0 when the declaration decides
 */
record TypeCatalogue(Kind kind, int id, int odbc, int storage, int precision, int scale) {

  private static final TypeCatalogue[] ALL = {
    new TypeCatalogue(Kind.BIT, 104, -7, 1, 1, 0),
    new TypeCatalogue(Kind.TINYINT, 48, -6, 1, 3, 0),
    new TypeCatalogue(Kind.SMALLINT, 52, 5, 2, 5, 0),
    new TypeCatalogue(Kind.INT, 56, 4, 4, 10, 0),
    new TypeCatalogue(Kind.BIGINT, 127, -5, 8, 19, 0),
    new TypeCatalogue(Kind.REAL, 59, 7, 4, 24, 0),
    new TypeCatalogue(Kind.FLOAT, 62, 6, 8, 53, 0),
    new TypeCatalogue(Kind.DECIMAL, 106, 3, 0, 38, 38),
    new TypeCatalogue(Kind.NUMERIC, 108, 2, 0, 38, 38),
    new TypeCatalogue(Kind.SMALLMONEY, 122, 3, 4, 10, 4),
    new TypeCatalogue(Kind.MONEY, 60, 3, 8, 19, 4),
    new TypeCatalogue(Kind.CHAR, 175, 1, 0, 0, 0),
    new TypeCatalogue(Kind.VARCHAR, 167, 12, 0, 0, 0),
    new TypeCatalogue(Kind.NCHAR, 239, -8, 0, 0, 0),
    new TypeCatalogue(Kind.NVARCHAR, 231, -9, 0, 0, 0),
    new TypeCatalogue(Kind.BINARY, 173, -2, 0, 0, 0),
    new TypeCatalogue(Kind.VARBINARY, 165, -3, 0, 0, 0),
    new TypeCatalogue(Kind.DATE, 40, 91, 3, 10, 0),
    new TypeCatalogue(Kind.TIME, 41, -154, 0, 16, 7),
    new TypeCatalogue(Kind.SMALLDATETIME, 58, 93, 4, 16, 0),
    new TypeCatalogue(Kind.DATETIME, 61, 93, 8, 23, 3),
    new TypeCatalogue(Kind.DATETIME2, 42, 93, 0, 27, 7),
    new TypeCatalogue(Kind.DATETIMEOFFSET, 43, -155, 0, 34, 7),
    new TypeCatalogue(Kind.UNIQUEIDENTIFIER, 36, -11, 16, 0, 0),
    new TypeCatalogue(Kind.GEOMETRY, 240, -151, -1, 0, 0),
  };

  static TypeCatalogue[] all() {
    return ALL.clone();
  }

  static TypeCatalogue of(Kind kind) {
    for (TypeCatalogue type : ALL) {
      if (type.kind == kind) {
        return type;
      }
    }
    throw new IllegalStateException("no catalogue entry for " + kind);
  }

  static TypeCatalogue ofId(int id) {
    for (TypeCatalogue type : ALL) {
      if (type.id == id) {
        return type;
      }
    }
    throw new IllegalArgumentException("no data type has the id " + id);
  }

  /** The type's name in T-SQL, lower case. */
  String typeName() {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  static boolean isCharacter(Kind kind) {
    return switch (kind) {
      case CHAR, VARCHAR, NCHAR, NVARCHAR -> true;
      default -> false;
    };
  }

  static boolean isNational(Kind kind) {
    return kind == Kind.NCHAR || kind == Kind.NVARCHAR;
  }

  static boolean isBinary(Kind kind) {
    return kind == Kind.BINARY || kind == Kind.VARBINARY;
  }

  /** max_length of sys.columns: bytes, -1 for (max). */
  static int maxLength(SqlType type) {
    Kind kind = type.kind();
    if (isCharacter(kind) || isBinary(kind)) {
      return isNational(kind) && type.length() > 0 ? type.length() * 2 : type.length();
    }
    return switch (kind) {
      case DECIMAL, NUMERIC -> decimalStorage(type.precision());
      case TIME -> type.scale() <= 2 ? 3 : type.scale() <= 4 ? 4 : 5;
      case DATETIME2 -> type.scale() <= 2 ? 6 : type.scale() <= 4 ? 7 : 8;
      case DATETIMEOFFSET -> type.scale() <= 2 ? 8 : type.scale() <= 4 ? 9 : 10;
      default -> of(kind).storage;
    };
  }

  private static int decimalStorage(int precision) {
    return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
  }

  /** precision of sys.columns. */
  static int precision(SqlType type) {
    return switch (type.kind()) {
      case DECIMAL, NUMERIC -> type.precision();
      case TIME -> type.scale() == 0 ? 8 : 9 + type.scale();
      case DATETIME2 -> type.scale() == 0 ? 19 : 20 + type.scale();
      case DATETIMEOFFSET -> type.scale() == 0 ? 26 : 27 + type.scale();
      default -> of(type.kind()).precision;
    };
  }

  /** scale of sys.columns. */
  static int scale(SqlType type) {
    return switch (type.kind()) {
      case DECIMAL, NUMERIC, TIME, DATETIME2, DATETIMEOFFSET -> type.scale();
      default -> of(type.kind()).scale;
    };
  }

  /** The declared type behind a row of sys.columns. */
  static SqlType declared(int id, int maxLength, int precision, int scale) {
    Kind kind = ofId(id).kind;
    if (isCharacter(kind) || isBinary(kind)) {
      return SqlType.ofLength(kind, isNational(kind) && maxLength > 0 ? maxLength / 2 : maxLength);
    }
    return switch (kind) {
      case DECIMAL, NUMERIC -> SqlType.decimal(kind, precision, scale);
      case TIME, DATETIME2, DATETIMEOFFSET -> SqlType.ofScale(kind, scale);
      default -> SqlType.of(kind);
    };
  }
}
