package com.hartonomous.ingest.format.pickle;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A piece of what a pickle describes. Nodes may be shared and may contain themselves, so whoever
 * walks them counts his steps. They are equal only to themselves.
 */
public abstract sealed class PickleNode {
  private final long position;

  private PickleNode(long position) {
    this.position = position;
  }

  /**
   * Returns the position of the opcode that made this node, in bytes from the start of the file.
   */
  public final long position() {
    return position;
  }

  /** Returns the text that this node is; empty if it is none. */
  public final Optional<String> text() {
    return this instanceof Scalar scalar && scalar.value instanceof String text
        ? Optional.of(text)
        : Optional.empty();
  }

  /** Returns what this node is, in a few words for errors. */
  public abstract String describe();

  /** None, a truth value, a number, a text, or bytes that were not kept. */
  public static final class Scalar extends PickleNode {
    /** The one None. */
    public static final Scalar NONE = new Scalar(0, null);

    /** The one True. */
    public static final Scalar TRUE = new Scalar(0, true);

    static final Scalar FALSE = new Scalar(0, false);

    /** The value of bytes and long texts, which nobody needs. */
    static final Object NOT_KEPT = new Object();

    private final Object value;

    Scalar(long position, Object value) {
      super(position);
      this.value = value;
    }

    /**
     * Returns the value: null (None), a {@link Boolean}, {@link Long}, {@link BigInteger} (beyond
     * 64 bits), {@link Double} or {@link String}; another object for bytes.
     */
    public Object value() {
      return value;
    }

    @Override
    public String describe() {
      if (value == null) {
        return "None";
      }
      return value == NOT_KEPT ? "bytes" : value instanceof String ? "'" + value + "'" : "" + value;
    }
  }

  /** A list, tuple or set. */
  public static final class Sequence extends PickleNode {
    /** What a sequence is. */
    public enum Kind {
      /** May grow. */
      LIST,
      /** Fixed. */
      TUPLE,
      /** A set or frozenset. */
      SET
    }

    private final Kind kind;
    private List<PickleNode> items;

    Sequence(long position, Kind kind, List<PickleNode> items) {
      super(position);
      this.kind = kind;
      this.items = items;
    }

    /** Returns what it is. */
    public Kind kind() {
      return kind;
    }

    /** Returns the items in order. */
    public List<PickleNode> items() {
      return Collections.unmodifiableList(items);
    }

    void addAll(Collection<PickleNode> more) {
      if (!(items instanceof ArrayList)) {
        items = new ArrayList<>(items);
      }
      items.addAll(more);
    }

    @Override
    public String describe() {
      return "a %s of %d".formatted(kind.name().toLowerCase(Locale.ROOT), items.size());
    }
  }

  /**
   * A dict or one of its kinds: entries in the order of their first insertion; the last value wins.
   */
  public static final class Dict extends PickleNode {
    /** An entry. */
    public record Entry(PickleNode key, PickleNode value) {
      public Entry {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
      }
    }

    private final boolean takesState;
    private Map<Object, Entry> entries = Map.of();

    /**
     * @param takesState whether BUILD may give it attributes: an OrderedDict, not a plain dict
     */
    Dict(long position, boolean takesState) {
      super(position);
      this.takesState = takesState;
    }

    boolean takesState() {
      return takesState;
    }

    /** Returns the entries in order. */
    public Collection<Entry> entries() {
      return Collections.unmodifiableCollection(entries.values());
    }

    /** Returns the value of a text key. */
    public Optional<PickleNode> get(String key) {
      return Optional.ofNullable(entries.get(new Key(Key.Sort.TEXT, key))).map(Entry::value);
    }

    void put(PickleNode key, PickleNode value) {
      if (entries.isEmpty()) {
        entries = new LinkedHashMap<>();
      }
      entries.merge(
          identityOf(key), new Entry(key, value), (old, now) -> new Entry(old.key(), now.value()));
    }

