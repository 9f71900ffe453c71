package com.hartonomous.ingest.standin.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * H2's description of a duplicate key: {@code schema.index ON schema.table(columns) VALUES ( /* key
 * *&#47; values )}, or {@code PRIMARY KEY ON schema.table(column) ( /* key:1 *&#47; row )} when the
 * key is the row's number.
 */
record KeyViolation(
    String index, String schema, String table, List<String> columns, List<String> values) {

  static KeyViolation parse(String detail) {
    Identifiers text = new Identifiers(detail);
    List<String> index = text.nextPath();
    text.skipPast(" ON ");
    List<String> path = text.nextPath();
    List<String> columns = text.nextList();
    text.skipPast("*/");
    List<String> values = values(text.rest());
    return new KeyViolation(
        index.get(index.size() - 1),
        path.size() > 1 ? path.get(path.size() - 2) : "dbo",
        path.get(path.size() - 1),
        columns,
        values.subList(0, Math.min(columns.size(), values.size())));
  }

  /** The key as SQL Server shows it. */
  String keyText() {
    return String.join(", ", values);
  }

  private static List<String> values(String text) {
    List<String> values = new ArrayList<>();
    StringBuilder value = new StringBuilder();
    boolean inString = false;
    int depth = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      inString ^= c == '\'';
      if (!inString) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth < 0 || (depth == 0 && c == ',')) {
          values.add(shown(value.toString().strip()));
          value.setLength(0);
          if (depth < 0) {
            break;
          }
          continue;
        }
      }
      value.append(c);
    }
    return values;
  }

  /** A literal of H2 as SQL Server prints the value. */
  private static String shown(String literal) {
    if (literal.startsWith("CAST(")) {
      int type = literal.lastIndexOf(" AS ");
      return shown(literal.substring("CAST(".length(), type < 0 ? literal.length() : type));
    }
    if (literal.equals("NULL")) {
      return "<NULL>";
    }
    int quote = literal.indexOf('\'');
    if (quote < 0 || !literal.endsWith("'") || literal.length() < quote + 2) {
      return literal;
    }
    String content = literal.substring(quote + 1, literal.length() - 1).replace("''", "'");
    if (literal.startsWith("X'")) {
      return "0x" + content.toLowerCase(Locale.ROOT);
    }
    return content;
  }
}
