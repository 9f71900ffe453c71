package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.Unusable.Reason;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * What is in a directory. Flink's {@code LocalFileSystem.listStatus} fails as a whole by one link
 * to nothing and by one name with a colon, a backslash or a blank at its end, and takes a directory
 * without the right to list it for one that is not there; hence local ones are listed here name by
 * name.
 *
 * @param entries what can be used
 * @param unusable what cannot
 */
record DirectoryEntries(List<FileStatus> entries, List<UnusableEntry> unusable) {

  /** An entry that is there and cannot be used. */
  record UnusableEntry(String name, boolean isDirectory, Unusable why) {}

  private static final String LOCAL = "file";

  /**
   * Lists a directory.
   *
   * @throws FileNotFoundException if there is none
   */
  static DirectoryEntries list(FileSystem fileSystem, Path directory) throws IOException {
    if (LOCAL.equals(directory.toUri().getScheme())) {
      return listLocal(fileSystem, directory);
    }
    FileStatus[] listed = fileSystem.listStatus(directory);
    if (listed == null) {
      throw new FileNotFoundException("there is no such directory; correct the path, or make it");
    }
    return new DirectoryEntries(Arrays.asList(listed), List.of());
  }

  private static DirectoryEntries listLocal(FileSystem fileSystem, Path directory)
      throws IOException {
    File folder = new File(directory.getPath());
    String[] names = folder.list();
    if (names == null) {
      if (!folder.exists()) {
        throw new FileNotFoundException("there is no such directory; correct the path, or make it");
      }
      throw new IOException(
          "expected a directory that may be listed, found none; grant this user to read it");
    }
    List<FileStatus> entries = new ArrayList<>(names.length);
    List<UnusableEntry> unusable = new ArrayList<>();
    for (String name : names) {
      String full = directory.getPath() + (directory.getPath().endsWith("/") ? "" : "/") + name;
      Path path = new Path(LOCAL, null, full);
      if (!path.getPath().equals(full)) {
        unusable.add(
            new UnusableEntry(
                name,
                new File(full).isDirectory(),
                new Unusable(
                    Reason.NAME_UNUSABLE,
                    full,
                    "'%s': a name that Flink's file systems take for '%s'; rename it"
                        .formatted(full, path.getPath()))));
        continue;
      }
      try {
        entries.add(fileSystem.getFileStatus(path));
      } catch (FileNotFoundException e) {
        Unusable why = whyNotThere(full);
        if (why != null) {
          unusable.add(new UnusableEntry(name, false, why));
        }
      }
    }
    return new DirectoryEntries(entries, unusable);
  }

  /** Why an entry that was listed cannot be found; null if it was removed since. */
  static Unusable whyNotThere(String path) {
    try {
      return Files.isSymbolicLink(java.nio.file.Path.of(path))
          ? new Unusable(
              Reason.FILE_UNREADABLE,
              path,
              path + ": expected a file, found a link to nothing; mend or remove it")
          : null;
    } catch (InvalidPathException e) {
      return new Unusable(
          Reason.NAME_UNUSABLE,
          path,
          "'%s': a name that Java cannot write in the locale's encoding; rename it, or start Flink in a UTF-8 locale"
              .formatted(path));
    }
  }
}
