package com.hartonomous.ingest.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the demo ingests is what it promises to be. */
class DemoInputTest {

  @Test
  void thereIsEnoughRealTextAndSomeOfItTwice() throws IOException {
    List<DemoDocuments.Document> documents = DemoDocuments.load();

    long distinct = documents.stream().map(DemoDocuments.Document::body).distinct().count();
    assertThat(documents).hasSizeGreaterThanOrEqualTo(DemoDocuments.DOCUMENTS_MIN);
    assertThat(distinct).isBetween(500L, documents.size() - 500L);
    assertThat(documents)
        .allSatisfy(
            document -> {
              assertThat(document.title()).isNotBlank().hasSizeLessThanOrEqualTo(400);
              assertThat(document.body()).isNotBlank();
            });
  }

  @Test
  void theConvertedFilesHoldTheTensorsOfTheFirstModel(@TempDir Path directory) throws Exception {
    List<Path> files = DemoModels.write(directory);

    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .containsExactly(
            "all-minilm-l6-v2.onnx",
            "all-minilm-l6-v2-q.onnx",
            "all-minilm-l6-v2.safetensors",
            "all-minilm-l6-v2.gguf",
            "all-minilm-l6-v2.pt");
    ModelLayout onnx = layout(files.get(0));
    for (int converted : new int[] {2, 3, 4}) {
      ModelLayout layout = layout(files.get(converted));
      assertThat(layout.formatName())
          .isEqualTo(List.of("safetensors", "gguf", "pytorch").get(converted - 2));
      assertThat(layout.tensors()).hasSameSizeAs(onnx.tensors());
      assertThat(layout.tensors().stream().mapToLong(tensor -> tensor.nbytes()).sum())
          .isEqualTo(onnx.tensors().stream().mapToLong(tensor -> tensor.nbytes()).sum())
          .isGreaterThan(80_000_000);
    }
  }

  private static ModelLayout layout(Path file) throws Exception {
    try (LocalFileInput input = LocalFileInput.open(file)) {
      return ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
    }
  }
}
