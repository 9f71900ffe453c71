package com.hartonomous.ingest.standin.capture;

import com.hartonomous.ingest.standin.type.ClrGeometry;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.sql.Blob;
import java.sql.Clob;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.h2.api.Trigger;
import org.locationtech.jts.geom.Geometry;

/**
 * Copies the changes of a captured table into its change table, inside the writer's transaction: H2
 * undoes the copies together with the statement, savepoint or transaction. H2 makes one object a
 * trigger and table; it is used by all sessions at once.
 *
 * <p>As in SQL Server, the image before an update has NULL for columns of (max) types that the
 * update left as they were, and computed columns are always NULL. An update of a key is a delete
 * and an insert. SQL Server does that for a column of any unique index when the storage engine
 * moves the row, which depends on the plan; here it is a column of an index that an instance of the
 * table identifies its rows by, always.
 */
public final class CaptureTrigger implements Trigger {

  private static final int DELETE = 1;
  private static final int INSERT = 2;
  private static final int UPDATE_BEFORE = 3;
  private static final int UPDATE_AFTER = 4;

  private int objectId;

  /** Found anew after H2 made the trigger, which it also does after ALTER TABLE. */
  private volatile Positions positions;

  /**
   * Where the captured columns and those of the keys stand in the table's rows; -1: dropped.
   *
   * @param version of the instances when this was found
   */
  private record Positions(CaptureInstance instance, int version, int[] columns, int[] key) {}

  @Override
  public void init(
      Connection connection,
      String schemaName,
      String triggerName,
      String tableName,
      boolean before,
      int type) {
    // Not the table's name: during ALTER TABLE it is that of H2's copy.
    objectId = Integer.parseInt(triggerName.substring(triggerName.lastIndexOf('_') + 1));
    positions = null;
  }

  @Override
  public void fire(Connection connection, Object[] oldRow, Object[] newRow) throws SQLException {
    SessionCapture session = ChangeCapture.sessionOf(connection);
    ChangeCapture capture = session.capture();
    Positions current = positions;
    if (current == null || current.version() != capture.version()) {
      current = findPositions(capture, capture.instance(objectId), connection);
      positions = current;
    }
    session.rowChanged(current.instance());
    if (oldRow == null) {
      record(session, current, 0, INSERT, newRow);
    } else if (newRow == null) {
      record(session, current, 0, DELETE, oldRow);
    } else {
      update(session, current, oldRow, newRow);
    }
  }

  private static void update(
      SessionCapture session, Positions current, Object[] oldRow, Object[] newRow)
      throws SQLException {
    for (int position : current.key()) {
      if (!same(oldRow[position], newRow[position])) {
        record(session, current, 0, DELETE, oldRow);
        record(session, current, 1, INSERT, newRow);
        return;
      }
    }
    byte[] mask = changedBits(current, oldRow, newRow);
    if (mask == null) {
      return;
    }
    int ordinal = session.ordinal(0);
    CaptureInstance instance = current.instance();
    Object[] before = captured(current, oldRow);
    for (int i = 0; i < before.length; i++) {
      if (!isBitSet(mask, i) && (before[i] instanceof Blob || before[i] instanceof Clob)) {
        before[i] = null;
      }
    }
    session.insert(instance, ordinal, UPDATE_BEFORE, mask, before);
    session.insert(instance, ordinal, UPDATE_AFTER, mask, captured(current, newRow));
  }

  private static void record(
      SessionCapture session, Positions current, int part, int operation, Object[] row)
      throws SQLException {
    session.insert(
        current.instance(),
        session.ordinal(part),
        operation,
        allBits(current),
        captured(current, row));
  }

  private static Object[] captured(Positions current, Object[] row) {
    Object[] values = new Object[current.columns().length];
    for (int i = 0; i < values.length; i++) {
      int position = current.columns()[i];
      values[i] = position < 0 ? null : row[position];
    }
    return values;
  }

  private static byte[] allBits(Positions current) {
    int count = current.columns().length;
    byte[] mask = new byte[(count + 7) / 8];
    for (int i = 0; i < count; i++) {
      setBit(mask, i);
    }
    return mask;
  }

