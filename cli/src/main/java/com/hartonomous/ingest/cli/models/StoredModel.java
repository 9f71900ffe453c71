package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.record.Sha256;
import java.util.List;

/**
 * A complete model.
 *
 * @param digest of its files, see {@link com.hartonomous.ingest.content.ModelDigest}
 * @param files in the order of the digest
 */
record StoredModel(int modelId, int tenantId, String name, Sha256 digest, List<StoredFile> files) {

  /**
   * A file of a model.
   *
   * @param path relative to the model, not checked for anything
   * @param chunkSize bytes that no chunk of it exceeds
   */
  record StoredFile(long modelFileId, String path, long byteLength, int chunkSize) {}

  StoredModel {
    files = List.copyOf(files);
  }

  /** Bytes of all files. */
  long byteLength() {
    return files.stream().mapToLong(StoredFile::byteLength).sum();
  }

  /** A MODEL that names this one, and no other one of another tenant or content. */
  String reference() {
    return ModelReference.format(tenantId, name, digest);
  }
}
