package com.hartonomous.ingest.standin.broker;

import java.time.LocalDateTime;
import java.util.UUID;

/**
 * A message of a queue; the components are the queue's columns.
 *
 * @param body or null
 */
public record Message(
    long queuingOrder,
    UUID group,
    UUID conversation,
    long sequence,
    String service,
    int serviceId,
    String contract,
    int contractId,
    String type,
    int typeId,
    String validation,
    byte[] body,
    LocalDateTime enqueued) {

  /** Where the column {@code status} stands: ready to be received. */
  public static final short READY = 1;

  /** The priority of every conversation. */
  public static final short PRIORITY = 5;
}
