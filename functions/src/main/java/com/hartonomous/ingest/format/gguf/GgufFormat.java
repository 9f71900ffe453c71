package com.hartonomous.ingest.format.gguf;

import com.hartonomous.ingest.format.GitLfsPointer;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * GGUF; the package says what is in a file.
 *
 * <p>The first file of a split model stands for all: the others, found beside it by the rule for
 * their names, are its {@link ModelLayout#shards()}, and the limits hold for all together. Another
 * one is read by itself, with a warning.
 */
public final class GgufFormat implements ModelFormat {
  static final String NAME = "gguf";
  static final String MAGIC = "GGUF";

  /** The formats of ggml before GGUF, by their first bytes. */
  static final Map<String, String> FORERUNNERS =
      Map.of("lmgg", "GGML", "fmgg", "GGMF", "tjgg", "GGJT", "algg", "GGLA");

  private static final String COUNT_FIELD = "value of key 'split.count'";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int detectionOrder() {
    return 10;
  }

  /** By the magic and a version below 65,536, one half of which is 0; in text no byte is. */
  @Override
  public boolean matches(PositionedInput input) throws IOException {
    int probedBytes = MAGIC.length() + Integer.BYTES;
    if (input.length() < probedBytes) {
      return false;
    }
    byte[] bytes = new byte[probedBytes];
    input.readFully(0, bytes, 0, probedBytes);
    String magic = new String(bytes, 0, MAGIC.length(), StandardCharsets.ISO_8859_1);
    return magic.equals(MAGIC)
        && (bytes[4] == 0 && bytes[5] == 0 || bytes[6] == 0 && bytes[7] == 0);
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    Set<String> names = new HashSet<>();
    GgufReader.Header header = GgufReader.read(input, budget, names);
    GgufMetadata metadata = header.metadata();
    if (metadata.splitCount() <= 1) {
      return layout(input, header, List.of(), List.of());
    }
    if (metadata.splitNo() < 0 || metadata.splitNo() >= metadata.splitCount()) {
      throw ModelFormatException.malformed(
          input,
          0,
          "value of key 'split.no'",
          "a number below split.count, %d".formatted(metadata.splitCount()),
          metadata.splitNo() < 0 ? "no such key" : Integer.toString(metadata.splitNo()));
    }
    Optional<SplitName> name = readName(input, metadata);
    if (metadata.splitNo() > 0) {
      return layout(input, header, List.of(), List.of(aloneWarning(input, metadata)));
    }
    List<ModelLayout.Shard> shards = new ArrayList<>();
    for (int number = 1; number < metadata.splitCount(); number++) {
      shards.add(readPart(input, metadata, name.orElseThrow().of(number), number, budget, names));
    }
    if (metadata.splitTensors() != names.size()) {
      throw ModelFormatException.malformed(
          input,
          0,
          "value of key 'split.tensors.count'",
          "%d, as many as the files have tensors".formatted(names.size()),
          metadata.splitTensors() < 0 ? "no such key" : Integer.toString(metadata.splitTensors()));
    }
    writeTotals(header, shards);
    return layout(input, header, shards, List.of());
  }

  /** Takes the file's own name apart; only that of a first file must be one of a split model. */
  private static Optional<SplitName> readName(PositionedInput input, GgufMetadata metadata)
      throws ModelFormatException {
    String fileName = input.name();
    Optional<SplitName> name = SplitName.parse(fileName);
    boolean isRight =
        name.isEmpty()
            ? metadata.splitNo() > 0
            : name.get().number() == metadata.splitNo()
                && name.get().count() == metadata.splitCount();
    if (!isRight) {
      throw ModelFormatException.malformed(
          input,
          0,
          "values of the keys 'split.no' and 'split.count'",
          "a file name that ends with "
              + SplitName.suffix(metadata.splitNo(), metadata.splitCount()),
          "'" + fileName + "'");
    }
    return name;
  }

  private static String aloneWarning(PositionedInput input, GgufMetadata metadata) {
    return "%s: file %d of the %d of a split model, read by itself; the first stands for all of them"
        .formatted(input.identity(), metadata.splitNo() + 1, metadata.splitCount());
  }

  private static ModelLayout.Shard readPart(
      PositionedInput first,
      GgufMetadata model,
      String location,
      int number,
      LayoutBudget budget,
      Set<String> names)
      throws IOException, ModelFormatException {
    try (PositionedInput part = first.openRelative(location)) {
      GitLfsPointer.refuse(part);
      GgufReader.Header header = GgufReader.read(part, budget.forFile(part), names);
      if (header.metadata().splitNo() != number
          || header.metadata().splitCount() != model.splitCount()) {
        throw ModelFormatException.malformed(
            part,
            0,
            "values of the keys 'split.no' and 'split.count'",
            "%d and %d, as its name says".formatted(number, model.splitCount()),
            header.metadata().splitNo() < 0
                ? "no split.no"
                : "%d and %d"
                    .formatted(header.metadata().splitNo(), header.metadata().splitCount()));
      }
      return new ModelLayout.Shard(location, layout(part, header, List.of(), List.of()));
    } catch (FileNotFoundException e) {
      ModelFormatException error =
          ModelFormatException.malformed(
              first, 0, COUNT_FIELD, "the file '%s' beside it".formatted(location), e.getMessage());
      error.initCause(e);
      throw error;
    }
  }

  private static void writeTotals(GgufReader.Header header, List<ModelLayout.Shard> shards)
      throws IOException {
    long bytes = header.tensors().stream().mapToLong(TensorEntry::nbytes).sum();
    int tensors = header.tensors().size();
    for (ModelLayout.Shard shard : shards) {
      bytes += shard.layout().tensors().stream().mapToLong(TensorEntry::nbytes).sum();
      tensors += shard.layout().tensors().size();
    }
    header.json().writeObjectFieldStart("split");
    header.json().writeNumberField("files", shards.size() + 1);
    header.json().writeNumberField("tensors", tensors);
    header.json().writeNumberField("tensor_bytes", bytes);
    header.json().writeEndObject();
  }

  private static ModelLayout layout(
      PositionedInput input,
      GgufReader.Header header,
      List<ModelLayout.Shard> shards,
      List<String> warnings)
      throws IOException {
    return new ModelLayout(
        NAME, header.closeJson(), header.tensors(), List.of(), input.length(), shards, warnings);
  }
}
