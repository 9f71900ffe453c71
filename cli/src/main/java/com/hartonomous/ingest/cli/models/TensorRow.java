package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.models.StoredModel.StoredFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A row of {@code dbo.Tensors}.
 *
 * @param path null for formats whose names are unique
 * @param contentType the element type in the words that all formats share
 * @param shape a JSON array
 * @param file that holds the values
 * @param offset in the file; null when the values are not one range of it
 * @param length of the values, bytes
 */
record TensorRow(
    String name,
    String path,
    String dtype,
    String contentType,
    String shape,
    StoredFile file,
    Long offset,
    long length) {

  private static final String TENSORS =
      "SELECT TensorName, TensorPath, DType, ContentType, Dimensions, ModelFileId, ByteOffset,"
          + " ByteLength FROM dbo.Tensors WHERE ModelId = ? ORDER BY TensorId";

  /** All tensors of a model, as many as the limits of a model allow, in its order. */
  static List<TensorRow> of(Connection connection, StoredModel model) throws SQLException {
    Map<Long, StoredFile> files =
        model.files().stream()
            .collect(Collectors.toMap(StoredFile::modelFileId, Function.identity()));
    List<TensorRow> tensors = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(TENSORS)) {
      statement.setInt(1, model.modelId());
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          tensors.add(
              new TensorRow(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getString(5),
                  files.get(row.getLong(6)),
                  row.getObject(7, Long.class),
                  row.getLong(8)));
        }
      }
    }
    return tensors;
  }

  DiffReport.Tensor shown() {
    return new DiffReport.Tensor(name, path, file.path(), dtype, shape, length);
  }
}
