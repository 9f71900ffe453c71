package com.hartonomous.ingest.standin.engine;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.tx.TransactionStore;
import org.h2.value.VersionedValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finishes what H2 does when it opens a database whose process died.
 *
 * <p>H2 rolls the transactions back that were open, by their undo logs. It cannot read a page of a
 * log with a record of a map that is gone, such as a temporary table's: it then leaves the
 * transaction half rolled back and says nothing. Its other entries stay uncommitted, so that
 * writers wait for them without end, and the rest of its log makes {@code COUNT(*)} fail. Nobody
 * works in a database that is being opened: whatever is uncommitted then is put back to what was
 * committed, and the logs are emptied.
 *
 * <p>A transaction whose commit was under way could be undone in part by this. {@link
 * com.hartonomous.ingest.standin.capture.CommitNumbering} lets commits through one at a time, and
 * H2 writes the file at the end of each: no write that a commit causes meets another one half-way.
 */
final class CrashRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(CrashRecovery.class);
  private static final List<String> MAP_PREFIXES = List.of("table.", "index.");

  private static final String UNDO_LOG_PREFIX = TransactionStore.UNDO_LOG_NAME_PREFIX;

  private CrashRecovery() {}

  /**
   * Puts uncommitted entries back and drops the temporary tables of sessions that are no more.
   *
   * @param connection the only one, without a transaction
   */
  static void run(Connection connection) throws SQLException {
    SessionLocal session = (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
    MVStore store = session.getDatabase().getStore().getMvStore();
    long restored = 0;
    for (String name : store.getMapNames()) {
      if (MAP_PREFIXES.stream().anyMatch(name::startsWith)) {
        restored += restore(store, name);
      }
    }
    long undone = clearUndoLogs(store);
    if (restored + undone > 0) {
      store.commit();
      LOG.info(
          "{} changes that were under way when the last process died are undone, {} records of undo"
              + " logs are dropped.",
          restored,
          undone);
    }
    dropTemporarySchemas(connection);
  }

  private static long restore(MVStore store, String name) {
    // All tables and indexes are open by now, with their types; null: an index of temporary data.
    MVMap<Object, Object> map = openedMap(store, name);
    if (map == null) {
      return 0;
    }
    // Not a hash map: the keys of an index are rows, which have no hash code.
    List<Map.Entry<Object, VersionedValue<?>>> uncommitted = new ArrayList<>();
    Cursor<Object, Object> entries = map.cursor(null);
    while (entries.hasNext()) {
      Object key = entries.next();
      if (entries.getValue() instanceof VersionedValue<?> value && !value.isCommitted()) {
        uncommitted.add(Map.entry(key, value));
      }
    }
    for (Map.Entry<Object, VersionedValue<?>> entry : uncommitted) {
      Object committed = entry.getValue().getCommittedValue();
      if (committed == null) {
        map.remove(entry.getKey());
      } else {
        map.put(entry.getKey(), committed);
      }
    }
    return uncommitted.size();
  }

  /** After {@link #restore}: nothing is uncommitted any more, whatever the logs say. */
  private static long clearUndoLogs(MVStore store) {
    long records = 0;
    for (String name : store.getMapNames()) {
      MVMap<Object, Object> log = name.startsWith(UNDO_LOG_PREFIX) ? openedMap(store, name) : null;
      if (log != null && !log.isEmpty()) {
        records += log.sizeAsLong();
        log.clear();
      }
    }
    return records;
  }

  private static MVMap<Object, Object> openedMap(MVStore store, String name) {
    String id = store.getMetaMap().get(DataUtils.META_NAME + name);
    return id == null ? null : store.getMap(Integer.parseInt(id, 16));
  }

  private static void dropTemporarySchemas(Connection connection) throws SQLException {
    List<String> schemas = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA")) {
      while (rows.next()) {
        if (rows.getString(1).startsWith(TemporaryTables.SCHEMA_PREFIX)) {
          schemas.add(rows.getString(1));
        }
      }
      for (String schema : schemas) {
        statement.execute("DROP SCHEMA " + Definitions.quote(schema) + " CASCADE");
      }
    }
    connection.commit();
  }
}
