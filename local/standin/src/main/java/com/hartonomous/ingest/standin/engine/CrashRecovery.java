package com.hartonomous.ingest.standin.engine;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.value.VersionedValue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finishes what H2 does when it opens a database whose process died.
 *
 * <p>H2 writes its maps to the file one after the other while other sessions go on changing them.
 * An entry that was changed at that moment can be in the file without the undo record that belongs
 * to it, and H2's own recovery, which follows undo records, does not find it. Such an entry stays
 * uncommitted under the number of a transaction that is no more, and when a new transaction gets
 * that number, everybody else waits for it without end. Nobody works in a database that is being
 * opened: whatever is uncommitted then is put back to what was committed.
 *
 * <p>A transaction whose commit was under way could be undone in part by this. {@link
 * com.hartonomous.ingest.standin.capture.CommitNumbering} lets commits through one at a time, and
 * H2 writes the file at the end of each: no write that a commit causes meets another one half-way.
 */
final class CrashRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(CrashRecovery.class);
  private static final List<String> MAP_PREFIXES = List.of("table.", "index.");

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
    if (restored > 0) {
      store.commit();
      LOG.info("{} changes that were under way when the last process died are undone.", restored);
    }
    dropTemporarySchemas(connection);
  }

  private static long restore(MVStore store, String name) {
    // All tables and indexes are open by now, with their types; null: an index of temporary data.
    MVMap<Object, Object> map = openedMap(store, name);
    if (map == null) {
      return 0;
    }
    Map<Object, Object> uncommitted = new LinkedHashMap<>();
    Cursor<Object, Object> entries = map.cursor(null);
    while (entries.hasNext()) {
      Object key = entries.next();
      if (entries.getValue() instanceof VersionedValue<?> value && !value.isCommitted()) {
        uncommitted.put(key, value.getCommittedValue());
      }
    }
    for (Map.Entry<Object, Object> entry : uncommitted.entrySet()) {
      if (entry.getValue() == null) {
        map.remove(entry.getKey());
      } else {
        map.put(entry.getKey(), entry.getValue());
      }
    }
    return uncommitted.size();
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
