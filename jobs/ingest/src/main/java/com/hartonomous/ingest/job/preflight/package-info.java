/**
 * What is checked before a job starts, so that a wrong configuration is one line on the operator's
 * screen and not a job that fails later. Also registers the captured tables.
 */
package com.hartonomous.ingest.job.preflight;
