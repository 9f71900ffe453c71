package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.record.Sha256;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The oracle of every fault test: what the database holds, in natural-key order, without
 * identities, times and LSNs. Two runs over the same input are equal exactly when their lines are.
 *
 * <p>Atoms without references are left out: whether a value that lived shorter than a batch was
 * stored depends on where batches end, and purge removes it in either case.
 */
public final class CanonicalDigest {

  private static final String ATOMS =
      "SELECT AtomHash, ByteLength, ContentType, ReferenceCount, Content, CanonicalText"
          + " FROM dbo.Atoms WHERE ReferenceCount <> 0 ORDER BY AtomHash";

  private static final List<String> TABLES =
      List.of(
          "SELECT 'row', t.SchemaName, t.TableName, r.RowKey, c.ColumnName, r.Segment, a.AtomHash"
              + " FROM dbo.RowAtoms AS r INNER JOIN dbo.CapturedTables AS t"
              + " ON t.CapturedTableId = r.CapturedTableId INNER JOIN dbo.CapturedColumns AS c"
              + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
              + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId"
              + " ORDER BY t.SchemaName, t.TableName, r.RowKeyHash, c.ColumnName, r.Segment,"
              + " a.AtomHash",
          "SELECT 'model', TenantId, ModelName, ModelType, Provider, State, Digest, ExpectedChunks,"
              + " ExpectedTensors, ExpectedNodes, ExpectedBytes, DistinctAtoms FROM dbo.Models"
              + " ORDER BY TenantId, ModelNameHash, State",
          "SELECT 'progress', m.ModelName, SUM(p.StoredChunks), SUM(p.StoredNodes),"
              + " SUM(p.StoredBytes) FROM dbo.ModelProgress AS p INNER JOIN dbo.Models AS m"
              + " ON m.ModelId = p.ModelId GROUP BY m.TenantId, m.ModelNameHash, m.ModelName"
              + " ORDER BY m.TenantId, m.ModelNameHash",
          "SELECT 'chunk', m.ModelName, f.RelativePath, c.ChunkIndex, c.ByteOffset, c.ByteLength,"
              + " a.AtomHash FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
              + " ON f.ModelFileId = c.ModelFileId INNER JOIN dbo.Models AS m"
              + " ON m.ModelId = f.ModelId INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
              + " ORDER BY m.TenantId, m.ModelNameHash, f.PathHash, c.ChunkIndex, a.AtomHash",
          "SELECT 'tensor', m.ModelName, t.TensorId, t.TensorName, t.TensorPath, t.DType,"
              + " t.Dimensions, t.ByteOffset, t.ByteLength, t.LayoutJson FROM dbo.Tensors AS t"
              + " INNER JOIN dbo.Models AS m ON m.ModelId = t.ModelId"
              + " ORDER BY m.TenantId, m.ModelNameHash, t.TensorId",
          "SELECT 'node', m.ModelName, n.NodeIndex, n.NodePath, a.AtomHash FROM dbo.ModelNodes AS n"
              + " INNER JOIN dbo.Models AS m ON m.ModelId = n.ModelId"
              + " INNER JOIN dbo.Atoms AS a ON a.AtomId = n.AtomId"
              + " ORDER BY m.TenantId, m.ModelNameHash, n.NodeIndex",
          "SELECT 'dead letter', SourceName, Reason, COUNT_BIG(*) FROM dbo.AtomizationErrors"
              + " GROUP BY SourceName, Reason ORDER BY SourceName, Reason");

  private CanonicalDigest() {}

  /** Everything that counts, one line an entry. */
  public static List<String> lines(Sql sql) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (Statement statement = sql.connection().createStatement();
        ResultSet atoms = statement.executeQuery(ATOMS)) {
      while (atoms.next()) {
        byte[] content = atoms.getBytes(5);
        String text = atoms.getString(6);
        lines.add(
            String.join(
                "|",
                "atom",
                Sha256.fromBytes(atoms.getBytes(1)).toHex(),
                Long.toString(atoms.getLong(2)),
                atoms.getString(3),
                Long.toString(atoms.getLong(4)),
                content == null ? "no content" : Sha256.of(content).toHex(),
                text == null ? "no text" : Sha256.ofText(text).toHex()));
      }
    }
    for (String table : TABLES) {
      lines.addAll(sql.rows(table));
    }
    return lines;
  }

  /** The digest of {@link #lines}. */
  public static Sha256 of(Sql sql) throws SQLException {
    return Sha256.ofText(String.join("\n", lines(sql)));
  }
}
