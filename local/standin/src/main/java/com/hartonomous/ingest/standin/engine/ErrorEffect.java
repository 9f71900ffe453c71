package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.Set;

/**
 * What an error does beside being reported. Most end only their statement. Deadlocks, update
 * conflicts under SNAPSHOT and failed conversions end the batch and the transaction; names that are
 * not found and THROW end the batch; with XACT_ABORT every error but RAISERROR's ends both.
 */
record ErrorEffect(boolean endsBatch, boolean rollsBack) {

  /** From this severity on the connection ends. */
  static final int FATAL = 20;

  private static final Set<Integer> ROLL_BACK =
      Set.of(241, 242, 245, 248, 1205, 3951, 3952, 3960, 3961, 8114);

  private static final Set<Integer> END_BATCH =
      Set.of(102, 137, 207, 208, 209, 1087, 4121, 217, ErrorMap.CANCELLED, 40000);

  /** Who raised an error. */
  enum Origin {
    SERVER,
    RAISERROR,
    THROW
  }

  static ErrorEffect of(SqlServerError error, Origin origin, boolean transactionAbort) {
    int number = error.number();
    if (origin != Origin.SERVER) {
      boolean thrown = origin == Origin.THROW;
      return new ErrorEffect(thrown, thrown && transactionAbort);
    }
    if (number == ErrorMap.CANCELLED) {
      return new ErrorEffect(true, transactionAbort);
    }
    boolean rollsBack = ROLL_BACK.contains(number) || transactionAbort || error.severity() >= FATAL;
    return new ErrorEffect(
        rollsBack || END_BATCH.contains(number) || error.severity() == 15, rollsBack);
  }
}
