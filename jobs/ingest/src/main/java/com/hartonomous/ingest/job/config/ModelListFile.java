package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.capture.model.ModelLocation;
import com.hartonomous.ingest.job.IngestOptions.ModelPath;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.Path;

/**
 * A text file, UTF-8, that lists models: a path or URI a line, perhaps a tab and the model's name.
 * A relative path starts from the list's directory. Empty lines and lines that begin with # count
 * for nothing. Wildcards are not read as such.
 */
final class ModelListFile {

  private static final long BYTES_MAX = 64L << 20;
  private static final OptionType<String> LOCATION = OptionTypes.location();

  private ModelListFile() {}

  /**
   * Reads the list, on any Flink file system.
   *
   * @param origin where the list is named
   * @throws ConfigurationException if it cannot be read, and for the first line that is wrong, with
   *     file and line
   */
  static List<ModelPath> read(Origin origin, String key, String uri) throws ConfigurationException {
    Path path = new Path(uri);
    List<ModelPath> models = new ArrayList<>();
    Set<String> uris = new HashSet<>();
    int number = 0;
    try {
      if (path.getFileSystem().getFileStatus(path).getLen() > BYTES_MAX) {
        throw origin.refuse(
            key + ".list: expected a list of at most 64 MiB, found a larger file " + uri + ".");
      }
      try (BufferedReader reader =
          new BufferedReader(
              new InputStreamReader(
                  path.getFileSystem().open(path), StandardCharsets.UTF_8.newDecoder()))) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
          number++;
          if (line.isBlank() || line.startsWith("#")) {
            continue;
          }
          Origin place = new Origin(uri + ":" + number, directory(origin, uri));
          ModelPath model = model(place, line);
          if (!uris.add(model.uri())) {
            throw place.refuse(model.uri() + " is there twice. Remove one of the two.");
          }
          if (models.size() == ModelPathsType.PATHS_MAX) {
            throw place.refuse(
                "expected at most " + ModelPathsType.PATHS_MAX + " models, found more.");
          }
          models.add(model);
        }
      }
    } catch (FileNotFoundException e) {
      throw refused(
          origin, key + ".list: " + uri + ": no such readable file. Correct the path.", e);
    } catch (CharacterCodingException e) {
      throw refused(
          new Origin(uri + ":" + (number + 1), null), "expected UTF-8 text, found other bytes.", e);
    } catch (IOException e) {
      throw refused(origin, key + ".list: " + uri + " cannot be read: " + e.getMessage() + ".", e);
    }
    if (models.isEmpty()) {
      throw origin.refuse(key + ".list: " + uri + ": expected at least one path, found none.");
    }
    return models;
  }

  private static ConfigurationException refused(Origin origin, String message, Exception cause) {
    return new ConfigurationException(origin.where() + ": " + message, cause);
  }

  private static java.nio.file.Path directory(Origin origin, String uri) {
    java.nio.file.Path parent =
        OptionTypes.hasScheme(uri) ? null : java.nio.file.Path.of(uri).getParent();
    return parent == null ? origin.baseDirectory() : parent;
  }

  private static ModelPath model(Origin place, String line) throws ConfigurationException {
    String[] fields = line.split("\t", -1);
    String path = fields[0].strip();
    if (fields.length > 2 || path.isEmpty()) {
      throw place.refuse("expected a path, perhaps a tab and a name, found '" + shown(line) + "'.");
    }
    String uri = LOCATION.read("path", new ConfigurationNode.Scalar(path, place));
    String name = fields.length == 2 ? fields[1].strip() : ModelPathsType.fileName(uri);
    if (name.isEmpty() || name.length() > ModelLocation.NAME_LENGTH_MAX) {
      throw place.refuse(
          "expected a model name of 1 to "
              + ModelLocation.NAME_LENGTH_MAX
              + " characters, found '"
              + shown(name)
              + "'.");
    }
    if (uri.length() > ModelLocation.PATH_LENGTH_MAX) {
      throw place.refuse(
          "expected a path of at most "
              + ModelLocation.PATH_LENGTH_MAX
              + " characters, found "
              + uri.length()
              + ".");
    }
    return new ModelPath(uri, name);
  }

  private static String shown(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }
}
