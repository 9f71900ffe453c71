package com.hartonomous.ingest.sink.graph;

/**
 * Another, later started writer owns this part of the graph. A writer that sees this must stop:
 * what it has read may be older than what the other one wrote.
 */
public final class StaleGraphWriterException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StaleGraphWriterException(long slot, long ownEpoch, long fenceEpoch) {
    super(
        String.format(
            "The graph slot %d belongs to a writer of epoch %d, this one has epoch %d: a later"
                + " instance of graph-sync has taken over. This one stops. Run only one graph-sync"
                + " job on a graph.",
            slot, fenceEpoch, ownEpoch));
  }
}
