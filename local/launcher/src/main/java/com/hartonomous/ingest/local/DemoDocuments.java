package com.hartonomous.ingest.local;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Real text for the demo's table: the paragraphs of the licences and notices that the jars on the
 * class path carry. Many jars carry the same texts, so there are duplicates; of each paragraph only
 * some are taken, so that not all is one licence.
 */
final class DemoDocuments {

  /** Documents at least; fewer mean that the class path is not what it should be. */
  static final int DOCUMENTS_MIN = 2_000;

  private static final int DOCUMENTS_MAX = 2_600;
  private static final int COPIES_MAX = 4;
  private static final int RESOURCE_BYTES_MAX = 1 << 20;
  private static final List<String> RESOURCES =
      List.of(
          "META-INF/NOTICE",
          "META-INF/NOTICE.txt",
          "META-INF/LICENSE",
          "META-INF/LICENSE.txt",
          "META-INF/LICENSES.txt");

  /**
   * A document.
   *
   * @param title the jar and the file in it
   * @param body a paragraph
   */
  record Document(String title, String body) {}

  private DemoDocuments() {}

  /**
   * The documents, in the order of the class path.
   *
   * @throws IOException when there are fewer than {@link #DOCUMENTS_MIN}
   */
  static List<Document> load() throws IOException {
    List<Document> documents = new ArrayList<>();
    Map<String, Integer> copies = new HashMap<>();
    ClassLoader loader = DemoDocuments.class.getClassLoader();
    for (String resource : RESOURCES) {
      for (URL url : Collections.list(loader.getResources(resource))) {
        for (String paragraph : read(url).split("\\R\\s*\\R")) {
          String body = paragraph.strip();
          if (!body.isEmpty()
              && documents.size() < DOCUMENTS_MAX
              && copies.merge(body, 1, Integer::sum) <= COPIES_MAX) {
            documents.add(new Document(title(url), body));
          }
        }
      }
    }
    if (documents.size() < DOCUMENTS_MIN) {
      throw new IOException(
          "Expected at least "
              + DOCUMENTS_MIN
              + " paragraphs of licences on the class path, found "
              + documents.size()
              + ".");
    }
    return documents;
  }

  private static String read(URL url) throws IOException {
    try (InputStream stream = url.openStream()) {
      return new String(stream.readNBytes(RESOURCE_BYTES_MAX), StandardCharsets.UTF_8);
    }
  }

  /** {@code jar:file:/some/where/h2.jar!/META-INF/NOTICE} becomes {@code h2.jar NOTICE}. */
  private static String title(URL url) {
    String path = url.getPath();
    int end = path.lastIndexOf("!/");
    String jar = end < 0 ? "directory" : path.substring(path.lastIndexOf('/', end) + 1, end);
    return jar + " " + path.substring(path.lastIndexOf('/') + 1);
  }
}
