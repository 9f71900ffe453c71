package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;

/** The database behind the protocol. Thread-safe. */
public interface SqlEngine extends AutoCloseable {

  /**
   * Checks the login and opens a session.
   *
   * @param database the wanted database, empty for the login's default
   * @throws SqlServerError 18456 for a wrong login, 4060 for an unknown database
   */
  EngineSession login(String user, char[] password, String database, String application)
      throws SqlServerError;

  @Override
  void close();
}
