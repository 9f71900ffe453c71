package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client that cancels, or gives up after its query time-out, leaves behind: the statement's
 * work is undone, nothing is locked by it, and the transaction stays as it was before the
 * statement, or ends under XACT_ABORT.
 */
@Timeout(180)
class CancellationITCase {

  private static final int ROWS = 20_000;
  private static final String MICROSOFT =
      "jdbc:sqlserver://127.0.0.1:%d;databaseName=Library;encrypt=false";
  private static final String JTDS = "jdbc:jtds:sqlserver://127.0.0.1:%d/Library";

  private SqlServerStandIn server;
  private Connection holder;
  private Connection victim;

  @BeforeEach
  void open() throws Exception {
    server = SqlServerStandIn.builder().login("loader", "Secret-1").database("Library").start();
    holder = connect(MICROSOFT);
    run(
        holder,
        "CREATE TABLE dbo.Pages (Id INT NOT NULL PRIMARY KEY, Title NVARCHAR(300) NOT NULL)",
        "INSERT INTO dbo.Pages VALUES (1, N'one'), (2, N'two')");
  }

  @AfterEach
  void close() throws Exception {
    victim.close();
    holder.close();
    server.close();
  }

  private Connection connect(String url) throws SQLException {
    return DriverManager.getConnection(url.formatted(server.port()), "loader", "Secret-1");
  }

