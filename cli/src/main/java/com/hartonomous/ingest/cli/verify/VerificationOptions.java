package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.runtime.Neo4jOptions;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.time.Duration;

/**
 * What to verify.
 *
 * @param level how fine the graph is meant to be
 * @param readPercent of the atoms whose content is read and hashed: 0 to 100
 * @param seed chooses the sample when {@code readPercent} is below 100: the same seed, the same
 *     atoms
 * @param capturePatience how long SQL Server's capture job may be behind its log before a row that
 *     is not balanced is a difference
 */
public record VerificationOptions(
    SqlServerOptions sqlServer,
    Neo4jOptions neo4j,
    GraphLevel level,
    double readPercent,
    long seed,
    Duration capturePatience) {

  public VerificationOptions {
    if (!(readPercent >= 0 && readPercent <= 100)) {
      throw new IllegalArgumentException(
          "Expected a percentage from 0 to 100, found " + readPercent + ".");
    }
  }
}
