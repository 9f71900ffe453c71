package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.content.ContentStore.StoredContent;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/** The bytes of atoms: that they are there, and, when asked to read them, that they are right. */
final class ContentChecks {

  private static final int PAGE_IDS = 1_000;
  private static final int BUFFER_BYTES = 1 << 16;

  private static final String NEXT_IDS =
      "SELECT TOP (" + PAGE_IDS + ") AtomId FROM dbo.Atoms WHERE AtomId > ? ORDER BY AtomId";

  private final Connection connection;
  private final ContentStore store;
  private final Differences differences;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private long atomsRead;
  private long bytesRead;

  ContentChecks(Connection connection, ContentStore store, Differences differences) {
    this.connection = connection;
    this.store = store;
    this.differences = differences;
  }

  /** Lengths only, without reading content. */
  void checkPresence(long atoms) throws SQLException {
    differences.begin("content lengths");
    differences.examined(atoms);
    store.findMissing(
        connection,
        (hash, byteLength, storedLength) ->
            differences.add(
                "atom " + hash,
                storedLength == null
                    ? String.format("has no content, expected %d bytes.", byteLength)
                    : String.format(
                        "has content of %d bytes, expected %d.", storedLength, byteLength)));
    differences.end();
  }

  /**
   * Reads and hashes content, streamed.
   *
   * @param percent of the atoms, above 0
   */
  VerificationReport.Read checkHashes(double percent, long seed) throws SQLException, IOException {
    differences.begin("content hashes");
    long last = 0;
    for (long[] ids = nextIds(last); ids.length > 0; ids = nextIds(last)) {
      last = ids[ids.length - 1];
      long[] sample = Arrays.stream(ids).filter(id -> isInSample(id, percent, seed)).toArray();
      store.read(connection, sample, this::checkHash);
    }
    differences.examined(atomsRead);
    differences.end();
    return new VerificationReport.Read(percent, seed, atomsRead, bytesRead);
  }

  /** Depends on nothing but its arguments, so that a sample can be read again. */
  static boolean isInSample(long atomId, double percent, long seed) {
    // The finalizer of SplitMix64: every bit of the input changes every bit of the result.
    long mixed = seed + atomId * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    mixed ^= mixed >>> 31;
    return (mixed >>> 11) * 0x1.0p-53 * 100 < percent;
  }

  private long[] nextIds(long last) throws SQLException {
    long[] ids = new long[PAGE_IDS];
    int number = 0;
    try (PreparedStatement statement = connection.prepareStatement(NEXT_IDS)) {
      statement.setLong(1, last);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          ids[number++] = rows.getLong(1);
        }
      }
    }
    return Arrays.copyOf(ids, number);
  }

  private void checkHash(StoredContent content) throws IOException {
    atomsRead++;
    if (content.bytes() == null) {
      return; // Named by the check of lengths.
    }
    MessageDigest digest = Sha256.newDigest();
    InputStream bytes = content.bytes();
    for (int length = bytes.read(buffer); length >= 0; length = bytes.read(buffer)) {
      digest.update(buffer, 0, length);
      bytesRead += length;
    }
    Sha256 found = Sha256.fromBytes(digest.digest());
    if (!found.equals(content.hash())) {
      differences.add(
          "atom " + content.hash(), "has content with the hash " + found + ": its bytes changed.");
    }
  }
}
