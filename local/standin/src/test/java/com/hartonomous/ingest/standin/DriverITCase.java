package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.sql.SchemaMigrations;
import com.microsoft.sqlserver.jdbc.ISQLServerBulkData;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopyOptions;
import com.microsoft.sqlserver.jdbc.SQLServerDataSource;
import com.microsoft.sqlserver.jdbc.SQLServerException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the project sends through the real driver: migrations, metadata, bulk writes, capture. */
@Timeout(180)
class DriverITCase {

  private SqlServerStandIn server;
  private SQLServerDataSource source;
  private Connection connection;

  @BeforeEach
  void open() throws Exception {
    server = SqlServerStandIn.builder().login("loader", "Secret-1").database("Library").start();
    source = new SQLServerDataSource();
    source.setServerName("127.0.0.1");
    source.setPortNumber(server.port());
    source.setDatabaseName("Library");
    source.setUser("loader");
    source.setPassword("Secret-1");
    source.setEncrypt("false");
    connection = source.getConnection();
  }

  @AfterEach
  void close() throws Exception {
    connection.close();
    server.close();
  }

  private void run(String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private List<String> query(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      return lines(rows);
    }
  }

  private static List<String> lines(ResultSet rows) throws SQLException {
    List<String> lines = new ArrayList<>();
    int width = rows.getMetaData().getColumnCount();
    while (rows.next()) {
      List<String> values = new ArrayList<>();
      for (int i = 1; i <= width; i++) {
        values.add(rows.getString(i));
      }
      lines.add(String.join("|", values));
    }
    return lines;
  }

  private static List<String> named(ResultSet rows, String... columns) throws SQLException {
    List<String> lines = new ArrayList<>();
    try (rows) {
      while (rows.next()) {
        List<String> values = new ArrayList<>();
        for (String column : columns) {
          values.add(rows.getString(column));
        }
        lines.add(String.join("|", values));
      }
    }
    return lines;
  }

  @Test
  void proceduresAreCalledWithOutputParametersAndReturnStatus() throws SQLException {
    run(
        "CREATE PROCEDURE dbo.Describe @Name NVARCHAR(20), @Factor INT = 3,"
            + " @Length BIGINT = NULL OUTPUT, @Upper NVARCHAR(20) = NULL OUTPUT AS BEGIN"
            + " SET NOCOUNT ON; SET @Length = LEN(@Name) * @Factor; SET @Upper = UPPER(@Name);"
            + " SELECT @Length AS Length; RETURN 7; END");
    try (CallableStatement call = connection.prepareCall("{? = call dbo.Describe(?, ?, ?, ?)}")) {
      call.registerOutParameter(1, Types.INTEGER);
      call.setNString(2, "grün");
      call.setInt(3, 2);
      call.registerOutParameter(4, Types.BIGINT);
      call.registerOutParameter(5, Types.NVARCHAR);
      // Prepared at the second execution, then by its handle.
      for (int i = 0; i < 4; i++) {
        try (ResultSet rows = call.executeQuery()) {
          assertThat(lines(rows)).containsExactly("8");
        }
        assertThat(call.getInt(1)).isEqualTo(7);
        assertThat(call.getLong(4)).isEqualTo(8);
        assertThat(call.getNString(5)).isEqualTo("GRÜN");
      }
    }
    try (CallableStatement call = connection.prepareCall("{call dbo.Describe(?)}")) {
      call.setString(1, "abc");
      try (ResultSet rows = call.executeQuery()) {
        assertThat(lines(rows)).containsExactly("9");
      }
    }
    assertThat(query("EXEC dbo.Describe N'ab', @Factor = 10")).containsExactly("20");
    assertThat(query("EXEC dbo.Describe @Factor = 10, @Name = N'abc'")).containsExactly("30");
    assertThat(query("EXEC dbo.Describe N'ab', DEFAULT")).containsExactly("6");
    try (CallableStatement call = connection.prepareCall("{call dbo.Describe(?, ?)}")) {
      call.setString(1, "abc");
      call.registerOutParameter(2, Types.INTEGER);
      assertThatThrownBy(call::execute).hasMessageContaining("was not declared as an OUTPUT");
    }
  }

