/**
 * Everything on one machine: the SQL Server stand-in, Neo4j and Flink in one process. Adds the
 * commands {@code local} and {@code demo} to those of the command line.
 */
package com.hartonomous.ingest.local;
