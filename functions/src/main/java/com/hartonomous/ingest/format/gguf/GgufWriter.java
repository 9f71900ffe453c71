package com.hartonomous.ingest.format.gguf;

import com.hartonomous.ingest.format.ContentTypes;
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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Converts the tensors of a model file of another format, whose shapes have the fastest dimension
 * last, into a GGUF file of version 3, little-endian, as a stream: memory holds the header only.
 * The values stay byte for byte what they are.
 *
 * <p>A tensor whose name is empty, taken or too long is written under its path; a scalar becomes a
 * vector of one.
 */
public final class GgufWriter {
  private static final int VERSION = 3;
  private static final int ALIGNMENT_BYTES = 32;

  private GgufWriter() {}

  private record Named(byte[] name, GgufType type, TensorEntry tensor) {}

  /**
   * Writes a file.
   *
   * @param source the file that {@code layout} was read from
   * @param metadata keys and values, which are strings, written in the order of the map; {@code
   *     general.architecture} belongs there
   * @param target stays open
   * @return what GGUF cannot hold
   * @throws IOException if either file fails, or the source changed since it was listed
   */
  public static List<UnwrittenTensor> write(
      PositionedInput source, ModelLayout layout, Map<String, String> metadata, OutputStream target)
      throws IOException {
    List<UnwrittenTensor> skipped = new ArrayList<>();
    List<Named> chosen = choose(layout, skipped);
    byte[] header = header(chosen, metadata);
    target.write(header);
    pad(header.length, target);
    for (Named named : chosen) {
      TensorContent.copy(source, named.tensor(), target);
      pad(named.tensor().nbytes(), target);
    }
    return skipped;
  }

  private static List<Named> choose(ModelLayout layout, List<UnwrittenTensor> skipped) {
    TensorNames names = new TensorNames(GgufWriter::fits);
    List<Named> chosen = new ArrayList<>();
    for (TensorEntry tensor : layout.tensors()) {
      Optional<GgufType> type = ContentTypes.toGguf(tensor.contentType()).map(GgufType::valueOf);
      Optional<String> name = names.take(tensor);
      if (type.isEmpty()) {
        skipped.add(new UnwrittenTensor(tensor, "GGUF has no type for " + tensor.dtype()));
      } else if (tensor.shape().size() > GgufReader.DIMENSIONS_MAX) {
        skipped.add(new UnwrittenTensor(tensor, "it has more than 4 dimensions"));
      } else if (name.isEmpty()) {
        skipped.add(new UnwrittenTensor(tensor, "its name is empty, taken or too long"));
      } else {
        chosen.add(new Named(utf8(name.get()), type.get(), tensor));
      }
    }
    return chosen;
  }

  private static boolean fits(String name) {
    return name.indexOf('\0') < 0 && utf8(name).length <= GgufReader.NAME_BYTES_MAX;
  }

  private static byte[] header(List<Named> chosen, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.write(utf8(GgufFormat.MAGIC));
    writeInt(VERSION, header);
    writeLong(chosen.size(), header);
    writeLong(metadata.size(), header);
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      writeString(utf8(entry.getKey()), header);
      writeInt(GgufValueType.STRING.ordinal(), header);
      writeString(utf8(entry.getValue()), header);
    }
    long offset = 0;
    for (Named named : chosen) {
      writeString(named.name(), header);
      List<Long> shape = named.tensor().shape();
      writeInt(Math.max(1, shape.size()), header);
      for (int i = shape.size() - 1; i >= 0; i--) {
        writeLong(shape.get(i), header);
      }
      if (shape.isEmpty()) {
        writeLong(1, header);
      }
      writeInt((int) named.type().id(), header);
      writeLong(offset, header);
      offset = Math.addExact(offset, named.tensor().nbytes());
      offset = Math.addExact(offset, padding(offset));
    }
    return header.toByteArray();
  }

  private static long padding(long length) {
    return -length & (ALIGNMENT_BYTES - 1);
  }

  private static void pad(long length, OutputStream target) throws IOException {
    target.write(new byte[(int) padding(length)]);
  }

  private static void writeString(byte[] bytes, OutputStream target) throws IOException {
    writeLong(bytes.length, target);
    target.write(bytes);
  }

  private static void writeInt(int value, OutputStream target) throws IOException {
    target.write(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private static void writeLong(long value, OutputStream target) throws IOException {
    target.write(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
