/**
 * The balance of ingestion: of everything that came in, each thing is stored, or was known already,
 * or is a dead letter, or is still under way. Counted from tables, for each source.
 */
package com.hartonomous.ingest.balance;
