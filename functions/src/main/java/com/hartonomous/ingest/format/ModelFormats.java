package com.hartonomous.ingest.format;

import java.io.IOException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;

/** The formats that are installed, and the choice among them. Immutable. */
public final class ModelFormats {
  private static final int SHOWN_BYTES = 8;

  private final List<ModelFormat> formats;

  private ModelFormats(List<ModelFormat> formats) {
    this.formats = formats;
  }

  /**
   * Loads the formats that the class loader of this class sees: under Flink those are the ones in
   * the job's jar and in {@code lib/}.
   */
  public static ModelFormats installed() {
    return of(
        ServiceLoader.load(ModelFormat.class, ModelFormats.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList());
  }

  /**
   * Takes exactly these formats.
   *
   * @throws IllegalArgumentException if two have one name
   */
  public static ModelFormats of(List<ModelFormat> formats) {
    Set<String> names = new HashSet<>();
    for (ModelFormat format : formats) {
      if (!names.add(format.name())) {
        throw new IllegalArgumentException(
            "model formats: expected different names, found '%s' twice".formatted(format.name()));
      }
    }
    return new ModelFormats(
        formats.stream()
            .sorted(
                Comparator.comparingInt(ModelFormat::detectionOrder)
                    .thenComparing(ModelFormat::name))
            .toList());
  }

  /** Returns the formats in the order in which they are asked. */
  public List<ModelFormat> formats() {
    return formats;
  }

  /**
   * Returns the first format that the bytes look like; if there is none, the first that claims the
   * name.
   */
  public Optional<ModelFormat> detect(PositionedInput input) throws IOException {
    DetectionInput detection = new DetectionInput(input);
    for (ModelFormat format : formats) {
      if (format.matches(detection)) {
        return Optional.of(format);
      }
    }
    return claiming(input.name());
  }

  /**
   * Returns the format of a file of a directory: as {@link #detect}, but that bytes which only look
   * plausible decide nothing unless the name is claimed.
   */
  Optional<ModelFormat> detectInDirectory(PositionedInput input) throws IOException {
    return detect(input)
        .filter(
            format -> format.detectionOrder() < ModelFormat.PLAUSIBLE || claimsName(input.name()));
  }

  /**
   * Reads the file in the format that it looks like.
   *
   * @throws ModelFormatException as {@link ModelFormat#read} does, and if no format matches
   */
  public ModelLayout read(PositionedInput input, LayoutLimits limits)
      throws IOException, ModelFormatException {
    Optional<ModelFormat> format = detect(input);
    if (format.isEmpty()) {
      throw ModelFormatException.unsupported(
          input,
          0,
          "model format",
          formats.stream().map(ModelFormat::name).collect(Collectors.joining(", ", "one of ", "")),
          firstBytes(input));
    }
    return read(format.get(), input, new LayoutBudget(input, limits));
  }

  /** Says whether a format claims the name ({@link ModelFormat#claims}). */
  boolean claimsName(String fileName) {
    return claiming(fileName).isPresent();
  }

  private Optional<ModelFormat> claiming(String fileName) {
    return formats.stream().filter(format -> format.claims(fileName)).findFirst();
  }

  /** Reads a file in a format, unless it is only a pointer to the file. */
  ModelLayout read(ModelFormat format, PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    GitLfsPointer.refuse(input);
    return format.read(input, budget);
  }

  private static String firstBytes(PositionedInput input) throws IOException {
    if (input.length() == 0) {
      return "an empty file";
    }
    byte[] bytes = new byte[(int) Math.min(SHOWN_BYTES, input.length())];
    input.readFully(0, bytes, 0, bytes.length);
    return "a file that begins with the bytes " + HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
