package com.hartonomous.ingest.capture.outbox;

import java.util.List;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/**
 * Gives the one split to the first reader that asks or registers. All methods run in the
 * coordinator thread.
 */
final class OutboxEnumerator implements SplitEnumerator<OutboxSplit, Boolean> {

  private final SplitEnumeratorContext<OutboxSplit> context;
  private boolean assigned;

  OutboxEnumerator(SplitEnumeratorContext<OutboxSplit> context, boolean assigned) {
    this.context = context;
    this.assigned = assigned;
  }

  @Override
  public void start() {
    // Nothing to discover.
  }

  @Override
  public void addReader(int subtaskId) {
    if (!assigned) {
      context.assignSplit(new OutboxSplit(), subtaskId);
      assigned = true;
    }
  }

  @Override
  public void handleSplitRequest(int subtaskId, String requesterHostname) {
    addReader(subtaskId);
  }

  @Override
  public void addSplitsBack(List<OutboxSplit> splits, int subtaskId) {
    if (!splits.isEmpty()) {
      assigned = false;
      context.registeredReaders().keySet().stream().findFirst().ifPresent(this::addReader);
    }
  }

  @Override
  public Boolean snapshotState(long checkpointId) {
    return assigned;
  }

  @Override
  public void close() {
    // Holds nothing.
  }
}
