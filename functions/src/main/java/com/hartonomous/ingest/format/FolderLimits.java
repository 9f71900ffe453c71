package com.hartonomous.ingest.format;

/**
 * Upper bounds on a directory that is read as one model. One beyond them is refused as {@link
 * ModelFormatException.Kind#TOO_LARGE}.
 *
 * @param filesMax files in it and below it
 * @param depthMax directories inside each other, the directory itself not counted
 * @param pathCharactersMax characters of one file's relative path
 */
public record FolderLimits(int filesMax, int depthMax, int pathCharactersMax) {

  /** The bounds that the command line and the jobs use; the tables hold paths of 1,000. */
  public static final FolderLimits DEFAULT = new FolderLimits(100_000, 32, 1000);

  public FolderLimits {
    if (filesMax < 1 || depthMax < 0 || pathCharactersMax < 1) {
      throw new IllegalArgumentException(
          "limits of a directory: expected 1 file, depth 0, 1 character or more, found %d, %d, %d"
              .formatted(filesMax, depthMax, pathCharactersMax));
    }
  }
}
