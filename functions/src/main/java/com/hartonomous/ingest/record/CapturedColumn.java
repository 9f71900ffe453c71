package com.hartonomous.ingest.record;

import java.io.Serializable;

/**
 * A column of a captured table whose values become atoms.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param name as the database writes it
 * @param contentType of its atoms, for example {@code text/plain}
 */
public record CapturedColumn(int columnId, String name, String contentType)
    implements Serializable {}
