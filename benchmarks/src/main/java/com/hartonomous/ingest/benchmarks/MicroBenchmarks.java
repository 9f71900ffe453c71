package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.ChunkReference;
import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What is done once an atom, and once a file of many tensors. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MicroBenchmarks {

  private static final int TENSORS = 20_000;
  private static final int TENSOR_BYTES = 300_000;
  private static final int CHUNK_SIZE = 64 << 10;

  private final String key = "{\"TenantId\":17,\"DocumentId\":\"6f9619ff-8b86-d011-b42d\"}";
  private final DataOutputSerializer output = new DataOutputSerializer(1024);
  private final DataInputDeserializer input = new DataInputDeserializer();
  private ModelLayout layout;
  private ChunkPlan plan;
  private AtomReference reference;
  private TypeSerializer<AtomReference> serializer;
  private byte[] serialized;

  /** Makes the inputs. */
  @Setup
  public void prepare() throws IOException {
    List<TensorEntry> tensors = new ArrayList<>();
    for (int i = 0; i < TENSORS; i++) {
      tensors.add(
          new TensorEntry(
              "layer.%d.weight".formatted(i),
              null,
              "F32",
              "tensor/float32",
              List.of((long) TENSOR_BYTES / Float.BYTES),
              new TensorStorage.Range((long) i * TENSOR_BYTES, TENSOR_BYTES)));
    }
    layout = new ModelLayout("generated", "{}", tensors, List.of(), (long) TENSORS * TENSOR_BYTES);
    plan = ChunkPlan.of(layout, CHUNK_SIZE);
    reference =
        AtomReference.ofChunk(
            Sha256.ofText(key),
            "tensor/float32",
            new FileRange("file:/data/models/model.safetensors", 1L << 33, 1L << 40, 1 << 20, 7),
            new ChunkReference(1, 2, 3, 1 << 20, 7));
    serializer =
        TypeInformation.of(AtomReference.class).createSerializer(new SerializerConfigImpl());
    output.clear();
    serializer.serialize(reference, output);
    serialized = output.getCopyOfBuffer();
  }

  /** Cuts a file of 20,000 tensors. */
  @Benchmark
  public ChunkPlan chunkPlan() {
    return ChunkPlan.of(layout, CHUNK_SIZE);
  }

  /** Walks its 100,000 chunks. */
  @Benchmark
  public long chunks() {
    long bytes = 0;
    for (Iterator<ChunkPlan.Chunk> chunks = plan.chunksFrom(0); chunks.hasNext(); ) {
      bytes += chunks.next().length();
    }
    return bytes;
  }

  /** Names a row by its key. */
  @Benchmark
  public Sha256 rowKey() {
    return Sha256.ofText(key);
  }

  /** Writes a reference for the network. */
  @Benchmark
  public int serializeReference() throws IOException {
    output.clear();
    serializer.serialize(reference, output);
    return output.length();
  }

  /** Reads it there. */
  @Benchmark
  public AtomReference deserializeReference() throws IOException {
    input.setBuffer(serialized);
    return serializer.deserialize(input);
  }
}
