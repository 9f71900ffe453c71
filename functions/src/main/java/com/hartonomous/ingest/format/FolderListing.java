package com.hartonomous.ingest.format;

import com.hartonomous.ingest.format.ModelFormatException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Collects the files of one directory, whichever file system it is on: what is left out, and the
 * bounds.
 *
 * <p>Left out, at any depth: {@code .git}, {@code .cache} and {@code .huggingface}, which hold
 * copies and the state of tools; and what a download or an editor has not finished: names that end
 * with {@code .incomplete}, {@code .part}, {@code .partial}, {@code .crdownload}, {@code .tmp},
 * {@code .swp} or {@code ~}. Not for use by several threads.
 */
public final class FolderListing {
  private static final Set<String> TOOL_FOLDERS = Set.of(".git", ".cache", ".huggingface");
  private static final List<String> UNFINISHED =
      List.of(".incomplete", ".part", ".partial", ".crdownload", ".tmp", ".swp", "~");

  private final String identity;
  private final FolderLimits limits;
  private final List<FolderFile> files = new ArrayList<>();

  /**
   * Begins empty.
   *
   * @param identity of the directory, for errors
   */
  public FolderListing(String identity, FolderLimits limits) {
    this.identity = identity;
    this.limits = limits;
  }

  /** Says whether a file or directory of that name is left out. */
  public static boolean leavesOut(String name) {
    return TOOL_FOLDERS.contains(name) || UNFINISHED.stream().anyMatch(name::endsWith);
  }

  /** Says whether a path of several parts is left out: one of its parts is. */
  public static boolean leavesOutPath(String path) {
    return Arrays.stream(path.split("/")).anyMatch(FolderListing::leavesOut);
  }

  /**
   * Checks a subdirectory before it is entered.
   *
   * @throws ModelFormatException if it is too deep
   */
  public void enter(String path) throws ModelFormatException {
    long depth = path.chars().filter(character -> character == '/').count() + 1;
    if (depth > limits.depthMax()) {
      throw refusal(
          Kind.TOO_LARGE,
          path,
          "up to %d directories inside each other".formatted(limits.depthMax()),
          Long.toString(depth));
    }
  }

  /**
   * Adds a file.
   *
   * @throws ModelFormatException if it is one too many, or its path is too long
   */
  public void add(FolderFile file) throws ModelFormatException {
    if (files.size() == limits.filesMax()) {
      throw refusal(Kind.TOO_LARGE, "", "up to " + limits.filesMax() + " files", "more");
    }
    if (file.path().length() > limits.pathCharactersMax()) {
      throw refusal(
          Kind.TOO_LARGE,
          file.path(),
          "a relative path of up to %d characters".formatted(limits.pathCharactersMax()),
          Integer.toString(file.path().length()));
    }
    files.add(file);
  }

  /**
   * Returns the files in path order.
   *
   * @throws ModelFormatException if there is none
   */
  public List<FolderFile> finish() throws ModelFormatException {
    if (files.isEmpty()) {
      throw refusal(Kind.MALFORMED, "", "at least one file", "an empty directory");
    }
    files.sort(Comparator.comparing(FolderFile::path));
    return List.copyOf(files);
  }

  /**
   * An error that names something in the directory.
   *
   * @param path relative; empty for the directory itself
   */
  public ModelFormatException refusal(Kind kind, String path, String expected, String found) {
    String file = path.isEmpty() ? identity : identity + "/" + path;
    return new ModelFormatException(kind, file, 0, "directory of a model", expected, found);
  }
}
