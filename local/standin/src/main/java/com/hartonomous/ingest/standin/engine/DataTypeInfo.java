package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The rows of sp_datatype_info, in its documented columns, for the types that the stand-in has. */
final class DataTypeInfo {

  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
  private static final SqlType AFFIX = SqlType.ofLength(Kind.VARCHAR, 32);
  private static final SqlType SMALLINT = SqlType.of(Kind.SMALLINT);
  private static final SqlType INT = SqlType.of(Kind.INT);

  private static final short NULLABLE = 1;
  private static final short SEARCHABLE = 3;
  private static final short SEARCHABLE_BUT_LIKE = 2;
  private static final short YES = 1;
  private static final short NO = 0;
  private static final int DATA_TYPE = 1;

  static final Object[] COLUMNS = {
    "TYPE_NAME", SYSNAME,
    "DATA_TYPE", SMALLINT,
    "PRECISION", INT,
    "LITERAL_PREFIX", AFFIX,
    "LITERAL_SUFFIX", AFFIX,
    "CREATE_PARAMS", AFFIX,
    "NULLABLE", SMALLINT,
    "CASE_SENSITIVE", SMALLINT,
    "SEARCHABLE", SMALLINT,
    "UNSIGNED_ATTRIBUTE", SMALLINT,
    "MONEY", SMALLINT,
    "AUTO_INCREMENT", SMALLINT,
    "LOCAL_TYPE_NAME", SYSNAME,
    "MINIMUM_SCALE", SMALLINT,
    "MAXIMUM_SCALE", SMALLINT,
    "SQL_DATA_TYPE", SMALLINT,
    "SQL_DATETIME_SUB", SMALLINT,
    "NUM_PREC_RADIX", INT,
    "INTERVAL_PRECISION", SMALLINT,
    "USERTYPE", SMALLINT
  };

  private DataTypeInfo() {}

  /**
   * In the order of their numbers.
   *
   * @param dataType those of this ODBC number, 0 for all
   */
  static List<Object[]> rows(long dataType) {
    List<Object[]> rows = new ArrayList<>();
    for (TypeCatalogue type : TypeCatalogue.all()) {
      if (dataType == 0 || dataType == type.odbc()) {
        rows.add(row(type, false));
        if (isWholeNumber(type.kind()) || isDecimal(type.kind())) {
          rows.add(row(type, true));
        }
      }
    }
    rows.sort(Comparator.comparing(row -> (Short) row[DATA_TYPE]));
    return rows;
  }

  private static Object[] row(TypeCatalogue type, boolean identity) {
    Kind kind = type.kind();
    OdbcType odbc = OdbcType.of(largest(kind));
    boolean number = odbc.radix() != null;
    boolean money = kind == Kind.MONEY || kind == Kind.SMALLMONEY;
    String suffix = isQuoted(kind) ? "'" : null;
    String name =
        type.typeName() + (identity ? (isDecimal(kind) ? "() identity" : " identity") : "");
    Short scale = isDecimal(kind) && !identity ? Short.valueOf((short) 38) : odbc.scale();
    return new Object[] {
      name,
      (short) type.odbc(),
      odbc.precision(),
      prefix(kind),
      suffix,
      parameters(kind, identity),
      identity ? NO : NULLABLE,
      NO,
      TypeCatalogue.isCharacter(kind) || odbc.dateTimeSub() != null
          ? SEARCHABLE
          : SEARCHABLE_BUT_LIKE,
      number ? (kind == Kind.TINYINT ? YES : NO) : null,
      money ? YES : NO,
      number ? (identity ? YES : NO) : null,
      name,
      isDecimal(kind) || odbc.dateTimeSub() != null ? Short.valueOf(NO) : scale,
      scale,
      (short) odbc.sqlDataType(),
      odbc.dateTimeSub(),
      number ? Integer.valueOf(odbc.radix()) : null,
      null,
      userType(kind)
    };
  }

  private static SqlType largest(Kind kind) {
    return switch (kind) {
      case CHAR, VARCHAR, BINARY, VARBINARY -> SqlType.ofLength(kind, 8000);
      case NCHAR, NVARCHAR -> SqlType.ofLength(kind, 4000);
      case DECIMAL, NUMERIC -> SqlType.decimal(kind, 38, 0);
      case TIME, DATETIME2, DATETIMEOFFSET -> SqlType.ofScale(kind, 7);
      default -> SqlType.of(kind);
    };
  }

  private static boolean isWholeNumber(Kind kind) {
    return switch (kind) {
      case TINYINT, SMALLINT, INT, BIGINT -> true;
      default -> false;
    };
  }

  private static boolean isDecimal(Kind kind) {
    return kind == Kind.DECIMAL || kind == Kind.NUMERIC;
  }

  private static boolean isQuoted(Kind kind) {
    return switch (kind) {
      case CHAR, VARCHAR, NCHAR, NVARCHAR, UNIQUEIDENTIFIER -> true;
      case DATE, TIME, SMALLDATETIME, DATETIME, DATETIME2, DATETIMEOFFSET -> true;
      default -> false;
    };
  }

  private static String prefix(Kind kind) {
    if (TypeCatalogue.isBinary(kind)) {
      return "0x";
    }
    if (kind == Kind.MONEY || kind == Kind.SMALLMONEY) {
      return "$";
    }
    if (isQuoted(kind)) {
      return TypeCatalogue.isNational(kind) ? "N'" : "'";
    }
    return null;
  }

  private static String parameters(Kind kind, boolean identity) {
    return switch (kind) {
      case CHAR, NCHAR, BINARY -> "length";
      case VARCHAR, NVARCHAR, VARBINARY -> "max length";
      case DECIMAL, NUMERIC -> identity ? "precision" : "precision,scale";
      case TIME, DATETIME2, DATETIMEOFFSET -> "scale";
      default -> null;
    };
  }

  /** The number of systypes; types of later versions have 0. */
  private static short userType(Kind kind) {
    return (short)
        switch (kind) {
          case CHAR -> 1;
          case VARCHAR -> 2;
          case BINARY -> 3;
          case VARBINARY -> 4;
          case TINYINT -> 5;
          case SMALLINT -> 6;
          case INT -> 7;
          case FLOAT -> 8;
          case NUMERIC -> 10;
          case MONEY -> 11;
          case DATETIME -> 12;
          case BIT -> 16;
          case SMALLMONEY -> 21;
          case SMALLDATETIME -> 22;
          case REAL -> 23;
          case DECIMAL -> 24;
          default -> 0;
        };
  }
}
