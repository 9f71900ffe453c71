package com.hartonomous.ingest.format.pytorch;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.pickle.GlobalsReport;
import com.hartonomous.ingest.format.pickle.PickleNode;
import com.hartonomous.ingest.format.pickle.PickleNode.Global;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import com.hartonomous.ingest.format.pickle.PickleReader;
import com.hartonomous.ingest.format.pickle.PickleReader.PersistentIds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the three containers have in common while one file is read: its pickles, and what they gave.
 */
final class Checkpoint {
  private static final JsonMapper MAPPER = new JsonMapper();

  private final PositionedInput input;
  private final LayoutBudget budget;
  private final GlobalsReport globals = new GlobalsReport();
  private final List<TensorEntry> tensors = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<ModelLayout.Checksum> checksums = new ArrayList<>();
  private final ObjectNode summary = MAPPER.createObjectNode();

  Checkpoint(PositionedInput input, LayoutBudget budget, String container) {
    this.input = input;
    this.budget = budget;
    summary.put("container", container);
  }

  PositionedInput input() {
    return input;
  }

  LayoutBudget budget() {
    return budget;
  }

  GlobalsReport globals() {
    return globals;
  }

  /** What is told of the file beside its tensors. */
  ObjectNode summary() {
    return summary;
  }

  void add(ModelLayout.Checksum checksum) {
    checksums.add(checksum);
  }

  void warn(String warning) {
    warnings.add(input.identity() + ": " + warning);
  }

  /** Reads the pickle at the cursor, which has ended by {@code end}. */
  PickleNode pickle(InputCursor cursor, long end, PyTorchGlobals allowed, PersistentIds ids)
      throws IOException, ModelFormatException {
    return new PickleReader(cursor, end, budget, allowed, globals, ids).read();
  }

  /** Reads a pickle without persistent ids. */
  PickleNode pickle(InputCursor cursor, long end, PyTorchGlobals allowed)
      throws IOException, ModelFormatException {
    return pickle(cursor, end, allowed, PickleReader.noPersistentIds(input));
  }

  /** Lists the tensors below an object. */
  void list(PickleNode object, KeyPath path, boolean bigEndian) throws ModelFormatException {
    TensorWalk walk = new TensorWalk(input, budget, bigEndian, tensors);
    walk.walk(object, path);
    if (walk.arrays() > 0) {
      warn(
          "expected tensors, found %d arrays or scalars of numpy too, which are not listed"
              .formatted(walk.arrays()));
    }
  }

  ModelLayout layout() throws IOException {
    globals.allowed().forEach(summary.putArray("globals")::add);
    if (!globals.unlisted().isEmpty()) {
      globals.unlisted().forEach(summary.putArray("unlistedGlobals")::add);
    }
    return new ModelLayout(
        PyTorchFormat.NAME,
        MAPPER.writeValueAsString(summary),
        tensors,
        List.of(),
        input.length(),
        List.of(),
        warnings,
        checksums);
  }

  // --- Parts of persistent ids and tuples ---

  /** Requires a tuple of at least that many items. */
  List<PickleNode> tuple(PickleNode node, long position, String field, int items)
      throws ModelFormatException {
    if (node instanceof Sequence sequence
        && sequence.kind() == Sequence.Kind.TUPLE
        && sequence.items().size() >= items) {
      return sequence.items();
    }
    throw malformed(position, field, "a tuple of at least %d items".formatted(items), node);
  }

  String text(PickleNode node, long position, String field) throws ModelFormatException {
    if (node.text().isEmpty()) {
      throw malformed(position, field, "a text", node);
    }
    return node.text().get();
  }

  /** Requires an integer from 0. */
  long integer(PickleNode node, long position, String field) throws ModelFormatException {
    if (node instanceof Scalar scalar && scalar.value() instanceof Long value && value >= 0) {
      return value;
    }
    throw malformed(position, field, "an integer from 0 to 2^63-1", node);
  }

  /** Requires the class of a storage. */
  PyTorchDtype storageClass(PickleNode node, long position) throws ModelFormatException {
    if (node instanceof Global global && PyTorchGlobals.isStorage(global.module(), global.name())) {
      return PyTorchDtype.ofClass(global.name(), "Storage").orElseThrow();
    }
    throw malformed(position, "storage class", "the class of a storage", node);
  }

  /** Returns the bytes of that many elements, which must be up to {@code most}. */
  long byteLength(long elements, PyTorchDtype dtype, long most, long position)
      throws ModelFormatException {
    if (elements < 0 || elements > most / dtype.bytes()) {
      throw ModelFormatException.malformed(
          input,
          position,
          "storage",
          "up to the %d elements of %s that are there"
              .formatted(most / dtype.bytes(), dtype.torchName()),
          Long.toString(elements));
    }
    return elements * dtype.bytes();
  }

  ModelFormatException malformed(long position, String field, String expected, PickleNode found) {
    return ModelFormatException.malformed(input, position, field, expected, found.describe());
  }
}
