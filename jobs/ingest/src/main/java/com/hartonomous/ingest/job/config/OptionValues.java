package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The value of each declared option, typed, with where it comes from. */
final class OptionValues {

  private record Value(Object value, Origin origin) {}

  private final List<Option<?>> options;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Path file;

  private OptionValues(List<Option<?>> options, Path file) {
    this.options = options;
    this.file = file;
  }

  /**
   * Reads a file, then the overrides, of which the last one of a key counts.
   *
   * @param overrides {@code key=value} each
   * @throws ConfigurationException at the first thing that does not fit
   */
  static OptionValues read(List<Option<?>> options, Path file, List<String> overrides)
      throws ConfigurationException {
    Map<String, ConfigurationNode> nodes = new LinkedHashMap<>();
    collect(options, "", YamlReader.readFile(file), nodes);
    for (String override : overrides) {
      readOverride(options, override, nodes);
    }
    OptionValues result = new OptionValues(options, file);
    for (Option<?> option : options) {
      result.take(option, nodes.get(option.key()));
    }
    return result;
  }

  /** Splits nested keys into dotted ones, down to the declared options. */
  private static void collect(
      List<Option<?>> options, String prefix, Mapping mapping, Map<String, ConfigurationNode> nodes)
      throws ConfigurationException {
    for (Map.Entry<String, ConfigurationNode> entry : mapping.entries().entrySet()) {
      String key = prefix + entry.getKey();
      ConfigurationNode node = entry.getValue();
      if (options.stream().anyMatch(option -> option.key().equals(key))) {
        if (nodes.put(key, node) != null) {
          throw node.origin().refuse(key + " is there twice. Remove one of the two.");
        }
      } else if (options.stream().noneMatch(option -> option.key().startsWith(key + "."))) {
        throw unknown(options, key, node.origin());
      } else if (node instanceof Mapping section) {
        collect(options, key + ".", section, nodes);
      } else {
        throw node.origin()
            .refuse(key + ": expected the keys of this section, found " + node.describe() + ".");
      }
    }
  }

  private static void readOverride(
      List<Option<?>> options, String override, Map<String, ConfigurationNode> nodes)
      throws ConfigurationException {
    int equals = override.indexOf('=');
    if (equals <= 0) {
      throw new ConfigurationException(
          "--set: expected key=value such as job.parallelism=4, found '" + override + "'.");
    }
    String key = override.substring(0, equals).strip();
    String text = override.substring(equals + 1).strip();
    Origin origin = new Origin("--set", Path.of("").toAbsolutePath());
    if (options.stream().noneMatch(option -> option.key().equals(key))) {
      throw unknown(options, key, origin);
    }
    boolean structured = text.startsWith("[") || text.startsWith("{");
    nodes.put(key, structured ? YamlReader.readValue(text, origin) : new Scalar(text, origin));
  }

  private static ConfigurationException unknown(
      List<Option<?>> options, String key, Origin origin) {
    List<String> candidates =
        options.stream()
            .map(Option::key)
            .flatMap(known -> Stream.of(known, known.substring(0, known.indexOf('.'))))
            .distinct()
            .toList();
    return origin.refuse(
        key + " is not an option. Did you mean " + NearestKey.find(key, candidates) + "?");
  }

  private <T> void take(Option<T> option, ConfigurationNode node) throws ConfigurationException {
    if (node != null) {
      values.put(option.key(), new Value(option.type().read(option.key(), node), node.origin()));
    } else if (option.required()) {
      throw new ConfigurationException(
          String.format(
              "%s: %s is missing: expected %s. Add it to the file or give --set %s=VALUE.",
              file, option.key(), option.type().describe(), option.key()));
    } else if (option.defaultValue() != null) {
      values.put(option.key(), new Value(option.defaultValue(), null));
    }
  }

  /** The option's value; null when it is unset. */
  @SuppressWarnings("unchecked")
  <T> T get(Option<T> option) {
    Value value = values.get(option.key());
    return value == null ? null : (T) value.value();
  }

  /** Where the option was set; the file as a whole when it was not. */
  Origin origin(Option<?> option) {
    Value value = values.get(option.key());
    return value == null || value.origin() == null
        ? new Origin(file.toString(), file.toAbsolutePath().getParent())
        : value.origin();
  }

  /**
   * The effective configuration, a line an option: key, value, where it comes from. There is no
   * secret in it, since no option holds one, only where it is.
   */
  String describe() {
    StringBuilder text = new StringBuilder();
    for (Option<?> option : options) {
      appendLine(text, option);
    }
    return text.toString();
  }

  private <T> void appendLine(StringBuilder text, Option<T> option) {
    Value value = values.get(option.key());
    T typed = get(option);
    String shown = typed == null ? "(unset)" : option.type().format(typed);
    String from = value == null || value.origin() == null ? "default" : value.origin().where();
    text.append(String.format("%-32s = %-40s # %s%n", option.key(), shown, from));
  }
}
