package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.record.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Directories that are one model of several files. No state; blocks on the file system. */
final class ModelDirectory {

  /** Files in a model directory, beyond which it is not taken for one. */
  static final int FILES_MAX = 10_000;

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
  static boolean isModel(FileStatus[] entries) {
    return Arrays.stream(entries)
        .filter(entry -> !entry.isDir())
        .map(entry -> entry.getPath().getName())
        .anyMatch(name -> name.equals(CONFIGURATION) || name.endsWith(INDEX_SUFFIX));
  }

  /**
   * The state of the directory's files, those whose names begin with a dot left out.
   *
   * @throws IOException if it cannot be listed or has more than {@link #FILES_MAX} files
   */
  static ModelFiles files(FileSystem fileSystem, Path directory) throws IOException {
    return new Listing(fileSystem, directory).files();
  }

  /**
   * As {@link #files}; empty while a file in it, be it in a hidden directory as downloaders use
   * them, has the name of one that is still being written.
   */
  static Optional<ModelFiles> filesIfSettled(FileSystem fileSystem, Path directory)
      throws IOException {
    Listing listing = new Listing(fileSystem, directory);
    ModelFiles files = listing.files();
    return listing.temporary ? Optional.empty() : Optional.of(files);
  }

  private static final class Listing {
    private final FileSystem fileSystem;
    private final Path directory;
    private final List<String> lines = new ArrayList<>();
    private int entries;
    private boolean temporary;

    Listing(FileSystem fileSystem, Path directory) {
      this.fileSystem = fileSystem;
      this.directory = directory;
    }

    ModelFiles files() throws IOException {
      enter(directory, "", false, 0);
      Collections.sort(lines);
      return ModelFiles.ofDirectory(directory, Sha256.ofText(String.join("\n", lines)).toHex());
    }

    private void enter(Path parent, String prefix, boolean hidden, int depth) throws IOException {
      FileStatus[] listed = fileSystem.listStatus(parent);
      if (listed == null) {
        throw new FileNotFoundException(parent + ": there is no such directory");
      }
      entries += listed.length;
      if (entries > FILES_MAX) {
        throw new IOException(
            directory + ": expected a model of at most " + FILES_MAX + " files, found more");
      }
      for (FileStatus entry : listed) {
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
