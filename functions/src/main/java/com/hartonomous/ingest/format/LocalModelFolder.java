package com.hartonomous.ingest.format;

import com.hartonomous.ingest.format.ModelFormatException.Kind;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * A directory of the local file system.
 *
 * <p>Symbolic links in it are refused, with one exception: below {@code
 * models--ORG--NAME/snapshots/REVISION}, the layout of Hugging Face's cache, a link to a regular
 * file inside that {@code models--ORG--NAME} directory is the file. Links to directories are never
 * followed. Where the directory itself is reached by links does not matter: the user named it.
 */
public final class LocalModelFolder implements ModelFolder {
  private static final String CACHE_REPOSITORY_PREFIX = "models--";
  private static final String CACHE_SNAPSHOTS = "snapshots";

  private final Path root;

  private LocalModelFolder(Path root) {
    this.root = root;
  }

  /** Takes a directory, which need not exist yet. */
  public static LocalModelFolder of(Path root) {
    return new LocalModelFolder(root);
  }

  /** Returns the folder of a file. */
  public static LocalModelFolder around(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return new LocalModelFolder(folder == null ? file.getRoot() : folder);
  }

  @Override
  public String identity() {
    return root.toString();
  }

  @Override
  public List<FolderFile> list(FolderLimits limits) throws IOException, ModelFormatException {
    FolderListing listing = new FolderListing(identity(), limits);
    Deque<String> folders = new ArrayDeque<>(List.of(""));
    while (!folders.isEmpty()) {
      String folder = folders.pop();
      try (DirectoryStream<Path> children = Files.newDirectoryStream(root.resolve(folder))) {
        for (Path child : children) {
          String name = child.getFileName().toString();
          String path = folder.isEmpty() ? name : folder + "/" + name;
          if (FolderListing.leavesOut(name)) {
            continue;
          }
          if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
            listing.enter(path);
            folders.push(path);
          } else {
            listing.add(listed(listing, path));
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }
    return listing.finish();
  }

  private FolderFile listed(FolderListing listing, String path)
      throws IOException, ModelFormatException {
    try {
      Path file = resolve(path);
      return new FolderFile(
          path,
          file.toUri().toString(),
          Files.size(file),
          Files.getLastModifiedTime(file).toMillis());
    } catch (FileNotFoundException e) {
      ModelFormatException refusal =
          listing.refusal(Kind.UNSUPPORTED, path, "a regular file", e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
  }

  @Override
  public LocalFileInput open(String path) throws IOException {
    return LocalFileInput.open(resolve(path), root.resolve(path).toString(), this, path);
  }

  /**
   * Finds the regular file of a path.
   *
   * @param path relative, of plain parts
   * @return behind the link if {@code path} is one that may be followed
   * @throws FileNotFoundException if there is none, or it may not be used; the message says what is
   *     there instead
   */
  public Path resolve(String path) throws IOException {
    Path current = root;
    String[] parts = path.split("/", -1);
    for (int i = 0; i < parts.length; i++) {
      current = current.resolve(parts[i]);
      if (Files.isSymbolicLink(current)) {
        if (i == parts.length - 1) {
          return target(current);
        }
        throw new FileNotFoundException(
            "'" + current + "', a symbolic link, which may lead out of the folder");
      }
    }
    if (!Files.isRegularFile(current, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileNotFoundException(
          Files.isDirectory(current, LinkOption.NOFOLLOW_LINKS)
              ? "a directory"
              : Files.exists(current, LinkOption.NOFOLLOW_LINKS)
                  ? "something else"
                  : "no such file");
    }
    return current;
  }

  private Path target(Path link) throws IOException {
    Optional<Path> repository = cacheRepository();
    if (repository.isEmpty()) {
      throw new FileNotFoundException(
          "'%s', a symbolic link, which may lead out of the folder; links are followed only below %s*/%s/REVISION of a Hugging Face cache"
              .formatted(link, CACHE_REPOSITORY_PREFIX, CACHE_SNAPSHOTS));
    }
    if (!Files.exists(link)) {
      throw new FileNotFoundException(
          "'%s', a symbolic link to '%s', which is not there"
              .formatted(link, Files.readSymbolicLink(link)));
    }
    Path target = link.toRealPath();
    if (!target.startsWith(repository.get()) || !Files.isRegularFile(target)) {
      throw new FileNotFoundException(
          "'%s', a symbolic link to '%s', which is not a regular file inside '%s'"
              .formatted(link, target, repository.get()));
    }
    return target;
  }

  /** Returns the {@code models--ORG--NAME} directory whose snapshot this folder is in. */
  private Optional<Path> cacheRepository() throws IOException {
    for (Path folder = root.toRealPath(); folder != null; folder = folder.getParent()) {
      Path parent = folder.getParent();
      if (parent != null
          && parent.getFileName() != null
          && parent.getFileName().toString().startsWith(CACHE_REPOSITORY_PREFIX)) {
        return folder.getFileName().toString().equals(CACHE_SNAPSHOTS)
            ? Optional.of(parent)
            : Optional.empty();
      }
    }
    return Optional.empty();
  }
}
