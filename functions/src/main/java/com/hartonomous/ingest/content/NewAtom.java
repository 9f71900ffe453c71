package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;

/**
 * An atom on its way into the store.
 *
 * @param bytes whose SHA-256 is {@code hash}; whoever makes this has checked it
 */
public record NewAtom(Sha256 hash, String contentType, byte[] bytes) {}
