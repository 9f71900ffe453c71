package com.hartonomous.ingest.capture.sqlserver;

import io.debezium.relational.TableId;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names by which the connector knows schemas and tables: Latin letters, digits and _, anything
 * else as {@code _xHHHH_} with the UTF-16 code unit in four upper-case hexadecimal digits, as SQL
 * Server writes names in XML. {@code Order Lines} is {@code Order_x0020_Lines}.
 *
 * <p>For the connector joins names by dots and parses them again ({@code
 * FinishedSnapshotSplitInfo.serialize}, {@code SnapshotSplit.extractTableId}), where a space or a
 * quotation mark is an error and a dot another name; takes them for regular expressions ({@code
 * SqlServerScanFetchTask}'s table.include.list); and fails when two that are no Avro names become
 * the same one ({@code SchemaNameAdjuster}). No two names have the same alias.
 */
final class TableAlias {

  private static final Pattern ESCAPED = Pattern.compile("_x([0-9A-F]{4})_");
  private static final Pattern TO_ESCAPE = Pattern.compile("[^A-Za-z0-9_]|_(?=[xX]\\p{XDigit}{4})");
  private static final int HEXADECIMAL = 16;

  private TableAlias() {}

  static String of(String name) {
    return TO_ESCAPE.matcher(name).replaceAll(TableAlias::escape);
  }

  /** The name that has this alias. */
  static String original(String alias) {
    return ESCAPED
        .matcher(alias)
        .replaceAll(
            escaped ->
                Matcher.quoteReplacement(
                    Character.toString((char) Integer.parseInt(escaped.group(1), HEXADECIMAL))));
  }

  /** Schema and table by their aliases; the database keeps its name. */
  static TableId of(TableId table) {
    return new TableId(table.catalog(), of(table.schema()), of(table.table()));
  }

  static TableId original(TableId alias) {
    return new TableId(alias.catalog(), original(alias.schema()), original(alias.table()));
  }

  private static String escape(MatchResult character) {
    StringBuilder escaped = new StringBuilder();
    for (char unit : character.group().toCharArray()) {
      escaped.append(String.format("_x%04X_", (int) unit));
    }
    return escaped.toString();
  }
}
