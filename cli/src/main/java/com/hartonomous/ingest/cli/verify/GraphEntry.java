package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.record.GraphEntity;
import java.util.Map;

/**
 * A node, or a relationship, with what is to be compared of it.
 *
 * @param values integers are {@link Long}; a missing value may be null or left out
 * @param entity whose part of the graph it belongs to; null when nobody's
 */
record GraphEntry(GraphKey key, Map<String, Object> values, GraphEntity entity) {}
