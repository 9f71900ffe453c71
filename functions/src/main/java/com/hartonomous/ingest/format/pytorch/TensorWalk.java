package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.TensorStorage.View;
import com.hartonomous.ingest.format.pickle.PickleNode;
import com.hartonomous.ingest.format.pickle.PickleNode.Call;
import com.hartonomous.ingest.format.pickle.PickleNode.Dict;
import com.hartonomous.ingest.format.pickle.PickleNode.Global;
import com.hartonomous.ingest.format.pickle.PickleNode.Persistent;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Finds the tensors below an object, in the order of its keys, without recursion. An object that is
 * reached on several ways is listed on each; inside itself it is not entered again.
 */
final class TensorWalk {
  /** Containers and calls that are entered: shared ones make 2^n ways out of n opcodes. */
  private static final int ENTERED_MAX = 1_000_000;

  /** Items of containers that are looked at. */
  private static final long ITEMS_MAX = 20_000_000;

  private final PositionedInput input;
  private final LayoutBudget budget;
  private final boolean bigEndian;
  private final List<TensorEntry> tensors;
  private final Deque<Step> open = new ArrayDeque<>();
  private int entered;
  private long items;
  private int arrays;

  /**
   * Something to enter.
   *
   * @param inside the step that led here; null for the object itself
   * @param depth number of steps that led here
   */
  private record Step(PickleNode node, KeyPath path, Step inside, int depth) {}

  /**
   * Adds to {@code tensors}.
   *
   * @param bigEndian whether the storages hold their numbers with the highest byte first
   */
  TensorWalk(
      PositionedInput input, LayoutBudget budget, boolean bigEndian, List<TensorEntry> tensors) {
    this.input = input;
    this.budget = budget;
    this.bigEndian = bigEndian;
    this.tensors = tensors;
  }

  /** Adds the tensors below {@code root}, whose own path is {@code path}. */
  void walk(PickleNode root, KeyPath path) throws ModelFormatException {
    open.push(new Step(root, path, null, 0));
    while (!open.isEmpty()) {
      Step step = open.pop();
      if (step.node() instanceof Call call) {
        enterCall(step, call);
      } else if (step.node() instanceof Persistent persistent) {
        if (persistent.value() instanceof TensorView view) {
          add(
              step.path(),
              persistent,
              view.dtype(),
              view.shape(),
              storage(persistent, view, view.dtype().form(bigEndian, false, false)));
        }
      } else {
        enterItems(step, step.node(), step.path());
      }
    }
  }

  /** Returns how often an array or scalar of numpy was met, which is no tensor. */
  int arrays() {
    return arrays;
  }

  private void enterItems(Step step, PickleNode node, KeyPath path) throws ModelFormatException {
    List<Step> children = new ArrayList<>();
    if (node instanceof Dict dict) {
      countItems(node, dict.entries().size());
      int place = 0;
      for (Dict.Entry entry : dict.entries()) {
        if (mayHoldTensors(entry.value())) {
          children.add(child(step, entry.value(), KeyPath.ofKey(path, entry.key(), place)));
        }
        place++;
      }
    } else if (node instanceof Sequence sequence) {
      countItems(node, sequence.items().size());
      for (int i = 0; i < sequence.items().size(); i++) {
        if (mayHoldTensors(sequence.items().get(i))) {
          children.add(child(step, sequence.items().get(i), new KeyPath(path, (long) i)));
        }
      }
    }
    open(children);
  }

  private static boolean mayHoldTensors(PickleNode node) {
    return !(node instanceof Scalar || node instanceof Global);
  }

  private Step child(Step parent, PickleNode node, KeyPath path) throws ModelFormatException {
    if (parent.depth() == budget.limits().nestingMax()) {
      throw ModelFormatException.tooLarge(
          input,
          node.position(),
          "nesting",
          "up to %d levels".formatted(budget.limits().nestingMax()),
          "more");
    }
    if (++entered > ENTERED_MAX) {
      throw ModelFormatException.tooLarge(
          input, node.position(), "containers and calls", "up to " + ENTERED_MAX, "more");
    }
    return new Step(node, path, parent, parent.depth() + 1);
  }

