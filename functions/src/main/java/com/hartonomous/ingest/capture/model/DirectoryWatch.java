package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scans one watched directory. A file is ready when two scans in a row found it with the same size
 * and time, and was not ready like that before; a subdirectory that is a model of several files,
 * when that holds for all of them. What looks temporary (see {@link ModelDirectory#looksTemporary})
 * is never ready.
 *
 * <p>What was found ready is only remembered by this instance: a later one finds it ready again,
 * and the submission's uniqueness over source, path, size and time lets nothing come of it.
 *
 * <p>Memory is bounded by {@link #ENTRIES_MAX}. For one thread; blocks on the file system.
 */
final class DirectoryWatch {

  /** Directory entries that a scan looks at. */
  static final int ENTRIES_MAX = 100_000;

  /** Subdirectories below the watched one that are gone into. */
  static final int DEPTH_MAX = 32;

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryWatch.class);

  private final WatchedDirectory options;
  private final Pattern names;
  private Map<Path, ModelFiles> lastScan = Map.of();
  private final Map<Path, ModelFiles> ready = new HashMap<>();
  private boolean failing;

  /** Model directories that were warned of. */
  private final Set<Path> unusable = new HashSet<>();

  DirectoryWatch(WatchedDirectory options) {
    this.options = options;
    this.names = PathPattern.expression(options.pattern());
  }

  WatchedDirectory options() {
    return options;
  }

  /**
   * Scans once. A directory that cannot be listed has nothing ready; it is warned of once and
   * scanned again next time.
   */
  List<ModelFiles> scan() {
    Map<Path, ModelFiles> found;
    try {
      found = new Scan().run();
    } catch (IOException e) {
      if (!failing) {
        LOG.warn(
            "The watched directory {} cannot be scanned; trying again every {}: {}",
            options.uri(),
            options.interval(),
            e.getMessage());
      }
      failing = true;
      return List.of();
    }
    if (failing) {
      LOG.info("The watched directory {} can be scanned again.", options.uri());
      failing = false;
    }
    List<ModelFiles> stable = new ArrayList<>();
    found.forEach(
        (path, now) -> {
          if (now.equals(lastScan.get(path)) && !now.equals(ready.get(path))) {
            stable.add(now);
            ready.put(path, now);
          }
        });
    ready.keySet().retainAll(found.keySet());
    lastScan = found;
    return stable;
  }

  private final class Scan {
    private final Map<Path, ModelFiles> found = new HashMap<>();
    private int entries;

    Map<Path, ModelFiles> run() throws IOException {
      Path root = FlinkPositionedInput.qualified(options.uri());
      FileSystem fileSystem = root.getFileSystem();
      FileStatus[] listed = fileSystem.listStatus(root);
      if (listed == null) {
        throw new FileNotFoundException(root + ": there is no such directory");
      }
      visit(fileSystem, listed, 0);
      return found;
    }

    private void visit(FileSystem fileSystem, FileStatus[] listed, int depth) throws IOException {
      entries += listed.length;
      if (entries > ENTRIES_MAX) {
        throw new IOException(
            "expected at most "
                + ENTRIES_MAX
                + " entries, found more; move away what is ingested, or watch fewer directories");
      }
      for (FileStatus entry : listed) {
        String name = entry.getPath().getName();
        if (ModelDirectory.looksTemporary(name)) {
          continue;
        }
        if (!entry.isDir()) {
          if (names.matcher(name).matches()) {
            found.put(entry.getPath(), ModelFiles.ofFile(entry));
          }
        } else if (depth < DEPTH_MAX) {
          visitDirectory(fileSystem, entry.getPath(), depth);
        }
      }
    }

    private void visitDirectory(FileSystem fileSystem, Path directory, int depth)
        throws IOException {
      FileStatus[] listed = fileSystem.listStatus(directory);
      if (listed == null) {
        // Removed since its parent was listed.
        return;
      }
      if (ModelDirectory.isModel(listed)) {
        try {
          ModelDirectory.filesIfSettled(fileSystem, directory)
              .ifPresent(files -> found.put(directory, files));
        } catch (IOException e) {
          if (unusable.add(directory)) {
            LOG.warn("The model directory {} is left out: {}", directory, e.getMessage());
          }
        }
      } else if (options.recursive()) {
        visit(fileSystem, listed, depth + 1);
      }
    }
  }
}
