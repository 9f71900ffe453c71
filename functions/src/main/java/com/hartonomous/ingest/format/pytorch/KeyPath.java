package com.hartonomous.ingest.format.pytorch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.pickle.PickleNode;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The keys that lead from the object of a pickle to something in it; null is the object itself.
 *
 * @param parent all keys but the last; null if there are none
 * @param key a text, a number, a truth value; null for None; an {@link Item} for any other key
 */
record KeyPath(KeyPath parent, Object key) {
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Items of a tuple that is shown whole. */
  private static final int SHOWN_ITEMS_MAX = 8;

  /** Characters of a text among them. */
  private static final int SHOWN_CHARACTERS_MAX = 100;

  /**
   * An entry of a dict by its place, since not all of its key is kept, or JSON has no form for it.
   *
   * @param place from 0
   * @param shown the key for people; other keys may look the same
   */
  private record Item(int place, String shown) {}

  /**
   * @param place of the entry in its dict, from 0
   */
  static KeyPath ofKey(KeyPath parent, PickleNode key, int place) {
    if (key instanceof PickleNode.Scalar scalar) {
      Object value = scalar.value();
      boolean plain =
          value == null
              || value instanceof String
              || value instanceof Long
              || value instanceof BigInteger
              || value instanceof Double number && Double.isFinite(number)
              || value instanceof Boolean;
      if (plain) {
        return new KeyPath(parent, value);
      }
    }
    return new KeyPath(parent, new Item(place, shown(key)));
  }

  private static String shown(PickleNode key) {
    if (key instanceof PickleNode.Sequence tuple
        && tuple.items().size() <= SHOWN_ITEMS_MAX
        && tuple.items().stream().allMatch(KeyPath::isShort)) {
      String items =
          tuple.items().stream().map(PickleNode::describe).collect(Collectors.joining(", "));
      return "(" + items + (tuple.items().size() == 1 ? ",)" : ")");
    }
    return key.describe();
  }

  private static boolean isShort(PickleNode item) {
    return item.text().map(text -> text.length() <= SHOWN_CHARACTERS_MAX).orElse(true);
  }

  /** Characters of the texts among the keys; those of other keys are few. */
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

  /**
   * The keys as a JSON array; in place of a key that is no text, number, truth value or None an
   * object with the place of its entry, so that no two entries of a dict have one form.
   */
  static String json(KeyPath path) {
    try {
      return MAPPER.writeValueAsString(keys(path).stream().map(KeyPath::inJson).toList());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("texts and numbers always have a JSON form", e);
    }
  }

  private static Object inJson(Object key) {
    return key instanceof Item item ? Map.of("item", item.place()) : key;
  }

  private static String inPython(Object key) {
    if (key instanceof Boolean truth) {
      return truth ? "True" : "False";
    }
    if (key instanceof Item item) {
      return item.shown();
    }
    return key == null ? "None" : key.toString();
  }

  private static List<Object> keys(KeyPath path) {
    List<Object> keys = new ArrayList<>();
    for (KeyPath step = path; step != null; step = step.parent()) {
      keys.add(step.key());
    }
    Collections.reverse(keys);
    return keys;
  }
}
