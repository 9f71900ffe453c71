package com.hartonomous.ingest.record;

/** A segment with the name of its atom. */
public record HashedSegment(Segment segment, Sha256 hash) {}
