package com.hartonomous.ingest.job;

import java.io.Serializable;
import java.time.Duration;

/**
 * Checkpoints of a job.
 *
 * @param interval from the start of one checkpoint to the start of the next
 * @param directory absolute path or URI that every TaskManager can write
 * @param timeout after which an unfinished checkpoint is given up
 */
public record CheckpointOptions(Duration interval, String directory, Duration timeout)
    implements Serializable {}
