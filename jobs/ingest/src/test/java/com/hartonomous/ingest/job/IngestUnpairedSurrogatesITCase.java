package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** NVARCHAR may hold half a surrogate pair: its atom is named by what the database holds. */
class IngestUnpairedSurrogatesITCase {

  /** UTF-16LE: a D83D b, a D83D c, a DC00 b, D83D at the end, a genuine FFFD, a whole pair. */
  private static final List<String> TEXTS =
      List.of(
          "0x61003DD86200",
          "0x61003DD86300",
          "0x610000DC6200",
          "0x61003DD8",
          "0x6100FDFF6200",
          "0x3DD8C4DC");

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(2);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @TempDir Path checkpoints;

  private static void insert(Sql sql, int id, String units) throws SQLException {
    sql.update(
        String.format(
            "INSERT INTO dbo.Documents (Id, Title, Body)"
                + " VALUES (?, CAST(%s AS NVARCHAR(40)), CAST(%s AS NVARCHAR(MAX)))",
            units, units),
        id);
  }

  private static void awaitExact(Sql sql) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () ->
                assertThat(
                        CapturedRows.differences(
                            CapturedRows.found(sql, "dbo", "Documents", "Id"),
                            CapturedRows.expected(sql, "dbo.Documents", "Id", "Title", "Body")))
                    .isEmpty());
  }

  @Test
  void everyCodeUnitIsKept() throws Exception {
    try (Sql sql = server.connect()) {
      DocumentsTable.create(sql);
      for (int i = 0; i < TEXTS.size(); i++) {
        insert(sql, i, TEXTS.get(i));
      }
      IngestOptions options =
          RunningIngest.options(
              server.options(), List.of(DocumentsTable.CONFIGURATION), List.of(), checkpoints);
      try (RunningIngest job = RunningIngest.start(options)) {
        awaitExact(sql);
        for (int i = 0; i < TEXTS.size(); i++) {
          insert(sql, 100 + i, TEXTS.get(i));
        }
        sql.update(
            "UPDATE dbo.Documents SET Body = CAST(0x00DC3DD8 AS NVARCHAR(MAX)) WHERE Id = 0");
        awaitExact(sql);
      }
      assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
      assertThat(sql.rows("SELECT * FROM dbo.AtomizationErrors")).isEmpty();
    }
  }
}