  private void countItems(PickleNode node, int count) throws ModelFormatException {
    items += count;
    if (items > ITEMS_MAX) {
      throw ModelFormatException.tooLarge(
          input, node.position(), "items", "up to " + ITEMS_MAX, "more");
    }
  }

  /** Puts the steps on the stack so that the first is next; those that lead back are left out. */
  private void open(List<Step> steps) {
    for (int i = steps.size() - 1; i >= 0; i--) {
      if (!leadsBack(steps.get(i))) {
        open.push(steps.get(i));
      }
    }
  }

  private static boolean leadsBack(Step step) {
    for (Step outer = step.inside(); outer != null; outer = outer.inside()) {
      if (outer.node() == step.node()) {
        return true;
      }
    }
    return false;
  }

  private void enterCall(Step step, Call call) throws ModelFormatException {
    switch (call.callee().module()) {
      case PyTorchGlobals.UTILS -> enterRebuild(step, call);
      case PyTorchGlobals.TENSOR -> openOnly(step, typed(call));
      case PyTorchGlobals.PARAMETER -> openOnly(step, argument(call, 0));
      case PyTorchGlobals.JIT -> openOnly(step, argument(call, 0));
      default -> {
        if (call.callee().module().startsWith(PyTorchGlobals.NUMPY)) {
          arrays++;
        } else if (mayHoldTensors(call.state())) {
          // Sizes, devices and the like hold no tensors; a module, or an object of TorchScript,
          // has its attributes.
          openOnly(step, call.state());
        }
      }
    }
  }

  /** Goes on with what stands for the present one. */
  private void openOnly(Step step, PickleNode node) throws ModelFormatException {
    if (mayHoldTensors(node)) {
      open(List.of(child(step, node, step.path())));
    }
  }

  /** {@code _rebuild_from_type[_v2](function, type, arguments, state)}: what the function makes. */
  private PickleNode typed(Call call) throws ModelFormatException {
    if (argument(call, 0) instanceof Global function
        && function.module().equals(PyTorchGlobals.UTILS)
        && argument(call, 2) instanceof Sequence arguments) {
      return call.with(function, arguments);
    }
    throw wrongArguments(
        call, "a function of %s and its arguments".formatted(PyTorchGlobals.UTILS));
  }

  private void enterRebuild(Step step, Call call) throws ModelFormatException {
    switch (call.callee().name()) {
      case "_rebuild_tensor" -> addTensor(step.path(), call, 4, Optional.empty(), Scalar.NONE);
      case "_rebuild_tensor_v2" ->
          addTensor(step.path(), call, 6, Optional.empty(), optional(call, 6));
      case "_rebuild_tensor_v3" ->
          addTensor(step.path(), call, 7, Optional.of(dtype(call, 6)), optional(call, 7));
      case "_rebuild_parameter", "_rebuild_parameter_with_state" ->
          openOnly(step, argument(call, 0));
      case "_rebuild_qtensor" -> {
        addTensor(step.path(), call, 6, Optional.empty(), Scalar.NONE);
        enterQuantizer(step, call);
      }
      case "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor" -> enterSparse(step, call);
      case "_rebuild_meta_tensor_no_storage" ->
          add(
              step.path(),
              call,
              dtype(call, 0),
              sizes(call, argument(call, 1), "size"),
              new TensorStorage.NoValues());
      default -> throw wrongArguments(call, "a function that makes a tensor");
    }
  }

  /** A quantiser a channel has tensors: (scheme, scales, zero points, axis). */
  private void enterQuantizer(Step step, Call call) throws ModelFormatException {
    if (!(argument(call, 4) instanceof Sequence quantizer) || quantizer.items().size() < 3) {
      throw wrongArguments(call, "a quantiser's parameters");
    }
    openComponents(
        step, quantizer.items().subList(1, quantizer.items().size()), "$scales", "$zero_points");
  }

  /** {@code (layout, data)}: the tensors that a sparse one consists of. */
  private void enterSparse(Step step, Call call) throws ModelFormatException {
    if (!(argument(call, 1) instanceof Sequence data)) {
      throw wrongArguments(call, "a layout and a tuple of data");
    }
    String layout = layout(call);
    String[] names =
        switch (layout) {
          case "torch.sparse_coo" -> new String[] {"indices", "values"};
          case "torch.sparse_csr", "torch.sparse_bsr" ->
              new String[] {"crow_indices", "col_indices", "values"};
          case "torch.sparse_csc", "torch.sparse_bsc" ->
              new String[] {"ccol_indices", "row_indices", "values"};
          default -> throw wrongArguments(call, "a sparse layout, not '" + layout + "'");
        };
    if (data.items().size() <= names.length) {
      throw wrongArguments(call, "%d tensors and a size".formatted(names.length));
    }
    openComponents(step, data.items(), names);
  }

