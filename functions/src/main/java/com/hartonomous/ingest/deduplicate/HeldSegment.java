package com.hartonomous.ingest.deduplicate;

import com.hartonomous.ingest.record.Sha256;

/** State: a reference that a row holds. */
public record HeldSegment(int columnId, int segment, Sha256 hash) {}
