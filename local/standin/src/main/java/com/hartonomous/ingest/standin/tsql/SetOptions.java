package com.hartonomous.ingest.standin.tsql;

/** The options that SET takes. */
public final class SetOptions {
  private SetOptions() {}
}
