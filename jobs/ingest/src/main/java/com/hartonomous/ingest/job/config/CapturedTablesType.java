package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationNode.Mapping;
import com.hartonomous.ingest.job.config.ConfigurationNode.Scalar;
import com.hartonomous.ingest.job.config.ConfigurationNode.Sequence;
import com.hartonomous.ingest.record.Segmentation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The tables to capture:
 *
 * <pre>
 * - table: dbo.Documents
 *   columns: {Title: text/plain, Body: {type: text/markdown, segments: paragraph}}
 * </pre>
 *
 * A name with dots or brackets stands in brackets, as in T-SQL: {@code [my.schema].[a]]b]}.
 */
final class CapturedTablesType implements OptionType<List<IngestOptions.Table>> {

  private static final int TABLES_MAX = 1000;
  private static final int NAME_CHARACTERS_MAX = 128;
  private static final int CONTENT_TYPE_CHARACTERS_MAX = 100;
  private static final Pattern CONTENT_TYPE = Pattern.compile("[a-z0-9][a-z0-9.+-]*/[a-z0-9.+_-]+");
  private static final OptionType<String> NAME = OptionTypes.text("a name", NAME_CHARACTERS_MAX);

  @Override
  public String describe() {
    return "a list of tables such as '- {table: dbo.Documents, columns: {Body: text/plain}}'";
  }

  @Override
  public List<IngestOptions.Table> read(String key, ConfigurationNode node)
      throws ConfigurationException {
    if (!(node instanceof Sequence sequence) || sequence.items().size() > TABLES_MAX) {
      throw mismatch(key, node);
    }
    List<IngestOptions.Table> tables = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (ConfigurationNode item : sequence.items()) {
      IngestOptions.Table table = readTable(key, item);
      // SQL Server's usual collation does not tell upper from lower case in names.
      if (!names.add((table.schema() + '\0' + table.table()).toLowerCase(Locale.ROOT))) {
        throw item.origin()
            .refuse(key + ": " + table.qualifiedName() + " is there twice. Remove one of the two.");
      }
      tables.add(table);
    }
    return tables;
  }

  private IngestOptions.Table readTable(String key, ConfigurationNode item)
      throws ConfigurationException {
    if (!(item instanceof Mapping mapping)) {
      throw mismatch(key, item);
    }
    Fields.requireKnown(key, mapping, List.of("table", "columns"));
    ConfigurationNode tableNode = Fields.require(key, mapping, "table");
    TableName name =
        TableName.parse(NAME.read(key + ".table", tableNode))
            .orElseThrow(
                () ->
                    tableNode
                        .origin()
                        .refuse(
                            key
                                + ".table: expected schema and table such as dbo.Documents, found "
                                + tableNode.describe()
                                + "."));
    return new IngestOptions.Table(
        name.schema(),
        name.table(),
        readColumns(key + ".columns", Fields.require(key, mapping, "columns")));
  }

  private static List<IngestOptions.Column> readColumns(String key, ConfigurationNode node)
      throws ConfigurationException {
    if (!(node instanceof Mapping mapping) || mapping.entries().isEmpty()) {
      throw node.origin()
          .refuse(
              key
                  + ": expected at least one column with its content type, such as Body:"
                  + " text/plain, found "
                  + node.describe()
                  + ".");
    }
    List<IngestOptions.Column> columns = new ArrayList<>();
    for (Map.Entry<String, ConfigurationNode> entry : mapping.entries().entrySet()) {
      String column = key + "." + entry.getKey();
      NAME.read(column, new Scalar(entry.getKey(), entry.getValue().origin()));
      columns.add(readColumn(column, entry.getKey(), entry.getValue()));
    }
    return columns;
  }

  /** Either the content type alone, or a group of it and the segments. */
  private static IngestOptions.Column readColumn(String key, String name, ConfigurationNode node)
      throws ConfigurationException {
    if (!(node instanceof Mapping mapping)) {
      return new IngestOptions.Column(name, readContentType(key, node));
    }
    Fields.requireKnown(key, mapping, List.of("type", "segments"));
    String contentType = readContentType(key + ".type", Fields.require(key, mapping, "type"));
    ConfigurationNode segments = mapping.entries().get("segments");
    return new IngestOptions.Column(
        name,
        contentType,
        segments == null ? Segmentation.VALUE : readSegments(key + ".segments", segments));
  }

  private static String readContentType(String key, ConfigurationNode node)
      throws ConfigurationException {
    String contentType =
        OptionTypes.text("a content type", CONTENT_TYPE_CHARACTERS_MAX).read(key, node);
    if (!CONTENT_TYPE.matcher(contentType).matches()) {
      throw node.origin()
          .refuse(
              key
                  + ": expected a content type in lower case such as text/plain, found '"
                  + contentType
                  + "'.");
    }
    return contentType;
  }

  private static Segmentation readSegments(String key, ConfigurationNode node)
      throws ConfigurationException {
    Optional<Segmentation> segments =
        node instanceof Scalar scalar ? Segmentation.ofLabel(scalar.text()) : Optional.empty();
    return segments.orElseThrow(
        () ->
            node.origin()
                .refuse(
                    String.format(
                        "%s: expected one of %s, found %s.",
                        key, Segmentation.labels(), node.describe())));
  }

  @Override
  public String format(List<IngestOptions.Table> tables) {
    return tables.stream()
        .map(
            table ->
                table.qualifiedName()
                    + table.columns().stream()
                        .map(IngestOptions.Column::toString)
                        .collect(Collectors.joining(", ", " {", "}")))
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
