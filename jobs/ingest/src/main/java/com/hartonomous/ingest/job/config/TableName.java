package com.hartonomous.ingest.job.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Schema and table as people write them. */
public record TableName(String schema, String table) {

  private static final Pattern FORM =
      Pattern.compile("(\\[(?:[^\\]]|]])+]|[^.\\[\\]]+)\\.(\\[(?:[^\\]]|]])+]|[^.\\[\\]]+)");

  /**
   * Reads {@code schema.table}; a name with dots or brackets stands in brackets, as in T-SQL:
   * {@code [my.schema].[a]]b]}. Empty when the text has another form.
   */
  public static Optional<TableName> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches()
        ? Optional.of(new TableName(unbracket(matcher.group(1)), unbracket(matcher.group(2))))
        : Optional.empty();
  }

  private static String unbracket(String name) {
    return name.startsWith("[") ? name.substring(1, name.length() - 1).replace("]]", "]") : name;
  }

  /** SQL Server's usual collation does not tell upper from lower case in names. */
  public boolean equalsIgnoreCase(TableName other) {
    return schema.equalsIgnoreCase(other.schema) && table.equalsIgnoreCase(other.table);
  }

  /** {@code schema.table}, without brackets. */
  @Override
  public String toString() {
    return schema + "." + table;
  }
}
