package com.hartonomous.formats.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.zip.ZipBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NpzFormatTest {
  private static final String HEADER = "{'descr':'|u1','fortran_order':False,'shape':(%d,)}";

  static Stream<Path> fixtures() throws IOException, URISyntaxException {
    return NpyFormatTest.fixtures(".npz");
  }

  @Test
  void listingsEqualNumPys() throws Exception {
    NpyFormatTest.assertListed(fixtures(), "archives.jsonl");
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void cutOrWithBitsFlippedItIsRefusedOrListedWithinTheFile(Path file) throws IOException {
    NpyFormatTest.assertDamageIsNoticedOrHarmless(file);
  }

  @ParameterizedTest
  @CsvSource({
    "a.npy,                npz",
    "layer/weight.npy,     npz",
    "archive/data.pkl,     pytorch",
    "model/extra/a.npy,    pytorch",
    "model/extra/a/b.npy,  pytorch"
  })
  void theNameOfTheFirstMemberTellsTheFormat(String name, String format) throws IOException {
    ZipBytes zip = new ZipBytes();
    zip.stored(name, array(4));
    zip.stored("b.npy", array(4));
    assertThat(ModelFormats.installed().detect(new MemoryInput("file", zip.finish())))
        .hasValueSatisfying(found -> assertThat(found.name()).isEqualTo(format));
  }

  @Test
  void archivesThatReadersCouldTakeInTwoWaysAreRefused() {
    assertRefused(Kind.MALFORMED, second -> second.name = "a.npy", "'a.npy' twice");
    assertRefused(Kind.MALFORMED, second -> second.localName = "c.npy", "local header");
    assertRefused(Kind.MALFORMED, second -> second.localOffset = 0, "local header");
    assertRefused(Kind.MALFORMED, second -> second.length = 1 << 30, "deflated bytes can hold");
    assertRefused(Kind.UNSUPPORTED, second -> second.flags = 1, "neither encrypted");
    assertRefused(Kind.UNSUPPORTED, second -> second.method = 14, "stored (0) or deflated (8)");
  }

  @Test
  void aStreamThatIsNotAsLongAsTheDirectorySaysIsRefused() {
    assertRefused(Kind.MALFORMED, second -> second.length++, "found one of 64");
    assertRefused(Kind.MALFORMED, second -> second.length--, "4 bytes for |u1 [4]");
    assertRefused(Kind.MALFORMED, second -> second.storedLength = 9, "one that is cut short");
  }

  /** What is behind the header may be broken, or a bomb: only the values need it. */
  @Test
  void ofADeflatedArrayOnlyTheHeaderIsInflatedForTheListing() throws Exception {
    int length = 8 << 20;
    ZipBytes zip = new ZipBytes();
    ZipBytes.Member member = zip.deflated("a.npy", array(length));
    member.storedLength -= 10;
    MemoryInput input = new MemoryInput("file", zip.finish());

    TensorEntry tensor = read(input).tensors().get(0);

    assertThat(tensor.nbytes()).isEqualTo(length);
    assertThatThrownBy(() -> TensorContent.copy(input, tensor, OutputStream.nullOutputStream()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("storage of tensor 'a'");
  }

  @Test
  void whatIsNoArrayIsRefusedByName() throws IOException {
    byte[] objects = NpyFormatTest.file(1, "{'descr':'|O','fortran_order':False,'shape':(4,)}", 4);
    for (boolean deflated : new boolean[] {false, true}) {
      assertRefused(Kind.UNSUPPORTED, with("x.npy", objects, deflated), "which are a pickle");
      assertRefused(Kind.UNSUPPORTED, with("x.npy", objects, deflated), "member 'x.npy'");
      assertRefused(Kind.UNSUPPORTED, with("x.txt", array(4), deflated), "found 'x.txt'");
      assertRefused(Kind.UNSUPPORTED, with("folder/", new byte[0], deflated), "found 'folder/'");
      assertRefused(Kind.MALFORMED, with("x.npy", new byte[200], deflated), "93 'NUMPY'");
      assertRefused(Kind.MALFORMED, with("x.npy", new byte[3], deflated), "93 'NUMPY'");
    }
  }

  /** A type of 10,000 characters deflates to a few bytes, and there may be many. */
  @Test
  void whatIsKeptOfManyArraysIsBounded() throws IOException {
    byte[] array =
        NpyFormatTest.file(
            1,
            "{'descr':'<M8[%s]','fortran_order':False,'shape':(0,)}".formatted("s".repeat(9_000)),
            0);
    ZipBytes zip = new ZipBytes();
    for (int i = 0; i < 4_000; i++) {
      zip.deflated(i + ".npy", array);
    }
    assertRefused(Kind.TOO_LARGE, zip.finish(), "names, paths, shapes and metadata");
  }

  private static byte[] array(int length) throws IOException {
    return NpyFormatTest.file(1, HEADER.formatted(length), length);
  }

  private static byte[] with(String name, byte[] content, boolean deflated) throws IOException {
    ZipBytes zip = new ZipBytes();
    zip.stored("a.npy", array(4));
    if (deflated) {
      zip.deflated(name, content);
    } else {
      zip.stored(name, content);
    }
    return zip.finish();
  }

  private static ModelLayout read(MemoryInput input) throws IOException, ModelFormatException {
    return ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
  }

  private static void assertRefused(
      Kind kind, Consumer<ZipBytes.Member> changeOfTheSecond, String message) {
    ZipBytes zip = new ZipBytes();
    try {
      zip.stored("a.npy", array(4));
      changeOfTheSecond.accept(zip.deflated("b.npy", array(4)));
    } catch (IOException e) {
      throw new AssertionError("no file is touched here", e);
    }
    assertRefused(kind, zip.finish(), message);
  }

  private static void assertRefused(Kind kind, byte[] file, String message) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(new MemoryInput("file", file)));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
  }
}
