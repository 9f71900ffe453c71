package com.hartonomous.ingest.cli.deadletters;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Which dead letters are meant: those that fulfil everything that was said.
 *
 * @param source as {@code dead-letters list} shows it, {@code *} stands for any text; null for all
 * @param reason null for all
 * @param ids empty for all
 */
record DeadLetterFilter(String source, String reason, List<Long> ids) {

  /** One query takes 2,100 parameters. */
  static final int IDS_MAX = 1_000;

  DeadLetterFilter {
    ids = List.copyOf(ids);
  }

  /**
   * A condition over {@code dbo.vw_DeadLetters AS l}, with parameters that {@link #bind} sets; true
   * for all when nothing was said.
   */
  String condition() {
    List<String> conditions = new ArrayList<>();
    if (source != null) {
      conditions.add("l.SourceName LIKE ? ESCAPE '\\'");
    }
    if (reason != null) {
      conditions.add("l.Reason = ?");
    }
    if (!ids.isEmpty()) {
      conditions.add(
          "l.ErrorId IN (" + String.join(", ", Collections.nCopies(ids.size(), "?")) + ")");
    }
    return conditions.isEmpty() ? "1 = 1" : String.join(" AND ", conditions);
  }

  /**
   * Sets the condition's parameters.
   *
   * @param first position of the first one
   */
  void bind(PreparedStatement statement, int first) throws SQLException {
    int position = first;
    if (source != null) {
      statement.setString(position++, pattern(source));
    }
    if (reason != null) {
      statement.setString(position++, reason);
    }
    for (long id : ids) {
      statement.setLong(position++, id);
    }
  }

  private static String pattern(String source) {
    return source
        .replace("\\", "\\\\")
        .replace("%", "\\%")
        .replace("_", "\\_")
        .replace("[", "\\[")
        .replace("*", "%");
  }
}
