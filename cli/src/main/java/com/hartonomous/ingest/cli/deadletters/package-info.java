/** The {@code dead-letters} commands: input that could not be ingested, and its replay. */
package com.hartonomous.ingest.cli.deadletters;
