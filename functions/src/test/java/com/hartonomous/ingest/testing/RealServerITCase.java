package com.hartonomous.ingest.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.standin.SqlServerStandIn;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests on a server whose address is given: seen here on stand-ins behind one address. */
class RealServerITCase {

  private static final Map<String, String> LOGIN =
      Map.of(RealServer.USER_VARIABLE, "sa", RealServer.PASSWORD_VARIABLE, "secret;=");

  @Test
  void eachTestGetsADatabaseThatIsGoneAfterIt() throws Exception {
    StandInWithDatabases engine = new StandInWithDatabases("sa", "secret;=");
    try (SqlServerStandIn standIn = SqlServerStandIn.builder().engine(engine).start()) {
      RealServer server =
          RealServer.at("jdbc:sqlserver://" + standIn.host() + ":" + standIn.port(), LOGIN);
      SqlServerOptions first = server.createDatabase();
      SqlServerOptions second = server.createDatabase();
      assertThat(first.database()).isNotEqualTo(second.database());
      new SchemaMigrations(first.dataSource("test")).migrate();
      try (Sql sql = new Sql(first)) {
        assertThat(sql.number("SELECT COUNT(*) FROM dbo.Atoms")).isZero();
        assertThat(
                sql.rows(
                    "SELECT is_cdc_enabled, snapshot_isolation_state FROM sys.databases WHERE name"
                        + " = DB_NAME()"))
            .isEqualTo(List.of("true|1"));
      }
      try (Sql sql = new Sql(second)) {
        assertThat(sql.rows("SELECT name FROM sys.tables")).isEmpty();
        server.dropDatabase(first);
        server.dropDatabase(second);
        assertThatThrownBy(() -> sql.rows("SELECT 1"))
            .as("a connection that was open")
            .isInstanceOf(SQLException.class);
      }
      assertThat(engine.databases()).isZero();
      assertThatThrownBy(() -> new Sql(first)).hasMessageContaining("Cannot open database");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jdbc:sqlserver://db.example:14330|db.example|14330|true|true",
        "jdbc:sqlserver://db.example;|db.example|1433|true|true",
        "jdbc:sqlserver://10.0.0.1:1433;encrypt=false|10.0.0.1|1433|false|true",
        "jdbc:sqlserver://db:1433;Encrypt=true;TrustServerCertificate=false;|db|1433|true|false"
      })
  void theAddressSaysWhereAndHow(
      String url, String host, int port, boolean encrypt, boolean trustServerCertificate)
      throws Exception {
    RealServer server = RealServer.at(url, LOGIN);
    assertThat(server.name()).isEqualTo("SQL Server at " + host + ":" + port);
    SqlServerOptions options = server.master();
    assertThat(options.user()).isEqualTo("sa");
    assertThat(options.password().resolve()).isEqualTo("secret;=");
    assertThat(options.encrypt()).isEqualTo(encrypt);
    assertThat(options.trustServerCertificate()).isEqualTo(trustServerCertificate);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jdbc:h2:mem:x|must have the form",
        "jdbc:sqlserver://host:0|port of 1 to 65535",
        "jdbc:sqlserver://host:1433;user=sa|the login stands in HARTONOMOUS_SQLSERVER_USER",
        "jdbc:sqlserver://host:1433;encrypt=maybe|true or false",
        "jdbc:sqlserver://host\\instance|must have the form"
      })
  void anotherAddressIsRefused(String url, String problem) {
    assertThatThrownBy(() -> RealServer.at(url, LOGIN))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void aLoginThatIsMissingIsNamed() {
    assertThatThrownBy(
            () ->
                RealServer.at("jdbc:sqlserver://host:1433", Map.of(RealServer.USER_VARIABLE, "sa")))
        .hasMessageContaining(RealServer.PASSWORD_VARIABLE);
  }
}
