package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.testing.Balance;
import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Content columns of every kind in one table, cut and whole, small and of megabytes. */
class IngestSegmentsITCase {

  private static final int MEGABYTES_5 = 5 << 20;

  private static final List<String> COLUMNS =
      List.of("Whole", "Lines", "Sentences", "Code", "Scan", "Digest");

  /** What the columns that are cut hold here is cut alike by these simple rules. */
  private static final Map<String, Function<String, List<String>>> CUT =
      Map.of(
          "Lines", text -> List.of(text.split("(?<=\\n)")),
          "Sentences", text -> List.of(text.split("(?<=[.] )")));

  private static final IngestOptions.Table PAPERS =
      new IngestOptions.Table(
          "dbo",
          "Papers",
          List.of(
              new IngestOptions.Column("Whole", "text/plain"),
              new IngestOptions.Column("Lines", "text/csv", Segmentation.LINE),
              new IngestOptions.Column("Sentences", "text/plain", Segmentation.SENTENCE),
              new IngestOptions.Column("Code", "text/x-code"),
              new IngestOptions.Column("Scan", "application/pdf"),
              new IngestOptions.Column("Digest", "application/octet-stream")));

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private static void create(Sql sql) throws SQLException {
    sql.update(
        "CREATE TABLE dbo.Papers (Id INT NOT NULL PRIMARY KEY, Whole NVARCHAR(MAX) NULL,"
            + " Lines NVARCHAR(MAX) NULL, Sentences NVARCHAR(4000) NULL, Code CHAR(8) NULL,"
            + " Scan VARBINARY(MAX) NULL, Digest BINARY(4) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Papers',"
            + " @role_name = NULL, @supports_net_changes = 0");
  }

  private static void insert(Sql sql, int id, String text, byte[] bytes) throws SQLException {
    sql.update(
        "INSERT INTO dbo.Papers (Id, Whole, Lines, Sentences, Code, Scan, Digest)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
        id,
        text,
        text,
        text.substring(0, Math.min(4_000, text.length())).replace('\n', ' '),
        text.substring(0, Math.min(8, text.length())).replace('\n', ' '),
        bytes,
        new byte[] {(byte) id, 0, -1, 3});
  }

  private static void awaitCaughtUp(Sql sql) throws SQLException {
    Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () ->
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.foundRows(sql, "dbo", "Papers"),
                            CapturedRows.expectedRows(
                                sql, "dbo", "Papers", List.of("Id"), COLUMNS, CUT)))
                    .isEmpty());
    assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
    assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).isEmpty();
  }

  @Test
  void everyKindOfColumnFollowsItsTable() throws Exception {
    long seed = Long.getLong("seed", 20261122L);
    Random random = new Random(seed);
    byte[] scan = new byte[MEGABYTES_5];
    random.nextBytes(scan);
    String book = book(random, MEGABYTES_5 / 2);
    try (Sql sql = server.connect()) {
      create(sql);
      insert(sql, 1, "One.\nTwo. Three.\n", new byte[] {1, 2, 3});
      insert(sql, 2, book, scan);
      insert(sql, 3, "", new byte[0]);
      IngestOptions options =
          RunningIngest.options(server.options(), List.of(PAPERS), List.of(), checkpoints);
      try (RunningIngest job = RunningIngest.start(options)) {
        awaitCaughtUp(sql);
        insert(sql, 4, book.substring(7), scan);
        sql.update("INSERT INTO dbo.Papers (Id) VALUES (5)");
        awaitCaughtUp(sql);

        // An insertion in front moves the numbers of all segments; atoms stay and are not doubled.
        sql.update("UPDATE dbo.Papers SET Lines = CONCAT(N'new\n', Lines) WHERE Id IN (1, 2)");
        sql.update("UPDATE dbo.Papers SET Sentences = N'Two. Two. One.' WHERE Id = 1");
        awaitCaughtUp(sql);

        // NULL, empty and value turn into one another.
        sql.update("UPDATE dbo.Papers SET Lines = NULL, Scan = NULL, Whole = N'' WHERE Id = 1");
        sql.update("UPDATE dbo.Papers SET Lines = N'a\nb', Scan = 0x00, Whole = NULL WHERE Id = 3");
        sql.update("UPDATE dbo.Papers SET Lines = N'', Scan = 0x, Code = 'x' WHERE Id = 5");
        awaitCaughtUp(sql);
        sql.update("UPDATE dbo.Papers SET Lines = N'', Scan = 0x, Whole = N'w' WHERE Id = 1");
        sql.update("UPDATE dbo.Papers SET Lines = NULL, Scan = NULL, Digest = 0x09 WHERE Id = 5");

        scan[17]++;
        sql.update("UPDATE dbo.Papers SET Whole = ?, Scan = ? WHERE Id = 2", "!" + book, scan);
        awaitCaughtUp(sql);
        Balance.awaitEven(server.options());
        sql.update("DELETE FROM dbo.Papers");
        awaitCaughtUp(sql);
        Balance.awaitEven(server.options());
        assertThat(sql.number("SELECT COUNT(*) FROM dbo.RowAtoms")).isZero();
      }
    }
  }

  /** Lines of different lengths, fewer than a value may have segments. */
  private static String book(Random random, int units) {
    StringBuilder text = new StringBuilder(units + 10_000);
    while (text.length() < units) {
      String line = Long.toString(random.nextLong(), 36);
      text.append(line.repeat(1 + random.nextInt(500))).append("\n");
    }
    return text.toString();
  }
}
