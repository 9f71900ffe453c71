package com.hartonomous.ingest.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Lists the tensors of local models without loading them: the work of the {@code inspect} command.
 * A model is a file, with the shards and other files that it names, or a directory.
 *
 * <p>Listed are the tensors of the given file; of an index, which has none of its own, those of its
 * shards; of a directory, those of all its files. The first file of a model that is split into
 * files of one kind (GGUF) stands for all of them elsewhere, and they must be sound, but here for
 * itself.
 *
 * <p>As JSON, one line for each tensor: {@code file} (as given), {@code name}, {@code path} (where
 * the format has paths), {@code dtype}, {@code shape}, {@code shard} (where the tensor is listed by
 * another file than the one given: that file, relative to the folder of the given one, or to the
 * given directory), {@code offset} (where that file holds the values as they are) or {@code
 * location}, {@code ext_offset} and {@code ext_length} (where a file that it names does, relative
 * to its folder), {@code nbytes}, and {@code sha256} of the canonical bytes on request. Text is
 * escaped to ASCII, so that no terminal or character set changes it. A bad model gives one line
 * with {@code file} and {@code error} and does not stop the others; should one fail only while its
 * values are hashed, or then differ from a checksum that the model gives for them, that line stands
 * behind the tensors that came before. Tensors that overlap are hashed up to a bound, see {@link
 * HashingBudget}.
 */
public final class Inspector {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** What a table shows of what else the headers say. */
  private static final int METADATA_CHARACTERS_MAX = 4_000;

  private final ModelReader reader;

  /** How the listing looks. */
  public enum Style {
    /** One JSON object a line. */
    JSON,
    /** A table for people. */
    TABLE
  }

  public Inspector(ModelReader reader) {
    this.reader = Objects.requireNonNull(reader, "reader");
  }

  /** Returns an inspector with the installed formats and the default limits. */
  public static Inspector ofLocalFiles() {
    return new Inspector(
        new ModelReader(ModelFormats.installed(), LayoutLimits.DEFAULT, FolderLimits.DEFAULT));
  }

  /**
   * Lists each model in turn and flushes behind it.
   *
   * @param files paths of files and directories
   * @param sha256 whether to read and hash the values, too
   * @param output takes the listing, and as JSON the errors too
   * @param errors takes the errors beside a table, a line for each bad file
   * @return whether all files were good
   */
  public boolean inspect(
      List<String> files, Style style, boolean sha256, PrintWriter output, PrintWriter errors) {
    boolean allGood = true;
    for (String file : files) {
      PrintWriter warnings = style == Style.JSON ? null : errors;
      try {
        inspect(file, path(file), new Listing(style, sha256, output, warnings));
      } catch (IOException | ModelFormatException e) {
        allGood = false;
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        if (style == Style.JSON) {
          output.println(toJson(errorLine(file, message)));
        } else {
          errors.println(printable(file) + ": " + printable(message));
        }
      }
      output.flush();
      errors.flush();
    }
    return allGood;
  }

  /**
   * Where a model's tensors go.
   *
   * @param warnings null if there is no place for them
   */
  private record Listing(Style style, boolean sha256, PrintWriter output, PrintWriter warnings) {}

  /** Opens a file of the model by its path there. */
  @FunctionalInterface
  private interface Opener {
    PositionedInput open(String path) throws IOException;
  }

  private void inspect(String file, Path path, Listing listing)
      throws IOException, ModelFormatException {
    if (Files.isDirectory(path)) {
      LocalModelFolder folder = LocalModelFolder.of(path);
      list(file, reader.readDirectory(folder), folder::open, listing);
      return;
    }
    try (PositionedInput input = LocalFileInput.open(path)) {
      Path name = path.getFileName();
      ModelContents contents = reader.readFile(input, name == null ? "" : name.toString());
      // The given file itself is opened as the user named it, which may be a link.
      list(
          file,
          contents,
          other ->
              other.equals(contents.paths().get(0))
                  ? LocalFileInput.open(path)
                  : input.openRelative(other),
          listing);
    }
  }

  private static void list(String file, ModelContents contents, Opener opener, Listing listing)
      throws IOException, ModelFormatException {
    List<ModelContents.WeightFile> listed = listed(contents);
    if (listing.style() == Style.TABLE) {
      listing
          .output()
          .printf(
              "%s: %s, %s, %d tensors%s, %d nodes%n",
              printable(file),
              contents.formatName(),
              contents.paths().size() == 1 && !contents.isDirectory()
                  ? listed.get(0).layout().fileLength() + " bytes"
                  : contents.paths().size() + " files",
              contents.tensorCount(),
              listed.size() == contents.weights().size()
                  ? ""
                  : ", %d in this file".formatted(listed.get(0).layout().tensors().size()),
              contents.nodeCount());
      String metadata = printable(contents.metadataJson());
      boolean shown = metadata.length() <= METADATA_CHARACTERS_MAX;
      listing
          .output()
          .println(
              "  " + (shown ? metadata : metadata.substring(0, METADATA_CHARACTERS_MAX) + "..."));
      contents.warnings().forEach(warning -> listing.warnings().println(printable(warning)));
    }
    for (ModelContents.WeightFile weight : listed) {
      boolean given = !contents.isDirectory() && weight.path().equals(contents.paths().get(0));
      try (PositionedInput input = opener.open(weight.path())) {
        HashingBudget budget = new HashingBudget(input, weight.layout());
        for (TensorEntry tensor : weight.layout().tensors()) {
          boolean hashed =
              listing.sha256() && !(tensor.storage() instanceof TensorStorage.NoValues);
          String digest = hashed ? sha256(input, tensor, budget) : null;
          String shard = given ? null : weight.path();
          listing
              .output()
              .println(
                  listing.style() == Style.JSON
                      ? toJson(jsonLine(file, shard, tensor, digest))
                      : tableRow(shard, tensor, digest));
        }
        if (listing.sha256()) {
          for (ModelLayout.Checksum checksum : weight.layout().checksums()) {
            budget.take(checksum);
            TensorContent.verify(input, checksum);
          }
        }
      }
    }
  }

