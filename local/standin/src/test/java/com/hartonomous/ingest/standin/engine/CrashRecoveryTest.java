package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import com.hartonomous.ingest.standin.Difference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Data of a process that died at a chosen point: the files are copied while it works, which is what
 * a kill leaves, since the process has no chance to write anything more.
 */
// H2 waits without end, and deaf to interrupts, for a transaction that is no more.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CrashRecoveryTest {

  private static final int ROWS = 2000;

  @TempDir Path alive;
  @TempDir Path killed;

  private static H2Engine open(Path directory) throws Exception {
    return H2Engine.open(Client.database().dataDirectory(directory).build());
  }

  /** As the operating system would leave it if the process died now. */
  private void kill() throws Exception {
    try (Stream<Path> files = Files.list(alive)) {
      for (Path file : files.toList()) {
        if (!file.toString().endsWith(".lock.db")) {
          Files.copy(file, killed.resolve(file.getFileName()));
        }
      }
    }
  }

  private static void prepare(Client client) throws Exception {
    client.ok("CREATE TABLE dbo.T (id int NOT NULL PRIMARY KEY, v nvarchar(100) NOT NULL)");
    client.ok("CREATE INDEX IX_T ON dbo.T (v)");
    client.ok("CREATE TABLE dbo.Other (id int NOT NULL PRIMARY KEY)");
    insert(client, "dbo.T", 0, ROWS);
  }

  private static void insert(Client client, String table, int from, int rows) throws Exception {
    StringJoiner values = new StringJoiner(", ");
    for (int id = from; id < from + rows; id++) {
      values.add("(" + id + ", N'text of the row " + id + "')");
      if ((id - from) % 100 == 99 || id == from + rows - 1) {
        client.ok("INSERT INTO " + table + " VALUES " + values);
        values = new StringJoiner(", ");
      }
    }
  }

  private void check() throws Exception {
    try (H2Engine engine = open(killed);
        Client client = new Client(engine)) {
      client.ok("SET LOCK_TIMEOUT 2000");
      assertThat(client.query("SELECT COUNT(*) FROM dbo.T")).containsExactly("" + ROWS);
      assertThat(
              client.query(
                  "SELECT COUNT(*) FROM dbo.T WHERE v = N'text of the row ' + CAST(id AS"
                      + " nvarchar(10))"))
          .containsExactly("" + ROWS);
      assertThat(client.query("SELECT COUNT(*) FROM dbo.Other")).containsExactly("1");
      client.ok("UPDATE dbo.T SET v = v + N'!'");
      insert(client, "dbo.T", ROWS, ROWS);
      client.ok("DELETE FROM dbo.T");
      client.ok("CREATE TABLE #t (id int NOT NULL, v nvarchar(100) NOT NULL)");
      insert(client, "#t", 0, ROWS);
    }
  }

  /**
   * H2 leaves such a transaction half rolled back, and its log.
   *
   * @param changed rows of each statement; of few H2 reads the log to count a table's rows
   */
  @ParameterizedTest
  @ValueSource(ints = {20, ROWS})
  void anOpenTransactionWithATemporaryTableIsUndone(int changed) throws Exception {
    try (H2Engine engine = open(alive);
        Client client = new Client(engine);
        Client other = new Client(engine)) {
      prepare(client);
      client.ok("BEGIN TRAN");
      change(client, changed);
      client.ok("CREATE TABLE #t (id int NOT NULL, v nvarchar(100) NOT NULL)");
      insert(client, "#t", 0, changed);
      change(client, changed);
      commit(other);
      kill();
    }
    check();
  }

  /** Half of a migration is there: going on would only fail at names that are taken. */
  @Test
  @Difference("killed-inside-a-definition")
  void anOpenTransactionWithADefinitionIsRefused() throws Exception {
    try (H2Engine engine = open(alive);
        Client client = new Client(engine)) {
      client.ok("BEGIN TRAN; CREATE TABLE dbo.Half (id int NOT NULL PRIMARY KEY)");
      kill();
    }
    assertThatIOException()
        .isThrownBy(() -> open(killed))
        .withMessageContaining(killed.toString())
        .withMessageContaining("died inside a transaction that had defined something")
        .withMessageContaining("Remove the directory");
  }

  /** An index that was dropped is not made again. */
  @ParameterizedTest
  @ValueSource(
      strings = {"ROLLBACK", "ROLLBACK TRAN before; COMMIT", "SELECT 1 / 0; ROLLBACK", "SELECT 1"})
  @Difference("killed-inside-a-definition")
  void aTransactionThatCouldNotBeUndoneIsRefused(String end) throws Exception {
    try (H2Engine engine = open(alive);
        Client client = new Client(engine)) {
      client.ok("CREATE TABLE dbo.T (id int NOT NULL PRIMARY KEY, v nvarchar(100) NOT NULL)");
      client.ok("CREATE INDEX IX_T ON dbo.T (v)");
      client.ok("SET XACT_ABORT ON; BEGIN TRAN; SAVE TRAN before; DROP INDEX IX_T ON dbo.T");
      client.run(end);
    }
    assertThatIOException()
        .isThrownBy(() -> open(alive))
        .withMessageContaining("or could not undo it")
        .withMessageContaining("Remove the directory");
  }

  @Test
  void endedTransactionsWithDefinitionsAreGoneOnWith() throws Exception {
    try (H2Engine engine = open(alive);
        Client client = new Client(engine)) {
      prepare(client);
      client.ok("BEGIN TRAN; CREATE TABLE dbo.Made (id int NOT NULL PRIMARY KEY); COMMIT");
      client.ok("BEGIN TRAN; CREATE TABLE dbo.Filled (id int NOT NULL PRIMARY KEY)");
      client.ok("INSERT INTO dbo.Filled VALUES (1); COMMIT");
      client.ok("BEGIN TRAN; CREATE TABLE dbo.Undone (id int NOT NULL PRIMARY KEY); ROLLBACK");
      new Client(engine).ok("BEGIN TRAN; CREATE TABLE dbo.Abandoned (id int NOT NULL PRIMARY KEY)");
    }
    try (H2Engine engine = open(alive);
        Client client = new Client(engine)) {
      assertThat(client.query("SELECT name FROM sys.tables WHERE name <> N'T' ORDER BY name"))
          .containsExactly("Filled", "Made", "Other");
      assertThat(client.query("SELECT id FROM dbo.Filled")).containsExactly("1");
    }
  }

  private static void change(Client client, int changed) throws Exception {
    String some = " FROM dbo.T WHERE id < " + changed + " AND id % 3 = ";
    client.ok("UPDATE t SET v = v + N' changed'" + some.replace("dbo.T", "dbo.T AS t") + "0");
    client.ok("DELETE" + some + "1");
    int from = Integer.parseInt(client.query("SELECT MAX(id) + 1 FROM dbo.T").get(0));
    insert(client, "dbo.T", from, changed);
  }

  /** Writes what all transactions have done so far to the file. */
  private static void commit(Client other) throws Exception {
    other.ok("INSERT INTO dbo.Other VALUES (1)");
  }
}
