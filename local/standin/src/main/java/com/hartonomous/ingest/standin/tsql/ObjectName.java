package com.hartonomous.ingest.standin.tsql;

import java.util.List;
import java.util.Optional;

/**
 * A name of one to three parts, outermost first: {@code [database.][schema.]object}. A part that
 * was left out in the middle ({@code master..spt_values}) is the empty string.
 *
 * @param parts 1 to 3 parts, unquoted, as written
 */
public record ObjectName(List<String> parts) {

  public ObjectName {
    parts = List.copyOf(parts);
    if (parts.isEmpty() || parts.size() > 3) {
      throw new IllegalArgumentException("a name has 1 to 3 parts, not " + parts.size());
    }
  }

  public static ObjectName of(String... parts) {
    return new ObjectName(List.of(parts));
  }

  /** The last part. */
  public String name() {
    return parts.get(parts.size() - 1);
  }

  /** The schema as written; empty when it was left out. */
  public Optional<String> schema() {
    return part(2);
  }

  /** The database as written; empty when it was left out. */
  public Optional<String> database() {
    return part(3);
  }

  /** {@code #name}: a temporary table of the session. */
  public boolean isTemporaryTable() {
    return name().startsWith("#");
  }

  /** {@code @name}: a table variable. */
  public boolean isTableVariable() {
    return name().startsWith("@");
  }

  /** True when the object has this schema (or none) and name; letter case does not matter. */
  public boolean is(String schemaName, String objectName) {
    return name().equalsIgnoreCase(objectName)
        && schema().map(s -> s.equalsIgnoreCase(schemaName)).orElse(true);
  }

  private Optional<String> part(int fromEnd) {
    return parts.size() < fromEnd
        ? Optional.empty()
        : Optional.of(parts.get(parts.size() - fromEnd)).filter(p -> !p.isEmpty());
  }

  /** The parts joined by dots, as error messages show names. */
  @Override
  public String toString() {
    return String.join(".", parts);
  }
}
