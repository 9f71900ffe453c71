package com.hartonomous.ingest.job.preflight;

import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.record.CapturedColumn;
import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Segmentation;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.ApplicationLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * {@code dbo.CapturedTables}, {@code dbo.CapturedColumns} and {@code dbo.CaptureGroups}: gives each
 * captured table and content column its lasting number, and each table its group. Registering again
 * what is registered changes nothing.
 *
 * <p>A job's groups are the configured one, {@code main}, and those made later: {@code main-2},
 * {@code main-3} and so on. A source that has state cannot take a table up, so all tables that a
 * start adds, takes in again or reads anew go together into one group that never was. Names are
 * never used twice: some savepoint may hold state of that name. A table that is taken in again or
 * read anew gets a higher generation.
 *
 * <p>Once a table has references, or its group a checkpoint, its columns are fixed until it is read
 * anew: another column would be missing for all rows that were read before. What the rows of a
 * table that is read anew refer to by a column that it has no longer goes with the sweep.
 */
final class CapturedTableRegistry {

  /** Groups of a job that have tables: each is a source with readers and connections of its own. */
  static final int GROUPS_MAX = 16;

  private static final String LOCK = "hartonomous:captured-tables";
  private static final Duration LOCK_TIMEOUT = Duration.ofSeconds(30);
  private static final int LOCK_NOT_GRANTED = 1222;
  private static final int FIRST_GENERATION = 1;

  private static final String REGISTERED =
      "SELECT CapturedTableId, SchemaName, TableName, GroupName, Generation,"
          + " CASE WHEN RemovedAt IS NULL THEN 0 ELSE 1 END,"
          + " CASE WHEN ResnapshotRequestedAt IS NULL THEN 0 ELSE 1 END FROM dbo.CapturedTables";

  private record Registered(
      int tableId,
      String qualifiedName,
      String group,
      int generation,
      boolean removed,
      boolean toBeReadAnew) {}

  private record RegisteredColumn(int columnId, IngestOptions.Column column) {}

  private record Group(String name, String base, int number) {}

  /**
   * What a start does with a table.
   *
   * @param registered null when it is new
   */
  private record Assignment(
      TableInspection.Table table,
      Registered registered,
      List<RegisteredColumn> columns,
      String group,
      int generation) {

    boolean isNew() {
      return registered == null;
    }

    boolean hasOtherColumns() {
      return registered != null && !asConfigured(columns).equals(sorted(table.contentColumns()));
    }

    boolean isReadAnew() {
      return registered != null && registered.generation() != generation;
    }

    String describe() {
      String text =
          String.format(
              "capture %s by key (%s), content %s",
              table.qualifiedName(),
              String.join(", ", table.keyColumns()),
              table.contentColumns().stream()
                  .map(IngestOptions.Column::toString)
                  .collect(Collectors.joining(", ")));
      return isReadAnew() ? text + ", " + readAnew() : text;
    }

    String readAnew() {
      return String.format("read anew in group '%s' as generation %d", group, generation);
    }
  }

  /** What a start does with all tables. Nothing of it is written yet. */
  static final class Assignments {
    private final List<Assignment> tables;
    private final List<Registered> removed;

    private Assignments(List<Assignment> tables, List<Registered> removed) {
      this.tables = List.copyOf(tables);
      this.removed = List.copyOf(removed);
    }

    /** A line for each table, for people. */
    List<String> describe() {
      List<String> lines = new ArrayList<>();
      tables.forEach(assignment -> lines.add(assignment.describe()));
      removed.forEach(table -> lines.add(describeRemoved(table)));
      return lines;
    }

    /** A line for each table with which something happens that does not at every start. */
    List<String> notices() {
      List<String> lines = new ArrayList<>();
      for (Assignment assignment : tables) {
        if (assignment.isReadAnew()) {
          lines.add(assignment.table().qualifiedName() + " is " + assignment.readAnew() + ".");
        }
      }
      removed.forEach(table -> lines.add(describeRemoved(table) + "."));
      return lines;
    }

    private static String describeRemoved(Registered table) {
      return String.format(
          "%s is not captured any more, since capture.tables does not name it: its references stay"
              + " as they are, its changes are lost; named again, it is read anew",
          table.qualifiedName());
    }

    /** Whether a job that runs on the same groups would do otherwise from its next start on. */
    private boolean changeCapture() {
      return !removed.isEmpty()
          || tables.stream().anyMatch(table -> table.isReadAnew() || table.hasOtherColumns());
    }
  }

