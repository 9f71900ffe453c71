package com.hartonomous.ingest.job.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.capture.sqlserver.ResnapshotRequests;
import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.job.config.IngestConfiguration;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import com.hartonomous.ingest.testing.StandInOnly;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is refused before the ingest job starts, and how captured tables get their numbers. */
class PreflightITCase {

  private static final String BODY = "{table: dbo.Documents, columns: {Body: text/plain}}";
  private static final String TITLE_AND_BODY =
      "{table: dbo.Documents, columns: {Title: text/plain, Body: text/plain}}";

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();
  @TempDir private Path directory;

  @BeforeEach
  void createTable() throws Exception {
    execute(
        "CREATE TABLE dbo.Documents (DocumentId INT NOT NULL PRIMARY KEY, Title NVARCHAR(400) NULL,"
            + " Body NVARCHAR(MAX) NULL, Pages INT NULL)");
    enableCapture("Documents");
  }

  private void execute(String statement, Object... parameters) throws Exception {
    try (Sql sql = server.connect()) {
      sql.update(statement, parameters);
    }
  }

  private void enableCapture(String table) throws Exception {
    execute(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'"
            + table
            + "', @role_name = NULL, @supports_net_changes = 0");
  }

  private IngestOptions options(String... overrides) throws Exception {
    Path file = directory.resolve("ingest.yaml");
    Files.writeString(file, server.configuration() + "checkpoint: {directory: checkpoints}\n");
    return IngestConfiguration.read(file, List.of(overrides)).options();
  }

  private IngestOptions capturing(String... tables) throws Exception {
    return options("capture.tables=[" + String.join(", ", tables) + "]");
  }

  private static void assertRefused(IngestOptions options, boolean withState, String... parts) {
    assertThatThrownBy(() -> Preflight.ingest(options, withState))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(parts)
        .message()
        .hasLineCount(1);
  }

  private static void assertRefused(IngestOptions options, String... parts) {
    assertRefused(options, false, parts);
  }

  private long registeredTables() throws Exception {
    try (Sql sql = server.connect()) {
      return sql.number("SELECT COUNT(*) FROM dbo.CapturedTables");
    }
  }

  @Test
  void registersATableAsTheDatabaseSpellsIt() throws Exception {
    CapturedTable table =
        Preflight.ingest(
                capturing(
                    "{table: DBO.documents, columns: {body: text/markdown, Title: text/plain}}"),
                false)
            .get(0);

    assertThat(table.qualifiedName()).isEqualTo("dbo.Documents");
    assertThat(table.group()).isEqualTo("main");
    assertThat(table.generation()).isEqualTo(1);
    assertThat(table.keyColumns()).containsExactly("DocumentId");
    assertThat(table.contentColumns())
        .containsExactly(
            new CapturedColumn(1, "Body", "text/markdown"),
            new CapturedColumn(2, "Title", "text/plain"));
  }

  @Test
  void registersTheSameNumbersAgain() throws Exception {
    List<CapturedTable> first = Preflight.ingest(capturing(TITLE_AND_BODY), false);
    List<CapturedTable> second =
        Preflight.ingest(
            capturing("{table: dbo.Documents, columns: {Body: text/plain, Title: text/plain}}"),
            false);

    assertThat(second).isEqualTo(first);
    assertThat(registeredTables()).isEqualTo(1);
  }

  /** A start that will be refused must not move where the changes behind a snapshot begin. */
  @Test
  void theSnapshotPositionIsForgottenOnlyWhenNoJobReadsTheSnapshot() throws Exception {
    Preflight.ingest(capturing(BODY), false);
    execute("UPDATE dbo.CaptureGroups SET SnapshotLsn = 0x00000000000000000001");
    try (Connection writer = server.options().open("hartonomous-writer-0")) {
      assertThat(
              ApplicationLock.tryExclusiveForSession(
                  writer, ApplicationLock.rowWriter("main", 0), Duration.ofSeconds(10)))
          .isTrue();
      Preflight.ingest(capturing(BODY), false);
      assertThat(snapshotPositions()).isEqualTo(1);
    }
    Preflight.ingest(capturing(BODY), true);
    assertThat(snapshotPositions()).isEqualTo(1);
    // The lock goes with its connection, a moment later.
    Awaitility.await()
        .untilAsserted(
            () -> {
              Preflight.ingest(capturing(BODY), false);
              assertThat(snapshotPositions()).isZero();
            });
  }

