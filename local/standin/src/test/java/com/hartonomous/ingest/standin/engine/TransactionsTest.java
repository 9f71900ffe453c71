package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TransactionsTest {

  private H2Engine engine;
  private Client one;
  private Client two;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    one = new Client(engine);
    two = new Client(engine);
    one.ok("CREATE TABLE dbo.T (id int NOT NULL CONSTRAINT PK_T PRIMARY KEY, v nvarchar(10) NULL)");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void aWrongLoginAndAnUnknownDatabaseAreRefused() {
    assertThatThrownBy(() -> engine.login("tester", "wrong".toCharArray(), "", "test"))
        .isInstanceOfSatisfying(SqlServerError.class, e -> assertThat(e.number()).isEqualTo(18456));
    assertThatThrownBy(() -> engine.login("tester", Client.PASSWORD.toCharArray(), "Other", "test"))
        .isInstanceOfSatisfying(SqlServerError.class, e -> assertThat(e.number()).isEqualTo(4060));
  }

  @Test
  void statementsOutsideATransactionAreCommittedAtOnce() throws IOException {
    assertThat(one.ok("INSERT INTO dbo.T VALUES (1, N'a'), (2, N'b')").counts).containsExactly(2L);
    assertThat(two.query("SELECT id, v FROM dbo.T ORDER BY id")).containsExactly("1|a", "2|b");
  }

  @Test
  void nestedTransactionsOnlyCount() throws IOException {
    Client.Results begun = one.ok("BEGIN TRAN; BEGIN TRAN; INSERT INTO T VALUES (1, 'a'); COMMIT");
    assertThat(begun.events).containsExactly("began");
    assertThat(one.query("SELECT @@TRANCOUNT")).containsExactly("1");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    assertThat(one.ok("COMMIT TRAN").events).containsExactly("committed");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("1");
    assertThat(one.error("COMMIT").number()).isEqualTo(3902);
    assertThat(one.error("ROLLBACK").number()).isEqualTo(3903);
  }

  @Test
  void implicitTransactionsBeginWithTheFirstStatementThatTouchesATable() throws IOException {
    assertThat(one.ok("set implicit_transactions on ").events).isEmpty();
    assertThat(one.ok("SELECT 1").events).isEmpty();
    assertThat(one.ok("SELECT * FROM T").events).containsExactly("began");
    one.ok("INSERT INTO T VALUES (1, 'a')");
    assertThat(one.ok("IF @@TRANCOUNT > 0 ROLLBACK TRAN").events).containsExactly("rolled back");
    assertThat(one.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    assertThat(one.ok("set implicit_transactions off IF @@TRANCOUNT > 0 COMMIT TRAN ").events)
        .containsExactly("committed");
  }

  @Test
  void savepointsUndoWhatCameAfterThem() throws IOException {
    String save =
        "IF @@TRANCOUNT = 0 BEGIN BEGIN TRAN IF @@TRANCOUNT = 2 COMMIT TRAN END SAVE TRAN [s 1]";
    one.ok("set implicit_transactions on");
    one.ok(save);
    one.ok("INSERT INTO T VALUES (1, 'a')");
    one.ok("SAVE TRAN [s 2]");
    one.ok("INSERT INTO T VALUES (2, 'b')");
    one.ok("IF @@TRANCOUNT > 0 ROLLBACK TRAN [s 2]");
    assertThat(one.query("SELECT id FROM T")).containsExactly("1");
    one.ok("ROLLBACK TRAN [s 2]");
    assertThat(one.error("ROLLBACK TRAN nothing").number()).isEqualTo(6401);
    one.ok("COMMIT");
    assertThat(two.query("SELECT id FROM T")).containsExactly("1");
    two.ok("SET IMPLICIT_TRANSACTIONS OFF");
    assertThat(two.error("SAVE TRAN x").number()).isEqualTo(628);
  }

  @Test
  void aFailedStatementDoesNotEndTheTransaction() throws IOException {
    Client.Results results =
        one.run(
            "BEGIN TRAN; INSERT INTO T VALUES (1, 'a'); INSERT INTO T VALUES (1, 'b');"
                + " INSERT INTO T VALUES (2, 'c')");
    assertThat(results.errorNumbers()).containsExactly(2627);
    assertThat(one.query("SELECT @@TRANCOUNT")).containsExactly("1");
    one.ok("COMMIT");
    assertThat(two.query("SELECT id FROM T ORDER BY id")).containsExactly("1", "2");
  }

  @Test
  void withTransactionAbortAFailedStatementEndsEverything() throws IOException {
    Client.Results results =
        one.run(
            "SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO T VALUES (1, 'a'); INSERT INTO T VALUES (1,"
                + " 'b'); INSERT INTO T VALUES (2, 'c')");
    assertThat(results.errorNumbers()).containsExactly(2627);
    assertThat(results.events).containsExactly("began", "rolled back");
    assertThat(one.query("SELECT COUNT(*) FROM T")).containsExactly("0");
  }

  @Test
  void caughtErrorsAreDescribedAndRaisedAgain() throws IOException {
    Client.Results results =
        one.run(
            "BEGIN TRY BEGIN TRAN; INSERT INTO T VALUES (1, 'a'); INSERT INTO T VALUES (1, 'b');"
                + " COMMIT END TRY BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE(); IF @@TRANCOUNT >"
                + " 0 ROLLBACK; THROW; END CATCH");
    assertThat(results.rows).containsExactly(java.util.List.of(2627, (short) 1));
    assertThat(results.errorNumbers()).containsExactly(2627);
    assertThat(one.query("SELECT COUNT(*) FROM T")).containsExactly("0");
  }

  @Test
  void aDoomedTransactionCannotWriteAndDoesNotOutliveTheBatch() throws IOException {
    Client.Results results =
        one.run(
            "SET XACT_ABORT ON; BEGIN TRY BEGIN TRAN; INSERT INTO T VALUES (1, NULL), (1, NULL); END"
                + " TRY BEGIN CATCH SELECT XACT_STATE(); INSERT INTO T VALUES (3, NULL); END CATCH");
    assertThat(results.rows).containsExactly(java.util.List.of((short) -1));
    assertThat(results.errorNumbers()).contains(3930);
    assertThat(one.query("SELECT @@TRANCOUNT, COUNT(*) FROM T")).containsExactly("0|0");
  }

  @Test
  void aLockTimeoutIsReportedAndLeavesTheTransaction() throws IOException {
    one.ok("INSERT INTO T VALUES (1, 'a')");
    two.ok("BEGIN TRAN; UPDATE T SET v = 'b' WHERE id = 1");
    one.ok("SET LOCK_TIMEOUT 50; BEGIN TRAN; INSERT INTO T VALUES (2, 'b')");
    assertThat(one.error("UPDATE T SET v = 'c' WHERE id = 1").number()).isEqualTo(1222);
    one.ok("COMMIT");
    two.ok("ROLLBACK");
    assertThat(two.query("SELECT id, v FROM T ORDER BY id")).containsExactly("1|a", "2|b");
  }

  @Test
  void aDeadlockRollsOneTransactionBack() throws Exception {
    one.ok("INSERT INTO T VALUES (1, 'a'), (2, 'a')");
    one.ok("BEGIN TRAN; UPDATE T SET v = 'one' WHERE id = 1");
    two.ok("BEGIN TRAN; UPDATE T SET v = 'two' WHERE id = 2");
    CompletableFuture<Client.Results> first =
        CompletableFuture.supplyAsync(() -> unchecked(one, "UPDATE T SET v = 'one' WHERE id = 2"));
    Client.Results second = two.run("UPDATE T SET v = 'two' WHERE id = 1");
    Client.Results firstDone = first.get(30, TimeUnit.SECONDS);
    assertThat(second.errorNumbers().size() + firstDone.errorNumbers().size()).isEqualTo(1);
    Client.Results victim = second.errors.isEmpty() ? firstDone : second;
    assertThat(victim.errorNumbers()).containsExactly(1205);
    assertThat(victim.events).containsExactly("rolled back");
  }

  private static Client.Results unchecked(Client client, String batch) {
    try {
      return client.run(batch);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void snapshotIsolationMustBeAllowedAndFreezesWhatIsRead() throws IOException {
    one.ok("INSERT INTO T VALUES (1, 'a')");
    one.ok("SET TRANSACTION ISOLATION LEVEL SNAPSHOT");
    assertThat(one.error("SELECT * FROM T").number()).isEqualTo(3952);
    one.ok("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON");
    one.ok("BEGIN TRAN");
    assertThat(one.query("SELECT v FROM T")).containsExactly("a");
    two.ok("UPDATE T SET v = 'b'");
    assertThat(one.query("SELECT v FROM T")).containsExactly("a");
    Client.Results conflict = one.run("UPDATE T SET v = 'c'");
    assertThat(conflict.errorNumbers()).containsExactly(3960);
    assertThat(conflict.events).containsExactly("rolled back");
    one.ok("SET TRANSACTION ISOLATION LEVEL READ COMMITTED");
    assertThat(one.query("SELECT v FROM T")).containsExactly("b");
    one.ok("BEGIN TRAN; SELECT * FROM T");
    assertThat(one.error("SET TRANSACTION ISOLATION LEVEL SNAPSHOT").number()).isEqualTo(3951);
  }

  @Test
  void closingAndResettingRollBack() throws Exception {
    one.ok("BEGIN TRAN; INSERT INTO T VALUES (1, 'a')");
    one.close();
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    two.ok("SET IMPLICIT_TRANSACTIONS ON; INSERT INTO T VALUES (1, 'a')");
    two.session().reset(false);
    assertThat(two.query("SELECT @@TRANCOUNT, COUNT(*) FROM T")).containsExactly("0|0");
  }

  @Test
  void resettingMayKeepTheTransaction() throws Exception {
    one.ok("SET LOCK_TIMEOUT 5; SET XACT_ABORT ON; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    one.ok("CREATE TABLE #before (a int NOT NULL); INSERT INTO #before VALUES (1)");
    one.ok("BEGIN TRAN; INSERT INTO T VALUES (1, 'a'); INSERT INTO #before VALUES (2)");
    one.ok("CREATE TABLE #within (a int NOT NULL); EXEC sp_getapplock 'r', 'Exclusive', 'Session'");
    one.session().reset(true);
    assertThat(one.query("SELECT @@TRANCOUNT, @@LOCK_TIMEOUT, COUNT(*) FROM T"))
        .containsExactly("1|-1|1");
    assertThat(one.error("SELECT * FROM #before").number()).isEqualTo(208);
    one.ok("CREATE TABLE #within (b int NOT NULL); INSERT INTO #within VALUES (7)");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    two.ok("EXEC sp_getapplock 'r', 'Exclusive', 'Session', 0");
    one.ok("ROLLBACK");
    assertThat(one.query("SELECT COUNT(*) FROM T")).containsExactly("0");
    assertThat(one.error("SELECT * FROM #within").number()).isEqualTo(208);
    one.ok("BEGIN TRAN; INSERT INTO T VALUES (1, 'a')");
    one.session().reset(true);
    one.ok("COMMIT");
    assertThat(two.query("SELECT COUNT(*) FROM T")).containsExactly("1");
    one.session().reset(true);
    assertThat(one.query("SELECT @@TRANCOUNT")).containsExactly("0");
  }

  @Test
  void cancellingEndsTheStatementWithoutRowsOrError() throws Exception {
    one.ok("INSERT INTO T VALUES (1, 'a')");
    two.ok("BEGIN TRAN; UPDATE T SET v = 'b' WHERE id = 1");
    CompletableFuture<Client.Results> waiting =
        CompletableFuture.supplyAsync(() -> unchecked(one, "UPDATE T SET v = 'c'; SELECT 1"));
    while (!waiting.isDone()) {
      one.session().cancel();
      Thread.sleep(5);
    }
    assertThat(waiting.get().rows).isEmpty();
    assertThat(waiting.get().errors).isEmpty();
    two.ok("ROLLBACK");
    assertThat(one.query("SELECT v FROM T")).containsExactly("a");
  }

  @Test
  void injectedFaultsHitStatementsAndCommits() throws Exception {
    String[] where = {""};
    FaultInjector faults =
        (point, application, kind, batch) -> {
          if (where[0].equals(point + " " + kind + " " + application)) {
            where[0] = "";
            if (kind.equals("Insert")) {
              throw new SqlServerError(1205, 13, 51, "injected");
            }
            throw new ConnectionLostException("injected");
          }
        };
    try (H2Engine faulty = H2Engine.open(Client.database().faultInjector(faults).build());
        Client client = new Client(faulty, "victim")) {
      client.ok("CREATE TABLE T (id int NOT NULL PRIMARY KEY)");
      client.ok("BEGIN TRAN; INSERT INTO T VALUES (1)");
      where[0] = "BEFORE_STATEMENT Insert victim";
      Client.Results failed = client.run("INSERT INTO T VALUES (2)");
      assertThat(failed.errorNumbers()).containsExactly(1205);
      assertThat(failed.events).containsExactly("rolled back");
      where[0] = "BEFORE_COMMIT Commit victim";
      assertThatThrownBy(() -> client.run("INSERT INTO T VALUES (3)"))
          .isInstanceOf(ConnectionLostException.class);
      assertThat(client.query("SELECT id FROM T")).isEmpty();
      where[0] = "AFTER_COMMIT Commit victim";
      assertThatThrownBy(() -> client.run("INSERT INTO T VALUES (4)"))
          .isInstanceOf(ConnectionLostException.class);
      assertThat(client.query("SELECT id FROM T")).containsExactly("4");
    }
  }

  /** Its record of unfinished definitions cannot be deleted either. */
  @Test
  void aTransactionEndsThoughNothingCanBeUndone() throws Exception {
    one.ok("BEGIN TRAN; CREATE TABLE dbo.Half (id int NOT NULL PRIMARY KEY)");
    H2Session session = (H2Session) one.session();
    session.connection().close();

    assertThatThrownBy(() -> session.transaction().rollbackWork()).isInstanceOf(SQLException.class);

    assertThat(session.transaction().isOpen()).isFalse();
  }
}
