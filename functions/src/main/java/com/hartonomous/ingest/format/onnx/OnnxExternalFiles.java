package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.RelativeLocation;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The files beside a model that its tensors lie in (onnx/onnx, docs/ExternalData.md). Each is
 * opened once, for its length.
 *
 * <p>Stricter than the official checker, which lets most bad entries through: see {@link
 * PositionedInput#openRelative} for the names; a file with a second name (hard link) is refused
 * where the file system tells, as the official loader does; a range must lie in the file and have
 * the length that type and shape demand. {@code checksum}, the SHA-1 of the whole file, is handed
 * on, since comparing it takes reading all of the file; {@code basepath}, which tools write, is
 * ignored, and so are unknown keys, with a warning. Several tensors may share bytes, and the
 * location may be the model file itself. In a location, parts that are {@code .} or empty are left
 * out, as the official loader normalises it.
 */
final class OnnxExternalFiles {
  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");
  private static final Pattern SHA1 = Pattern.compile("[0-9a-fA-F]{40}");
  private static final String CHECKSUM = "checksum";
  private static final Set<String> KEYS =
      Set.of("location", "offset", "length", CHECKSUM, "basepath");

  /** Unknown keys that are named; a file may have as many as it likes. */
  private static final int WARNINGS_MAX = 10;

  private final PositionedInput model;
  private final Map<String, Long> lengths = new HashMap<>();
  private final Map<String, String> checksums = new LinkedHashMap<>();
  private final Set<String> unknownKeys = new LinkedHashSet<>();

  OnnxExternalFiles(PositionedInput model) {
    this.model = model;
  }

  /** Returns what the files should hash to, in order of first use. */
  List<ModelLayout.Checksum> checksums() {
    return checksums.entrySet().stream()
        .<ModelLayout.Checksum>map(
            entry -> new ModelLayout.FileSha1(entry.getKey(), entry.getValue()))
        .toList();
  }

  /** Returns what was ignored. */
  List<String> warnings() {
    return unknownKeys.stream()
        .map(
            key ->
                "%s: expected external_data with the keys %s, found '%s', which is ignored"
                    .formatted(model.identity(), new TreeSet<>(KEYS), key))
        .toList();
  }

  /**
   * Resolves a tensor's {@code external_data}.
   *
   * @param entries its keys and values
   * @param nbytes length that the tensor must have
   * @param position of the tensor in the model file, for errors
   * @param tensor what to call it in errors
   */
  TensorStorage.External resolve(
      Map<String, String> entries, long nbytes, long position, String tensor)
      throws IOException, ModelFormatException {
    String field = "external_data of " + tensor;
    String location = entries.get("location");
    if (location == null) {
      throw ModelFormatException.malformed(model, position, field, "a location", "none");
    }
    location = normalized(location);
    Optional<String> objection = RelativeLocation.check(location);
    if (objection.isPresent()) {
      throw ModelFormatException.malformed(
          model,
          position,
          field,
          "a location inside the model's folder",
          "one that is refused, since " + objection.get());
    }
    long fileLength = length(location, position, field);
    long offset = number(entries, "offset", 0, position, field);
    if (offset > fileLength) {
      throw ModelFormatException.malformed(
          model,
          position,
          field,
          "an offset in the %d bytes of '%s'".formatted(fileLength, location),
          Long.toString(offset));
    }
    long length = number(entries, "length", fileLength - offset, position, field);
    if (length > fileLength - offset) {
      throw ModelFormatException.malformed(
          model,
          position,
          field,
          "a length up to the %d bytes of '%s' behind %d"
              .formatted(fileLength - offset, location, offset),
          Long.toString(length));
    }
    if (length != nbytes) {
      throw ModelFormatException.malformed(
          model, position, field, "a length of " + nbytes, Long.toString(length));
    }
    noteChecksum(entries.get(CHECKSUM), location, position, field);
    for (String key : entries.keySet()) {
      if (!KEYS.contains(key) && unknownKeys.size() < WARNINGS_MAX) {
        unknownKeys.add(key);
      }
    }
    return new TensorStorage.External(location, offset, length);
  }

  private static String normalized(String location) {
    if (location.startsWith("/")) {
      return location;
    }
    List<String> parts = new ArrayList<>(List.of(location.split("/", -1)));
    String last = parts.remove(parts.size() - 1);
    parts.removeIf(part -> part.isEmpty() || part.equals("."));
    parts.add(last);
    return String.join("/", parts);
  }

  private void noteChecksum(String checksum, String location, long position, String field)
      throws ModelFormatException {
    if (checksum == null) {
      return;
    }
    if (!SHA1.matcher(checksum).matches()) {
      throw ModelFormatException.malformed(
          model,
          position,
          field,
          "a checksum of 40 hexadecimal digits, a SHA-1",
          "'" + checksum + "'");
    }
    String sha1 = checksum.toLowerCase(Locale.ROOT);
    String earlier = checksums.putIfAbsent(location, sha1);
    if (earlier != null && !earlier.equals(sha1)) {
      throw ModelFormatException.malformed(
          model,
          position,
          field,
          "one checksum of '%s', as before: %s".formatted(location, earlier),
          sha1);
    }
  }

  private long number(
      Map<String, String> entries, String key, long absent, long position, String field)
      throws ModelFormatException {
    String text = entries.get(key);
    if (text == null) {
      return absent;
    }
    if (DECIMAL.matcher(text).matches()) {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        ModelFormatException error = badNumber(key, text, position, field);
        error.initCause(e);
        throw error;
      }
    }
    throw badNumber(key, text, position, field);
  }

  private ModelFormatException badNumber(String key, String text, long position, String field) {
    return ModelFormatException.malformed(
        model, position, field, key + " as a decimal number below 2^63", "'" + text + "'");
  }

  private long length(String location, long position, String field)
      throws IOException, ModelFormatException {
    Long known = lengths.get(location);
    if (known != null) {
      return known;
    }
    try (PositionedInput file = model.openRelative(location)) {
      if (file.hardLinkCount() != 1) {
        throw ModelFormatException.malformed(
            model,
            position,
            field,
            "a file with one name, since a hard link may be one from outside the folder",
            "'%s' with %d names; copy it".formatted(location, file.hardLinkCount()));
      }
      lengths.put(location, file.length());
      return file.length();
    } catch (FileNotFoundException e) {
      ModelFormatException error =
          ModelFormatException.malformed(
              model, position, field, "a regular file beside the model", e.getMessage());
      error.initCause(e);
      throw error;
    }
  }
}
