package com.hartonomous.ingest.standin.broker;

import java.time.LocalDateTime;
import java.util.UUID;

/**
 * One side of a conversation, as it was when it was read.
 *
 * @param farInstance the broker that the other side is at, or null for any
 * @param sendSequence the number of the next message sent
 */
record Endpoint(
    UUID handle,
    UUID conversation,
    boolean initiator,
    int contractId,
    UUID group,
    int serviceId,
    LocalDateTime lifetime,
    State state,
    String farService,
    String farInstance,
    long sendSequence) {}