  /** What a body cannot mean is refused when the procedure is made, not when it is called. */
  @Test
  void aProcedureWhoseBodyIsNotUnderstoodIsNotMade() throws SQLException {
    for (String body :
        List.of(
            "SELECT NO_SUCH_FUNCTION(1)",
            "SET @missing = 1",
            "SELECT @a + @missing",
            "EXEC @missing = dbo.Other",
            "SELECT 1 FROM OPENROWSET(BULK N'x', SINGLE_BLOB) AS x",
            "MERGE dbo.T AS t USING dbo.S AS s ON t.a = s.a WHEN MATCHED THEN DELETE",
            "DECLARE c CURSOR FOR SELECT 1",
            "SELEC 1")) {
      assertThatThrownBy(() -> run("CREATE PROCEDURE dbo.Bad @a INT AS " + body))
          .as(body)
          .isInstanceOf(SQLException.class);
      assertThat(query("SELECT name FROM sys.procedures")).as(body).isEmpty();
    }
  }

  @Test
  void theProjectsMigrationsRunAndRunAgain() throws SQLException {
    SchemaMigrations migrations = new SchemaMigrations(source);
    assertThat(migrations.pending()).isNotEmpty();
    assertThat(migrations.migrate()).isNotEmpty();
    assertThat(migrations.pending()).isEmpty();
    assertThat(new SchemaMigrations(source).migrate()).isEmpty();
    assertThat(query("SELECT is_cdc_enabled, snapshot_isolation_state FROM sys.databases"))
        .containsExactly("1|1");
    assertThat(query("SELECT COUNT(*) FROM dbo.vw_IngestionStatus")).containsExactly("0");
  }

  @Test
  void aFailedMigrationLeavesNothingAndCanBeMended(@TempDir Path directory) throws Exception {
    Path migration = directory.resolve("V1__first.sql");
    String good =
        "CREATE TABLE dbo.A (id int NOT NULL PRIMARY KEY);\nINSERT INTO dbo.A VALUES (1);\nCREATE"
            + " INDEX IX_A ON dbo.A (id);\n";
    Files.writeString(migration, good + "INSERT INTO dbo.A VALUES (1);\n");
    Flyway flyway =
        Flyway.configure().dataSource(source).locations("filesystem:" + directory).load();
    assertThatThrownBy(flyway::migrate)
        .isInstanceOf(FlywayException.class)
        .hasMessageContaining("2627");
    assertThat(query("SELECT name FROM sys.tables WHERE name = 'A'")).isEmpty();
    Files.writeString(migration, good);
    Flyway mended =
        Flyway.configure().dataSource(source).locations("filesystem:" + directory).load();
    assertThat(mended.migrate().migrationsExecuted).isEqualTo(1);
    assertThat(query("SELECT COUNT(*) FROM dbo.A")).containsExactly("1");
  }

