package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.RowKey;
import java.util.List;

/**
 * A row of a captured table that refers to at least one atom.
 *
 * @param keyText {@code dbo.RowAtoms.RowKey}
 */
record RowNode(RowKey key, String keyText, List<Content> contents) {

  /** A row of {@code dbo.RowAtoms}. */
  record Content(String column, int segment, AtomNode atom) {}
}