  private long snapshotPositions() throws Exception {
    try (Sql sql = server.connect()) {
      return sql.number("SELECT COUNT(*) FROM dbo.CaptureGroups WHERE SnapshotLsn IS NOT NULL");
    }
  }

  @Test
  void keyColumnsComeInKeyOrder() throws Exception {
    execute(
        "CREATE TABLE dbo.Pages (PageNumber INT NOT NULL, Book NVARCHAR(50) NOT NULL,"
            + " Body NVARCHAR(MAX) NULL, CONSTRAINT PK_Pages PRIMARY KEY (Book, PageNumber))");
    enableCapture("Pages");

    List<CapturedTable> tables =
        Preflight.ingest(capturing("{table: dbo.Pages, columns: {Body: text/plain}}"), false);

    assertThat(tables.get(0).keyColumns()).containsExactly("Book", "PageNumber");
  }

  @Test
  void aPlanChangesNothing() throws Exception {
    assertThat(Preflight.planIngest(capturing(BODY), false))
        .containsExactly("capture dbo.Documents by key (DocumentId), content Body: text/plain");
    assertThat(registeredTables()).isZero();
  }

  @Test
  void columnsMayChangeUntilThereAreReferences() throws Exception {
    int tableId = Preflight.ingest(capturing(BODY), false).get(0).tableId();

    CapturedTable changed = Preflight.ingest(capturing(TITLE_AND_BODY), false).get(0);
    assertThat(changed.tableId()).isEqualTo(tableId);
    assertThat(changed.contentColumns()).hasSize(2);

    addReference(tableId);
    assertRefused(
        capturing(BODY),
        true,
        "was captured with columns {Body: text/plain, Title: text/plain}",
        "found {Body: text/plain}. Set the columns back, or have the table read anew with these:",
        "./hartonomous resnapshot dbo.Documents.");
    assertRefused(
        options("capture.tables=[" + TITLE_AND_BODY + "]", "capture.group=other"),
        true,
        "was captured in group 'main', found group 'other'");
    assertThat(Preflight.ingest(capturing(TITLE_AND_BODY), true)).containsExactly(changed);
  }

  @Test
  void aRunThatNeverCompletedACheckpointMayBeStartedAnew() throws Exception {
    CapturedTable first = Preflight.ingest(capturing(BODY), false).get(0);
    addReference(first.tableId());

    assertThat(Preflight.ingest(capturing(BODY), false)).containsExactly(first);
  }

  @Test
  void aTableThatIsAddedToAJobWithStateGetsAGroupOfItsOwn() throws Exception {
    CapturedTable documents = Preflight.ingest(capturing(BODY), false).get(0);
    addCheckpoint("main");
    createTable("Later");
    createTable("Latest");

    List<CapturedTable> tables = Preflight.ingest(capturing(BODY, body("Later")), true);
    assertThat(tables).extracting(CapturedTable::group).containsExactly("main", "main-2");
    assertThat(tables.get(0)).isEqualTo(documents);
    assertThat(tables.get(1).generation()).isEqualTo(1);
    // A start that failed before its first checkpoint is tried again.
    assertThat(Preflight.ingest(capturing(BODY, body("Later")), true)).isEqualTo(tables);
    assertThat(Preflight.ingest(capturing(BODY, body("Later"), body("Latest")), true))
        .extracting(CapturedTable::group)
        .containsExactly("main", "main-2", "main-3");
    // Nor is one taken away from a group that may have read it, though it found nothing.
    assertRefused(
        options("capture.tables=[" + BODY + "]", "capture.group=other"),
        false,
        "was captured in group 'main', found group 'other'");
    assertRefused(
        options("capture.tables=[" + body("Later") + "]", "capture.group=main-2"),
        true,
        "'main-2' is a further group of the job whose capture.group is 'main'");
    assertRefused(
        options("capture.tables=[" + BODY + "]", "capture.group=Main"),
        true,
        "there is a group 'main', found 'Main'");
  }

