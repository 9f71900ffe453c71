/**
 * The operator's commands. Each reads its configuration, does its work, and tells the outcome by
 * its exit code ({@link com.hartonomous.ingest.cli.ExitCode}); errors are one line on stderr.
 */
package com.hartonomous.ingest.cli;
