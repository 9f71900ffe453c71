package com.hartonomous.ingest.content;

import com.hartonomous.ingest.record.Sha256;

/** An atom on its way into the store. */
public record NewAtom(Sha256 hash, String contentType, NewContent content) {}