  private static void run(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      assertThat(rows.next()).isTrue();
      return rows.getString(1);
    }
  }

  /** Runs what would not end by itself, and cancels until it does. */
  private static void cancelled(Connection connection, String sql) throws Exception {
    try (Statement statement = connection.createStatement()) {
      CompletableFuture<Throwable> outcome =
          CompletableFuture.supplyAsync(() -> catchThrowable(() -> statement.execute(sql)));
      while (!outcome.isDone()) {
        statement.cancel();
        TimeUnit.MILLISECONDS.sleep(20);
      }
      assertCancelled(outcome.join());
    }
  }

  /** jTDS reports the end of the interrupted reply, which has no message. */
  private static void assertCancelled(Throwable failure) {
    assertThat(failure)
        .isInstanceOf(SQLException.class)
        .hasMessageMatching("(?s).*(cancel|server returned an unspecified error).*");
  }

  /** Fails when somebody holds a row of the table, or a lock that keeps others from it. */
  private void assertNothingIsLocked() throws SQLException {
    run(holder, "SET LOCK_TIMEOUT 0", "UPDATE dbo.Pages SET Title = Title", "SET LOCK_TIMEOUT -1");
  }

  /** Until the holder commits; it does not commit by itself from now on. */
  private void holdARow() throws SQLException {
    holder.setAutoCommit(false);
    run(holder, "UPDATE dbo.Pages SET Title = N'held' WHERE Id = 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void inALockWaitOnlyTheStatementIsUndone(String url) throws Exception {
    victim = connect(url);
    holdARow();
    victim.setAutoCommit(false);
    run(victim, "INSERT INTO dbo.Pages VALUES (3, N'three')");
    cancelled(victim, "UPDATE dbo.Pages SET Title = N'late'");
    assertThat(value(victim, "SELECT @@TRANCOUNT")).isEqualTo("1");
    holder.commit();
    run(holder, "SET LOCK_TIMEOUT 0", "UPDATE dbo.Pages SET Title = N'free' WHERE Id = 1");
    holder.commit();
    victim.commit();
    assertThat(value(holder, "SELECT STRING_AGG(Title, ',') FROM dbo.Pages"))
        .isEqualTo("free,held,three");
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void aQueryTimeoutEndsALockWait(String url) throws Exception {
    victim = connect(url);
    holdARow();
    try (Statement statement = victim.createStatement()) {
      statement.setQueryTimeout(1);
      assertThatThrownBy(() -> statement.executeUpdate("DELETE FROM dbo.Pages"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("timed out");
    }
    holder.commit();
    assertThat(value(victim, "SELECT COUNT(*) FROM dbo.Pages")).isEqualTo("2");
    holder.setAutoCommit(true);
    assertNothingIsLocked();
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void underXactAbortTheTransactionEnds(String url) throws Exception {
    victim = connect(url);
    String begin = "SET XACT_ABORT ON; BEGIN TRAN; UPDATE dbo.Pages SET Title = N'gone';";
    for (String waiting :
        new String[] {
          "WAITFOR DELAY '00:10:00'",
          "WHILE 1 = 1 SET @i = @i + 1",
          "BEGIN TRY WAITFOR DELAY '00:10:00' END TRY BEGIN CATCH COMMIT END CATCH",
          "EXEC ('WAITFOR DELAY ''00:10:00''')",
          "EXEC sp_getapplock 'busy', 'Exclusive', 'Session'"
        }) {
      run(holder, "EXEC sp_getapplock 'busy', 'Exclusive', 'Session'");
      cancelled(victim, "DECLARE @i INT = 0; " + begin + waiting);
      assertThat(value(victim, "SELECT @@TRANCOUNT")).as(waiting).isEqualTo("0");
      assertThat(value(victim, "SELECT STRING_AGG(Title, ',') FROM dbo.Pages"))
          .as(waiting)
          .isEqualTo("one,two");
      assertNothingIsLocked();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void aLockOrMessageThatWasWaitedForIsNotTaken(String url) throws Exception {
    victim = connect(url);
    run(
        holder,
        "ALTER DATABASE Library SET ENABLE_BROKER",
        "EXEC sp_getapplock 'busy', 'Exclusive', 'Session'",
        "CREATE QUEUE dbo.Inbox",
        "CREATE SERVICE [Reader] ON QUEUE dbo.Inbox ([DEFAULT])");
    cancelled(victim, "EXEC sp_getapplock 'busy', 'Exclusive', 'Session'");
    cancelled(victim, "WAITFOR (RECEIVE * FROM dbo.Inbox)");
    run(
        holder,
        "EXEC sp_releaseapplock 'busy', 'Session'",
        "DECLARE @h UNIQUEIDENTIFIER; BEGIN DIALOG @h FROM SERVICE [Reader] TO SERVICE 'Reader'"
            + " WITH ENCRYPTION = OFF; SEND ON CONVERSATION @h (0x01)");
    assertThat(value(holder, "SELECT APPLOCK_TEST('public', 'busy', 'Exclusive', 'Session')"))
        .isEqualTo("1");
    String receive =
        "WAITFOR (RECEIVE CAST(message_body AS INT) AS body FROM dbo.Inbox), TIMEOUT 60000";
    assertThat(value(victim, receive)).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void whileRowsArriveTheRestIsNotSent(String url) throws Exception {
    victim = connect(url);
    fill();
    try (Statement statement = victim.createStatement();
        ResultSet rows = statement.executeQuery("SELECT Id, Title FROM dbo.Pages ORDER BY Id")) {
      for (int id = 1; id <= 10; id++) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(id);
      }
      statement.cancel();
      int seen = 10;
      try {
        while (rows.next()) {
          seen++;
        }
      } catch (SQLException e) {
        assertCancelled(e);
      }
      assertThat(seen).isLessThan(ROWS);
    }
    assertThat(value(victim, "SELECT COUNT(*) FROM dbo.Pages")).isEqualTo(String.valueOf(ROWS));
  }

  @ParameterizedTest
  @ValueSource(strings = {MICROSOFT, JTDS})
  void aWriteIsDoneWholeOrNotAtAll(String url) throws Exception {
    victim = connect(url);
    fill();
    for (int millis = 0; millis <= 200; millis += 50) {
      try (Statement statement = victim.createStatement()) {
        CompletableFuture<Throwable> outcome =
            CompletableFuture.supplyAsync(
                () ->
                    catchThrowable(
                        () ->
                            statement.executeUpdate("UPDATE dbo.Pages SET Title = Title + N'x'")));
        TimeUnit.MILLISECONDS.sleep(millis);
        statement.cancel();
        Throwable failure = outcome.get(60, TimeUnit.SECONDS);
        if (failure != null) {
          assertCancelled(failure);
        }
      }
      assertThat(
              value(
                  victim,
                  "SELECT COUNT(DISTINCT LEN(Title) - LEN(REPLACE(Title, N'x', N''))) FROM dbo.Pages"))
          .isEqualTo("1");
    }
    assertNothingIsLocked();
  }

  private void fill() throws SQLException {
    run(
        holder,
        "DELETE FROM dbo.Pages",
        "DECLARE @i INT = 1; INSERT INTO dbo.Pages VALUES (1, REPLICATE(N'page', 60));"
            + " WHILE @i < "
            + ROWS
            + " BEGIN INSERT INTO dbo.Pages SELECT Id + @i, Title FROM dbo.Pages"
            + " WHERE Id + @i <= "
            + ROWS
            + "; SET @i = @i * 2 END");
  }
}
