package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.runtime.SqlBatch;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.Closeable;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One transaction of a writer, whole or not at all: locks, staging, missing content, references,
 * progress, the graph's marks, dead letters, and last the counts. See {@link ReferenceStatements}
 * for the statements.
 *
 * <p>Keeps one connection. After any failure {@link #abandon} must be called, then the same
 * transaction can be tried again; also when the outcome of its commit is unknown, since every step
 * is idempotent.
 */
final class AtomTransaction implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(AtomTransaction.class);
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(60);

  /**
   * Longer than any statement that still makes progress, and shorter than the three minutes after
   * which Flink ends the whole TaskManager of a task that does not stop.
   */
  private static final Duration NETWORK_TIMEOUT = Duration.ofMinutes(2);

  private final SqlServerOptions server;
  private final ContentStore contentStore;
  private final int writer;
  private final KeyGroupLocks locks;
  private final long contentBytesMax;
  private final FileRangeReader files = new FileRangeReader();

  private Connection connection;
  private StagedReferences staged;
  private ReferenceStatements statements;

  /**
   * @param writer this subtask's index, under which it keeps its share of each model's progress
   * @param locks taken whenever a connection is opened; null when no row references are written
   * @param contentBytesMax content sent at once; a larger atom goes alone
   */
  AtomTransaction(
      SqlServerOptions server,
      ContentStore contentStore,
      int writer,
      @Nullable KeyGroupLocks locks,
      long contentBytesMax) {
    this.server = server;
    this.contentStore = contentStore;
    this.writer = writer;
    this.locks = locks;
    this.contentBytesMax = contentBytesMax;
  }

  /**
   * Applies the references and commits.
   *
   * @param references at most one for each natural key
   * @throws SQLException of the first statement that failed; nothing is known to be committed then
   * @throws IOException when the password cannot be had, a file system does not answer, or another
   *     writer took over
   * @throws InterruptedException when the task is being cancelled
   */
  void commit(List<AtomReference> references)
      throws SQLException, IOException, InterruptedException {
    connect();
    ApplicationLock.acquireShared(connection, ApplicationLock.ATOMS, LOCK_TIMEOUT);
    List<AtomReference> wanted = ofIngestingModels(references);
    if (!wanted.isEmpty()) {
      apply(wanted);
    }
    connection.commit();
  }

  /** Writes one dead letter in a transaction of its own. */
  void bury(DeadLetter letter) throws SQLException, IOException, InterruptedException {
    connect();
    DeadLetters.insertOrReopen(connection, letter);
    connection.commit();
  }

  /**
   * Opens the connection and takes the locks, if that is not done yet.
   *
   * @throws IOException when the password cannot be had, or another writer has the locks
   */
  void connect() throws SQLException, IOException, InterruptedException {
    if (connection != null) {
      return;
    }
    Connection opened = server.open("hartonomous-writer-" + writer);
    try {
      prepare(opened);
      opened.setAutoCommit(false);
      if (locks != null) {
        locks.acquire(opened);
      }
      connection = opened;
    } finally {
      if (connection == null) {
        closeQuietly(opened);
      }
    }
    staged = new StagedReferences(connection);
    statements = new ReferenceStatements(connection);
  }

  private static void prepare(Connection opened) throws SQLException {
    opened.setNetworkTimeout(Runnable::run, Math.toIntExact(NETWORK_TIMEOUT.toMillis()));
    try (Statement statement = opened.createStatement()) {
      // Any error ends the transaction, so that nothing is committed in part; and no lock is waited
      // for without end, since a checkpoint waits for this.
      statement.execute("SET XACT_ABORT ON; SET LOCK_TIMEOUT " + LOCK_TIMEOUT.toMillis());
      statement.execute(StagedReferences.CREATE);
      SqlBatch.drain(statement);
    }
  }

  /**
   * Leaves out references of models that are not being ingested any more. The shared lock keeps a
   * model's state as it is until this transaction ends.
   */
  private List<AtomReference> ofIngestingModels(List<AtomReference> references)
      throws SQLException {
    Set<Integer> models = new TreeSet<>();
    for (AtomReference reference : references) {
      if (reference.row() == null) {
        models.add(reference.modelId());
      }
    }
    if (models.isEmpty()) {
      return references;
    }
    ApplicationLock.acquireShared(
        connection, models.stream().map(ApplicationLock::model).toList(), LOCK_TIMEOUT);
    Set<Integer> ingesting = statements.ingestingAmong(models);
    return references.stream()
        .filter(r -> r.row() != null || ingesting.contains(r.modelId()))
        .toList();
  }

  private void apply(List<AtomReference> wanted) throws SQLException, IOException {
    Set<Sha256> hashes = new HashSet<>();
    wanted.forEach(reference -> hashes.add(reference.hash()));
    staged.empty();
    staged.stageAtoms(hashes);
    Set<Sha256> missing = statements.resolveAtoms();
    ContentShipment shipment =
        new ContentShipment(connection, contentStore, files, contentBytesMax);
    shipment.ship(wanted, missing);
    if (!missing.isEmpty()) {
      statements.resolveAtoms();
    }
    List<AtomReference> complete =
        wanted.stream().filter(reference -> !shipment.lacks(reference.hash())).toList();
    DeadLetters.insert(connection, shipment.letters());
    staged.stageReferences(complete);
    DeadLetters.insert(connection, changedFiles(complete));
    statements.applyReferences(
        complete.stream().anyMatch(r -> r.row() != null),
        complete.stream().anyMatch(r -> r.chunk() != null),
        complete.stream().anyMatch(r -> r.node() != null));
    if (complete.stream().anyMatch(r -> r.row() != null)) {
      statements.resolveDeadLetters();
      statements.addTableProgress(writer, shipment.newAtomsOfTables());
    }
    for (Map.Entry<Integer, ContentShipment.Gain> model : shipment.gainsOfModels().entrySet()) {
      statements.addProgress(
          model.getKey(), writer, model.getValue().atoms(), model.getValue().bytes());
    }
    statements.markDirty();
    statements.assertResolved(complete);
    statements.moveCounts();
  }

  /** A chunk that is stored already, as another atom: the file is not what it was. */
  private List<DeadLetter> changedFiles(List<AtomReference> references) throws SQLException {
    if (references.stream().noneMatch(r -> r.chunk() != null)) {
      return List.of();
    }
    Map<ReferenceStatements.ChunkKey, AtomReference> chunks = new HashMap<>();
    for (AtomReference reference : references) {
      if (reference.chunk() != null) {
        chunks.put(
            new ReferenceStatements.ChunkKey(
                reference.chunk().modelFileId(), reference.chunk().chunkIndex()),
            reference);
      }
    }
    List<DeadLetter> letters = new ArrayList<>();
    for (ReferenceStatements.ChunkKey key : statements.storedDifferently()) {
      AtomReference reference = chunks.get(key);
      letters.add(
          new DeadLetter(
              reference.fileContent().uri(),
              "offset " + reference.fileContent().offset(),
              "FILE_CHANGED",
              "Chunk "
                  + key.chunkIndex()
                  + " was stored before with other content than "
                  + reference.hash()
                  + ": the file changed while it was ingested; submit it again.",
              reference.fileContent().uri(),
              reference.chunk().modelId()));
    }
    return letters;
  }

  /** Rolls back by giving up the connection: its state is unknown. */
  void abandon() {
    if (connection != null) {
      closeQuietly(connection);
      connection = null;
    }
  }

  private static void closeQuietly(Connection opened) {
    try {
      opened.close();
    } catch (SQLException e) {
      LOG.debug("Closing a connection after a failure failed too.", e);
    }
  }

  @Override
  public void close() throws IOException {
    abandon();
    files.close();
  }
}
