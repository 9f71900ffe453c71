package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.content.ContentStore;
import com.microsoft.sqlserver.jdbc.SQLServerConnection;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDateTime;
import org.neo4j.driver.Driver;
import org.neo4j.driver.SessionConfig;

/**
 * Proves, in one SNAPSHOT transaction (captured tables in one each), so that ingestion may go on
 * meanwhile:
 *
 * <ul>
 *   <li>every atom's count equals its references,
 *   <li>every atom has content of its length, and, where it is read, of its hash,
 *   <li>references point to what is there, and belong to models that may have some,
 *   <li>what came in is stored, known or a dead letter, for submissions, models and captured
 *       tables,
 *   <li>complete models are complete: chunks without gaps, numbers, digest, tensors inside files,
 *   <li>the graph has the nodes, relationships and properties that the tables ask for, no others.
 * </ul>
 *
 * <p>The graph has no part in the snapshot. A difference in an entity whose outbox mark was not
 * synced when the verification began, or is not now, is pending: the graph is behind or ahead
 * there, which ends by itself. All other differences are real.
 */
public final class Verification {

  /** Differences of each check that are kept to show. */
  public static final int SHOWN_MAX = 100;

  private static final String CLOCK = "SELECT SYSUTCDATETIME()";

  private static final String UNSYNCED =
      "SELECT COUNT_BIG(*) FROM dbo.Neo4jSyncQueue WHERE IsSynced = 0";

  private static final String ATOMS = "SELECT COUNT_BIG(*) FROM dbo.Atoms";

  private final VerificationOptions options;
  private final ContentStore contentStore;

  public Verification(VerificationOptions options, ContentStore contentStore) {
    this.options = options;
    this.contentStore = contentStore;
  }

  /**
   * Runs all checks.
   *
   * @throws SQLException when SQL Server cannot be read to the end
   * @throws org.neo4j.driver.exceptions.Neo4jException when Neo4j cannot
   * @throws IOException when a password, or content in another place than the database, cannot
   */
  public VerificationReport run() throws SQLException, IOException {
    SessionConfig config =
        options.neo4j().database() == null
            ? SessionConfig.defaultConfig()
            : SessionConfig.forDatabase(options.neo4j().database());
    try (Connection snapshot = options.sqlServer().open("hartonomous-verify");
        Connection present = options.sqlServer().open("hartonomous-verify-present");
        Driver driver = options.neo4j().open()) {
      driver.verifyConnectivity();
      LocalDateTime begin = clock(present);
      snapshot.setAutoCommit(false);
      snapshot.setTransactionIsolation(SQLServerConnection.TRANSACTION_SNAPSHOT);
      try {
        Differences differences = new Differences(new OutboxLookup(present, begin), SHOWN_MAX);
        return check(snapshot, new GraphSide(driver, config), differences);
      } finally {
        snapshot.rollback();
      }
    }
  }

  private VerificationReport check(Connection snapshot, GraphSide graph, Differences differences)
      throws SQLException, IOException {
    long unsynced = number(snapshot, UNSYNCED);
    ReferenceChecks references = new ReferenceChecks(snapshot, differences);
    references.checkCounts();
    references.checkReferences();
    ContentChecks contents = new ContentChecks(snapshot, contentStore, differences);
    contents.checkPresence(number(snapshot, ATOMS));
    VerificationReport.Read read =
        options.readPercent() > 0
            ? contents.checkHashes(options.readPercent(), options.seed())
            : null;
    new ModelChecks(snapshot, differences).check();
    BalanceChecks balance = new BalanceChecks(differences);
    balance.checkModels(snapshot);
    balance.checkTables(options.sqlServer(), options.capturePatience());
    GraphChecks graphChecks =
        new GraphChecks(new TableSide(snapshot, options.level()), graph, differences);
    for (GraphPart part : GraphPart.values()) {
      graphChecks.check(part);
    }
    graphChecks.checkStrays();
    return differences.report(unsynced, read, balance.sources());
  }

  private static LocalDateTime clock(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(CLOCK);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getObject(1, LocalDateTime.class);
    }
  }

  private static long number(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }
}
