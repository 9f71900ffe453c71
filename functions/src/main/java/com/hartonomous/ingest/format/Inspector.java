package com.hartonomous.ingest.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
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

/**
 * Lists the tensors of model files without loading them: the work of the {@code inspect} command.
 *
 * <p>As JSON, one line for each tensor: {@code file} (as given), {@code name}, {@code path} (where
 * the format has paths), {@code dtype}, {@code shape}, {@code offset} (where the file holds the
 * values as they are) or {@code location}, {@code ext_offset} and {@code ext_length} (where another
 * file does), {@code nbytes}, and {@code sha256} of the canonical bytes on request. Text is escaped
 * to ASCII, so that no terminal or character set changes it. A bad file gives one line with {@code
 * file} and {@code error} and does not stop the others; should a file fail only while its values
 * are hashed, that line stands behind the tensors that came before.
 */
public final class Inspector {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final ModelFormats formats;
  private final LayoutLimits limits;
  private final FileOpener opener;

  /** Opens a file that the user named. */
  @FunctionalInterface
  public interface FileOpener {
    /**
     * Opens the file; the inspector closes it.
     *
     * @throws IOException if it cannot be read; the message names it
     */
    PositionedInput open(String file) throws IOException;
  }

  /** How the listing looks. */
  public enum Style {
    /** One JSON object a line. */
    JSON,
    /** A table for people. */
    TABLE
  }

  public Inspector(ModelFormats formats, LayoutLimits limits, FileOpener opener) {
    this.formats = Objects.requireNonNull(formats, "formats");
    this.limits = Objects.requireNonNull(limits, "limits");
    this.opener = Objects.requireNonNull(opener, "opener");
  }

  /** Returns an inspector of local files in the installed formats, with the default limits. */
  public static Inspector ofLocalFiles() {
    return new Inspector(
        ModelFormats.installed(), LayoutLimits.DEFAULT, file -> LocalFileInput.open(path(file)));
  }

  /**
   * Lists each file in turn and flushes behind it.
   *
   * @param sha256 whether to read and hash the values, too
   * @param output takes the listing, and as JSON the errors too
   * @param errors takes the errors beside a table, a line for each bad file
   * @return whether all files were good
   */
  public boolean inspect(
      List<String> files, Style style, boolean sha256, PrintWriter output, PrintWriter errors) {
    boolean allGood = true;
    for (String file : files) {
      try (PositionedInput input = opener.open(file)) {
        inspect(file, input, style, sha256, output);
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

  private void inspect(
      String file, PositionedInput input, Style style, boolean sha256, PrintWriter output)
      throws IOException, ModelFormatException {
    ModelLayout layout = formats.read(input, limits);
    if (style == Style.TABLE) {
      output.printf(
          "%s: %s, %d bytes, %d tensors, %d nodes%n",
          printable(file),
          layout.formatName(),
          layout.fileLength(),
          layout.tensors().size(),
          layout.nodes().size());
    }
    for (TensorEntry tensor : layout.tensors()) {
      String digest = sha256 ? sha256(input, tensor) : null;
      if (style == Style.JSON) {
        output.println(toJson(jsonLine(file, tensor, digest)));
      } else {
        output.println(tableRow(tensor, digest));
      }
    }
  }

  private static Map<String, Object> jsonLine(String file, TensorEntry tensor, String digest) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("file", file);
    line.put("name", tensor.name());
    if (tensor.path() != null) {
      line.put("path", tensor.path());
    }
    line.put("dtype", tensor.dtype());
    line.put("shape", tensor.shape());
    if (tensor.storage() instanceof TensorStorage.Range range) {
      line.put("offset", range.offset());
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

  private static String tableRow(TensorEntry tensor, String digest) {
    String place = "typed data";
    if (tensor.storage() instanceof TensorStorage.Range range) {
      place = Long.toString(range.offset());
    } else if (tensor.storage() instanceof TensorStorage.External external) {
      place = printable(external.location()) + ":" + external.offset();
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

  private static String sha256(PositionedInput input, TensorEntry tensor) throws IOException {
    MessageDigest digest = newSha256();
    try (OutputStream hashing = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      TensorContent.copy(input, tensor, hashing);
    }
    return HexFormat.of().formatHex(digest.digest());
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
