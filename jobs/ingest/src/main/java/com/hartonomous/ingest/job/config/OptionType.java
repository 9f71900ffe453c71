package com.hartonomous.ingest.job.config;

/**
 * What an option's value can be.
 *
 * @param <T> the value in Java
 */
interface OptionType<T> {

  /** For messages and help, after "expected": {@code a duration such as '5 s'}. */
  String describe();

  /**
   * The value that the node stands for.
   *
   * @throws ConfigurationException naming origin and key, what was expected and what was found
   */
  T read(String key, ConfigurationNode node) throws ConfigurationException;

  /** The value as an operator would write it. */
  default String format(T value) {
    return value.toString();
  }

  /** A refusal of a value that is not of this type. */
  default ConfigurationException mismatch(String key, ConfigurationNode node) {
    return node.origin()
        .refuse(key + ": expected " + describe() + ", found " + node.describe() + ".");
  }
}
