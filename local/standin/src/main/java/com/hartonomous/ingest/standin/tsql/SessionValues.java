package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The parameterless functions and global variables whose value the session supplies. */
public final class SessionValues {

  private static final SqlType INT = SqlType.of(Kind.INT);
  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
  private static final SqlType IDENTITY = SqlType.decimal(Kind.NUMERIC, 38, 0);

  private static final Map<String, SqlType> TYPES =
      Map.ofEntries(
          Map.entry("@@TRANCOUNT", INT),
          Map.entry("@@ROWCOUNT", INT),
          Map.entry("@@ERROR", INT),
          Map.entry("@@SPID", SqlType.of(Kind.SMALLINT)),
          Map.entry("@@VERSION", SqlType.ofLength(Kind.NVARCHAR, 300)),
          Map.entry("@@SERVERNAME", SYSNAME),
          Map.entry("@@SERVICENAME", SYSNAME),
          Map.entry("@@LANGUAGE", SYSNAME),
          Map.entry("@@IDENTITY", IDENTITY),
          Map.entry("@@OPTIONS", INT),
          Map.entry("@@LOCK_TIMEOUT", INT),
          Map.entry("@@TEXTSIZE", INT),
          Map.entry("@@MAX_PRECISION", SqlType.of(Kind.TINYINT)),
          Map.entry("@@MICROSOFTVERSION", INT),
          Map.entry("@@FETCH_STATUS", INT),
          Map.entry("@@PROCID", INT),
          Map.entry("@@NESTLEVEL", INT),
          Map.entry("SCOPE_IDENTITY", IDENTITY),
          Map.entry("ROWCOUNT_BIG", SqlType.of(Kind.BIGINT)),
          Map.entry("XACT_STATE", SqlType.of(Kind.SMALLINT)),
          Map.entry("CURRENT_TRANSACTION_ID", SqlType.of(Kind.BIGINT)),
          Map.entry("APP_NAME", SYSNAME),
          Map.entry("HOST_NAME", SYSNAME),
          Map.entry("ORIGINAL_LOGIN", SYSNAME),
          Map.entry("CURRENT_USER", SYSNAME),
          Map.entry("SESSION_USER", SYSNAME),
          Map.entry("SYSTEM_USER", SYSNAME),
          Map.entry("ERROR_NUMBER", INT),
          Map.entry("ERROR_SEVERITY", INT),
          Map.entry("ERROR_STATE", INT),
          Map.entry("ERROR_LINE", INT),
          Map.entry("ERROR_PROCEDURE", SYSNAME),
          Map.entry("ERROR_MESSAGE", SqlType.ofLength(Kind.NVARCHAR, 4000)));

  private SessionValues() {}

  /** All names, upper case; those that begin with {@code @@} are written without parentheses. */
  public static Set<String> names() {
    return TYPES.keySet();
  }

  /** The type of a value; empty when there is no such value. Letter case does not matter. */
  public static Optional<SqlType> typeOf(String name) {
    return Optional.ofNullable(TYPES.get(name.toUpperCase(Locale.ROOT)));
  }
}
