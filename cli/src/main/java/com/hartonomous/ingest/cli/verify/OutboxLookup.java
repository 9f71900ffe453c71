package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Looks at the outbox as it is now, on a connection of its own: the verification's snapshot does
 * not show what was committed since, but the graph may.
 */
final class OutboxLookup implements Differences.PendingLookup {

  private static final int PAGE_HASHES = 500;

  private static final String DIRTY =
      "SELECT DISTINCT EntityType, EntityId, EntityKey FROM dbo.Neo4jSyncQueue"
          + " WHERE IsSynced = 0 OR SyncedAt >= ?";

  private static final String PRESENT_ATOMS =
      "SELECT AtomHash FROM dbo.Atoms WHERE AtomHash IN ("
          + String.join(", ", Collections.nCopies(PAGE_HASHES, "?"))
          + ")";

  private final Connection connection;
  private final LocalDateTime begin;

  /**
   * @param begin when the verification began, by the server's UTC clock
   */
  OutboxLookup(Connection connection, LocalDateTime begin) {
    this.connection = connection;
    this.begin = begin;
  }

  @Override
  public Set<GraphEntity> pendingEntities(Set<GraphEntity> entities) throws SQLException {
    Set<GraphEntity> pending = new HashSet<>();
    try (PreparedStatement statement = connection.prepareStatement(DIRTY)) {
      statement.setObject(1, begin);
      try (ResultSet marks = statement.executeQuery()) {
        while (marks.next()) {
          int id = Math.toIntExact(marks.getLong(2));
          byte[] key = marks.getBytes(3);
          GraphEntity entity =
              key == null
                  ? GraphEntity.model(id)
                  : GraphEntity.row(new RowKey(id, Sha256.fromBytes(key)));
          if (entities.contains(entity)) {
            pending.add(entity);
          }
        }
      }
    }
    return pending;
  }

  @Override
  public Set<Sha256> newAtoms(Set<Sha256> hashes) throws SQLException {
    Set<Sha256> present = new HashSet<>();
    List<Sha256> all = List.copyOf(hashes);
    try (PreparedStatement statement = connection.prepareStatement(PRESENT_ATOMS)) {
      for (int start = 0; start < all.size(); start += PAGE_HASHES) {
        int last = Math.min(start + PAGE_HASHES, all.size()) - 1;
        for (int parameter = 0; parameter < PAGE_HASHES; parameter++) {
          // A short page is filled up with its last hash.
          statement.setBytes(parameter + 1, all.get(Math.min(start + parameter, last)).toBytes());
        }
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            present.add(Sha256.fromBytes(rows.getBytes(1)));
          }
        }
      }
    }
    return present;
  }
}
