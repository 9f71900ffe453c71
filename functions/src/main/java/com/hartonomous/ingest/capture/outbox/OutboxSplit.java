package com.hartonomous.ingest.capture.outbox;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * The whole outbox: the source's only split. It has no position, since unsynced rows are the state.
 */
record OutboxSplit() implements SourceSplit {

  static final String ID = "outbox";

  @Override
  public String splitId() {
    return ID;
  }
}
