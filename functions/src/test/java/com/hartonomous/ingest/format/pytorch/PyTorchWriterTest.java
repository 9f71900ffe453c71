package com.hartonomous.ingest.format.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.UnwrittenTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PyTorchWriterTest {

  @Test
  void whatHasAStorageClassIsWrittenByteForByte(@TempDir Path directory) throws Exception {
    MemoryInput source = new MemoryInput("types.safetensors", Fixtures.bytes("types.safetensors"));
    ModelLayout layout = Fixtures.read(source);
    ByteArrayOutputStream file = new ByteArrayOutputStream();

    List<UnwrittenTensor> skipped = PyTorchWriter.write(source, layout, file);

    MemoryInput written = new MemoryInput("written.pt", file.toByteArray());
    ModelLayout read = Fixtures.read(written);
    assertThat(read.formatName()).isEqualTo("pytorch");
    List<TensorEntry> expected =
        layout.tensors().stream()
            .filter(tensor -> skipped.stream().noneMatch(entry -> entry.tensor() == tensor))
            .toList();
    assertThat(expected).hasSizeGreaterThan(9);
    assertThat(skipped)
        .extracting(entry -> entry.tensor().dtype())
        .containsAnyOf("U16", "U32")
        .doesNotContain("F32", "I64", "BOOL");
    assertThat(read.tensors()).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      TensorEntry before = expected.get(i);
      TensorEntry after = read.tensors().get(i);
      assertThat(after.name()).isEqualTo(before.name());
      assertThat(after.contentType()).isEqualTo(before.contentType());
      assertThat(after.shape()).isEqualTo(before.shape());
      assertThat(content(written, after)).isEqualTo(content(source, before));
      assertThat(after.storage().range().orElseThrow().offset() % 64).isZero();
    }
    Path path = Files.write(directory.resolve("written.pt"), file.toByteArray());
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertThat(zip.getInputStream(zip.getEntry("archive/version")).readAllBytes())
          .asString()
          .isEqualTo("3\n");
    }
  }

  @Test
  void aTakenNameGivesWayToThePath() throws Exception {
    ModelLayout layout =
        new ModelLayout(
            "test",
            "{}",
            List.of(tensor("name", "first"), tensor("name", "second"), tensor("name", "second")),
            List.of(),
            1);
    ByteArrayOutputStream file = new ByteArrayOutputStream();

    List<UnwrittenTensor> skipped =
        PyTorchWriter.write(new MemoryInput("source", new byte[1]), layout, file);

    assertThat(skipped)
        .extracting(UnwrittenTensor::reason)
        .containsExactly("its name is empty or taken");
    assertThat(Fixtures.read(new MemoryInput("written.pt", file.toByteArray())).tensors())
        .extracting(TensorEntry::name)
        .containsExactly("name", "second");
  }

  private static TensorEntry tensor(String name, String path) {
    return new TensorEntry(
        name, path, "I8", "tensor/int8", List.of(1L), new TensorStorage.Range(0, 1));
  }

  private static byte[] content(MemoryInput input, TensorEntry tensor) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    TensorContent.copy(input, tensor, content);
    return content.toByteArray();
  }
}
