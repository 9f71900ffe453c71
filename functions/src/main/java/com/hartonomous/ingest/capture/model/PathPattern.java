package com.hartonomous.ingest.capture.model;

import com.hartonomous.ingest.capture.model.DirectoryEntries.UnusableEntry;
import com.hartonomous.ingest.capture.model.Unusable.Reason;
import com.hartonomous.ingest.capture.model.Unusable.UnusableException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * A path of any Flink file system with wildcards, which stands for the regular files that match:
 * {@code *} any characters of a name, {@code ?} one character, {@code {a,b}} either text, {@code
 * [a-c]} one of these characters, and {@code **} as a whole name any number of directories. As in
 * shells, a name that begins with a dot matches only where the pattern has that dot.
 *
 * <p>No state; any thread. Blocks on the file system.
 */
public final class PathPattern {

  /** Files that a pattern may stand for, and beyond which it is refused. */
  public static final int MATCHES_MAX = 100_000;

  /** Directory entries that are looked at, beyond which the pattern is refused. */
  static final int ENTRIES_MAX = 1_000_000;

  /** Directories below the first one with a wildcard that are gone into. */
  static final int DEPTH_MAX = 32;

  private static final String ANY_DIRECTORIES = "**";
  private static final String WILDCARDS = "*?[{";

  private final String location;
  private final Path base;
  private final List<Segment> segments;

  /** A name of the pattern; null expression for {@code **}. */
  private record Segment(Pattern expression, boolean dot) {

    boolean anyDirectories() {
      return expression == null;
    }

    boolean matches(String name) {
      return (dot || !name.startsWith(".")) && expression.matcher(name).matches();
    }
  }

  private PathPattern(String location, Path base, List<Segment> segments) {
    this.location = location;
    this.base = base;
    this.segments = segments;
  }

  /** Whether the text has a wildcard. */
  public static boolean isPattern(String location) {
    return location.chars().anyMatch(c -> WILDCARDS.indexOf(c) >= 0);
  }

