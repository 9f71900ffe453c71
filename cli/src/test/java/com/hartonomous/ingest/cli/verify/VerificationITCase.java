package com.hartonomous.ingest.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import com.hartonomous.ingest.sink.graph.GraphSynchronizer;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.TestNeo4j;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A consistent database and graph pass; whatever is tampered with is named. */
class VerificationITCase {

  private static final int TENSORS = 6;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  private TestNeo4j neo4j;
  private Sql sql;
  private SampleTables tables;
  private int table;
  private int model;

  @BeforeEach
  void fillAndSynchronize() throws Exception {
    neo4j = TestNeo4j.sharedAndEmpty();
    sql = server.connect();
    tables = new SampleTables(sql);
    table = tables.captureTable("Documents", "Title", "Body");
    for (int id = 0; id < 12; id++) {
      tables.putRow(table, id, "title " + id % 5, "body " + id);
    }
    tables.deleteRow(table, 11);
    model = tables.addModel("sample", TENSORS, 4, 7);
    tables.deleteModel(tables.addModel("deleted", 2, 2, 2));
    synchronize(GraphLevel.TENSOR);
  }

  private void synchronize(GraphLevel level) throws Exception {
    Set<GraphEntity> entities = new HashSet<>();
    for (int modelId = 1; modelId <= model + 1; modelId++) {
      entities.add(GraphEntity.model(modelId));
    }
    for (int id = 0; id < 12; id++) {
      entities.add(GraphEntity.row(new RowKey(table, SampleTables.keyHash(id))));
    }
    try (GraphSynchronizer synchronizer =
        GraphSynchronizer.open(server.options(), neo4j.options(), level, 50, 4)) {
      synchronizer.synchronize(entities, List.of());
    }
    sql.update("UPDATE dbo.Neo4jSyncQueue SET IsSynced = 1, SyncedAt = '2020-01-01T00:00:00'");
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  private VerificationReport verify(double readPercent, GraphLevel level) throws Exception {
    VerificationOptions options =
        new VerificationOptions(
            server.options(), neo4j.options(), level, readPercent, 42, Duration.ZERO);
    return new Verification(options, new DatabaseContentStore()).run();
  }

  private VerificationReport verify() throws Exception {
    return verify(100, GraphLevel.TENSOR);
  }

  private static List<String> named(VerificationReport report) {
    return report.shown().stream()
        .map(d -> d.check() + ": " + d.key() + " " + d.message())
        .toList();
  }

  private static void assertFails(VerificationReport report) {
    assertThat(report.passed()).isFalse();
    assertThat(report.differences()).isPositive();
    assertThat(report.pending()).isZero();
  }

  private String atomOf(String text) {
    return Sha256.ofText(text).toHex();
  }

  @Test
  void passesWhereEverythingIsConsistent() throws Exception {
    VerificationReport report = verify();
    assertThat(report.shown()).isEmpty();
    assertThat(report.passed()).isTrue();
    assertThat(report.unsyncedMarks()).isZero();
    assertThat(report.read().atoms()).isEqualTo(sql.number("SELECT COUNT_BIG(*) FROM dbo.Atoms"));
    assertThat(report.checks()).extracting(VerificationReport.Check::name).doesNotHaveDuplicates();
    assertThat(report.checks())
        .filteredOn(check -> check.name().equals("graph: tensor to atom"))
        .extracting(VerificationReport.Check::examined)
        .containsExactly(TENSORS * 4L);
  }

  @Test
  void passesAtTheLevelOfChunks() throws Exception {
    assertThat(verify(0, GraphLevel.CHUNK).passed()).isFalse();
    synchronize(GraphLevel.CHUNK);
    assertThat(named(verify(0, GraphLevel.CHUNK))).isEmpty();
    assertFails(verify(0, GraphLevel.TENSOR));
  }

  @Test
  void namesACount() throws Exception {
    sql.update(
        "UPDATE dbo.Atoms SET ReferenceCount = ReferenceCount + 1 WHERE AtomHash = ?",
        Sha256.ofText("title 2").toBytes());
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .containsExactly(
            "reference counts: atom "
                + atomOf("title 2")
                + " ReferenceCount is 3, but 2 references are there.");
  }

  @Test
  void namesAContentByteWhenContentIsRead() throws Exception {
    sql.update(
        "UPDATE dbo.Atoms SET Content = ? WHERE AtomHash = ?",
        "Title 2".getBytes(java.nio.charset.StandardCharsets.UTF_16LE),
        Sha256.ofText("title 2").toBytes());
    assertThat(verify(0, GraphLevel.TENSOR).passed()).isTrue();
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .singleElement()
        .asString()
        .startsWith("content hashes: atom " + atomOf("title 2"))
        .contains(atomOf("Title 2"));
  }

  @Test
  void namesContentThatIsGoneOrCutShort() throws Exception {
    sql.update(
        "UPDATE dbo.Atoms SET Content = NULL WHERE AtomHash = ?",
        Sha256.ofText("title 2").toBytes());
    sql.update(
        "UPDATE dbo.Atoms SET Content = 0x00 WHERE AtomHash = ?",
        Sha256.ofText("title 3").toBytes());
    VerificationReport report = verify(0, GraphLevel.TENSOR);
    assertFails(report);
    assertThat(named(report))
        .containsExactlyInAnyOrder(
            "content lengths: atom " + atomOf("title 2") + " has no content, expected 14 bytes.",
            "content lengths: atom " + atomOf("title 3") + " has content of 1 bytes, expected 14.");
  }

  @Test
  void namesAReferenceOfARowThatPointsElsewhere() throws Exception {
    sql.update(
        "UPDATE dbo.RowAtoms SET AtomId = (SELECT AtomId FROM dbo.Atoms WHERE AtomHash = ?)"
            + " WHERE CapturedTableId = ? AND RowKeyHash = ? AND ColumnId = 1",
        Sha256.ofText("title 4").toBytes(),
        table,
        SampleTables.keyHash(2).toBytes());
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(line -> line.startsWith("reference counts: atom " + atomOf("title 2")))
        .anyMatch(line -> line.startsWith("reference counts: atom " + atomOf("title 4")))
        .anyMatch(
            line ->
                line.startsWith("graph: rows to atoms: (:Row " + SampleTables.keyHash(2))
                    && line.contains(
                        "missing in the graph: [Title, segment 0, atom " + atomOf("title 4"))
                    && line.contains(
                        "surplus in the graph: [Title, segment 0, atom " + atomOf("title 2")))
        .contains(
            "balance of tables: row {\"Id\":2} of dbo.Documents, column Title segment 0, atom "
                + atomOf("title 2")
                + " is in the table, but neither stored nor a dead letter.",
            "balance of tables: row {\"Id\":2} of dbo.Documents, column Title segment 0, atom "
                + atomOf("title 4")
                + " is stored, but the table does not hold it.")
        .hasSize(5);
  }

  @Test
  void namesASubmissionAndAModelThatHaveNoEnd() throws Exception {
    sql.update("UPDATE dbo.Models SET State = 'INGESTING' WHERE ModelId = ?", model);
    sql.update(
        "INSERT INTO dbo.ModelSubmissions (SourceName, SourceHash, TenantId, ModelName, Path,"
            + " State, ModelId) VALUES ('test', ?, 3, 'sample', '/models/sample', 'DONE', ?)",
        Sha256.ofText("submission").toBytes(),
        model);
    VerificationReport report = verify();
    assertThat(report.passed()).isFalse();
    assertThat(named(report))
        .contains(
            "balance of models: model "
                + model
                + " (sample) is INGESTING, but no claimed submission names it: no job will end it.",
            "balance of submissions: submission 1 of /models/sample is DONE with model "
                + model
                + ", which is INGESTING: expected a model that its job leads to an end.");
  }

  @Test
  void countsWhatADeadLetterAccountsFor() throws Exception {
    sql.update("UPDATE dbo.Documents SET Title = N'refused' WHERE Id = 2");
    tables.putRow(table, 3, null, "body 3");
    sql.update("UPDATE dbo.Documents SET Title = N'refused' WHERE Id = 3");
    sql.update("UPDATE dbo.Neo4jSyncQueue SET IsSynced = 1, SyncedAt = '2020-01-01T00:00:00'");
    sql.update(
        "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
            + " ErrorMessage, CapturedTableId, RowKeyHash, ColumnId, Segment, AtomHash)"
            + " VALUES (?, 'dbo.Documents', 'x', 'REFUSED_BY_DATABASE', 'x', ?, ?, 1, 0, ?)",
        Sha256.ofText("letter").toBytes(),
        table,
        SampleTables.keyHash(3).toBytes(),
        Sha256.ofText("refused").toBytes());
    VerificationReport report = verify();
    assertThat(named(report))
        .filteredOn(line -> line.startsWith("balance"))
        .as("row 3 is accounted for, row 2 is not")
        .hasSize(2)
        .allMatch(line -> line.contains("{\"Id\":2}"));
    assertThat(report.balance())
        .filteredOn(source -> source.source().equals("dbo.Documents"))
        .singleElement()
        .satisfies(source -> assertThat(source.dead()).isEqualTo(1));
  }

  @Test
  void aRowThatCaptureHasYetToReadIsPending() throws Exception {
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
    sql.update("UPDATE dbo.Documents SET Title = N'on its way' WHERE Id = 2");
    sql.awaitCaptured("dbo_Documents", 2);
    VerificationReport report = verify();
    assertThat(report.passed()).as("%s", named(report)).isTrue();
    assertThat(report.pending()).isEqualTo(2);
  }

  @Test
  void namesAReferenceOfAModelThatIsGone() throws Exception {
    sql.update(
        "DELETE FROM dbo.FileChunks WHERE ChunkIndex = 5 AND ModelFileId IN"
            + " (SELECT ModelFileId FROM dbo.ModelFiles WHERE ModelId = ?)",
        model);
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(line -> line.startsWith("reference counts: atom "))
        .anyMatch(
            line ->
                line.equals(
                    "complete models: model "
                        + model
                        + ", file sample.safetensors expected chunk 5 at offset 408, found chunk 6"
                        + " at offset 508."))
        .anyMatch(line -> line.contains("ExpectedChunks is 25, but 24 chunks are stored."))
        .anyMatch(line -> line.startsWith("graph: tensor to atom: (:Tensor 1 of model " + model));
  }

  @Test
  void namesADigestAndATensorOutsideItsFile() throws Exception {
    sql.update(
        "UPDATE dbo.Models SET Digest = ? WHERE ModelId = ?",
        Sha256.ofText("other").toBytes(),
        model);
    sql.update(
        "UPDATE dbo.Tensors SET ByteLength = ByteLength + 1 WHERE ModelId = ? AND TensorId = ?",
        model,
        TENSORS - 1);
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(line -> line.contains("Digest is " + atomOf("other")))
        .anyMatch(
            line ->
                line.startsWith("complete models: model " + model + ", tensor " + (TENSORS - 1)));
  }

  @Test
  void namesReferencesOfAFailedModelAndWaitsForThoseBeingReleased() throws Exception {
    sql.update("UPDATE dbo.Models SET State = 'FAILED' WHERE ModelId = ?", model);
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(
            line ->
                line.equals("references: model " + model + " is FAILED, but has 32 references."));
    sql.update(
        "INSERT INTO dbo.ModelSubmissions (SourceName, SourceHash, TenantId, ModelName, Path,"
            + " State, ModelId) VALUES ('test', ?, 3, 'sample', '/models/sample', 'CLAIMED', ?)",
        Sha256.ofText("submission").toBytes(),
        model);
    assertThat(verify().shown())
        .filteredOn(difference -> difference.check().equals("references"))
        .extracting(Difference::pending)
        .containsExactly(true);
  }

  @Test
  void namesAGraphNodeThatIsGone() throws Exception {
    neo4j.query("MATCH (t:Tensor {tensorId: 3}) DETACH DELETE t", Map.of());
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(
            line ->
                line.startsWith(
                    "graph: tensors: (:Tensor 3 of model " + model + ") is missing in the graph"))
        .anyMatch(
            line ->
                line.startsWith(
                    "graph: tensor to atom: (:Tensor 3 of model " + model + ")-[:STORED_AS 0]"));
  }

  @Test
  void namesAPropertyOfAGraphNode() throws Exception {
    neo4j.query("MATCH (m:Model) SET m.name = 'other'", Map.of());
    neo4j.query(
        "MATCH (a:Atom {hash: $hash}) SET a.byteLength = 1", Map.of("hash", atomOf("title 1")));
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .containsExactlyInAnyOrder(
            "graph: models: (:Model " + model + ") name is other in the graph, expected sample.",
            "graph: atoms: (:Atom "
                + atomOf("title 1")
                + ") byteLength is 1 in the graph, expected 14.");
  }

  @Test
  void namesAGraphNodeThatIsSurplus() throws Exception {
    neo4j.query(
        "CREATE (:Model {modelId: 99}), (:Row {tableId: 1, keyHash: $hash}), (:Atom {hash: $hash}),"
            + " (:Tensor {name: 'without key'})",
        Map.of("hash", atomOf("surplus")));
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(line -> line.startsWith("graph: models: (:Model 99) is in the graph"))
        .anyMatch(line -> line.startsWith("graph: rows to atoms: (:Row " + atomOf("surplus")))
        .anyMatch(line -> line.startsWith("graph: atoms: (:Atom " + atomOf("surplus")))
        .anyMatch(line -> line.startsWith("graph: strays: [Tensor]"))
        .hasSize(4);
  }

  @Test
  void namesAGraphRelationshipThatIsGone() throws Exception {
    neo4j.query(
        "MATCH (:Row {keyHash: $hash})-[c:HAS_CONTENT {column: 'Body'}]->() DELETE c",
        Map.of("hash", SampleTables.keyHash(2).toHex()));
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .containsExactly(
            "graph: rows to atoms: (:Row "
                + SampleTables.keyHash(2)
                + " of table "
                + table
                + ") HAS_CONTENT; missing in the graph: [Body, segment 0, atom "
                + atomOf("body 2")
                + "]");
  }

  @Test
  void namesGraphRelationshipsThatAreSurplusOrMisplaced() throws Exception {
    neo4j.query(
        "MATCH (t:Tensor {tensorId: 2})-[r:STORED_AS {position: 1}]->(a)"
            + " CREATE (t)-[:STORED_AS {position: 1}]->(a), (a)-[:STORED_AS {position: 0}]->(t)",
        Map.of());
    VerificationReport report = verify();
    assertFails(report);
    assertThat(named(report))
        .anyMatch(
            line ->
                line.startsWith(
                    "graph: tensor to atom: (:Tensor 2 of model "
                        + model
                        + ")-[:STORED_AS 1] is in the graph, but"))
        .anyMatch(line -> line.startsWith("graph: strays: [Atom, STORED_AS, Tensor]"))
        .hasSize(2);
  }

  @Test
  void aGraphThatIsOnlyBehindIsPendingAndPasses() throws Exception {
    tables.putRow(table, 2, "title 2", "a new body");
    tables.putRow(table, 500, "a new row", null);
    tables.deleteModel(model);
    VerificationReport report = verify();
    assertThat(report.passed()).isTrue();
    assertThat(report.differences()).isZero();
    assertThat(report.pending()).isPositive();
    assertThat(report.unsyncedMarks()).isEqualTo(3);
    assertThat(report.shown()).allMatch(Difference::pending);
  }

  @Test
  void showsAFewDifferencesAndCountsAll() throws Exception {
    sql.update("UPDATE dbo.RowAtoms SET RowKey = RowKey + N' '");
    neo4j.query(
        "UNWIND range(1, 300) AS i CREATE (:Tensor {modelId: 1000, tensorId: i})", Map.of());
    VerificationReport report = verify();
    assertFails(report);
    assertThat(report.checks())
        .filteredOn(check -> check.name().equals("graph: tensors"))
        .extracting(VerificationReport.Check::differences)
        .containsExactly(300L);
    assertThat(report.shown())
        .filteredOn(difference -> difference.check().equals("graph: tensors"))
        .hasSize(Verification.SHOWN_MAX);
    assertThat(report.differences()).isGreaterThan(300 + 22);
  }

  @Test
  void aSampleIsTheSameForTheSameSeed() throws Exception {
    VerificationReport first = verify(40, GraphLevel.TENSOR);
    VerificationReport second = verify(40, GraphLevel.TENSOR);
    assertThat(second.read()).isEqualTo(first.read());
    assertThat(first.read().atoms())
        .isPositive()
        .isLessThan(sql.number("SELECT COUNT_BIG(*) FROM dbo.Atoms"));
  }
}
