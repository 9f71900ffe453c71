package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import com.hartonomous.ingest.record.RowChange;
import com.hartonomous.ingest.record.RowEvent;
import com.hartonomous.ingest.record.RowKey;
import com.hartonomous.ingest.record.RowVersion;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.record.StoredSegment;
import com.hartonomous.ingest.testing.SampleTables;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A sweep of three pages, in one go and restored in its middle. */
class SweepRowsITCase {

  private static final int ROWS = 30;

  /** More than a page holds a whole number of: rows lie across the ends of pages. */
  private static final int SEGMENTS = 150;

  private static final int PAGES = 3;
  private static final long PAGE_PAUSE_MILLIS = 10;

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  private final List<OneInputStreamOperatorTestHarness<RowChange, RowChange>> opened =
      new ArrayList<>();
  private Sql sql;
  private CapturedTable table;

  @BeforeEach
  void store() throws Exception {
    sql = server.connect();
    int tableId = new SampleTables(sql).captureTable("Documents", "Body");
    table =
        new CapturedTable(
            tableId,
            "dbo",
            "Documents",
            "main",
            1,
            List.of("Id"),
            List.of(new CapturedColumn(1, "Body", "text/plain")));
    sql.update(
        "INSERT INTO dbo.Atoms (AtomHash, ByteLength, ContentType, ReferenceCount)"
            + " VALUES (?, 2, N'text/plain', ?)",
        Sha256.ofText("x").toBytes(),
        ROWS * SEGMENTS);
    long atomId = sql.number("SELECT AtomId FROM dbo.Atoms");
    for (int row = 0; row < ROWS; row++) {
      List<Object> values = new ArrayList<>();
      for (int segment = 0; segment < SEGMENTS; segment++) {
        Collections.addAll(
            values,
            tableId,
            Sha256.ofText(SampleTables.keyText(row)).toBytes(),
            segment,
            atomId,
            SampleTables.keyText(row));
      }
      sql.update(
          "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId,"
              + " RowKey) VALUES "
              + String.join(", ", Collections.nCopies(SEGMENTS, "(?, ?, 1, ?, ?, ?)")),
          values.toArray());
    }
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable harness : opened) {
      harness.close();
    }
    sql.close();
  }

  @Test
  void everyReferenceIsSentOnceInPages() throws Exception {
    var harness = open(null, 1, 0);
    beginSweep(harness, 1);
    assertThat(swept(harness)).isEmpty();
    pages(harness, 1);
    assertThat(swept(harness)).as("a page").hasSize(2_000);
    pages(harness, PAGES - 1);
    assertThat(swept(harness)).hasSize(ROWS * SEGMENTS).doesNotHaveDuplicates();
    harness.getOutput().clear();
    pages(harness, 2);
    harness.snapshot(2, 2);
    harness.notifyOfCompletedCheckpoint(2);
    pages(harness, 2);
    assertThat(swept(harness)).as("once a generation").isEmpty();
  }

  /** Also after a restore, should the report have been lost. */
  @Test
  void theEndIsReportedBehindACheckpoint() throws Exception {
    sql.update("UPDATE dbo.CapturedTables SET SweptGeneration = 0");
    var harness = open(null, 1, 0);
    beginSweep(harness, 1);
    pages(harness, PAGES + 1);
    assertThat(sweptGeneration()).isZero();
    OperatorSubtaskState end = harness.snapshot(2, 2);
    assertThat(sweptGeneration()).isZero();
    harness.close();

    var restored = open(end, 1, 0);
    beginSweep(restored, 3);
    assertThat(swept(restored)).isEmpty();
    assertThat(sweptGeneration()).isEqualTo(1);
  }

  /** Its rows would not be read, and all its references be swept away. */
  @Test
  void aTableThatTheStateDoesNotKnowIsRefused() throws Exception {
    var harness = open(null, 1, 0);
    beginSweep(harness, 1);
    OperatorSubtaskState state = harness.snapshot(2, 2);
    harness.close();

    table = table("Documents", 2);
    assertThatThrownBy(() -> open(state, 1, 0))
        .hasStackTraceContaining(
            "dbo.Documents, generation 2, was not captured in group 'main' when the state that this"
                + " job starts from was made (generation 1 was)")
        .hasStackTraceContaining("Run ./hartonomous resnapshot dbo.Documents");
    table = new CapturedTable(77, "dbo", "Later", "main", 1, List.of("Id"), table.contentColumns());
    assertThatThrownBy(() -> open(state, 1, 0))
        .hasStackTraceContaining("dbo.Later, generation 1, was not captured in group 'main'");
  }

  private long sweptGeneration() throws Exception {
    return sql.number("SELECT SweptGeneration FROM dbo.CapturedTables");
  }

  private CapturedTable table(String name, int generation) {
    return new CapturedTable(
        table.tableId(),
        "dbo",
        name,
        "main",
        generation,
        table.keyColumns(),
        table.contentColumns());
  }

  /** Also by other subtasks than the one that began: whichever comes to stream goes on. */
  @Test
  void aRestoredSweepGoesOnWhereItsCheckpointWas() throws Exception {
    var first = open(null, 1, 0);
    beginSweep(first, 1);
    pages(first, 1);
    OperatorSubtaskState middle = first.snapshot(2, 2);
    List<String> before = swept(first);
    pages(first, 1);
    first.close();

    OperatorSubtaskState wider =
        AbstractStreamOperatorTestHarness.repartitionOperatorState(middle, 128, 1, 2, 1);
    var idle = open(wider, 2, 0);
    var next = open(wider, 2, 1);
    beginSweep(next, 3);
    pages(next, PAGES);
    pages(idle, PAGES);

    assertThat(swept(idle)).isEmpty();
    List<String> after = swept(next);
    assertThat(after).hasSize(ROWS * SEGMENTS - 2_000).doesNotContainAnyElementsOf(before);
    List<String> both = new ArrayList<>(before);
    both.addAll(after);
    assertThat(both).hasSize(ROWS * SEGMENTS).doesNotHaveDuplicates();
  }

  private OneInputStreamOperatorTestHarness<RowChange, RowChange> open(
      OperatorSubtaskState state, int parallelism, int subtask) throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<RowChange, RowChange>(
            new SweepRows(server.options(), List.of(table)), 128, parallelism, subtask);
    opened.add(harness);
    harness.setup();
    if (state != null) {
      harness.initializeState(state);
    }
    harness.open();
    return harness;
  }

  /** A streamed change, and a complete checkpoint behind it. */
  private void beginSweep(
      OneInputStreamOperatorTestHarness<RowChange, RowChange> harness, long checkpoint)
      throws Exception {
    harness.processElement(
        RowChange.deleted(
            new RowKey(table.tableId(), Sha256.ofText("heartbeat")),
            "{}",
            1,
            new RowVersion(Lsn.parse("00000001:00000001:0001"), Lsn.ZERO, 1)),
        0);
    harness.snapshot(checkpoint, checkpoint);
    harness.notifyOfCompletedCheckpoint(checkpoint);
  }

  private static void pages(
      OneInputStreamOperatorTestHarness<RowChange, RowChange> harness, int pages) throws Exception {
    for (int i = 0; i < pages; i++) {
      harness.setProcessingTime(harness.getProcessingTime() + PAGE_PAUSE_MILLIS);
    }
  }

  private static List<String> swept(
      OneInputStreamOperatorTestHarness<RowChange, RowChange> harness) {
    List<String> references = new ArrayList<>();
    for (RowChange change : harness.extractOutputValues()) {
      if (change.event() == RowEvent.SWEEP) {
        for (StoredSegment segment : change.stored()) {
          references.add(change.keyText() + " " + segment.segment());
        }
      }
    }
    return references;
  }
}