  @Test
  void aTableThatIsLeftOutIsNamedAndReadAnewWhenItIsBack() throws Exception {
    createTable("Later");
    String[] both = {BODY, body("Later")};
    Preflight.ingest(capturing(both), false);
    addCheckpoint("main");

    assertThat(Preflight.planIngest(capturing(BODY), true).get(1))
        .startsWith("dbo.Later is not captured any more, since capture.tables does not name it");
    List<String> notices = new ArrayList<>();
    Preflight.ingest(capturing(BODY), true, notices::add);
    assertThat(notices).singleElement().asString().startsWith("dbo.Later is not captured any more");
    notices.clear();
    Preflight.ingest(capturing(BODY), true, notices::add);
    assertThat(notices).as("said once").isEmpty();

    assertThat(Preflight.planIngest(capturing(both), true).get(1))
        .endsWith(", read anew in group 'main-2' as generation 2");
    CapturedTable again = Preflight.ingest(capturing(both), true, notices::add).get(1);
    assertThat(again.group()).isEqualTo("main-2");
    assertThat(again.generation()).isEqualTo(2);
    assertThat(notices)
        .containsExactly("dbo.Later is read anew in group 'main-2' as generation 2.");
    assertThat(Preflight.retiredGroups(capturing(both))).isEmpty();

    // A job without tables, under the same name, leaves them alone.
    assertThat(Preflight.ingest(options(), true)).isEmpty();
    assertThat(Preflight.ingest(capturing(both), true).get(1)).isEqualTo(again);
  }

  @Test
  void tablesThatAreReadAnewTogetherShareAGroupThatNeverWas() throws Exception {
    createTable("Later");
    String[] both = {BODY, body("Later")};
    List<CapturedTable> first = Preflight.ingest(capturing(both), false);
    addCheckpoint("main");
    for (int round = 2; round <= 3; round++) {
      try (Sql sql = server.connect()) {
        for (CapturedTable table : first) {
          assertThat(ResnapshotRequests.request(sql.connection(), table.tableId(), "gap")).isTrue();
        }
      }
      List<CapturedTable> anew = Preflight.ingest(capturing(both), round == 2);
      assertThat(anew).extracting(CapturedTable::group).containsOnly("main-" + round);
      assertThat(anew).extracting(CapturedTable::generation).containsOnly(round);
      assertThat(Preflight.ingest(capturing(both), true)).isEqualTo(anew);
      first = anew;
    }
    assertThat(Preflight.retiredGroups(capturing(both))).containsExactly("main", "main-2");
  }

  @Test
  void aJobThatStillRunsIsNotChangedBehindItsBack() throws Exception {
    createTable("Later");
    String[] both = {BODY, body("Later")};
    List<CapturedTable> tables = Preflight.ingest(capturing(both), false);
    try (Connection writer = server.options().open("hartonomous-writer-0")) {
      assertThat(
              ApplicationLock.tryExclusiveForSession(
                  writer, ApplicationLock.rowWriter("main", 0), Duration.ofSeconds(5)))
          .isTrue();
      assertRefused(
          options("capture.tables=[" + BODY + "]", "writer.take-over-timeout=1 s"),
          true,
          "a job of group 'main' runs, or is still connected",
          "Stop it first");
      // It has stored nothing yet.
      assertRefused(
          options(
              "capture.tables=[" + TITLE_AND_BODY + ", " + body("Later") + "]",
              "writer.take-over-timeout=1 s"),
          true,
          "a job of group 'main' runs, or is still connected");
    }
    assertThat(Preflight.ingest(capturing(both), true)).isEqualTo(tables);
  }

  @Test
  void groupsAreFew() throws Exception {
    List<String> tables = new ArrayList<>(List.of(BODY));
    Preflight.ingest(capturing(BODY), false);
    addCheckpoint("main");
    for (int i = 2; i <= CapturedTableRegistry.GROUPS_MAX; i++) {
      createTable("Later" + i);
      tables.add(body("Later" + i));
      Preflight.ingest(capturing(tables.toArray(String[]::new)), true);
    }
    createTable("TooMany");
    tables.add(body("TooMany"));
    assertRefused(
        capturing(tables.toArray(String[]::new)),
        true,
        "expected at most 16 capture groups, each a source of its own, found 17",
        "Run ./hartonomous resnapshot with tables of several groups");
  }

  private void addCheckpoint(String group) throws Exception {
    execute(
        "INSERT INTO dbo.CdcCheckpoints (SourceName, LastLsn, CheckpointId)"
            + " VALUES (?, 0x00000000000000000001, 1)",
        group);
  }

  private void createTable(String table) throws Exception {
    execute(
        "CREATE TABLE dbo." + table + " (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");
    enableCapture(table);
  }

  private static String body(String table) {
    return "{table: dbo." + table + ", columns: {Body: text/plain}}";
  }

