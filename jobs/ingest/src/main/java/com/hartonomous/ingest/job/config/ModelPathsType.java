package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.IngestOptions.ModelPath;
import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import com.hartonomous.ingest.job.config.ConfigurationNode.Sequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Model files: a path, or a list of paths or of {@code {path: ..., name: ...}}. */
final class ModelPathsType implements OptionType<List<ModelPath>> {

  private static final int PATHS_MAX = 100_000;
  private static final OptionType<String> LOCATION = OptionTypes.location();
  private static final OptionType<String> NAME = OptionTypes.text("a model name", 400);

  @Override
  public String describe() {
    return "a list of paths or of '{path: FILE, name: NAME}'";
  }

  @Override
  public List<ModelPath> read(String key, ConfigurationNode node) throws ConfigurationException {
    List<ConfigurationNode> items =
        node instanceof Sequence sequence ? sequence.items() : List.of(node);
    if (items.size() > PATHS_MAX) {
      throw mismatch(key, node);
    }
    List<ModelPath> paths = new ArrayList<>();
    Set<String> uris = new HashSet<>();
    for (ConfigurationNode item : items) {
      ModelPath path = readPath(key, item);
      if (path.name().isEmpty()) {
        throw mismatch(key, item);
      }
      if (!uris.add(path.uri())) {
        throw item.origin()
            .refuse(key + ": " + path.uri() + " is there twice. Remove one of the two.");
      }
      paths.add(path);
    }
    return paths;
  }

  private ModelPath readPath(String key, ConfigurationNode item) throws ConfigurationException {
    if (item instanceof Scalar) {
      String uri = LOCATION.read(key, item);
      return new ModelPath(uri, fileName(uri));
    }
    if (!(item instanceof Mapping mapping)) {
      throw mismatch(key, item);
    }
    Fields.requireKnown(key, mapping, List.of("path", "name"));
    String uri = LOCATION.read(key + ".path", Fields.require(key, mapping, "path"));
    ConfigurationNode name = mapping.entries().get("name");
    return new ModelPath(uri, name == null ? fileName(uri) : NAME.read(key + ".name", name));
  }

  private static String fileName(String uri) {
    return uri.substring(Math.max(uri.lastIndexOf('/'), uri.lastIndexOf('\\')) + 1);
  }

  @Override
  public String format(List<ModelPath> paths) {
    return paths.stream()
        .map(path -> "{path: " + path.uri() + ", name: " + path.name() + "}")
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
