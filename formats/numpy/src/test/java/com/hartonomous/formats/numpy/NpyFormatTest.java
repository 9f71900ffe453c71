package com.hartonomous.formats.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.hartonomous.ingest.format.DamagedFiles;
import com.hartonomous.ingest.format.Inspector;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyFormatTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  static Stream<Path> fixtures() throws IOException, URISyntaxException {
    return fixtures(".npy");
  }

  static Stream<Path> fixtures(String extension) throws IOException, URISyntaxException {
    Path folder = Path.of(NpyFormatTest.class.getResource("/fixtures/listing.jsonl").toURI());
    try (Stream<Path> files = Files.list(folder.getParent())) {
      return files.filter(file -> file.toString().endsWith(extension)).sorted().toList().stream();
    }
  }

  @Test
  void listingsEqualNumPys() throws Exception {
    assertListed(fixtures(), "listing.jsonl");
  }

  /** Requires that these files of the folder of the fixtures are listed as that one says. */
  static void assertListed(Stream<Path> fixtures, String listing) throws IOException {
    List<Path> files = fixtures.toList();
    StringWriter output = new StringWriter();
    boolean good =
        Inspector.ofLocalFiles()
            .inspect(
                files.stream().map(Path::toString).toList(),
                Inspector.Style.JSON,
                true,
                new PrintWriter(output),
                new PrintWriter(output));

    assertThat(good).as(output.toString()).isTrue();
    List<JsonNode> listed = lines(output.toString());
    for (JsonNode line : listed) {
      ((ObjectNode) line).remove("file");
    }
    assertThat(listed).isEqualTo(lines(Files.readString(files.get(0).resolveSibling(listing))));
  }

  private static List<JsonNode> lines(String text) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text.lines().toList()) {
      lines.add(MAPPER.readTree(line));
    }
    return lines;
  }

  @ParameterizedTest
  @MethodSource("fixtures")
  void cutOrWithBitsFlippedItIsRefusedOrListedWithinTheFile(Path file) throws IOException {
    assertDamageIsNoticedOrHarmless(file);
  }

  static void assertDamageIsNoticedOrHarmless(Path file) throws IOException {
    byte[] whole = Files.readAllBytes(file);
    String name = file.getFileName().toString();
    for (int length = 0; length < whole.length; length++) {
      assertThat(DamagedFiles.isListed(new MemoryInput(name, Arrays.copyOf(whole, length))))
          .as("cut at %d", length)
          .isFalse();
    }
    long seed = Long.getLong("seed", 42);
    System.out.printf("NpyFormatTest %s: -Dseed=%d%n", name, seed);
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      byte[] flipped = whole.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      }
      DamagedFiles.isListed(new MemoryInput(name, flipped));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }   \n",
        "{\"shape\":(2L,2L,),\"descr\":\"|u1\",\"fortran_order\":False}",
        " { 'fortran_order' : True , 'descr' : '=u1' , 'shape' : ( 4 , ) } ",
        "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }"
      })
  void whatNumPyTakesIsTaken(String header) throws Exception {
    for (int version : new int[] {1, 2, 3}) {
      assertThat(read(file(version, header, 4)).tensors().get(0).nbytes()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "MALFORMED  ; {                                                    ; a key in quotes",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False}                ; found [",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(4,)}x  ; nothing behind",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(4,),'more':1} ; 'more'",
        "MALFORMED  ; {'descr':'|u1','descr':'|u1','fortran_order':False,'shape':(4,)} ; twice",
        "MALFORMED  ; {'descr':'|u1','fortran_order':0,'shape':(4,)}       ; True or False",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':4}      ; expected '('",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(4)}    ; a tuple",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':[4]}    ; expected '('",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(-4,)}  ; a number from 0",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(,)}    ; a number from 0",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(2 2)}  ; ',' or ')'",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(9223372036854775808,)} ; 2^63-1",
        "MALFORMED  ; {'descr':'<u8','fortran_order':False,'shape':(4611686018427387904,4)} ; 2^63 bytes",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(3,)}   ; 3 bytes for |u1 [3]",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False,'shape':(5,)}   ; 5 bytes for |u1 [5]",
        "MALFORMED  ; {'descr':'|u1','fortran_order':False 'shape':(4,)}   ; ',' or '}'",
        "MALFORMED  ; {'descr' '|u1','fortran_order':False,'shape':(4,)}   ; expected ':'",
        "UNSUPPORTED; {'descr':'|O','fortran_order':False,'shape':(4,)}    ; a pickle",
        "UNSUPPORTED; {'descr':'O8','fortran_order':False,'shape':(4,)}    ; a pickle",
        "UNSUPPORTED; {'descr':[('a','|u1')],'fortran_order':False,'shape':(4,)} ; a structured one",
        "UNSUPPORTED; {'descr':('|u1',(2,)),'fortran_order':False,'shape':(2,)}  ; a structured one",
        "UNSUPPORTED; {'descr':'<f16','fortran_order':False,'shape':(4,)}  ; '<f16'",
        "UNSUPPORTED; {'descr':'<i3','fortran_order':False,'shape':(4,)}   ; '<i3'",
        "UNSUPPORTED; {'descr':'<f4[D]','fortran_order':False,'shape':(1,)} ; '<f4[D]'",
        "UNSUPPORTED; {'descr':'\\x7cu1','fortran_order':False,'shape':(4,)} ; without escapes"
      })
  void eachRuleIsKept(Kind kind, String header, String message) throws IOException {
    assertRefused(kind, file(1, header, 4), message);
  }

  @Test
  void theFrameIsChecked() throws IOException {
    byte[] good = file(1, "{'descr':'|u1','fortran_order':False,'shape':(4,)}", 4);
    assertRefused(Kind.UNSUPPORTED, with(good, 6, 4), "found 4.0");
    assertRefused(Kind.UNSUPPORTED, with(good, 7, 1), "found 1.1");
    assertRefused(Kind.TOO_LARGE, with(good, 9, 0x7F), "up to 10000");
    assertRefused(Kind.TOO_LARGE, with(file(2, "{}", 0), 11, 0xFF), "found 4278190082");
    assertRefused(Kind.MALFORMED, Arrays.copyOf(good, 9), "2 bytes, found 1 to the end");
    byte[] latin = file(3, "{'descr':'|u1','fortran_order':False,'shape':(4,)}", 4);
    assertRefused(Kind.MALFORMED, with(latin, 14, 0xFF), "valid UTF-8");
    assertRefused(
        Kind.TOO_LARGE,
        file(1, "{'descr':'|u1','shape':(" + "1,".repeat(300) + ")}", 1),
        "up to 255 dimensions");
  }

  @Test
  void elementsThatAreReorderedAreNotLargerThanWhatIsReadAtOnce() throws Exception {
    int most = 1 << 20;
    String header = "{'descr':'|S%d','fortran_order':True,'shape':(2,2)}";
    assertThat(read(file(1, header.formatted(most), 4 * most)).tensors()).hasSize(1);
    assertRefused(
        Kind.TOO_LARGE, file(1, header.formatted(most + 1), 4 * most + 4), "up to 1048576 bytes");
  }

  private static byte[] with(byte[] file, int position, int value) {
    byte[] changed = file.clone();
    changed[position] = (byte) value;
    return changed;
  }

  static byte[] file(int version, String header, int dataBytes) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < (version == 1 ? Short.BYTES : Integer.BYTES); i++) {
      file.write(text.length >>> (i * Byte.SIZE));
    }
    file.write(text);
    file.write(new byte[dataBytes]);
    return file.toByteArray();
  }

  private static ModelLayout read(byte[] file) throws IOException, ModelFormatException {
    return ModelFormats.installed()
        .read(new MemoryInput("folder/array.dat", file), LayoutLimits.DEFAULT);
  }

  private static void assertRefused(Kind kind, byte[] file, String message) {
    ModelFormatException error = catchThrowableOfType(ModelFormatException.class, () -> read(file));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
  }
}
