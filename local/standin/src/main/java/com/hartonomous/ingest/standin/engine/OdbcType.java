package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;

/**
 * A type as sp_columns_100 describes it.
 *
 * @param precision 0 for (max), which drivers show as 2147483647
 * @param scale null where it has no meaning
 * @param octetLength null for types without one
 */
record OdbcType(
    String typeName,
    int dataType,
    int precision,
    int length,
    Short scale,
    Short radix,
    int sqlDataType,
    Short dateTimeSub,
    Integer octetLength) {

  private static final int DATE_TIME = 9;

  static OdbcType of(SqlType type) {
    TypeCatalogue entry = TypeCatalogue.of(type.kind());
    String name = entry.typeName();
    int odbc = entry.odbc();
    int bytes = Math.max(TypeCatalogue.maxLength(type), 0);
    return switch (type.kind()) {
      case BIT -> new OdbcType(name, odbc, 1, 1, null, null, odbc, null, null);
      case TINYINT, SMALLINT, INT, BIGINT ->
          new OdbcType(
              name, odbc, entry.precision(), bytes, (short) 0, (short) 10, odbc, null, null);
      case REAL, FLOAT ->
          new OdbcType(name, odbc, entry.precision(), bytes, null, (short) 2, odbc, null, null);
      case DECIMAL, NUMERIC ->
          new OdbcType(
              name,
              odbc,
              type.precision(),
              type.precision() + 2,
              (short) type.scale(),
              (short) 10,
              odbc,
              null,
              null);
      case SMALLMONEY, MONEY ->
          new OdbcType(
              name,
              odbc,
              entry.precision(),
              entry.precision() + 2,
              (short) 4,
              (short) 10,
              odbc,
              null,
              null);
      case CHAR, VARCHAR, NCHAR, NVARCHAR, BINARY, VARBINARY ->
          new OdbcType(
              name, odbc, Math.max(type.length(), 0), bytes, null, null, odbc, null, bytes);
      case DATE -> new OdbcType(name, odbc, 10, 6, null, null, DATE_TIME, (short) 1, null);
      case TIME ->
          new OdbcType(
              name,
              odbc,
              TypeCatalogue.precision(type),
              12,
              (short) type.scale(),
              null,
              DATE_TIME,
              (short) 0,
              null);
      case SMALLDATETIME ->
          new OdbcType(name, odbc, 16, 16, (short) 0, null, DATE_TIME, (short) 3, null);
      case DATETIME ->
          new OdbcType(name, odbc, 23, 16, (short) 3, null, DATE_TIME, (short) 3, null);
      case DATETIME2, DATETIMEOFFSET ->
          new OdbcType(
              name,
              odbc,
              TypeCatalogue.precision(type),
              type.kind() == Kind.DATETIME2 ? 16 : 20,
              (short) type.scale(),
              null,
              DATE_TIME,
              (short) (type.kind() == Kind.DATETIME2 ? 3 : 0),
              null);
      case GEOMETRY -> new OdbcType(name, odbc, 0, 0, null, null, odbc, null, null);
      case UNIQUEIDENTIFIER -> new OdbcType(name, odbc, 36, 16, null, null, odbc, null, null);
    };
  }

  /** The type's number in the wire protocol of old, SS_DATA_TYPE. */
  int serverType(boolean nullable) {
    return switch (typeName) {
      case "bit" -> 50;
      case "tinyint" -> nullable ? 38 : 48;
      case "smallint" -> nullable ? 38 : 52;
      case "int" -> nullable ? 38 : 56;
      case "bigint" -> nullable ? 108 : 63;
      case "real" -> nullable ? 109 : 59;
      case "float" -> nullable ? 109 : 62;
      case "decimal" -> nullable ? 106 : 55;
      case "numeric" -> nullable ? 108 : 63;
      case "smallmoney" -> nullable ? 110 : 122;
      case "money" -> nullable ? 110 : 60;
      case "smalldatetime" -> nullable ? 111 : 58;
      case "datetime" -> nullable ? 111 : 61;
      case "char", "varchar", "nchar", "nvarchar" -> 39;
      case "binary", "varbinary", "uniqueidentifier" -> 37;
      default -> 0;
    };
  }
}
