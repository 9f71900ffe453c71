package com.hartonomous.ingest.standin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class LoginTest {
  private static final List<ResultColumn> TEXT =
      List.of(ScriptedEngine.column("text", SqlType.ofLength(SqlType.Kind.NVARCHAR, SqlType.MAX)));

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
  void logsInAndNamesTheDatabase() throws Exception {
    try (Connection connection = standIn.connect()) {
      assertThat(connection.getCatalog()).isEqualTo(ScriptedEngine.DATABASE);
      assertThat(connection.getMetaData().getDatabaseProductVersion()).startsWith("16.00.4096");
      assertThat(connection.getMetaData().getDatabaseProductName())
          .isEqualTo("Microsoft SQL Server");
    }
  }

  @Test
  void refusesWrongPassword() {
    assertThatThrownBy(() -> standIn.connect("password", "wrong"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(18456))
        .hasMessageContaining("Login failed for user 'sa'.");
  }

  @Test
  void refusesUnknownDatabase() {
    assertThatThrownBy(() -> standIn.connect("databaseName", "Nowhere"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(4060));
  }

  @Test
  void encryptsWithTrustedServerCertificate() throws Exception {
    standIn.engine.onQuery("hello", TEXT, new Object[] {"x".repeat(100_000)});
    try (Connection connection =
            standIn.connect("encrypt", "true", "trustServerCertificate", "true");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("hello")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getString(1)).isEqualTo("x".repeat(100_000));
    }
  }

  @Test
  void certificateSatisfiesAClientThatChecksIt(@TempDir Path directory) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("standin", standIn.server.certificate());
    Path file = directory.resolve("trust.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      trusted.store(out, "secret".toCharArray());
    }
    try (Connection connection =
        standIn.connect(
            "encrypt", "true",
            "trustStore", file.toString(),
            "trustStoreType", "PKCS12",
            "trustStorePassword", "secret",
            "hostNameInCertificate", "localhost")) {
      assertThat(connection.isClosed()).isFalse();
    }
  }

  @Test
  void refusesClientThatDoesNotTrustTheCertificate() throws Exception {
    assertThatThrownBy(() -> standIn.connect("encrypt", "true"))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("SSL");
    standIn.connect().close();
  }

  @Test
  void keepsTheCertificateInTheDataDirectory(@TempDir Path directory) throws Exception {
    try (StandInFixture first =
            new StandInFixture(SqlServerStandIn.builder().dataDirectory(directory));
        StandInFixture second =
            new StandInFixture(SqlServerStandIn.builder().dataDirectory(directory))) {
      assertThat(second.server.certificate()).isEqualTo(first.server.certificate());
      assertThat(second.server.certificate()).isNotEqualTo(standIn.server.certificate());
      second.connect("encrypt", "true", "trustServerCertificate", "true").close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096, 8000, 32767})
  void agreesOnPacketSize(int size) throws Exception {
    String text = "é漢😀".repeat(30_000);
    standIn.engine.on(
        "SELECT @P0",
        (session, parameters, results) ->
            ScriptedEngine.answer(results, TEXT, new Object[] {parameters.get(0).value()}));
    for (String encrypt : List.of("false", "true")) {
      try (Connection connection =
              standIn.connect(
                  "packetSize",
                  Integer.toString(size),
                  "encrypt",
                  encrypt,
                  "trustServerCertificate",
                  "true");
          java.sql.PreparedStatement statement = connection.prepareStatement("SELECT ?")) {
        statement.setString(1, text);
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getString(1)).isEqualTo(text);
        }
      }
    }
  }

  @Test
  void closesConnectionsBeyondTheMaximum() throws Exception {
    try (StandInFixture small = new StandInFixture(SqlServerStandIn.builder().maxConnections(1));
        Connection first = small.connect()) {
      assertThat(first.isClosed()).isFalse();
      assertThatThrownBy(small::connect).isInstanceOf(SQLException.class);
    }
  }

  @Test
  void closingTheServerClosesSessions() throws Exception {
    Connection connection = standIn.connect();
    standIn.close();
    assertThat(standIn.engine.sessions()).hasSize(1);
    assertThat(standIn.engine.sessions().get(0).closed).isTrue();
    connection.close();
  }
}
