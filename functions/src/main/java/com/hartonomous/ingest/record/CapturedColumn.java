package com.hartonomous.ingest.record;

import java.io.Serializable;

/**
 * A column of a captured table whose values become atoms.
 *
 * @param columnId {@code dbo.CapturedColumns.ColumnId}
 * @param name as the database writes it
 * @param contentType of its atoms, for example {@code text/plain}
 * @param segments where its values are cut; {@code VALUE} for a binary column
 * @param binary whether the database holds bytes rather than text
 */
public record CapturedColumn(
    int columnId, String name, String contentType, Segmentation segments, boolean binary)
    implements Serializable {

  public CapturedColumn {
    if (binary && segments != Segmentation.VALUE) {
      throw new IllegalArgumentException(
          "The values of the binary column " + name + " cannot be cut by " + segments.label());
    }
  }

  /** A text column whose values are one segment each. */
  public CapturedColumn(int columnId, String name, String contentType) {
    this(columnId, name, contentType, Segmentation.VALUE, false);
  }
}
