package com.hartonomous.ingest.format;

import java.util.Objects;

/**
 * A file of a {@link ModelFolder}, as it was when it was listed or first opened.
 *
 * @param path relative to the folder, with {@code /} between its parts; unique in it
 * @param uri percent-encoded; where the bytes are, behind a symbolic link if {@code path} is one
 * @param byteLength bytes
 * @param modifiedAt milliseconds since 1970 UTC
 */
public record FolderFile(String path, String uri, long byteLength, long modifiedAt) {
  public FolderFile {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(uri, "uri");
  }
}
