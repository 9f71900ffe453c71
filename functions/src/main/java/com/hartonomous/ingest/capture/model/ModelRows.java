package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.ModelReader;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.RowBulkData;
import java.sql.Types;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** The rows of {@code dbo.ModelFiles} and {@code dbo.Tensors} that a model's header gives. */
final class ModelRows {

  static final List<RowBulkData.Column> FILE_COLUMNS =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 10),
          new RowBulkData.Column("RelativePath", Types.NVARCHAR, 1000),
          new RowBulkData.Column("PathHash", Types.BINARY, Sha256.LENGTH),
          new RowBulkData.Column("Uri", Types.NVARCHAR, 2000),
          new RowBulkData.Column("Format", Types.NVARCHAR, 50),
          new RowBulkData.Column("ByteLength", Types.BIGINT, 19),
          new RowBulkData.Column("ModifiedAt", Types.BIGINT, 19),
          new RowBulkData.Column("ChunkSize", Types.INTEGER, 10));

  static final List<RowBulkData.Column> TENSOR_COLUMNS =
      List.of(
          new RowBulkData.Column("ModelId", Types.INTEGER, 10),
          new RowBulkData.Column("TensorId", Types.INTEGER, 10),
          new RowBulkData.Column("TensorName", Types.LONGNVARCHAR, 0),
          new RowBulkData.Column("TensorPath", Types.LONGNVARCHAR, 0),
          new RowBulkData.Column("DType", Types.NVARCHAR, 100),
          new RowBulkData.Column("ContentType", Types.NVARCHAR, 100),
          new RowBulkData.Column("Dimensions", Types.LONGNVARCHAR, 0),
          new RowBulkData.Column("ModelFileId", Types.BIGINT, 19),
          new RowBulkData.Column("ByteOffset", Types.BIGINT, 19),
          new RowBulkData.Column("ByteLength", Types.BIGINT, 19),
          new RowBulkData.Column("LayoutJson", Types.LONGNVARCHAR, 0));

  private static final String ONNX = "onnx";

  private ModelRows() {}

  /**
   * {@code dbo.Models.ModelType} of a model whose weights are in these formats, as in the guide.
   */
  static String modelType(Collection<String> formatNames) {
    return !formatNames.isEmpty() && formatNames.stream().allMatch(ONNX::equals) ? "ONNX" : "LLM";
  }

  /** {@code dbo.Models.Provider} of a format, as the guide has it; directories are repositories. */
  static String provider(String formatName) {
    return switch (formatName) {
      case ONNX -> "ONNX";
      case "safetensors", "safetensors-sharded", ModelReader.DIRECTORY -> "HuggingFace";
      default -> "Community";
    };
  }

  /** Rows for {@link #FILE_COLUMNS}, in path order, which their numbers therefore are in. */
  static Iterator<Object[]> files(int modelId, ModelHeader header, int chunkSize) {
    Map<String, String> formats = header.contents().formats();
    return header.files().stream()
        .sorted(Comparator.comparing(ModelFile::relativePath))
        .map(
            file ->
                new Object[] {
                  modelId,
                  file.relativePath(),
                  Sha256.ofText(file.relativePath()).toBytes(),
                  file.uri(),
                  formats.get(file.relativePath()),
                  file.byteLength(),
                  file.modifiedAt(),
                  chunkSize
                })
        .iterator();
  }

  /**
   * Rows for {@link #TENSOR_COLUMNS}; tensors are numbered from 0 through the files.
   *
   * @param fileIds {@code ModelFileId} by relative path, of all files of the header
   */
  static Iterator<Object[]> tensors(int modelId, ModelHeader header, Map<String, Long> fileIds) {
    AtomicInteger tensorId = new AtomicInteger();
    return header.contents().weights().stream()
        .flatMap(
            weight ->
                weight.layout().tensors().stream()
                    .map(
                        tensor ->
                            tensor(
                                modelId,
                                tensorId.getAndIncrement(),
                                tensor,
                                weight.path(),
                                fileIds)))
        .iterator();
  }

  private static Object[] tensor(
      int modelId, int tensorId, TensorEntry tensor, String filePath, Map<String, Long> fileIds) {
    TensorStorage storage = tensor.storage();
    String path = filePath;
    Long offset = storage.range().map(TensorStorage.Range::offset).orElse(null);
    String layoutJson = null;
    if (storage instanceof TensorStorage.External external) {
      path = ModelContents.sibling(filePath, external.location());
      offset = external.offset();
    } else if (storage instanceof TensorStorage.TypedData typed && offset == null) {
      layoutJson = layoutJson(typed);
    } else if (storage instanceof TensorStorage.View view && offset == null) {
      layoutJson = layoutJson(view);
    } else if (storage instanceof TensorStorage.NoValues) {
      layoutJson = "{\"values\":false}";
    }
    return new Object[] {
      modelId,
      tensorId,
      tensor.name(),
      tensor.path(),
      tensor.dtype(),
      tensor.contentType(),
      tensor.shape().stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]")),
      fileIds.get(path),
      offset,
      tensor.nbytes(),
      layoutJson
    };
  }

  /** {@code {"encoding":"VARINT_TO_4_BYTES","runs":[[offset,length,tagged],...]}}. */
  private static String layoutJson(TensorStorage.TypedData typed) {
    return typed.runs().stream()
        .map(run -> "[" + run.offset() + "," + run.length() + "," + run.tagged() + "]")
        .collect(
            Collectors.joining(
                ",", "{\"encoding\":\"" + typed.encoding().name() + "\",\"runs\":[", "]}"));
  }

  /**
   * {@code {"storage":[offset,length],"inflatedLength":n,"firstByte":n,"strides":[...],
   * "elementBytes":n,"wordBytes":n,"bigEndian":b,"negated":b,"conjugated":b}}: the storage as a
   * range of the file, of which {@code inflatedLength} is -1 unless it is deflated; the first
   * element in it; strides in elements, for the dimensions of the row.
   */
  private static String layoutJson(TensorStorage.View view) {
    TensorStorage.ElementForm form = view.form();
    return "{\"storage\":[%d,%d],\"inflatedLength\":%d,\"firstByte\":%d,\"strides\":%s,\"elementBytes\":%d,\"wordBytes\":%d,\"bigEndian\":%b,\"negated\":%b,\"conjugated\":%b}"
        .formatted(
            view.storage().offset(),
            view.storage().length(),
            view.inflatedLength(),
            view.firstByte(),
            view.strides().toString().replace(" ", ""),
            form.bytes(),
            form.wordBytes(),
            form.bigEndian(),
            form.negated(),
            form.conjugated());
  }
}
