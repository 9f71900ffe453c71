package com.hartonomous.ingest.record;

/**
 * A piece of a content value that becomes one atom.
 *
 * @param segment place inside the value, from 0
 */
public record Segment(int columnId, int segment, String contentType, byte[] bytes) {}
