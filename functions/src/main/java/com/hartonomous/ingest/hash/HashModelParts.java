package com.hartonomous.ingest.hash;

import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.ChunkReference;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.ModelPart;
import com.hartonomous.ingest.record.NodeReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.runtime.UnusableFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Reads each chunk where its descriptor was made (chained to the source), hashes it, and sends on
 * only its name and where it is. Memory does not depend on the size of a chunk.
 *
 * <p>A file that changed, shrank or vanished becomes a dead letter that fails its model; the job
 * goes on. A file system that does not answer fails the job, which restarts: not the file's fault.
 */
public final class HashModelParts extends ProcessFunction<ModelPart, AtomReference> {

  private static final long serialVersionUID = 1L;

  /** Metric: bytes of model files that this subtask has hashed. */
  public static final String BYTES_READ = "modelBytesRead";

  private final OutputTag<DeadLetter> deadLetters;
  private transient FileRangeReader reader;
  private transient Counter bytesRead;

  public HashModelParts(OutputTag<DeadLetter> deadLetters) {
    this.deadLetters = deadLetters;
  }

  @Override
  public void open(OpenContext context) {
    reader = new FileRangeReader();
    bytesRead = getRuntimeContext().getMetricGroup().counter(BYTES_READ);
  }

  @Override
  public void processElement(ModelPart part, Context context, Collector<AtomReference> out)
      throws IOException, InterruptedException {
    if (!part.isChunk()) {
      out.collect(node(part));
      return;
    }
    FileRange range = part.range();
    Sha256 hash;
    try {
      hash = reader.hash(range);
    } catch (UnusableFileException e) {
      context.output(
          deadLetters,
          new DeadLetter(
              range.uri(),
              "offset " + range.offset(),
              "FILE_UNREADABLE",
              e.getMessage(),
              range.uri(),
              part.modelId()));
      return;
    }
    bytesRead.inc(range.length());
    out.collect(
        AtomReference.ofChunk(
            hash,
            part.contentType(),
            range,
            new ChunkReference(
                part.modelId(), part.modelFileId(), part.index(), range.offset(), range.length())));
  }

  private static AtomReference node(ModelPart part) {
    byte[] bytes = part.nodeText().getBytes(StandardCharsets.UTF_16LE);
    return AtomReference.ofNode(
        Sha256.of(bytes),
        part.contentType(),
        bytes,
        new NodeReference(part.modelId(), Math.toIntExact(part.index()), part.nodePath()));
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
    }
  }
}
