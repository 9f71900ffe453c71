package com.hartonomous.ingest.local;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.gguf.GgufWriter;
import com.hartonomous.ingest.format.pytorch.PyTorchWriter;
import com.hartonomous.ingest.format.safetensors.SafeTensorsWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * The demo's model files: two ONNX models out of jars on the class path, and the weights of the
 * first once more as SafeTensors, as GGUF and as PyTorch's state dict.
 */
final class DemoModels {

  private static final String ONNX = "all-minilm-l6-v2.onnx";
  private static final String QUANTIZED_ONNX = "all-minilm-l6-v2-q.onnx";
  private static final String SAFETENSORS = "all-minilm-l6-v2.safetensors";
  private static final String GGUF = "all-minilm-l6-v2.gguf";
  private static final String PYTORCH = "all-minilm-l6-v2.pt";
  private static final int BUFFER_BYTES = 1 << 20;

  private DemoModels() {}

  /**
   * Sees to it that the files are in the directory, and returns their paths. A file that is there
   * and right is left as it is, with its time, by which the ingest job knows it again.
   */
  static List<Path> write(Path directory) throws IOException {
    Path onnx = directory.resolve(ONNX);
    copy(ONNX, onnx);
    Path quantized = directory.resolve(QUANTIZED_ONNX);
    copy(QUANTIZED_ONNX, quantized);
    Path safeTensors = directory.resolve(SAFETENSORS);
    convert(
        onnx,
        safeTensors,
        (source, layout, output) ->
            SafeTensorsWriter.write(source, layout, Map.of("converted_from", ONNX), output));
    Path gguf = directory.resolve(GGUF);
    convert(
        onnx,
        gguf,
        (source, layout, output) ->
            GgufWriter.write(source, layout, Map.of("general.architecture", "bert"), output));
    Path pyTorch = directory.resolve(PYTORCH);
    convert(onnx, pyTorch, PyTorchWriter::write);
    return List.of(onnx, quantized, safeTensors, gguf, pyTorch);
  }

  /** Writes the tensors of a model in another format. */
  @FunctionalInterface
  private interface Conversion {
    void write(PositionedInput source, ModelLayout layout, OutputStream output) throws IOException;
  }

  /** Writes a file's whole content. */
  @FunctionalInterface
  private interface Content {
    void writeTo(OutputStream output) throws IOException;
  }

  private static void copy(String resource, Path target) throws IOException {
    try (InputStream stream = DemoModels.class.getResourceAsStream("/" + resource)) {
      if (stream == null) {
        throw new IOException("There is no " + resource + " on the class path.");
      }
      put(target, stream::transferTo);
    }
  }

  private static void convert(Path onnx, Path target, Conversion conversion) throws IOException {
    try (LocalFileInput input = LocalFileInput.open(onnx)) {
      ModelLayout layout = ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
      put(target, output -> conversion.write(input, layout, output));
    } catch (ModelFormatException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** The file appears as a whole or not at all: this process may be killed at any time. */
  private static void put(Path target, Content content) throws IOException {
    Path part = target.resolveSibling(target.getFileName() + ".part");
    try (OutputStream output =
        new BufferedOutputStream(Files.newOutputStream(part), BUFFER_BYTES)) {
      content.writeTo(output);
    }
    if (Files.exists(target) && Files.mismatch(part, target) == -1) {
      Files.delete(part);
    } else {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
