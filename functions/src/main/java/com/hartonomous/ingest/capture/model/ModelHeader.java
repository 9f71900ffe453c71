package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.FolderListing;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.NodeEntry;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What the headers of a model's files say, and the state of these files. Tensors and nodes are
 * numbered from 0 through all files, in the order of {@link ModelContents#weights}.
 */
final class ModelHeader {

  private final ModelContents contents;
  private final List<ModelFile> files;
  private final Map<String, List<ChunkPlan.TensorRange>> tensorRanges;
  private final List<NodeEntry> nodes;

  /**
   * A file of a model.
   *
   * @param relativePath from the folder of the model file, or in the directory that is the model;
   *     unique in the model
   * @param uri percent-encoded
   * @param byteLength when the header was read
   * @param modifiedAt then, milliseconds since 1970 UTC
   */
  record ModelFile(String relativePath, String uri, long byteLength, long modifiedAt) {}

  /**
   * @param files those of the contents, in that order: the file that was submitted comes first,
   *     unless the model is a directory
   */
  ModelHeader(ModelContents contents, List<ModelFile> files) {
    this.contents = contents;
    this.files = List.copyOf(files);
    this.tensorRanges = contents.tensorRanges();
    this.nodes = contents.nodes();
  }

  ModelContents contents() {
    return contents;
  }

  List<ModelFile> files() {
    return files;
  }

  /** The nodes of all graphs; their paths are unique in the model. */
  List<NodeEntry> nodes() {
    return nodes;
  }

  /** How a file is cut: along the tensors that lie in it, whichever file lists them. */
  ChunkPlan plan(ModelFile file, int chunkSize) {
    return ChunkPlan.of(
        file.byteLength(), tensorRanges.getOrDefault(file.relativePath(), List.of()), chunkSize);
  }

  /** Bytes of all files. */
  long byteLength() {
    return files.stream().mapToLong(ModelFile::byteLength).sum();
  }

  /** Chunks of all files. */
  long chunkCount(int chunkSize) {
    return files.stream().mapToLong(file -> plan(file, chunkSize).chunkCount()).sum();
  }

  /** The state by which a submission of this model knows it. */
  SubmittedState submittedState() {
    return contents.isDirectory()
        ? SubmittedState.ofDirectory(
            files.stream()
                // What a model file names though a listing leaves it out.
                .filter(file -> !FolderListing.leavesOutPath(file.relativePath()))
                .toList())
        : new SubmittedState(files.get(0).byteLength(), files.get(0).modifiedAt());
  }

  /**
   * What tells two states of a submitted model apart.
   *
   * @param byteLength of the submitted file, or of all files of a directory together
   * @param modifiedAt of the submitted file, or of the file of a directory that changed last
   */
  record SubmittedState(long byteLength, long modifiedAt) {
    static SubmittedState ofDirectory(Collection<ModelFile> files) {
      return new SubmittedState(
          files.stream().mapToLong(ModelFile::byteLength).sum(),
          files.stream().mapToLong(ModelFile::modifiedAt).max().orElse(0));
    }
  }
}
