/** The {@code status} command: how far ingestion is, read from tables alone. */
package com.hartonomous.ingest.cli.status;
