package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import java.util.List;

/** Checks of the keys inside a structured value. */
final class Fields {

  private Fields() {}

  static void requireKnown(String key, Mapping mapping, List<String> known)
      throws ConfigurationException {
    for (var entry : mapping.entries().entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw entry
            .getValue()
            .origin()
            .refuse(
                String.format(
                    "%s: '%s' is not a key here. Did you mean '%s'?",
                    key, entry.getKey(), NearestKey.find(entry.getKey(), known)));
      }
    }
  }

  static ConfigurationNode require(String key, Mapping mapping, String field)
      throws ConfigurationException {
    ConfigurationNode node = mapping.entries().get(field);
    if (node == null) {
      throw mapping.origin().refuse(key + ": '" + field + "' is missing in this entry.");
    }
    return node;
  }
}
