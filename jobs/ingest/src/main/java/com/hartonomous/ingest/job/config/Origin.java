package com.hartonomous.ingest.job.config;

import java.nio.file.Path;

/**
 * Where a value was written.
 *
 * @param where for messages: {@code conf/ingest.yaml:12}, or {@code --set}
 * @param baseDirectory what relative paths in the value start from: the file's directory, or the
 *     working directory
 */
public record Origin(String where, Path baseDirectory) {

  /** A refusal that begins with this place. */
  ConfigurationException refuse(String message) {
    return new ConfigurationException(where + ": " + message);
  }
}