  private final Connection connection;

  /**
   * @param connection owned by the caller, who closes it after an exception: that rolls back
   */
  CapturedTableRegistry(Connection connection) {
    this.connection = connection;
  }

  /**
   * Decides what a start does with the tables; reads only.
   *
   * @param tables all that the job is to capture; when empty the job captures nothing, and those of
   *     other jobs stay as they are
   * @param base the configured group, after which the others are named
   * @param withState whether the job may have state of its groups
   * @throws ConfigurationException when a table with references has the group of another job, or,
   *     without having been marked to be read anew, has other columns or would be read twice
   */
  Assignments assign(List<TableInspection.Table> tables, String base, boolean withState)
      throws ConfigurationException, SQLException {
    if (tables.isEmpty()) {
      return new Assignments(List.of(), List.of());
    }
    Map<String, Group> groups = groups();
    requireBase(groups, base);
    String newGroup = newGroup(groups, base);
    String groupOfNew =
        groups.containsKey(base) && (withState || hasCheckpoint(base)) ? newGroup : base;
    List<Assignment> assignments = new ArrayList<>();
    for (TableInspection.Table table : tables) {
      Registered registered = find(table);
      if (registered == null) {
        assignments.add(new Assignment(table, null, List.of(), groupOfNew, FIRST_GENERATION));
        continue;
      }
      List<RegisteredColumn> columns = columns(registered.tableId());
      boolean ours = isOfBase(groups, registered.group(), base);
      boolean readAnew = registered.removed() || registered.toBeReadAnew();
      boolean asBefore = asConfigured(columns).equals(sorted(table.contentColumns()));
      if (!ours || !(readAnew || asBefore)) {
        requireChangeable(table, ours, base, registered, columns);
      }
      if (readAnew) {
        int generation = Math.addExact(registered.generation(), 1);
        assignments.add(new Assignment(table, registered, columns, newGroup, generation));
      } else {
        String group = ours ? registered.group() : groupOfNew;
        requireState(registered, withState);
        assignments.add(new Assignment(table, registered, columns, group, registered.generation()));
      }
    }
    requireFewGroups(assignments);
    return new Assignments(assignments, removed(groups, base, tables));
  }

  /**
   * Registers the tables, all or none; see {@link #assign}.
   *
   * @param patience how long to wait for a job that still runs on the same groups, if the start
   *     changes what they capture
   * @param notices takes a line for each table with which something happens that does not at every
   *     start
   * @return the tables in the given order
   */
  List<CapturedTable> register(
      List<TableInspection.Table> tables,
      String base,
      boolean withState,
      Duration patience,
      Consumer<String> notices)
      throws ConfigurationException, SQLException {
    connection.setAutoCommit(false);
    ApplicationLock.acquireExclusive(connection, LOCK, LOCK_TIMEOUT);
    Assignments assignments = assign(tables, base, withState);
    if (assignments.changeCapture()) {
      requireAlone(base, patience);
    }
    Map<String, Group> groups = groups();
    List<CapturedTable> captured = new ArrayList<>();
    for (Assignment assignment : assignments.tables) {
      if (!groups.containsKey(assignment.group())) {
        insertGroup(assignment.group(), base);
        groups = groups();
      }
      captured.add(register(assignment));
    }
    if (!withState && isAlone(base, Duration.ZERO)) {
      forgetSnapshotPositions(base);
    }
    for (Registered table : assignments.removed) {
      remove(table);
    }
    connection.commit();
    connection.setAutoCommit(true);
    assignments.notices().forEach(notices);
    return captured;
  }

  /**
   * The groups of a job that have no table any more. Their state, if the job still has it, is of no
   * use.
   */
  Set<String> retiredGroups(String base) throws SQLException {
    Map<String, Group> groups = groups();
    Set<String> retired = new TreeSet<>();
    groups.values().stream()
        .filter(group -> group.base().equals(base))
        .forEach(group -> retired.add(group.name()));
    all().stream().filter(table -> !table.removed()).forEach(t -> retired.remove(t.group()));
    return retired;
  }