  private String layout(Call call) throws ModelFormatException {
    PickleNode layout = argument(call, 0);
    if (layout instanceof Global global) {
      return global.module() + "." + global.name();
    }
    if (layout instanceof Call getLayout
        && getLayout.callee().module().equals(PyTorchGlobals.SERIALIZATION)) {
      return argument(getLayout, 0).text().orElse("");
    }
    throw wrongArguments(call, "a layout");
  }

  private void openComponents(Step step, List<PickleNode> components, String... names)
      throws ModelFormatException {
    List<Step> children = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      if (mayHoldTensors(components.get(i))) {
        children.add(child(step, components.get(i), new KeyPath(step.path(), names[i])));
      }
    }
    open(children);
  }

  /**
   * Adds the tensor of a call that begins with storage, offset, size, stride.
   *
   * @param metadata a dict whose keys "conj" and "neg" say that the values are not the stored ones
   */
  private void addTensor(
      KeyPath path, Call call, int arguments, Optional<PyTorchDtype> dtype, PickleNode metadata)
      throws ModelFormatException {
    if (call.arguments().items().size() < arguments) {
      throw wrongArguments(call, "at least %d arguments".formatted(arguments));
    }
    if (!(argument(call, 0) instanceof Persistent persistent)
        || !(persistent.value() instanceof StoredBytes.Part part)) {
      throw wrongArguments(call, "a storage as first argument");
    }
    PyTorchDtype elements = dtype.orElse(part.dtype());
    boolean negated = isTrue(metadata, "neg");
    boolean conjugated = isTrue(metadata, "conj");
    if ((negated || conjugated) && !elements.hasSignBit()) {
      throw ModelFormatException.unsupported(
          input,
          call.position(),
          "metadata",
          "a floating-point type where values are negated",
          elements.torchName());
    }
    TensorView view =
        new TensorView(
            part,
            elements,
            integer(call, argument(call, 1), "storage offset"),
            sizes(call, argument(call, 2), "size"),
            sizes(call, argument(call, 3), "stride"));
    add(
        path,
        call,
        elements,
        view.shape(),
        storage(call, view, elements.form(bigEndian, negated, conjugated)));
  }

  private static boolean isTrue(PickleNode metadata, String key) {
    return metadata instanceof Dict dict && dict.get(key).orElse(null) == Scalar.TRUE;
  }

  private TensorStorage storage(PickleNode node, TensorView view, TensorStorage.ElementForm form)
      throws ModelFormatException {
    StoredBytes.Part part = view.part();
    if (part.storage().range() == null) {
      throw ModelFormatException.malformed(
          input, node.position(), "storage", "one that the file holds", "none");
    }
    List<Long> shape = view.shape();
    List<Long> strides = view.strides();
    if (shape.size() != strides.size()) {
      throw ModelFormatException.malformed(
          input,
          node.position(),
          "stride",
          "%d numbers, as many as sizes".formatted(shape.size()),
          Integer.toString(strides.size()));
    }
    if (view.dtype().elementsInByte() > 1) {
      shape = List.of(packedBytes(node, view));
      strides = List.of(1L);
    }
    long firstByte =
        view.offset() > Long.MAX_VALUE / form.bytes() ? -1 : view.offset() * form.bytes();
    long end = View.end(firstByte, shape, strides, form.bytes());
    if (end < 0 || end > part.byteLength()) {
      throw ModelFormatException.malformed(
          input,
          node.position(),
          "tensor",
          "elements within the %d bytes of its storage".formatted(part.byteLength()),
          "%s of size %s and stride %s from element %d on"
              .formatted(view.dtype().torchName(), shape, strides, view.offset()));
    }
    return new View(
        part.storage().range(),
        part.storage().inflatedLength(),
        part.firstByte() + firstByte,
        shape,
        strides,
        form);
  }

  /** Elements that share bytes are only read whole and in order. */
  private long packedBytes(PickleNode node, TensorView view) throws ModelFormatException {
    long elements = 1;
    long expected = 1;
    boolean inOrder = view.offset() == 0;
    for (int i = view.shape().size() - 1; i >= 0; i--) {
      inOrder &= view.shape().get(i) == 1 || view.strides().get(i) == expected;
      if (view.shape().get(i) < 0
          || view.shape().get(i) > Integer.MAX_VALUE
          || elements > Integer.MAX_VALUE) {
        inOrder = false;
        break;
      }
      elements *= view.shape().get(i);
      expected = elements;
    }
    if (!inOrder) {
      throw ModelFormatException.unsupported(
          input,
          node.position(),
          "stride",
          "a whole, contiguous tensor where elements share bytes",
          "size %s, stride %s, offset %d".formatted(view.shape(), view.strides(), view.offset()));
    }
    int inByte = view.dtype().elementsInByte();
    return elements / inByte + (elements % inByte == 0 ? 0 : 1);
  }

  private void add(
      KeyPath path, PickleNode node, PyTorchDtype dtype, List<Long> shape, TensorStorage storage)
      throws ModelFormatException {
    budget.addTensor(node.position());
    // One text can be the key of every level: the path is made only if it may be so long.
    long length = KeyPath.length(path);
    if (length > budget.limits().nameBytesMax()) {
      throw ModelFormatException.tooLarge(
          input,
          node.position(),
          "path of a tensor",
          "up to %d characters".formatted(budget.limits().nameBytesMax()),
          Long.toString(length));
    }
    String name = KeyPath.name(path);
    String json = KeyPath.json(path);
    budget.addText(name.length() + (long) json.length(), node.position(), "name");
    budget.addBytes(2L * Long.BYTES * shape.size(), node.position());
    tensors.add(
        new TensorEntry(name, json, dtype.torchName(), dtype.contentType(), shape, storage));
  }

  // --- Arguments ---

  private PickleNode argument(Call call, int index) throws ModelFormatException {
    List<PickleNode> arguments = call.arguments().items();
    if (index >= arguments.size()) {
      throw wrongArguments(call, "more than %d arguments".formatted(arguments.size()));
    }
    return arguments.get(index);
  }

  private static PickleNode optional(Call call, int index) {
    List<PickleNode> arguments = call.arguments().items();
    return index < arguments.size() ? arguments.get(index) : Scalar.NONE;
  }

  private PyTorchDtype dtype(Call call, int index) throws ModelFormatException {
    if (argument(call, index) instanceof Global global && global.module().equals("torch")) {
      Optional<PyTorchDtype> dtype = PyTorchDtype.named(global.name());
      if (dtype.isPresent()) {
        return dtype.get();
      }
    }
    throw wrongArguments(call, "an element type");
  }

  private List<Long> sizes(Call call, PickleNode node, String field) throws ModelFormatException {
    PickleNode tuple =
        node instanceof Call size && size.callee().is("torch", "Size") ? argument(size, 0) : node;
    if (!(tuple instanceof Sequence sequence)) {
      throw wrongArguments(call, "a tuple as " + field);
    }
    if (sequence.items().size() > budget.limits().rankMax()) {
      throw ModelFormatException.tooLarge(
          input,
          call.position(),
          field,
          "up to %d dimensions".formatted(budget.limits().rankMax()),
          Integer.toString(sequence.items().size()));
    }
    List<Long> sizes = new ArrayList<>(sequence.items().size());
    for (PickleNode item : sequence.items()) {
      sizes.add(integer(call, item, field));
    }
    return sizes;
  }

  /** An integer from 0. */
  private long integer(Call call, PickleNode node, String field) throws ModelFormatException {
    if (node instanceof Scalar scalar && scalar.value() instanceof Long value && value >= 0) {
      return value;
    }
    throw ModelFormatException.malformed(
        input, call.position(), field, "an integer from 0 to 2^63-1", node.describe());
  }

  private ModelFormatException wrongArguments(Call call, String expected) {
    return ModelFormatException.malformed(
        input,
        call.position(),
        "arguments of " + call.callee().describe(),
        expected,
        call.arguments().describe());
  }
}
