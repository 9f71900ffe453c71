package com.hartonomous.ingest.capture.model;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * A reader that was restored with splits asks which of them are still worth reading, and reads
 * nothing before {@link RestoredModelsChecked} answers.
 *
 * @param modelIds models of its splits, each once
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared; an event is sent and read.
record RestoredModels(int[] modelIds) implements SourceEvent {}
