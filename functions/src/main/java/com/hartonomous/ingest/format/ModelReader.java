package com.hartonomous.ingest.format;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.format.ModelContents.WeightFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Reads the headers of a whole model: of a file with the shards and other files that it names, or
 * of a directory. The limits hold for all its files together. Immutable.
 */
public final class ModelReader {

  /** {@link ModelContents#formatName()} of a directory. */
  public static final String DIRECTORY = "directory";

  /** Weight files that the metadata of a directory names; the others are counted only. */
  private static final int WEIGHTS_SHOWN_MAX = 100;

  private static final JsonMapper MAPPER = new JsonMapper();

  private final ModelFormats formats;
  private final LayoutLimits limits;
  private final FolderLimits folderLimits;

  /**
   * @param byName whether a format claims the name of the file
   */
  private record Claimed(FolderFile file, ModelFormat format, boolean byName) {}

  public ModelReader(ModelFormats formats, LayoutLimits limits, FolderLimits folderLimits) {
    this.formats = formats;
    this.limits = limits;
    this.folderLimits = folderLimits;
  }

  /**
   * Reads the model that begins with this file.
   *
   * @param name of the file, without its folder
   * @throws ModelFormatException as {@link ModelFormats#read} does
   */
  public ModelContents readFile(PositionedInput input, String name)
      throws IOException, ModelFormatException {
    ModelLayout layout = formats.read(input, limits);
    Map<String, ModelLayout> layouts = new LinkedHashMap<>();
    flatten(name, layout, layouts);
    List<WeightFile> weights = weightFiles(layouts);
    List<String> paths = new ArrayList<>(layouts.keySet());
    for (String path : ModelContents.externalPaths(weights)) {
      if (!layouts.containsKey(path)) {
        paths.add(path);
      }
    }
    if (paths.size() > folderLimits.filesMax()) {
      throw ModelFormatException.tooLarge(
          input, 0, "files of the model", "up to " + folderLimits.filesMax(), "" + paths.size());
    }
    return new ModelContents(
        layout.formatName(), layout.metadataJson(), weights, paths, false, List.of());
  }

  /**
   * Reads all files of a directory as one model. Those that a format knows by their magic number
   * ({@link ModelFormat#PLAUSIBLE}) or by their name ({@link ModelFormat#claims}) must be sound;
   * all others belong to the model as bytes. So does, with a warning, a file whose name no format
   * claims and which only its magic number led to a format that cannot read it ({@link
   * ModelFormatException.Kind#UNSUPPORTED}): it may be sound and no part of the weights. A damaged
   * one, or one beyond the limits, fails the model. A file that another one names is read once.
   *
   * @throws ModelFormatException if the directory cannot be listed as {@link ModelFolder#list}
   *     says, or one of its model files is bad; names the file
   */
  public ModelContents readDirectory(ModelFolder folder) throws IOException, ModelFormatException {
    List<FolderFile> files = folder.list(folderLimits);
    List<Claimed> claimed = new ArrayList<>();
    for (FolderFile file : files) {
      try (PositionedInput input = folder.open(file.path())) {
        formats
            .detectInDirectory(input)
            .ifPresent(
                format -> claimed.add(new Claimed(file, format, formats.claimsName(input.name()))));
      } catch (FileNotFoundException e) {
        throw vanished(folder, file.path(), e);
      }
    }
    // What names shards comes before them, so that they are read as part of it.
    claimed.sort(
        Comparator.comparingInt((Claimed claim) -> claim.format().detectionOrder())
            .thenComparing(claim -> claim.file().path()));
    Map<String, ModelLayout> layouts = new LinkedHashMap<>();
    List<String> notRead = new ArrayList<>();
    LayoutBudget budget = null;
    for (Claimed claim : claimed) {
      String path = claim.file().path();
      if (layouts.containsKey(path)) {
        continue;
      }
      try (PositionedInput input = folder.open(path)) {
        budget = budget == null ? new LayoutBudget(input, limits) : budget.forFile(input);
        flatten(path, formats.read(claim.format(), input, budget), layouts);
      } catch (FileNotFoundException e) {
        throw vanished(folder, path, e);
      } catch (ModelFormatException e) {
        if (claim.byName() || e.kind() != ModelFormatException.Kind.UNSUPPORTED) {
          throw e;
        }
        String warning = e.getMessage() + "; no format claims its name, so it is kept as bytes";
        budget.addBytes(2L * warning.length(), e.offset());
        notRead.add(warning);
      }
    }
    List<WeightFile> weights = new ArrayList<>(weightFiles(layouts));
    weights.sort(Comparator.comparing(WeightFile::path));
    TreeSet<String> paths = new TreeSet<>(ModelContents.externalPaths(weights));
    files.forEach(file -> paths.add(file.path()));
    return new ModelContents(
        DIRECTORY, summary(files, weights), weights, List.copyOf(paths), true, notRead);
  }

  private static FileNotFoundException vanished(
      ModelFolder folder, String path, FileNotFoundException cause) {
    FileNotFoundException error =
        new FileNotFoundException(
            "%s: file '%s': expected a regular file, as listed, found %s"
                .formatted(folder.identity(), path, cause.getMessage()));
    error.initCause(cause);
    return error;
  }

  private static void flatten(String path, ModelLayout layout, Map<String, ModelLayout> layouts) {
    layouts.putIfAbsent(path, layout);
    for (ModelLayout.Shard shard : layout.shards()) {
      flatten(ModelContents.sibling(path, shard.location()), shard.layout(), layouts);
    }
  }

  private static List<WeightFile> weightFiles(Map<String, ModelLayout> layouts) {
    return layouts.entrySet().stream()
        .map(entry -> new WeightFile(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static String summary(List<FolderFile> files, List<WeightFile> weights)
      throws IOException {
    ObjectNode summary = MAPPER.createObjectNode();
    summary.put("files", files.size());
    summary.put("bytes", files.stream().mapToLong(FolderFile::byteLength).sum());
    summary.put("weightFiles", weights.size());
    summary.put(
        "tensors", weights.stream().mapToLong(weight -> weight.layout().tensors().size()).sum());
    summary.put(
        "nodes", weights.stream().mapToLong(weight -> weight.layout().nodes().size()).sum());
    ArrayNode shown = summary.putArray("weights");
    for (WeightFile weight : weights.subList(0, Math.min(WEIGHTS_SHOWN_MAX, weights.size()))) {
      ObjectNode entry = shown.addObject();
      entry.put("path", weight.path());
      entry.put("format", weight.layout().formatName());
      entry.put("tensors", weight.layout().tensors().size());
      entry.put("nodes", weight.layout().nodes().size());
      entry.set("metadata", MAPPER.readTree(weight.layout().metadataJson()));
    }
    return MAPPER.writeValueAsString(summary);
  }
}
