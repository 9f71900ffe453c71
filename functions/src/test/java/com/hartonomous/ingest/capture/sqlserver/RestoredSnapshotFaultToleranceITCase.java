package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.testing.FlinkCluster;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A job fails in the middle of a snapshot chunk and goes on from a checkpoint there. Rows that it
 * had passed on, and that are gone when the chunk is read again, are in the state of those behind
 * it: their deletion must come.
 */
class RestoredSnapshotFaultToleranceITCase {

  private static final int ROWS = 300;
  private static final int PASSED = 20;

  @RegisterExtension static final MiniClusterExtension FLINK = FlinkCluster.extension(1);

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @Test
  void deletionsBetweenTwoReadingsOfAChunkAreDelivered() throws Exception {
    try (Sql sql = server.connect()) {
      sql.update("CREATE TABLE dbo.Pages (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX))");
      sql.update(
          "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Pages',"
              + " @role_name = NULL, @supports_net_changes = 0");
      sql.update(
          "INSERT INTO dbo.CaptureGroups (GroupName, BaseName, Number) VALUES (N'main', N'main', 1)");
      sql.inTransaction(
          () -> {
            for (int id = 0; id < ROWS; id++) {
              sql.update("INSERT INTO dbo.Pages (Id, Body) VALUES (?, N'body')", id);
            }
          });
      SlowConsumer.start(sql);
      Configuration configuration = new Configuration();
      configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
      configuration.set(
          RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(100));
      StreamExecutionEnvironment env =
          StreamExecutionEnvironment.getExecutionEnvironment(configuration);
      env.setParallelism(1);
      env.enableCheckpointing(50);
      CapturedTable table =
          new CapturedTable(
              1,
              "dbo",
              "Pages",
              "main",
              1,
              List.of("Id"),
              List.of(new CapturedColumn(1, "Body", "text/plain")));
      env.fromSource(
              SqlServerCapture.source(
                  server.options(),
                  List.of(table),
                  Duration.ofMillis(100),
                  2 * ROWS,
                  "UTC",
                  OnGap.FAIL),
              WatermarkStrategy.noWatermarks(),
              "capture")
          .uid("capture")
          .map(new SlowConsumer())
          .uid("consumer")
          .sinkTo(new DiscardingSink<>());
      JobClient job = env.executeAsync("restored snapshot");
      try {
        Awaitility.await().atMost(Duration.ofMinutes(2)).until(() -> SlowConsumer.failed);
        Awaitility.await()
            .atMost(Duration.ofMinutes(2))
            .pollInterval(Duration.ofMillis(200))
            .untilAsserted(
                () -> assertThat(SlowConsumer.DELETED).isEqualTo(SlowConsumer.removedRows));
      } finally {
        job.cancel().get();
      }
    }
  }

  /** Fails once, behind a checkpoint in the middle of the chunk, when the rows before are gone. */
  private static final class SlowConsumer extends RichMapFunction<RowChange, RowChange>
      implements CheckpointListener {

    private static final long serialVersionUID = 1L;

    static final Set<String> PASSED_ON = ConcurrentHashMap.newKeySet();
    static final Set<String> DELETED = ConcurrentHashMap.newKeySet();
    static volatile Set<String> removedRows;
    static volatile boolean failed;
    private static volatile boolean checkpointed;
    private static volatile Sql database;

    static void start(Sql sql) {
      database = sql;
      PASSED_ON.clear();
      DELETED.clear();
      removedRows = Set.of();
      failed = false;
      checkpointed = false;
    }

    @Override
    public RowChange map(RowChange change) throws Exception {
      if (change.event() != RowEvent.CHANGE
          || change.key().tableId() == RowChangeDeserializer.HEARTBEAT_TABLE_ID) {
        return change;
      }
      if (change.version().operation() == 1) {
        DELETED.add(change.keyText());
      } else {
        PASSED_ON.add(change.keyText());
      }
      if (!failed) {
        Thread.sleep(5);
        if (checkpointed) {
          fail();
        }
      }
      return change;
    }

    private static void fail() throws Exception {
      removedRows = Set.copyOf(PASSED_ON);
      for (String key : removedRows) {
        String id = key.replaceAll("\\D", "");
        database.update("DELETE FROM dbo.Pages WHERE Id = ?", Integer.valueOf(id));
      }
      failed = true;
      throw new IllegalStateException("injected failure");
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      checkpointed = PASSED_ON.size() >= PASSED;
    }
  }
}
