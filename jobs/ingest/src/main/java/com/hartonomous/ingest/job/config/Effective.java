package com.hartonomous.ingest.job.config;

/**
 * A job's options as they are in effect.
 *
 * @param options typed
 * @param description a line an option: key, value, where it comes from; never a secret
 */
public record Effective<T>(T options, String description) {}
