package com.hartonomous.ingest.standin.tsql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** T-SQL's pure built-in functions, as H2 aliases in the schema {@code STANDIN}. */
public final class BuiltinFunctions {

  /** The H2 schema of the aliases. */
  public static final String SCHEMA = "STANDIN";

  private BuiltinFunctions() {}

  /** Creates the schema and the aliases where they are missing. */
  public static void registerAliases(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE SCHEMA IF NOT EXISTS \"" + SCHEMA + "\"");
    }
  }
}
