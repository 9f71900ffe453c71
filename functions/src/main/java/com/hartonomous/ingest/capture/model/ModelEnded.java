package com.hartonomous.ingest.capture.model;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * Tells the readers that a model is not being ingested any more, so that they drop its splits
 * instead of reading files in vain. Only a saving: writers refuse references of such a model.
 *
 * @param modelId a model that will never be ingested again
 */
record ModelEnded(int modelId) implements SourceEvent {}
