package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.DirectoryEntries.UnusableEntry;
import com.hartonomous.ingest.capture.model.Unusable.Reason;
import com.hartonomous.ingest.capture.model.Unusable.UnusableException;
import com.hartonomous.ingest.runtime.FlinkPositionedInput;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

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

  /**
   * What a scan has found.
   *
   * @param ready what is to be submitted
   * @param unusable what cannot be; all of it, be it new or known, unless the scan broke off
   * @param whole whether the scan went to its end
   */
  record Found(List<ModelFiles> ready, List<Unusable> unusable, boolean whole) {}

  private final WatchedDirectory options;
  private final int entriesMax;
  private final int modelEntriesMax;
  private final Pattern names;
  private Map<Path, ModelFiles> lastScan = Map.of();
  private final Map<Path, ModelFiles> ready = new HashMap<>();

  DirectoryWatch(WatchedDirectory options) {
    this(options, ENTRIES_MAX, ModelDirectory.ENTRIES_MAX);
  }

  /**
   * @param entriesMax that a scan looks at
   * @param modelEntriesMax that are looked at in and below one model directory
   */
  DirectoryWatch(WatchedDirectory options, int entriesMax, int modelEntriesMax) {
    this.options = options;
    this.entriesMax = entriesMax;
    this.modelEntriesMax = modelEntriesMax;
    this.names = PathPattern.expression(options.pattern());
  }

  WatchedDirectory options() {
    return options;
  }

  /** Scans once. A directory that cannot be scanned to its end has nothing ready. */
  Found scan() {
    Scan scan = new Scan();
    try {
      scan.run();
    } catch (IOException e) {
      return new Found(List.of(), List.of(Unusable.of(options.uri(), e)), false);
    }
    Map<Path, ModelFiles> found = scan.found;
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
    return new Found(stable, scan.unusable, true);
  }

  private final class Scan {
    private final Map<Path, ModelFiles> found = new HashMap<>();
    private final List<Unusable> unusable = new ArrayList<>();
    private int entries;

    void run() throws IOException {
      Path root = FlinkPositionedInput.qualified(options.uri());
      FileSystem fileSystem = root.getFileSystem();
      visit(fileSystem, DirectoryEntries.list(fileSystem, root), 0);
    }

    private void visit(FileSystem fileSystem, DirectoryEntries listed, int depth)
        throws IOException {
      entries += listed.entries().size() + listed.unusable().size();
      if (entries > entriesMax) {
        throw new UnusableException(
            Reason.DIRECTORY_TOO_LARGE,
            "expected at most "
                + entriesMax
                + " entries, found more; move away what is ingested, or watch fewer directories");
      }
      listed.unusable().forEach(this::addIfMeant);
      for (FileStatus entry : listed.entries()) {
        String name = entry.getPath().getName();
        if (ModelDirectory.looksTemporary(name)) {
          continue;
        }
        if (entry.isDir()) {
          visitDirectory(fileSystem, entry.getPath(), depth);
        } else if (names.matcher(name).matches()) {
          add(ModelFiles.ofFile(entry));
        }
      }
    }

    private void addIfMeant(UnusableEntry entry) {
      boolean meant = entry.isDirectory() || names.matcher(entry.name()).matches();
      if (meant && !ModelDirectory.looksTemporary(entry.name())) {
        unusable.add(entry.why());
      }
    }

    private void add(ModelFiles files) {
      Unusable tooLong = Unusable.ifTooLong(files);
      if (tooLong == null) {
        found.put(files.path(), files);
      } else {
        unusable.add(tooLong);
      }
    }

    private void visitDirectory(FileSystem fileSystem, Path directory, int depth)
        throws IOException {
      DirectoryEntries listed;
      try {
        listed = DirectoryEntries.list(fileSystem, directory);
        if (ModelDirectory.isModel(listed.entries())) {
          ModelDirectory.filesIfSettled(fileSystem, directory, modelEntriesMax)
              .ifPresent(this::add);
          return;
        }
      } catch (FileNotFoundException e) {
        // Removed since its parent was listed: the next scan has it no more.
        return;
      } catch (IOException e) {
        unusable.add(Unusable.of(directory.toString(), e));
        return;
      }
      if (!options.recursive()) {
        return;
      }
      if (depth == DEPTH_MAX) {
        unusable.add(
            new Unusable(
                Reason.DIRECTORY_TOO_DEEP,
                directory.toString(),
                "%s: expected at most %d directories below the watched one, found more; watch this one too, or move it up"
                    .formatted(directory, DEPTH_MAX)));
        return;
      }
      visit(fileSystem, listed, depth + 1);
    }
  }
}