  @Test
  void metadataOfTablesColumnsKeysAndIndexes() throws SQLException {
    run(
        "CREATE SCHEMA app",
        "CREATE TABLE app.Books (Id int IDENTITY(1,1) NOT NULL, Title nvarchar(200) NOT NULL"
            + " CONSTRAINT DF_Title DEFAULT N'x', Body nvarchar(max) NULL, Price decimal(9,2) NULL,"
            + " At datetime2(3) NULL, Hash binary(32) NULL, CONSTRAINT PK_Books PRIMARY KEY (Id))",
        "CREATE TABLE app.Pages (BookId int NOT NULL, N int NOT NULL, CONSTRAINT PK_Pages PRIMARY"
            + " KEY (BookId, N), CONSTRAINT FK_Pages FOREIGN KEY (BookId) REFERENCES app.Books (Id)"
            + " ON DELETE CASCADE)",
        "CREATE UNIQUE INDEX IX_Title ON app.Books (Title)");
    DatabaseMetaData metadata = connection.getMetaData();
    assertThat(
            named(
                metadata.getTables("Library", "app", null, new String[] {"TABLE"}),
                "TABLE_CAT",
                "TABLE_SCHEM",
                "TABLE_NAME",
                "TABLE_TYPE"))
        .containsExactly("Library|app|Books|TABLE", "Library|app|Pages|TABLE");
    assertThat(
            named(
                metadata.getColumns("Library", "app", "Books", "%"),
                "COLUMN_NAME",
                "DATA_TYPE",
                "TYPE_NAME",
                "COLUMN_SIZE",
                "DECIMAL_DIGITS",
                "NULLABLE",
                "COLUMN_DEF",
                "IS_AUTOINCREMENT"))
        .containsExactly(
            "Id|" + Types.INTEGER + "|int identity|10|0|0|null|YES",
            "Title|" + Types.NVARCHAR + "|nvarchar|200|null|0|(N'x')|NO",
            "Body|" + Types.NVARCHAR + "|nvarchar|2147483647|null|1|null|NO",
            "Price|" + Types.DECIMAL + "|decimal|9|2|1|null|NO",
            "At|" + Types.TIMESTAMP + "|datetime2|23|3|1|null|NO",
            "Hash|" + Types.BINARY + "|binary|32|null|1|null|NO");
    assertThat(
            named(
                metadata.getPrimaryKeys("Library", "app", "Pages"),
                "COLUMN_NAME",
                "KEY_SEQ",
                "PK_NAME"))
        .containsExactly("BookId|1|PK_Pages", "N|2|PK_Pages");
    assertThat(
            named(
                metadata.getIndexInfo("Library", "app", "Books", true, false),
                "INDEX_NAME",
                "COLUMN_NAME"))
        .contains("PK_Books|Id", "IX_Title|Title");
    assertThat(
            named(
                metadata.getImportedKeys("Library", "app", "Pages"),
                "PKTABLE_NAME",
                "FKCOLUMN_NAME",
                "DELETE_RULE",
                "FK_NAME"))
        .containsExactly("Books|BookId|" + DatabaseMetaData.importedKeyCascade + "|FK_Pages");
    assertThat(named(metadata.getSchemas(), "TABLE_SCHEM")).contains("dbo", "app");
    assertThat(named(metadata.getCatalogs(), "TABLE_CAT")).containsExactly("Library");
  }

  /** More than all buffers between the two hold, so that the server waits in the middle. */
  @Test
  void aSlowReaderKeepsNobodyFromReadingAndWriting() throws SQLException {
    int all = 4096;
    run(
        "CREATE TABLE dbo.Wide (Id int NOT NULL PRIMARY KEY, Body nvarchar(max) NOT NULL)",
        "INSERT INTO dbo.Wide (Id, Body) VALUES (0, REPLICATE(N'x', 4000))");
    for (int count = 1; count < all; count *= 2) {
      run("INSERT INTO dbo.Wide (Id, Body) SELECT Id + " + count + ", Body FROM dbo.Wide");
    }
    try (Connection slow = source.getConnection();
        Statement reading = slow.createStatement();
        ResultSet rows = reading.executeQuery("SELECT Id, Body FROM dbo.Wide ORDER BY Id")) {
      for (int i = 0; i < 10; i++) {
        assertThat(rows.next()).isTrue();
      }
      try (Statement other = connection.createStatement()) {
        other.setQueryTimeout(30);
        assertThat(other.executeUpdate("UPDATE dbo.Wide SET Body = N'new' WHERE Id >= 2048"))
            .isEqualTo(2048);
        assertThat(other.executeUpdate("DELETE FROM dbo.Wide WHERE Id = 3000")).isEqualTo(1);
        assertThat(query("SELECT COUNT(*) FROM dbo.Wide WHERE Body = N'new'"))
            .containsExactly("2047");
      }
      int read = 10;
      while (rows.next()) {
        assertThat(rows.getInt(1)).isEqualTo(read);
        assertThat(rows.getString(2)).hasSize(4000);
        read++;
      }
      assertThat(read).isEqualTo(all);
    }
  }

