package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.Unusable.Reason;
import com.hartonomous.ingest.capture.model.Unusable.UnusableException;
import com.hartonomous.ingest.record.Sha256;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Directories that are one model of several files. No state; blocks on the file system. */
final class ModelDirectory {

  /** Entries in and below a model directory, beyond which it is not taken for one. */
  static final int ENTRIES_MAX = 10_000;

  private static final int DEPTH_MAX = 8;
  private static final String CONFIGURATION = "config.json";
  private static final String INDEX_SUFFIX = ".safetensors.index.json";
  private static final List<String> TEMPORARY_SUFFIXES = List.of(".part", ".tmp", ".incomplete");

  private ModelDirectory() {}

  /** Whether a name says that its file is still being written, or is not meant for others. */
  static boolean looksTemporary(String name) {
    return name.startsWith(".") || hasTemporarySuffix(name);
  }

  private static boolean hasTemporarySuffix(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return TEMPORARY_SUFFIXES.stream().anyMatch(lower::endsWith);
  }

  /** Whether a directory with these entries is one model. */
  static boolean isModel(List<FileStatus> entries) {
    return entries.stream()
        .filter(entry -> !entry.isDir())
        .map(entry -> entry.getPath().getName())
        .anyMatch(name -> name.equals(CONFIGURATION) || name.endsWith(INDEX_SUFFIX));
  }

  /**
   * The state of the directory's files, those whose names begin with a dot left out; empty while a
   * file in it, be it in a hidden directory as downloaders use them, has the name of one that is
   * still being written.
   *
   * @throws IOException if it cannot be listed or has more than {@code entriesMax} entries in and
   *     below it
   */
  static Optional<ModelFiles> filesIfSettled(FileSystem fileSystem, Path directory, int entriesMax)
      throws IOException {
    Listing listing = new Listing(fileSystem, directory, entriesMax);
    ModelFiles files = listing.files();
    return listing.temporary ? Optional.empty() : Optional.of(files);
  }

  private static final class Listing {
    private final FileSystem fileSystem;
    private final Path directory;
    private final int entriesMax;
    private final List<String> lines = new ArrayList<>();
    private int entries;
    private boolean temporary;

    Listing(FileSystem fileSystem, Path directory, int entriesMax) {
      this.fileSystem = fileSystem;
      this.directory = directory;
      this.entriesMax = entriesMax;
    }

    ModelFiles files() throws IOException {
      enter(directory, "", false, 0);
      Collections.sort(lines);
      return ModelFiles.ofDirectory(directory, Sha256.ofText(String.join("\n", lines)).toHex());
    }

    private void enter(Path parent, String prefix, boolean hidden, int depth) throws IOException {
      DirectoryEntries listed = DirectoryEntries.list(fileSystem, parent);
      entries += listed.entries().size();
      if (entries > entriesMax) {
        throw new UnusableException(
            Reason.DIRECTORY_TOO_LARGE,
            "expected a model of at most "
                + entriesMax
                + " files, found more; remove what is none");
      }
      if (!hidden && !listed.unusable().isEmpty()) {
        // It would be a model without one of its files.
        throw new UnusableException(listed.unusable().get(0).why());
      }
      for (FileStatus entry : listed.entries()) {
        String name = entry.getPath().getName();
        boolean concealed = hidden || name.startsWith(".");
        if (entry.isDir()) {
          if (depth < DEPTH_MAX) {
            enter(entry.getPath(), prefix + name + '/', concealed, depth + 1);
          }
        } else if (hasTemporarySuffix(name)) {
          temporary = true;
        } else if (!concealed) {
          lines.add(prefix + name + '\0' + entry.getLen() + '\0' + entry.getModificationTime());
        }
      }
    }
  }
}
