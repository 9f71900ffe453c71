package com.hartonomous.ingest.sink.graph;

import com.hartonomous.ingest.record.Sha256;
import java.util.Map;

/** A row of {@code dbo.Atoms} as the graph shows it. */
record AtomNode(Sha256 hash, String contentType, long byteLength) {

  Map<String, Object> toParameter() {
    return Map.of("hash", hash.toHex(), "contentType", contentType, "byteLength", byteLength);
  }
}
