package com.hartonomous.ingest.format;

import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A model in shards: the index of {@code transformers}, a file of its own beside them.
 *
 * <pre>
 * index = UTF-8 JSON object: "weight_map" -> {tensor name -> file name of its shard, ...}, not empty;
 *         "metadata" -> {"total_size": bytes of all tensors, ...}, optional; other members ignored
 * shard = a file of the shards' format in the folder of the index
 * </pre>
 *
 * <p>Index and shards must say the same: each tensor of the map is in its shard, and each tensor of
 * a shard is in the map, under that shard. Names in the map are unique, file names are plain. A
 * {@code total_size} that is not the sum is a warning, since some writers get it wrong. The file
 * itself has no tensors: they are those of its {@link ModelLayout#shards()}, which come in the
 * order of their file names. The limits hold for the shards together.
 */
public abstract class ShardedFormat implements ModelFormat {
  private static final int TOTAL_SIZE_LENGTH_MAX = 40;
  private static final String INDEX_SUFFIX = ".index.json";
  private static final String SUBJECT = "index";
  private static final String WEIGHT_MAP = "weight_map";
  private static final String METADATA = "metadata";
  private static final String TOTAL_SIZE = "total_size";

  /** How far the map is looked for; writers put at most a few numbers before it. */
  private static final int PROBE_BYTES = 16 << 10;

  /** Position of an entry whose tensor was found. */
  private static final long FOUND = -1;

  private static final JsonMapper MAPPER = new JsonMapper();

  private final String name;
  private final String shardSuffix;
  private final ModelFormat shardFormat;

  /**
   * Makes the format of an index.
   *
   * @param shardSuffix end of the shards' names, in lower case, such as {@code .bin}; that of the
   *     index goes on with {@code .index.json}
   * @param shardFormat what each shard is
   */
  protected ShardedFormat(String name, String shardSuffix, ModelFormat shardFormat) {
    this.name = name;
    this.shardSuffix = shardSuffix;
    this.shardFormat = shardFormat;
  }

  /**
   * Where the index says that a tensor is.
   *
   * @param position of the entry in the index
   */
  private record Mapped(String shard, long position) {}

  /** What the index says. */
  private static final class Index {
    private final Map<String, Mapped> weightMap = new HashMap<>();

    /** Shards in name order, and where each is named first. */
    private final TreeMap<String, Mapped> shards = new TreeMap<>();

    private boolean hasWeightMap;
    private boolean hasMetadata;
    private BigDecimal totalSize;
  }

  @Override
  public final String name() {
    return name;
  }

  /** Before the shards' format, so that a directory's shards are read with their index. */
  @Override
  public final int detectionOrder() {
    return 40;
  }

  @Override
  public final boolean claims(String fileName) {
    return fileName.toLowerCase(Locale.ROOT).endsWith(shardSuffix + INDEX_SUFFIX);
  }

  @Override
  public final boolean matches(PositionedInput input) throws IOException {
    if (!JsonTokens.beginsWithObject(input, 0, input.length())) {
      return false;
    }
    try {
      return JsonTokens.peek(
          input,
          0,
          Math.min(PROBE_BYTES, input.length()),
          SUBJECT,
          LayoutLimits.DEFAULT,
          this::mapsToShards);
    } catch (ModelFormatException e) {
      // Not JSON, or not within the bytes that are looked at: then the name decides.
      return false;
    }
  }

  /** Says whether the first entry of the map names a file like a shard. */
  private boolean mapsToShards(JsonTokens json) throws IOException, ModelFormatException {
    while (json.next() != JsonToken.END_OBJECT) {
      boolean map = json.text(SUBJECT).equals(WEIGHT_MAP);
      if (json.next() == JsonToken.START_OBJECT && map) {
        return json.next() == JsonToken.FIELD_NAME
            && json.next() == JsonToken.VALUE_STRING
            && json.raw().toLowerCase(Locale.ROOT).endsWith(shardSuffix);
      }
      json.skipValue(SUBJECT);
    }
    return false;
  }

  @Override
  public final ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    LayoutLimits limits = budget.limits();
    if (input.length() > limits.headerBytesMax()) {
      throw ModelFormatException.tooLarge(
          input,
          0,
          SUBJECT,
          "up to %d bytes".formatted(limits.headerBytesMax()),
          Long.toString(input.length()));
    }
    Index index =
        JsonTokens.read(
            input,
            0,
            input.length(),
            SUBJECT,
            limits,
            json -> new Parser(input, json, limits).parse());
    List<ModelLayout.Shard> shards = new ArrayList<>();
    for (Map.Entry<String, Mapped> entry : index.shards.entrySet()) {
      shards.add(
          new ModelLayout.Shard(
              entry.getKey(), readShard(input, entry.getKey(), entry.getValue(), budget)));
    }
    long bytes = 0;
    int tensors = 0;
    for (ModelLayout.Shard shard : shards) {
      markFound(input, shard.location(), shard.layout(), index.weightMap);
      bytes += shard.layout().tensors().stream().mapToLong(TensorEntry::nbytes).sum();
      tensors += shard.layout().tensors().size();
    }
    requireNoneLeft(input, index.weightMap);
    return new ModelLayout(
        name,
        metadataJson(index, shards, tensors, bytes),
        List.of(),
        List.of(),
        input.length(),
        shards,
        warnings(input, index, bytes));
  }

  private ModelLayout readShard(
      PositionedInput index, String shardName, Mapped mapped, LayoutBudget budget)
      throws IOException, ModelFormatException {
    try (PositionedInput shard = index.openRelative(shardName)) {
      GitLfsPointer.refuse(shard);
      return shardFormat.read(shard, budget.forFile(shard));
    } catch (FileNotFoundException e) {
      ModelFormatException error =
          ModelFormatException.malformed(
              index,
              mapped.position(),
              WEIGHT_MAP,
              "a shard that is a regular file beside the index",
              e.getMessage());
      error.initCause(e);
      throw error;
    }
  }

  /** Marks the tensors of a shard as found: each must be in the map, under that shard. */
  private static void markFound(
      PositionedInput input, String shard, ModelLayout layout, Map<String, Mapped> weightMap)
      throws ModelFormatException {
    for (TensorEntry tensor : layout.tensors()) {
      Mapped mapped = weightMap.get(tensor.name());
      if (mapped == null || !mapped.shard().equals(shard)) {
        throw ModelFormatException.malformed(
            input,
            mapped == null ? 0 : Math.max(0, mapped.position()),
            WEIGHT_MAP,
            "tensor '%s' of the shard '%s' under that shard".formatted(tensor.name(), shard),
            mapped == null ? "no such entry" : "it under '" + mapped.shard() + "'");
      }
      weightMap.put(tensor.name(), new Mapped(mapped.shard(), FOUND));
    }
  }

  private static void requireNoneLeft(PositionedInput input, Map<String, Mapped> weightMap)
      throws ModelFormatException {
    for (Map.Entry<String, Mapped> entry : weightMap.entrySet()) {
      if (entry.getValue().position() != FOUND) {
        throw ModelFormatException.malformed(
            input,
            entry.getValue().position(),
            WEIGHT_MAP,
            "tensor '%s' in the shard '%s'".formatted(entry.getKey(), entry.getValue().shard()),
            "no tensor of that name there");
      }
    }
  }

  private static List<String> warnings(PositionedInput input, Index index, long bytes) {
    if (index.totalSize == null || index.totalSize.compareTo(BigDecimal.valueOf(bytes)) == 0) {
      return List.of();
    }
    return List.of(
        "%s: expected a total_size of %d bytes, as many as the tensors have, found %s"
            .formatted(input.identity(), bytes, index.totalSize));
  }

  private static String metadataJson(
      Index index, List<ModelLayout.Shard> shards, int tensors, long bytes) throws IOException {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("shards", shards.size());
    json.put("tensors", tensors);
    json.put("tensor_bytes", bytes);
    if (index.totalSize != null) {
      json.put(TOTAL_SIZE, index.totalSize);
    }
    // Writers give all shards the same.
    json.set("metadata", MAPPER.readTree(shards.get(0).layout().metadataJson()));
    return MAPPER.writeValueAsString(json);
  }

  private static final class Parser {
    private final JsonTokens json;
    private final Index index = new Index();

    /** Of the index alone: what the shards keep counts for the model. */
    private final LayoutBudget budget;

    Parser(PositionedInput input, JsonTokens json, LayoutLimits limits) {
      this.json = json;
      this.budget = new LayoutBudget(input, limits);
    }

    Index parse() throws IOException, ModelFormatException {
      while (json.next() != JsonToken.END_OBJECT) {
        String member = json.text(SUBJECT);
        json.next();
        switch (member) {
          case WEIGHT_MAP -> {
            requireFirst(index.hasWeightMap, member);
            index.hasWeightMap = true;
            parseWeightMap();
          }
          case METADATA -> {
            requireFirst(index.hasMetadata, member);
            index.hasMetadata = true;
            parseMetadata();
          }
          default -> json.skipValue(SUBJECT);
        }
      }
      if (index.weightMap.isEmpty()) {
        throw json.malformed(
            SUBJECT,
            "a weight_map with at least one tensor",
            index.hasWeightMap ? "an empty one" : "none");
      }
      return index;
    }

    private void requireFirst(boolean earlier, String member) throws ModelFormatException {
      if (earlier) {
        throw json.duplicate(SUBJECT, member);
      }
    }

    private void parseWeightMap() throws IOException, ModelFormatException {
      json.expect(JsonToken.START_OBJECT, WEIGHT_MAP);
      while (json.next() != JsonToken.END_OBJECT) {
        String tensor = json.text(WEIGHT_MAP);
        budget.addTensor(json.position());
        budget.addText(tensor.length(), json.position(), "name");
        json.next();
        String field = WEIGHT_MAP + ", tensor '" + tensor + "'";
        json.expect(JsonToken.VALUE_STRING, field);
        String shard = json.text(field);
        Mapped first = index.shards.get(shard);
        if (first == null) {
          requirePlain(shard, field);
          budget.addText(shard.length(), json.position(), "file name");
          first = new Mapped(shard, json.position());
          index.shards.put(shard, first);
        }
        if (index.weightMap.put(tensor, new Mapped(first.shard(), json.position())) != null) {
          throw json.duplicate(WEIGHT_MAP, tensor);
        }
      }
    }

    private void requirePlain(String shard, String field) throws ModelFormatException {
      Optional<String> objection = RelativeLocation.check(shard);
      if (objection.isEmpty() && shard.indexOf('/') >= 0) {
        objection = Optional.of("it has a folder");
      }
      if (objection.isPresent()) {
        throw json.malformed(
            field,
            "the plain name of a file beside the index",
            "'%s', which is refused, since %s".formatted(shard, objection.get()));
      }
    }

    private void parseMetadata() throws IOException, ModelFormatException {
      if (json.current() != JsonToken.START_OBJECT) {
        json.skipValue(METADATA);
        return;
      }
      boolean found = false;
      while (json.next() != JsonToken.END_OBJECT) {
        String member = json.text(METADATA);
        json.next();
        if (member.equals(TOTAL_SIZE)) {
          if (found) {
            throw json.duplicate(METADATA, member);
          }
          found = true;
          parseTotalSize();
        } else {
          json.skipValue(METADATA);
        }
      }
    }

    /** No number of bytes is so long; an exponent may be one that no number has. */
    private static BigDecimal number(String raw) {
      if (raw.length() > TOTAL_SIZE_LENGTH_MAX) {
        return null;
      }
      try {
        return new BigDecimal(raw);
      } catch (NumberFormatException e) {
        return null;
      }
    }

    /** Some writers give a number with a fraction; what is no number is not compared. */
    private void parseTotalSize() throws IOException, ModelFormatException {
      if (json.current() == JsonToken.VALUE_NUMBER_INT) {
        index.totalSize = number(json.raw());
      } else if (json.current() == JsonToken.VALUE_NUMBER_FLOAT) {
        json.skipValue(METADATA);
        index.totalSize = number(json.raw());
      } else {
        json.skipValue(METADATA);
      }
    }
  }
}
