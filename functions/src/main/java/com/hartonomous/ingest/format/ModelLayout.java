package com.hartonomous.ingest.format;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What a model file says about itself: its tensors and nodes, and where they are.
 *
 * @param formatName {@link ModelFormat#name()} of the format that read it
 * @param metadataJson what else the header says, as a JSON object
 * @param tensors in the format's natural order: SafeTensors by offset, ONNX by path
 * @param nodes of the graph, parents before the nodes of their subgraphs; empty without a graph
 * @param fileLength length of the file in bytes when it was read
 * @param shards other model files that this one says the model consists of; their tensors and nodes
 *     are not among those of this file
 * @param warnings what is odd and yet no error, each a sentence that names the file
 * @param checksums what the file says about the bytes that hold its tensors; see {@link
 *     TensorContent#verify}
 */
public record ModelLayout(
    String formatName,
    String metadataJson,
    List<TensorEntry> tensors,
    List<NodeEntry> nodes,
    long fileLength,
    List<Shard> shards,
    List<String> warnings,
    List<Checksum> checksums) {

  /**
   * A model file beside this one.
   *
   * @param location relative to the folder of this file
   * @param layout what it says about itself
   */
  public record Shard(String location, ModelLayout layout) {
    public Shard {
      Objects.requireNonNull(location, "location");
      Objects.requireNonNull(layout, "layout");
    }
  }

  /** What bytes that hold tensors should give, if all of them are read. */
  public sealed interface Checksum {}

  /**
   * Of a whole other file.
   *
   * @param location relative to the folder of the file that says so
   * @param sha1 40 lower-case hexadecimal digits
   */
  public record FileSha1(String location, String sha1) implements Checksum {
    public FileSha1 {
      Objects.requireNonNull(location, "location");
      Objects.requireNonNull(sha1, "sha1");
    }
  }

  /**
   * Of a member of the file, which is an archive.
   *
   * @param name of the member
   * @param stored where its bytes are, not deflated
   */
  public record MemberCrc32(String name, TensorStorage.Range stored, long crc32)
      implements Checksum {
    public MemberCrc32 {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(stored, "stored");
    }
  }

  public ModelLayout {
    Objects.requireNonNull(formatName, "formatName");
    Objects.requireNonNull(metadataJson, "metadataJson");
    tensors = List.copyOf(tensors);
    nodes = List.copyOf(nodes);
    shards = List.copyOf(shards);
    warnings = List.copyOf(warnings);
    checksums = List.copyOf(checksums);
  }

  /** Makes the layout of a file without checksums of others. */
  public ModelLayout(
      String formatName,
      String metadataJson,
      List<TensorEntry> tensors,
      List<NodeEntry> nodes,
      long fileLength,
      List<Shard> shards,
      List<String> warnings) {
    this(formatName, metadataJson, tensors, nodes, fileLength, shards, warnings, List.of());
  }

  /** Makes the layout of a file without shards and warnings. */
  public ModelLayout(
      String formatName,
      String metadataJson,
      List<TensorEntry> tensors,
      List<NodeEntry> nodes,
      long fileLength) {
    this(formatName, metadataJson, tensors, nodes, fileLength, List.of(), List.of());
  }

  /** Returns the other files that hold tensors of this one, in order of first use. */
  public Set<String> externalLocations() {
    Set<String> locations = new LinkedHashSet<>();
    for (TensorEntry tensor : tensors) {
      if (tensor.storage() instanceof TensorStorage.External external) {
        locations.add(external.location());
      }
    }
    return locations;
  }
}