  /**
   * Reads a pattern.
   *
   * @param location absolute path or URI with at least one wildcard, not in scheme or authority; at
   *     most {@link ModelLocation#PATH_LENGTH_MAX} characters
   * @throws IllegalArgumentException if it is none; the message says why
   */
  public static PathPattern of(String location) {
    int wildcard = 0;
    while (wildcard < location.length() && WILDCARDS.indexOf(location.charAt(wildcard)) < 0) {
      wildcard++;
    }
    int slash = location.lastIndexOf('/', wildcard);
    int scheme = location.indexOf("://");
    if (location.length() > ModelLocation.PATH_LENGTH_MAX) {
      throw new IllegalArgumentException(
          "expected a pattern of at most %d characters, found %d"
              .formatted(ModelLocation.PATH_LENGTH_MAX, location.length()));
    }
    if (wildcard == location.length() || slash < 0 || (scheme >= 0 && slash < scheme + 3)) {
      throw new IllegalArgumentException(
          "expected an absolute path or URI with a wildcard in its path, found '" + location + "'");
    }
    List<Segment> segments = new ArrayList<>();
    for (String name : location.substring(slash + 1).split("/", -1)) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("found an empty name in '" + location + "'");
      }
      segments.add(
          name.equals(ANY_DIRECTORIES)
              ? new Segment(null, false)
              : new Segment(expression(name), name.startsWith(".")));
    }
    if (segments.get(segments.size() - 1).anyDirectories()) {
      throw new IllegalArgumentException(
          "expected a file name behind **, such as **/*.onnx, found '" + location + "'");
    }
    return new PathPattern(
        location, new Path(slash == 0 ? "/" : location.substring(0, slash)), segments);
  }

  /**
   * The expression for one name.
   *
   * @throws IllegalArgumentException if a bracket is not closed or a range is none
   */
  static Pattern expression(String name) {
    StringBuilder regex = new StringBuilder();
    int group = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        case '{' -> {
          group++;
          regex.append("(?:");
        }
        case '}' -> {
          group--;
          regex.append(group < 0 ? "\\}" : ")");
          group = Math.max(group, 0);
        }
        case ',' -> regex.append(group > 0 ? "|" : ",");
        case '[' -> {
          int end = name.indexOf(']', i + 2);
          if (end < 0) {
            throw new IllegalArgumentException("found '[' without ']' in '" + name + "'");
          }
          String set = name.substring(i + 1, end).replace("\\", "\\\\").replace("[", "\\[");
          regex.append('[').append(set.replace("&&", "&\\&").replaceFirst("^!", "^")).append(']');
          i = end;
        }
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    if (group > 0) {
      throw new IllegalArgumentException("found '{' without '}' in '" + name + "'");
    }
    try {
      return Pattern.compile(regex.toString(), Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "found no character set in '" + name + "': " + e.getDescription(), e);
    }
  }

  /**
   * The files that match now, ordered by path.
   *
   * @throws IOException if the first directory cannot be listed, or there are more than {@link
   *     #MATCHES_MAX} files or too many entries to look at; a directory that is not there has no
   *     matches, nor has one further down that cannot be listed or is too deep
   */
  public List<FileStatus> matches() throws IOException {
    return matches(new ArrayList<>());
  }

  /** The same, and what would match but cannot be used. */
  List<FileStatus> matches(List<Unusable> unusable) throws IOException {
    List<FileStatus> matches = new ArrayList<>();
    Path start = base.makeQualified(base.getFileSystem());
    new Walk(base.getFileSystem(), matches, unusable).enter(start, 0, 0);
    matches.sort((a, b) -> a.getPath().compareTo(b.getPath()));
    return matches;
  }

  /** The pattern as it was given. */
  @Override
  public String toString() {
    return location;
  }

  private final class Walk {
    private final FileSystem fileSystem;
    private final List<FileStatus> matches;
    private final List<Unusable> unusable;
    private int entries;

    Walk(FileSystem fileSystem, List<FileStatus> matches, List<Unusable> unusable) {
      this.fileSystem = fileSystem;
      this.matches = matches;
      this.unusable = unusable;
    }

    void enter(Path directory, int segment, int depth) throws IOException {
      DirectoryEntries listed;
      try {
        listed = DirectoryEntries.list(fileSystem, directory);
      } catch (FileNotFoundException e) {
        // No directory, no matches.
        return;
      } catch (IOException e) {
        if (segment == 0 && depth == 0) {
          throw e;
        }
        // One that may not be listed does not keep the others from being found.
        unusable.add(Unusable.of(directory.toString(), e));
        return;
      }
      entries += listed.entries().size() + listed.unusable().size();
      if (entries > ENTRIES_MAX) {
        throw new UnusableException(
            Reason.DIRECTORY_TOO_LARGE,
            "it goes through more than " + ENTRIES_MAX + " entries; name fewer directories");
      }
      for (UnusableEntry entry : listed.unusable()) {
        if (isMeant(entry, segment)) {
          unusable.add(entry.why());
        }
      }
      for (FileStatus entry : listed.entries()) {
        visit(entry, segment, depth);
      }
    }

    private boolean isMeant(UnusableEntry entry, int index) {
      int named = index;
      while (segments.get(named).anyDirectories()) {
        named++;
      }
      boolean below = named > index && entry.isDirectory() && !entry.name().startsWith(".");
      return below || segments.get(named).matches(entry.name());
    }

    private void visit(FileStatus entry, int index, int depth) throws IOException {
      Segment segment = segments.get(index);
      String name = entry.getPath().getName();
      if (segment.anyDirectories()) {
        // No directory at all, or this one and perhaps further ones.
        visit(entry, index + 1, depth);
        if (entry.isDir() && !name.startsWith(".")) {
          if (depth == DEPTH_MAX) {
            unusable.add(
                new Unusable(
                    Reason.DIRECTORY_TOO_DEEP,
                    entry.getPath().toString(),
                    "%s: expected at most %d directories down, found more; name this one in a pattern of its own, or move it up"
                        .formatted(entry.getPath(), DEPTH_MAX)));
          } else {
            enter(entry.getPath(), index, depth + 1);
          }
        }
      } else if (segment.matches(name)) {
        boolean last = index == segments.size() - 1;
        if (last && !entry.isDir()) {
          if (matches.size() == MATCHES_MAX) {
            throw new UnusableException(
                Reason.DIRECTORY_TOO_LARGE,
                "it matches more than " + MATCHES_MAX + " files; name fewer at a time");
          }
          matches.add(entry);
        } else if (!last && entry.isDir()) {
          enter(entry.getPath(), index + 1, depth + 1);
        }
      }
    }
  }
}
