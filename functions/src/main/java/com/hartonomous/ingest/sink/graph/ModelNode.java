package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.Sha256;
import java.util.HashMap;
import java.util.Map;

/**
 * A row of {@code dbo.Models} as the graph shows it.
 *
 * @param format of the model's first file; null while the file was not read yet
 * @param digest null unless the model is complete
 */
record ModelNode(
    int modelId, int tenantId, String name, String state, String format, Sha256 digest) {

  /** Only a complete model shows what it consists of. */
  boolean isComplete() {
    return state.equals("COMPLETE");
  }

  /** Properties by name; null where the node is to have none. */
  Map<String, Object> properties() {
    Map<String, Object> properties = new HashMap<>();
    properties.put("tenantId", (long) tenantId);
    properties.put("name", name);
    properties.put("state", state);
    properties.put("format", format);
    properties.put("digest", digest == null ? null : digest.toHex());
    return properties;
  }
}
