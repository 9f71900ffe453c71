package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.job.IngestOptions.ModelPath;
import com.hartonomous.ingest.job.config.ConfigurationException;
import java.io.FileNotFoundException;
import java.io.IOException;
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
        if (fileSystem.listStatus(path) == null) {
          throw new IOException("it cannot be listed");
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
