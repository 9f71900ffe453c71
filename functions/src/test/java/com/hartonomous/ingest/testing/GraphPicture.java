package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.neo4j.driver.Driver;
import org.neo4j.driver.Session;

/**
 * The graph as lines, one a node or relationship with its properties, sorted; and the lines that
 * the tables ask for. Part of the canonical digest: fences are left out, and atoms that nothing
 * refers to.
 */
public final class GraphPicture {

  private static final List<String> FOUND =
      List.of(
          "MATCH (m:Model) RETURN 'model|' + m.modelId + '|' + m.tenantId + '|' + m.name + '|'"
              + " + m.state + '|' + coalesce(m.format, '-') + '|' + coalesce(m.digest, '-') AS line",
          "MATCH (m:Model)-[:HAS_TENSOR]->(t:Tensor) RETURN 'tensor|' + m.modelId + '|'"
              + " + t.modelId + '|' + t.tensorId + '|' + t.name + '|' + t.dtype + '|'"
              + " + t.dimensions AS line",
          "MATCH (t:Tensor) WHERE NOT (t)<-[:HAS_TENSOR]-() RETURN 'tensor alone' AS line",
          "MATCH (t:Tensor)-[r:STORED_AS]->(a:Atom) RETURN 'stored|' + t.modelId + '|'"
              + " + t.tensorId + '|' + r.position + '|' + a.hash AS line",
          "MATCH (m:Model)-[r:HAS_NODE]->(a:Atom) RETURN 'node|' + m.modelId + '|' + r.index"
              + " + '|' + r.path + '|' + a.hash AS line",
          "MATCH (t:Table)<-[:ROW_OF]-(r:Row) RETURN 'row|' + t.tableId + '|' + t.name + '|'"
              + " + r.tableId + '|' + r.keyHash + '|' + r.key AS line",
          "MATCH (r:Row) WHERE NOT (r)-[:ROW_OF]->() RETURN 'row alone' AS line",
          "MATCH (r:Row)-[c:HAS_CONTENT]->(a:Atom) RETURN 'content|' + r.tableId + '|' + r.keyHash"
              + " + '|' + c.column + '|' + c.segment + '|' + a.hash AS line",
          "MATCH (a:Atom) WHERE (a)--() RETURN 'atom|' + a.hash + '|' + a.contentType + '|'"
              + " + a.byteLength AS line");

  private static final String REFERRED_BY_GRAPH =
      "(SELECT r.AtomId FROM dbo.RowAtoms AS r"
          + " UNION SELECT n.AtomId FROM dbo.ModelNodes AS n"
          + " UNION SELECT c.AtomId FROM dbo.Tensors AS t INNER JOIN dbo.FileChunks AS c"
          + " ON c.ModelFileId = t.ModelFileId AND c.ByteOffset >= t.ByteOffset"
          + " AND c.ByteOffset < t.ByteOffset + t.ByteLength)";

  private static final List<String> WANTED =
      List.of(
          "SELECT 'model', m.ModelId, m.TenantId, m.ModelName, m.State,"
              + " (SELECT MIN(f.Format) FROM dbo.ModelFiles AS f WHERE f.ModelId = m.ModelId),"
              + " m.Digest FROM dbo.Models AS m WHERE m.State <> 'DELETED'",
          "SELECT 'tensor', t.ModelId, t.ModelId, t.TensorId, t.TensorName, t.DType, t.Dimensions"
              + " FROM dbo.Tensors AS t",
          "SELECT 'stored', t.ModelId, t.TensorId, (SELECT COUNT_BIG(*) FROM dbo.FileChunks AS b"
              + " WHERE b.ModelFileId = c.ModelFileId AND b.ByteOffset >= t.ByteOffset"
              + " AND b.ByteOffset < c.ByteOffset), a.AtomHash"
              + " FROM dbo.Tensors AS t INNER JOIN dbo.FileChunks AS c"
              + " ON c.ModelFileId = t.ModelFileId AND c.ByteOffset >= t.ByteOffset"
              + " AND c.ByteOffset < t.ByteOffset + t.ByteLength"
              + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId",
          "SELECT 'node', n.ModelId, n.NodeIndex, n.NodePath, a.AtomHash FROM dbo.ModelNodes AS n"
              + " INNER JOIN dbo.Atoms AS a ON a.AtomId = n.AtomId",
          "SELECT DISTINCT 'row', r.CapturedTableId, t.SchemaName + '.' + t.TableName,"
              + " r.CapturedTableId, r.RowKeyHash, r.RowKey FROM dbo.RowAtoms AS r"
              + " INNER JOIN dbo.CapturedTables AS t ON t.CapturedTableId = r.CapturedTableId",
          "SELECT 'content', r.CapturedTableId, r.RowKeyHash, c.ColumnName, r.Segment, a.AtomHash"
              + " FROM dbo.RowAtoms AS r INNER JOIN dbo.CapturedColumns AS c"
              + " ON c.CapturedTableId = r.CapturedTableId AND c.ColumnId = r.ColumnId"
              + " INNER JOIN dbo.Atoms AS a ON a.AtomId = r.AtomId",
          "SELECT 'atom', a.AtomHash, a.ContentType, a.ByteLength FROM dbo.Atoms AS a"
              + " WHERE a.AtomId IN "
              + REFERRED_BY_GRAPH);

  private GraphPicture() {}

  /** What the graph has. */
  public static List<String> found(TestNeo4j neo4j) {
    return found(neo4j.options());
  }

  /** What the graph of a server has. */
  public static List<String> found(Neo4jOptions neo4j) {
    List<String> lines = new ArrayList<>();
    try (Driver driver = neo4j.open();
        Session session = driver.session()) {
      for (String query : FOUND) {
        session.run(query).forEachRemaining(row -> lines.add(row.get("line").asString()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines.stream().sorted().toList();
  }

  /** What the tables ask for at the level of tensors, when no model is unfinished. */
  public static List<String> wanted(Sql sql) throws SQLException {
    List<String> lines = new ArrayList<>();
    for (String query : WANTED) {
      sql.rows(query).forEach(row -> lines.add(row.replace("∅", "-")));
    }
    return lines.stream().sorted().toList();
  }
}
