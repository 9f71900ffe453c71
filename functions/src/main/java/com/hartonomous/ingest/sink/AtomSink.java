package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
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
 * <p>Not covered here: wishes that are not repeated after a restart, because the source then read
 * something newer (a chunk of a snapshot that is read again), and a writer that goes on for a while
 * after its job gave it up.
 */
public final class AtomSink implements Sink<AtomReference> {

  private static final long serialVersionUID = 1L;

  private final SqlServerOptions server;
  private final ContentStore contentStore;
  private final CapturedNames names;
  private final int batchRows;
  private final long batchBytes;
  private final int transactionRetries;

  /**
   * @param names of the captured tables, for dead letters
   * @param batchRows references in a transaction, at most
   * @param batchBytes content in a transaction, at most; a larger atom goes alone
   * @param transactionRetries how often a transaction that failed for a passing reason is tried
   *     again before the job fails
   */
  public AtomSink(
      SqlServerOptions server,
      ContentStore contentStore,
      CapturedNames names,
      int batchRows,
      long batchBytes,
      int transactionRetries) {
    this.server = server;
    this.contentStore = contentStore;
    this.names = names;
    this.batchRows = batchRows;
    this.batchBytes = batchBytes;
    this.transactionRetries = transactionRetries;
  }

  @Override
  public SinkWriter<AtomReference> createWriter(WriterInitContext context) throws IOException {
    int writer = context.getTaskInfo().getIndexOfThisSubtask();
    return new AtomSinkWriter(
        new ReferenceBatch(batchRows, batchBytes),
        new AtomTransaction(server, contentStore, writer, batchBytes),
        names,
        transactionRetries,
        context.metricGroup());
  }

  @Override
  @Deprecated
  public SinkWriter<AtomReference> createWriter(InitContext context) {
    throw new IllegalStateException("Flink 1.20 creates writers from a WriterInitContext.");
  }
}
