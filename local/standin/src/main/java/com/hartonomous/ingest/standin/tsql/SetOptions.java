package com.hartonomous.ingest.standin.tsql;

import java.util.Set;

/** The options that SET takes. */
public final class SetOptions {

  /** Options that are ON or OFF. */
  public static final Set<String> SWITCHES =
      Set.of(
          "IMPLICIT_TRANSACTIONS",
          "XACT_ABORT",
          "NOCOUNT",
          "QUOTED_IDENTIFIER",
          "ANSI_NULLS",
          "ANSI_PADDING",
          "ANSI_WARNINGS",
          "ANSI_NULL_DFLT_ON",
          "ANSI_NULL_DFLT_OFF",
          "ANSI_DEFAULTS",
          "CONCAT_NULL_YIELDS_NULL",
          "CURSOR_CLOSE_ON_COMMIT",
          "ARITHABORT",
          "ARITHIGNORE",
          "NUMERIC_ROUNDABORT",
          "FMTONLY",
          "NO_BROWSETABLE");

  /** Options that take a whole number. */
  public static final Set<String> NUMBERS =
      Set.of("TEXTSIZE", "ROWCOUNT", "LOCK_TIMEOUT", "DATEFIRST");

  /** Options that take a word. */
  public static final Set<String> WORDS = Set.of("DEADLOCK_PRIORITY", "LANGUAGE", "DATEFORMAT");

  /** The option of SET TRANSACTION ISOLATION LEVEL. */
  public static final String ISOLATION_LEVEL = "TRANSACTION ISOLATION LEVEL";

  private SetOptions() {}
}
