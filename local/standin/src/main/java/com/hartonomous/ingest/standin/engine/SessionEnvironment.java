package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.BrokerObjects;
import com.hartonomous.ingest.standin.broker.BrokerTables;
import com.hartonomous.ingest.standin.capture.CaptureInstance;
import com.hartonomous.ingest.standin.capture.ChangeCapture;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.engine.TemporaryTables.TemporaryTable;
import com.hartonomous.ingest.standin.tsql.Environment;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What names mean in a session and scope. */
final class SessionEnvironment implements Environment {

  private static final String ALL_CHANGES = "fn_cdc_get_all_changes_";
  private static final String NET_CHANGES = "fn_cdc_get_net_changes_";
  private static final String DEFAULT_SCHEMA = "dbo";
  private static final Set<String> OTHER_DATABASES = Set.of("master", "tempdb");

  private final String database;
  private final Definitions definitions;
  private final SystemViews systemViews;
  private final ChangeCapture capture;
  private final TemporaryTables temporaryTables;
  private final Scope scope;

  SessionEnvironment(
      String database,
      Definitions definitions,
      SystemViews systemViews,
      ChangeCapture capture,
      TemporaryTables temporaryTables,
      Scope scope) {
    this.database = database;
    this.definitions = definitions;
    this.systemViews = systemViews;
    this.capture = capture;
    this.temporaryTables = temporaryTables;
    this.scope = scope;
  }

  @Override
  public String database() {
    return database;
  }

  @Override
  public SqlType variableType(String name) throws SqlServerError {
    return scope.variable(name).type;
  }

  @Override
  public String table(ObjectName name) throws SqlServerError {
    if (isTemporary(name)) {
      return temporaryTables.qualified(requireTemporary(name));
    }
    String schema = schemaOf(name);
    if (schema.equalsIgnoreCase("sys") || schema.equalsIgnoreCase("INFORMATION_SCHEMA")) {
      return systemViews.physicalName(schema, name.name()).orElseThrow(() -> invalidObject(name));
    }
    requireThisDatabase(name);
    if (schema.equalsIgnoreCase("cdc") && capture.isDatabaseEnabled()) {
      return systemViews.captureTable(name.name(), capture).orElseThrow(() -> invalidObject(name));
    }
    Optional<BrokerObjects.Queue> queue = findQueue(name);
    return queue.isPresent()
        ? BrokerTables.queueTable(queue.get().id())
        : physical(findTable(name).orElseThrow(() -> invalidObject(name)));
  }

  /** The queue of that name. */
  Optional<BrokerObjects.Queue> findQueue(ObjectName name) {
    if (isTemporary(name)
        || (name.database().isPresent() && !name.database().get().equalsIgnoreCase(database))) {
      return Optional.empty();
    }
    return definitions.catalogue().queue(schemaOf(name), name.name());
  }

  /** The table's own name in H2: it is stored under the name that it was created with. */
  static String physical(Table table) {
    return Definitions.quote(table.object().schema())
        + "."
        + Definitions.quote(table.object().name());
  }

  private static boolean isTemporary(ObjectName name) {
    return name.isTableVariable() || name.isTemporaryTable();
  }

  private TemporaryTable requireTemporary(ObjectName name) throws SqlServerError {
    Optional<TemporaryTable> table = temporaryTables.find(name.name());
    if (table.isPresent()) {
      return table.get();
    }
    if (name.isTableVariable()) {
      throw new SqlServerError(
          1087, 15, 2, "Must declare the table variable \"" + name.name() + "\".");
    }
    throw invalidObject(name);
  }

  static String schemaOf(ObjectName name) {
    return name.schema().orElse(DEFAULT_SCHEMA);
  }

  private void requireThisDatabase(ObjectName name) throws SqlServerError {
    if (name.database().isPresent() && !name.database().get().equalsIgnoreCase(database)) {
      throw invalidObject(name);
    }
  }

  /** The permanent table or view of that name; system views are not among them. */
  Optional<Table> findTable(ObjectName name) {
    if (name.database().isPresent() && !name.database().get().equalsIgnoreCase(database)) {
      return Optional.empty();
    }
    return definitions.catalogue().table(schemaOf(name), name.name());
  }

  /** The table, temporary table or table variable that a statement writes. */
  Optional<Table> findAnyTable(ObjectName name) {
    return isTemporary(name)
        ? temporaryTables.find(name.name()).map(TemporaryTable::table)
        : findTable(name);
  }

