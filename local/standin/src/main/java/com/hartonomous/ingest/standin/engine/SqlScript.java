package com.hartonomous.ingest.standin.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Statement;

/** Runs H2 statements from a resource; a statement ends at a semicolon before a line end. */
final class SqlScript {

  private SqlScript() {}

  static void run(Statement statement, String resource) throws SQLException {
    for (String sql : read(resource).split(";\\R")) {
      if (!sql.isBlank()) {
        statement.execute(sql);
      }
    }
  }

  private static String read(String resource) {
    try (InputStream stream = SqlScript.class.getResourceAsStream(resource)) {
      if (stream == null) {
        throw new IllegalStateException("missing resource " + resource);
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read resource " + resource, e);
    }
  }
}
