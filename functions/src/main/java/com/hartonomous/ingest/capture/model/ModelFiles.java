package com.hartonomous.ingest.capture.model;

import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;

/**
 * A file or directory that is one model, in the state in which it was found. Equal to another one
 * of the same path exactly when nothing changed, as far as sizes and times tell.
 *
 * @param byteLength of the file; null for a directory
 * @param modifiedAt of the file, milliseconds since 1970 UTC; null for a directory
 * @param fingerprint of the names, sizes and times of a directory's files; null for a file
 */
record ModelFiles(Path path, Long byteLength, Long modifiedAt, String fingerprint) {

  static ModelFiles ofFile(FileStatus file) {
    return new ModelFiles(file.getPath(), file.getLen(), file.getModificationTime(), null);
  }

  static ModelFiles ofDirectory(Path directory, String fingerprint) {
    return new ModelFiles(directory, null, null, fingerprint);
  }

  /** What its path is called last: the model's name unless somebody says otherwise. */
  String name() {
    return path.getName();
  }
}
