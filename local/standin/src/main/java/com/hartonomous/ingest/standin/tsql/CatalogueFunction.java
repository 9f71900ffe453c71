package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;
import java.util.Optional;

/**
 * The built-in functions that look into the catalogue or the session and take arguments. They are
 * emitted as {@code "STANDIN"."NAME"(database, arguments...)}: the first argument is always the
 * name of the database that the call is about (the qualifier, otherwise the current one), arguments
 * that were left out are NULL, so that each alias has one arity: 1 + {@link #maximumArguments()}.
 * The engine creates these aliases; a method may take a {@link java.sql.Connection} in front.
 */
public enum CatalogueFunction {
  OBJECT_ID(1, 2, SqlType.of(Kind.INT)),
  OBJECT_NAME(1, 2, Types.SYSNAME),
  OBJECT_SCHEMA_NAME(1, 2, Types.SYSNAME),
  OBJECT_DEFINITION(1, 1, SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX)),
  OBJECTPROPERTY(2, 2, SqlType.of(Kind.INT)),
  SCHEMA_NAME(0, 1, Types.SYSNAME),
  SCHEMA_ID(0, 1, SqlType.of(Kind.INT)),
  DB_ID(0, 1, SqlType.of(Kind.INT)),
  DB_NAME(0, 1, Types.SYSNAME),
  TYPE_NAME(1, 1, Types.SYSNAME),
  TYPE_ID(1, 1, SqlType.of(Kind.INT)),
  COL_LENGTH(2, 2, SqlType.of(Kind.SMALLINT)),
  COL_NAME(2, 2, Types.SYSNAME),
  COLUMNPROPERTY(3, 3, SqlType.of(Kind.INT)),
  /** sql_variant on a real server; here text, which CAST turns into a number. */
  SERVERPROPERTY(1, 1, Types.SYSNAME),
  /** sql_variant on a real server; here text. */
  DATABASEPROPERTYEX(2, 2, Types.SYSNAME),
  SUSER_NAME(0, 1, Types.SYSNAME),
  SUSER_SNAME(0, 1, Types.SYSNAME),
  SUSER_ID(0, 1, SqlType.of(Kind.INT)),
  USER_NAME(0, 1, Types.SYSNAME),
  USER_ID(0, 1, SqlType.of(Kind.INT)),
  IS_MEMBER(1, 1, SqlType.of(Kind.INT)),
  IS_ROLEMEMBER(1, 2, SqlType.of(Kind.INT)),
  IS_SRVROLEMEMBER(1, 2, SqlType.of(Kind.INT)),
  HAS_PERMS_BY_NAME(3, 5, SqlType.of(Kind.INT)),
  HAS_DBACCESS(1, 1, SqlType.of(Kind.INT)),
  APPLOCK_MODE(3, 3, SqlType.ofLength(Kind.NVARCHAR, 32)),
  APPLOCK_TEST(4, 4, SqlType.of(Kind.SMALLINT)),
  IDENT_CURRENT(1, 1, SqlType.decimal(Kind.NUMERIC, 38, 0)),
  IDENT_SEED(1, 1, SqlType.decimal(Kind.NUMERIC, 38, 0)),
  IDENT_INCR(1, 1, SqlType.decimal(Kind.NUMERIC, 38, 0)),
  FN_CDC_INCREMENT_LSN(1, 1, Types.LSN),
  FN_CDC_DECREMENT_LSN(1, 1, Types.LSN),
  FN_CDC_GET_MAX_LSN(0, 0, Types.LSN),
  FN_CDC_GET_MIN_LSN(1, 1, Types.LSN),
  FN_CDC_MAP_LSN_TO_TIME(1, 1, SqlType.of(Kind.DATETIME)),
  FN_CDC_MAP_TIME_TO_LSN(2, 2, Types.LSN),
  FN_CDC_GET_COLUMN_ORDINAL(2, 2, SqlType.of(Kind.INT)),
  FN_CDC_IS_BIT_SET(2, 2, SqlType.of(Kind.BIT)),
  FN_CDC_HAS_COLUMN_CHANGED(3, 3, SqlType.of(Kind.BIT));

  private final int minimumArguments;
  private final int maximumArguments;
  private final SqlType returnType;

  CatalogueFunction(int minimumArguments, int maximumArguments, SqlType returnType) {
    this.minimumArguments = minimumArguments;
    this.maximumArguments = maximumArguments;
    this.returnType = returnType;
  }

  /** The function of that name; empty when there is none. Letter case does not matter. */
  public static Optional<CatalogueFunction> named(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    for (CatalogueFunction function : values()) {
      if (function.name().equals(upper)) {
        return Optional.of(function);
      }
    }
    return Optional.empty();
  }

  public int minimumArguments() {
    return minimumArguments;
  }

  public int maximumArguments() {
    return maximumArguments;
  }

  public SqlType returnType() {
    return returnType;
  }

  /** True for functions that are written with the schema {@code sys}. */
  public boolean isQualifiedBySys() {
    return name().startsWith("FN_");
  }

  private static final class Types {
    static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
    static final SqlType LSN = SqlType.ofLength(Kind.BINARY, 10);
  }
}
