package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.Progress;
import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the values of tensors of a stored model in their canonical form. Those that are not one
 * range of their file are found by reading the file's header again, from its atoms.
 */
final class TensorValues {

  private record Key(String name, String path) {}

  private final Connection connection;
  private final ContentStore store;
  private final StoredModel model;
  private final Map<Long, Map<Key, TensorEntry>> listed = new HashMap<>();

  TensorValues(Connection connection, ContentStore store, StoredModel model) {
    this.connection = connection;
    this.store = store;
    this.model = model;
  }

  /** The digest of a tensor's values, of which only a chunk is in memory. */
  Sha256 hash(TensorRow tensor, Progress progress) throws IOException, ProblemException {
    MessageDigest digest = Sha256.newDigest();
    OutputStream target =
        new OutputStream() {
          @Override
          public void write(int value) {
            digest.update((byte) value);
            progress.add(1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) {
            digest.update(bytes, offset, length);
            progress.add(length);
          }
        };
    try (StoredInput input = new StoredInput(connection, store, model, tensor.file())) {
      TensorContent.copy(input, entry(tensor, input), target);
    }
    return Sha256.fromBytes(digest.digest());
  }

  private TensorEntry entry(TensorRow tensor, StoredInput input)
      throws IOException, ProblemException {
    if (tensor.offset() != null) {
      return new TensorEntry(
          tensor.name(),
          tensor.path(),
          tensor.dtype(),
          tensor.contentType(),
          List.of(),
          new TensorStorage.Range(tensor.offset(), tensor.length()));
    }
    StoredFile file = tensor.file();
    Map<Key, TensorEntry> entries = listed.get(file.modelFileId());
    if (entries == null) {
      entries = list(input);
      listed.put(file.modelFileId(), entries);
    }
    TensorEntry entry = entries.get(new Key(tensor.name(), tensor.path()));
    if (entry == null || entry.nbytes() != tensor.length()) {
      throw new ProblemException(
          "%s: expected tensor '%s' of %d bytes, as when it was ingested, found %s by this version. Ingest the model again."
              .formatted(
                  input.identity(),
                  tensor.name(),
                  tensor.length(),
                  entry == null ? "none" : entry.nbytes() + " bytes"));
    }
    return entry;
  }

  private static Map<Key, TensorEntry> list(StoredInput input)
      throws IOException, ProblemException {
    Map<Key, TensorEntry> entries = new HashMap<>();
    try {
      ModelLayout layout = ModelFormats.installed().read(input, LayoutLimits.DEFAULT);
      for (TensorEntry entry : layout.tensors()) {
        entries.put(new Key(entry.name(), entry.path()), entry);
      }
    } catch (ModelFormatException e) {
      throw new ProblemException(
          "%s. Use the version, and the format's jar, with which it was ingested."
              .formatted(e.getMessage()));
    }
    return entries;
  }
}
