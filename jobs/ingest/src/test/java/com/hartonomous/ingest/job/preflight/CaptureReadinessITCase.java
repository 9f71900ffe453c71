package com.hartonomous.ingest.job.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@StandInOnly("changes that are captured as they are committed")
class CaptureReadinessITCase {

  private static final TableInspection.Table TABLE =
      new TableInspection.Table("dbo", "Documents", List.of("Id"), List.of(), Set.of());

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @Test
  void aTableThatIsCapturedNeedsNoWaiting() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      long beats = beats(sql);
      CaptureReadiness.await(sql.connection(), server.options(), List.of(TABLE), Duration.ZERO);
      assertThat(beats(sql)).isEqualTo(beats);
    }
  }

  @Test
  void aTableWhoseCaptureHasNotBegunIsRefusedInTheEnd() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      // As while the agent does not run: the instance's beginning is not known.
      sql.update(
          "UPDATE cdc.change_tables SET start_lsn = NULL WHERE capture_instance ="
              + " N'dbo_Documents'");
      assertThatThrownBy(
              () ->
                  CaptureReadiness.await(
                      sql.connection(), server.options(), List.of(TABLE), Duration.ZERO))
          .isInstanceOf(UnreachableException.class)
          .hasMessageContainingAll("has not begun with dbo.Documents", "SQL Server Agent");
      assertThat(beats(sql)).as("a change that would have been captured").isPositive();
    }
  }

  private static void create(Sql sql) throws Exception {
    sql.update("CREATE TABLE dbo.Documents (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
    sql.update(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
  }

  private static long beats(Sql sql) throws Exception {
    return sql.number("SELECT Beat FROM dbo.Heartbeat");
  }
}
