package com.hartonomous.ingest.standin.capture;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The capture state of one session: what its open transaction has captured so far, and its prepared
 * statements. Used by the session's thread only.
 */
public final class SessionCapture implements AutoCloseable {

  private final ChangeCapture capture;
  private final Connection connection;
  private final Map<Integer, PreparedStatement> inserts = new HashMap<>();

  private long transaction;
  private int changes;
  private LocalDateTime began;
  private byte[] rememberedLsn;
  private LocalDateTime rememberedTime;

  /**
   * The table of the row that is being changed, and which of its instances have seen the change.
   */
  private int changedTable;

  private final Set<Integer> seenBy = new HashSet<>();
  private final int[] rowOrdinals = new int[2];
  private int rowOrdinalCount;

  SessionCapture(ChangeCapture capture, Connection connection) {
    this.capture = capture;
    this.connection = connection;
  }

  ChangeCapture capture() {
    return capture;
  }

  Connection connection() {
    return connection;
  }

  /** True when the open transaction wrote to a captured table, even if that was undone since. */
  public boolean hasChanges() {
    return changes > 0;
  }

  int changes() {
    return changes;
  }

  long transaction() {
    return transaction;
  }

  LocalDateTime began() {
    return began;
  }

  /**
   * Tells the change of a row from the next one. H2 calls the triggers of a table's instances one
   * after the other for each row, so what an instance sees a second time is another change.
   */
  void rowChanged(CaptureInstance instance) {
    if (instance.sourceObjectId() != changedTable || seenBy.contains(instance.objectId())) {
      changedTable = instance.sourceObjectId();
      seenBy.clear();
      rowOrdinalCount = 0;
    }
    seenBy.add(instance.objectId());
  }

  /**
   * The position in this transaction of a part of the present row's change; both images of an
   * update share one. All instances of a table give a change the same position.
   *
   * @param part 0, or 1 for the insert that follows the delete when a key was updated
   */
  int ordinal(int part) {
    while (rowOrdinalCount <= part) {
      rowOrdinals[rowOrdinalCount++] = nextOrdinal();
    }
    return rowOrdinals[part];
  }

  private int nextOrdinal() {
    if (changes == 0) {
      transaction = capture.clock().reserve(1);
      began = LocalDateTime.now(Clock.systemUTC());
    }
    return ++changes;
  }

  /** Forgets the transaction after it was committed or rolled back. */
  public void ended() {
    changes = 0;
    transaction = 0;
    began = null;
    changedTable = 0;
    seenBy.clear();
  }

  /**
   * The commit time that was looked up last: the changes of a transaction are read in a row, and
   * each asks for the time of the same LSN.
   */
  LocalDateTime rememberedTime(byte[] lsn) {
    return Arrays.equals(lsn, rememberedLsn) ? rememberedTime : null;
  }

  void rememberTime(byte[] lsn, LocalDateTime time) {
    rememberedLsn = lsn.clone();
    rememberedTime = time;
  }

  void insert(CaptureInstance instance, int ordinal, int operation, byte[] mask, Object[] values)
      throws SQLException {
    PreparedStatement insert = inserts.get(instance.objectId());
    if (insert == null) {
      insert = connection.prepareStatement(insertStatement(instance));
      inserts.put(instance.objectId(), insert);
    }
    insert.setLong(1, transaction);
    insert.setInt(2, ordinal);
    insert.setInt(3, operation);
    insert.setBytes(4, mask);
    for (int i = 0; i < values.length; i++) {
      insert.setObject(5 + i, values[i]);
    }
    insert.executeUpdate();
  }

  private static String insertStatement(CaptureInstance instance) {
    return "INSERT INTO "
        + instance.rowsTable()
        + " VALUES (?, ?, ?, ?"
        + ", ?".repeat(instance.columns().size())
        + ")";
  }

  @Override
  public void close() {
    capture.unregister(this);
  }
}
