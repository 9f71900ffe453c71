package com.hartonomous.ingest.standin.wire;

import java.util.Optional;

/** The versions of the protocol that are spoken, the oldest first; see the package description. */
public enum TdsVersion {
  /** SQL Server 2000: no (max) types, no descriptors of transactions, short counts. */
  V7_1(0x71000001),

  /** SQL Server 2005: no types of date and time but datetime and smalldatetime. */
  V7_2(0x72090002),

  /** SQL Server 2008. */
  V7_3(0x730B0003),

  /** SQL Server 2012 and later. */
  V7_4(0x74000004);

  private static final int OLDEST = 0x71000000;

  private final int number;

  TdsVersion(int number) {
    this.number = number;
  }

  /** The version that is spoken with a client of this one; empty when it is too old. */
  public static Optional<TdsVersion> of(int wanted) {
    if (wanted < OLDEST) {
      return Optional.empty();
    }
    TdsVersion found = V7_1;
    for (TdsVersion version : values()) {
      if (wanted >>> 24 >= version.number >>> 24) {
        found = version;
      }
    }
    return Optional.of(found);
  }

  /** As it stands in LOGINACK. */
  int number() {
    return number;
  }

  /**
   * Whether requests begin with ALL_HEADERS, user types have four bytes and row counts eight, lines
   * of errors are wide, (max) types exist, and transactions are reported.
   */
  public boolean isWide() {
    return this != V7_1;
  }

  /** Whether date, time, datetime2 and datetimeoffset exist. */
  boolean hasDateTypes() {
    return compareTo(V7_3) >= 0;
  }
}
