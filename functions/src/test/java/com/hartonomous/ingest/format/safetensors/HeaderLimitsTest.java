package com.hartonomous.ingest.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelReader;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Headers of very many tensors, read in processes of a small heap. */
class HeaderLimitsTest {
  private static final int TIMEOUT_SECONDS = 120;

  @TempDir Path folder;

  /** Reads the file that its argument names. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    ModelReader reader =
        new ModelReader(ModelFormats.installed(), LayoutLimits.DEFAULT, FolderLimits.DEFAULT);
    try (LocalFileInput input = LocalFileInput.open(file)) {
      System.out.println(reader.readFile(input, "model.safetensors").tensorCount() + " tensors");
    } catch (ModelFormatException e) {
      System.out.println(e.getMessage());
    }
  }

  @Test
  void twentyThousandTensorsTakeAFewMebibytes() throws Exception {
    assertThat(readWithHeap("32m", 20_000)).contains("20000 tensors");
  }

  @Test
  void theLimitIsReadInAQuarterOfAGibibyte() throws Exception {
    int limit = LayoutLimits.DEFAULT.tensorsMax();
    assertThat(limit).isEqualTo(500_000);
    assertThat(readWithHeap("256m", limit)).contains("500000 tensors");
  }

  @Test
  void oneBeyondTheLimitAndAMillionAreRefused() throws Exception {
    String refusal = "tensors: expected up to 500000, found more";
    assertThat(readWithHeap("256m", 500_001)).contains("too large at byte", refusal);
    assertThat(readWithHeap("256m", 1_000_000)).contains("too large at byte", refusal);
  }

  private String readWithHeap(String heap, int tensors) throws Exception {
    Path file = folder.resolve(tensors + ".safetensors");
    write(file, tensors);
    Path output = folder.resolve(tensors + ".txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                HeaderLimitsTest.class.getName(),
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output);
  }

  private static void write(Path file, int tensors) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < tensors; i++) {
      header
          .append(i == 0 ? "" : ",")
          .append("\"model.layers.")
          .append(i)
          .append("\":{\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[")
          .append(i)
          .append(',')
          .append(i + 1)
          .append("]}");
    }
    byte[] json = header.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write(
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .array());
      out.write(json);
      out.write(new byte[tensors]);
    }
  }
}
