package com.hartonomous.ingest.format.pickle;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.pickle.AllowedGlobals.Use;
import com.hartonomous.ingest.format.pickle.PickleNode.Call;
import com.hartonomous.ingest.format.pickle.PickleNode.Dict;
import com.hartonomous.ingest.format.pickle.PickleNode.Global;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads one pickle from a cursor, up to its STOP and no byte further. See the package for what is
 * read and what is refused. For one pickle; not for use by several threads.
 */
public final class PickleReader {
  /** Opcodes of one pickle: some forty make a tensor. */
  static final int OPCODES_MAX = 20_000_000;

  /** Opcodes that are read only for the report of names, once the pickle is refused. */
  static final int REFUSED_OPCODES_MAX = 1_000_000;

  /** Nodes of one pickle: some sixteen make a tensor, and a node takes some 40 bytes. */
  static final int NODES_MAX = 3_000_000;

  /** An entry of a dict takes the memory of so many nodes. */
  private static final int ENTRY_NODES = 3;

  /** Nodes on the stack at once, which are what a container is filled with at once at most. */
  static final int STACK_MAX = 1_000_000;

  private static final int PROTOCOL_MIN = 2;
  private static final int PROTOCOL_MAX = 5;

  /** Bytes of the two lines of a GLOBAL, each. */
  private static final int GLOBAL_BYTES_MAX = 1 << 10;

