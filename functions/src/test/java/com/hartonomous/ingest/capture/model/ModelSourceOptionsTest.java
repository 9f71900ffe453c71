package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelSourceOptionsTest {

  private static final SqlServerOptions SERVER =
      new SqlServerOptions(
          "host", 1, "db", "user", Secret.fromEnvironment("X"), true, false, Duration.ofSeconds(1));

  @ParameterizedTest
  @CsvSource({
    "/models/bert.onnx,bert",
    "s3://bucket/a.b/llama.7b.safetensors,llama.7b",
    "/models/noextension,noextension",
    "/models/.hidden,.hidden"
  })
  void aModelIsNamedAfterItsFile(String path, String name) {
    assertThat(new ModelLocation(path, null).name()).isEqualTo(name);
    assertThat(new ModelLocation(path, "other").name()).isEqualTo("other");
  }

  @Test
  void refusesNamesAndPathsThatTheTablesDoNotTake() {
    assertThatThrownBy(() -> new ModelLocation("/models/x", "n".repeat(401)))
        .hasMessageContaining("expected 1 to 400 characters");
    assertThatThrownBy(() -> new ModelLocation("/" + "p".repeat(2000), "n"))
        .hasMessageContaining("expected 1 to 2000 characters");
    assertThatThrownBy(() -> new ModelLocation("/models/", null))
        .hasMessageContaining("name of the model '/models/'");
    assertThatThrownBy(() -> new ModelLocation("/models/x", " "))
        .hasMessageContaining("expected 1 to 400 characters");
  }

  @Test
  void refusesValuesOutOfRange() {
    int chunk = ChunkPlan.CHUNK_SIZE_DEFAULT;
    Duration second = Duration.ofSeconds(1);
    assertThat(options("job", chunk, chunk, second).splitSize()).isEqualTo(chunk);
    refuses("job name", () -> options("", chunk, chunk, second));
    refuses("job name", () -> options("j".repeat(201), chunk, chunk, second));
    refuses("chunk size", () -> options("job", 1, chunk, second));
    refuses("split size", () -> options("job", chunk, chunk - 1, second));
    refuses("poll interval", () -> options("job", chunk, chunk, Duration.ofNanos(1)));
  }

  private static ModelSourceOptions options(
      String job, int chunkSize, long splitSize, Duration pollInterval) {
    return new ModelSourceOptions(SERVER, job, 1, List.of(), chunkSize, splitSize, pollInterval);
  }

  private static void refuses(String what, Runnable construction) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(what)
        .hasMessageContaining("found");
  }
}
