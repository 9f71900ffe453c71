package com.hartonomous.ingest.record;

/**
 * A row of {@code dbo.Neo4jSyncQueue} that is not synced yet: the entity's rows changed after the
 * graph was last made equal to them.
 *
 * @param queueId {@code QueueId}; says nothing about the order of commits
 */
public record OutboxMark(long queueId, GraphEntity entity) {}
