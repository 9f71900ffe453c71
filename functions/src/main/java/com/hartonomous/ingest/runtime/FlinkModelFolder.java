package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.format.FolderFile;
import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.FolderListing;
import com.hartonomous.ingest.format.LocalModelFolder;
import com.hartonomous.ingest.format.ModelFolder;
import com.hartonomous.ingest.format.ModelFormatException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.Path;

/**
 * A directory of any Flink file system. What {@link LocalModelFolder} says of symbolic links holds
 * for local ones; other file systems have none that could lead out of the directory.
 *
 * <p>It remembers each file as it was when it was listed or first opened, and refuses one that is
 * something else when it is opened again, so that headers that were read after each other are of
 * one state of the files. For one thread.
 */
public final class FlinkModelFolder implements ModelFolder {

  private final Path root;
  @Nullable private final LocalModelFolder local;
  private final Map<String, FolderFile> known = new HashMap<>();

  private FlinkModelFolder(Path root) {
    this.root = root;
    this.local =
        "file".equals(root.toUri().getScheme())
            ? LocalModelFolder.of(java.nio.file.Path.of(root.getPath()))
            : null;
  }

  /**
   * Takes a directory.
   *
   * @param root in full, as {@link FlinkPositionedInput#qualified} makes it
   */
  public static FlinkModelFolder of(Path root) {
    return new FlinkModelFolder(root);
  }

  @Override
  public String identity() {
    return root.toString();
  }

  @Override
  public List<FolderFile> list(FolderLimits limits) throws IOException, ModelFormatException {
    List<FolderFile> files = local == null ? listRemote(limits) : listLocal(limits);
    files.forEach(file -> known.put(file.path(), file));
    return files;
  }

  private List<FolderFile> listLocal(FolderLimits limits) throws IOException, ModelFormatException {
    List<FolderFile> files = new ArrayList<>();
    for (FolderFile file : local.list(limits)) {
      files.add(
          new FolderFile(
              file.path(), uri(locate(file.path())), file.byteLength(), file.modifiedAt()));
    }
    return files;
  }

  private List<FolderFile> listRemote(FolderLimits limits)
      throws IOException, ModelFormatException {
    FolderListing listing = new FolderListing(identity(), limits);
    Deque<String> folders = new ArrayDeque<>(List.of(""));
    while (!folders.isEmpty()) {
      String folder = folders.pop();
      FileStatus[] children =
          root.getFileSystem().listStatus(folder.isEmpty() ? root : below(root.getPath(), folder));
      if (children == null) {
        throw new FileNotFoundException(
            "%s: expected a directory, found '%s' gone".formatted(identity(), folder));
      }
      for (FileStatus child : children) {
        String name = child.getPath().getName();
        String path = folder.isEmpty() ? name : folder + "/" + name;
        if (FolderListing.leavesOut(name)) {
          continue;
        }
        if (child.isDir()) {
          listing.enter(path);
          folders.push(path);
        } else {
          listing.add(
              new FolderFile(path, uri(locate(path)), child.getLen(), child.getModificationTime()));
        }
      }
    }
    return listing.finish();
  }

  @Override
  public FlinkPositionedInput open(String path) throws IOException {
    FlinkPositionedInput input = FlinkPositionedInput.open(locate(path), this, path);
    try {
      remember(path, input);
      return input;
    } catch (IOException e) {
      input.close();
      throw e;
    }
  }

  /** Notes the state of a file that was opened. */
  void remember(String path, FlinkPositionedInput input) throws IOException {
    FolderFile now = new FolderFile(path, input.uri(), input.length(), input.modifiedAt());
    FolderFile before = known.putIfAbsent(path, now);
    if (before != null && !before.equals(now)) {
      throw new IOException(
          "%s: changed while the model's headers were read: expected %d bytes modified at %d, found %d bytes modified at %d"
              .formatted(
                  input.identity(),
                  before.byteLength(),
                  before.modifiedAt(),
                  now.byteLength(),
                  now.modifiedAt()));
    }
  }

  /**
   * The file as it was when it was listed or first opened.
   *
   * @throws IllegalArgumentException for a file that was neither
   */
  public FolderFile file(String path) {
    FolderFile file = known.get(path);
    if (file == null) {
      throw new IllegalArgumentException(
          "%s: '%s' was neither listed nor opened".formatted(identity(), path));
    }
    return file;
  }

  private Path locate(String path) throws IOException {
    return local == null ? below(root.getPath(), path) : path(local.resolve(path).toString());
  }

  private Path below(String folder, String path) throws FileNotFoundException {
    return path(folder + (folder.endsWith("/") ? "" : "/") + path);
  }

  /** The three-argument form takes a name as it is; as a child path, "a:b" would be a scheme. */
  private Path path(String full) throws FileNotFoundException {
    Path path = new Path(root.toUri().getScheme(), root.toUri().getAuthority(), full);
    if (!path.getPath().equals(full)) {
      throw new FileNotFoundException(
          "'%s', a name that Flink's file systems take for '%s'; rename it"
              .formatted(full, path.getPath()));
    }
    return path;
  }

  private static String uri(Path path) {
    return path.toUri().toString();
  }
}
