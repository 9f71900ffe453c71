package com.hartonomous.ingest.runtime;

import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.neo4j.driver.AuthToken;
import org.neo4j.driver.AuthTokens;
import org.neo4j.driver.Config;
import org.neo4j.driver.Driver;
import org.neo4j.driver.GraphDatabase;

/**
 * How to reach the Neo4j database.
 *
 * @param uri for example {@code bolt://127.0.0.1:7687} or {@code neo4j+s://graph.example:7687}
 * @param user null when the server asks for no login
 * @param password null exactly when {@code user} is null
 */
public record Neo4jOptions(
    String uri, String user, Secret password, String database, Duration connectionTimeout)
    implements Serializable {

  public Neo4jOptions {
    if ((user == null) != (password == null)) {
      throw new IllegalArgumentException("Set both neo4j user and password, or neither.");
    }
  }

  /**
   * Opens a driver, without connecting yet; the caller closes it.
   *
   * @throws IOException when the password cannot be had
   */
  public Driver open() throws IOException {
    AuthToken token = user == null ? AuthTokens.none() : AuthTokens.basic(user, password.resolve());
    Config config =
        Config.builder()
            .withConnectionTimeout(connectionTimeout.toMillis(), TimeUnit.MILLISECONDS)
            .withUserAgent("hartonomous-ingest")
            .build();
    return GraphDatabase.driver(uri, token, config);
  }
}
