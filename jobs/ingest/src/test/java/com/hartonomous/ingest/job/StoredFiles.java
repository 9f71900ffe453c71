package com.hartonomous.ingest.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.testing.Sql;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Map;
import java.util.TreeMap;

/** The files of models as the tables give them back. */
final class StoredFiles {

  private StoredFiles() {}

  /** Compares every stored file of a model with the file on the disk. */
  static void assertGivenBack(Sql sql, String model, Path folder, int files) throws Exception {
    Map<String, MessageDigest> stored = new TreeMap<>();
    for (String path :
        sql.rows(
            "SELECT f.RelativePath FROM dbo.ModelFiles AS f INNER JOIN dbo.Models AS m"
                + " ON m.ModelId = f.ModelId WHERE m.ModelName = ?",
            model)) {
      stored.put(path, Sha256.newDigest());
    }
    try (PreparedStatement statement =
        sql.connection()
            .prepareStatement(
                "SELECT f.RelativePath, a.Content FROM dbo.FileChunks AS c"
                    + " INNER JOIN dbo.Atoms AS a ON a.AtomId = c.AtomId"
                    + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
                    + " INNER JOIN dbo.Models AS m ON m.ModelId = f.ModelId WHERE m.ModelName = ?"
                    + " ORDER BY c.ModelFileId, c.ChunkIndex")) {
      statement.setString(1, model);
      try (ResultSet chunks = statement.executeQuery()) {
        while (chunks.next()) {
          stored.get(chunks.getString(1)).update(chunks.getBytes(2));
        }
      }
    }
    assertThat(stored).hasSize(files);
    for (Map.Entry<String, MessageDigest> file : stored.entrySet()) {
      assertThat(Sha256.fromBytes(file.getValue().digest()))
          .as(file.getKey())
          .isEqualTo(Sha256.of(Files.readAllBytes(folder.resolve(file.getKey()))));
    }
  }
}