  /** Bytes of an integer whose value is kept. */
  private static final int INTEGER_BYTES_MAX = 255;

  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,9}");

  private final InputCursor cursor;
  private final PositionedInput input;
  private final long end;
  private final LayoutBudget budget;
  private final AllowedGlobals allowed;
  private final GlobalsReport report;
  private final PersistentIds persistentIds;

  private final byte[] line = new byte[GLOBAL_BYTES_MAX];

  /** Names that are not allowed, until it is known what refers to them. */
  private final List<Global> unknown = new ArrayList<>();

  /** Tuples whose reference to such a name was allowed. */
  private final Set<Sequence> naming = Collections.newSetFromMap(new IdentityHashMap<>());

  private final ArrayList<PickleNode> stack = new ArrayList<>();
  private final ArrayList<Integer> marks = new ArrayList<>();
  private PickleNode[] memo = new PickleNode[64];
  private int opcodes;
  private int memoSize;
  private int nodes;
  private long position;

  /** Why the pickle will be refused, if it does not break the rules sooner; null while good. */
  private ModelFormatException refusal;

  /** Where reading ends at the latest: the end, or sooner by the limit on bytes. */
  private long limit;

  /** Says what a persistent id (BINPERSID) stands for. */
  @FunctionalInterface
  public interface PersistentIds {
    /**
     * Returns the node that takes the place of the id.
     *
     * @param position of the opcode
     * @throws ModelFormatException if it is none that the caller knows
     */
    PickleNode load(PickleNode id, long position) throws ModelFormatException;
  }

  /**
   * Reads from the cursor's position.
   *
   * @param end where the pickle must have ended
   * @param budget counts the texts that are kept
   * @param report takes every global that is named
   */
  public PickleReader(
      InputCursor cursor,
      long end,
      LayoutBudget budget,
      AllowedGlobals allowed,
      GlobalsReport report,
      PersistentIds persistentIds) {
    this.cursor = cursor;
    this.input = cursor.input();
    this.end = Math.min(end, input.length());
    this.budget = budget;
    this.allowed = allowed;
    this.report = report;
    this.persistentIds = persistentIds;
  }

  /** Refuses persistent ids, where a pickle has none. */
  public static PersistentIds noPersistentIds(PositionedInput input) {
    return (id, position) -> {
      throw ModelFormatException.malformed(
          input, position, "BINPERSID", "no persistent id in this pickle", id.describe());
    };
  }

  /**
   * Reads the pickle; the cursor then stands behind its STOP.
   *
   * @throws ModelFormatException if it breaks the rules or a limit, or names a global that is not
   *     allowed
   * @throws IOException if the storage fails
   */
  public PickleNode read() throws IOException, ModelFormatException {
    long start = cursor.position();
    position = start;
    // What follows may be longer than the pickle, as in a legacy stream: the bytes read are
    // counted.
    limit = Math.min(end, start + Math.min(end - start, budget.limits().headerBytesMax()));
    PickleNode result;
    try {
      result = run();
    } catch (ModelFormatException e) {
      unknown.forEach(global -> report(global, false));
      throw refusal == null ? e : refusal;
    }
    unknown.forEach(this::reportUnknown);
    if (report.hasRefused()) {
      throw ModelFormatException.unsupported(
          input,
          start,
          "globals",
          "a pickle that names nothing but what tensors need",
          String.join(", ", report.refused()));
    }
    if (refusal != null) {
      throw refusal;
    }
    return result;
  }

  /** Returns anything where the pickle is refused. */
  private PickleNode run() throws IOException, ModelFormatException {
    int opcode = unsignedByte();
    int protocol = opcode == Opcode.PROTO ? unsignedByte() : 0;
    if (protocol < PROTOCOL_MIN || protocol > PROTOCOL_MAX) {
      refuse(
          "protocol",
          "a pickle of protocol %d to %d".formatted(PROTOCOL_MIN, PROTOCOL_MAX),
          opcode == Opcode.PROTO
              ? "protocol " + protocol
              : "one that begins with the byte 0x%02x".formatted(opcode));
      cursor.seek(position);
    }
    int refusedOpcodes = 0;
    for (opcodes = 1; opcodes < OPCODES_MAX; opcodes++) {
      if (isRefused() && ++refusedOpcodes > REFUSED_OPCODES_MAX) {
        report.cut();
        return Scalar.NONE;
      }
      position = cursor.position();
      opcode = unsignedByte();
      if (opcode == Opcode.STOP) {
        return pop();
      }
      execute(opcode);
    }
    throw tooLarge("opcodes", OPCODES_MAX);
  }

  /** Notes the first reason to refuse the pickle, which is read on for the names in it. */
  private void refuse(String field, String expected, String found) {
    if (refusal == null) {
      refusal = ModelFormatException.unsupported(input, position, field, expected, found);
    }
  }

  private void execute(int opcode) throws IOException, ModelFormatException {
    switch (opcode) {
      case Opcode.PROTO -> unsignedByte();
      case Opcode.FRAME -> skip(Long.BYTES);
      case Opcode.MARK -> mark();
      case Opcode.POP -> popAnything();
      case Opcode.POP_MARK -> popToMark();
      case Opcode.DUP -> push(top());
      case Opcode.BINPUT -> memoize(unsignedByte());
      case Opcode.LONG_BINPUT -> memoize(unsignedInt());
      case Opcode.MEMOIZE -> memoize(memoSize);
      case Opcode.BINGET -> push(remembered(unsignedByte()));
      case Opcode.LONG_BINGET -> push(remembered(unsignedInt()));
      case Opcode.NONE -> push(Scalar.NONE);
      case Opcode.NEWTRUE -> push(Scalar.TRUE);
      case Opcode.NEWFALSE -> push(Scalar.FALSE);
      case Opcode.BININT -> pushScalar((long) (int) unsignedInt());
      case Opcode.BININT1 -> pushScalar((long) unsignedByte());
      case Opcode.BININT2 -> pushScalar((long) (unsignedByte() | unsignedByte() << Byte.SIZE));
      case Opcode.LONG1 -> pushInteger(unsignedByte());
      case Opcode.LONG4 -> pushInteger((int) unsignedInt());
      case Opcode.BINFLOAT -> pushScalar(Double.longBitsToDouble(Long.reverseBytes(int64())));
      case Opcode.SHORT_BINSTRING -> pushText(unsignedByte(), true);
      case Opcode.BINSTRING -> pushText((int) unsignedInt(), true);
      case Opcode.SHORT_BINUNICODE -> pushText(unsignedByte(), false);
      case Opcode.BINUNICODE -> pushText(unsignedInt(), false);
      case Opcode.BINUNICODE8 -> pushText(int64(), false);
      case Opcode.SHORT_BINBYTES -> pushBytes(unsignedByte());
      case Opcode.BINBYTES -> pushBytes(unsignedInt());
      case Opcode.BINBYTES8, Opcode.BYTEARRAY8 -> pushBytes(int64());
      default -> executeContainer(opcode);
    }
  }

  private void executeContainer(int opcode) throws IOException, ModelFormatException {
    switch (opcode) {
      case Opcode.EMPTY_TUPLE -> pushSequence(Sequence.Kind.TUPLE, List.of());
      case Opcode.TUPLE1 -> pushSequence(Sequence.Kind.TUPLE, popLast(1));
      case Opcode.TUPLE2 -> pushSequence(Sequence.Kind.TUPLE, popLast(2));
      case Opcode.TUPLE3 -> pushSequence(Sequence.Kind.TUPLE, popLast(3));
      case Opcode.TUPLE -> pushSequence(Sequence.Kind.TUPLE, popToMark());
      case Opcode.EMPTY_LIST -> pushSequence(Sequence.Kind.LIST, List.of());
      case Opcode.LIST -> pushSequence(Sequence.Kind.LIST, popToMark());
      case Opcode.APPEND -> append(Sequence.Kind.LIST, popLast(1));
      case Opcode.APPENDS -> append(Sequence.Kind.LIST, popToMark());
      case Opcode.EMPTY_SET -> pushSequence(Sequence.Kind.SET, List.of());
      case Opcode.FROZENSET -> pushSequence(Sequence.Kind.SET, popToMark());
      case Opcode.ADDITEMS -> append(Sequence.Kind.SET, popToMark());
      case Opcode.EMPTY_DICT -> pushNew(new Dict(position, false));
      case Opcode.DICT -> {
        List<PickleNode> items = popToMark();
        Dict dict = new Dict(position, false);
        putAll(dict, items);
        pushNew(dict);
      }
      case Opcode.SETITEM -> setItems(popLast(2));
      case Opcode.SETITEMS -> setItems(popToMark());
      case Opcode.GLOBAL -> pushGlobal(line(), line());
      case Opcode.STACK_GLOBAL -> {
        String name = popText();
        pushGlobal(popText(), name);
      }
      case Opcode.REDUCE -> {
        Sequence arguments = popTuple();
        call(pop(), arguments);
      }
      case Opcode.NEWOBJ -> {
        Sequence arguments = popTuple();
        make(pop(), arguments);
      }
      case Opcode.NEWOBJ_EX -> {
        pop();
        Sequence arguments = popTuple();
        make(pop(), arguments);
      }
      case Opcode.BUILD -> build();
      case Opcode.BINPERSID -> {
        PickleNode id = pop();
        PickleNode loaded = persistentIds.load(id, position);
        if (id instanceof Sequence tuple && tuple.items().contains(loaded)) {
          allowNaming(tuple, loaded);
        }
        pushNew(loaded);
      }
      default -> executeRefused(opcode);
    }
  }

  /** Follows what is refused as far as that takes to find the names behind it. */
  private void executeRefused(int opcode) throws IOException, ModelFormatException {
    refuse(
        "opcode",
        "an opcode of the binary protocols that holds data or makes an object",
        "0x%02x".formatted(opcode));
    switch (opcode) {
      case Opcode.INT, Opcode.LONG, Opcode.FLOAT -> {
        line();
        pushScalar(Scalar.NOT_KEPT);
      }
      case Opcode.STRING -> {
        String quoted = line();
        pushScalar(quoted.length() < 2 ? quoted : quoted.substring(1, quoted.length() - 1));
      }
      case Opcode.UNICODE -> pushScalar(line());
      case Opcode.PUT -> memoize(decimal());
      case Opcode.GET -> push(remembered(decimal()));
      case Opcode.INST -> {
        List<PickleNode> arguments = popToMark();
        pushGlobal(line(), line());
        pushRefused(pop(), arguments);
      }
      case Opcode.OBJ -> {
        List<PickleNode> items = popToMark();
        if (items.isEmpty()) {
          throw malformed("OBJ", "a class above the mark", "none");
        }
        pushRefused(items.get(0), items.subList(1, items.size()));
      }
      default -> throw refusal;
    }
  }

  private void pushRefused(PickleNode type, List<PickleNode> arguments)
      throws ModelFormatException {
    if (type instanceof Global global) {
      pushNew(new Call(position, global, new Sequence(position, Sequence.Kind.TUPLE, arguments)));
    } else {
      pushScalar(Scalar.NOT_KEPT);
    }
  }

  private long decimal() throws IOException, ModelFormatException {
    String digits = line();
    if (!DECIMAL.matcher(digits).matches()) {
      throw malformed("memo", "a decimal number", "'" + digits + "'");
    }
    return Long.parseLong(digits);
  }

  // --- The stack ---

  private void mark() throws ModelFormatException {
    if (marks.size() == STACK_MAX) {
      throw tooLarge("marks on the stack", STACK_MAX);
    }
    marks.add(stack.size());
  }

  private int bottom() {
    return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
  }

  private void push(PickleNode node) throws ModelFormatException {
    if (stack.size() == STACK_MAX) {
      throw tooLarge("nodes on the stack", STACK_MAX);
    }
    if (node instanceof Global global) {
      global.refer();
    }
    stack.add(node);
  }

  private void pushNew(PickleNode node) throws ModelFormatException {
    count(1);
    push(node);
  }

  /** Counts nodes, or references to them that are copied, before they take memory. */
  private void count(int more) throws ModelFormatException {
    if (more > NODES_MAX - nodes) {
      throw tooLarge("nodes", NODES_MAX);
    }
    nodes += more;
  }

  private void requireOnStack(int count) throws ModelFormatException {
    if (stack.size() - bottom() < count) {
      throw malformed(
          "stack", count + " nodes above the last mark", stack.size() - bottom() + " of them");
    }
  }

  private PickleNode top() throws ModelFormatException {
    requireOnStack(1);
    return stack.get(stack.size() - 1);
  }

  private PickleNode pop() throws ModelFormatException {
    requireOnStack(1);
    return stack.remove(stack.size() - 1);
  }

  /** POP takes the mark itself where nothing is above it. */
  private void popAnything() throws ModelFormatException {
    if (!marks.isEmpty() && stack.size() == bottom()) {
      marks.remove(marks.size() - 1);
    } else {
      pop();
    }
  }

  private List<PickleNode> popLast(int count) throws ModelFormatException {
    requireOnStack(count);
    return popFrom(stack.size() - count);
  }

  private List<PickleNode> popToMark() throws ModelFormatException {
    if (marks.isEmpty()) {
      throw malformed("stack", "a mark", "none");
    }
    return popFrom(marks.remove(marks.size() - 1));
  }

  private List<PickleNode> popFrom(int index) {
    List<PickleNode> top = stack.subList(index, stack.size());
    List<PickleNode> popped = List.of(top.toArray(PickleNode[]::new));
    top.clear();
    return popped;
  }

  private Sequence popTuple() throws ModelFormatException {
    PickleNode node = pop();
    if (node instanceof Sequence sequence && sequence.kind() == Sequence.Kind.TUPLE) {
      return sequence;
    }
    throw malformed("arguments", "a tuple", node.describe());
  }

  private String popText() throws ModelFormatException {
    PickleNode node = pop();
    Optional<String> text = node.text();
    if (text.isEmpty()) {
      throw malformed("global", "a text", node.describe());
    }
    return text.get();
  }

  // --- The memo ---

  private void memoize(long index) throws ModelFormatException {
    if (index >= NODES_MAX) {
      throw tooLarge("memo entries", NODES_MAX);
    }
    // Writers number what they remember one by one; a leap would only cost memory.
    if (index > opcodes) {
      throw malformed("memo", "an index up to %d".formatted(opcodes), Long.toString(index));
    }
    if (index >= memo.length) {
      memo = Arrays.copyOf(memo, (int) Math.min(NODES_MAX, Math.max(index + 1, memo.length * 2L)));
    }
    if (memo[(int) index] == null) {
      memoSize++;
    }
    memo[(int) index] = top();
  }

  private PickleNode remembered(long index) throws ModelFormatException {
    if (index >= memo.length || memo[(int) index] == null) {
      throw malformed("memo", "an entry that was put before", "none of index " + index);
    }
    return memo[(int) index];
  }

  // --- Scalars ---

  private void pushScalar(Object value) throws ModelFormatException {
    pushNew(new Scalar(position, value));
  }

  private void pushInteger(int length) throws IOException, ModelFormatException {
    requireLength(length);
    if (length > INTEGER_BYTES_MAX) {
      skip(length);
      pushScalar(Scalar.NOT_KEPT);
      return;
    }
    byte[] bytes = bytes(length);
    for (int i = 0; i < length / 2; i++) {
      byte swapped = bytes[i];
      bytes[i] = bytes[length - 1 - i];
      bytes[length - 1 - i] = swapped;
    }
    if (length > Long.BYTES) {
      BigInteger value = new BigInteger(bytes);
      pushScalar(value.bitLength() < Long.SIZE ? (Object) value.longValue() : value);
    } else {
      pushScalar(length == 0 ? 0L : new BigInteger(bytes).longValue());
    }
  }

  /**
   * @param anyBytes whether bytes that are no UTF-8 are taken as Latin-1: str of Python 2
   */
  private void pushText(long length, boolean anyBytes) throws IOException, ModelFormatException {
    requireLength(length);
    if (length > budget.limits().nameBytesMax()) {
      skip(length);
      pushScalar(Scalar.NOT_KEPT);
      return;
    }
    budget.addBytes(length, position);
    byte[] bytes = bytes((int) length);
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      if (!anyBytes) {
        throw malformed("text", "valid UTF-8", "a broken sequence");
      }
      text = new String(bytes, StandardCharsets.ISO_8859_1);
    }
    pushScalar(text);
  }

  private void pushBytes(long length) throws IOException, ModelFormatException {
    requireLength(length);
    skip(length);
    pushScalar(Scalar.NOT_KEPT);
  }

  private void requireLength(long length) throws ModelFormatException {
    if (length < 0 || length > end - cursor.position()) {
      throw malformed(
          "length",
          "from 0 to the %d bytes that follow".formatted(end - cursor.position()),
          Long.toString(length));
    }
    requireBytes(length);
  }

  // --- Containers ---

  private void pushSequence(Sequence.Kind kind, List<PickleNode> items)
      throws ModelFormatException {
    pushNew(new Sequence(position, kind, items));
  }

  private void append(Sequence.Kind kind, List<PickleNode> items) throws ModelFormatException {
    PickleNode target = top();
    if (target instanceof Sequence sequence && sequence.kind() == kind) {
      sequence.addAll(items);
    } else if (!isRefused(target)) {
      throw malformed("items", "a %s to add to".formatted(kind), target.describe());
    }
  }

  private void setItems(List<PickleNode> items) throws ModelFormatException {
    PickleNode target = top();
    if (target instanceof Dict dict) {
      putAll(dict, items);
    } else if (!isRefused(target)) {
      throw malformed("items", "a dict to set them in", target.describe());
    }
  }

  private void putAll(Dict dict, List<PickleNode> items) throws ModelFormatException {
    if (items.size() % 2 != 0) {
      throw malformed("items", "a value for each key", items.size() + " keys and values");
    }
    for (int i = 0; i < items.size(); i += 2) {
      put(dict, items.get(i), items.get(i + 1));
    }
  }

  private void put(Dict dict, PickleNode key, PickleNode value) throws ModelFormatException {
    boolean unhashable =
        key instanceof Dict
            || key instanceof Sequence sequence && sequence.kind() != Sequence.Kind.TUPLE;
    if (unhashable) {
      throw malformed("key", "what may be the key of a dict", key.describe());
    }
    count(ENTRY_NODES);
    dict.put(key, value);
  }

  // --- Objects ---

  private void pushGlobal(String module, String name) throws ModelFormatException {
    // One text can be named again and again, and the report keeps them all.
    if (module.length() + name.length() > GLOBAL_BYTES_MAX) {
      throw malformed(
          "global",
          "a module and a name of up to %d characters".formatted(GLOBAL_BYTES_MAX),
          Integer.toString(module.length() + name.length()));
    }
    Global global = new Global(position, module, name, allowed.useOf(module, name).orElse(null));
    if (global.use() == null && allowed.mayBeClass(module, name)) {
      unknown.add(global);
    } else {
      report(global, global.use() != null);
    }
    pushNew(global);
  }

  private void report(Global global, boolean isAllowed) {
    report.add(global.module(), global.name(), isAllowed);
  }

  private void reportUnknown(Global global) {
    if (global.isRefused()) {
      report(global, false);
    } else {
      report.addUnlisted(global.module(), global.name());
    }
  }

  /** Allows the one reference to a name that a tuple is. */
  private void allowNaming(Sequence tuple, PickleNode named) {
    if (named instanceof Global global && global.use() == null && naming.add(tuple)) {
      global.allowReference();
    }
  }

  /** Of what is refused the reader follows no rules: the pickle is refused at its end. */
  private boolean isRefused(PickleNode node) {
    if (node instanceof Call call && call.callee().use() == null) {
      report(call.callee(), false);
    }
    return node instanceof Call && isRefused();
  }

  private boolean isRefused() {
    return refusal != null || report.hasRefused();
  }

  private void call(PickleNode callee, Sequence arguments) throws ModelFormatException {
    Global global = callee(callee);
    if (global.use() == null) {
      report(global, false);
    } else {
      int named = allowed.namedArgument(global);
      if (named >= 0 && named < arguments.items().size()) {
        allowNaming(arguments, arguments.items().get(named));
      }
    }
    if (global.use() == Use.CLASS) {
      throw malformed("call", "a function, or a class that may be called", global.describe());
    }
    if (global.use() == Use.DICT) {
      pushNew(dictOf(arguments));
    } else if (global.use() == Use.SET) {
      pushSequence(Sequence.Kind.SET, onlySequence(global, arguments));
    } else {
      pushNew(new Call(position, global, arguments));
    }
  }

  private void make(PickleNode type, Sequence arguments) throws ModelFormatException {
    Global global = callee(type);
    if (global.use() == Use.DICT) {
      pushNew(dictOf(arguments));
    } else if (global.use() == Use.CLASS && !arguments.items().isEmpty()) {
      throw malformed("arguments of " + global.describe(), "none", arguments.describe());
    } else {
      if (global.use() == null && !arguments.items().isEmpty()) {
        report(global, false);
      }
      pushNew(new Call(position, global, arguments));
    }
  }

  private Global callee(PickleNode node) throws ModelFormatException {
    if (node instanceof Global global && global.use() != Use.NAME) {
      return global;
    }
    if (isRefused(node)) {
      return ((Call) node).callee();
    }
    throw malformed("call", "a function or class that may be called", node.describe());
  }

  private Dict dictOf(Sequence arguments) throws ModelFormatException {
    Dict dict = new Dict(position, true);
    if (arguments.items().isEmpty()) {
      return dict;
    }
    PickleNode only = arguments.items().get(0);
    if (arguments.items().size() == 1 && only instanceof Dict other) {
      for (Dict.Entry entry : other.entries()) {
        put(dict, entry.key(), entry.value());
      }
      return dict;
    }
    if (arguments.items().size() == 1 && only instanceof Sequence pairs) {
      for (PickleNode pair : pairs.items()) {
        if (!(pair instanceof Sequence keyAndValue) || keyAndValue.items().size() != 2) {
          throw malformed("arguments", "pairs of key and value", pair.describe());
        }
        put(dict, keyAndValue.items().get(0), keyAndValue.items().get(1));
      }
      return dict;
    }
    throw malformed("arguments", "none, a dict, or pairs", arguments.describe());
  }

  private List<PickleNode> onlySequence(Global callee, Sequence arguments)
      throws ModelFormatException {
    if (arguments.items().size() == 1 && arguments.items().get(0) instanceof Sequence items) {
      count(items.items().size());
      return items.items();
    }
    throw malformed("arguments of " + callee.describe(), "a sequence", arguments.describe());
  }

  private void build() throws ModelFormatException {
    PickleNode state = pop();
    PickleNode target = top();
    if (target instanceof Call call) {
      if (call.callee().use() == null) {
        allowObject(call, state);
      }
      call.setState(state);
    } else if (!(target instanceof Dict dict && dict.takesState())) {
      throw malformed("BUILD", "an object that has state", target.describe());
    }
  }

  private void allowObject(Call object, PickleNode state) {
    boolean isFirst = object.state() == Scalar.NONE;
    if (isFirst && object.arguments().items().isEmpty() && allowed.allowsState(state)) {
      object.callee().allowReference();
    } else {
      report(object.callee(), false);
    }
  }

  // --- Bytes ---

  private String line() throws IOException, ModelFormatException {
    for (int length = 0; length < line.length; length++) {
      int next = unsignedByte();
      if (next == '\n') {
        budget.addBytes(length, position);
        return new String(line, 0, length, StandardCharsets.UTF_8);
      }
      line[length] = (byte) next;
    }
    throw malformed("global", "a line of up to %d bytes".formatted(GLOBAL_BYTES_MAX), "more");
  }

  private int unsignedByte() throws IOException, ModelFormatException {
    requireBytes(1);
    return cursor.readUnsignedByte();
  }

  private long unsignedInt() throws IOException, ModelFormatException {
    requireBytes(Integer.BYTES);
    long value = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      value |= (long) cursor.readUnsignedByte() << shift;
    }
    return value;
  }

  private long int64() throws IOException, ModelFormatException {
    requireBytes(Long.BYTES);
    return cursor.readLongLittleEndian();
  }

  /** Reads bytes whose number was checked. */
  private byte[] bytes(int length) throws IOException {
    byte[] bytes = new byte[length];
    cursor.readFully(bytes, 0, length);
    return bytes;
  }

  private void skip(long length) throws ModelFormatException {
    requireBytes(length);
    cursor.seek(cursor.position() + length);
  }

  private void requireBytes(long count) throws ModelFormatException {
    if (count > limit - cursor.position()) {
      throw limit < end
          ? tooLarge("bytes of the pickle", budget.limits().headerBytesMax())
          : malformed("pickle", "a STOP before byte " + end, "none");
    }
  }

  private ModelFormatException malformed(String field, String expected, String found) {
    return ModelFormatException.malformed(input, position, field, expected, found);
  }

  private ModelFormatException tooLarge(String what, long most) {
    return ModelFormatException.tooLarge(input, position, what, "up to " + most, "more");
  }
}
