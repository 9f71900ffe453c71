package com.hartonomous.ingest.record;

/**
 * Input that could not be ingested: one row of {@code dbo.AtomizationErrors}, unique over (source,
 * position, reason) and the model that fails by it: a second model of the same file needs a dead
 * letter of its own to fail by.
 *
 * @param source the table or file, as the user named it
 * @param position where in the source: key and LSN, or offset
 * @param reason a short constant, for example {@code MALFORMED_FILE}, {@code FILE_CHANGED}
 * @param message what was expected, what was found, what to do
 * @param payloadReference where the input can be had again; null when nowhere
 * @param modelId the model that fails by it; 0 when none
 * @param place what of a row it is about; null when it is not about a row
 */
public record DeadLetter(
    String source,
    String position,
    String reason,
    String message,
    String payloadReference,
    int modelId,
    RowPlace place) {

  /** About something else than a row. */
  public DeadLetter(
      String source,
      String position,
      String reason,
      String message,
      String payloadReference,
      int modelId) {
    this(source, position, reason, message, payloadReference, modelId, null);
  }

  /** The natural key of the dead letter. */
  public Sha256 hash() {
    String key = source + '\0' + position + '\0' + reason;
    return Sha256.ofText(modelId == 0 ? key : key + '\0' + modelId);
  }
}
