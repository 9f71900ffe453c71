package com.hartonomous.ingest.format;

import java.util.Objects;

/** A tensor that was left out when a model was written in another format, and why. */
public record UnwrittenTensor(TensorEntry tensor, String reason) {
  public UnwrittenTensor {
    Objects.requireNonNull(tensor, "tensor");
    Objects.requireNonNull(reason, "reason");
  }
}
