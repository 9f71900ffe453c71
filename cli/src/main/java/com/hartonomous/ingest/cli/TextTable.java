package com.hartonomous.ingest.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Rows of text in columns that are as wide as they must be; numbers stand at the right. */
public final class TextTable {

  private static final String GAP = "  ";

  private final List<String> headers;
  private final List<List<String>> rows = new ArrayList<>();

  public TextTable(String... headers) {
    this.headers = List.of(headers);
  }

  /**
   * Adds a row; null shows as {@code -}.
   *
   * @throws IllegalArgumentException unless it has a cell for each header
   */
  public void add(Object... cells) {
    if (cells.length != headers.size()) {
      throw new IllegalArgumentException(
          "Expected " + headers.size() + " cells, found " + cells.length + ".");
    }
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      row.add(cell == null || cell.toString().isEmpty() ? "-" : printable(cell.toString()));
    }
    rows.add(row);
  }

  /** Names come out of files of strangers and must not steer the terminal. */
  public static String printable(String text) {
    StringBuilder printable = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            character -> {
              if (Character.isISOControl(character)
                  || Character.getType(character) == Character.FORMAT) {
                printable.append(' ');
              } else {
                printable.appendCodePoint(character);
              }
            });
    return printable.toString();
  }

  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /** Prints headers and rows. */
  public void print(PrintWriter out) {
    int[] widths = new int[headers.size()];
    boolean[] numeric = new boolean[headers.size()];
    for (int column = 0; column < widths.length; column++) {
      int position = column;
      widths[column] =
          Math.max(
              headers.get(column).length(),
              rows.stream().mapToInt(row -> row.get(position).length()).max().orElse(0));
      numeric[column] = rows.stream().allMatch(row -> isNumber(row.get(position)));
    }
    printRow(out, headers, widths, numeric);
    rows.forEach(row -> printRow(out, row, widths, numeric));
  }

  private static boolean isNumber(String cell) {
    return cell.equals("-") || Character.isDigit(cell.charAt(0));
  }

  private static void printRow(
      PrintWriter out, List<String> cells, int[] widths, boolean[] numeric) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      String padding = " ".repeat(widths[column] - cell.length());
      line.append(numeric[column] ? padding + cell : cell + padding).append(GAP);
    }
    out.println(line.toString().stripTrailing());
  }
}
