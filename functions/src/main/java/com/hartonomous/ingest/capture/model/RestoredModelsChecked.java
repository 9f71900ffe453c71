package com.hartonomous.ingest.capture.model;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Answers {@link RestoredModels}.
 *
 * @param endedModelIds models among those asked for that are not being ingested any more
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; an event is sent and read.
record RestoredModelsChecked(int[] endedModelIds) implements SourceEvent {}
