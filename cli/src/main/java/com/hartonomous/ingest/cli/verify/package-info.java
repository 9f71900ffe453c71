/**
 * Proves that what the database and the graph hold is consistent, and names what is not. It shares
 * no query with the writers: what wrote the data does not judge them.
 */
package com.hartonomous.ingest.cli.verify;
