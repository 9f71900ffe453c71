package com.hartonomous.ingest.format.zip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.zip.ZipArchive.Member;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZipArchiveTest {
  private static final byte[] CONTENT = "some content, some more".getBytes(StandardCharsets.UTF_8);

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void membersAreFoundAndRead(boolean zip64) throws Exception {
    ZipBytes bytes = new ZipBytes();
    bytes.stored("a/stored", CONTENT).descriptor = true;
    bytes.deflated("a/deflated", CONTENT);
    bytes.stored("a/größer", new byte[0]);
    byte[] archive = bytes.finish(zip64);

    ZipArchive zip = read(archive);

    assertThat(zip.members())
        .extracting(Member::name)
        .containsExactly("a/stored", "a/deflated", "a/größer");
    assertThat(content(zip, "a/stored")).isEqualTo(CONTENT);
    assertThat(content(zip, "a/deflated")).isEqualTo(CONTENT);
    assertThat(content(zip, "a/größer")).isEmpty();
    Member stored = zip.member("a/stored").orElseThrow();
    assertThat(stored.offset()).isEqualTo(30 + "a/stored".length());
    assertThat(stored.deflated()).isFalse();
    assertThat(zip.member("nothing")).isEmpty();
  }

  @Test
  void whatReadersCouldTakeInTwoWaysIsRefused() {
    assertMalformed(first -> first.localName = "a/stoned", "local header");
    assertMalformed(first -> first.storedLength = first.length - 1, "size");
    assertMalformed(first -> first.localOffset = 1, "local header");
    assertMalformed(first -> first.localOffset = 0x7ffffff0L, "local header");
    assertMalformed(first -> first.name = "a/second", "name");
    assertMalformed(
        first -> {
          first.storedLength = 1 << 20;
          first.length = 1 << 20;
        },
        "size");
    // Into the second member.
    assertMalformed(
        first -> {
          first.storedLength += 40;
          first.length += 40;
        },
        "local header");
  }

  @Test
  void encryptionPatchesAndOtherMethodsAreNotSupported() {
    for (int flag : new int[] {1, 1 << 5, 1 << 6, 1 << 13}) {
      assertThat(failure(first -> first.flags = flag).kind()).isEqualTo(Kind.UNSUPPORTED);
    }
    assertThat(failure(first -> first.method = 12).kind()).isEqualTo(Kind.UNSUPPORTED);
    assertMalformed(first -> first.localFlags = 1, "local header");
  }

  @Test
  void aLengthThatTheStreamCannotHoldIsRefusedBeforeItIsAllocated() {
    ZipBytes bytes = new ZipBytes();
    bytes.deflated("a/bomb", CONTENT).length = 1 << 30;
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(bytes.finish()));
    assertThat(error).hasMessageContaining("deflated bytes can hold");
  }

  @Test
  void inflatedBytesAreBoundedAndOfTheStatedLength() throws Exception {
    ZipBytes bytes = new ZipBytes();
    bytes.deflated("a/long", new byte[1 << 20]);
    bytes.deflated("a/wrong", new byte[1 << 10]).length = 999;
    ZipArchive zip = read(bytes.finish());
    assertThatThrownBy(() -> zip.open(zip.member("a/long").orElseThrow(), 1 << 10))
        .isInstanceOfSatisfying(
            ModelFormatException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TOO_LARGE));
    assertThatThrownBy(() -> zip.open(zip.member("a/wrong").orElseThrow(), 1 << 20))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a deflated stream of 999 bytes, found a longer one");
  }

  @Test
  void theBeginningOfALongOrBrokenMemberIsInflatedAlone() throws Exception {
    ZipBytes bytes = new ZipBytes();
    bytes.deflated("a/short", CONTENT);
    bytes.deflated("a/long", new byte[1 << 20]).storedLength -= 10;
    bytes.deflated("a/wrong", CONTENT).length++;
    ZipArchive zip = read(bytes.finish());
    assertThat(zip.openBeginning(zip.member("a/short").orElseThrow(), 100).remaining())
        .isEqualTo(CONTENT.length);
    assertThat(zip.openBeginning(zip.member("a/long").orElseThrow(), 100).remaining())
        .isEqualTo(100);
    assertThatThrownBy(() -> zip.openBeginning(zip.member("a/wrong").orElseThrow(), 100))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected a deflated stream of %d bytes", CONTENT.length + 1);
  }

  @Test
  void theEndRecordMustStandAtTheEnd() {
    byte[] archive = archive(first -> {});
    byte[] longer = Arrays.copyOf(archive, archive.length + 1);
    assertThatThrownBy(() -> read(longer)).isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(() -> read(new byte[5])).isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(() -> read(new byte[0])).isInstanceOf(ModelFormatException.class);
  }

  private static void assertMalformed(Consumer<ZipBytes.Member> change, String field) {
    ModelFormatException error = failure(change);
    assertThat(error.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(error.field()).startsWith(field);
  }

  private static ModelFormatException failure(Consumer<ZipBytes.Member> change) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(archive(change)));
    assertThat(error).isNotNull();
    return error;
  }

  private static byte[] archive(Consumer<ZipBytes.Member> change) {
    ZipBytes bytes = new ZipBytes();
    ZipBytes.Member first = bytes.stored("a/stored", CONTENT);
    bytes.stored("a/second", CONTENT);
    change.accept(first);
    return bytes.finish();
  }

  private static ZipArchive read(byte[] archive) throws IOException, ModelFormatException {
    MemoryInput input = new MemoryInput("z", archive);
    return ZipArchive.read(input, new LayoutBudget(input, LayoutLimits.DEFAULT));
  }

  private static byte[] content(ZipArchive zip, String name)
      throws IOException, ModelFormatException {
    Member member = zip.member(name).orElseThrow();
    InputCursor cursor = zip.open(member, 1 << 20);
    byte[] content = new byte[(int) member.length()];
    cursor.readFully(content, 0, content.length);
    return content;
  }
}
