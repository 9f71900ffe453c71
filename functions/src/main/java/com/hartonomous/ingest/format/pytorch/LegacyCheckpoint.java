package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.pickle.PickleNode;
import com.hartonomous.ingest.format.pickle.PickleNode.Dict;
import com.hartonomous.ingest.format.pickle.PickleNode.Persistent;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import java.io.IOException;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The stream of five pickles and the storages of before PyTorch 1.6. Always little-endian. */
final class LegacyCheckpoint {
  static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long PROTOCOL = 1001;

  private final Checkpoint checkpoint;
  private final PositionedInput input;
  private final InputCursor cursor;
  private final Map<String, Root> roots = new LinkedHashMap<>();

  /**
   * A storage that the object refers to.
   *
   * @param position of the reference
   */
  private record Root(StoredBytes storage, PyTorchDtype dtype, long elements, long position) {}

  private LegacyCheckpoint(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.input = checkpoint.input();
    this.cursor = new InputCursor(input);
  }

  static ModelLayout read(Checkpoint checkpoint) throws IOException, ModelFormatException {
    return new LegacyCheckpoint(checkpoint).read();
  }

  private ModelLayout read() throws IOException, ModelFormatException {
    require("magic number", MAGIC);
    require("protocol version", PROTOCOL);
    long position = cursor.position();
    PickleNode systemInfo = checkpoint.pickle(cursor, input.length(), PyTorchGlobals.NONE);
    if (!(systemInfo instanceof Dict)) {
      throw checkpoint.malformed(position, "sys_info", "a dict", systemInfo);
    }
    PickleNode object =
        checkpoint.pickle(cursor, input.length(), PyTorchGlobals.CHECKPOINT, this::persistent);
    locate(keys());
    checkpoint.list(object, null, false);
    checkpoint.summary().put("storages", roots.size());
    return checkpoint.layout();
  }

  private void require(String field, Object expected) throws IOException, ModelFormatException {
    long position = cursor.position();
    PickleNode found = checkpoint.pickle(cursor, input.length(), PyTorchGlobals.NONE);
    if (!(found instanceof Scalar scalar) || !expected.equals(scalar.value())) {
      throw checkpoint.malformed(position, field, expected.toString(), found);
    }
  }

  private PickleNode persistent(PickleNode id, long position) throws ModelFormatException {
    String field = "persistent id";
    List<PickleNode> items = checkpoint.tuple(id, position, field, 2);
    String kind = checkpoint.text(items.get(0), position, field);
    if (kind.equals("module")) {
      return items.get(1);
    }
    if (!kind.equals("storage")) {
      throw checkpoint.malformed(position, field, "'storage' or 'module'", items.get(0));
    }
    items = checkpoint.tuple(id, position, field, 5);
    PyTorchDtype dtype = checkpoint.storageClass(items.get(1), position);
    String key = checkpoint.text(items.get(2), position, "storage key");
    long elements = checkpoint.integer(items.get(4), position, "storage size");
    long length = checkpoint.byteLength(elements, dtype, input.length(), position);
    Root root = roots.get(key);
    if (root == null) {
      root = new Root(new StoredBytes(length), dtype, elements, position);
      roots.put(key, root);
    } else if (root.storage().byteLength() != length) {
      throw ModelFormatException.malformed(
          input,
          position,
          "storage size",
          "%d bytes as before".formatted(root.storage().byteLength()),
          Long.toString(length));
    }
    PickleNode view = items.size() > 5 ? items.get(5) : Scalar.NONE;
    return new Persistent(position, part(root.storage(), dtype, view, position));
  }

  /**
   * @param view None, or (key, offset, elements) in elements of the whole storage
   */
  private StoredBytes.Part part(
      StoredBytes storage, PyTorchDtype dtype, PickleNode view, long position)
      throws ModelFormatException {
    if (view == Scalar.NONE) {
      return new StoredBytes.Part(storage, dtype, 0, storage.byteLength());
    }
    List<PickleNode> items = checkpoint.tuple(view, position, "storage view", 3);
    long first =
        checkpoint.byteLength(
            checkpoint.integer(items.get(1), position, "view offset"),
            dtype,
            storage.byteLength(),
            position);
    long length =
        checkpoint.byteLength(
            checkpoint.integer(items.get(2), position, "view size"),
            dtype,
            storage.byteLength() - first,
            position);
    return new StoredBytes.Part(storage, dtype, first, length);
  }

  private List<PickleNode> keys() throws IOException, ModelFormatException {
    long position = cursor.position();
    PickleNode keys = checkpoint.pickle(cursor, input.length(), PyTorchGlobals.NONE);
    if (keys instanceof Sequence sequence && sequence.kind() == Sequence.Kind.LIST) {
      return sequence.items();
    }
    throw checkpoint.malformed(position, "storage keys", "a list", keys);
  }

  /** The storages follow in the order of the keys. */
  private void locate(List<PickleNode> keys) throws IOException, ModelFormatException {
    for (PickleNode node : keys) {
      String key = checkpoint.text(node, node.position(), "storage key");
      Root root = roots.get(key);
      if (root == null || root.storage().range() != null) {
        throw ModelFormatException.malformed(
            input,
            node.position(),
            "storage keys",
            "each storage of the object once",
            "'%s', which is %s".formatted(key, root == null ? "none" : "there twice"));
      }
      long position = cursor.position();
      if (cursor.remaining() < Long.BYTES) {
        throw ModelFormatException.malformed(
            input, position, "storage", "its number of elements", "the end of the file");
      }
      long elements = cursor.readLongLittleEndian();
      if (elements != root.elements() || root.storage().byteLength() > cursor.remaining()) {
        throw ModelFormatException.malformed(
            input,
            position,
            "storage '%s'".formatted(key),
            "%d elements of %d bytes".formatted(root.elements(), root.dtype().bytes()),
            "%d elements and %d bytes to the end of the file"
                .formatted(elements, cursor.remaining()));
      }
      root.storage().at(new Range(cursor.position(), root.storage().byteLength()), false);
      cursor.seek(cursor.position() + root.storage().byteLength());
    }
    for (Map.Entry<String, Root> entry : roots.entrySet()) {
      if (Objects.isNull(entry.getValue().storage().range())) {
        throw ModelFormatException.malformed(
            input,
            entry.getValue().position(),
            "storage",
            "'%s' among the storages of the file".formatted(entry.getKey()),
            "none");
      }
    }
    if (cursor.remaining() > 0) {
      checkpoint.warn(
          "expected the end of the file behind the last storage, found %d further bytes"
              .formatted(cursor.remaining()));
    }
  }
}
