package com.hartonomous.ingest.queries;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every file of sql/queries runs and tells what is in the tables. */
class QueriesITCase {

  private static final Path QUERIES = Path.of("..", "sql", "queries");

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @Test
  void everyQueryTellsWhatIsInTheTables() throws Exception {
    try (Sql sql = server.connect()) {
      fill(sql);
      Map<String, List<String>> found = new TreeMap<>();
      for (String name : names()) {
        found.put(name, sql.rows(text(name)));
      }
      Sha256 onlyHere = Sha256.of("first   ".getBytes(StandardCharsets.US_ASCII));
      assertThat(found.remove("shared-atoms.sql"))
          .as("the tensors' atoms and the nodes' of the second model, once each")
          .containsExactly("2|3|second|7|372");
      assertThat(found.remove("holders-of-an-atom.sql"))
          .containsExactly(
              "row|dbo.Documents|{\"Id\":1}|Title|0", "row|dbo.Documents|{\"Id\":2}|Title|0");
      assertThat(found.remove("atoms-of-one-model.sql"))
          .as("two chunks and the header")
          .hasSize(3)
          .last()
          .isEqualTo(onlyHere + "|model/bytes|8|1|208");
      assertThat(found.remove("ingestion-progress.sql"))
          .hasSize(2)
          .first()
          .asString()
          .startsWith("1|3|first|COMPLETE|100.0|");
      assertThat(found.remove("tables-progress.sql")).containsExactly("dbo|Documents|main|3|0|0|1");
      assertThat(found.remove("dead-letters.sql"))
          .singleElement()
          .asString()
          .startsWith("dbo.Documents|REFUSED_BY_DATABASE|stands|1|");
      assertThat(found.remove("atom-throughput.sql")).isNotEmpty();
      assertThat(found.remove("wrong-reference-counts.sql"))
          .containsExactly(Sha256.ofText("body") + "|2|1");
      assertThat(found.remove("stalled-ingestion.sql"))
          .anyMatch(line -> line.startsWith("submission that no job has taken|/models/waits|"))
          .anyMatch(line -> line.startsWith("capture group, last checkpoint|main|"))
          .anyMatch(line -> line.startsWith("graph outbox, oldest mark that is not synced|Row|"));
      assertThat(found.remove("embedding-sizes.sql")).containsExactly("first|2|3|4");
      assertThat(found).as("queries without an expectation").isEmpty();
    }
  }

  private static List<String> names() throws Exception {
    try (Stream<Path> files = Files.list(QUERIES)) {
      List<String> names =
          files.map(file -> file.getFileName().toString()).filter(n -> n.endsWith(".sql")).toList();
      assertThat(names).isNotEmpty();
      return names;
    }
  }

  /** The text of a query, its example of a text replaced. */
  private static String text(String name) throws Exception {
    return Files.readString(QUERIES.resolve(name)).replace("text to look for", "a title");
  }

  private static void fill(Sql sql) throws Exception {
    SampleTables tables = new SampleTables(sql);
    int table = tables.captureTable("Documents", "Title", "Body");
    tables.putRow(table, 1, "a title", null);
    tables.putRow(table, 2, "a title", "body");
    tables.addModel("first", 2, 3, 4);
    tables.addModel("second", 1, 3, 4);
    sql.update(
        "UPDATE dbo.Atoms SET ReferenceCount = ReferenceCount + 1"
            + " WHERE AtomHash = HASHBYTES('SHA2_256', N'body')");
    sql.update(
        "INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path)"
            + " VALUES (N'test', 1, N'waits', N'/models/waits')");
    sql.update(
        "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
            + " ErrorMessage, CapturedTableId) VALUES (HASHBYTES('SHA2_256', N'x'),"
            + " N'dbo.Documents', N'x', 'REFUSED_BY_DATABASE', N'x', ?)",
        table);
    for (int dimensions = 3; dimensions <= 4; dimensions++) {
      sql.update(
          "INSERT INTO dbo.AtomEmbeddings (AtomId, ModelId, EmbeddingVector)"
              + " SELECT MIN(AtomId), 1, ? FROM dbo.Atoms",
          (Object) new byte[dimensions * Float.BYTES]);
    }
  }
}
