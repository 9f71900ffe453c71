package com.hartonomous.ingest.format.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hartonomous.ingest.format.ChunkPlan;
import com.hartonomous.ingest.format.Fixtures;
import com.hartonomous.ingest.format.MemoryInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormatException.Kind;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.pickle.PickleBytes;
import com.hartonomous.ingest.format.zip.ZipBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PyTorchFormatTest {
  private static final int TUPLE1 = 0x85;
  private static final int TUPLE2 = 0x86;
  private static final int NEWOBJ = 0x81;
  private static final int STACK_GLOBAL = 0x93;

  @Test
  void aHandMadeArchiveIsListed() throws Exception {
    ModelLayout layout =
        read(zip(pickle -> pickle.ops("}").text("w").matrix("0", 16, 4, 4).ops("s")));
    assertThat(layout.formatName()).isEqualTo("pytorch");
    assertThat(layout.tensors())
        .singleElement()
        .satisfies(
            tensor -> {
              assertThat(tensor.path()).isEqualTo("[\"w\"]");
              assertThat(tensor.nbytes()).isEqualTo(64);
              assertThat(tensor.contentType()).isEqualTo("tensor/float32");
            });
  }

  @Test
  void theGlobalsOfAGoodFileAreInItsMetadata() throws Exception {
    JsonNode metadata =
        new JsonMapper().readTree(Fixtures.read(fixture("views.pt")).metadataJson());
    assertThat(metadata.get("container").textValue()).isEqualTo("zip");
    assertThat(metadata.get("globals"))
        .extracting(JsonNode::textValue)
        .containsExactly(
            "collections.OrderedDict", "torch.FloatStorage", "torch._utils._rebuild_tensor_v2");
    assertThat(metadata.get("storages").intValue()).isEqualTo(4);
  }

  @Test
  void aRefusedFileReportsAllItsGlobals() {
    ModelFormatException error =
        failure(
            pickle ->
                pickle
                    .ops("}(")
                    .text("w")
                    .matrix("0", 16, 4, 4)
                    .text("x")
                    .global("os", "system")
                    .text("true")
                    .raw(TUPLE1)
                    .ops("Ru"));
    assertThat(error.kind()).isEqualTo(Kind.UNSUPPORTED);
    assertThat(error)
        .hasMessageEndingWith(
            "it names these globals: os.system (REFUSED), collections.OrderedDict,"
                + " torch.FloatStorage, torch._utils._rebuild_tensor_v2");
  }

  @Test
  void classesOfScriptsAreAllowedOnlyInScripts() {
    assertThat(failure(pickle -> pickle.global("__torch__.a", "B").ops(")").raw(0x81)).kind())
        .isEqualTo(Kind.UNSUPPORTED);
    assertThat(PyTorchGlobals.TORCH_SCRIPT.useOf("__torch__evil", "B")).isEmpty();
    assertThat(PyTorchGlobals.TORCH_SCRIPT.useOf("os", "system")).isEmpty();
    assertThat(PyTorchGlobals.CHECKPOINT.useOf("evil", "FloatStorage")).isEmpty();
    assertThat(PyTorchGlobals.CHECKPOINT.useOf("torch", "EvilFloatStorage")).isEmpty();
    assertThat(PyTorchGlobals.CHECKPOINT.useOf("torch", "FLOAT32")).isEmpty();
    assertThat(PyTorchGlobals.NONE.useOf("collections", "OrderedDict")).isEmpty();
  }

  @Test
  void objectsOfAnyClassAreReadIfTheirStateIsThatOfAModule() throws Exception {
    ModelLayout layout =
        read(
            zip(
                pickle -> {
                  pickle.global("any.where", "Net").ops("q").raw(0);
                  pickle.ops(")").raw(NEWOBJ);
                  module(pickle, "_parameters");
                  // The class once more, from the memo.
                  pickle.ops("h").raw(0).ops(")").raw(NEWOBJ);
                  module(pickle, "_buffers");
                  pickle.raw(TUPLE2);
                }));
    assertThat(layout.tensors())
        .extracting(TensorEntry::path)
        .containsExactly("[0,\"_parameters\",\"w\"]", "[1,\"_buffers\",\"w\"]");
    assertThat(layout.metadataJson()).contains("any.where.Net");
  }

  @Test
  void aClassThatIsNotAllowedIsRefusedWhereverElseItStands() {
    List<Consumer<PickleBytes>> objects =
        List.of(
            pickle -> pickle.global("any.where", "Net"),
            pickle -> pickle.global("any.where", "Net").ops(")").raw(NEWOBJ),
            pickle -> pickle.global("any.where", "Net").ops(")").raw(NEWOBJ).ops("}b"),
            pickle -> module(pickle.global("any.where", "Net").ops(")R"), "_parameters"),
            pickle ->
                module(
                    pickle.global("any.where", "Net").ops("N").raw(TUPLE1, NEWOBJ), "_parameters"),
            pickle -> {
              pickle.global("any.where", "Net").ops(")").raw(NEWOBJ);
              module(pickle, "_parameters");
              module(pickle, "_parameters");
            },
            pickle -> {
              pickle.global("any.where", "Net").ops("q").raw(0);
              pickle.ops(")").raw(NEWOBJ);
              module(pickle, "_parameters");
              pickle.ops("h").raw(0).raw(TUPLE2);
            },
            pickle -> pickle.global("any.where", "Net").ops("0N"),
            pickle -> pickle.global("any.where", "Net").ops(")").raw(NEWOBJ).ops("NNs"));
    for (Consumer<PickleBytes> object : objects) {
      ModelFormatException error = failure(object);
      assertThat(error.kind()).isEqualTo(Kind.UNSUPPORTED);
      assertThat(error).hasMessageContaining("any.where.Net (REFUSED)");
    }
  }

  @Test
  void whatCannotBeAModuleIsRefusedWhateverItsState() {
    for (String[] name :
        List.of(
            new String[] {"os", "Net"},
            new String[] {"builtins", "object"},
            new String[] {"torch", "Net"},
            new String[] {"torch.jit", "Net"},
            new String[] {"any", "os.system"})) {
      ModelFormatException error =
          failure(
              pickle -> {
                pickle.text(name[0]).text(name[1]).raw(STACK_GLOBAL);
                module(pickle.ops(")").raw(NEWOBJ), "_parameters");
              });
      assertThat(error).hasMessageContaining(name[0] + "." + name[1] + " (REFUSED)");
    }
    assertMalformed("call", pickle -> pickle.global("torch.nn.modules.linear", "Linear").ops(")R"));
    assertMalformed(
        "arguments of torch.nn.modules.linear Linear",
        pickle ->
            pickle.global("torch.nn.modules.linear", "Linear").ops("N").raw(TUPLE1).raw(NEWOBJ));
  }

  @Test
  void theTypeOfATensorMayBeAnyAndIsNotLookedAt() throws Exception {
    Consumer<PickleBytes> tensor =
        pickle -> {
          pickle.global("torch._tensor", "_rebuild_from_type_v2").ops("(");
          pickle.global("torch._utils", "_rebuild_parameter");
          pickle.global("any.where", "MyTensor").ops("q").raw(0);
          pickle.ops("(").matrix("0", 16, 4, 4).raw(0x88).ops("Nt");
          pickle.ops("}tR");
        };
    ModelLayout layout = read(zip(tensor));
    assertThat(layout.tensors()).hasSize(1);
    assertThat(new JsonMapper().readTree(layout.metadataJson()).get("unlistedGlobals"))
        .extracting(JsonNode::textValue)
        .containsExactly("any.where.MyTensor");
    assertThat(failure(pickle -> tensor.andThen(p -> p.ops("h").raw(0).raw(TUPLE2)).accept(pickle)))
        .hasMessageContaining("any.where.MyTensor (REFUSED)");
  }

  /** State of a module with one matrix, and BUILD. */
  private static PickleBytes module(PickleBytes pickle, String holder) {
    pickle.ops("}(");
    for (String key : List.of("_parameters", "_buffers", "_modules")) {
      pickle.text(key).ops("}");
      if (key.equals(holder)) {
        pickle.text("w").matrix("0", 16, 4, 4).ops("s");
      }
    }
    return pickle.ops("ub");
  }

  @Test
  void anObjectInsideItselfIsEnteredOnce() throws Exception {
    ModelLayout layout =
        read(
            zip(
                pickle ->
                    pickle
                        .ops("}q")
                        .raw(0)
                        .ops("(")
                        .text("self")
                        .ops("h")
                        .raw(0)
                        .text("w")
                        .matrix("0", 16, 4, 4)
                        .ops("u")));
    assertThat(layout.tensors()).extracting(TensorEntry::name).containsExactly("w");
  }

  @Test
  void sharedPairsDoNotMakeEndlessWays() {
    // Each level refers twice to the one below: 2^60 ways to one tensor.
    ModelFormatException error =
        failure(
            pickle -> {
              pickle.matrix("0", 16, 4, 4);
              for (int level = 0; level < 60; level++) {
                pickle.ops("q").raw(level).ops("h").raw(level).raw(TUPLE2);
              }
            });
    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void deepContainersAreTooLarge() {
    assertThat(failure(pickle -> pickle.ops("]".repeat(5_001)).ops("a".repeat(5_000))).kind())
        .isEqualTo(Kind.TOO_LARGE);
  }

  @Test
  void aPathOfOneLongKeyManyTimesIsTooLarge() {
    ModelFormatException error =
        failure(
            object -> {
              object.text("k".repeat(600_000)).ops("q").raw(0).ops("0");
              object.ops("}h").raw(0).ops("}h").raw(0);
              object.matrix("0", 4, 2, 2).ops("ss");
            });

    assertThat(error.kind()).isEqualTo(Kind.TOO_LARGE);
    assertThat(error.field()).isEqualTo("path of a tensor");
  }

  @Test
  void tensorsStayInTheirStorage() {
    assertMalformed("tensor", pickle -> pickle.matrix("0", 16, 5, 4));
    assertMalformed("size", pickle -> pickle.matrix("0", 16, -1, 4));
    assertMalformed("storage", pickle -> pickle.matrix("0", 17, 4, 4));
    assertMalformed("storage", pickle -> pickle.matrix("7", 16, 4, 4));
    assertMalformed("storage key", pickle -> pickle.matrix("../0", 16, 4, 4));
    // Beyond 2^63 elements.
    assertMalformed(
        "tensor",
        pickle -> expanded(pickle, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE));
  }

  @Test
  void aHugeExpandedTensorIsListedButNotRead() throws Exception {
    byte[] archive = zip(pickle -> expanded(pickle, 1 << 20, 1 << 20, 1));
    ModelLayout layout = read(archive);
    TensorEntry tensor = layout.tensors().get(0);
    assertThat(tensor.nbytes()).isEqualTo(4L << 40);
    assertThatThrownBy(
            () ->
                TensorContent.copy(
                    new MemoryInput("m", archive), tensor, OutputStream.nullOutputStream()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected up to 16777216 of them, found 1099511627776");
    assertThat(ChunkPlan.of(layout, ChunkPlan.CHUNK_SIZE_MIN).fileLength())
        .isEqualTo(archive.length);
  }

  @Test
  void chunksAreCutAtStoragesNotAtViews() throws Exception {
    byte[] archive =
        zip(
            pickle ->
                pickle
                    .global("torch._utils", "_rebuild_tensor_v2")
                    .ops("(")
                    .storage("0", 16)
                    .integer(5)
                    .integer(3)
                    .raw(TUPLE1)
                    .integer(1)
                    .raw(TUPLE1)
                    .raw(0x89)
                    .ops("NtR"));
    ModelLayout layout = read(archive);
    long offset = layout.tensors().get(0).storage().range().orElseThrow().offset();
    assertThat(ChunkPlan.of(layout, ChunkPlan.CHUNK_SIZE_MIN).sections())
        .anySatisfy(
            section -> {
              assertThat(section.offset()).isEqualTo(offset - 20);
              assertThat(section.length()).isEqualTo(64);
              assertThat(section.contentType()).isEqualTo("tensor/float32");
            });
  }

  @Test
  void keysOfAllKindsMakePaths() throws Exception {
    ModelLayout layout =
        read(
            zip(
                pickle ->
                    pickle
                        .ops("}(")
                        .integer(7)
                        .matrix("0", 16, 1, 1)
                        .raw(0x88)
                        .ops("]")
                        .matrix("0", 16, 1, 1)
                        .ops("aN")
                        .matrix("0", 16, 1, 1)
                        .text("a.b")
                        .matrix("0", 16, 1, 1)
                        .ops("u")));
    assertThat(layout.tensors())
        .extracting(TensorEntry::path)
        .containsExactly("[7]", "[true,0]", "[null]", "[\"a.b\"]");
    assertThat(layout.tensors())
        .extracting(TensorEntry::name)
        .containsExactly("7", "True.0", "None", "a.b");
  }

  @Test
  void keysWithoutAFormInJsonMakePathsOfTheirOwn() throws Exception {
    ModelLayout layout =
        read(
            zip(
                pickle -> {
                  pickle.ops("}(");
                  pickle.integer(0).integer(1).raw(TUPLE2).matrix("0", 16, 1, 1);
                  pickle.integer(2).text("a").raw(TUPLE2).matrix("0", 16, 1, 1);
                  pickle.text("None").matrix("0", 16, 1, 1);
                  pickle.ops("N").matrix("0", 16, 1, 1);
                  pickle.ops("C").raw(1, 'x').matrix("0", 16, 1, 1);
                  pickle.ops("C").raw(1, 'y').matrix("0", 16, 1, 1);
                  pickle.text("bytes").matrix("0", 16, 1, 1);
                  pickle.number(Double.POSITIVE_INFINITY).matrix("0", 16, 1, 1);
                  pickle.text("Infinity").matrix("0", 16, 1, 1);
                  pickle.text("x".repeat(101)).raw(TUPLE1).matrix("0", 16, 1, 1);
                  pickle.ops(")").raw(TUPLE1).matrix("0", 16, 1, 1);
                  pickle.ops("u");
                }));
    assertThat(layout.tensors())
        .extracting(TensorEntry::path)
        .containsExactly(
            "[{\"item\":0}]",
            "[{\"item\":1}]",
            "[\"None\"]",
            "[null]",
            "[{\"item\":4}]",
            "[{\"item\":5}]",
            "[\"bytes\"]",
            "[{\"item\":7}]",
            "[\"Infinity\"]",
            "[{\"item\":9}]",
            "[{\"item\":10}]");
    assertThat(layout.tensors())
        .extracting(TensorEntry::name)
        .containsExactly(
            "(0, 1)",
            "(2, 'a')",
            "None",
            "None",
            "bytes",
            "bytes",
            "bytes",
            "Infinity",
            "Infinity",
            "a tuple of 1",
            "(a tuple of 0,)");
  }

  @Test
  void archivesOfOtherThingsAreNamed() {
    ZipBytes other = new ZipBytes();
    other.stored("word/document.xml", new byte[3]);
    assertThatThrownBy(() -> read(other.finish()))
        .hasMessageContaining("expected the pickle 'word/data.pkl', found no such member");
    ZipBytes old = new ZipBytes();
    old.stored("m/model.json", new byte[3]);
    assertThatThrownBy(() -> read(old.finish())).hasMessageContaining("before PyTorch 1.4");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "11", "x", ""})
  void unknownVersionsAreRefused(String version) {
    ZipBytes bytes = new ZipBytes();
    bytes.stored("m/data.pkl", PickleBytes.begin().ops("}").stop());
    bytes.stored("m/version", version.getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> read(bytes.finish())).hasMessageContaining("version: expected from 1");
  }

  @Test
  void namesOfWeightsAreClaimed() {
    PyTorchFormat format = new PyTorchFormat();
    assertThat(
            List.of(
                "pytorch_model.bin",
                "pytorch_model-00001-of-00002.bin",
                "diffusion_pytorch_model.fp16.bin",
                "consolidated.00.pth",
                "model.pt",
                "x.ptl"))
        .allMatch(format::claims);
    assertThat(
            List.of("training_args.bin", "rng_state.pth", "tokenizer.bin", "model.bin.index.json"))
        .noneMatch(format::claims);
  }

  @Test
  void aDirectoryOfShardsIsFoundByItsIndex() throws Exception {
    assertThat(
            ModelFormats.installed()
                .detect(
                    new MemoryInput(
                        "x", Fixtures.bytes("sharded-pytorch/pytorch_model.bin.index.json"))))
        .hasValueSatisfying(format -> assertThat(format.name()).isEqualTo("pytorch-sharded"));
  }

  /** Three dimensions of stride 0. */
  private static void expanded(PickleBytes pickle, int first, int second, int third) {
    pickle.global("torch._utils", "_rebuild_tensor_v2").ops("(").storage("0", 16).integer(0);
    pickle.ops("(").integer(first).integer(second).integer(third).ops("t");
    pickle.ops("(").integer(0).integer(0).integer(0).ops("t").raw(0x89).ops("NtR");
  }

  private static void assertMalformed(String field, Consumer<PickleBytes> object) {
    ModelFormatException error = failure(object);
    assertThat(error.kind()).isEqualTo(Kind.MALFORMED);
    assertThat(error.field()).isEqualTo(field);
  }

  private static ModelFormatException failure(Consumer<PickleBytes> object) {
    ModelFormatException error =
        catchThrowableOfType(ModelFormatException.class, () -> read(zip(object)));
    assertThat(error).isNotNull();
    return error;
  }

  /** An archive with that object and a storage of sixteen floats. */
  private static byte[] zip(Consumer<PickleBytes> object) {
    PickleBytes pickle = PickleBytes.begin();
    object.accept(pickle);
    ZipBytes bytes = new ZipBytes();
    bytes.stored("m/data.pkl", pickle.stop()).descriptor = true;
    bytes.stored("m/data/0", new byte[64]);
    return bytes.finish();
  }

  private static MemoryInput fixture(String name) throws IOException {
    return new MemoryInput(name, Fixtures.bytes(name));
  }

  private static ModelLayout read(byte[] bytes) throws IOException, ModelFormatException {
    return Fixtures.read(new MemoryInput("m", bytes));
  }
}
