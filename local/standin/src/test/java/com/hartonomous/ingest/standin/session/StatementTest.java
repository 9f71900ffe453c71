package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.engine.ResultConsumer.Command;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.wire.WireLimits;
import com.microsoft.sqlserver.jdbc.SQLServerConnectionPoolDataSource;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.PooledConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StatementTest {
  private static final List<ResultColumn> NUMBER =
      List.of(ScriptedEngine.column("number", SqlType.Kind.INT));

  private StandInFixture standIn;

  @BeforeEach
  void start() throws Exception {
    standIn = new StandInFixture();
  }

  @AfterEach
  void stop() throws Exception {
    standIn.close();
  }

  @Test
  void returnsSeveralResultSetsAndCountsOfOneBatch() throws Exception {
    standIn.engine.on(
        "many",
        (session, parameters, results) -> {
          ScriptedEngine.answer(results, NUMBER, new Object[] {1}, new Object[] {2});
          results.done(Command.INSERT, 7);
          results.info(50000, 0, "a message");
          results.done(Command.DDL, -1);
          ScriptedEngine.answer(results, NUMBER);
          results.done(Command.MERGE, 3);
        });
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      assertThat(statement.execute("many")).isTrue();
      try (ResultSet rows = statement.getResultSet()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(2);
        assertThat(rows.next()).isFalse();
      }
      assertThat(statement.getMoreResults()).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(7);
      assertThat(statement.getMoreResults()).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(0);
      assertThat(statement.getMoreResults()).isTrue();
      assertThat(statement.getMoreResults()).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(3);
      assertThat(statement.getMoreResults()).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(-1);
      assertThat(statement.getWarnings().getMessage()).isEqualTo("a message");
    }
  }

  @Test
  void countsUpdatesOfEachKind() throws Exception {
    for (Command command : List.of(Command.INSERT, Command.UPDATE, Command.DELETE, Command.MERGE)) {
      standIn.engine.on(
          command.name(), (session, parameters, results) -> results.done(command, 5_000_000_000L));
    }
    standIn.engine.on("DDL", (session, parameters, results) -> results.done(Command.DDL, -1));
    standIn.engine.on("OTHER", (session, parameters, results) -> results.done(Command.OTHER, -1));
    standIn.engine.on("NOTHING", (session, parameters, results) -> {});
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      for (String text : List.of("INSERT", "UPDATE", "DELETE", "MERGE")) {
        assertThat(statement.executeLargeUpdate(text)).as(text).isEqualTo(5_000_000_000L);
      }
      for (String text : List.of("DDL", "OTHER", "NOTHING")) {
        assertThat(statement.executeUpdate(text)).as(text).isLessThanOrEqualTo(0);
        assertThat(statement.execute(text)).as(text).isFalse();
      }
    }
  }

  @Test
  void preparesOnceHoweverOftenAStatementIsExecuted() throws Exception {
    echo("SELECT @P0 + @P1");
    try (Connection connection = standIn.connect();
        PreparedStatement statement = connection.prepareStatement("SELECT ? + ?")) {
      for (int i = 0; i < 5; i++) {
        statement.setInt(1, i);
        statement.setInt(2, 10 * i);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(i);
          assertThat(rows.getInt(2)).isEqualTo(10 * i);
          assertThat(rows.next()).isFalse();
        }
      }
      // The driver knows the handle: it was returned, and where the driver looks for it.
      assertThat(
              statement
                  .unwrap(com.microsoft.sqlserver.jdbc.SQLServerPreparedStatement.class)
                  .getPreparedStatementHandle())
          .isEqualTo(1);
    }
    assertThat(standIn.engine.executed()).filteredOn(e -> e.text().contains("@P0")).hasSize(5);
  }

  @Test
  void preparesSeparatelyWhenAskedTo() throws Exception {
    echo("SELECT @P0");
    try (Connection connection = standIn.connect("prepareMethod", "prepare");
        PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
      for (int i = 0; i < 4; i++) {
        statement.setInt(1, i);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(i);
        }
      }
    }
  }

  @Test
  void executesABatchOfParametersInOneMessage() throws Exception {
    standIn.engine.on(
        "INSERT @P0",
        (session, parameters, results) -> {
          int number = (Integer) parameters.get(0).value();
          if (number == 500) {
            results.error(new SqlServerError(2627, 14, 1, "Violation of PRIMARY KEY"));
          } else {
            results.done(Command.INSERT, number % 3);
          }
        });
    try (Connection connection = standIn.connect();
        PreparedStatement statement = connection.prepareStatement("INSERT ?")) {
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 400; i++) {
          statement.setInt(1, i);
          statement.addBatch();
        }
        int[] counts = statement.executeBatch();
        assertThat(counts).hasSize(400);
        assertThat(counts[5]).isEqualTo(2);
      }
      for (int i = 490; i < 510; i++) {
        statement.setInt(1, i);
        statement.addBatch();
      }
      assertThatThrownBy(statement::executeBatch)
          .isInstanceOfSatisfying(
              BatchUpdateException.class,
              e -> {
                assertThat(e.getErrorCode()).isEqualTo(2627);
                assertThat(e.getUpdateCounts()[10]).isEqualTo(Statement.EXECUTE_FAILED);
                assertThat(e.getUpdateCounts()[11]).isEqualTo(501 % 3);
              });
    }
    assertThat(standIn.engine.executed()).filteredOn(e -> e.text().contains("@P0")).hasSize(1220);
  }

  @Test
  void reportsErrorWithAllItsParts() throws Exception {
    standIn.engine.on(
        "fail",
        (session, parameters, results) ->
            results.error(new SqlServerError(2627, 14, 3, "Violation of PRIMARY KEY 'PK_漢'.")));
    standIn.engine.onQuery("SELECT 1", NUMBER, new Object[] {1});
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("fail"))
          .isInstanceOfSatisfying(
              com.microsoft.sqlserver.jdbc.SQLServerException.class,
              e -> {
                assertThat(e.getErrorCode()).isEqualTo(2627);
                assertThat(e.getSQLServerError().getErrorState()).isEqualTo(3);
                assertThat(e.getSQLServerError().getErrorSeverity()).isEqualTo(14);
                assertThat(e.getMessage()).isEqualTo("Violation of PRIMARY KEY 'PK_漢'.");
              });
      assertThat(connection.isValid(5)).isTrue();
    }
  }

  @Test
  void cutsEndlessMessage() throws Exception {
    standIn.engine.on(
        "fail",
        (session, parameters, results) ->
            results.error(new SqlServerError(50000, 16, 1, "x".repeat(100_000))));
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("fail")).hasMessageEndingWith("xxx...");
    }
  }

  @Test
  void reportsErrorInTheMiddleOfABatchAndGoesOn() throws Exception {
    standIn.engine.on(
        "three",
        (session, parameters, results) -> {
          results.done(Command.INSERT, 1);
          results.error(new SqlServerError(515, 16, 2, "Cannot insert NULL"));
          results.done(Command.INSERT, 3);
        });
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      assertThat(statement.execute("three")).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(1);
      assertThatThrownBy(statement::getMoreResults)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(515));
      assertThat(statement.getMoreResults()).isFalse();
      assertThat(statement.getUpdateCount()).isEqualTo(3);
    }
  }

  @Test
  void reportsErrorBehindRows() throws Exception {
    standIn.engine.on(
        "rows then error",
        (session, parameters, results) -> {
          results.columns(NUMBER);
          results.row(new Object[] {1});
          results.error(new SqlServerError(8134, 16, 1, "Divide by zero error encountered."));
        });
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("rows then error")) {
      assertThat(rows.next()).isTrue();
      assertThatThrownBy(rows::next)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(8134));
    }
  }

  @Test
  void errorInPreparedStatementLeavesItUsable() throws Exception {
    standIn.engine.on(
        "INSERT @P0",
        (session, parameters, results) -> {
          if (parameters.get(0).value() == null) {
            results.error(new SqlServerError(515, 16, 2, "Cannot insert NULL"));
          } else {
            results.done(Command.INSERT, 1);
          }
        });
    try (Connection connection = standIn.connect();
        PreparedStatement statement = connection.prepareStatement("INSERT ?")) {
      for (int i = 0; i < 3; i++) {
        statement.setString(1, null);
        assertThatThrownBy(statement::executeUpdate)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(515));
        statement.setString(1, "x");
        assertThat(statement.executeUpdate()).isEqualTo(1);
      }
    }
  }

  @Test
  void severeErrorEndsTheConnection() throws Exception {
    standIn.engine.on(
        "severe",
        (session, parameters, results) ->
            results.error(new SqlServerError(823, 24, 2, "The operating system returned error")));
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute("severe")).hasMessageContaining("operating");
      assertThat(connection.isValid(5)).isFalse();
    }
  }

  @Test
  void faultOfTheEngineIsReportedAndEndsTheConnection() throws Exception {
    standIn.engine.on(
        "fault",
        (session, parameters, results) -> {
          throw new IllegalStateException("broken invariant");
        });
    standIn.engine.on(
        "wrong class",
        (session, parameters, results) ->
            ScriptedEngine.answer(results, NUMBER, new Object[] {1}, new Object[] {"two"}));
    for (String text : List.of("fault", "wrong class")) {
      try (Connection connection = standIn.connect();
          Statement statement = connection.createStatement()) {
        assertThatThrownBy(
                () -> {
                  try (ResultSet rows = statement.executeQuery(text)) {
                    while (rows.next()) {
                      assertThat(rows.getInt(1)).isEqualTo(1);
                    }
                  }
                })
            .hasMessageContaining(text.equals("fault") ? "broken invariant" : "java.lang.Integer");
        assertThat(connection.isClosed()).isTrue();
      }
    }
  }

  @Test
  void forgetsHandlesThatTheDriverDiscards() throws Exception {
    echo("SELECT @P0");
    try (Connection connection = standIn.connect("serverPreparedStatementDiscardThreshold", "3")) {
      for (int round = 0; round < 10; round++) {
        try (PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
          for (int i = 0; i < 3; i++) {
            statement.setInt(1, i);
            statement.executeQuery().close();
          }
        }
      }
      assertEcho(connection, 1);
    }
    // Such batches are not for the engine, which does not know the handles.
    assertThat(standIn.engine.executed()).filteredOn(e -> e.text().contains("unprepare")).isEmpty();
    assertThat(standIn.engine.executed()).hasSize(31);
  }

  @Test
  void refusesUpdatableCursorAndXmlByName() throws Exception {
    try (Connection connection = standIn.connect()) {
      try (Statement statement =
          connection.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
        assertThatThrownBy(() -> statement.executeQuery("SELECT 1"))
            .hasMessageContaining("no cursors that change rows");
      }
      try (PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
        java.sql.SQLXML xml = connection.createSQLXML();
        xml.setString("<a/>");
        statement.setSQLXML(1, xml);
        assertThatThrownBy(statement::execute)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(8009));
      }
      standIn.engine.onQuery("SELECT 1", NUMBER, new Object[] {1});
      assertThat(connection.isValid(5)).isTrue();
    }
  }

  @Test
  void refusesTooManyParametersOfOtherClients() throws Exception {
    // The driver itself refuses more than 2100 markers, so the limit is lowered.
    try (StandInFixture small =
            new StandInFixture(
                SqlServerStandIn.builder()
                    .limits(new WireLimits(1 << 16, 8000, 1 << 20, 1 << 20, 1 << 20, 10)));
        Connection connection = small.connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT " + "?,".repeat(8) + "?")) {
      for (int i = 1; i <= 9; i++) {
        statement.setInt(i, i);
      }
      assertThatThrownBy(statement::execute)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(8003));
    }
  }

  @Test
  void refusesTooLargeValueAndStaysUsable() throws Exception {
    try (StandInFixture small =
            new StandInFixture(
                SqlServerStandIn.builder()
                    .limits(new WireLimits(1 << 16, 8000, 1 << 20, 1 << 24, 1 << 20, 100)));
        Connection connection = small.connect();
        PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
      small.engine.onQuery("SELECT @P0", NUMBER, new Object[] {1});
      for (int round = 0; round < 3; round++) {
        statement.setBytes(1, new byte[(1 << 20) + 1]);
        assertThatThrownBy(statement::execute)
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(7119));
        statement.setBytes(1, new byte[1 << 20]);
        assertThat(statement.execute()).isTrue();
      }
    }
  }

  @Test
  void followsChangeOfDatabase() throws Exception {
    standIn.engine.on(
        "use [Other]", (session, parameters, results) -> session.use("Other", results));
    try (Connection connection = standIn.connect()) {
      connection.setCatalog("Other");
      assertThat(connection.getCatalog()).isEqualTo("Other");
    }
  }

  @Test
  void tellsTheClientOfTransactions() throws Exception {
    standIn.engine.on(
        "INSERT",
        (session, parameters, results) -> {
          results.transactionBegan(42);
          results.done(Command.INSERT, 1);
        });
    standIn.engine.on(
        "IF @@TRANCOUNT > 0 COMMIT TRAN",
        (session, parameters, results) -> {
          results.transactionEnded(42, true);
          results.done(Command.OTHER, -1);
        });
    try (Connection connection = standIn.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      assertThat(statement.executeUpdate("INSERT")).isEqualTo(1);
      connection.commit();
      assertThat(statement.executeUpdate("INSERT")).isEqualTo(1);
      connection.commit();
    }
    assertThat(standIn.engine.executed())
        .extracting(e -> e.text().strip())
        .contains("set implicit_transactions on");
  }

  @Test
  void resetsPooledConnection() throws Exception {
    echo("SELECT @P0");
    standIn.engine.on(
        "use [Other]", (session, parameters, results) -> session.use("Other", results));
    SQLServerConnectionPoolDataSource source = new SQLServerConnectionPoolDataSource();
    source.setURL(standIn.url() + ";encrypt=false;databaseName=" + ScriptedEngine.DATABASE);
    source.setUser(ScriptedEngine.USER);
    source.setPassword(ScriptedEngine.PASSWORD);
    PooledConnection pooled = source.getPooledConnection();
    try (Connection first = pooled.getConnection()) {
      first.setCatalog("Other");
      assertEcho(first, 1);
    }
    int resetsBefore = standIn.engine.sessions().get(0).resets.get();
    try (Connection second = pooled.getConnection()) {
      assertEcho(second, 2);
      assertThat(second.getCatalog()).isEqualTo(ScriptedEngine.DATABASE);
    }
    pooled.close();
    assertThat(standIn.engine.sessions()).hasSize(1);
    assertThat(standIn.engine.sessions().get(0).resets.get()).isEqualTo(resetsBefore + 1);
  }

  @Test
  void closesResultSetReadHalfway() throws Exception {
    standIn.engine.on(
        "endless",
        (session, parameters, results) -> {
          results.columns(NUMBER);
          for (int i = 0; i < 5_000_000 && !session.cancelled; i++) {
            results.row(new Object[] {i});
          }
          results.done(Command.SELECT, -1);
        });
    standIn.engine.onQuery("SELECT 1", NUMBER, new Object[] {1});
    try (Connection connection = standIn.connect("responseBuffering", "adaptive");
        Statement statement = connection.createStatement()) {
      for (int round = 0; round < 3; round++) {
        try (ResultSet rows = statement.executeQuery("endless")) {
          for (int i = 0; i < 1000; i++) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(i);
          }
        }
        try (ResultSet rows = statement.executeQuery("SELECT 1")) {
          assertThat(rows.next()).isTrue();
        }
      }
    }
  }

  private void echo(String text) {
    standIn.engine.on(
        text,
        (session, parameters, results) ->
            ScriptedEngine.answer(
                results,
                parameters.stream().map(p -> ScriptedEngine.column(p.name(), p.type())).toList(),
                parameters.stream().map(Parameter::value).toArray()));
  }

  private static void assertEcho(Connection connection, int number) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
      statement.setInt(1, number);
      try (ResultSet rows = statement.executeQuery()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt(1)).isEqualTo(number);
      }
    }
  }
}
