package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.CapturedNames;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.RowPlace;
import com.hartonomous.ingest.record.RowReference;
import com.hartonomous.ingest.runtime.SqlErrors;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects references and writes them batch by batch. What fails for a passing reason is tried
 * again as a whole; of what the database refuses, the refused reference alone becomes a dead letter
 * and the rest goes in.
 */
final class AtomSinkWriter implements SinkWriter<AtomReference> {

  private static final Logger LOG = LoggerFactory.getLogger(AtomSinkWriter.class);
  private static final long BACK_OFF_MIN_MILLIS = 50;
  private static final long BACK_OFF_MAX_MILLIS = 5_000;

  private final ReferenceBatch batch;
  private final AtomTransaction transaction;
  private final CapturedNames names;
  private final int retries;
  private final Counter sent;
  private final Counter retried;
  private final Counter refused;

  AtomSinkWriter(
      ReferenceBatch batch,
      AtomTransaction transaction,
      CapturedNames names,
      int retries,
      SinkWriterMetricGroup metrics) {
    this.batch = batch;
    this.transaction = transaction;
    this.names = names;
    this.retries = retries;
    this.sent = metrics.getNumRecordsSendCounter();
    this.retried = metrics.counter("transactionRetries");
    this.refused = metrics.getNumRecordsSendErrorsCounter();
  }

  @Override
  public void write(AtomReference reference, Context context)
      throws IOException, InterruptedException {
    if (batch.isFullFor(reference)) {
      flush(false);
    }
    batch.add(reference);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    if (!batch.isEmpty()) {
      commit(batch.drain());
    }
  }

  private void commit(List<AtomReference> references) throws IOException, InterruptedException {
    SQLException refusal = tryCommit(references);
    if (refusal == null) {
      sent.inc(references.size());
    } else if (references.size() == 1) {
      refused.inc();
      bury(references.get(0), refusal);
    } else {
      int middle = references.size() / 2;
      commit(references.subList(0, middle));
      commit(references.subList(middle, references.size()));
    }
  }

  /** Null when committed; the error when the data themselves are refused. */
  private SQLException tryCommit(List<AtomReference> references)
      throws IOException, InterruptedException {
    long backOff = BACK_OFF_MIN_MILLIS;
    for (int attempt = 0; ; attempt++) {
      try {
        transaction.commit(references);
        return null;
      } catch (SQLException e) {
        transaction.abandon();
        SqlErrors.Kind kind = SqlErrors.kind(e);
        boolean mayPass = kind == SqlErrors.Kind.TRANSIENT || kind == SqlErrors.Kind.CONNECTION;
        if (mayPass && attempt < retries) {
          retried.inc();
          LOG.info(
              "Transaction of {} references failed ({}: {}); attempt {} of {} follows in about {} ms.",
              references.size(),
              e.getErrorCode(),
              e.getMessage(),
              attempt + 2,
              retries + 1,
              backOff);
          // Writers that met in a deadlock must not meet again.
          Thread.sleep(backOff / 2 + ThreadLocalRandom.current().nextLong(backOff));
          backOff = Math.min(backOff * 2, BACK_OFF_MAX_MILLIS);
        } else if (kind == SqlErrors.Kind.DATA || SqlErrors.isKeyConflict(e)) {
          return e;
        } else {
          throw new IOException(
              "Writing "
                  + references.size()
                  + " references to SQL Server failed after "
                  + (attempt + 1)
                  + " attempts (error "
                  + e.getErrorCode()
                  + "); the job restarts from its last checkpoint.",
              e);
        }
      }
    }
  }

  private void bury(AtomReference reference, SQLException refusal)
      throws IOException, InterruptedException {
    DeadLetter letter = deadLetter(reference, refusal);
    LOG.warn("Dead letter {}: {}", letter.position(), letter.message());
    try {
      transaction.bury(letter);
    } catch (SQLException e) {
      transaction.abandon();
      throw new IOException("Writing a dead letter failed: " + letter, e);
    }
  }

  private DeadLetter deadLetter(AtomReference reference, SQLException refusal) {
    String message =
        "SQL Server refused the reference (error "
            + refusal.getErrorCode()
            + "): "
            + refusal.getMessage();
    if (reference.row() != null) {
      RowReference row = reference.row();
      int table = row.key().tableId();
      return new DeadLetter(
          names.table(table),
          row.keyText()
              + " column "
              + names.column(table, row.columnId())
              + " segment "
              + row.segment()
              + " atom "
              + reference.hash(),
          "REFUSED_BY_DATABASE",
          message,
          row.keyText(),
          0,
          new RowPlace(row.key(), row.columnId(), row.segment(), reference.hash()));
    }
    if (reference.chunk() != null) {
      return new DeadLetter(
          reference.fileContent().uri(),
          "offset " + reference.fileContent().offset(),
          "REFUSED_BY_DATABASE",
          message,
          reference.fileContent().uri(),
          reference.chunk().modelId());
    }
    return new DeadLetter(
        "model " + reference.node().modelId(),
        reference.node().nodePath(),
        "REFUSED_BY_DATABASE",
        message,
        null,
        reference.node().modelId());
  }

  @Override
  public void close() throws IOException {
    transaction.close();
  }
}
