package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.pickle.PickleNode;
import com.hartonomous.ingest.format.pickle.PickleNode.Persistent;
import com.hartonomous.ingest.format.pickle.PickleReader.PersistentIds;
import com.hartonomous.ingest.format.zip.ZipArchive;
import com.hartonomous.ingest.format.zip.ZipArchive.Member;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The zip container since PyTorch 1.6, of checkpoints and of TorchScript. */
final class ZipCheckpoint {
  /** Inflated bytes of a deflated pickle, which are held in memory; torch itself deflates none. */
  private static final long INFLATED_PICKLE_BYTES_MAX = 32L << 20;

  /** Bytes of a member that holds a word or a number. */
  private static final int WORD_BYTES_MAX = 64;

  private static final int VERSION_MIN = 1;
  private static final int VERSION_MAX = 10;

  /** Digits; those of mobile models' constants end in {@code .storage}. */
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_-]+(\\.storage)?");

  private static final String OBJECT = "data.pkl";
  private static final String CONSTANTS = "constants.pkl";
  private static final String BIG = "big";

  private final Checkpoint checkpoint;
  private final PositionedInput input;
  private final ZipArchive archive;
  private final String root;
  private int storages;

  private ZipCheckpoint(Checkpoint checkpoint, ZipArchive archive, String root) {
    this.checkpoint = checkpoint;
    this.input = checkpoint.input();
    this.archive = archive;
    this.root = root;
  }

  static ModelLayout read(Checkpoint checkpoint) throws IOException, ModelFormatException {
    PositionedInput input = checkpoint.input();
    LayoutBudget budget = checkpoint.budget();
    ZipArchive archive = ZipArchive.read(input, budget);
    Optional<String> first = archive.members().stream().findFirst().map(Member::name);
    int slash = first.map(name -> name.indexOf('/')).orElse(-1);
    if (slash < 0) {
      throw ModelFormatException.malformed(
          input,
          0,
          "first member",
          "one in a folder, which all others are in too",
          first.map(name -> "'" + name + "'").orElse("none"));
    }
    return new ZipCheckpoint(checkpoint, archive, first.get().substring(0, slash + 1)).read();
  }

  private ModelLayout read() throws IOException, ModelFormatException {
    Optional<Member> object = archive.member(root + OBJECT);
    if (object.isEmpty()) {
      throw ModelFormatException.unsupported(
          input,
          0,
          "members",
          "the pickle '%s'".formatted(root + OBJECT),
          archive.member(root + "model.json").isPresent()
              ? "a TorchScript model of before PyTorch 1.4: load and save it with a newer one"
              : "no such member");
    }
    requireVersion();
    boolean bigEndian = isBigEndian();
    Optional<Member> constants = archive.member(root + CONSTANTS);
    PyTorchGlobals allowed =
        constants.isPresent() ? PyTorchGlobals.TORCH_SCRIPT : PyTorchGlobals.CHECKPOINT;
    PickleNode objectRoot = pickle(object.get(), allowed, "data/");
    Optional<PickleNode> constantsRoot = Optional.empty();
    if (constants.isPresent()) {
      constantsRoot = Optional.of(pickle(constants.get(), allowed, "constants/"));
    }
    checkpoint.list(objectRoot, null, bigEndian);
    if (constantsRoot.isPresent()) {
      checkpoint.list(constantsRoot.get(), new KeyPath(null, "$constants"), bigEndian);
    }
    checkpoint.summary().put("root", root.substring(0, root.length() - 1));
    checkpoint.summary().put("torchscript", constants.isPresent());
    checkpoint.summary().put("byteorder", bigEndian ? BIG : "little");
    checkpoint.summary().put("storages", storages);
    return checkpoint.layout();
  }

  private PickleNode pickle(Member member, PyTorchGlobals allowed, String folder)
      throws IOException, ModelFormatException {
    InputCursor cursor = archive.open(member, INFLATED_PICKLE_BYTES_MAX);
    return checkpoint.pickle(
        cursor, cursor.position() + member.length(), allowed, storagesIn(root + folder));
  }

  private void requireVersion() throws IOException, ModelFormatException {
    Optional<Member> member =
        archive.member(root + "version").or(() -> archive.member(root + ".data/version"));
    if (member.isEmpty()) {
      return;
    }
    String version = word(member.get());
    boolean known =
        version.matches("[0-9]{1,3}")
            && Integer.parseInt(version) >= VERSION_MIN
            && Integer.parseInt(version) <= VERSION_MAX;
    if (!known) {
      throw ModelFormatException.unsupported(
          input,
          member.get().offset(),
          "version",
          "from %d to %d".formatted(VERSION_MIN, VERSION_MAX),
          "'" + version + "'");
    }
    checkpoint.summary().put("version", version);
  }

  private boolean isBigEndian() throws IOException, ModelFormatException {
    Optional<Member> member = archive.member(root + "byteorder");
    if (member.isEmpty()) {
      return false;
    }
    String order = word(member.get());
    if (!order.equals(BIG) && !order.equals("little")) {
      throw ModelFormatException.unsupported(
          input, member.get().offset(), "byteorder", "little or big", "'" + order + "'");
    }
    return order.equals(BIG);
  }

  private String word(Member member) throws IOException, ModelFormatException {
    if (member.length() > WORD_BYTES_MAX) {
      throw ModelFormatException.malformed(
          input,
          member.position(),
          "size of '%s'".formatted(member.name()),
          "a word of up to %d bytes".formatted(WORD_BYTES_MAX),
          Long.toString(member.length()));
    }
    byte[] bytes = new byte[(int) member.length()];
    archive.open(member, WORD_BYTES_MAX).readFully(bytes, 0, bytes.length);
    return new String(bytes, StandardCharsets.ISO_8859_1).strip();
  }

  private PersistentIds storagesIn(String folder) {
    Map<String, StoredBytes> known = new HashMap<>();
    return (id, position) -> {
      String field = "persistent id";
      List<PickleNode> items = checkpoint.tuple(id, position, field, 5);
      if (!checkpoint.text(items.get(0), position, field).equals("storage")) {
        throw checkpoint.malformed(position, field, "'storage'", items.get(0));
      }
      PyTorchDtype dtype = checkpoint.storageClass(items.get(1), position);
      String key = checkpoint.text(items.get(2), position, "storage key");
      long elements = checkpoint.integer(items.get(4), position, "storage size");
      StoredBytes storage = known.get(key);
      if (storage == null) {
        storage = locate(folder, key, elements, position);
        known.put(key, storage);
        storages++;
      }
      return new Persistent(
          position,
          new StoredBytes.Part(
              storage,
              dtype,
              0,
              checkpoint.byteLength(elements, dtype, storage.byteLength(), position)));
    };
  }

  private StoredBytes locate(String folder, String key, long elements, long position)
      throws ModelFormatException {
    if (!KEY.matcher(key).matches()) {
      throw ModelFormatException.malformed(
          input, position, "storage key", "letters, digits, '_' and '-'", "'" + key + "'");
    }
    Optional<Member> member = archive.member(folder + key);
    if (member.isEmpty() && elements > 0) {
      throw ModelFormatException.malformed(
          input, position, "storage", "the member '%s'".formatted(folder + key), "none");
    }
    if (member.isEmpty()) {
      // A storage without elements may lack its member.
      return new StoredBytes(0).at(new Range(0, 0), false);
    }
    Range stored = new Range(member.get().offset(), member.get().storedLength());
    StoredBytes storage =
        new StoredBytes(member.get().length()).at(stored, member.get().deflated());
    if (member.get().crc32() != 0 && !member.get().deflated()) {
      checkpoint.add(
          new ModelLayout.MemberCrc32(member.get().name(), stored, member.get().crc32()));
    }
    return storage;
  }
}
