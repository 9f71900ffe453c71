package com.hartonomous.ingest.standin.capture;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.Locale;
import java.util.Set;

/**
 * The {@code sys.fn_cdc_*} functions, as H2 calls them. A connection in front is supplied by H2. An
 * error of SQL Server travels through H2 as the cause of a SQLException.
 */
public final class CdcFunctions {

  private static final Set<String> ALL_FILTERS = Set.of("all", "all update old");
  private static final Set<String> NET_FILTERS = Set.of("all", "all with mask", "all with merge");

  private CdcFunctions() {}

  /** sys.fn_cdc_increment_lsn. */
  public static byte[] incrementLsn(byte[] lsn) {
    return Lsn.increment(lsn);
  }

  /** sys.fn_cdc_decrement_lsn. */
  public static byte[] decrementLsn(byte[] lsn) {
    return Lsn.decrement(lsn);
  }

  /** sys.fn_cdc_get_max_lsn: the greatest visible commit; null before the first. */
  public static byte[] maxLsn(Connection connection) throws SQLException {
    try (PreparedStatement query =
            connection.prepareStatement("SELECT MAX(start_lsn) FROM " + ChangeTables.TRANSACTIONS);
        ResultSet rows = query.executeQuery()) {
      rows.next();
      return rows.getBytes(1);
    }
  }

  /** sys.fn_cdc_get_min_lsn: ten zero bytes for an unknown instance, as in SQL Server. */
  public static byte[] minLsn(Connection connection, String instance) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT start_lsn FROM cdc.change_tables WHERE capture_instance = ?")) {
      query.setString(1, instance);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next() ? rows.getBytes(1) : new byte[Lsn.LENGTH];
      }
    }
  }

  /** sys.fn_cdc_map_lsn_to_time: UTC commit time; null for an LSN that is no commit. */
  public static LocalDateTime mapLsnToTime(Connection connection, byte[] lsn) throws SQLException {
    if (lsn == null) {
      return null;
    }
    SessionCapture session = ChangeCapture.sessionOf(connection);
    LocalDateTime remembered = session.rememberedTime(lsn);
    if (remembered != null) {
      return remembered;
    }
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT tran_end_time FROM " + ChangeTables.TRANSACTIONS + " WHERE start_lsn = ?")) {
      query.setBytes(1, lsn);
      try (ResultSet rows = query.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        LocalDateTime time = rows.getObject(1, LocalDateTime.class);
        session.rememberTime(lsn, time);
        return time;
      }
    }
  }

  /**
   * sys.fn_cdc_map_time_to_lsn.
   *
   * @param relation largest less than, largest less than or equal, smallest greater than, or
   *     smallest greater than or equal
   */
  public static byte[] mapTimeToLsn(Connection connection, String relation, LocalDateTime time)
      throws SQLException {
    if (relation == null || time == null) {
      return null;
    }
    String condition =
        switch (relation.toLowerCase(Locale.ROOT)) {
          case "largest less than" -> "MAX(start_lsn) FROM %s WHERE tran_end_time < ?";
          case "largest less than or equal" -> "MAX(start_lsn) FROM %s WHERE tran_end_time <= ?";
          case "smallest greater than" -> "MIN(start_lsn) FROM %s WHERE tran_end_time > ?";
          case "smallest greater than or equal" ->
              "MIN(start_lsn) FROM %s WHERE tran_end_time >= ?";
          default ->
              throw error(
                  313,
                  "An invalid relational operator '"
                      + relation
                      + "' was given to"
                      + " sys.fn_cdc_map_time_to_lsn.");
        };
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT " + String.format(Locale.ROOT, condition, ChangeTables.TRANSACTIONS))) {
      query.setObject(1, time);
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        return rows.getBytes(1);
      }
    }
  }

  /** The LSN of a number of the clock. */
  public static byte[] lsnOf(long number) {
    return Lsn.of(number);
  }

  /** True for the row filter of fn_cdc_get_all_changes_* that asks for images before updates. */
  public static boolean keepsBeforeImages(String filter) {
    return "all update old".equals(normalized(filter));
  }

  /** The row filter without outer spaces, in lower case. */
  public static String normalized(String filter) {
    return filter == null ? null : filter.strip().toLowerCase(Locale.ROOT);
  }

  /**
   * Checks the arguments of fn_cdc_get_all_changes_* and fn_cdc_get_net_changes_*.
   *
   * @return true
   * @throws SQLException 313 when an LSN is null, the interval is empty or not within that of the
   *     instance, or the row filter is unknown: SQL Server reports all of it as missing arguments
   */
  public static boolean checkInterval(
      Connection connection,
      int objectId,
      boolean netChanges,
      byte[] from,
      byte[] to,
      String filter)
      throws SQLException {
    Set<String> filters = netChanges ? NET_FILTERS : ALL_FILTERS;
    if (from == null
        || to == null
        || from.length != Lsn.LENGTH
        || to.length != Lsn.LENGTH
        || Lsn.compare(from, to) > 0
        || filter == null
        || !filters.contains(normalized(filter))) {
      throw insufficientArguments(netChanges);
    }
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT start_lsn, (SELECT MAX(start_lsn) FROM "
                + ChangeTables.TRANSACTIONS
                + ") FROM cdc.change_tables WHERE object_id = ?")) {
      query.setInt(1, objectId);
      try (ResultSet rows = query.executeQuery()) {
        if (!rows.next()
            || Lsn.compare(from, rows.getBytes(1)) < 0
            || rows.getBytes(2) == null
            || Lsn.compare(to, rows.getBytes(2)) > 0) {
          throw insufficientArguments(netChanges);
        }
      }
    }
    return true;
  }

  /** sys.fn_cdc_get_column_ordinal: null for an unknown instance or column. */
  public static Integer columnOrdinal(Connection connection, String instance, String column)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT c.column_ordinal FROM cdc.captured_columns c JOIN cdc.change_tables t ON"
                + " t.object_id = c.object_id WHERE t.capture_instance = ? AND c.column_name ="
                + " ?")) {
      query.setString(1, instance);
      query.setString(2, column);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next() ? rows.getInt(1) : null;
      }
    }
  }

  /** sys.fn_cdc_is_bit_set: whether the column with that ordinal, from 1, is in the mask. */
  public static Boolean isBitSet(Integer ordinal, byte[] mask) {
    if (ordinal == null || mask == null) {
      return null;
    }
    int index = mask.length - 1 - (ordinal - 1) / 8;
    return ordinal >= 1 && index >= 0 && (mask[index] & 1 << ((ordinal - 1) % 8)) != 0;
  }

  private static SQLException insufficientArguments(boolean netChanges) {
    return error(
        313,
        "An insufficient number of arguments were supplied for the procedure or function"
            + " cdc.fn_cdc_get_"
            + (netChanges ? "net" : "all")
            + "_changes_ ... .");
  }

  private static SQLException error(int number, String message) {
    return new SQLException(message, new SqlServerError(number, 16, 3, message));
  }
}
