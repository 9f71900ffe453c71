package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.capture.model.PathPattern;
import com.hartonomous.ingest.job.IngestOptions.ModelPath;
import com.hartonomous.ingest.job.IngestOptions.ModelPaths;
import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import com.hartonomous.ingest.job.config.ConfigurationNode.Sequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Model files: one entry or a list of them. An entry is a path, a path with wildcards ({@link
 * PathPattern}), {@code {path: FILE, name: NAME}}, whose path has none, or {@code {list: FILE}}, a
 * {@link ModelListFile}.
 */
final class ModelPathsType implements OptionType<ModelPaths> {

  /** Models that a configuration names, lists included. */
  static final int PATHS_MAX = 100_000;

  private static final int SHOWN_MAX = 20;
  private static final OptionType<String> LOCATION = OptionTypes.location();
  private static final OptionType<String> NAME = OptionTypes.text("a model name", 400);

  @Override
  public String describe() {
    return "a list of paths, patterns, '{path: FILE, name: NAME}' or '{list: FILE}'";
  }

  @Override
  public ModelPaths read(String key, ConfigurationNode node) throws ConfigurationException {
    List<ConfigurationNode> items =
        node instanceof Sequence sequence ? sequence.items() : List.of(node);
    List<ModelPath> paths = new ArrayList<>();
    Set<String> patterns = new LinkedHashSet<>();
    Set<String> uris = new HashSet<>();
    for (ConfigurationNode item : items) {
      if (item instanceof Scalar scalar && PathPattern.isPattern(scalar.text())) {
        if (!patterns.add(pattern(key, scalar))) {
          throw item.origin().refuse(key + ": " + scalar.text() + " is there twice.");
        }
        continue;
      }
      for (ModelPath path : readPaths(key, item)) {
        if (path.name().isEmpty()) {
          throw mismatch(key, item);
        }
        if (!uris.add(path.uri())) {
          throw item.origin()
              .refuse(key + ": " + path.uri() + " is there twice. Remove one of the two.");
        }
        paths.add(path);
      }
      if (paths.size() > PATHS_MAX) {
        throw item.origin()
            .refuse(key + ": expected at most " + PATHS_MAX + " models, found more.");
      }
    }
    return new ModelPaths(paths, List.copyOf(patterns));
  }

  /** A relative pattern starts where a relative path does. */
  private String pattern(String key, Scalar scalar) throws ConfigurationException {
    String text = scalar.text();
    String absolute =
        text.startsWith("/") || OptionTypes.hasScheme(text)
            ? text
            : scalar.origin().baseDirectory()
                + "/"
                + (text.startsWith("./") ? text.substring(2) : text);
    try {
      PathPattern.of(absolute);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          scalar.origin().where()
              + ": "
              + key
              + ": not a pattern of files: "
              + e.getMessage()
              + ".",
          e);
    }
    return absolute;
  }

  private List<ModelPath> readPaths(String key, ConfigurationNode item)
      throws ConfigurationException {
    if (item instanceof Scalar) {
      String uri = LOCATION.read(key, item);
      return List.of(new ModelPath(uri, fileName(uri)));
    }
    if (!(item instanceof Mapping mapping)) {
      throw mismatch(key, item);
    }
    ConfigurationNode list = mapping.entries().get("list");
    if (list != null) {
      Fields.requireKnown(key, mapping, List.of("list"));
      return ModelListFile.read(list.origin(), key, LOCATION.read(key + ".list", list));
    }
    Fields.requireKnown(key, mapping, List.of("path", "name", "list"));
    String uri = LOCATION.read(key + ".path", Fields.require(key, mapping, "path"));
    ConfigurationNode name = mapping.entries().get("name");
    return List.of(
        new ModelPath(uri, name == null ? fileName(uri) : NAME.read(key + ".name", name)));
  }

  /** The last part of a path. */
  static String fileName(String uri) {
    return uri.substring(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('\\')) + 1);
  }

  @Override
  public String format(ModelPaths models) {
    Stream<String> shown =
        models.paths().stream()
            .limit(SHOWN_MAX)
            .map(path -> "{path: " + path.uri() + ", name: " + path.name() + "}");
    int more = models.paths().size() - SHOWN_MAX;
    Stream<String> rest = more > 0 ? Stream.of("... " + more + " more") : Stream.empty();
    return Stream.of(shown, rest, models.patterns().stream())
        .flatMap(texts -> texts)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
