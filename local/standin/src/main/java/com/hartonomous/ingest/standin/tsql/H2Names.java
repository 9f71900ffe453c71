package com.hartonomous.ingest.standin.tsql;

import java.nio.charset.Charset;

/** Names and literals as H2 writes them. */
final class H2Names {

  /** SQL_Latin1_General_CP1: the code page of CHAR and VARCHAR. */
  static final Charset CODE_PAGE = Charset.forName("windows-1252");

  private H2Names() {}

  static String quote(String name) {
    return "\"" + name.replace("\"", "\"\"") + "\"";
  }

  /**
   * The name of a source of a query, quoted. H2 writes a derived table's query down and parses it
   * again, and does not find a qualifier with characters other than ASCII then: they become
   * numbers.
   */
  static String source(String name) {
    StringBuilder ascii = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < 0x80) {
        ascii.append(c);
      } else {
        ascii.append('$').append((int) Character.toUpperCase(c)).append('$');
      }
    }
    return quote(ascii.toString());
  }

  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  /** The alias of a pure function; prefixed, since H2 refuses the names of its own functions. */
  static String alias(String function) {
    return quote(BuiltinFunctions.SCHEMA) + "." + quote("TSQL_" + function);
  }

  /** The alias of a function of the catalogue, which the engine creates. */
  static String alias(CatalogueFunction function) {
    return quote(BuiltinFunctions.SCHEMA) + "." + quote(function.name());
  }

  /** The H2 name of an index: T-SQL's are unique in their table, H2's in the schema. */
  static String index(ObjectName table, String index) {
    return quote(table.name() + "." + index);
  }

  /**
   * The schema part of a physical name with its point, perhaps empty.
   *
   * @param physicalTable as {@link Environment#table} returns it
   */
  static String schemaPrefix(String physicalTable) {
    int close = physicalTable.length();
    int point = -1;
    boolean quoted = false;
    for (int i = 0; i < close; i++) {
      char c = physicalTable.charAt(i);
      if (c == '"') {
        quoted = !quoted;
      } else if (c == '.' && !quoted) {
        point = i;
      }
    }
    return physicalTable.substring(0, point + 1);
  }
}
