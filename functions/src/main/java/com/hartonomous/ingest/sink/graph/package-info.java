/** Writes to Neo4j: makes the graph of models and rows equal to the tables. */
package com.hartonomous.ingest.sink.graph;
