package com.hartonomous.ingest.format;

import com.hartonomous.ingest.format.ChunkPlan.TensorRange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a model of one or several files says about itself. Paths are relative to the folder of the
 * model file, or to the directory that is the model.
 *
 * @param formatName of the file that was asked for; {@link ModelReader#DIRECTORY} for a directory
 * @param metadataJson what else the headers say, as a JSON object
 * @param weights the files whose headers were read, each once; the tensors and nodes of the model
 *     are theirs, one file after the other. First the file that was asked for and then its shards;
 *     of a directory in path order
 * @param paths of all files of the model: those of {@code weights} first unless it is a directory
 * @param isDirectory whether the model is a directory
 * @param notRead what is wrong with files that look like a model file and are kept as bytes, a
 *     sentence each
 */
public record ModelContents(
    String formatName,
    String metadataJson,
    List<WeightFile> weights,
    List<String> paths,
    boolean isDirectory,
    List<String> notRead) {

  /** Format of a file that belongs to a model as bytes, without anybody reading a header in it. */
  public static final String UNPARSED = "unparsed";

  /** A file and what its header says. */
  public record WeightFile(String path, ModelLayout layout) {
    public WeightFile {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(layout, "layout");
    }
  }

  public ModelContents {
    Objects.requireNonNull(formatName, "formatName");
    Objects.requireNonNull(metadataJson, "metadataJson");
    weights = List.copyOf(weights);
    paths = List.copyOf(paths);
    notRead = List.copyOf(notRead);
  }

  /** Says whether one of the files whose headers were read is of that format. */
  public boolean hasFormat(String name) {
    return weights.stream().anyMatch(weight -> weight.layout().formatName().equals(name));
  }

  /** Returns the number of tensors of all files. */
  public int tensorCount() {
    return weights.stream().mapToInt(weight -> weight.layout().tensors().size()).sum();
  }

  /** Returns the number of nodes of all files. */
  public int nodeCount() {
    return weights.stream().mapToInt(weight -> weight.layout().nodes().size()).sum();
  }

  /**
   * Returns the nodes of all files. In a directory their paths begin with that of their file, since
   * several graphs may be in one.
   */
  public List<NodeEntry> nodes() {
    List<NodeEntry> nodes = new ArrayList<>();
    for (WeightFile weight : weights) {
      for (NodeEntry node : weight.layout().nodes()) {
        nodes.add(
            isDirectory
                ? new NodeEntry(weight.path() + "/" + node.path(), node.name(), node.opType())
                : node);
      }
    }
    return nodes;
  }

  /** Returns what in the files is odd and yet no error, for people. */
  public List<String> warnings() {
    return Stream.concat(
            weights.stream().flatMap(weight -> weight.layout().warnings().stream()),
            notRead.stream())
        .toList();
  }

  /** Returns where tensors lie in each file; files without tensors are not in it. */
  public Map<String, List<TensorRange>> tensorRanges() {
    Map<String, List<TensorRange>> ranges = new HashMap<>();
    for (WeightFile weight : weights) {
      for (TensorEntry tensor : weight.layout().tensors()) {
        if (tensor.storage() instanceof TensorStorage.External external) {
          ranges
              .computeIfAbsent(
                  sibling(weight.path(), external.location()), key -> new ArrayList<>())
              .add(TensorRange.of(external.externalRange(), tensor.contentType()));
        } else {
          TensorRange.ofStored(tensor)
              .ifPresent(
                  range ->
                      ranges.computeIfAbsent(weight.path(), key -> new ArrayList<>()).add(range));
        }
      }
    }
    return ranges;
  }

  /**
   * Returns the format of each file: that of its header, that of the file whose tensors it holds,
   * or {@link #UNPARSED}.
   */
  public Map<String, String> formats() {
    Map<String, String> formats = new HashMap<>();
    for (WeightFile weight : weights) {
      formats.put(weight.path(), weight.layout().formatName());
    }
    for (WeightFile weight : weights) {
      for (String location : weight.layout().externalLocations()) {
        formats.putIfAbsent(sibling(weight.path(), location), weight.layout().formatName());
      }
    }
    for (String path : paths) {
      formats.putIfAbsent(path, UNPARSED);
    }
    return formats;
  }

  /** Returns the files that the weight files name, beside themselves, in order of first use. */
  static Set<String> externalPaths(List<WeightFile> weights) {
    Set<String> paths = new LinkedHashSet<>();
    for (WeightFile weight : weights) {
      for (String location : weight.layout().externalLocations()) {
        paths.add(sibling(weight.path(), location));
      }
    }
    return paths;
  }

  /** Returns the path of what a file names relative to its own folder. */
  public static String sibling(String path, String location) {
    return path.substring(0, path.lastIndexOf('/') + 1) + location;
  }
}