  @Test
  void aStartWithoutStateIsRefusedWhereThereAreReferences() throws Exception {
    addReference(Preflight.ingest(capturing(BODY), false).get(0).tableId());
    execute(
        "INSERT INTO dbo.CdcCheckpoints (SourceName, LastLsn, CheckpointId)"
            + " VALUES (N'main', 0x00000000000000000001, 1)");

    assertRefused(
        capturing(BODY),
        "dbo.Documents has references from an earlier run",
        "this start has no state",
        "--from-savepoint PATH",
        "./hartonomous resnapshot dbo.Documents");
    CapturedTable table = Preflight.ingest(capturing(BODY), true).get(0);
    try (Sql sql = server.connect()) {
      assertThat(ResnapshotRequests.request(sql.connection(), table.tableId(), "test")).isTrue();
      assertThat(ResnapshotRequests.request(sql.connection(), table.tableId(), "test")).isFalse();
    }
    CapturedTable anew = Preflight.ingest(capturing(BODY), false).get(0);
    assertThat(anew.generation()).isEqualTo(2);
    assertThat(anew.group()).isEqualTo("main-2");
  }

  private void addReference(int tableId) throws Exception {
    byte[] hash = Sha256.ofText("text").toBytes();
    try (Sql sql = server.connect()) {
      sql.update(
          "INSERT INTO dbo.Atoms (AtomHash, ByteLength, ContentType, ReferenceCount)"
              + " VALUES (?, 8, N'text/plain', 1)",
          new Object[] {hash});
      sql.update(
          "INSERT INTO dbo.RowAtoms (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId,"
              + " RowKey) SELECT ?, ?, 1, 0, AtomId, N'{}' FROM dbo.Atoms",
          tableId,
          hash);
    }
  }

  @Test
  void aTableThatIsNotThereIsNamedWithTheNearest() throws Exception {
    assertRefused(
        capturing("{table: dbo.Docments, columns: {Body: text/plain}}"),
        "dbo.Docments: there is no such table",
        "Did you mean dbo.Documents?");
  }

  @Test
  void aTableWithoutAPrimaryKeyIsRefused() throws Exception {
    execute("CREATE TABLE dbo.Heap (Body NVARCHAR(MAX) NULL)");

    assertRefused(
        capturing("{table: dbo.Heap, columns: {Body: text/plain}}"),
        "dbo.Heap: the table has no primary key",
        "Add a primary key");
  }