  private void requireBase(Map<String, Group> groups, String base) throws ConfigurationException {
    for (Group group : groups.values()) {
      if (group.name().equals(base) && !group.base().equals(base)) {
        throw new ConfigurationException(
            String.format(
                "capture.group: '%s' is a further group of the job whose capture.group is '%s'. Set"
                    + " that, or another name.",
                base, group.base()));
      }
      if (group.name().equalsIgnoreCase(base) && !group.name().equals(base)) {
        throw new ConfigurationException(
            String.format(
                "capture.group: there is a group '%s', found '%s'. Names must not differ in case"
                    + " only.",
                group.name(), base));
      }
    }
  }

  /** A name that no group ever had. */
  private static String newGroup(Map<String, Group> groups, String base) {
    if (groups.isEmpty() || !groups.containsKey(base)) {
      return base;
    }
    int number = highestNumber(groups, base) + 1;
    while (isTaken(groups, base + "-" + number)) {
      number++;
    }
    return base + "-" + number;
  }

  private static int highestNumber(Map<String, Group> groups, String base) {
    return groups.values().stream()
        .filter(group -> group.base().equals(base))
        .mapToInt(Group::number)
        .max()
        .orElse(0);
  }

  private static boolean isTaken(Map<String, Group> groups, String name) {
    return groups.keySet().stream().anyMatch(name::equalsIgnoreCase);
  }

  private static boolean isOfBase(Map<String, Group> groups, String group, String base) {
    return groups.containsKey(group) && groups.get(group).base().equals(base);
  }

  private void requireState(Registered registered, boolean withState)
      throws ConfigurationException, SQLException {
    if (!withState && hasReferences(registered.tableId()) && hasCheckpoint(registered.group())) {
      throw new ConfigurationException(
          String.format(
              "capture.tables: %s has references from an earlier run, and this start has no state:"
                  + " start with --from-savepoint PATH (a savepoint or a retained checkpoint of"
                  + " that run), or have the table read anew: ./hartonomous resnapshot %s.",
              registered.qualifiedName(), registered.qualifiedName()));
    }
  }

  private static void requireFewGroups(List<Assignment> assignments) throws ConfigurationException {
    long groups = assignments.stream().map(Assignment::group).distinct().count();
    if (groups > GROUPS_MAX) {
      throw new ConfigurationException(
          String.format(
              "capture.tables: expected at most %d capture groups, each a source of its own, found"
                  + " %d. Run ./hartonomous resnapshot with tables of several groups: they are read"
                  + " anew and share one group then.",
              GROUPS_MAX, groups));
    }
  }

  /** Tables of this job that it is not to capture any more. */
  private List<Registered> removed(
      Map<String, Group> groups, String base, List<TableInspection.Table> wanted)
      throws SQLException {
    Set<String> names =
        wanted.stream().map(TableInspection.Table::qualifiedName).collect(Collectors.toSet());
    return all().stream()
        .filter(table -> !table.removed() && isOfBase(groups, table.group(), base))
        .filter(table -> !names.contains(table.qualifiedName()))
        .toList();
  }

  /**
   * A job that runs holds the locks of all key groups: what it captures must not be changed behind
   * its back by a start that it would refuse a moment later.
   */
  private void requireAlone(String base, Duration patience)
      throws ConfigurationException, SQLException {
    if (!isAlone(base, patience)) {
      throw new ConfigurationException(
          String.format(
              "capture.group: a job of group '%s' runs, or is still connected (as"
                  + " 'hartonomous-writer-...'), and this start would change which tables it"
                  + " captures. Stop it first.",
              base));
    }
  }

  /** Whether no job of these groups runs; then none can write rows before this transaction ends. */
  private boolean isAlone(String base, Duration patience) throws SQLException {
    try {
      ApplicationLock.acquireExclusive(connection, ApplicationLock.rowWriter(base, 0), patience);
      return true;
    } catch (SQLException e) {
      if (e.getErrorCode() != LOCK_NOT_GRANTED) {
        throw e;
      }
      return false;
    }
  }

