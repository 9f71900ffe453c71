package com.hartonomous.ingest.job;

import com.hartonomous.ingest.testing.CapturedRows;
import com.hartonomous.ingest.testing.Sql;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.awaitility.Awaitility;

/** A captured table with two content columns, and what must come of it. */
final class DocumentsTable {

  static final IngestOptions.Table CONFIGURATION =
      new IngestOptions.Table(
          "dbo",
          "Documents",
          List.of(
              new IngestOptions.Column("Title", "text/plain"),
              new IngestOptions.Column("Body", "text/markdown")));

  private static final Duration CAUGHT_UP_TIMEOUT = Duration.ofSeconds(60);

  private DocumentsTable() {}

  static void create(Sql sql) throws SQLException {
    sql.update(
        "CREATE TABLE dbo.Documents (Id INT NOT NULL CONSTRAINT PK_Documents PRIMARY KEY,"
            + " Title NVARCHAR(200) NULL, Body NVARCHAR(MAX) NULL, Pages INT NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
  }

  static void insert(Sql sql, int id, String title, String body) throws SQLException {
    sql.update("INSERT INTO dbo.Documents (Id, Title, Body) VALUES (?, ?, ?)", id, title, body);
  }

  /** Waits until the references are exactly those of the table, then checks every count. */
  static void awaitCaughtUp(Sql sql) throws SQLException {
    Awaitility.await()
        .atMost(CAUGHT_UP_TIMEOUT)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertReferences(sql));
    Assertions.assertThat(CapturedRows.wrongCounts(sql)).isEmpty();
  }

  static void assertReferences(Sql sql) throws SQLException {
    Assertions.assertThat(CapturedRows.found(sql, "dbo", "Documents", "Id"))
        .isEqualTo(CapturedRows.expected(sql, "dbo.Documents", "Id", "Title", "Body"));
  }
}
