package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.standin.engine.FaultInjector;
import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.ModelFixtures;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters that are asked for once more while the job runs. */
class ReplayITCase {

  private static final int TRUNCATION = 2628;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(4);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path directory;

  /** Refuses every reference of a row, for what it holds. */
  private static final FaultInjector REFUSE_ROWS =
      (point, application, kind, batch) -> {
        if (point == Point.BEFORE_STATEMENT
            && application.startsWith("hartonomous-writer-")
            && batch.contains("INSERT INTO dbo.RowAtoms")) {
          throw new SqlServerError(TRUNCATION, 16, 1, "injected: the data are refused");
        }
      };

  private IngestOptions rows() {
    return RunningIngest.options(
        server.options(),
        List.of(DocumentsTable.CONFIGURATION),
        List.of(),
        directory.resolve("checkpoints"));
  }

  @Test
  @StandInOnly("injected faults")
  void aRefusedRowIsStoredWhenItIsReplayedAlsoAcrossAFailureAndARestart() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      DocumentsTable.insert(sql, 1, "one", null);
      String savepoint;
      try (RunningIngest job = RunningIngest.start(rows())) {
        DocumentsTable.awaitCaughtUp(sql);
        refuse(sql, 7, "seven");
        assertThat(Balance.awaitEven(server.options()).sums("dbo.Documents"))
            .as("one of two is a dead letter")
            .containsExactly(2L, 1L, 0L, 1L);

        InjectedFailure failure =
            new InjectedFailure(
                Point.BEFORE_STATEMENT,
                application -> application.startsWith("hartonomous-writer-"),
                "INSERT INTO dbo.RowAtoms",
                1);
        server.injectFaults(failure);
        request(sql);
        awaitLetters(sql, "resolved|the reference is stored");
        assertThat(failure.happened()).as("the job failed meanwhile").isTrue();
        DocumentsTable.awaitCaughtUp(sql);
        awaitNoRequest(sql);

        refuse(sql, 8, "eight");
        savepoint = job.stopWithSavepoint(directory.resolve("savepoints"));
      }
      request(sql);
      try (RunningIngest job = RunningIngest.start(rows(), savepoint)) {
        awaitNoRequest(sql);
        DocumentsTable.awaitCaughtUp(sql);
        assertThat(Balance.awaitEven(server.options()).sums("dbo.Documents"))
            .containsExactly(3L, 3L, 0L, 0L);
      }
    }
  }

  @Test
  void aLetterSaysWhatCameOfItsReplay() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      DocumentsTable.insert(sql, 1, "short now", null);
      try (RunningIngest job = RunningIngest.start(rows())) {
        DocumentsTable.awaitCaughtUp(sql);
        letter(sql, "{\"Id\":1}", 1);
        letter(sql, "{\"Id\":1}", 2);
        letter(sql, "{\"Id\":1}", 99);
        letter(sql, "{\"Id\":2}", 1);
        letter(sql, "{\"Other\":1}", 1);
        request(sql);
        awaitNoRequest(sql);
        assertThat(sql.rows("SELECT State, Outcome FROM dbo.vw_DeadLetters ORDER BY ErrorId"))
            .satisfiesExactly(
                line -> assertThat(line).isEqualTo("resolved|the value is stored"),
                line -> assertThat(line).isEqualTo("resolved|the value is NULL now"),
                line ->
                    assertThat(line)
                        .isEqualTo("stands|replayed: the value is still too large; shorten it"),
                line -> assertThat(line).isEqualTo("resolved|the row is not in the table any more"),
                line ->
                    assertThat(line)
                        .startsWith(
                            "stands|replayed: the row cannot be looked up: Expected a key"));
      }
    }
  }

  @Test
  void aFailedModelIsCompleteWhenItsMendedFileIsReplayed() throws Exception {
    Path file = ModelFixtures.safeTensors(directory.resolve("m.safetensors"), 3, 2, 20_000);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
    IngestOptions options =
        RunningIngest.options(
            server.options(),
            List.of(),
            List.of(new IngestOptions.ModelPath(file.toUri().toString(), "m")),
            directory.resolve("checkpoints"));
    try (Sql sql = server.connect();
        RunningIngest job = RunningIngest.start(options)) {
      awaitLetters(sql, "stands|∅");
      Balance.awaitEven(server.options());
      Files.write(file, bytes);
      sql.update(
          "DECLARE @id BIGINT; EXEC dbo.sp_ResubmitModel 1, @id OUTPUT;"
              + " UPDATE dbo.AtomizationErrors SET ReplaySubmissionId = @id");
      awaitLetters(sql, "resolved|model 2 is COMPLETE");
      assertThat(Balance.awaitEven(server.options()).sums("submissions"))
          .containsExactly(2L, 1L, 0L, 1L);
    }
  }

  private void refuse(Sql sql, int id, String title) throws Exception {
    long before = sql.number("SELECT COUNT_BIG(*) FROM dbo.AtomizationErrors");
    server.injectFaults(REFUSE_ROWS);
    DocumentsTable.insert(sql, id, title, null);
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(sql.number("SELECT COUNT_BIG(*) FROM dbo.AtomizationErrors"))
                    .isEqualTo(before + 1));
    server.injectFaults(FaultInjector.NONE);
  }

  /** As the command asks for all that stand. */
  private static void request(Sql sql) throws SQLException {
    sql.update(
        "INSERT INTO dbo.ReplayRequests (ErrorId, CapturedTableId, RowKeyHash, RowKey)"
            + " SELECT ErrorId, CapturedTableId, RowKeyHash, PayloadReference"
            + " FROM dbo.vw_DeadLetters WHERE State = 'stands'");
  }

  private static void letter(Sql sql, String key, int columnId) throws SQLException {
    sql.update(
        "INSERT INTO dbo.AtomizationErrors (DeadLetterHash, SourceName, Position, Reason,"
            + " ErrorMessage, PayloadReference, CapturedTableId, RowKeyHash, ColumnId)"
            + " SELECT ?, N'dbo.Documents', N'x', 'VALUE_TOO_LARGE', N'x', ?, CapturedTableId, ?, ?"
            + " FROM dbo.CapturedTables",
        Sha256.ofText(key + columnId).toBytes(),
        key,
        Sha256.ofText(key).toBytes(),
        columnId);
  }

  private static void awaitNoRequest(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(
                        sql.number(
                            "SELECT COUNT_BIG(*) FROM dbo.ReplayRequests WHERE State = 'NEW'"))
                    .isZero());
  }

  private static void awaitLetters(Sql sql, String... expected) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () ->
                assertThat(
                        sql.rows("SELECT State, Outcome FROM dbo.vw_DeadLetters ORDER BY ErrorId"))
                    .containsExactly(expected));
  }
}
