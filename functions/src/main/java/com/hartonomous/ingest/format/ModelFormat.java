package com.hartonomous.ingest.format;

import java.io.IOException;
import java.util.Locale;

/**
 * A kind of model file. Implementations are found by {@link java.util.ServiceLoader}, so a further
 * format needs only a jar with an entry in {@code
 * META-INF/services/com.hartonomous.ingest.format.ModelFormat}. They have a public constructor
 * without arguments, keep no state, and may be used by several threads at once.
 *
 * <p>Every file counts as hostile. {@link #read} checks a length or a count against what is left of
 * the file before it allocates or loops by it, charges what it keeps to the {@link LayoutBudget},
 * multiplies exactly, never recurses as deep as a file asks for, and resolves names inside a file
 * only by {@link PositionedInput#openRelative}. {@code formats/README.md} says where the jar goes.
 */
public interface ModelFormat {

  /** From this {@link #detectionOrder} on the bytes do not prove the format. */
  int PLAUSIBLE = 100;

  /** Returns the short name of the format in lower case, such as {@code safetensors}. */
  String name();

  /**
   * Returns the place in the order in which formats are asked: lower first, equal ones by name.
   * Formats with a magic number belong below {@value #PLAUSIBLE}, those whose bytes only look
   * plausible from there on.
   */
  default int detectionOrder() {
    return PLAUSIBLE;
  }

  /**
   * Says whether the bytes look like this format, whatever the file is called; cheap, and false
   * rather than an error. Another format that is asked earlier wins.
   */
  boolean matches(PositionedInput input) throws IOException;

  /**
   * Says whether a file of that name is expected to be of this format. It decides where the bytes
   * match no format, so that a damaged file gets an error that says what is damaged; and in a
   * directory, where the file must then be sound for the directory to be a model. By default, names
   * that end with a dot and the name of the format.
   *
   * @param fileName the last part of the path
   */
  default boolean claims(String fileName) {
    return fileName.toLowerCase(Locale.ROOT).endsWith("." + name());
  }

  /**
   * Lists the tensors of the file from its headers, without reading tensor data further than needed
   * to know how much there is. Memory and time are bounded by the header and by {@code budget},
   * which other files of the same model may have drawn on before, and which {@link
   * LayoutBudget#forFile} hands on to files that this one names.
   *
   * @param budget of this file
   * @throws ModelFormatException if the file breaks the format, uses what is not known, or exceeds
   *     a limit; never any other exception for what is in the file
   * @throws IOException if the storage fails
   */
  ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException;
}
