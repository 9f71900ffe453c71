package com.hartonomous.ingest.job;

import java.io.Serializable;

/**
 * A job's identity and width.
 *
 * @param name stable over restarts: claims of model files carry it
 * @param parallelism of every operator that can be parallel
 */
public record JobOptions(String name, int parallelism) implements Serializable {}