    /**
     * Equal for keys that are equal in Python. Other nodes than texts and numbers are equal to
     * themselves; so is not-a-number.
     */
    private static Object identityOf(PickleNode key) {
      Object value = key instanceof Scalar scalar ? scalar.value : null;
      if (value instanceof String text) {
        return new Key(Key.Sort.TEXT, text);
      }
      if (value instanceof Boolean truth) {
        return new Key(Key.Sort.INTEGER, truth ? 1L : 0L);
      }
      if (value instanceof Long number) {
        return new Key(Key.Sort.INTEGER, number);
      }
      if (value instanceof BigInteger number) {
        return new Key(Key.Sort.LONG_INTEGER, number);
      }
      if (value instanceof Double number && !number.isNaN()) {
        return keyOf(number);
      }
      return key;
    }

    private static Key keyOf(double number) {
      if (Double.isInfinite(number) || number != Math.rint(number)) {
        return new Key(Key.Sort.FRACTION, number);
      }
      BigInteger whole = new BigDecimal(number).toBigIntegerExact();
      return whole.bitLength() < Long.SIZE
          ? new Key(Key.Sort.INTEGER, whole.longValue())
          : new Key(Key.Sort.LONG_INTEGER, whole);
    }

    /**
     * A text or number as key: one class with an order, by which a hash table finds it among many
     * of the same hash code.
     *
     * @param value of the type that belongs to the sort; of each number only one form
     */
    private record Key(Sort sort, Object value) implements Comparable<Key> {
      private enum Sort {
        TEXT,
        INTEGER,
        LONG_INTEGER,
        FRACTION
      }

      @Override
      public int hashCode() {
        return value.hashCode();
      }

      @Override
      public int compareTo(Key other) {
        if (sort != other.sort) {
          return sort.compareTo(other.sort);
        }
        return switch (sort) {
          case TEXT -> ((String) value).compareTo((String) other.value);
          case INTEGER -> ((Long) value).compareTo((Long) other.value);
          case LONG_INTEGER -> ((BigInteger) value).compareTo((BigInteger) other.value);
          case FRACTION -> ((Double) value).compareTo((Double) other.value);
        };
      }
    }

    @Override
    public String describe() {
      return "a dict of " + entries.size();
    }
  }

  /** A name of something in a Python module; only a name. */
  public static final class Global extends PickleNode {
    private final String module;
    private final String name;
    private final AllowedGlobals.Use use;

    /** Of a name that is not allowed: references to it that nothing allows. */
    private int references;

    Global(long position, String module, String name, AllowedGlobals.Use use) {
      super(position);
      this.module = module;
      this.name = name;
      this.use = use;
    }

    /** Returns the module. */
    public String module() {
      return module;
    }

    /** Returns the name in it. */
    public String name() {
      return name;
    }

    /** Returns what may be done with it; null if it is not allowed by name. */
    AllowedGlobals.Use use() {
      return use;
    }

    void refer() {
      references++;
    }

    void allowReference() {
      references--;
    }

    /** Says whether there is a reference that nothing allows. */
    boolean isRefused() {
      return use == null && references > 0;
    }

    /** Says whether it is this name of this module. */
    public boolean is(String otherModule, String otherName) {
      return module.equals(otherModule) && name.equals(otherName);
    }

    @Override
    public String describe() {
      return module + " " + name;
    }
  }

  /** What a call of a global, or an object of that class, would have been. */
  public static final class Call extends PickleNode {
    private final Global callee;
    private final Sequence arguments;
    private PickleNode state = Scalar.NONE;

    Call(long position, Global callee, Sequence arguments) {
      super(position);
      this.callee = callee;
      this.arguments = arguments;
    }

    /** Returns the function or class. */
    public Global callee() {
      return callee;
    }

    /** Returns the arguments, a tuple. */
    public Sequence arguments() {
      return arguments;
    }

    /** Returns the object's state (BUILD); None without. */
    public PickleNode state() {
      return state;
    }

    /** Returns the call of another function, from the same place, without state. */
    public Call with(Global function, Sequence otherArguments) {
      return new Call(position(), function, otherArguments);
    }

    void setState(PickleNode newState) {
      state = newState;
    }

    @Override
    public String describe() {
      return callee.describe() + "(...)";
    }
  }

  /** What the caller made of a persistent id. */
  public static final class Persistent extends PickleNode {
    private final Object value;

    /** Holds what a persistent id stands for. */
    public Persistent(long position, Object value) {
      super(position);
      this.value = Objects.requireNonNull(value, "value");
    }

    /** Returns what the id stands for. */
    public Object value() {
      return value;
    }

    @Override
    public String describe() {
      return "a persistent object";
    }
  }
}
