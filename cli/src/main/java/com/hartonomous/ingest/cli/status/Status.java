package com.hartonomous.ingest.cli.status;

import com.hartonomous.ingest.balance.SourceBalance;
import java.util.List;

/**
 * How far ingestion is. The names of the components are the keys of {@code status --json}, on which
 * other tools rely: components are added, never renamed. Times are UTC, in ISO form.
 *
 * @param broker null: nothing goes through Service Broker yet
 */
public record Status(
    List<Model> models,
    List<Capture> capture,
    Object broker,
    Outbox outbox,
    DeadLetters deadLetters,
    Throughput throughput) {

  /**
   * A model.
   *
   * @param state INGESTING, COMPLETE, FAILED, DELETING or DELETED
   * @param percent of its bytes, 0 to 100
   * @param chunks expected; null until the file's header was read, as all expected numbers
   * @param atoms distinct ones; while it is ingesting, those that were new to the database
   * @param newBytes content that the database did not hold before
   * @param sharedBytes bytes of the model that cost no content, since their atoms were there
   * @param deadLetters that name it and stand
   * @param failure why it failed, or what it is a duplicate of; null otherwise
   */
  public record Model(
      int modelId,
      int tenantId,
      String name,
      String state,
      double percent,
      Long tensors,
      Long chunks,
      long storedChunks,
      Long nodes,
      long storedNodes,
      Long bytes,
      long storedBytes,
      long atoms,
      long newAtoms,
      long newBytes,
      long sharedBytes,
      Double bytesPerSecond,
      long deadLetters,
      String failure) {}

  /**
   * A capture group. What is not known is null.
   *
   * @param lastLsn position of the last complete checkpoint; the figures are those of the position
   *     that its changes will be read from while a snapshot is read
   * @param lagSeconds how much later the database's newest captured change was committed
   * @param headroomSeconds how much later the position was committed than the oldest change that
   *     the database still keeps: when it reaches zero, changes may be lost
   * @param phase SNAPSHOT until the first change was streamed, then STREAM
   * @param pendingTransactions captured behind the position, 100,000 at most
   * @param snapshotRowsExpected rows of the group's tables now, roughly, by the server's own count;
   *     null once it streams
   * @param tables of the group
   */
  public record Capture(
      String source,
      String lastLsn,
      String lastCheckpoint,
      long checkpointId,
      Double lagSeconds,
      Double headroomSeconds,
      String phase,
      Long pendingTransactions,
      long snapshotRows,
      Long snapshotRowsExpected,
      long insertedRows,
      long updatedRows,
      long deletedRows,
      List<Table> tables) {}

  /**
   * What became of a captured table, as its writers have counted. Whether that is all that the
   * table holds is counted by {@code verify}, which reads the table.
   *
   * @param stored references of present rows
   * @param newAtoms references ever stored that brought a new atom
   * @param knownAtoms references ever stored whose atom was there
   * @param deadLetters that stand
   * @param generation how often it was read from the beginning, or is being read
   * @param state CAPTURED; BEING_READ, until its snapshot and the sweep behind it have ended;
   *     TO_BE_READ_ANEW, by the job's next start; REMOVED: not captured any more, its references
   *     stay
   * @param since when the last two began; null for the others
   * @param reason why it is to be read anew; null for the others
   */
  public record Table(
      String table,
      long stored,
      long newAtoms,
      long knownAtoms,
      long deadLetters,
      int generation,
      String state,
      String since,
      String reason) {}

  /**
   * The graph's outbox.
   *
   * @param unsynced marks that the graph does not show yet
   * @param oldestCreatedAt of those; null when there is none
   */
  public record Outbox(long unsynced, String oldestCreatedAt) {}

  /** Input that could not be ingested. */
  public record DeadLetters(long total, long notReplayed, List<Reason> reasons) {}

  /** Dead letters of one reason. */
  public record Reason(String reason, long count) {}

  /**
   * What was stored since the beginning.
   *
   * @param modelBytesPerSecond sum over the models that are being ingested
   * @param rowEvents row events captured
   * @param balance of submissions, and of the chunks and nodes of models
   */
  public record Throughput(
      long modelBytes, double modelBytesPerSecond, long rowEvents, List<SourceBalance> balance) {}
}
