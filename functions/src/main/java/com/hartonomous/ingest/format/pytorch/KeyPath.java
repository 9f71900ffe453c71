package com.hartonomous.ingest.format.pytorch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.pickle.PickleNode;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;

/**
 * The keys that lead from the object of a pickle to something in it; null is the object itself.
 *
 * @param parent all keys but the last; null if there are none
 * @param key a text, a number, a truth value; the description of any other key
 */
record KeyPath(KeyPath parent, Object key) {
  private static final JsonMapper MAPPER = new JsonMapper();

  static KeyPath ofKey(KeyPath parent, PickleNode key) {
    boolean plain =
        key instanceof PickleNode.Scalar scalar
            && (scalar.value() instanceof String
                || scalar.value() instanceof Long
                || scalar.value() instanceof BigInteger
                || scalar.value() instanceof Double
                || scalar.value() instanceof Boolean);
    return new KeyPath(parent, plain ? ((PickleNode.Scalar) key).value() : key.describe());
  }

  /** Characters of all keys together; those of a number are not counted. */
  static long length(KeyPath path) {
    long length = 0;
    for (KeyPath step = path; step != null; step = step.parent()) {
      length += step.key() instanceof String text ? text.length() : 0;
    }
    return length;
  }

  /** The keys joined by dots, as Python writes them. */
  static String name(KeyPath path) {
    return keys(path).stream().map(KeyPath::inPython).collect(Collectors.joining("."));
  }

  /** The keys as a JSON array. */
  static String json(KeyPath path) {
    try {
      return MAPPER.writeValueAsString(keys(path));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("texts and numbers always have a JSON form", e);
    }
  }

  private static String inPython(Object key) {
    if (key instanceof Boolean truth) {
      return truth ? "True" : "False";
    }
    return key.toString();
  }

  private static Deque<Object> keys(KeyPath path) {
    Deque<Object> keys = new ArrayDeque<>();
    for (KeyPath step = path; step != null; step = step.parent()) {
      keys.addFirst(step.key());
    }
    return keys;
  }
}
