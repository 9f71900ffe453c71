package com.hartonomous.ingest.sink.graph;

import java.util.HashMap;
import java.util.Map;

/**
 * A node or relationship that a model is to have.
 *
 * @param key its place among the model's elements of the same kind
 * @param properties integers are {@link Long}
 * @param atom the node that a relationship ends in; null for a node
 */
record GraphElement(Key key, Map<String, Object> properties, AtomNode atom) {

  /** Orders the elements of one kind; {@code minor} is 0 where one number is enough. */
  record Key(long major, long minor) {
    static final Key BEFORE_ALL = new Key(Long.MIN_VALUE, Long.MIN_VALUE);
    static final Key AFTER_ALL = new Key(Long.MAX_VALUE, Long.MAX_VALUE);
  }

  static GraphElement node(long major, Map<String, Object> properties) {
    return new GraphElement(new Key(major, 0), properties, null);
  }

  /** The lower-case hexadecimal name of the atom, or null for a node. */
  String hash() {
    return atom == null ? null : atom.hash().toHex();
  }

  Map<String, Object> toParameter() {
    Map<String, Object> parameter = new HashMap<>();
    parameter.put("major", key.major());
    parameter.put("minor", key.minor());
    parameter.put("properties", properties);
    parameter.put("hash", hash());
    return parameter;
  }
}
