package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of a model of many gigabytes only the header is read, however many tensors it has. */
class LargeFileHeaderTest {

  private static final long VALUES_BYTES = 6L << 30;
  private static final long BYTES_READ_MAX = 16L << 20;

  @ParameterizedTest
  @ValueSource(ints = {1, 96, 20_000})
  void theValuesAreNotRead(int tensors) throws Exception {
    byte[] header = header(tensors);
    MemoryInput input =
        new MemoryInput("large.safetensors", header.length + VALUES_BYTES, Map.of(0L, header));

    ModelContents model =
        new ModelReader(ModelFormats.installed(), LayoutLimits.DEFAULT, FolderLimits.DEFAULT)
            .readFile(input, "large.safetensors");

    assertThat(model.weights()).hasSize(1);
    assertThat(model.weights().get(0).layout().tensors()).hasSize(tensors);
    assertThat(input.bytesRead())
        .isBetween((long) header.length, Math.min(BYTES_READ_MAX, 2L * header.length + 65_536));
  }

  private static byte[] header(int tensors) {
    StringBuilder json = new StringBuilder("{");
    for (int i = 0; i < tensors; i++) {
      long begin = VALUES_BYTES / 4 * i / tensors * 4;
      long end = VALUES_BYTES / 4 * (i + 1) / tensors * 4;
      json.append(i == 0 ? "" : ",")
          .append(
              "\"layer.%d.weight\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}"
                  .formatted(i, (end - begin) / 4, begin, end));
    }
    byte[] text = json.append('}').toString().getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocate(Long.BYTES + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }
}
