package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.sql.CallableStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Submissions that SQL makes: the guide's procedures and plain inserts. */
class SubmissionProceduresITCase {

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  private Sql sql;

  @BeforeEach
  void connect() throws Exception {
    sql = server.connect();
  }

  @AfterEach
  void close() throws Exception {
    sql.close();
  }

  @Test
  void aProcedureSubmitsAFileAndReturnsTheSubmission() throws Exception {
    assertThat(sql.rows("EXEC dbo.sp_IngestONNX N'/models/a.onnx', N'a'")).containsExactly("1");
    assertThat(
            sql.rows(
                "EXEC dbo.sp_IngestSafeTensors @TenantId = 7, @ModelName = N'b',"
                    + " @FilePath = N'/models/b.safetensors'"))
        .containsExactly("2");
    assertThat(sql.rows("EXEC dbo.sp_IngestGGUF N'/models/c.gguf', N'c', 3")).containsExactly("3");

    assertThat(submissions())
        .containsExactly(
            "sp_IngestONNX|1|a|/models/a.onnx|∅|∅|onnx|NEW",
            "sp_IngestSafeTensors|7|b|/models/b.safetensors|∅|∅|safetensors|NEW",
            "sp_IngestGGUF|3|c|/models/c.gguf|∅|∅|gguf|NEW");
  }

  @Test
  void theSameFileCanBeSubmittedAgainOnPurpose() throws Exception {
    assertThat(sql.rows("EXEC dbo.sp_IngestONNX N'/models/a.onnx', N'a'")).containsExactly("1");
    assertThat(sql.rows("EXEC dbo.sp_IngestONNX N'/models/a.onnx', N'a'")).containsExactly("2");
    assertThat(sql.number("SELECT COUNT(DISTINCT SourceHash) FROM dbo.ModelSubmissions"))
        .isEqualTo(2);
  }

  @Test
  void driversCallTheProcedures() throws Exception {
    try (CallableStatement call =
        sql.connection().prepareCall("{call dbo.sp_IngestONNX(?, ?, ?, ?)}")) {
      call.setNString(1, "/models/a.onnx");
      call.setNString(2, "a");
      call.setInt(3, 4);
      call.registerOutParameter(4, Types.BIGINT);
      try (ResultSet rows = call.executeQuery()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getLong("SubmissionId")).isEqualTo(1);
      }
      assertThat(call.getLong(4)).isEqualTo(1);
    }
    try (CallableStatement call =
        sql.connection().prepareCall("{call dbo.sp_IngestSafeTensors(?, ?)}")) {
      call.setString("@ModelName", "b");
      call.setString("@FilePath", "/models/b.safetensors");
      try (ResultSet rows = call.executeQuery()) {
        assertThat(rows.next()).isTrue();
      }
    }
    assertThat(submissions())
        .containsExactly(
            "sp_IngestONNX|4|a|/models/a.onnx|∅|∅|onnx|NEW",
            "sp_IngestSafeTensors|1|b|/models/b.safetensors|∅|∅|safetensors|NEW");
  }

  @Test
  void whatIsMissingIsRefusedByName() {
    for (List<String> refusal :
        List.of(
            List.of("N'', N'a'", "@FilePath: expected the absolute path"),
            List.of("NULL, N'a'", "@FilePath: expected the absolute path"),
            List.of("N'/a.onnx', N''", "@ModelName: expected the name"),
            List.of("N'/a.onnx', N'a', NULL", "@TenantId: expected the tenant"),
            List.of("N'/a.onnx'", "expects parameter '@ModelName', which was not supplied"))) {
      assertThatThrownBy(() -> sql.rows("EXEC dbo.sp_IngestONNX " + refusal.get(0)))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining(refusal.get(1));
    }
  }

  @Test
  void anInsertNeedsNoHash() throws Exception {
    for (int i = 0; i < 2; i++) {
      sql.update(
          "INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path)"
              + " VALUES (N'me', 1, N'bert', N'/models/bert.onnx')");
    }
    assertThat(submissions()).hasSize(2);
  }

  @Test
  void aFailedModelIsSubmittedAgainOnce() throws Exception {
    sql.rows("EXEC dbo.sp_IngestONNX N'/models/a.onnx', N'a', 3");
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (3, N'a', HASHBYTES('SHA2_256', N'a'), 'FAILED')");
    sql.update("UPDATE dbo.ModelSubmissions SET State = 'DONE', ModelId = 1");

    assertThat(ModelResubmission.submit(sql.connection(), 1)).isEqualTo(2);
    assertThat(ModelResubmission.submit(sql.connection(), 1)).isEqualTo(2);
    assertThat(sql.rows("EXEC dbo.sp_ResubmitModel 1")).containsExactly("2");

    assertThat(submissions())
        .containsExactly(
            "sp_IngestONNX|3|a|/models/a.onnx|∅|∅|onnx|DONE",
            "sp_ResubmitModel|3|a|/models/a.onnx|∅|∅|onnx|NEW");
  }

  @Test
  void aModelThatDidNotFailIsNotSubmittedAgain() throws Exception {
    sql.rows("EXEC dbo.sp_IngestONNX N'/models/a.onnx', N'a'");
    sql.update(
        "INSERT INTO dbo.Models (TenantId, ModelName, ModelNameHash, State)"
            + " VALUES (1, N'a', HASHBYTES('SHA2_256', N'a'), 'COMPLETE')");
    sql.update("UPDATE dbo.ModelSubmissions SET ModelId = 1");
    for (int modelId : List.of(1, 2)) {
      assertThatThrownBy(() -> ModelResubmission.submit(sql.connection(), modelId))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("expected a FAILED model");
    }
    assertThat(submissions()).hasSize(1);
  }

  private List<String> submissions() throws SQLException {
    return sql.rows(
        "SELECT SourceName, TenantId, ModelName, Path, ByteLength, ModifiedAt, ExpectedFormat,"
            + " State FROM dbo.ModelSubmissions ORDER BY SubmissionId");
  }
}
