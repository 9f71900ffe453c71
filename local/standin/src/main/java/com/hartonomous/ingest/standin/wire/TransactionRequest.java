package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A transaction manager request (MS-TDS 2.2.6.9), as the statements that mean the same.
 *
 * @param statements to be executed one after the other, until one fails
 */
public record TransactionRequest(List<String> statements) {
  private static final int BEGIN = 5;
  private static final int COMMIT = 7;
  private static final int ROLLBACK = 8;
  private static final int SAVE = 9;
  private static final int BEGINS_ANOTHER = 0x01;
  private static final int MAX_NAME_BYTES = 64;

  private static final String[] ISOLATION_LEVELS = {
    "", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT"
  };

  public TransactionRequest {
    statements = List.copyOf(statements);
  }

  /**
   * Reads the message to its end.
   *
   * @throws SqlServerError 50000 for a request that the stand-in does not support; the message has
   *     been drained
   */
  public static TransactionRequest read(MessageReader in, TdsVersion version)
      throws IOException, SqlServerError {
    AllHeaders.skip(in, version);
    int type = in.readUnsignedShort();
    List<String> statements = new ArrayList<>();
    switch (type) {
      case BEGIN -> readBegin(in, statements);
      case COMMIT, ROLLBACK -> {
        String name = readName(in);
        statements.add(type == COMMIT ? "COMMIT TRANSACTION" : "ROLLBACK TRANSACTION" + name);
        if ((in.readUnsignedByte() & BEGINS_ANOTHER) != 0) {
          readBegin(in, statements);
        }
      }
      case SAVE -> {
        String name = readName(in);
        if (name.isEmpty()) {
          throw new ProtocolException("Expected the name of a savepoint, found none");
        }
        statements.add("SAVE TRANSACTION" + name);
      }
      default -> {
        in.drain();
        throw new SqlServerError(
            50000,
            16,
            1,
            "The stand-in does not support transaction manager requests of type "
                + type
                + " (distributed transactions).");
      }
    }
    in.drain();
    return new TransactionRequest(statements);
  }

  private static void readBegin(MessageReader in, List<String> statements) throws IOException {
    int isolation = in.readUnsignedByte();
    if (isolation >= ISOLATION_LEVELS.length) {
      throw new ProtocolException("Expected an isolation level of 0 to 5, found " + isolation);
    }
    String name = readName(in);
    if (isolation != 0) {
      statements.add("SET TRANSACTION ISOLATION LEVEL " + ISOLATION_LEVELS[isolation]);
    }
    statements.add("BEGIN TRANSACTION" + name);
  }

  /** Reads a name behind its length in bytes; in brackets and behind a space, or empty. */
  private static String readName(MessageReader in) throws IOException {
    int bytes = in.readUnsignedByte();
    if (bytes % 2 != 0 || bytes > MAX_NAME_BYTES) {
      throw new ProtocolException(
          "Expected the name of a transaction of at most "
              + MAX_NAME_BYTES
              + " bytes, found "
              + bytes);
    }
    return bytes == 0 ? "" : " [" + in.readUtf16(bytes / 2).replace("]", "]]") + "]";
  }
}
