package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.RowKey;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/** Passes everything on, for tests that change one method. */
class GraphTablesDecorator implements GraphTables {

  private final GraphTables delegate;

  GraphTablesDecorator(GraphTables delegate) {
    this.delegate = delegate;
  }

  @Override
  public Optional<ModelNode> model(int modelId) throws SQLException {
    return delegate.model(modelId);
  }

  @Override
  public ElementPages elements(ElementKind kind, int modelId) {
    return delegate.elements(kind, modelId);
  }

  @Override
  public SortedMap<RowKey, RowNode> rows(Collection<RowKey> keys) throws SQLException {
    return delegate.rows(keys);
  }

  @Override
  public Map<Integer, String> tableNames(Collection<Integer> tableIds) throws SQLException {
    return delegate.tableNames(tableIds);
  }

  @Override
  public void markSynced(List<Long> queueIds) throws SQLException {
    delegate.markSynced(queueIds);
  }

  @Override
  public void close() throws SQLException {
    delegate.close();
  }
}
