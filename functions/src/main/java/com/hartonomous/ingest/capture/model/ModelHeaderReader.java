package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.ModelHeader.ModelFile;
import com.hartonomous.ingest.capture.model.ModelHeader.SubmittedState;
import com.hartonomous.ingest.capture.model.RejectedModelException.Reason;
import com.hartonomous.ingest.format.FolderFile;
import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.ModelContents;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelReader;
import com.hartonomous.ingest.runtime.FlinkModelFolder;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the headers of models, and nothing else of them. Storage that fails is asked {@link
 * #ATTEMPTS_MAX} times. Blocks; the enumerator calls it on its worker thread.
 */
final class ModelHeaderReader {

  /** How often a file is tried before it counts as unreadable. */
  static final int ATTEMPTS_MAX = 3;

  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Logger LOG = LoggerFactory.getLogger(ModelHeaderReader.class);

  private static final FolderLimits FOLDER_LIMITS = FolderLimits.DEFAULT;

  private final ModelReader reader;

  ModelHeaderReader(ModelFormats formats, LayoutLimits limits) {
    this.reader = new ModelReader(formats, limits, FOLDER_LIMITS);
  }

  /**
   * The headers of the model at that location: of a file, with the shards and other files that it
   * names, or of all files of a directory.
   *
   * @throws RejectedModelException if they cannot be had
   * @throws InterruptedException when the thread is interrupted between two attempts
   */
  ModelHeader read(String location) throws RejectedModelException, InterruptedException {
    return persistently(location, () -> readOnce(location));
  }

  /**
   * Checks that the files are still what they were, and of a directory that it has no others.
   *
   * @param location as it was submitted
   * @throws RejectedModelException if one has another length or time, is gone, or is new
   * @throws InterruptedException as above
   */
  void requireUnchanged(String location, List<ModelFile> files)
      throws RejectedModelException, InterruptedException {
    Map<String, ModelFile> listed = persistently(location, () -> listed(location));
    for (ModelFile file : files) {
      ModelFile now = listed.remove(file.relativePath());
      // What is no directory, or a file that another one names though the listing leaves it out.
      ModelFile found = now != null ? now : persistently(file.uri(), () -> status(file));
      if (found.byteLength() != file.byteLength() || found.modifiedAt() != file.modifiedAt()) {
        throw changed(
            file.uri(),
            file.byteLength(),
            file.modifiedAt(),
            found.byteLength(),
            found.modifiedAt());
      }
    }
    if (!listed.isEmpty()) {
      throw new RejectedModelException(
          Reason.FILE_CHANGED,
          "file",
          "%s: expected the model's files as registered, found the further file '%s'; submit it again"
              .formatted(location, listed.keySet().iterator().next()),
          null);
    }
  }

  /**
   * The present state of a file or directory that is to be submitted.
   *
   * @param path in full
   * @return empty for a directory that cannot be a model
   * @throws FileNotFoundException if there is nothing
   */
  static Optional<SubmittedState> submittedState(Path path) throws IOException {
    if (!isDirectory(path)) {
      FileStatus status = FlinkPositionedInput.status(path);
      return Optional.of(new SubmittedState(status.getLen(), status.getModificationTime()));
    }
    try {
      return Optional.of(SubmittedState.ofDirectory(listed(path.toString()).values()));
    } catch (RejectedModelException e) {
      LOG.warn("The directory {} is no model.", path, e);
      return Optional.empty();
    }
  }

  /** The files of a directory by path; none if the location is not one, or not any more. */
  private static Map<String, ModelFile> listed(String location)
      throws IOException, RejectedModelException {
    Path path = FlinkPositionedInput.qualified(location);
    Map<String, ModelFile> files = new LinkedHashMap<>();
    if (isDirectory(path)) {
      try {
        for (FolderFile file : FlinkModelFolder.of(path).list(FOLDER_LIMITS)) {
          files.put(file.path(), file(file));
        }
      } catch (ModelFormatException e) {
        throw rejected(e);
      }
    }
    return files;
  }

  private static ModelFile status(ModelFile file) throws IOException {
    FileStatus now = FlinkPositionedInput.status(new Path(URI.create(file.uri())));
    return new ModelFile(file.relativePath(), file.uri(), now.getLen(), now.getModificationTime());
  }

  private static boolean isDirectory(Path path) throws IOException {
    try {
      return path.getFileSystem().getFileStatus(path).isDir();
    } catch (FileNotFoundException e) {
      LOG.debug("{} is not there.", path, e);
      return false;
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
    Path path = FlinkPositionedInput.qualified(location);
    try {
      ModelHeader header = isDirectory(path) ? readDirectory(path) : readFile(path);
      header.contents().warnings().forEach(LOG::warn);
      return header;
    } catch (ModelFormatException e) {
      throw rejected(e);
    }
  }

  private ModelHeader readFile(Path path)
      throws IOException, RejectedModelException, ModelFormatException {
    try (FlinkPositionedInput input = FlinkPositionedInput.open(path)) {
      requireContent(path, input.length(), "a model file", "an empty file");
      return header(reader.readFile(input, input.name()), input.folder());
    }
  }

  private ModelHeader readDirectory(Path path)
      throws IOException, RejectedModelException, ModelFormatException {
    FlinkModelFolder folder = FlinkModelFolder.of(path);
    ModelHeader header = header(reader.readDirectory(folder), folder);
    requireContent(path, header.byteLength(), "a directory with a model", "empty files only");
    return header;
  }

  private static void requireContent(Path path, long length, String expected, String found)
      throws RejectedModelException {
    if (length == 0) {
      throw new RejectedModelException(
          Reason.FILE_EMPTY,
          "file",
          "%s: expected %s, found %s".formatted(path, expected, found),
          null);
    }
  }

  private static ModelHeader header(ModelContents contents, FlinkModelFolder folder) {
    return new ModelHeader(
        contents, contents.paths().stream().map(path -> file(folder.file(path))).toList());
  }

  private static ModelFile file(FolderFile file) {
    return new ModelFile(file.path(), file.uri(), file.byteLength(), file.modifiedAt());
  }

  private static RejectedModelException rejected(ModelFormatException e) {
    return new RejectedModelException(reasonOf(e.kind()), "byte " + e.offset(), e.getMessage(), e);
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