  @Test
  void aTableWithoutCaptureIsRefusedWithTheStatementThatEnablesIt() throws Exception {
    execute("CREATE TABLE dbo.Quiet (Id INT NOT NULL PRIMARY KEY, Body NVARCHAR(MAX) NULL)");

    assertRefused(
        capturing("{table: dbo.Quiet, columns: {Body: text/plain}}"),
        "dbo.Quiet: change data capture is not enabled",
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Quiet'");
  }

  @Test
  void aKeyThatSnapshotsCannotBeCutByIsRefused() throws Exception {
    execute(
        "CREATE TABLE dbo.ByHash (Hash VARBINARY(32) NOT NULL PRIMARY KEY,"
            + " Body NVARCHAR(MAX) NULL)");
    enableCapture("ByHash");

    assertRefused(
        capturing("{table: dbo.ByHash, columns: {Body: text/plain}}"),
        "Hash, is of type varbinary",
        "Put a number or text column first");
  }

  @Test
  void aContentColumnMustBeThereAndHoldText() throws Exception {
    assertRefused(
        capturing("{table: dbo.Documents, columns: {Boddy: text/plain}}"),
        "there is no column Boddy. Did you mean Body?");
    assertRefused(
        capturing("{table: dbo.Documents, columns: {Pages: text/plain}}"),
        "expected text (char, varchar, nchar, nvarchar) or bytes (binary, varbinary) in content"
            + " column Pages, found int. Leave this column out.");
    assertRefused(
        capturing("{table: dbo.Documents, columns: {Title: text/plain, TITLE: text/plain}}"),
        "capture.tables: dbo.Documents: column Title is there twice. Remove one of the two.");
  }

  @Test
  void aBinaryColumnIsTakenAsItIs() throws Exception {
    execute(
        "CREATE TABLE dbo.Files (Id INT NOT NULL PRIMARY KEY, Data VARBINARY(MAX) NULL,"
            + " Digest BINARY(4) NULL)");
    enableCapture("Files");

    assertThat(
            Preflight.ingest(
                    capturing("{table: dbo.Files, columns: {Data: image/png, Digest: a/b}}"), false)
                .get(0)
                .contentColumns())
        .containsExactly(
            new CapturedColumn(1, "Data", "image/png", Segmentation.VALUE, true),
            new CapturedColumn(2, "Digest", "a/b", Segmentation.VALUE, true));
    assertRefused(
        capturing("{table: dbo.Files, columns: {Data: text/plain}}"),
        "dbo.Files: content column Data is of type varbinary, whose bytes are taken as they are:"
            + " expected a content type that is not text, such as application/octet-stream, found"
            + " text/plain.");
    assertRefused(
        capturing("{table: dbo.Files, columns: {Data: {type: a/b, segments: line}}}"),
        "content column Data is of type varbinary, which has no lines to cut at. Leave its segments"
            + " out.");
  }

  @Test
  void segmentsAreRegisteredAndFixedOnceThereAreReferences() throws Exception {
    String lines = "{table: dbo.Documents, columns: {Body: {type: text/plain, segments: line}}}";
    CapturedTable table = Preflight.ingest(capturing(BODY), false).get(0);
    assertThat(table.contentColumns().get(0).segments()).isEqualTo(Segmentation.VALUE);

    CapturedTable changed = Preflight.ingest(capturing(lines), false).get(0);
    assertThat(changed.contentColumns().get(0).segments()).isEqualTo(Segmentation.LINE);

    addReference(table.tableId());
    assertThat(Preflight.ingest(capturing(lines), true)).containsExactly(changed);
    assertRefused(
        capturing(BODY),
        true,
        "was captured with columns {Body: {type: text/plain, segments: line}},"
            + " found {Body: text/plain}. Set the columns back, or");
  }

  @Test
  void pathsThatCannotBeReadAreRefused() throws Exception {
    Path missing = directory.resolve("missing.onnx");
    assertRefused(
        options("models.paths=" + missing), "models.paths: " + missing + ": no such readable file");
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertRefused(
        options("models.paths=" + empty),
        "models.paths: " + empty + ": expected the files of a model, found an empty directory");
    assertRefused(
        options("models.paths=" + directory + "/*.onnx"),
        "models.paths: " + directory + "/*.onnx matches no file");
    assertRefused(
        options("models.watch=" + directory.resolve("nowhere")),
        "models.watch: " + directory.resolve("nowhere") + ": no such readable directory");
    Path file = Files.writeString(directory.resolve("a file"), "x");
    assertRefused(
        options("checkpoint.directory=" + file),
        "checkpoint.directory: " + file + " cannot be written");
    assertRefused(
        options("models.watch=" + file),
        "models.watch: " + file + ": expected a directory, found a file");
    assertThat(Preflight.ingest(options("models.paths=" + file), false)).isEmpty();
    assertThat(
            Preflight.planIngest(
                options("models.paths=" + directory + "/a ?ile", "models.watch=" + directory),
                false))
        .containsExactly(
            "ingest the files that match " + directory + "/a ?ile: 1",
            "watch " + directory + " for *.{safetensors,onnx,gguf,pt}");
  }

  @Test
  void aWrongLoginOrDatabaseIsRefused() throws Exception {
    Path wrong = Files.writeString(directory.resolve("wrong"), "wrong");
    assertRefused(
        options("sqlserver.password-file=" + wrong),
        "refused the login '" + server.options().user() + "'",
        "the password in file " + wrong);
    assertRefused(options("sqlserver.database=NoSuchDatabase"), "/NoSuchDatabase does not exist");
  }

  @Test
  void anUnreachableServerIsNamed() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    IngestOptions options = options("sqlserver.port=" + port);
    assertThatThrownBy(() -> Preflight.ingest(options, false))
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining(port + "/" + server.options().database() + " does not answer");
  }

  @Test
  @StandInOnly("a certificate that nobody trusts")
  void anUntrustedCertificateIsRefused() throws Exception {
    assertRefused(
        options("sqlserver.encrypt=true", "sqlserver.trust-server-certificate=false"),
        "no TLS connection to",
        "sqlserver.trust-server-certificate: true");
  }

  @Test
  void refusalsRegisterNothing() throws Exception {
    assertRefused(
        capturing(BODY, "{table: dbo.NotThere, columns: {Body: text/plain}}"), "dbo.NotThere");
    assertThat(registeredTables()).isZero();
  }
}
