package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.RowKey;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * The tables that the graph is a picture of, as they are now: each method sees everything that was
 * committed before it was called. For one thread.
 */
interface GraphTables extends AutoCloseable {

  /** The model, unless it is deleted, a duplicate of another one, or was never there. */
  Optional<ModelNode> model(int modelId) throws SQLException;

  /** The elements of one kind that a complete model is to have. */
  ElementPages elements(ElementKind kind, int modelId);

  /** Those of the rows that refer to atoms. */
  SortedMap<RowKey, RowNode> rows(Collection<RowKey> keys) throws SQLException;

  /** The names ({@code schema.table}) of captured tables by id; unknown ids are left out. */
  Map<Integer, String> tableNames(Collection<Integer> tableIds) throws SQLException;

  /** Marks outbox rows as synced. */
  void markSynced(List<Long> queueIds) throws SQLException;

  @Override
  void close() throws SQLException;

  /** A sequence of elements in ascending order of keys, read page by page. */
  interface ElementPages {

    /** The next elements, at most {@code limit}; fewer only at the end. */
    List<GraphElement> next(int limit) throws SQLException;
  }
}