  /** The mask of an update, or null when no captured column changed. */
  private static byte[] changedBits(Positions current, Object[] oldRow, Object[] newRow)
      throws SQLException {
    byte[] mask = new byte[(current.columns().length + 7) / 8];
    boolean changed = false;
    for (int i = 0; i < current.columns().length; i++) {
      int position = current.columns()[i];
      if (position >= 0 && !same(oldRow[position], newRow[position])) {
        setBit(mask, i);
        changed = true;
      }
    }
    return changed ? mask : null;
  }

  /** The first column is the lowest bit of the last byte, as in SQL Server. */
  private static void setBit(byte[] mask, int ordinal) {
    mask[mask.length - 1 - ordinal / 8] |= (byte) (1 << (ordinal % 8));
  }

  private static boolean isBitSet(byte[] mask, int ordinal) {
    return (mask[mask.length - 1 - ordinal / 8] & 1 << (ordinal % 8)) != 0;
  }

  private static boolean same(Object left, Object right) throws SQLException {
    if (left instanceof Blob leftBlob && right instanceof Blob rightBlob) {
      return sameContent(leftBlob, rightBlob);
    }
    if (left instanceof Clob leftClob && right instanceof Clob rightClob) {
      return sameContent(leftClob, rightClob);
    }
    if (left instanceof byte[] leftBytes && right instanceof byte[] rightBytes) {
      return Arrays.equals(leftBytes, rightBytes);
    }
    if (left instanceof Geometry leftShape && right instanceof Geometry rightShape) {
      // Its own equals() does not look at Z and M.
      return Arrays.equals(ClrGeometry.write(leftShape), ClrGeometry.write(rightShape));
    }
    return Objects.equals(left, right);
  }

  private static boolean sameContent(Blob left, Blob right) throws SQLException {
    if (left.length() != right.length()) {
      return false;
    }
    try (InputStream leftBytes = left.getBinaryStream();
        InputStream rightBytes = right.getBinaryStream()) {
      byte[] leftPart = leftBytes.readNBytes(8192);
      while (leftPart.length > 0) {
        if (!Arrays.equals(leftPart, rightBytes.readNBytes(8192))) {
          return false;
        }
        leftPart = leftBytes.readNBytes(8192);
      }
      return true;
    } catch (IOException e) {
      throw new SQLException("cannot compare two values of a captured column", e);
    }
  }

  private static boolean sameContent(Clob left, Clob right) throws SQLException {
    try (Reader leftText = left.getCharacterStream();
        Reader rightText = right.getCharacterStream()) {
      int leftCharacter;
      do {
        leftCharacter = leftText.read();
        if (leftCharacter != rightText.read()) {
          return false;
        }
      } while (leftCharacter >= 0);
      return true;
    } catch (IOException e) {
      throw new SQLException("cannot compare two values of a captured column", e);
    }
  }

  private static Positions findPositions(
      ChangeCapture capture, CaptureInstance instance, Connection connection) throws SQLException {
    int version = capture.version();
    List<String> names = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND"
                + " TABLE_NAME = ? ORDER BY ORDINAL_POSITION")) {
      query.setString(1, instance.schema());
      query.setString(2, instance.table());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          names.add(rows.getString(1));
        }
      }
    }
    Set<Integer> present = columnIds(instance, connection);
    int[] columns =
        instance.columns().stream()
            .mapToInt(
                column ->
                    column.computed() || !present.contains(column.columnId())
                        ? -1
                        : indexOf(names, column.name()))
            .toArray();
    int[] key =
        capture.instancesOf(instance.sourceObjectId()).stream()
            .flatMap(i -> i.keyColumns().stream())
            .mapToInt(name -> indexOf(names, name))
            .filter(position -> position >= 0)
            .distinct()
            .toArray();
    return new Positions(instance, version, columns, key);
  }

  /** Numbers of the source's columns: one that was dropped and made again has another one. */
  private static Set<Integer> columnIds(CaptureInstance instance, Connection connection)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT column_id FROM standin_catalogue.columns WHERE object_id = ?")) {
      query.setInt(1, instance.sourceObjectId());
      try (ResultSet rows = query.executeQuery()) {
        Set<Integer> ids = new HashSet<>();
        while (rows.next()) {
          ids.add(rows.getInt(1));
        }
        return ids;
      }
    }
  }

  private static int indexOf(List<String> names, String name) {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        return i;
      }
    }
    return -1;
  }
}
