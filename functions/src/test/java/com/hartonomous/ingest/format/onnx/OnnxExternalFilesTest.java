package com.hartonomous.ingest.format.onnx;

import static com.hartonomous.ingest.format.onnx.ProtobufBytes.bytes;
import static com.hartonomous.ingest.format.onnx.ProtobufBytes.bytesField;
import static com.hartonomous.ingest.format.onnx.ProtobufBytes.varintField;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of external_data, each on a model of four-byte tensors beside a file of 16 bytes. */
class OnnxExternalFilesTest {
  /** Of sixteen zeros, by sha1sum. */
  private static final String SHA1 = "e129f27c5103bc5cc44bcdf0a15e160d445066ff";

  @TempDir Path folder;

  @BeforeEach
  void writeData() throws IOException {
    Files.createDirectory(folder.resolve("sub"));
    Files.write(folder.resolve("data.bin"), new byte[16]);
    Files.write(folder.resolve("sub/data.bin"), new byte[16]);
    Files.write(folder.resolve("four.bin"), new byte[4]);
  }

  @Test
  void rangesMayBeSharedAndLengthsLeftOut() throws Exception {
    ModelLayout layout =
        read(
            tensor("location", "data.bin", "offset", "4", "length", "4"),
            tensor("location", "data.bin", "offset", "6", "length", "4"),
            tensor("location", "data.bin", "offset", "12"),
            tensor("location", "four.bin"),
            tensor("location", "data.bin", "offset", "000", "length", "04", "basepath", "/etc"));

    assertThat(layout.tensors())
        .extracting(TensorEntry::storage)
        .containsExactly(
            new TensorStorage.External("data.bin", 4, 4),
            new TensorStorage.External("data.bin", 6, 4),
            new TensorStorage.External("data.bin", 12, 4),
            new TensorStorage.External("four.bin", 0, 4),
            new TensorStorage.External("data.bin", 0, 4));
    assertThat(layout.warnings()).isEmpty();
    assertThat(layout.checksums()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "./four.bin, four.bin",
    "././/./four.bin, four.bin",
    "sub//data.bin, sub/data.bin",
    "./sub/././data.bin, sub/data.bin"
  })
  void aLocationIsNormalizedAsTheOfficialLoaderDoes(String location, String found)
      throws Exception {
    assertThat(read(tensor("location", location, "length", "4")).externalLocations())
        .containsExactly(found);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "./",
        "..",
        "../data.bin",
        "./../data.bin",
        ".//../data.bin",
        "sub/../data.bin",
        "sub/..",
        "sub",
        "sub/",
        "sub/.",
        "/data.bin",
        "//data.bin",
        "C:data.bin",
        "file:data.bin",
        "file:///etc/passwd",
        "sub\\data.bin",
        "data.bin\u0000",
        "data.bin\n",
        "none.bin",
        "data.bin/x"
      })
  void aLocationThatIsNoFileInsideTheFolderIsRefused(String location) {
    assertRefused(Kind.MALFORMED, "external_data of", tensor("location", location, "length", "4"));
  }

  @Test
  void aLocationOfAMebibyteCostsNothing() {
    assertRefused(Kind.MALFORMED, "external_data of", tensor("location", "./".repeat(500_000)));
    assertRefused(
        Kind.MALFORMED, "longer than 4096", tensor("location", "a/".repeat(500_000) + "b"));
  }

  @ParameterizedTest
  @CsvSource({
    "offset, 17",
    "offset, 13",
    "offset, -1",
    "offset, +1",
    "offset, ''",
    "offset, ' 1'",
    "offset, 1.0",
    "offset, 1e1",
    "offset, 0x1",
    "offset, \u0661",
    "offset, 9223372036854775807",
    "offset, 9223372036854775808",
    "offset, 18446744073709551616",
    "length, 3",
    "length, 5",
    "length, 17",
    "length, -4",
    "length, 9223372036854775807",
    "length, 9223372036854775808",
    "checksum, ''",
    "checksum, e129f27c5103bc5cc44bcdf0a15e160d445066f",
    "checksum, 'e129f27c5103bc5cc44bcdf0a15e160d445066fg'"
  })
  void numbersAndChecksumsAreChecked(String key, String value) {
    byte[] tensor =
        key.equals("length")
            ? tensor("location", "data.bin", "length", value)
            : key.equals("offset")
                ? tensor("location", "data.bin", "length", "4", "offset", value)
                : tensor("location", "data.bin", "length", "4", key, value);
    assertRefused(Kind.MALFORMED, "external_data of", tensor);
  }

  @Test
  void eachKeyStandsOnce() {
    for (String key : List.of("location", "offset", "length", "checksum", "other")) {
      assertRefused(
          Kind.MALFORMED, "'" + key + "' once, found it twice", tensor(key, "a", key, "a"));
    }
  }

  @Test
  void unknownKeysAreIgnoredWithAWarningEach() throws Exception {
    byte[] tensor = tensor("location", "four.bin", "owner", "x", "Length", "9");

    assertThat(read(tensor, tensor).warnings())
        .satisfiesExactlyInAnyOrder(
            warning -> assertThat(warning).startsWith(folder.toString()).contains("'owner'"),
            warning -> assertThat(warning).contains("'Length', which is ignored"));
  }

  @Test
  void aChecksumIsComparedWhenTheValuesAreRead() throws Exception {
    Path model =
        write(
            tensor("location", "data.bin", "length", "4", "checksum", SHA1),
            tensor("location", "./data.bin", "offset", "12", "checksum", SHA1.toUpperCase()));
    try (LocalFileInput input = LocalFileInput.open(model)) {
      ModelLayout layout = Fixtures.read(input);
      assertThat(layout.checksums()).containsExactly(new ModelLayout.FileSha1("data.bin", SHA1));
      TensorContent.verify(input, layout.checksums().get(0));

      Files.write(folder.resolve("data.bin"), new byte[] {1});
      assertThat(
              catchThrowableOfType(
                  ModelFormatException.class,
                  () -> TensorContent.verify(input, layout.checksums().get(0))))
          .hasMessageContaining("checksum of 'data.bin': expected SHA-1 " + SHA1)
          .hasMessageContaining("found bf8b4530d8d246dd74ac53a13471bba17941dff7");
    }
  }

  @Test
  void twoChecksumsOfOneFileCannotBothHold() {
    assertRefused(
        Kind.MALFORMED,
        "one checksum of 'data.bin'",
        tensor("location", "data.bin", "length", "4", "checksum", SHA1),
        tensor("location", "data.bin", "length", "4", "checksum", SHA1.replace('e', 'f')));
  }

  @Test
  void entriesWithoutADataLocationAreNotLookedAt() throws Exception {
    byte[] inFile =
        bytes(
            varintField(1, 4),
            varintField(2, 2),
            bytesField(9, new byte[4]),
            bytesField(13, entry("location", "/etc/passwd")));
    assertThat(read(inFile).externalLocations()).isEmpty();
  }

  private static byte[] tensor(String... keysAndValues) {
    byte[] tensor = bytes(varintField(1, 4), varintField(2, 2), varintField(14, 1));
    for (int i = 0; i < keysAndValues.length; i += 2) {
      tensor = bytes(tensor, bytesField(13, entry(keysAndValues[i], keysAndValues[i + 1])));
    }
    return tensor;
  }

  private static byte[] entry(String key, String value) {
    return bytes(
        bytesField(1, key.getBytes(StandardCharsets.UTF_8)),
        bytesField(2, value.getBytes(StandardCharsets.UTF_8)));
  }

  private Path write(byte[]... tensors) throws IOException {
    byte[] graph = new byte[0];
    for (byte[] tensor : tensors) {
      graph = bytes(graph, bytesField(5, tensor));
    }
    return Files.write(
        folder.resolve("model.onnx"), bytes(varintField(1, 8), bytesField(7, graph)));
  }

  private ModelLayout read(byte[]... tensors) throws IOException, ModelFormatException {
    try (LocalFileInput input = LocalFileInput.open(write(tensors))) {
      return Fixtures.read(input);
    }
  }

  private void assertRefused(Kind kind, String message, byte[]... tensors) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(tensors));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
  }
}
