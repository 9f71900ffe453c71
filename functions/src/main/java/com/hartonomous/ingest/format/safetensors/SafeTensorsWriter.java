package com.hartonomous.ingest.format.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorNames;
import com.hartonomous.ingest.format.UnwrittenTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Converts the tensors of a model file of any format into a SafeTensors file, as a stream: memory
 * holds the header only. The values stay byte for byte what they are.
 *
 * <p>A tensor whose name is empty, taken or reserved is written under its path. The wider element
 * types come first, and the header is padded, so that every value is aligned to its size.
 */
public final class SafeTensorsWriter {
  private static final int ALIGNMENT_BYTES = 8;

  private SafeTensorsWriter() {}

  /**
   * What was written.
   *
   * @param tensorCount tensors in the file
   * @param bytes length of the file
   * @param skipped what SafeTensors cannot hold
   */
  public record Result(int tensorCount, long bytes, List<UnwrittenTensor> skipped) {
    public Result {
      skipped = List.copyOf(skipped);
    }
  }

  private record Named(String name, SafeTensorsDtype dtype, TensorEntry tensor) {}

  /**
   * Writes a file.
   *
   * @param source the file that {@code layout} was read from
   * @param metadata for {@code __metadata__}, which is left out if this is empty
   * @param target stays open
   * @throws IllegalArgumentException if the header would be longer than readers accept
   * @throws IOException if either file fails, or the source changed since it was listed
   */
  public static Result write(
      PositionedInput source, ModelLayout layout, Map<String, String> metadata, OutputStream target)
      throws IOException {
    List<UnwrittenTensor> skipped = new ArrayList<>();
    List<Named> chosen = choose(layout, skipped);
    byte[] header = header(chosen, metadata);
    target.write(
        ByteBuffer.allocate(SafeTensorsFormat.LENGTH_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .array());
    target.write(header);
    long bytes = SafeTensorsFormat.LENGTH_BYTES + (long) header.length;
    for (Named named : chosen) {
      TensorContent.copy(source, named.tensor(), target);
      bytes += named.tensor().nbytes();
    }
    return new Result(chosen.size(), bytes, skipped);
  }

  private static List<Named> choose(ModelLayout layout, List<UnwrittenTensor> skipped) {
    TensorNames names = new TensorNames(name -> !name.equals(SafeTensorsHeader.METADATA));
    List<Named> chosen = new ArrayList<>();
    for (TensorEntry tensor : layout.tensors()) {
      Optional<SafeTensorsDtype> dtype =
          ContentTypes.toSafeTensors(tensor.contentType()).flatMap(SafeTensorsDtype::of);
      if (dtype.isEmpty()) {
        skipped.add(new UnwrittenTensor(tensor, "SafeTensors has no type for " + tensor.dtype()));
      } else if (!fits(tensor, dtype.get())) {
        skipped.add(new UnwrittenTensor(tensor, "its values do not fill whole bytes, or overflow"));
      } else {
        Optional<String> name = names.take(tensor);
        if (name.isPresent()) {
          chosen.add(new Named(name.get(), dtype.get(), tensor));
        } else {
          skipped.add(new UnwrittenTensor(tensor, "its name is taken or reserved"));
        }
      }
    }
    chosen.sort(Comparator.comparingInt((Named named) -> named.dtype().bits()).reversed());
    return chosen;
  }

  /** Readers multiply the dimensions in their order, whether or not a later one is 0. */
  private static boolean fits(TensorEntry tensor, SafeTensorsDtype dtype) {
    long bits = dtype.bits();
    for (long dimension : tensor.shape()) {
      if (dimension != 0 && bits > Long.MAX_VALUE / dimension) {
        return false;
      }
      bits *= dimension;
    }
    return bits % Byte.SIZE == 0 && bits / Byte.SIZE == tensor.nbytes();
  }

  private static byte[] header(List<Named> chosen, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(header)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafeTensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long offset = 0;
      for (Named named : chosen) {
        json.writeObjectFieldStart(named.name());
        json.writeStringField("dtype", named.dtype().name());
        json.writeArrayFieldStart("shape");
        for (long dimension : named.tensor().shape()) {
          json.writeNumber(dimension);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(offset);
        offset = Math.addExact(offset, named.tensor().nbytes());
        json.writeNumber(offset);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    while (header.size() % ALIGNMENT_BYTES != 0) {
      header.write(' ');
    }
    if (header.size() > LayoutLimits.DEFAULT.headerBytesMax()) {
      throw new IllegalArgumentException(
          "SafeTensors header: expected up to %d bytes, found %d"
              .formatted(LayoutLimits.DEFAULT.headerBytesMax(), header.size()));
    }
    return header.toByteArray();
  }
}
