package com.hartonomous.ingest.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.format.UnwrittenTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsWriterTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "typed.onnx",
        "nested.onnx",
        "pieces.onnx",
        "external/model.onnx",
        "types.safetensors",
        "no-tensors.safetensors"
      })
  void valuesSurviveTheConversion(String fixture) throws Exception {
    try (PositionedInput source = LocalFileInput.open(Fixtures.path(fixture))) {
      ModelLayout layout = Fixtures.read(source);
      ByteArrayOutputStream target = new ByteArrayOutputStream();
      SafeTensorsWriter.Result result =
          SafeTensorsWriter.write(source, layout, Map.of("source", fixture), target);

      PositionedInput written = new MemoryInput("written.safetensors", target.toByteArray());
      ModelLayout copy = Fixtures.read(written);
      assertThat(copy.metadataJson()).isEqualTo("{\"source\":\"" + fixture + "\"}");
      assertThat(result.bytes()).isEqualTo(target.size());
      assertThat(result.tensorCount()).isEqualTo(copy.tensors().size());
      assertThat(result.tensorCount() + result.skipped().size()).isEqualTo(layout.tensors().size());
      Map<String, TensorEntry> copies = new LinkedHashMap<>();
      copy.tensors().forEach(tensor -> copies.put(tensor.name(), tensor));
      for (TensorEntry tensor : layout.tensors()) {
        if (result.skipped().stream().anyMatch(skipped -> skipped.tensor().equals(tensor))) {
          continue;
        }
        TensorEntry found = copies.getOrDefault(tensor.path(), copies.get(tensor.name()));
        assertThat(found.contentType()).isEqualTo(tensor.contentType());
        assertThat(found.shape()).isEqualTo(tensor.shape());
        assertThat(content(written, found)).isEqualTo(content(source, tensor));
        long bytesPerElement = SafeTensorsDtype.of(found.dtype()).orElseThrow().bits() / Byte.SIZE;
        if (bytesPerElement > 0) {
          assertThat(((TensorStorage.Range) found.storage()).offset() % bytesPerElement).isZero();
        }
      }
    }
  }

  @Test
  void whatSafeTensorsCannotHoldIsReported() throws Exception {
    try (PositionedInput source = LocalFileInput.open(Fixtures.path("typed.onnx"))) {
      SafeTensorsWriter.Result result =
          SafeTensorsWriter.write(
              source, Fixtures.read(source), Map.of(), new ByteArrayOutputStream());
      assertThat(result.skipped())
          .extracting(skipped -> skipped.tensor().dtype())
          .containsExactly("STRING", "COMPLEX128", "UINT4", "INT4", "FLOAT4E2M1", "UINT2", "INT2");
      assertThat(result.skipped())
          .filteredOn(skipped -> skipped.tensor().dtype().equals("FLOAT4E2M1"))
          .extracting(UnwrittenTensor::reason)
          .containsExactly("its values do not fill whole bytes, or overflow");
    }
  }

  @Test
  void namesThatAreEmptyTakenOrReservedGiveWayToPaths() throws Exception {
    List<TensorEntry> tensors =
        List.of(
            tensor("", "a"),
            tensor("w", "b"),
            tensor("w", "c"),
            tensor("__metadata__", "d"),
            tensor("w", null));
    ModelLayout layout = new ModelLayout("test", "{}", tensors, List.of(), 1);
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    SafeTensorsWriter.Result result =
        SafeTensorsWriter.write(
            new MemoryInput("source", new byte[] {7}), layout, Map.of(), target);

    assertThat(Fixtures.read(new MemoryInput("x.safetensors", target.toByteArray())).tensors())
        .extracting(TensorEntry::name)
        .containsExactly("a", "w", "c", "d");
    assertThat(result.skipped())
        .containsExactly(new UnwrittenTensor(tensors.get(4), "its name is taken or reserved"));
  }

  @Test
  void shapesThatReadersRefuseAreNotWritten() throws Exception {
    TensorEntry empty =
        new TensorEntry(
            "empty",
            null,
            "UINT8",
            "tensor/uint8",
            List.of(1L << 40, 1L << 40, 0L),
            new TensorStorage.Range(0, 0));
    ModelLayout layout = new ModelLayout("test", "{}", List.of(empty), List.of(), 0);
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    SafeTensorsWriter.Result result =
        SafeTensorsWriter.write(new MemoryInput("source", new byte[0]), layout, Map.of(), target);

    assertThat(result.skipped()).hasSize(1);
    assertThat(Fixtures.read(new MemoryInput("x.safetensors", target.toByteArray())).tensors())
        .isEmpty();
  }

  @Test
  void everyTypeOfTheFormatHasAContentTypeAndBack() {
    for (SafeTensorsDtype dtype : SafeTensorsDtype.values()) {
      assertThat(ContentTypes.toSafeTensors(dtype.contentType())).contains(dtype.name());
    }
  }

  private static TensorEntry tensor(String name, String path) {
    return new TensorEntry(
        name, path, "UINT8", "tensor/uint8", List.of(1L), new TensorStorage.Range(0, 1));
  }

  private static byte[] content(PositionedInput input, TensorEntry tensor) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    TensorContent.copy(input, tensor, content);
    return content.toByteArray();
  }
}
