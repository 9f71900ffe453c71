package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import com.hartonomous.ingest.job.config.ConfigurationNode.Sequence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Watched directories: one entry or a list of them, each a path or {@code {directory: DIRECTORY,
 * pattern: GLOB, recursive: true, interval: 10 s}}.
 */
final class WatchedDirectoriesType implements OptionType<List<WatchedDirectory>> {

  private static final int DIRECTORIES_MAX = 100;
  private static final OptionType<String> LOCATION = OptionTypes.location();
  private static final OptionType<String> PATTERN = OptionTypes.text("a pattern", 400);
  private static final OptionType<Boolean> RECURSIVE = OptionTypes.bool();
  private static final OptionType<Duration> INTERVAL =
      OptionTypes.duration(Duration.ofMillis(100), Duration.ofHours(1));

  @Override
  public String describe() {
    return "a list of up to 100 directories or of '{directory: DIRECTORY, pattern: GLOB,"
        + " recursive: true, interval: 10 s}'";
  }

  @Override
  public List<WatchedDirectory> read(String key, ConfigurationNode node)
      throws ConfigurationException {
    List<ConfigurationNode> items =
        node instanceof Sequence sequence ? sequence.items() : List.of(node);
    if (items.size() > DIRECTORIES_MAX) {
      throw mismatch(key, node);
    }
    List<WatchedDirectory> directories = new ArrayList<>();
    Set<String> uris = new HashSet<>();
    for (ConfigurationNode item : items) {
      WatchedDirectory directory = readDirectory(key, item);
      if (!uris.add(directory.uri())) {
        throw item.origin()
            .refuse(key + ": " + directory.uri() + " is there twice. Remove one of the two.");
      }
      directories.add(directory);
    }
    return directories;
  }

  private WatchedDirectory readDirectory(String key, ConfigurationNode item)
      throws ConfigurationException {
    if (item instanceof Scalar) {
      return new WatchedDirectory(
          LOCATION.read(key, item),
          WatchedDirectory.PATTERN_DEFAULT,
          false,
          WatchedDirectory.INTERVAL_DEFAULT);
    }
    if (!(item instanceof Mapping mapping)) {
      throw mismatch(key, item);
    }
    Fields.requireKnown(key, mapping, List.of("directory", "pattern", "recursive", "interval"));
    String uri = LOCATION.read(key + ".directory", Fields.require(key, mapping, "directory"));
    try {
      return new WatchedDirectory(
          uri,
          optional(key, mapping, "pattern", PATTERN, WatchedDirectory.PATTERN_DEFAULT),
          optional(key, mapping, "recursive", RECURSIVE, false),
          optional(key, mapping, "interval", INTERVAL, WatchedDirectory.INTERVAL_DEFAULT));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          mapping.origin().where() + ": " + key + ".pattern: " + e.getMessage() + ".", e);
    }
  }

  private static <T> T optional(
      String key, Mapping mapping, String field, OptionType<T> type, T otherwise)
      throws ConfigurationException {
    ConfigurationNode node = mapping.entries().get(field);
    return node == null ? otherwise : type.read(key + "." + field, node);
  }

  @Override
  public String format(List<WatchedDirectory> directories) {
    return directories.stream()
        .map(
            directory ->
                "{directory: "
                    + directory.uri()
                    + ", pattern: '"
                    + directory.pattern()
                    + "', recursive: "
                    + directory.recursive()
                    + ", interval: "
                    + INTERVAL.format(directory.interval())
                    + "}")
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
