package com.hartonomous.ingest.format.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.pickle.AllowedGlobals.Use;
import com.hartonomous.ingest.format.pickle.PickleNode.Call;
import com.hartonomous.ingest.format.pickle.PickleNode.Dict;
import com.hartonomous.ingest.format.pickle.PickleNode.Scalar;
import com.hartonomous.ingest.format.pickle.PickleNode.Sequence;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class PickleReaderTest {
  private static final Map<String, Use> ALLOWED =
      Map.of(
          "collections.OrderedDict", Use.DICT,
          "builtins.set", Use.SET,
          "torch.Size", Use.CALL,
          "torch.FloatStorage", Use.NAME);

  private final GlobalsReport report = new GlobalsReport();

  @Test
  void scalarsOfEveryOpcode() throws Exception {
    PickleNode node =
        read(
            PickleBytes.begin()
                .ops("]")
                .ops("(N")
                .raw(Opcode.NEWTRUE, Opcode.NEWFALSE)
                .integer(-7)
                .ops("K")
                .raw(200)
                .ops("M")
                .raw(0x34, 0x12)
                .raw(Opcode.LONG1, 0)
                .raw(Opcode.LONG1, 1, 0xff)
                .raw(Opcode.LONG1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1)
                .raw(Opcode.LONG4)
                .int32(2)
                .raw(0, 0x80)
                .ops("G")
                .raw(0x3f, 0xf8, 0, 0, 0, 0, 0, 0)
                .text("größer")
                .raw(Opcode.SHORT_BINUNICODE, 1, 'u')
                .raw(Opcode.BINUNICODE8)
                .int64(2)
                .ops("ab")
                .ops("U")
                .raw(2, 0xe9, 'x')
                .ops("T")
                .int32(1)
                .ops("s")
                .ops("e")
                .stop());
    assertThat(((Sequence) node).items())
        .extracting(item -> ((Scalar) item).value())
        .containsExactly(
            null,
            true,
            false,
            -7L,
            200L,
            0x1234L,
            0L,
            -1L,
            BigInteger.ONE.shiftLeft(64),
            -32768L,
            1.5,
            "größer",
            "u",
            "ab",
            "éx",
            "s");
  }

  @Test
  void bytesAreSkipped() throws Exception {
    PickleNode node =
        read(
            PickleBytes.begin()
                .ops("C")
                .raw(1, 9)
                .ops("B")
                .int32(1)
                .raw(9)
                .raw(Opcode.BINBYTES8)
                .int64(1)
                .raw(9)
                .raw(Opcode.TUPLE3)
                .stop());
    assertThat(((Sequence) node).items()).allMatch(item -> item.describe().equals("bytes"));
  }

  @Test
  void theLastValueOfAKeyWinsAtTheFirstPlace() throws Exception {
    Dict dict =
        (Dict)
            read(
                PickleBytes.begin()
                    .ops("}(")
                    .text("a")
                    .integer(1)
                    .text("b")
                    .integer(2)
                    .text("a")
                    .integer(3)
                    .integer(1)
                    .integer(4)
                    .raw(Opcode.NEWTRUE)
                    .integer(5)
                    .ops("u")
                    .stop());
    assertThat(dict.entries())
        .extracting(entry -> ((Scalar) entry.value()).value())
        .containsExactly(3L, 2L, 5L);
    assertThat(dict.entries().iterator().next().key().text()).contains("a");
  }

  @Test
  void numbersThatAreEqualInPythonAreOneKey() throws Exception {
    PickleBytes bytes = PickleBytes.begin().ops("}(");
    // 1 == True == 1.0, 0 == -0.0
    bytes.integer(1).integer(0).raw(Opcode.NEWTRUE).integer(1).number(1.0).integer(2);
    bytes.integer(0).integer(3).number(-0.0).integer(4);
    // 2^64 as an integer and as a number with a point; 2^63 is not 2^63-1.
    bytes.raw(Opcode.LONG1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1).integer(5);
    bytes.number(0x1p64).integer(6).number(0x1p63).integer(7);
    bytes.raw(Opcode.LONG1, 8).int64(Long.MAX_VALUE).integer(8);
    bytes.number(0.5).integer(9).number(0.5).integer(10);
    bytes.number(Double.POSITIVE_INFINITY).integer(11);
    // Each not-a-number is another key, and a text is no number.
    bytes.number(Double.NaN).integer(12).number(Double.NaN).integer(13);
    bytes.text("1").integer(14);
    Dict dict = (Dict) read(bytes.ops("u").stop());
    assertThat(dict.entries())
        .extracting(entry -> ((Scalar) entry.value()).value())
        .containsExactly(2L, 4L, 6L, 7L, 8L, 10L, 11L, 12L, 13L, 14L);
  }

  /** Integers and fractions of one hash code: a search that compared each with each never ends. */
  @Test
  @Timeout(60)
  void keysOfManySortsWithOneHashCodeAreFoundByTheirOrder() throws Exception {
    int count = 100_000;
    PickleBytes bytes = PickleBytes.begin().ops("}");
    for (int i = 0; i < count; i++) {
      int high = 0x3ff00000 + i;
      bytes.raw(Opcode.LONG1, 8).int64((long) high << 32 | high & 0xffffffffL).ops("Ns");
      int low = 0x40080001 + i;
      bytes.number(Double.longBitsToDouble((long) low << 32 | low)).ops("Ns");
    }
    Dict dict = (Dict) read(bytes.stop());
    assertThat(dict.entries()).hasSize(2 * count);
  }

  @Test
  void anOrderedDictTakesPairsAndState() throws Exception {
    Dict dict =
        (Dict)
            read(
                PickleBytes.begin()
                    .global("collections", "OrderedDict")
                    .ops("](")
                    .text("k")
                    .integer(1)
                    .raw(Opcode.TUPLE2)
                    .ops("e")
                    .raw(Opcode.TUPLE1)
                    .ops("R}(")
                    .text("_metadata")
                    .ops("}ub")
                    .stop());
    assertThat(dict.entries()).hasSize(1);
    assertThat(report.allowed()).containsExactly("collections.OrderedDict");
  }

  @Test
  void nodesAreSharedAndMayContainThemselves() throws Exception {
    Sequence list =
        (Sequence) read(PickleBytes.begin().ops("]q").raw(0).ops("h").raw(0).ops("a.").bytes());
    assertThat(list.items().get(0)).isSameAs(list);
    assertThat(Set.of(list)).contains(list);
    assertThat(list.toString()).isNotEmpty();
  }

  @Test
  void aHundredThousandLevelsNeedNoStack() throws Exception {
    int levels = 100_000;
    for (byte[] bytes :
        List.of(
            PickleBytes.begin().ops("]".repeat(levels + 1)).ops("a".repeat(levels)).stop(),
            PickleBytes.begin().ops("(".repeat(levels)).ops("t".repeat(levels)).stop(),
            PickleBytes.begin().ops("(".repeat(levels)).ops("l".repeat(levels)).stop())) {
      PickleNode node = read(bytes);
      assertThat(node.hashCode()).isEqualTo(node.hashCode());
      assertThat(node.equals(read(bytes))).isFalse();
      assertThat(node.toString()).isNotEmpty();
    }
  }

  @Test
  void aGlobalIsAllowedByModuleAndNameTogether() {
    for (byte[] bytes :
        List.of(
            PickleBytes.begin().global("torch", "OrderedDict").stop(),
            PickleBytes.begin().global("evil.torch", "Size").stop(),
            PickleBytes.begin().text("torch").text("os.system").raw(Opcode.STACK_GLOBAL).stop())) {
      ModelFormatException error = failure(bytes);
      assertThat(error.kind()).isEqualTo(Kind.UNSUPPORTED);
      assertThat(error).hasMessageContaining("globals: expected").hasMessageContaining("found ");
    }
    assertThat(report.refused())
        .containsExactly("evil.torch.Size", "torch.OrderedDict", "torch.os.system");
  }

  @Test
  void whatIsRefusedIsReadToItsEndForTheReport() {
    ModelFormatException error =
        failure(
            PickleBytes.begin()
                .global("os", "system")
                .text("x")
                .raw(Opcode.TUPLE1)
                .ops("R}(")
                .text("k")
                .integer(1)
                .ops("ub")
                .global("builtins", "getattr")
                .ops(")R)R")
                .global("collections", "OrderedDict")
                .ops("00.")
                .bytes());
    assertThat(error).hasMessageContaining("builtins.getattr, os.system");
    assertThat(report.toString())
        .isEqualTo("builtins.getattr (REFUSED), os.system (REFUSED), collections.OrderedDict");
  }

  @Test
  void whatIsRefusedIsNotReadWithoutEndForTheReport() {
    String fill = "p0\n".repeat(PickleReader.REFUSED_OPCODES_MAX - 2);
    failure(PickleBytes.begin().global("os", "a").ops(fill).global("os", "b").stop());
    assertThat(report.toString()).isEqualTo("os.a (REFUSED), os.b (REFUSED)");
    ModelFormatException error =
        failure(
            PickleBytes.begin().global("os", "c").ops(fill + "p0\np0\n").global("os", "d").stop());
    assertThat(error).hasMessageContaining("os.c");
    assertThat(report.toString())
        .isEqualTo("os.a (REFUSED), os.b (REFUSED), os.c (REFUSED), and more");
  }

  @Test
  void textOpcodesAreRefusedAndTheirNamesReported() {
    ModelFormatException error = failure(new PickleBytes().ops("cos\nsystem\n(S'ls'\ntR.").bytes());
    assertThat(error).hasMessageContaining("os.system");
    failure(PickleBytes.begin().ops("(S'x'\niposix\nsystem\n.").bytes());
    failure(PickleBytes.begin().ops("(cnt\nsystem\nV1\no.").bytes());
    failure(PickleBytes.begin().ops("I1\np0\ng0\n0csubprocess\nrun\n.").bytes());
    assertThat(report.refused())
        .containsExactly("nt.system", "os.system", "posix.system", "subprocess.run");
  }

  @Test
  void aGlobalOfLongTextsIsRefusedBeforeItIsReported() {
    String half = "x".repeat(513);
    assertField(
        "global", PickleBytes.begin().text(half).text(half).raw(Opcode.STACK_GLOBAL).stop());
    assertThat(report.refused()).isEmpty();
  }

  @Test
  void opcodesWithoutDataAreRefused() {
    for (int opcode : new int[] {'P', 0x82, 0x83, 0x84, 0x97, 0x98, '?', 0xff}) {
      ModelFormatException error = failure(PickleBytes.begin().raw(opcode, 1, 1, 1, 1).stop());
      assertThat(error.kind()).isEqualTo(Kind.UNSUPPORTED);
      assertThat(error.field()).isEqualTo("opcode");
      assertThat(error.offset()).isEqualTo(2);
    }
  }

  @Test
  void brokenStructureIsNamed() {
    assertField("stack", PickleBytes.begin().stop());
    assertField("stack", PickleBytes.begin().ops("R").stop());
    assertField("stack", PickleBytes.begin().ops("}u").stop());
    assertField("stack", PickleBytes.begin().ops("N(0").raw(Opcode.TUPLE2).stop());
    assertField("memo", PickleBytes.begin().ops("h").raw(7).stop());
    assertField("memo", PickleBytes.begin().ops("j").int32(-1).stop());
    assertField("memo", PickleBytes.begin().ops("Nr").int32(2_999_999).stop());
    assertField("items", PickleBytes.begin().ops("}(Nu").stop());
    assertField("items", PickleBytes.begin().ops(")(Ne").stop());
    assertField("items", PickleBytes.begin().ops("](NNu").stop());
    assertField("key", PickleBytes.begin().ops("}]Ns").stop());
    assertField("BUILD", PickleBytes.begin().ops("}Nb").stop());
    assertField("arguments", PickleBytes.begin().global("torch", "Size").ops("]R").stop());
    assertField("call", PickleBytes.begin().global("torch", "FloatStorage").ops(")R").stop());
    assertField("call", PickleBytes.begin().text("print").ops(")R").stop());
    assertField("text", PickleBytes.begin().ops("X").int32(1).raw(0xff).stop());
    assertField("global", PickleBytes.begin().ops("NN").raw(Opcode.STACK_GLOBAL).stop());
    assertField("BINPERSID", PickleBytes.begin().ops("NQ").stop());
    assertField("pickle", new byte[0]);
    assertField("pickle", PickleBytes.begin().ops("J").raw(1, 2).bytes());
    assertField("global", PickleBytes.begin().ops("c" + "x".repeat(5_000)).bytes());
  }

  @Test
  void lengthsAreCheckedBeforeAnythingIsAllocated() {
    assertField("length", PickleBytes.begin().ops("X").int32(-1).stop());
    assertField("length", PickleBytes.begin().raw(Opcode.BINUNICODE8).int64(1L << 62).stop());
    assertField("length", PickleBytes.begin().raw(Opcode.BINUNICODE8).int64(-1).stop());
    assertField("length", PickleBytes.begin().raw(Opcode.BYTEARRAY8).int64(1L << 40).stop());
    assertField("length", PickleBytes.begin().raw(Opcode.LONG4).int32(-1).stop());
    assertField("length", PickleBytes.begin().raw(Opcode.LONG4).int32(Integer.MAX_VALUE).stop());
    assertThat(failure(PickleBytes.begin().ops("Nr").int32(0x7fffffff).stop()).kind())
        .isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void copiesOfSharedContainersAreCounted() {
    // Each OrderedDict(dict) copies ten thousand entries for a handful of bytes.
    PickleBytes bytes = PickleBytes.begin().ops("}q").raw(0).ops("(");
    for (int i = 0; i < 10_000; i++) {
      bytes.integer(i).ops("N");
    }
    bytes.ops("u");
    for (int i = 0; i < 400; i++) {
      bytes.global("collections", "OrderedDict").ops("h").raw(0).raw(Opcode.TUPLE1).ops("R");
    }
    assertThat(failure(bytes.stop()).kind()).isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void limitsHold() {
    LayoutLimits few = new LayoutLimits(1_000, 10, 10, 10, 16, 64, 10, 10);
    assertThat(failure(PickleBytes.begin().ops("N0".repeat(600)).stop(), few).kind())
        .isEqualTo(Kind.TOO_LARGE);
    PickleBytes texts = PickleBytes.begin();
    for (int i = 0; i < 8; i++) {
      texts.text("0123456789");
    }
    assertThat(failure(texts.stop(), few).kind()).isEqualTo(Kind.TOO_LARGE);
    assertThat(
            failure(PickleBytes.begin().ops("N".repeat(PickleReader.STACK_MAX + 1)).stop()).kind())
        .isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void aLongTextIsSkipped() throws Exception {
    LayoutLimits few = new LayoutLimits(1_000, 10, 10, 10, 16, 64, 10, 10);
    assertThat(read(PickleBytes.begin().text("x".repeat(500)).stop(), few).text()).isEmpty();
  }

  @Test
  void nothingIsReadBehindTheStop() throws Exception {
    byte[] bytes = PickleBytes.begin().ops("N.").ops("garbage").bytes();
    InputCursor cursor = new InputCursor(new MemoryInput("p", bytes));
    read(cursor, LayoutLimits.DEFAULT);
    assertThat(cursor.position()).isEqualTo(4);
  }

  @Test
  void stateOfAnObject() throws Exception {
    Call call =
        (Call)
            read(
                PickleBytes.begin()
                    .global("torch", "Size")
                    .ops(")")
                    .raw(Opcode.NEWOBJ)
                    .text("s")
                    .ops("b")
                    .stop());
    assertThat(call.callee().is("torch", "Size")).isTrue();
    assertThat(call.state().text()).contains("s");
  }

  @Test
  void anyBytesAreReadOrRefused() throws IOException {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("PickleReaderTest: -Dtest.seed=%d%n", seed);
    Random random = new Random(seed);
    StringBuilder opcodes = new StringBuilder("(.012GJKMNQRTUXabc}ehjl]qrstu)BCILFSVgpio");
    opcodes.append('\n');
    for (int opcode = Opcode.PROTO; opcode <= Opcode.BYTEARRAY8; opcode++) {
      opcodes.append((char) opcode);
    }
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[2 + random.nextInt(60)];
      random.nextBytes(bytes);
      for (int at = 0; at < bytes.length; at++) {
        if (random.nextInt(4) > 0) {
          bytes[at] = (byte) opcodes.charAt(random.nextInt(opcodes.length()));
        }
      }
      bytes[0] = (byte) Opcode.PROTO;
      bytes[1] = 2;
      try {
        assertThat(read(bytes)).isNotNull();
      } catch (ModelFormatException e) {
        assertThat(e.getMessage()).contains("expected ", "found ");
      }
    }
  }

  private void assertField(String field, byte[] bytes) {
    ModelFormatException error = failure(bytes);
    assertThat(error.field()).isEqualTo(field);
    assertThat(error.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(error.offset()).isBetween(0L, (long) bytes.length);
  }

  private ModelFormatException failure(byte[] bytes) {
    return failure(bytes, LayoutLimits.DEFAULT);
  }

  private ModelFormatException failure(byte[] bytes, LayoutLimits limits) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(bytes, limits));
    assertThat(error).isNotNull();
    return error;
  }

  private PickleNode read(byte[] bytes) throws IOException, ModelFormatException {
    return read(bytes, LayoutLimits.DEFAULT);
  }

  private PickleNode read(byte[] bytes, LayoutLimits limits)
      throws IOException, ModelFormatException {
    return read(new InputCursor(new MemoryInput("p", bytes)), limits);
  }

  private PickleNode read(InputCursor cursor, LayoutLimits limits)
      throws IOException, ModelFormatException {
    return new PickleReader(
            cursor,
            cursor.input().length(),
            new LayoutBudget(cursor.input(), limits),
            (module, name) -> Optional.ofNullable(ALLOWED.get(module + "." + name)),
            report,
            PickleReader.noPersistentIds(cursor.input()))
        .read();
  }
}
