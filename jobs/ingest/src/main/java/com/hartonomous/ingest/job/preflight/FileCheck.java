package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.capture.model.PathPattern;
import com.hartonomous.ingest.capture.model.WatchedDirectory;
import com.hartonomous.ingest.job.IngestOptions.ModelPath;
import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Looks at paths of the configuration through Flink's file systems, as the jobs will. */
final class FileCheck {

  private FileCheck() {}

  /** Refuses a model file, or directory that is a model, that this machine cannot read. */
  static void requireReadable(ModelPath model) throws ConfigurationException {
    String where = "models.paths: " + model.uri();
    try {
      Path path = new Path(model.uri());
      FileSystem fileSystem = path.getFileSystem();
      FileStatus status = fileSystem.getFileStatus(path);
      if (status.isDir()) {
        FileStatus[] entries = fileSystem.listStatus(path);
        if (entries == null) {
          throw new IOException("it cannot be listed");
        }
        if (entries.length == 0) {
          throw new ConfigurationException(
              where + ": expected the files of a model, found an empty directory.");
        }
        return;
      }
      try (FSDataInputStream stream = fileSystem.open(path)) {
        if (status.getLen() > 0 && stream.read() < 0) {
          throw new IOException("it ends before its first byte");
        }
      }
    } catch (FileNotFoundException e) {
      throw new ConfigurationException(
          where + ": no such readable file. Correct the path, or grant this user to read it.", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigurationException(
          where
              + ": cannot be read: "
              + SqlServerCheck.sentence(e)
              + " Correct the path, or grant this user to read it.",
          e);
    }
  }

  /**
   * Refuses a pattern that matches nothing, or too much, on this machine.
   *
   * @return how many files match
   */
  static int requireMatches(String pattern) throws ConfigurationException {
    String where = "models.paths: " + pattern;
    List<FileStatus> matches;
    try {
      matches = PathPattern.of(pattern).matches();
    } catch (IOException e) {
      throw new ConfigurationException(
          where + " cannot be followed: " + SqlServerCheck.sentence(e) + " Correct the pattern.",
          e);
    }
    if (matches.isEmpty()) {
      throw new ConfigurationException(
          where + " matches no file. Correct the pattern, or put the files there.");
    }
    String first = matches.get(0).getPath().toString();
    requireReadable(new ModelPath(first, matches.get(0).getPath().getName()));
    return matches.size();
  }

  /** Refuses a directory to watch that is not there. */
  static void requireWatchable(WatchedDirectory watched) throws ConfigurationException {
    String where = "models.watch: " + watched.uri();
    try {
      Path path = new Path(watched.uri());
      FileSystem fileSystem = path.getFileSystem();
      if (!fileSystem.getFileStatus(path).isDir()) {
        throw new ConfigurationException(
            where + ": expected a directory, found a file. Name its directory, and it as pattern.");
      }
      watched.requireListable();
    } catch (FileNotFoundException e) {
      throw new ConfigurationException(
          where + ": no such readable directory. Correct the path, or make the directory.", e);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigurationException(
          where
              + ": cannot be listed: "
              + SqlServerCheck.sentence(e)
              + " Correct the path, or grant this user to read it.",
          e);
    }
  }

  /** Refuses a checkpoint directory that is not there and cannot be made. */
  static void requireDirectory(String directory) throws ConfigurationException {
    try {
      Path path = new Path(directory);
      FileSystem fileSystem = path.getFileSystem();
      if (!fileSystem.mkdirs(path) && !fileSystem.exists(path)) {
        throw new IOException("it could not be made");
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigurationException(
          "checkpoint.directory: "
              + directory
              + " cannot be written: "
              + SqlServerCheck.sentence(e)
              + " Name a directory that every machine of the cluster can write.",
          e);
    }
  }
}
