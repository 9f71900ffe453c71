package com.hartonomous.ingest.job.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import com.hartonomous.ingest.job.config.ConfigurationNode.Sequence;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads YAML into {@link ConfigurationNode}s that know their line. One document; no aliases; no key
 * twice. A key without a value counts as not written, so that the children of a section can be
 * commented out.
 */
final class YamlReader {

  private static final long FILE_BYTES_MAX = 1 << 20;
  private static final int DEPTH_MAX = 20;
  private static final YAMLFactory YAML = new YAMLFactory();

  private final YAMLParser parser;
  private final String name;
  private final boolean withLines;
  private final Path baseDirectory;

  private YamlReader(YAMLParser parser, String name, boolean withLines, Path baseDirectory) {
    this.parser = parser;
    this.name = name;
    this.withLines = withLines;
    this.baseDirectory = baseDirectory;
  }

  /** The file's top level; empty for an empty file. */
  static Mapping readFile(Path file) throws ConfigurationException {
    Path directory = file.toAbsolutePath().normalize().getParent();
    String text = readText(file);
    ConfigurationNode node = read(text, file.toString(), true, directory);
    if (node == null) {
      return new Mapping(Map.of(), new Origin(file.toString(), directory));
    }
    if (node instanceof Mapping mapping) {
      return mapping;
    }
    throw node.origin()
        .refuse("expected 'key: value' lines at the top level, found " + node.describe() + ".");
  }

  /** A list or mapping given on the command line, as YAML. */
  static ConfigurationNode readValue(String text, Origin origin) throws ConfigurationException {
    return read(text, origin.where(), false, origin.baseDirectory());
  }

  private static String readText(Path file) throws ConfigurationException {
    try {
      long size = Files.size(file);
      if (size > FILE_BYTES_MAX) {
        throw new ConfigurationException(
            String.format(
                "%s: a configuration file has at most %d bytes, found %d. Is it the right file?",
                file, FILE_BYTES_MAX, size));
      }
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          file + ": no such configuration file. Give one with --config FILE.", e);
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(file + ": not UTF-8 text. Is it the right file?", e);
    } catch (IOException e) {
      throw new ConfigurationException(
          file + ": cannot be read (" + e.getMessage() + "). Check that it is a readable file.", e);
    }
  }

  private static ConfigurationNode read(
      String text, String name, boolean withLines, Path baseDirectory)
      throws ConfigurationException {
    try (YAMLParser parser = YAML.createParser(text)) {
      YamlReader reader = new YamlReader(parser, name, withLines, baseDirectory);
      if (parser.nextToken() == null) {
        return null;
      }
      ConfigurationNode node = reader.readNode(0);
      if (parser.nextToken() != null) {
        throw reader.origin().refuse("expected one YAML document, found a second one.");
      }
      return node;
    } catch (JsonProcessingException e) {
      String line = withLines && e.getLocation() != null ? ":" + e.getLocation().getLineNr() : "";
      throw new ConfigurationException(
          name + line + ": not valid YAML: " + firstLine(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new ConfigurationException(name + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** Null for YAML's null. */
  private ConfigurationNode readNode(int depth) throws IOException, ConfigurationException {
    Origin origin = origin();
    if (depth > DEPTH_MAX) {
      throw origin.refuse("nested deeper than " + DEPTH_MAX + " levels.");
    }
    if (parser.isCurrentAlias()) {
      throw origin.refuse("YAML aliases (*" + parser.getText() + ") are not supported here.");
    }
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> readMapping(depth, origin);
      case START_ARRAY -> readSequence(depth, origin);
      case VALUE_NULL -> null;
      default -> new Scalar(parser.getText(), origin);
    };
  }

  private Mapping readMapping(int depth, Origin origin) throws IOException, ConfigurationException {
    Map<String, ConfigurationNode> entries = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      Origin keyOrigin = origin();
      parser.nextToken();
      ConfigurationNode value = readNode(depth + 1);
      if (value == null) {
        continue;
      }
      if (entries.put(key, value) != null) {
        throw keyOrigin.refuse("'" + key + "' is there twice. Remove one of the two.");
      }
    }
    return new Mapping(entries, origin);
  }

  private Sequence readSequence(int depth, Origin origin)
      throws IOException, ConfigurationException {
    List<ConfigurationNode> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Origin itemOrigin = origin();
      ConfigurationNode item = readNode(depth + 1);
      if (item == null) {
        throw itemOrigin.refuse("an entry of this list is empty. Fill it in or remove it.");
      }
      items.add(item);
    }
    return new Sequence(items, origin);
  }

  private Origin origin() {
    String where = withLines ? name + ":" + parser.currentTokenLocation().getLineNr() : name;
    return new Origin(where, baseDirectory);
  }

  private static String firstLine(String message) {
    return message == null ? "unknown reason" : message.lines().findFirst().orElse("");
  }
}
