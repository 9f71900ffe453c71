package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlType;

/**
 * A column of COLMETADATA.
 *
 * @param name at most 255 characters, may be empty
 */
public record Column(String name, TypeInfo typeInfo, boolean nullable, boolean identity) {
  private static final int MAX_NAME_LENGTH = 255;

  public Column {
    if (name.length() > MAX_NAME_LENGTH) {
      throw new IllegalArgumentException(
          "Expected a column name of at most " + MAX_NAME_LENGTH + " characters, found " + name);
    }
  }

  /** A column as the stand-in sends it to a client of a version. */
  public static Column of(
      String name, SqlType type, boolean nullable, boolean identity, TdsVersion version) {
    return new Column(name, TypeInfo.of(type, version), nullable, identity);
  }
}
