package com.hartonomous.ingest.runtime;

import java.sql.SQLException;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/** What an error of SQL Server means for the transaction that met it. */
public final class SqlErrors {

  /** What to do about an error. */
  public enum Kind {
    /** The whole transaction may succeed when it is tried again. */
    TRANSIENT,
    /** The server or the way to it is broken; may be over later. */
    CONNECTION,
    /** The statement's own data are refused; trying again changes nothing. */
    DATA,
    /** Anything else: a defect or a lack of rights. */
    FATAL
  }

  // Deadlock victim, lock request time-out, snapshot update conflict, and what two writers of the
  // same new atom can do to each other: duplicate key in an index or constraint, a reference to an
  // atom that is not there (yet).
  private static final Set<Integer> TRANSIENT = Set.of(1205, 1222, 3960, 2601, 2627, 547);

  // Log or tempdb full, database starting, throttling, fail-over in progress.
  private static final Set<Integer> CONNECTION =
      Set.of(
          9002, 1105, 922, 904, 40197, 40501, 40613, 49918, 49919, 49920, 10928, 10929, 983, 976);

  // Conversion failed, NULL refused, truncation, arithmetic overflow, illegal XML or date, string
  // too long for the wire.
  private static final Set<Integer> DATA =
      Set.of(241, 242, 245, 515, 2628, 8114, 8115, 8152, 4815, 4863, 4864, 9420, 8023, 7139);

  /** Bounds the walk along causes, which might be a circle. */
  private static final int CAUSES_MAX = 10;

  private static final Set<Integer> KEY_CONFLICTS = Set.of(2601, 2627, 547);

  private SqlErrors() {}

  /**
   * Whether a key or check refused a row. Another transaction's doing as a rule, hence {@link
   * Kind#TRANSIENT}; what is refused again and again is refused for its data.
   */
  public static boolean isKeyConflict(SQLException error) {
    return chain(error).anyMatch(cause -> KEY_CONFLICTS.contains(cause.getErrorCode()));
  }

  /**
   * The kind of an error. The driver's bulk copy wraps an error of the server into one without
   * number, so causes count too.
   */
  public static Kind kind(SQLException error) {
    return chain(error)
        .map(SqlErrors::ownKind)
        .filter(kind -> kind != Kind.FATAL)
        .findFirst()
        .orElse(Kind.FATAL);
  }

  /** The error and the database errors among its causes. */
  private static Stream<SQLException> chain(SQLException error) {
    return Stream.<Throwable>iterate(error, Objects::nonNull, Throwable::getCause)
        .limit(CAUSES_MAX)
        .filter(SQLException.class::isInstance)
        .map(SQLException.class::cast);
  }

  private static Kind ownKind(SQLException error) {
    int number = error.getErrorCode();
    String state = error.getSQLState();
    if (TRANSIENT.contains(number) || "40001".equals(state)) {
      return Kind.TRANSIENT;
    }
    // The driver gives class 08 to what happens to the connection, and no number.
    if (CONNECTION.contains(number) || (state != null && state.startsWith("08"))) {
      return Kind.CONNECTION;
    }
    return DATA.contains(number) ? Kind.DATA : Kind.FATAL;
  }
}
