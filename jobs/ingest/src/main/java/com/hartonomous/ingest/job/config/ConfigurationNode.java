package com.hartonomous.ingest.job.config;

import java.util.List;
import java.util.Map;

/**
 * A value as it was written, before it has a type. Scalars stay text, so that only our own types
 * decide what {@code on}, {@code 014330} or {@code 1e3} mean.
 */
sealed interface ConfigurationNode {

  Origin origin();

  /** For messages: what was found. */
  String describe();

  record Scalar(String text, Origin origin) implements ConfigurationNode {
    @Override
    public String describe() {
      return "'" + text + "'";
    }
  }

  record Sequence(List<ConfigurationNode> items, Origin origin) implements ConfigurationNode {
    @Override
    public String describe() {
      return "a list";
    }
  }

  /** In the order in which the entries were written. */
  record Mapping(Map<String, ConfigurationNode> entries, Origin origin)
      implements ConfigurationNode {
    @Override
    public String describe() {
      return "a group of keys";
    }
  }
}
