package com.hartonomous.ingest.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.content.DatabaseContentStore;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.ChunkReference;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.standin.engine.SeededFaults;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.CanonicalDigest;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.runtime.metrics.groups.MetricsGroupTestUtils;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class AtomSinkWriterITCase {

  private static final int COLUMN = 1;
  private static final long BATCH_BYTES = 1 << 20;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  private Sql sql;
  private int table;
  private CapturedNames names;

  @BeforeEach
  void registerTable() throws Exception {
    sql = server.connect();
    sql.update(
        "INSERT INTO dbo.CapturedTables (SchemaName, TableName, TableHash, GroupName, Generation)"
            + " VALUES (N'dbo', N'T', ?, N'main', 1)",
        (Object) Sha256.ofText("dbo.T").toBytes());
    table = (int) sql.number("SELECT CapturedTableId FROM dbo.CapturedTables");
    sql.update(
        "INSERT INTO dbo.CapturedColumns (CapturedTableId, ColumnId, ColumnName, ContentType)"
            + " VALUES (?, ?, N'Body', N'text/plain')",
        table,
        COLUMN);
    names =
        new CapturedNames(
            List.of(
                new CapturedTable(
                    table,
                    "dbo",
                    "T",
                    "main",
                    1,
                    List.of("Id"),
                    List.of(new CapturedColumn(COLUMN, "Body", "text/plain")))));
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  @Test
  void whatTheDatabaseRefusesIsBuriedAloneAndTheRestGoesIn() throws Exception {
    try (AtomSinkWriter writer = writer()) {
      for (int row = 0; row < 9; row++) {
        writer.write(present(row, "value " + row), null);
      }
      String tooLong = "text/" + "x".repeat(200);
      writer.write(
          AtomReference.ofRow(Sha256.ofText("bad"), tooLong, bytes("bad"), reference(9)), null);
      writer.flush(false);
    }
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.RowAtoms")).isEqualTo(9);
    assertThat(sql.rows("SELECT Reason, SourceName, Position FROM dbo.AtomizationErrors"))
        .singleElement()
        .asString()
        .startsWith("REFUSED_BY_DATABASE|dbo.T|{\"Id\":9} column Body segment 0 atom ");
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  @Test
  void aDeadLetterEndsWhenItsReferenceIsAsWishedAndStandsAgainWhenItIsRefusedAgain()
      throws Exception {
    String tooLong = "text/" + "x".repeat(200);
    AtomReference refused =
        AtomReference.ofRow(Sha256.ofText("bad"), tooLong, bytes("bad"), reference(9));
    try (AtomSinkWriter writer = writer()) {
      writer.write(refused, null);
      writer.flush(false);
      assertThat(letters()).containsExactly("∅");

      writer.write(present(8, "bad"), null);
      writer.write(present(9, "other"), null);
      writer.flush(false);
      assertThat(letters()).as("other rows and segments do not matter").containsExactly("∅");

      writer.write(present(9, "bad"), null);
      writer.flush(false);
      assertThat(letters()).containsExactly("the reference is stored");

      writer.write(absent(9, "bad"), null);
      writer.write(absent(8, "bad"), null);
      writer.flush(false);
      sql.update("DELETE FROM dbo.Atoms WHERE AtomHash = HASHBYTES('SHA2_256', N'bad')");
      writer.write(refused, null);
      writer.flush(false);
      assertThat(letters()).containsExactly("∅");

      writer.write(absent(9, "bad"), null);
      writer.flush(false);
      assertThat(letters()).containsExactly("the row does not hold it any more");
    }
  }

  private List<String> letters() throws Exception {
    return sql.rows("SELECT Resolution FROM dbo.AtomizationErrors");
  }

  @Test
  void theProgressOfATableFollowsItsReferences() throws Exception {
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      writer.write(present(2, "a"), null);
      writer.write(present(3, "b"), null);
      writer.flush(false);
      writer.write(present(4, "b"), null);
      writer.write(absent(1, "a"), null);
      writer.write(absent(7, "a"), null);
      writer.flush(false);
      assertThat(sql.rows("SELECT StoredReferences, NewAtoms, KnownAtoms FROM dbo.TableProgress"))
          .containsExactly("3|2|2");
    }
  }

  @Test
  void everyWishMayBeRepeated() throws Exception {
    try (AtomSinkWriter writer = writer()) {
      for (int round = 0; round < 3; round++) {
        writer.write(present(1, "a"), null);
        writer.write(present(2, "a"), null);
        writer.flush(false);
      }
      assertThat(count("a")).isEqualTo(2);
      for (int round = 0; round < 3; round++) {
        writer.write(absent(1, "a"), null);
        writer.flush(false);
      }
      assertThat(count("a")).isEqualTo(1);
      assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.Neo4jSyncQueue")).isEqualTo(3);
    }
  }

  @Test
  void ofTwoWishesInABatchTheLastOneCounts() throws Exception {
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      writer.write(absent(1, "a"), null);
      writer.write(present(2, "a"), null);
      writer.write(absent(3, "a"), null);
      writer.write(present(3, "a"), null);
      writer.flush(false);
      assertThat(count("a")).isEqualTo(2);
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    }
  }

  @Test
  void aKnownAtomThatTheDatabaseLostIsShippedAgain() throws Exception {
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      writer.write(absent(1, "a"), null);
      writer.flush(false);
      sql.update("DELETE FROM dbo.Atoms");
      writer.write(present(2, "a").withKnown(true), null);
      writer.flush(false);
      assertThat(count("a")).isEqualTo(1);
      assertThat(sql.rows("SELECT CanonicalText FROM dbo.Atoms")).containsExactly("a");
    }
  }

  @Test
  @StandInOnly("injected faults")
  void deadlocksAndLockTimeoutsAreTriedAgain() throws Exception {
    AtomicInteger failures = new AtomicInteger();
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (point == Point.BEFORE_STATEMENT
              && application.startsWith("hartonomous-writer")
              && kind.equals("Update")
              && batch.contains("UPDATE a SET ReferenceCount")
              && failures.incrementAndGet() <= 2) {
            throw new SqlServerError(failures.get() == 1 ? 1205 : 1222, 13, 1, "injected");
          }
        });
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      writer.flush(false);
    }
    assertThat(failures.get()).isEqualTo(3);
    assertThat(count("a")).isEqualTo(1);
  }

  /**
   * Deadlocks, lock timeouts, violated keys, lost connections and unknown outcomes at any
   * statement: the end is that of the same wishes without them. A writer that gives up is followed
   * by a new one, which gets the batch again, as after a restart of the job.
   */
  @Test
  @StandInOnly("injected faults")
  void faultsAtAnyStatementLeaveWhatAnUndisturbedRunLeaves() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("AtomSinkWriterITCase seed " + seed);
    List<List<AtomReference>> batches = randomBatches(new Random(seed));
    SeededFaults faults =
        new SeededFaults(
            seed,
            0.02,
            EnumSet.allOf(SeededFaults.Fault.class),
            application -> application.startsWith("hartonomous-writer"));
    server.injectFaults(faults);
    for (List<AtomReference> batch : batches) {
      boolean stored = false;
      for (int restart = 0; !stored; restart++) {
        try (AtomSinkWriter writer = writer()) {
          write(writer, batch);
          stored = true;
        } catch (IOException e) {
          assertThat(restart).as("restarts, the last after %s", e).isLessThan(50);
        }
      }
    }
    assertThat(faults.count()).isPositive();
    server.injectFaults(FaultInjector.NONE);
    List<String> disturbed = CanonicalDigest.lines(sql);
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    for (String table :
        List.of("RowAtoms", "AtomizationErrors", "TableProgress", "Neo4jSyncQueue", "Atoms")) {
      sql.update("DELETE FROM dbo." + table);
    }
    for (List<AtomReference> batch : batches) {
      try (AtomSinkWriter writer = writer()) {
        write(writer, batch);
      }
    }
    assertThat(disturbed).isEqualTo(CanonicalDigest.lines(sql));
  }

  private static void write(AtomSinkWriter writer, List<AtomReference> batch) throws Exception {
    for (AtomReference reference : batch) {
      writer.write(reference, null);
    }
    writer.flush(false);
  }

  private List<List<AtomReference>> randomBatches(Random random) {
    List<List<AtomReference>> batches = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      List<AtomReference> batch = new ArrayList<>();
      for (int j = 0; j < 20; j++) {
        int row = random.nextInt(15);
        String text = "value " + random.nextInt(8);
        batch.add(random.nextInt(3) == 0 ? absent(row, text) : present(row, text));
      }
      batches.add(batch);
    }
    return batches;
  }

  @Test
  @StandInOnly("injected faults")
  void whatNeverPassesFailsTheJobAndLeavesNothing() throws Exception {
    server.injectFaults(
        (point, application, kind, batch) -> {
          if (batch.contains("UPDATE a SET ReferenceCount")) {
            throw new SqlServerError(229, 14, 5, "The UPDATE permission was denied");
          }
        });
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      assertThatThrownBy(() -> writer.flush(false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("error 229");
    }
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.RowAtoms")).isZero();
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.Atoms")).isZero();
  }

  @Test
  void chunksOfAModelThatIsNotBeingIngestedAreDropped() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), bytes("model bytes"));
    long modelFile = model("FAILED");
    try (AtomSinkWriter writer = writer()) {
      writer.write(chunk(file, modelFile, 0, "model bytes"), null);
      writer.flush(false);
    }
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.Atoms")).isZero();
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.FileChunks")).isZero();
  }

  @Test
  void aChunkWhoseFileChangedIsADeadLetterAndNoAtom() throws Exception {
    Path file = Files.write(directory.resolve("model.bin"), bytes("model bytes"));
    long modelFile = model("INGESTING");
    try (AtomSinkWriter writer = writer()) {
      writer.write(chunk(file, modelFile, 0, "other bytes"), null);
      writer.write(present(1, "a"), null);
      writer.flush(false);
    }
    assertThat(sql.rows("SELECT Reason FROM dbo.AtomizationErrors"))
        .containsExactly("FILE_CHANGED");
    assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.FileChunks")).isZero();
    assertThat(count("a")).isEqualTo(1);
  }

  @Test
  void anAtomLargerThanABatchIsStreamed() throws Exception {
    String large = "large ".repeat((int) (3 * BATCH_BYTES / 12));
    Path file = Files.write(directory.resolve("model.bin"), bytes(large));
    long modelFile = model("INGESTING");
    try (AtomSinkWriter writer = writer()) {
      writer.write(present(1, "a"), null);
      writer.write(chunk(file, modelFile, 0, large), null);
      writer.flush(false);
    }
    assertThat(count("a")).isEqualTo(1);
    assertThat(count(large)).isEqualTo(1);
    assertThat(
            sql.number(
                "SELECT COUNT_BIG(*) FROM dbo.Atoms WHERE DATALENGTH(Content) = ByteLength"
                    + " AND HASHBYTES('SHA2_256', Content) = AtomHash"))
        .isEqualTo(2);
    assertThat(sql.number("SELECT NewBytes FROM dbo.ModelProgress")).isEqualTo(Files.size(file));
  }

  @Test
  void contentIsTakenWhereItStillIs() throws Exception {
    Path changed = Files.write(directory.resolve("changed.bin"), bytes("other bytes"));
    Path good = Files.write(directory.resolve("good.bin"), bytes("model bytes"));
    long modelFile = model("INGESTING");
    try (AtomSinkWriter writer = writer()) {
      writer.write(chunk(changed, modelFile, 0, "model bytes"), null);
      writer.write(chunk(good, modelFile, 1, "model bytes"), null);
      writer.write(chunk(changed, modelFile, 2, "model bytes"), null);
      writer.write(chunk(changed, modelFile, 3, "lost bytes"), null);
      writer.flush(false);
    }
    assertThat(count("model bytes")).isEqualTo(3);
    assertThat(sql.rows("SELECT CONVERT(VARCHAR(MAX), Content, 2) FROM dbo.Atoms"))
        .containsExactly(HexFormat.of().withUpperCase().formatHex(bytes("model bytes")));
    assertThat(sql.rows("SELECT Reason FROM dbo.AtomizationErrors"))
        .containsExactly("FILE_CHANGED");
    assertThat(sql.rows("SELECT NewAtoms, NewBytes FROM dbo.ModelProgress"))
        .containsExactly("1|22");
  }

  @Test
  void aSecondWriterWaitsForTheFirstAndThenFailsByName() throws Exception {
    try (AtomSinkWriter first = writer();
        AtomTransaction second = transaction(1)) {
      first.write(present(1, "old"), null);
      first.flush(false);
      assertThatThrownBy(second::connect)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Capture group 'main': another writer of its rows holds the lock")
          .hasMessageContaining("stop it");
      first.close();
      second.connect();
    }
  }

  @Test
  void aWriterThatWasCutOffCannotCommitLate() throws Exception {
    AtomTransaction cutOff = transaction(0);
    try (AtomSinkWriter old = writer(cutOff)) {
      old.write(present(1, "first"), null);
      old.flush(false);
      // Still to be written when it loses its connection and its job.
      old.write(present(1, "stale"), null);
      cutOff.abandon();
      try (AtomSinkWriter successor = writer(transaction(1))) {
        successor.write(absent(1, "first"), null);
        successor.write(present(1, "newer"), null);
        successor.flush(false);
        assertThatThrownBy(() -> old.flush(false))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("another writer of its rows holds the lock");
      }
      // Its successor has gone, the locks are free, and it may not have them all the same.
      old.write(present(1, "stale"), null);
      assertThatThrownBy(() -> old.flush(false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("another writer took over 16 of the key groups 0 to 15");
    }
    assertThat(
            sql.rows(
                "SELECT a.CanonicalText FROM dbo.RowAtoms AS r INNER JOIN dbo.Atoms AS a"
                    + " ON a.AtomId = r.AtomId"))
        .containsExactly("newer");
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  @Test
  void aWriterThatLostItsConnectionAloneGoesOn() throws Exception {
    AtomTransaction transaction = transaction(0);
    try (AtomSinkWriter writer = writer(transaction)) {
      writer.write(present(1, "a"), null);
      writer.flush(false);
      transaction.abandon();
      writer.write(present(2, "a"), null);
      writer.flush(false);
    }
    assertThat(count("a")).isEqualTo(2);
  }

  private AtomSinkWriter writer() {
    return writer(transaction(0));
  }

  private AtomSinkWriter writer(AtomTransaction transaction) {
    return new AtomSinkWriter(
        new ReferenceBatch(100, BATCH_BYTES),
        transaction,
        names,
        5,
        MetricsGroupTestUtils.mockWriterMetricGroup());
  }

  private AtomTransaction transaction(int writer) {
    return new AtomTransaction(
        server.options(),
        new DatabaseContentStore(),
        writer,
        new KeyGroupLocks("main", KeyGroupRange.of(0, 15), Duration.ofSeconds(2)),
        BATCH_BYTES);
  }

  private AtomReference present(int row, String text) {
    return AtomReference.ofRow(Sha256.ofText(text), "text/plain", bytes(text), reference(row));
  }

  private AtomReference absent(int row, String text) {
    return AtomReference.absentFromRow(Sha256.ofText(text), reference(row));
  }

  private RowReference reference(int row) {
    String key = "{\"Id\":" + row + "}";
    return new RowReference(new RowKey(table, Sha256.ofText(key)), key, COLUMN, 0);
  }

  /** A model with one file; returns the file's id. */
  private long model(String state) throws Exception {
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State) VALUES (1, N'm', ?, ?)",
        Sha256.ofText("m").toBytes(),
        state);
    sql.update(
        "INSERT INTO dbo.ModelFiles (ModelId, RelativePath, PathHash, Uri, Format, ByteLength,"
            + " ModifiedAt, ChunkSize) SELECT ModelId, N'model.bin', ?, N'file:/model.bin',"
            + " N'SafeTensors', 22, 0, 65536 FROM dbo.Models",
        (Object) Sha256.ofText("model.bin").toBytes());
    return sql.number("SELECT ModelFileId FROM dbo.ModelFiles");
  }

  private AtomReference chunk(Path file, long modelFile, long index, String text) throws Exception {
    FileRange range =
        new FileRange(
            file.toUri().toString(),
            Files.size(file),
            Files.getLastModifiedTime(file).toMillis(),
            0,
            (int) Files.size(file));
    int model = (int) sql.number("SELECT ModelId FROM dbo.Models");
    return AtomReference.ofChunk(
        Sha256.ofText(text),
        "model/bytes",
        range,
        new ChunkReference(model, modelFile, index, index * range.length(), range.length()));
  }

  private long count(String text) throws Exception {
    return sql.number(
        "SELECT ReferenceCount FROM dbo.Atoms WHERE AtomHash = ?",
        (Object) Sha256.ofText(text).toBytes());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_16LE);
  }
}
