package com.hartonomous.ingest.standin.tsql;

import java.util.AbstractList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** The statements of a batch or procedure, and the lines of its text in which they begin. */
public final class ParsedBatch extends AbstractList<Statement> {

  private final List<Statement> statements;
  private final Map<Statement, Integer> lines;

  /**
   * @param lines also of the statements inside others; equal statements are different ones
   */
  ParsedBatch(List<Statement> statements, IdentityHashMap<Statement, Integer> lines) {
    this.statements = List.copyOf(statements);
    this.lines = lines;
  }

  @Override
  public Statement get(int index) {
    return statements.get(index);
  }

  @Override
  public int size() {
    return statements.size();
  }

  /** The first line is 1; 0 for a statement of another text. */
  public int lineOf(Statement statement) {
    return lines.getOrDefault(statement, 0);
  }
}
