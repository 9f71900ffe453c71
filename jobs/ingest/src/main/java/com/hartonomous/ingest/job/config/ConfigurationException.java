package com.hartonomous.ingest.job.config;

/**
 * The configuration, or something that it names, is not as it must be. The message is one line: it
 * says where, what was expected, what was found and what to do. Nothing was started.
 */
public final class ConfigurationException extends Exception {

  private static final long serialVersionUID = 1;

  public ConfigurationException(String message) {
    super(message);
  }

  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
