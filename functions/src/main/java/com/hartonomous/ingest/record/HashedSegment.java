package com.hartonomous.ingest.record;

/**
 * A segment with the name of its atom.
 *
 * @param hash SHA-256 of the segment's bytes
 */
public record HashedSegment(Segment segment, Sha256 hash) {}