  static SqlServerError invalidObject(ObjectName name) {
    return new SqlServerError(208, 16, 1, "Invalid object name '" + name + "'.");
  }

  @Override
  public String newTable(ObjectName name) throws SqlServerError {
    if (isTemporary(name)) {
      try {
        return temporaryTables.reserve(name);
      } catch (SQLException e) {
        throw new SqlServerError(
            50000, 16, 1, "Cannot create the temporary table '" + name + "'.", e);
      }
    }
    requireThisDatabase(name);
    String schema = schemaOf(name);
    String stored =
        definitions
            .catalogue()
            .schemaName(schema)
            .orElseThrow(
                () ->
                    new SqlServerError(
                        2760,
                        16,
                        1,
                        "The specified schema name \""
                            + schema
                            + "\" either does not exist or you do not have permission to use it."));
    if (isReserved(stored)) {
      throw new SqlServerError(
          2760,
          16,
          1,
          "The specified schema name \""
              + schema
              + "\" is reserved: no objects can be created in"
              + " it.");
    }
    if (definitions.catalogue().object(stored, name.name()).isPresent()) {
      throw Definitions.nameTaken(name.name());
    }
    return Definitions.quote(stored) + "." + Definitions.quote(name.name());
  }

  static boolean isReserved(String schema) {
    String lower = schema.toLowerCase(Locale.ROOT);
    return lower.equals("sys")
        || lower.equals("information_schema")
        || lower.equals("cdc")
        || lower.startsWith("standin");
  }

  @Override
  public String tableFunction(ObjectName name, List<String> arguments) throws SqlServerError {
    requireThisDatabase(name);
    String lower = name.name().toLowerCase(Locale.ROOT);
    if (!name.schema().orElse("").equalsIgnoreCase("cdc")) {
      throw invalidObject(name);
    }
    boolean net = lower.startsWith(NET_CHANGES);
    if (!net && !lower.startsWith(ALL_CHANGES)) {
      throw invalidObject(name);
    }
    CaptureInstance instance =
        capture
            .instance(name.name().substring((net ? NET_CHANGES : ALL_CHANGES).length()))
            .filter(i -> !net || i.netChanges())
            .orElseThrow(() -> invalidObject(name));
    if (arguments.size() != 3) {
      throw new SqlServerError(
          arguments.size() < 3 ? 313 : 8144,
          16,
          arguments.size() < 3 ? 3 : 2,
          (arguments.size() < 3
                  ? "An insufficient number of arguments were supplied for the procedure or"
                      + " function "
                  : "Procedure or function has too many arguments specified: ")
              + name
              + ".");
    }
    return net ? capture.netChanges(instance, arguments) : capture.allChanges(instance, arguments);
  }

  @Override
  public String schema(String name) throws SqlServerError {
    return Definitions.quote(
        definitions
            .catalogue()
            .schemaName(name)
            .orElseThrow(
                () ->
                    new SqlServerError(
                        2760,
                        16,
                        1,
                        "The specified schema name \"" + name + "\" does not exist.")));
  }

  @Override
  public Optional<List<TableColumn>> columns(ObjectName name) throws SqlServerError {
    if (isTemporary(name)) {
      return Optional.of(described(requireTemporary(name).table()));
    }
    String schema = schemaOf(name);
    if (name.is("sys", "transmission_queue") && schema.equalsIgnoreCase("sys")) {
      return Optional.of(QueueColumns.ofTransmissionQueue());
    }
    if (isReserved(schema) || isOtherDatabase(name)) {
      table(name);
      return Optional.empty();
    }
    if (findQueue(name).isPresent()) {
      return Optional.of(QueueColumns.described());
    }
    return Optional.of(described(findTable(name).orElseThrow(() -> invalidObject(name))));
  }

  private boolean isOtherDatabase(ObjectName name) {
    return name.database()
        .map(d -> d.toLowerCase(Locale.ROOT))
        .filter(OTHER_DATABASES::contains)
        .isPresent();
  }

  private static List<TableColumn> described(Table table) {
    return table.columns().stream().map(SessionEnvironment::described).toList();
  }

  private static TableColumn described(Column column) {
    return new TableColumn(
        column.name(),
        column.type(),
        column.nullable(),
        column.isIdentity(),
        column.isComputed(),
        column.comparesByCodePoint());
  }
}
