package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.sql.SQLException;
import java.time.Duration;
import javax.annotation.Nullable;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/**
 * Makes the references in SQL Server what the stream wishes them to be, with the atoms that they
 * need and the counts that follow from them.
 *
 * <p>Guarantee: every wish is applied at least once, those of one row and one atom in order, and
 * each is idempotent: the count moves by the rows really changed, in the same transaction. So
 * counts and references agree at every moment, and after every checkpoint the references are what
 * was wished. References of one row event may become visible atom by atom within a checkpoint
 * interval. Nothing stays in a writer beyond a checkpoint barrier.
 *
 * <p>A writer of row references is the only one of its key groups, see {@link KeyGroupLocks}: one
 * that goes on after its job gave it up, or that belongs to a second job on the same capture group,
 * cannot undo what was written since.
 *
 * <p>Not covered here: wishes that are not repeated after a restart, because the source then read
 * something newer (a chunk of a snapshot that is read again). The sweep behind the source sees to
 * these.
 */
public final class AtomSink implements Sink<AtomReference> {

  private static final long serialVersionUID = 1L;

  private final SqlServerOptions server;
  private final ContentStore contentStore;
  private final CapturedNames names;
  private final String captureGroup;
  private final int batchRows;
  private final long batchBytes;
  private final int transactionRetries;
  private final Duration takeOverTimeout;

  /**
   * @param names of the captured tables, for dead letters
   * @param captureGroup the first of the job's capture groups, which stands for all of them: a
   *     table may move from one to another; null when only models are written
   * @param batchRows references in a transaction, at most
   * @param batchBytes content in a transaction, at most; a larger atom goes alone
   * @param transactionRetries how often a transaction that failed for a passing reason is tried
   *     again before the job fails
   * @param takeOverTimeout how long a writer waits for an earlier one of the capture group to go
   */
  public AtomSink(
      SqlServerOptions server,
      ContentStore contentStore,
      CapturedNames names,
      @Nullable String captureGroup,
      int batchRows,
      long batchBytes,
      int transactionRetries,
      Duration takeOverTimeout) {
    this.server = server;
    this.contentStore = contentStore;
    this.names = names;
    this.captureGroup = captureGroup;
    this.batchRows = batchRows;
    this.batchBytes = batchBytes;
    this.transactionRetries = transactionRetries;
    this.takeOverTimeout = takeOverTimeout;
  }

  @Override
  public SinkWriter<AtomReference> createWriter(WriterInitContext context) throws IOException {
    TaskInfo task = context.getTaskInfo();
    AtomTransaction transaction =
        new AtomTransaction(
            server,
            contentStore,
            task.getIndexOfThisSubtask(),
            captureGroup == null ? null : KeyGroupLocks.of(captureGroup, task, takeOverTimeout),
            batchBytes);
    if (captureGroup != null) {
      // Before the first record: no checkpoint is complete while another writer may still write.
      connect(transaction);
    }
    return new AtomSinkWriter(
        new ReferenceBatch(batchRows, batchBytes),
        transaction,
        names,
        transactionRetries,
        context.metricGroup());
  }

  private static void connect(AtomTransaction transaction) throws IOException {
    try {
      transaction.connect();
    } catch (SQLException e) {
      transaction.close();
      throw new IOException("A writer of atoms could not open its connection.", e);
    } catch (IOException e) {
      transaction.close();
      throw e;
    } catch (InterruptedException e) {
      transaction.close();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(e.getMessage());
    }
  }

  @Override
  @Deprecated
  public SinkWriter<AtomReference> createWriter(InitContext context) {
    throw new IllegalStateException("Flink 1.20 creates writers from a WriterInitContext.");
  }
}
