package com.hartonomous.ingest.standin.tsql;

/** Cuts T-SQL into tokens. */
final class Tokenizer {
  private Tokenizer() {}
}
