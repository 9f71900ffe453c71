package com.hartonomous.ingest.format.safetensors;

import com.hartonomous.ingest.format.ShardedFormat;

/** SafeTensors in shards, by an index named {@code *.safetensors.index.json}. */
public final class ShardedSafeTensorsFormat extends ShardedFormat {

  public ShardedSafeTensorsFormat() {
    super("safetensors-sharded", ".safetensors", new SafeTensorsFormat());
  }
}
