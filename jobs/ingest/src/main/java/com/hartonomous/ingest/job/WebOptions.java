package com.hartonomous.ingest.job;

import java.io.Serializable;

/**
 * Flink's web UI when the job runs in its own process; a cluster has its own.
 *
 * @param port 0 takes any free one
 */
public record WebOptions(int port, String bindAddress) implements Serializable {}
