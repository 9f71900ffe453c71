package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Content in the column {@code dbo.Atoms.Content}. */
public final class DatabaseContentStore implements ContentStore {

  private static final long serialVersionUID = 1L;

  /** Ids asked for in one statement: always as many, so that the server keeps one plan. */
  private static final int PAGE_IDS = 100;

  private static final String READ =
      "SELECT AtomId, AtomHash, ByteLength, Content FROM dbo.Atoms WHERE AtomId IN ("
          + String.join(", ", Collections.nCopies(PAGE_IDS, "?"))
          + ") ORDER BY AtomId";

  private static final String FIND_MISSING =
      "SELECT AtomHash, ByteLength, DATALENGTH(Content) FROM dbo.Atoms"
          + " WHERE Content IS NULL OR DATALENGTH(Content) <> ByteLength ORDER BY AtomId";

  @Override
  public void findMissing(Connection connection, MissingVisitor visitor) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(FIND_MISSING);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        Sha256 hash = Sha256.fromBytes(rows.getBytes(1));
        long byteLength = rows.getLong(2);
        long storedLength = rows.getLong(3);
        visitor.visit(hash, byteLength, rows.wasNull() ? null : storedLength);
      }
    }
  }

  @Override
  public void read(Connection connection, long[] atomIds, ContentVisitor visitor)
      throws SQLException, IOException {
    try (PreparedStatement statement = connection.prepareStatement(READ)) {
      for (int start = 0; start < atomIds.length; start += PAGE_IDS) {
        int end = Math.min(start + PAGE_IDS, atomIds.length);
        for (int parameter = 0; parameter < PAGE_IDS; parameter++) {
          // A short page is filled up with its last id.
          statement.setLong(parameter + 1, atomIds[Math.min(start + parameter, end - 1)]);
        }
        readPage(statement, visitor);
      }
    }
  }

  @Override
  public Set<Sha256> storeMissing(Connection connection, List<NewAtom> atoms) throws SQLException {
    return AtomInsert.insertMissing(connection, atoms);
  }

  private static void readPage(PreparedStatement statement, ContentVisitor visitor)
      throws SQLException, IOException {
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        long atomId = rows.getLong(1);
        Sha256 hash = Sha256.fromBytes(rows.getBytes(2));
        long byteLength = rows.getLong(3);
        try (InputStream bytes = rows.getBinaryStream(4)) {
          visitor.visit(new StoredContent(atomId, hash, byteLength, bytes));
        }
      }
    }
  }
}