  @Test
  void errorsTellTheLineOfTheirStatement() throws SQLException {
    run(
        "CREATE TABLE dbo.Lines (Id int NOT NULL CONSTRAINT PK_Lines PRIMARY KEY)",
        "CREATE PROCEDURE dbo.Twice AS\nBEGIN\n  INSERT INTO dbo.Lines VALUES (1);\n\n"
            + "  INSERT INTO\n    dbo.Lines VALUES (1);\nEND");
    assertThat(lineOf("SELECT 1;\n\nSELECT *\nFROM dbo.Missing")).isEqualTo("208 3");
    assertThat(lineOf("SELECT 1\nSELECT\n  1 +\n  FROM")).isEqualTo("156 4");
    assertThat(lineOf("SELECT 1\nSELECT (2")).isEqualTo("102 2");
    assertThat(lineOf("SELECT 1;\n\nSELECT 'not closed\n")).isEqualTo("105 3");
    assertThat(lineOf("\nIF 1 = 1\nBEGIN\n  SELECT 1;\n  SELECT 1 / 0;\nEND")).isEqualTo("8134 5");
    assertThat(lineOf("\n\nDECLARE @i int = 1;\nEXEC ('\nSELECT 1 / 0')")).isEqualTo("8134 2");
    assertThat(lineOf("\n\nEXEC dbo.Twice")).isEqualTo("2627 5");
    assertThat(
            named(
                connection
                    .createStatement()
                    .executeQuery(
                        "BEGIN TRY\n  SELECT 1 / 0;\nEND TRY\nBEGIN CATCH\n  SELECT ERROR_LINE() AS"
                            + " line;\nEND CATCH"),
                "line"))
        .containsExactly("2");
    assertThat(lineOf("BEGIN TRY\n  SELECT 1 / 0;\nEND TRY\nBEGIN CATCH\n\n  THROW;\nEND CATCH"))
        .isEqualTo("8134 2");
    assertThat(lineOf("\nRAISERROR (N'raised', 16, 1)")).isEqualTo("50000 2");
  }

