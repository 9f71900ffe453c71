package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Inserts atoms with their content into {@code dbo.Atoms}, set-based, where they are missing. */
final class AtomInsert {

  private static final String CREATE_STAGING =
      "IF OBJECT_ID('tempdb..#AtomContent') IS NULL"
          + " CREATE TABLE #AtomContent ("
          + "AtomHash BINARY(32) NOT NULL PRIMARY KEY, ByteLength BIGINT NOT NULL,"
          + " ContentType NVARCHAR(100) NOT NULL, Content VARBINARY(MAX) NOT NULL,"
          + " CanonicalText NVARCHAR(MAX) NULL);"
          + " ELSE TRUNCATE TABLE #AtomContent;";

  private static final List<RowBulkData.Column> COLUMNS =
      List.of(
          new RowBulkData.Column("AtomHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("ByteLength", Types.BIGINT, 0),
          new RowBulkData.Column("ContentType", Types.NVARCHAR, 100),
          new RowBulkData.Column("Content", Types.LONGVARBINARY, 0),
          new RowBulkData.Column("CanonicalText", Types.LONGNVARCHAR, 0));

  // The key range stays locked until the end of the transaction, so that of two writers of the same
  // new atom one waits instead of failing.
  private static final String INSERT =
      "INSERT INTO dbo.Atoms (AtomHash, ByteLength, Content, ContentType, CanonicalText)"
          + " OUTPUT inserted.AtomHash"
          + " SELECT s.AtomHash, s.ByteLength, s.Content, s.ContentType, s.CanonicalText"
          + " FROM #AtomContent AS s WHERE NOT EXISTS (SELECT 1 FROM dbo.Atoms AS a"
          + " WITH (UPDLOCK, HOLDLOCK, FORCESEEK) WHERE a.AtomHash = s.AtomHash)";

  /** Below the server's limit of 2,100 parameters. */
  private static final int PAGE_HASHES = 1_000;

  private AtomInsert() {}

  static Set<Sha256> insertMissing(Connection connection, List<NewAtom> atoms) throws SQLException {
    Set<Sha256> inserted = new HashSet<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(CREATE_STAGING);
      RowBulkData.copy(
          connection,
          "#AtomContent",
          COLUMNS,
          atoms.stream()
              .sorted((a, b) -> a.hash().compareTo(b.hash()))
              .map(AtomInsert::row)
              .iterator());
      removeUnverified(connection, atoms);
      try (ResultSet result = statement.executeQuery(INSERT)) {
        while (result.next()) {
          inserted.add(Sha256.fromBytes(result.getBytes(1)));
        }
      }
      statement.execute("TRUNCATE TABLE #AtomContent");
    }
    return inserted;
  }

  /** What went into the staging table before it was known to be wrong. */
  private static void removeUnverified(Connection connection, List<NewAtom> atoms)
      throws SQLException {
    List<NewAtom> unverified = atoms.stream().filter(a -> !a.content().isVerified()).toList();
    for (int start = 0; start < unverified.size(); start += PAGE_HASHES) {
      List<NewAtom> page =
          unverified.subList(start, Math.min(start + PAGE_HASHES, unverified.size()));
      String places = String.join(", ", Collections.nCopies(page.size(), "?"));
      try (PreparedStatement statement =
          connection.prepareStatement(
              "DELETE FROM #AtomContent WHERE AtomHash IN (" + places + ")")) {
        for (int i = 0; i < page.size(); i++) {
          statement.setBytes(i + 1, page.get(i).hash().toBytes());
        }
        statement.executeUpdate();
      }
    }
  }

  private static Object[] row(NewAtom atom) {
    return new Object[] {
      atom.hash().toBytes(),
      atom.content().length(),
      atom.contentType(),
      atom.content().open(),
      isText(atom.contentType()) ? text(atom.content()) : null
    };
  }

  /** Null for a file's bytes: they are no UTF-16LE text, and they can be read only once. */
  private static String text(NewContent content) {
    return content
        .inMemory()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_16LE))
        .orElse(null);
  }

  /** Text atoms are UTF-16LE and carry their text for people; so do the names of graph nodes. */
  private static boolean isText(String contentType) {
    return contentType.startsWith("text/") || contentType.equals("onnx/node");
  }
}
