package com.hartonomous.ingest.record;

/** A row's reference to an atom: one row of {@code dbo.RowAtoms}. */
public record RowReference(RowKey key, String keyText, int columnId, int segment) {}
