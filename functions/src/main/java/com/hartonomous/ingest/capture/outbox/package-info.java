/** Reads the graph's outbox: the unsynced rows of {@code dbo.Neo4jSyncQueue}. */
package com.hartonomous.ingest.capture.outbox;
