package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.ShardedFormat;

/** PyTorch checkpoints in shards, by an index named {@code *.bin.index.json}. */
public final class ShardedPyTorchFormat extends ShardedFormat {

  public ShardedPyTorchFormat() {
    super("pytorch-sharded", ".bin", new PyTorchFormat());
  }
}
