package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.standin.SqlServerStandIn;
import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.H2Engine;
import com.hartonomous.ingest.standin.engine.LocalDatabase;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.engine.SqlEngine;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Stand-ins behind one address, one for each database, which {@code CREATE DATABASE} makes and
 * {@code DROP DATABASE} ends: a stand-in for the server that {@link RealServer} expects. It checks
 * that tests keep to what a server of another process offers; it is no SQL Server. Thread-safe.
 */
final class StandInWithDatabases implements SqlEngine {

  private static final Pattern CREATE =
      Pattern.compile("CREATE DATABASE (\\w+)", Pattern.CASE_INSENSITIVE);
  private static final Pattern DROP =
      Pattern.compile(
          "ALTER DATABASE (\\w+) SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE \\1",
          Pattern.CASE_INSENSITIVE);

  private final String user;
  private final String password;
  private final H2Engine master;
  private final Map<String, H2Engine> databases = new ConcurrentHashMap<>();

  StandInWithDatabases(String user, String password) throws IOException {
    this.user = user;
    this.password = password;
    this.master = open("master");
  }

  /**
   * Runs until its standard input ends: {@code PORT}, with the login in the variables of {@link
   * RealServer}.
   */
  public static void main(String[] arguments) throws IOException {
    StandInWithDatabases engine =
        new StandInWithDatabases(
            System.getenv(RealServer.USER_VARIABLE), System.getenv(RealServer.PASSWORD_VARIABLE));
    try (SqlServerStandIn server =
        SqlServerStandIn.builder().engine(engine).port(Integer.parseInt(arguments[0])).start()) {
      System.out.println("jdbc:sqlserver://" + server.host() + ":" + server.port());
      while (System.in.read() >= 0) {
        // Only its end matters.
      }
    }
  }

  private H2Engine open(String name) throws IOException {
    return H2Engine.open(LocalDatabase.builder().name(name).login(user, password).build());
  }

  @Override
  public EngineSession login(
      String userName, char[] userPassword, String database, String application)
      throws SqlServerError {
    if (database.isEmpty() || database.equalsIgnoreCase("master")) {
      return new MasterSession(master.login(userName, userPassword, "master", application));
    }
    // One that it does not know refuses the login as SQL Server does.
    return databases
        .getOrDefault(key(database), master)
        .login(userName, userPassword, database, application);
  }

  private static String key(String database) {
    return database.toLowerCase(Locale.ROOT);
  }

  int databases() {
    return databases.size();
  }

  @Override
  public void close() {
    databases.values().forEach(H2Engine::close);
    master.close();
  }

  /** Creates and drops databases; all else is the one database's business. */
  private final class MasterSession extends ForwardingSession {

    MasterSession(EngineSession session) {
      super(session);
    }

    @Override
    public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
        throws IOException {
      Matcher create = CREATE.matcher(batch);
      Matcher drop = DROP.matcher(batch);
      if (create.matches()) {
        databases.put(key(create.group(1)), open(create.group(1)));
        results.done(ResultConsumer.Command.DDL, -1);
      } else if (drop.matches()) {
        databases.remove(key(drop.group(1))).close();
        results.done(ResultConsumer.Command.DDL, -1);
      } else {
        super.execute(batch, parameters, results);
      }
    }
  }
}
