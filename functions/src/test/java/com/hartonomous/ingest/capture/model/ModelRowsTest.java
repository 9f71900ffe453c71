package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.record.Sha256;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRowsTest {

  private static final int NAME = 2;
  private static final int DIMENSIONS = 6;
  private static final int FILE = 7;
  private static final int OFFSET = 8;
  private static final int LENGTH = 9;
  private static final int LAYOUT = 10;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "types.safetensors",
        "typed.onnx",
        "nested.onnx",
        "external/model.onnx",
        "dtypes.pt",
        "views.pt",
        "deflated.pt"
      })
  void eachTensorBecomesARowThatFindsItsBytes(String fixture) throws Exception {
    ModelHeader header = read(fixture);
    Map<String, Long> fileIds = new HashMap<>();
    header.files().forEach(file -> fileIds.put(file.relativePath(), 100L + fileIds.size()));

    List<Object[]> rows = new ArrayList<>();
    ModelRows.tensors(7, header, fileIds).forEachRemaining(rows::add);

    List<TensorEntry> tensors = header.contents().weights().get(0).layout().tensors();
    assertThat(rows).hasSameSizeAs(tensors);
    for (int i = 0; i < rows.size(); i++) {
      Object[] row = rows.get(i);
      TensorEntry tensor = tensors.get(i);
      assertThat(row).hasSameSizeAs(ModelRows.TENSOR_COLUMNS);
      assertThat(row).startsWith(7, i);
      assertThat(row[NAME]).isEqualTo(tensor.name());
      assertThat(row[LENGTH]).isEqualTo(tensor.nbytes());
      assertThat(row[DIMENSIONS]).isEqualTo(tensor.shape().toString().replace(" ", ""));
      if (tensor.storage() instanceof TensorStorage.External external) {
        assertThat(row[FILE]).isEqualTo(fileIds.get(external.location()));
        assertThat(row[OFFSET]).isEqualTo(external.offset());
      } else {
        assertThat(row[FILE]).isEqualTo(100L);
      }
      // Either one range, or a description of where the values are.
      assertThat(row[OFFSET] == null).isEqualTo(row[LAYOUT] != null);
    }
  }

  @ParameterizedTest
  @CsvSource({"onnx,ONNX,ONNX", "safetensors,LLM,HuggingFace", "gguf,LLM,Community"})
  void typeAndProviderAreTheGuides(String format, String type, String provider) {
    assertThat(ModelRows.modelType(List.of(format))).isEqualTo(type);
    assertThat(ModelRows.provider(format)).isEqualTo(provider);
  }

  @Test
  void scatteredValuesAreDescribed() throws Exception {
    ModelHeader header = read("typed.onnx");
    List<Object> layouts = new ArrayList<>();
    ModelRows.tensors(7, header, Map.of("typed.onnx", 1L))
        .forEachRemaining(r -> layouts.add(r[LAYOUT]));
    assertThat(layouts)
        .anySatisfy(
            layout ->
                assertThat((String) layout)
                    .matches(
                        "\\{\"encoding\":\"[A-Z0-9_]+\",\"runs\":\\[\\[\\d+,\\d+,(true|false)].*]}"));
  }

  @Test
  void aTransposedTensorIsDescribedOverItsStorage() throws Exception {
    ModelHeader header = read("views.pt");
    Object[] transposed = null;
    Object[] base = null;
    for (var rows = ModelRows.tensors(7, header, Map.of("views.pt", 1L)); rows.hasNext(); ) {
      Object[] row = rows.next();
      transposed = row[NAME].equals("transposed") ? row : transposed;
      base = row[NAME].equals("base") ? row : base;
    }
    assertThat(base[LAYOUT]).isNull();
    assertThat(transposed[DIMENSIONS]).isEqualTo("[10,6]");
    assertThat(transposed[LENGTH]).isEqualTo(240L);
    assertThat(transposed[LAYOUT])
        .isEqualTo(
            "{\"storage\":[%s,240],\"inflatedLength\":-1,\"firstByte\":0,\"strides\":[1,10],\"elementBytes\":4,\"wordBytes\":4,\"bigEndian\":false,\"negated\":false,\"conjugated\":false}"
                .formatted(base[OFFSET]));
  }

  @Test
  void eachFileBecomesARow() throws Exception {
    ModelHeader header = read("external/model.onnx");
    List<Object[]> rows = new ArrayList<>();
    ModelRows.files(7, header, 65_536).forEachRemaining(rows::add);
    assertThat(rows).hasSize(3);
    assertThat(rows.get(1))
        .containsExactly(
            7,
            "model.onnx",
            Sha256.ofText("model.onnx").toBytes(),
            header.files().get(0).uri(),
            "onnx",
            header.files().get(0).byteLength(),
            header.files().get(0).modifiedAt(),
            65_536)
        .hasSameSizeAs(ModelRows.FILE_COLUMNS);
  }

  private static ModelHeader read(String fixture) throws Exception {
    return new ModelHeaderReader(ModelFormats.installed(), LayoutLimits.DEFAULT)
        .read(Fixtures.path(fixture).toString());
  }
}
