/** Writes to SQL Server: atoms, references, counts, the graph's outbox, dead letters. */
package com.hartonomous.ingest.sink;
