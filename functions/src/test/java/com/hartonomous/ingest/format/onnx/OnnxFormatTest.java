package com.hartonomous.ingest.format.onnx;

import static com.hartonomous.ingest.format.onnx.ProtobufBytes.bytes;
import static com.hartonomous.ingest.format.onnx.ProtobufBytes.bytesField;
import static com.hartonomous.ingest.format.onnx.ProtobufBytes.lengthField;
import static com.hartonomous.ingest.format.onnx.ProtobufBytes.varintField;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.NodeEntry;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OnnxFormatTest {
  private static final int UINT8 = 2;
  private static final int INT64 = 7;
  private static final int STRING = 8;

  @Test
  void nodesComeBeforeTheNodesInsideThem() throws Exception {
    assertThat(Fixtures.read(new MemoryInput("nested.onnx", Fixtures.bytes("nested.onnx"))).nodes())
        .containsExactly(
            new NodeEntry("graph/node[0]", "choose", "If"),
            new NodeEntry("graph/node[0]/attribute[0]/g/node[0]", "shallow", "Constant"),
            new NodeEntry("graph/node[0]/attribute[1]/g/node[0]", "deep", "Constant"),
            new NodeEntry("graph/node[1]", "", "Custom"),
            new NodeEntry("graph/node[1]/attribute[1]/graphs[0]/node[0]", "deep", "Constant"),
            new NodeEntry("graph/node[1]/attribute[1]/graphs[1]/node[0]", "shallow", "Constant"),
            new NodeEntry("training_info[0]/algorithm/node[0]", "step", "Constant"),
            new NodeEntry("functions[0]/node[0]", "in.function", "Constant"))
        .first()
        .extracting(NodeEntry::text)
        .isEqualTo("choose:If");
  }

  @Test
  void theSummaryTellsTheModelsOwnWords() throws Exception {
    assertThat(
            Fixtures.read(new MemoryInput("nested.onnx", Fixtures.bytes("nested.onnx")))
                .metadataJson())
        .isEqualTo(
            "{\"ir_version\":8,\"producer_name\":\"make_fixtures\",\"graph_name\":\"nested\","
                + "\"opset_import\":[{\"domain\":\"\",\"version\":17}],"
                + "\"counts\":{\"nodes\":8,\"tensors\":16,\"initializers\":1,\"functions\":1},"
                + "\"inputs\":[{\"name\":\"x\",\"dtype\":\"FLOAT\",\"shape\":[\"batch\",3,null]}],"
                + "\"outputs\":[{\"name\":\"y\",\"dtype\":\"INT64\",\"shape\":[]}],"
                + "\"metadata_props\":{\"author\":\"a test\"},\"sparse_tensors\":["
                + "{\"path\":\"graph/node[1]/attribute[2]/sparse_tensor\",\"dims\":[2199023255552]},"
                + "{\"path\":\"graph/sparse_initializer[0]\",\"dims\":[2199023255552]}]}");
  }

  @Test
  void positionsBeyondTwoGibibytesWorkAndTheDataIsNotRead() throws Exception {
    long dataLength = 3L << 30;
    byte[] before =
        bytes(varintField(2, UINT8), varintField(1, dataLength), lengthField(9, dataLength));
    byte[] after = bytes(lengthField(8, 3), new byte[] {'b', 'i', 'g'});
    long tensorLength = before.length + dataLength + after.length;
    byte[] small =
        bytesField(
            5, bytes(varintField(2, UINT8), varintField(1, 1), bytesField(9, new byte[] {7})));
    byte[] tensorHead = lengthField(5, tensorLength);
    long graphLength = tensorHead.length + tensorLength + small.length;
    byte[] head = bytes(varintField(1, 8), lengthField(7, graphLength), tensorHead, before);
    MemoryInput input =
        new MemoryInput(
            "big.onnx",
            head.length + dataLength + after.length + small.length,
            Map.of(0L, head, head.length + dataLength, bytes(after, small)));

    ModelLayout layout = Fixtures.read(input);

    assertThat(layout.tensors())
        .extracting(TensorEntry::name, TensorEntry::storage)
        .containsExactly(
            tuple("big", new TensorStorage.Range(head.length, dataLength)),
            tuple("", new TensorStorage.Range(layout.fileLength() - 1, 1)));
    assertThat(input.bytesRead()).isLessThan(200_000);
  }

  @Test
  void tensorsThatContradictThemselvesAreRefused() {
    byte[] type = varintField(2, UINT8);
    byte[] four = varintField(1, 4);
    byte[] raw = bytesField(9, new byte[4]);
    byte[] typed = bytesField(5, new byte[4]);
    assertRefused(Kind.MALFORMED, "data_type", four, raw);
    assertRefused(Kind.UNSUPPORTED, "found 99", varintField(2, 99), four, raw);
    assertRefused(Kind.MALFORMED, "found no values", type, four);
    assertRefused(Kind.MALFORMED, "raw_data of 4 bytes, 4 in int32_data", type, four, raw, typed);
    assertRefused(
        Kind.MALFORMED, "found raw_data of 3 bytes", type, four, bytesField(9, new byte[3]));
    assertRefused(
        Kind.MALFORMED, "found raw_data of 5 bytes", type, four, bytesField(9, new byte[5]));
    assertRefused(Kind.MALFORMED, "found 3 in int32_data", type, four, bytesField(5, new byte[3]));
    assertRefused(Kind.MALFORMED, "found 4 in int64_data", type, four, bytesField(7, new byte[4]));
    assertRefused(Kind.MALFORMED, "multiple of 4", type, four, bytesField(4, new byte[3]));
    assertRefused(Kind.MALFORMED, "dimensions from 0", type, varintField(1, -1), raw);
    assertRefused(Kind.MALFORMED, "2^63", type, varintField(1, 1L << 62), varintField(1, 4), raw);
    assertRefused(Kind.MALFORMED, "2^63 bits", type, varintField(1, 1L << 61), raw);
    assertRefused(Kind.UNSUPPORTED, "segment", type, four, raw, bytesField(3, new byte[0]));
    assertRefused(Kind.MALFORMED, "string_data alone", varintField(2, STRING), four, raw);
    assertRefused(Kind.UNSUPPORTED, "data_location", type, four, raw, varintField(14, 2));
    assertRefused(Kind.MALFORMED, "beside external", type, four, raw, varintField(14, 1));
    assertRefused(Kind.MALFORMED, "a location, found none", type, four, varintField(14, 1));
    assertRefused(Kind.MALFORMED, "other than STRING", varintField(2, STRING), varintField(14, 1));
  }

  @Test
  void ofATypeThatIsLongerThanAnInt32TheLowBitsCount() throws Exception {
    byte[] file =
        model(varintField(2, (1L << 40) + UINT8), varintField(1, 1), bytesField(9, new byte[] {7}));
    assertThat(read(file, LayoutLimits.DEFAULT).tensors().get(0).dtype()).isEqualTo("UINT8");
  }

  @Test
  void sparseTensorsMustFitTogether() throws Exception {
    byte[] values = sparsePart(1, UINT8, 2, 1);
    byte[] linear = sparsePart(2, INT64, 2, 8);
    byte[] tuples = bytesField(2, bytes(shape(2, 3), varintField(2, INT64), raw(48)));
    byte[] dims = bytes(varintField(3, 4), bytesField(3, new byte[] {5, 6}));
    assertThat(readSparse(values, linear, dims).tensors())
        .extracting(TensorEntry::path, TensorEntry::shape)
        .containsExactly(
            tuple("graph/sparse_initializer[0]/values", List.of(2L)),
            tuple("graph/sparse_initializer[0]/indices", List.of(2L)));
    assertThat(readSparse(values, tuples, dims).metadataJson())
        .contains(
            "\"sparse_tensors\":[{\"path\":\"graph/sparse_initializer[0]\",\"dims\":[4,5,6]}]");
    byte[] noValues = bytesField(1, bytes(shape(0), varintField(2, UINT8)));
    assertThat(readSparse(noValues, dims).tensors()).hasSize(1);

    assertSparseRefused("expected values, found none", linear, dims);
    assertSparseRefused("one or more dims from 1, found []", values, linear);
    assertSparseRefused("found [4, 0]", values, linear, bytesField(3, new byte[] {4, 0}));
    assertSparseRefused("dimensions from 0", values, linear, varintField(3, -1));
    assertSparseRefused("indices of 2 values, found none", values, dims);
    assertSparseRefused("[2] or [2, 3], found INT64 [3]", values, dims, sparsePart(2, INT64, 3, 8));
    assertSparseRefused("found UINT8 [2]", values, dims, sparsePart(2, UINT8, 2, 1));
    assertSparseRefused(
        "found INT64 [2, 2]",
        values,
        dims,
        bytesField(2, bytes(shape(2, 2), varintField(2, INT64), raw(32))));
    assertSparseRefused(
        "values of one dimension, found the shape []",
        bytesField(1, bytes(varintField(2, UINT8), raw(1))),
        linear,
        dims);
  }

  private static byte[] sparsePart(int field, int type, int count, int width) {
    return bytesField(field, bytes(shape(count), varintField(2, type), raw(count * width)));
  }

  private static byte[] shape(int... dims) {
    return bytes(Arrays.stream(dims).mapToObj(d -> varintField(1, d)).toArray(byte[][]::new));
  }

  private static byte[] raw(int length) {
    return bytesField(9, new byte[length]);
  }

  private static ModelLayout readSparse(byte[]... fields) throws IOException, ModelFormatException {
    return read(sparse(fields), LayoutLimits.DEFAULT);
  }

  private static void assertSparseRefused(String message, byte[]... fields) {
    assertRefused(sparse(fields), LayoutLimits.DEFAULT, Kind.MALFORMED, message);
  }

  private static byte[] sparse(byte[]... fields) {
    return bytes(varintField(1, 8), bytesField(7, bytesField(15, bytes(fields))));
  }

  /**
   * A small file may not ask for much memory: text in the summary counts as often as it is held.
   */
  @Test
  void metadataIsBoundedByTheMemoryThatItTakes() {
    byte[] property =
        bytesField(14, bytes(bytesField(1, new byte[1]), bytesField(2, new byte[1 << 20])));
    assertRefused(
        bytes(property, property, property, property, property),
        LayoutLimits.DEFAULT,
        Kind.TOO_LARGE,
        "names, paths, shapes and metadata");
  }

  @Test
  void aZeroDimensionMakesTheOthersHarmless() throws Exception {
    byte[] file =
        model(
            varintField(2, UINT8),
            varintField(1, 1L << 62),
            varintField(1, 1L << 62),
            varintField(1, 0));
    assertThat(read(file, LayoutLimits.DEFAULT).tensors().get(0).nbytes()).isZero();
  }

  @Test
  void limitsAreKept() {
    byte[] byteTensor = bytes(varintField(2, UINT8), varintField(1, 1), bytesField(9, new byte[1]));
    byte[] three = bytesField(5, byteTensor);
    byte[] node = bytesField(1, bytesField(4, new byte[] {'x'}));
    byte[] graphName = bytesField(2, new byte[20]);
    byte[] longName = bytesField(1, bytesField(3, new byte[21]));
    assertTooLarge("tensors: expected up to 2", bytes(three, three, three));
    assertTooLarge("nodes: expected up to 3", bytes(node, node, node, node));
    assertTooLarge("text of up to 20 bytes, found 21", longName);
    assertTooLarge(
        "paths, shapes and metadata, in bytes",
        bytes(node, graphName, graphName, graphName, graphName, graphName));
    assertTooLarge("up to 3 dimensions", bytesField(5, bytesField(1, new byte[4])));
    assertTooLarge(
        "up to 2 separate runs",
        bytesField(
            5,
            bytes(
                bytesField(5, new byte[1]),
                bytesField(5, new byte[1]),
                bytesField(5, new byte[1]))));
    byte[] nested =
        bytesField(
            1,
            bytesField(5, bytesField(6, bytesField(1, bytesField(5, bytesField(6, new byte[0]))))));
    assertTooLarge("up to 6 messages inside each other", nested);
    byte[] groups = new byte[40];
    Arrays.fill(groups, (byte) (12 << 3 | 3));
    assertTooLarge("up to 6 messages inside each other", groups);
  }

  @Test
  void externalFilesThatAreAbsentAreTheModelsFault() {
    byte[] entry =
        bytes(
            bytesField(1, "location".getBytes(StandardCharsets.UTF_8)),
            bytesField(2, new byte[] {'x'}));
    assertRefused(
        Kind.MALFORMED,
        "a regular file beside the model",
        varintField(2, UINT8),
        varintField(14, 1),
        bytesField(13, entry));
  }

  /**
   * What protobuf's own parser takes and refuses, the walk takes and refuses too; but for varints
   * that go on behind ten bytes, of which protobuf-java 4.34.2 takes half.
   */
  @Test
  void anyBytesAreWellFormedForTheWalkAsTheyAreForProtobuf() throws Exception {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("OnnxFormatTest: -Dtest.seed=%d%n", seed);
    Random random = new Random(seed);
    int accepted = 0;
    int rounds = 20_000;
    for (int round = 0; round < rounds; round++) {
      byte[] message = randomMessage(random, 0);
      for (int flips = random.nextInt(3); flips > 0 && message.length > 0; flips--) {
        message[random.nextInt(message.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      }
      String refusal = walk(message);
      if (refusal.contains("a varint of up to 10 bytes")) {
        continue;
      }
      assertThat(refusal.isEmpty())
          .as("%s: %s", HexFormat.of().formatHex(message), refusal)
          .isEqualTo(isWellFormed(message));
      accepted += refusal.isEmpty() ? 1 : 0;
    }
    assertThat(accepted).isBetween(rounds / 10, rounds - rounds / 10);
  }

  private static boolean isWellFormed(byte[] message) {
    try {
      UnknownFieldSet.parseFrom(message);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns why the walk refuses the message; empty if it does not. */
  private static String walk(byte[] message) throws IOException {
    ProtobufCursor wire =
        new ProtobufCursor(new MemoryInput("random", message), LayoutLimits.DEFAULT);
    try {
      int tag;
      while ((tag = wire.nextTag(message.length)) != 0) {
        wire.skipField(tag, message.length);
      }
      return "";
    } catch (ModelFormatException e) {
      return e.getMessage();
    }
  }

  private static byte[] randomMessage(Random random, int depth) {
    UnknownFieldSet.Builder message = UnknownFieldSet.newBuilder();
    for (int fields = random.nextInt(4); fields > 0; fields--) {
      Field.Builder field = Field.newBuilder();
      switch (random.nextInt(5)) {
        case 0 -> field.addVarint(random.nextLong() >>> random.nextInt(Long.SIZE));
        case 1 -> field.addFixed32(random.nextInt());
        case 2 -> field.addFixed64(random.nextLong());
        case 3 -> {
          byte[] content = new byte[random.nextInt(5)];
          random.nextBytes(content);
          field.addLengthDelimited(ByteString.copyFrom(content));
        }
        default -> {
          if (depth < 3) {
            field.addGroup(parse(randomMessage(random, depth + 1)));
          }
        }
      }
      message.mergeField(1 + random.nextInt(40), field.build());
    }
    return message.build().toByteArray();
  }

  private static UnknownFieldSet parse(byte[] message) {
    try {
      return UnknownFieldSet.parseFrom(message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertRefused(Kind kind, String message, byte[]... tensorFields) {
    assertRefused(model(tensorFields), LayoutLimits.DEFAULT, kind, message);
  }

  private static void assertTooLarge(String message, byte[] graph) {
    assertRefused(
        bytes(varintField(1, 8), bytesField(7, graph)),
        new LayoutLimits(1, 2, 3, 3, 20, 100, 6, 2),
        Kind.TOO_LARGE,
        message);
  }

  private static void assertRefused(byte[] file, LayoutLimits limits, Kind kind, String message) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(file, limits));
    assertThat(error).isNotNull().hasMessageContaining(message);
    assertThat(error.kind()).isEqualTo(kind);
  }

  private static ModelLayout read(byte[] file, LayoutLimits limits)
      throws IOException, ModelFormatException {
    MemoryInput input = new MemoryInput("test.onnx", file);
    return new OnnxFormat().read(input, new LayoutBudget(input, limits));
  }

  /** A model whose graph has one initializer. */
  private static byte[] model(byte[]... tensorFields) {
    return bytes(varintField(1, 8), bytesField(7, bytesField(5, bytes(tensorFields))));
  }
}
