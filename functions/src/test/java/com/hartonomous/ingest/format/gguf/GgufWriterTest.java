package com.hartonomous.ingest.format.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.UnwrittenTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class GgufWriterTest {

  @Test
  void whatGgufHasATypeForIsWritten() throws Exception {
    MemoryInput source = new MemoryInput("types.safetensors", Fixtures.bytes("types.safetensors"));
    ModelLayout layout = Fixtures.read(source);
    ByteArrayOutputStream file = new ByteArrayOutputStream();

    List<UnwrittenTensor> skipped =
        GgufWriter.write(source, layout, Map.of("general.architecture", "test"), file);

    assertThat(skipped)
        .extracting(entry -> entry.tensor().dtype())
        .containsExactlyInAnyOrder("BOOL", "U8", "U16", "U32", "U64", "U8");
    MemoryInput written = new MemoryInput("written.gguf", file.toByteArray());
    ModelLayout read = Fixtures.read(written);
    assertThat(read.formatName()).isEqualTo("gguf");
    assertThat(new JsonMapper().readTree(read.metadataJson()).get("key_values").toString())
        .isEqualTo("{\"general.architecture\":\"test\"}");
    List<TensorEntry> expected =
        layout.tensors().stream()
            .filter(tensor -> skipped.stream().noneMatch(entry -> entry.tensor() == tensor))
            .toList();
    assertThat(read.tensors()).hasSameSizeAs(expected).hasSize(9);
    for (int i = 0; i < expected.size(); i++) {
      TensorEntry before = expected.get(i);
      TensorEntry after = read.tensors().get(i);
      assertThat(after.name()).isEqualTo(before.name());
      assertThat(after.contentType()).isEqualTo(before.contentType());
      assertThat(after.shape())
          .isEqualTo(before.shape().isEmpty() ? List.of(1L) : reversed(before.shape()));
      assertThat(content(written, after)).isEqualTo(content(source, before));
      assertThat(after.storage().range().orElseThrow().offset() % 32).isZero();
    }
  }

  @Test
  void namesThatDoNotFitGiveWayToPaths() throws Exception {
    String longName = "n".repeat(64);
    ModelLayout layout =
        new ModelLayout(
            "test",
            "{}",
            List.of(
                tensor("", "first/path"),
                tensor(longName, "second/path"),
                tensor("name", "third/path"),
                tensor("name", "fourth/path"),
                tensor(longName, null),
                tensor("five", null, 1, 1, 1, 1, 1)),
            List.of(),
            1);
    MemoryInput source = new MemoryInput("source", new byte[1]);
    ByteArrayOutputStream file = new ByteArrayOutputStream();

    List<UnwrittenTensor> skipped = GgufWriter.write(source, layout, Map.of(), file);

    assertThat(skipped)
        .extracting(UnwrittenTensor::reason)
        .containsExactly("its name is empty, taken or too long", "it has more than 4 dimensions");
    assertThat(Fixtures.read(new MemoryInput("written.gguf", file.toByteArray())).tensors())
        .extracting(TensorEntry::name)
        .containsExactly("first/path", "second/path", "name", "fourth/path");
  }

  private static TensorEntry tensor(String name, String path, long... shape) {
    return new TensorEntry(
        name,
        path,
        "I8",
        "tensor/int8",
        LongStream.of(shape).boxed().toList(),
        new TensorStorage.Range(0, 1));
  }

  private static List<Long> reversed(List<Long> shape) {
    List<Long> reversed = new ArrayList<>(shape);
    Collections.reverse(reversed);
    return reversed;
  }

  private static byte[] content(MemoryInput input, TensorEntry tensor) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    TensorContent.copy(input, tensor, content);
    return content.toByteArray();
  }
}