  /** Number and line of the first error of a batch. */
  private String lineOf(String batch) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(batch);
      while (statement.getMoreResults() || statement.getUpdateCount() >= 0) {}
      return "no error";
    } catch (SQLServerException e) {
      return e.getErrorCode() + " " + e.getSQLServerError().getLineNumber();
    } catch (SQLException e) {
      return e.toString();
    }
  }

  /** Rows of (hash, number, time as text, note). */
  private static final class Rows implements ISQLServerBulkData {
    private static final long serialVersionUID = 1L;
    private final int count;
    private int current = -1;

    Rows(int count) {
      this.count = count;
    }

    @Override
    public Set<Integer> getColumnOrdinals() {
      return Set.of(1, 2, 3, 4);
    }

    @Override
    public String getColumnName(int column) {
      return List.of("h", "n", "at", "note").get(column - 1);
    }

    @Override
    public int getColumnType(int column) {
      return new int[] {Types.BINARY, Types.BIGINT, Types.TIMESTAMP, Types.NVARCHAR}[column - 1];
    }

    @Override
    public int getPrecision(int column) {
      return new int[] {32, 19, 27, 100}[column - 1];
    }

    @Override
    public int getScale(int column) {
      return column == 3 ? 7 : 0;
    }

    @Override
    public boolean next() {
      return ++current < count;
    }

    @Override
    public Object[] getRowData() {
      return new Object[] {
        hash(current), (long) current, "2026-01-02 03:04:05.1234567", "n" + current
      };
    }

    static byte[] hash(int i) {
      return ByteBuffer.allocate(32).putInt(i).array();
    }
  }

  private static void copy(Connection target, String table, int rows, int batch)
      throws SQLException {
    SQLServerBulkCopyOptions options = new SQLServerBulkCopyOptions();
    options.setBatchSize(batch);
    options.setBulkCopyTimeout(0);
    try (SQLServerBulkCopy bulk = new SQLServerBulkCopy(target)) {
      bulk.setBulkCopyOptions(options);
      bulk.setDestinationTableName(table);
      for (String column : List.of("h", "n", "at", "note")) {
        bulk.addColumnMapping(column, column);
      }
      bulk.writeToServer(new Rows(rows));
    }
  }

  @Test
  void bulkRowsIntoATemporaryTableAndSetBasedStatementsInOneTransaction() throws SQLException {
    run(
        "CREATE TABLE dbo.Atoms (id bigint IDENTITY(1,1) NOT NULL CONSTRAINT PK_A PRIMARY KEY, h"
            + " binary(32) NOT NULL CONSTRAINT UQ_A UNIQUE, n bigint NOT NULL, at datetime2(7) NOT"
            + " NULL, note nvarchar(100) NULL)",
        "INSERT INTO dbo.Atoms (h, n, at) VALUES (0x"
            + HexFormat.of().formatHex(Rows.hash(0))
            + ", 10, SYSUTCDATETIME())");
    connection.setAutoCommit(false);
    run(
        "CREATE TABLE #in (h binary(32) NOT NULL, n bigint NOT NULL, at datetime2(7) NOT NULL, note"
            + " nvarchar(100) NULL)",
        "CREATE TABLE #gone (h binary(32) NOT NULL)");
    copy(connection, "#in", 2000, 700);
    try (Statement statement = connection.createStatement()) {
      assertThat(
              statement.executeUpdate(
                  "INSERT INTO dbo.Atoms (h, n, at, note) SELECT i.h, 0, i.at, i.note FROM #in AS i"
                      + " WHERE NOT EXISTS (SELECT 1 FROM dbo.Atoms AS a WITH (UPDLOCK, HOLDLOCK)"
                      + " WHERE a.h = i.h)"))
          .isEqualTo(1999);
      assertThat(
              statement.executeUpdate(
                  "UPDATE a SET n = a.n + i.n FROM dbo.Atoms AS a INNER JOIN #in AS i ON i.h = a.h"))
          .isEqualTo(2000);
      assertThat(
              statement.executeUpdate(
                  "DELETE a OUTPUT deleted.h INTO #gone (h) FROM dbo.Atoms AS a INNER JOIN #in AS i"
                      + " ON i.h = a.h WHERE i.n >= 1990"))
          .isEqualTo(10);
    }
    assertThat(query("SELECT COUNT(*) FROM #gone")).containsExactly("10");
    try (Connection other = source.getConnection();
        Statement statement = other.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM dbo.Atoms")) {
      assertThat(lines(rows)).containsExactly("1");
    }
    connection.commit();
    connection.setAutoCommit(true);
    assertThat(query("SELECT COUNT(*), SUM(n), MAX(note) FROM dbo.Atoms"))
        .containsExactly("1990|" + (10 + 1989L * 1990 / 2) + "|n999");
    assertThat(query("SELECT DISTINCT CAST(at AS nvarchar(40)) FROM dbo.Atoms WHERE n > 10"))
        .containsExactly("2026-01-02 03:04:05.1234567");
  }

  @Test
  void theConnectorsStatementsPreparedAndRepeated() throws SQLException {
    run(
        "CREATE TABLE dbo.Documents (Id int NOT NULL PRIMARY KEY, Body nvarchar(max) NULL)",
        "EXEC sys.sp_cdc_enable_db",
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Documents',"
            + " @role_name = NULL, @supports_net_changes = 0");
    try (Connection reader = source.getConnection();
        Statement poll = reader.createStatement();
        PreparedStatement increment =
            reader.prepareStatement("SELECT [Library].sys.fn_cdc_increment_lsn(?)");
        PreparedStatement changes =
            reader.prepareStatement(
                "SELECT *, TODATETIMEOFFSET([Library].sys.fn_cdc_map_lsn_to_time([__$start_lsn]),"
                    + " DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) FROM"
                    + " [Library].cdc.[fn_cdc_get_all_changes_dbo_Documents](?, ?, N'all update"
                    + " old') order by [__$start_lsn] ASC, [__$seqval] ASC, [__$operation] ASC")) {
      reader.setAutoCommit(false);
      byte[] position = maximum(poll);
      List<String> seen = new ArrayList<>();
      for (int round = 1; round <= 4; round++) {
        run(
            "INSERT INTO dbo.Documents VALUES (" + round + ", N'a')",
            "UPDATE dbo.Documents SET Body = N'b' WHERE Id = " + round);
        byte[] to = maximum(poll);
        increment.setBytes(1, position);
        byte[] from;
        try (ResultSet rows = increment.executeQuery()) {
          rows.next();
          from = rows.getBytes(1);
        }
        changes.setBytes(1, from);
        changes.setBytes(2, to);
        try (ResultSet rows = changes.executeQuery()) {
          while (rows.next()) {
            seen.add(rows.getInt(3) + ":" + rows.getInt("Id") + ":" + rows.getString("Body"));
            assertThat(rows.getObject(rows.getMetaData().getColumnCount())).isNotNull();
          }
        }
        poll.execute("IF @@TRANCOUNT > 0 ROLLBACK TRAN");
        position = to;
      }
      assertThat(seen)
          .containsExactly(
              "2:1:a", "3:1:a", "4:1:b", "2:2:a", "3:2:a", "4:2:b", "2:3:a", "3:3:a", "4:3:b",
              "2:4:a", "3:4:a", "4:4:b");
    }
  }

  private static byte[] maximum(Statement poll) throws SQLException {
    try (ResultSet rows =
        poll.executeQuery(
            "SELECT MAX(start_lsn) FROM [Library].cdc.lsn_time_mapping WHERE tran_id <> 0x00")) {
      rows.next();
      return rows.getBytes(1);
    }
  }

  @Test
  void generatedKeysBatchesAndSavepoints() throws SQLException {
    run("CREATE TABLE dbo.G (id bigint IDENTITY(1,1) NOT NULL PRIMARY KEY, v nvarchar(20) NULL)");
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO dbo.G (v) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 1; i <= 3; i++) {
        insert.setString(1, "v" + i);
        assertThat(insert.executeUpdate()).isEqualTo(1);
        try (ResultSet keys = insert.getGeneratedKeys()) {
          assertThat(lines(keys)).containsExactly(String.valueOf(i));
        }
      }
      for (int i = 4; i <= 6; i++) {
        insert.setString(1, "v" + i);
        insert.addBatch();
      }
      assertThat(insert.executeBatch()).containsExactly(1, 1, 1);
    }
    connection.setAutoCommit(false);
    run("DELETE FROM dbo.G WHERE id = 1");
    java.sql.Savepoint savepoint = connection.setSavepoint("here");
    run("DELETE FROM dbo.G");
    connection.rollback(savepoint);
    connection.commit();
    assertThat(query("SELECT COUNT(*) FROM dbo.G")).containsExactly("5");
  }

  @Test
  void applicationLocksKeepConnectionsApart() throws SQLException {
    String take =
        "DECLARE @r int; EXEC @r = sp_getapplock @Resource = N'store', @LockMode = N'%s', @LockOwner"
            + " = N'%s', @LockTimeout = 0; SELECT @r";
    connection.setAutoCommit(false);
    run("SELECT 1 FROM sys.tables");
    assertThat(query(take.formatted("Shared", "Transaction"))).containsExactly("0");
    try (Connection other = source.getConnection();
        Statement statement = other.createStatement()) {
      try (ResultSet rows = statement.executeQuery(take.formatted("Shared", "Session"))) {
        assertThat(lines(rows)).containsExactly("0");
      }
      try (ResultSet rows = statement.executeQuery(take.formatted("Exclusive", "Session"))) {
        assertThat(lines(rows)).containsExactly("-1");
      }
      connection.rollback();
      try (ResultSet rows = statement.executeQuery(take.formatted("Exclusive", "Session"))) {
        assertThat(lines(rows)).containsExactly("0");
      }
    }
    // The server learns that the other connection has gone a moment later.
    String wait = take.replace("@LockTimeout = 0", "@LockTimeout = 60000");
    assertThat(query(wait.formatted("Exclusive", "Session"))).containsAnyOf("0", "1");
  }
}
