package com.hartonomous.ingest.local;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.safetensors.SafeTensorsWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The demo's model files: two ONNX models out of jars on the class path, and the weights of the
 * first once more as SafeTensors.
 */
final class DemoModels {

  private static final String ONNX = "all-minilm-l6-v2.onnx";
  private static final String QUANTIZED_ONNX = "all-minilm-l6-v2-q.onnx";
  private static final String SAFETENSORS = "all-minilm-l6-v2.safetensors";
  private static final int BUFFER_BYTES = 1 << 20;

  private DemoModels() {}

  /** Writes the files into the directory and returns their paths. */
  static List<Path> write(Path directory) throws IOException {
    Path onnx = copy(ONNX, directory);
    Path quantized = copy(QUANTIZED_ONNX, directory);
    return List.of(onnx, quantized, convert(onnx, directory.resolve(SAFETENSORS)));
  }

  private static Path copy(String resource, Path directory) throws IOException {
    Path target = directory.resolve(resource);
    try (InputStream stream = DemoModels.class.getResourceAsStream("/" + resource)) {
      if (stream == null) {
        throw new IOException("There is no " + resource + " on the class path.");
      }
      Files.copy(stream, target);
    }
    return target;
  }

  private static Path convert(Path onnx, Path target) throws IOException {
    try (LocalFileInput input = LocalFileInput.open(onnx);
        OutputStream output =
            new BufferedOutputStream(Files.newOutputStream(target), BUFFER_BYTES)) {
      ModelLayout layout = ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
      SafeTensorsWriter.write(input, layout, Map.of("converted_from", ONNX), output);
      return target;
    } catch (ModelFormatException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
