package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.capture.model.RejectedModelException.Reason;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the headers of model files, and nothing else of them. Storage that fails is asked {@link
 * #ATTEMPTS_MAX} times. Blocks; the enumerator calls it on its worker thread.
 */
final class ModelHeaderReader {

  /** How often a file is tried before it counts as unreadable. */
  static final int ATTEMPTS_MAX = 3;

  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Logger LOG = LoggerFactory.getLogger(ModelHeaderReader.class);

  private final ModelFormats formats;
  private final LayoutLimits limits;

  ModelHeaderReader(ModelFormats formats, LayoutLimits limits) {
    this.formats = formats;
    this.limits = limits;
  }

  /**
   * The headers of the model file at that location and of the files that it names.
   *
   * @throws RejectedModelException if they cannot be had
   * @throws InterruptedException when the thread is interrupted between two attempts
   */
  ModelHeader read(String location) throws RejectedModelException, InterruptedException {
    return persistently(location, () -> readOnce(location));
  }

  /**
   * Checks that the files are still what they were.
   *
   * @throws RejectedModelException if one has another length or time, or is gone
   * @throws InterruptedException as above
   */
  void requireUnchanged(List<ModelFile> files) throws RejectedModelException, InterruptedException {
    for (ModelFile file : files) {
      persistently(
          file.uri(),
          () -> {
            FileStatus now = FlinkPositionedInput.status(new Path(URI.create(file.uri())));
            if (now.getLen() != file.byteLength()
                || now.getModificationTime() != file.modifiedAt()) {
              throw changed(
                  file.uri(),
                  file.byteLength(),
                  file.modifiedAt(),
                  now.getLen(),
                  now.getModificationTime());
            }
            return null;
          });
    }
  }

  /** A file that is not what was submitted or registered. */
  static RejectedModelException changed(
      String file, long lengthBefore, long timeBefore, long lengthNow, long timeNow) {
    return new RejectedModelException(
        Reason.FILE_CHANGED,
        "file",
        "%s: expected %d bytes modified at %d, found %d bytes modified at %d: it changed after it was submitted; submit it again"
            .formatted(file, lengthBefore, timeBefore, lengthNow, timeNow),
        null);
  }

  private ModelHeader readOnce(String location) throws IOException, RejectedModelException {
    try (FlinkPositionedInput input = FlinkPositionedInput.open(location)) {
      if (input.length() == 0) {
        throw new RejectedModelException(
            Reason.FILE_EMPTY,
            "file",
            location + ": expected a model file, found an empty file",
            null);
      }
      ModelLayout layout = formats.read(input, limits);
      List<ModelFile> files = new ArrayList<>();
      files.add(file(input, input.name()));
      for (String external : layout.externalLocations()) {
        files.add(externalFile(input, layout, external));
      }
      return new ModelHeader(layout, files);
    } catch (ModelFormatException e) {
      throw new RejectedModelException(reasonOf(e.kind()), "byte " + e.offset(), e.getMessage(), e);
    }
  }

  private static ModelFile externalFile(
      FlinkPositionedInput input, ModelLayout layout, String location)
      throws IOException, ModelFormatException {
    if (location.equals(input.name())) {
      throw ModelFormatException.unsupported(
          input, 0, "external data", "a file beside the model file", "the model file itself");
    }
    try (FlinkPositionedInput external = input.openRelative(location)) {
      for (TensorEntry tensor : layout.tensors()) {
        if (tensor.storage() instanceof TensorStorage.External storage
            && storage.location().equals(location)
            && storage.externalRange().end() > external.length()) {
          throw ModelFormatException.malformed(
              external,
              storage.offset(),
              "external data of tensor '" + tensor.name() + "'",
              "an end up to the file's " + external.length() + " bytes",
              Long.toString(storage.externalRange().end()));
        }
      }
      return file(external, location);
    }
  }

  private static ModelFile file(FlinkPositionedInput input, String relativePath) {
    return new ModelFile(relativePath, input.uri(), input.length(), input.modifiedAt());
  }

  private static Reason reasonOf(ModelFormatException.Kind kind) {
    return switch (kind) {
      case MALFORMED -> Reason.MALFORMED_FILE;
      case UNSUPPORTED -> Reason.UNSUPPORTED_FILE;
      case TOO_LARGE -> Reason.FILE_TOO_LARGE;
    };
  }

  @FunctionalInterface
  private interface FileWork<T> {
    T run() throws IOException, RejectedModelException;
  }

  private static <T> T persistently(String file, FileWork<T> work)
      throws RejectedModelException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return work.run();
      } catch (IOException e) {
        boolean hopeless =
            e instanceof FileNotFoundException
                || e instanceof NoSuchFileException
                || e instanceof AccessDeniedException;
        if (hopeless || attempt == ATTEMPTS_MAX) {
          throw new RejectedModelException(
              Reason.FILE_UNREADABLE,
              "file",
              "%s: expected a file that every machine of the job can read, found: %s"
                  .formatted(file, e.getMessage()),
              e);
        }
        LOG.warn("{} cannot be read (attempt {} of {}).", file, attempt, ATTEMPTS_MAX, e);
        Thread.sleep(PAUSE.toMillis());
      }
    }
  }
}
