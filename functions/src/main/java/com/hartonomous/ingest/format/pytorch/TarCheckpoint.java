package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.pickle.PickleNode;
import com.hartonomous.ingest.format.pickle.PickleNode.Persistent;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tar container of PyTorch 0.1. */
final class TarCheckpoint {
  private static final String STORAGES = "storages";
  private static final String TENSORS = "tensors";
  private static final String OBJECT = "pickle";

  private final Checkpoint checkpoint;
  private final PositionedInput input;
  private final InputCursor cursor;
  private final Map<Long, StoredBytes.Part> storages = new HashMap<>();
  private final Map<Long, TensorView> tensors = new HashMap<>();

  /** Behind the member that is being read. */
  private long end;

  private TarCheckpoint(Checkpoint checkpoint) {
    this.checkpoint = checkpoint;
    this.input = checkpoint.input();
    this.cursor = new InputCursor(input);
  }

  static ModelLayout read(Checkpoint checkpoint) throws IOException, ModelFormatException {
    return new TarCheckpoint(checkpoint).read();
  }

  private ModelLayout read() throws IOException, ModelFormatException {
    Map<String, Range> members =
        TarMembers.find(input, List.of("sys_info", STORAGES, TENSORS, OBJECT));
    enter(members.get(STORAGES));
    readStorages();
    enter(members.get(TENSORS));
    readTensors();
    enter(members.get(OBJECT));
    PickleNode object = checkpoint.pickle(cursor, end, PyTorchGlobals.CHECKPOINT, this::persistent);
    checkpoint.list(object, null, false);
    checkpoint.summary().put(STORAGES, storages.size());
    return checkpoint.layout();
  }

  private void enter(Range member) {
    cursor.seek(member.offset());
    end = member.end();
  }

  private void readStorages() throws IOException, ModelFormatException {
    long count = readCount();
    for (long i = 0; i < count; i++) {
      long position = cursor.position();
      List<PickleNode> items = readTuple();
      PyTorchDtype dtype = checkpoint.storageClass(items.get(2), position);
      long elements = readLong();
      long length = checkpoint.byteLength(elements, dtype, end - cursor.position(), position);
      StoredBytes storage = new StoredBytes(length).at(new Range(cursor.position(), length), false);
      cursor.seek(cursor.position() + length);
      put(storages, items.get(0), new StoredBytes.Part(storage, dtype, 0, length), position);
    }
    long position = cursor.position();
    PickleNode views = checkpoint.pickle(cursor, end, PyTorchGlobals.CHECKPOINT);
    if (!(views instanceof Sequence sequence)) {
      throw checkpoint.malformed(position, "storage views", "a list", views);
    }
    for (PickleNode view : sequence.items()) {
      addView(checkpoint.tuple(view, position, "storage view", 4), position);
    }
  }

  /** {@code (key, root key, offset, elements)}. */
  private void addView(List<PickleNode> items, long position) throws ModelFormatException {
    StoredBytes.Part root = get(storages, items.get(1), position);
    long first =
        checkpoint.byteLength(
            checkpoint.integer(items.get(2), position, "view offset"),
            root.dtype(),
            root.byteLength(),
            position);
    long length =
        checkpoint.byteLength(
            checkpoint.integer(items.get(3), position, "view size"),
            root.dtype(),
            root.byteLength() - first,
            position);
    put(
        storages,
        items.get(0),
        new StoredBytes.Part(root.storage(), root.dtype(), root.firstByte() + first, length),
        position);
  }

  private void readTensors() throws IOException, ModelFormatException {
    long count = readCount();
    for (long i = 0; i < count; i++) {
      long position = cursor.position();
      List<PickleNode> items = readTuple();
      StoredBytes.Part part = get(storages, items.get(1), position);
      // The rank in four bytes, and four more.
      long rank = (int) readLong();
      if (rank < 0 || rank > checkpoint.budget().limits().rankMax()) {
        throw ModelFormatException.malformed(
            input,
            position,
            "dimensions",
            "from 0 to " + checkpoint.budget().limits().rankMax(),
            Long.toString(rank));
      }
      List<Long> shape = readLongs(rank);
      List<Long> strides = readLongs(rank);
      long offset = readLong();
      checkpoint.budget().addTensor(position);
      put(
          tensors,
          items.get(0),
          new TensorView(part, part.dtype(), offset, shape, strides),
          position);
    }
  }

  private PickleNode persistent(PickleNode id, long position) throws ModelFormatException {
    if (id instanceof Sequence) {
      // A container: its class, where that was defined, and its source text.
      return checkpoint.tuple(id, position, "persistent id", 1).get(0);
    }
    return new Persistent(position, get(tensors, id, position));
  }

  private long readCount() throws IOException, ModelFormatException {
    long position = cursor.position();
    PickleNode count = checkpoint.pickle(cursor, end, PyTorchGlobals.NONE);
    return checkpoint.integer(count, position, "count");
  }

  /** A key, another thing, and a class. */
  private List<PickleNode> readTuple() throws IOException, ModelFormatException {
    long position = cursor.position();
    PickleNode tuple = checkpoint.pickle(cursor, end, PyTorchGlobals.CHECKPOINT);
    return checkpoint.tuple(tuple, position, "entry", 3);
  }

  private List<Long> readLongs(long count) throws IOException, ModelFormatException {
    List<Long> values = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      values.add(readLong());
    }
    return values;
  }

  private long readLong() throws IOException, ModelFormatException {
    if (end - cursor.position() < Long.BYTES) {
      throw ModelFormatException.malformed(
          input,
          cursor.position(),
          "number",
          "eight bytes before byte " + end,
          Long.toString(end - cursor.position()));
    }
    return cursor.readLongLittleEndian();
  }

  /** Keys are addresses, as integers or their digits. */
  private long key(PickleNode node, long position) throws ModelFormatException {
    if (node instanceof Scalar scalar && scalar.value() instanceof Long key) {
      return key;
    }
    String digits = checkpoint.text(node, position, "key");
    if (!digits.matches("[0-9]{1,18}")) {
      throw checkpoint.malformed(position, "key", "an integer", node);
    }
    return Long.parseLong(digits);
  }

  private <T> T get(Map<Long, T> map, PickleNode key, long position) throws ModelFormatException {
    T value = map.get(key(key, position));
    if (value == null) {
      throw checkpoint.malformed(position, "key", "one of an earlier entry", key);
    }
    return value;
  }

  private <T> void put(Map<Long, T> map, PickleNode key, T value, long position)
      throws ModelFormatException {
    checkpoint.budget().addBytes(Long.BYTES, position);
    if (map.put(key(key, position), value) != null) {
      throw checkpoint.malformed(position, "key", "each key once", key);
    }
  }
}
