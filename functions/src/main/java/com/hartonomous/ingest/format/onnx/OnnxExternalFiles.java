package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.RelativeLocation;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files beside a model that its tensors lie in (onnx/onnx, docs/ExternalData.md). Each is
 * opened once, for its length.
 *
 * <p>Stricter than the official checker, which lets most bad entries through: see {@link
 * PositionedInput#openRelative} for the names; a file with a second name (hard link) is refused
 * where the file system tells, as the official loader does; a range must lie in the file and have
 * the length that type and shape demand. {@code checksum} is not verified, since it takes reading
 * all of the file; {@code basepath} and unknown keys are ignored. Several tensors may share bytes,
 * and the location may be the model file itself.
 */
final class OnnxExternalFiles {
  private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,19}");

  private final PositionedInput model;
  private final Map<String, Long> lengths = new HashMap<>();

  OnnxExternalFiles(PositionedInput model) {
    this.model = model;
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
    return new TensorStorage.External(location, offset, length);
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