  private static List<ModelContents.WeightFile> listed(ModelContents contents) {
    if (contents.isDirectory()) {
      return contents.weights();
    }
    ModelContents.WeightFile given = contents.weights().get(0);
    return contents.weights().stream()
        .filter(
            weight ->
                weight == given
                    || !weight.layout().formatName().equals(given.layout().formatName()))
        .toList();
  }

  private static Map<String, Object> jsonLine(
      String file, String shard, TensorEntry tensor, String digest) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("file", file);
    line.put("name", tensor.name());
    if (tensor.path() != null) {
      line.put("path", tensor.path().startsWith("[") ? keys(tensor.path()) : tensor.path());
    }
    line.put("dtype", tensor.dtype());
    line.put("shape", tensor.shape());
    if (shard != null) {
      line.put("shard", shard);
    }
    if (plainRange(tensor).isPresent()) {
      line.put("offset", plainRange(tensor).get().offset());
    } else if (tensor.storage() instanceof TensorStorage.External external) {
      line.put("location", external.location());
      line.put("ext_offset", external.offset());
      line.put("ext_length", external.length());
    }
    line.put("nbytes", tensor.nbytes());
    if (digest != null) {
      line.put("sha256", digest);
    }
    return line;
  }

  private static JsonNode keys(String path) {
    try {
      return MAPPER.readTree(path);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("a path that begins with a bracket is a JSON array", e);
    }
  }

  /** Where the file holds the values as raw bytes; not where they happen to be packed like that. */
  private static Optional<TensorStorage.Range> plainRange(TensorEntry tensor) {
    return tensor.storage() instanceof TensorStorage.TypedData
        ? Optional.empty()
        : tensor.storage().range();
  }

  private static String tableRow(String shard, TensorEntry tensor, String digest) {
    String place = place(tensor.storage());
    if (shard != null) {
      place = printable(shard) + ":" + place;
    }
    String name = tensor.path() == null ? tensor.name() : tensor.path() + " " + tensor.name();
    return "  %-14s %-20s %14d bytes at %-12s %s%s"
        .formatted(
            tensor.dtype(),
            tensor.shape(),
            tensor.nbytes(),
            place,
            digest == null ? "" : digest + " ",
            printable(name));
  }

  private static String place(TensorStorage storage) {
    if (storage instanceof TensorStorage.External external) {
      return printable(external.location()) + ":" + external.offset();
    }
    if (storage instanceof TensorStorage.TypedData) {
      return "typed data";
    }
    if (storage instanceof TensorStorage.NoValues) {
      return "no bytes";
    }
    return storage.range().isPresent()
        ? Long.toString(storage.range().get().offset())
        : "view of " + storage.storedRange().get().offset();
  }

  private static Map<String, Object> errorLine(String file, String message) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("file", file);
    line.put("error", message);
    return line;
  }

  private static String toJson(Map<String, Object> line) {
    try {
      return MAPPER.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("text and numbers always have a JSON form", e);
    }
  }

  private static String sha256(PositionedInput input, TensorEntry tensor, HashingBudget budget)
      throws IOException, ModelFormatException {
    Optional<String> known = budget.known(tensor);
    if (known.isPresent()) {
      return known.get();
    }
    budget.take(tensor);
    MessageDigest digest = newSha256();
    try (OutputStream hashing = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      TensorContent.copy(input, tensor, hashing);
    }
    String hash = HexFormat.of().formatHex(digest.digest());
    budget.remember(tensor, hash);
    return hash;
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must have SHA-256", e);
    }
  }

  /** Names come out of hostile files and must not steer the terminal. */
  private static String printable(String text) {
    StringBuilder printable = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            character -> {
              if (Character.isISOControl(character)
                  || Character.getType(character) == Character.FORMAT) {
                printable.append("\\u%04x".formatted(character));
              } else {
                printable.appendCodePoint(character);
              }
            });
    return printable.toString();
  }

  private static Path path(String file) throws IOException {
    try {
      return Path.of(file);
    } catch (InvalidPathException e) {
      throw new IOException("expected a path, found '" + file + "': " + e.getReason(), e);
    }
  }
}