  private boolean hasCheckpoint(String group) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT SourceName FROM dbo.CdcCheckpoints WHERE SourceName = ?")) {
      statement.setString(1, group);
      try (ResultSet result = statement.executeQuery()) {
        return result.next();
      }
    }
  }

  private CapturedTable register(Assignment assignment) throws SQLException {
    TableInspection.Table table = assignment.table();
    Registered registered = assignment.registered();
    List<RegisteredColumn> columns = assignment.columns();
    if (assignment.isNew()) {
      registered = insert(table, assignment.group());
    } else if (assignment.isReadAnew() || !registered.group().equals(assignment.group())) {
      moveToGroup(registered.tableId(), assignment.group(), assignment.generation());
    }
    if (!asConfigured(columns).equals(sorted(table.contentColumns()))) {
      changeColumns(registered.tableId(), table.contentColumns());
      columns = columns(registered.tableId());
    }
    return new CapturedTable(
        registered.tableId(),
        table.schema(),
        table.table(),
        assignment.group(),
        assignment.generation(),
        table.keyColumns(),
        columns.stream().map(column -> captured(column, table)).toList());
  }

  private static CapturedColumn captured(RegisteredColumn registered, TableInspection.Table table) {
    IngestOptions.Column column = registered.column();
    return new CapturedColumn(
        registered.columnId(),
        column.name(),
        column.contentType(),
        column.segments(),
        table.binaryColumns().contains(column.name()));
  }

  private void requireChangeable(
      TableInspection.Table table,
      boolean ours,
      String base,
      Registered registered,
      List<RegisteredColumn> columns)
      throws ConfigurationException, SQLException {
    if (!hasReferences(registered.tableId()) && !hasCheckpoint(registered.group())) {
      return;
    }
    String name = "capture.tables: " + table.qualifiedName();
    if (!ours) {
      throw new ConfigurationException(
          String.format(
              "%s: the table was captured in group '%s', found group '%s'. Set capture.group back.",
              name, registered.group(), base));
    }
    throw new ConfigurationException(
        String.format(
            "%s: the table was captured with columns {%s}, found {%s}. Set the columns back, or have"
                + " the table read anew with these: ./hartonomous resnapshot %s.",
            name,
            show(asConfigured(columns)),
            show(sorted(table.contentColumns())),
            table.qualifiedName()));
  }

  private Registered find(TableInspection.Table table) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(REGISTERED + " WHERE TableHash = ?")) {
      statement.setBytes(1, tableHash(table));
      List<Registered> found = registered(statement);
      return found.isEmpty() ? null : found.get(0);
    }
  }

  private List<Registered> all() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(REGISTERED + " ORDER BY CapturedTableId")) {
      return registered(statement);
    }
  }

  private static List<Registered> registered(PreparedStatement statement) throws SQLException {
    List<Registered> tables = new ArrayList<>();
    try (ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        tables.add(
            new Registered(
                row.getInt(1),
                row.getString(2) + "." + row.getString(3),
                row.getString(4),
                row.getInt(5),
                row.getInt(6) == 1,
                row.getInt(7) == 1));
      }
    }
    return tables;
  }

  /** By name. */
  private Map<String, Group> groups() throws SQLException {
    Map<String, Group> groups = new HashMap<>();
    try (PreparedStatement statement =
            connection.prepareStatement(
                "SELECT GroupName, BaseName, Number FROM dbo.CaptureGroups");
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        groups.put(row.getString(1), new Group(row.getString(1), row.getString(2), row.getInt(3)));
      }
    }
    return groups;
  }

  private void insertGroup(String group, String base) throws SQLException {
    int number =
        group.equals(base) ? 1 : Integer.parseInt(group.substring(base.length() + "-".length()));
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO dbo.CaptureGroups (GroupName, BaseName, Number) VALUES (?, ?, ?)")) {
      statement.setString(1, group);
      statement.setString(2, base);
      statement.setInt(3, number);
      statement.executeUpdate();
    }
  }

  /**
   * Without state nothing was passed on of a snapshot: its changes may begin later. Not those of a
   * job that still reads one, beside which this start will be refused.
   */
  private void forgetSnapshotPositions(String base) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE dbo.CaptureGroups SET SnapshotLsn = NULL WHERE BaseName = ?")) {
      statement.setString(1, base);
      statement.executeUpdate();
    }
  }

  private void remove(Registered table) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE dbo.CapturedTables SET RemovedAt = SYSUTCDATETIME(),"
                + " ResnapshotRequestedAt = NULL, ResnapshotReason = NULL"
                + " WHERE CapturedTableId = ?")) {
      statement.setInt(1, table.tableId());
      statement.executeUpdate();
    }
  }

  private static byte[] tableHash(TableInspection.Table table) {
    return Sha256.ofText(table.schema() + '\0' + table.table()).toBytes();
  }

  private Registered insert(TableInspection.Table table, String group) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO dbo.CapturedTables (SchemaName, TableName, TableHash, GroupName,"
                + " Generation) VALUES (?, ?, ?, ?, ?)")) {
      statement.setString(1, table.schema());
      statement.setString(2, table.table());
      statement.setBytes(3, tableHash(table));
      statement.setString(4, group);
      statement.setInt(5, FIRST_GENERATION);
      statement.executeUpdate();
    }
    return find(table);
  }

  private boolean hasReferences(int tableId) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT TOP (1) ColumnId FROM dbo.RowAtoms WHERE CapturedTableId = ?")) {
      statement.setInt(1, tableId);
      try (ResultSet result = statement.executeQuery()) {
        return result.next();
      }
    }
  }

  private List<RegisteredColumn> columns(int tableId) throws SQLException {
    List<RegisteredColumn> columns = new ArrayList<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT ColumnId, ColumnName, ContentType, Segments FROM dbo.CapturedColumns"
                + " WHERE CapturedTableId = ? AND RemovedAt IS NULL ORDER BY ColumnId")) {
      statement.setInt(1, tableId);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          columns.add(
              new RegisteredColumn(
                  result.getInt(1),
                  new IngestOptions.Column(
                      result.getString(2), result.getString(3), segments(result.getString(4)))));
        }
      }
    }
    return columns;
  }

  private static Segmentation segments(String label) throws SQLException {
    return Segmentation.ofLabel(label)
        .orElseThrow(
            () ->
                new SQLException(
                    String.format(
                        "dbo.CapturedColumns.Segments holds one of %s, found '%s'. This version is"
                            + " older than the one that wrote it: use the newer one.",
                        Segmentation.labels(), label)));
  }

  private void moveToGroup(int tableId, String group, int generation) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE dbo.CapturedTables SET GroupName = ?, Generation = ?, RemovedAt = NULL,"
                + " ResnapshotRequestedAt = NULL, ResnapshotReason = NULL"
                + " WHERE CapturedTableId = ?")) {
      statement.setString(1, group);
      statement.setInt(2, generation);
      statement.setInt(3, tableId);
      statement.executeUpdate();
    }
  }

  /**
   * A column that was there once has its number again; nobody else gets it. The database may call
   * names equal that differ, in case for example: the present one counts.
   */
  private void changeColumns(int tableId, List<IngestOptions.Column> wanted) throws SQLException {
    try (PreparedStatement remove =
            connection.prepareStatement(
                "UPDATE dbo.CapturedColumns SET RemovedAt = SYSUTCDATETIME()"
                    + " WHERE CapturedTableId = ? AND RemovedAt IS NULL");
        PreparedStatement update =
            connection.prepareStatement(
                "UPDATE dbo.CapturedColumns SET ContentType = ?, Segments = ?, ColumnName = ?,"
                    + " RemovedAt = NULL WHERE CapturedTableId = ? AND ColumnName = ?");
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO dbo.CapturedColumns (ContentType, Segments, ColumnName,"
                    + " CapturedTableId, ColumnId) SELECT ?, ?, ?, ?, COALESCE(MAX(ColumnId), 0) + 1"
                    + " FROM dbo.CapturedColumns WHERE CapturedTableId = ?")) {
      remove.setInt(1, tableId);
      remove.executeUpdate();
      for (IngestOptions.Column column : wanted) {
        setColumn(update, tableId, column);
        update.setString(5, column.name());
        if (update.executeUpdate() == 0) {
          setColumn(insert, tableId, column);
          insert.setInt(5, tableId);
          insert.executeUpdate();
        }
      }
    }
  }

  private static void setColumn(
      PreparedStatement statement, int tableId, IngestOptions.Column column) throws SQLException {
    statement.setString(1, column.contentType());
    statement.setString(2, column.segments().label());
    statement.setString(3, column.name());
    statement.setInt(4, tableId);
  }

  private static List<IngestOptions.Column> asConfigured(List<RegisteredColumn> columns) {
    return sorted(columns.stream().map(RegisteredColumn::column).toList());
  }

  /** The order in which columns are written down means nothing. */
  private static List<IngestOptions.Column> sorted(List<IngestOptions.Column> columns) {
    return columns.stream().sorted(Comparator.comparing(IngestOptions.Column::name)).toList();
  }

  private static String show(List<IngestOptions.Column> columns) {
    return columns.stream().map(IngestOptions.Column::toString).collect(Collectors.joining(", "));
  }
}
