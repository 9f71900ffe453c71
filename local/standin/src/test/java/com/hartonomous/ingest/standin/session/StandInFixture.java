package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** A stand-in over a scripted engine, and connections of the real driver to it. */
final class StandInFixture implements AutoCloseable {
  final ScriptedEngine engine = new ScriptedEngine();
  final SqlServerStandIn server;

  StandInFixture() throws IOException {
    this(SqlServerStandIn.builder());
  }

  StandInFixture(SqlServerStandIn.Builder builder) throws IOException {
    server = builder.engine(engine).start();
  }

  String url() {
    return "jdbc:sqlserver://127.0.0.1:" + server.port();
  }

  Connection connect(String... properties) throws SQLException {
    Properties all = new Properties();
    all.setProperty("user", ScriptedEngine.USER);
    all.setProperty("password", ScriptedEngine.PASSWORD);
    all.setProperty("databaseName", ScriptedEngine.DATABASE);
    all.setProperty("encrypt", "false");
    all.setProperty("loginTimeout", "20");
    all.setProperty("connectRetryCount", "0");
    for (int i = 0; i < properties.length; i += 2) {
      all.setProperty(properties[i], properties[i + 1]);
    }
    return DriverManager.getConnection(url(), all);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
