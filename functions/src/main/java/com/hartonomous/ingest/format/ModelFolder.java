package com.hartonomous.ingest.format;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;

/**
 * A directory all of whose files are one model, such as a clone of a Hugging Face repository or a
 * snapshot in its cache. For one thread at a time.
 */
public interface ModelFolder {

  /** Returns the path or URI that names the directory in errors. */
  String identity();

  /**
   * Lists the files in the directory and below it, in the order of {@link String#compareTo} on
   * their paths, but for those that {@link FolderListing} leaves out.
   *
   * @throws ModelFormatException if it is beyond a limit, holds no file, or holds what is neither a
   *     directory nor a regular file nor a symbolic link that may be followed; names it
   * @throws IOException if the storage fails
   */
  List<FolderFile> list(FolderLimits limits) throws IOException, ModelFormatException;

  /**
   * Opens a file of the directory; the caller closes it. What the file opens by {@link
   * PositionedInput#openRelative} is a file of this directory too.
   *
   * @param path as listed
   * @throws FileNotFoundException if there is no such regular file, or it may not be used; says why
   */
  PositionedInput open(String path) throws IOException;
}
