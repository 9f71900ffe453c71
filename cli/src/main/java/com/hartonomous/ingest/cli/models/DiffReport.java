package com.hartonomous.ingest.cli.models;

import com.fasterxml.jackson.annotation.JsonRawValue;
import java.util.List;

/**
 * What differs between two models. The names of the components are the keys of {@code diff --json},
 * on which other tools rely: components are added, never renamed.
 *
 * @param equalTensors of the same name, element type, shape and values
 * @param equalBytes of their values
 * @param changed of the same name, in the order of the left model
 * @param added only in the right model, in its order
 * @param removed only in the left model, in its order
 */
record DiffReport(
    Side left,
    Side right,
    long equalTensors,
    long equalBytes,
    List<Changed> changed,
    List<Tensor> added,
    List<Tensor> removed,
    Shared shared) {

  static final String VALUES = "values";
  static final String UNREAD = "unread";

  /**
   * One of the models.
   *
   * @param digest equal for models all whose files are equal
   */
  record Side(
      int modelId, int tenantId, String name, String digest, int files, long bytes, int tensors) {}

  /**
   * A tensor.
   *
   * @param path place in its file, null for formats whose names are unique
   * @param file that holds its values, relative to the model
   * @param dtype in the format's own words
   * @param shape as the file has it, a JSON array
   * @param nbytes of its values
   */
  record Tensor(
      String name,
      String path,
      String file,
      String dtype,
      @JsonRawValue String shape,
      long nbytes) {}

  /**
   * Two tensors of one name.
   *
   * @param differs one or more of {@code dtype}, {@code shape}, {@code values}; {@code unread} in
   *     place of the last if the values are not compared, since a tensor repeats so many elements
   *     of its storage that they are not read
   */
  record Changed(List<String> differs, Tensor left, Tensor right) {}

  /** What both models refer to, each atom once. */
  record Shared(long atoms, long bytes) {}

  /** Whether the tensors are the same ones. */
  boolean tensorsAreEqual() {
    return changed.isEmpty() && added.isEmpty() && removed.isEmpty();
  }
}
