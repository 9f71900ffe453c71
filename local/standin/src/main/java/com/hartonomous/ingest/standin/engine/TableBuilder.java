package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Index;
import com.hartonomous.ingest.standin.engine.Catalogue.IndexColumn;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * Turns the elements of CREATE TABLE and ALTER TABLE ADD into catalogue entries. Constraints
 * without a name get one, in the syntax tree too, so that H2 and the catalogue agree on it.
 */
final class TableBuilder {

  private static final int CLUSTERED_INDEX = 1;

  /** What a definition adds to the catalogue. */
  static final class Additions {
    final List<Column> columns = new ArrayList<>();
    final List<Index> indexes = new ArrayList<>();

    /** Defaults, checks and the objects of keys. */
    final List<DatabaseObject> constraints = new ArrayList<>();

    final List<TableConstraint.ForeignKey> foreignKeys = new ArrayList<>();

    /** Defaults that were added to columns that exist: the columns as they are now. */
    final List<Column> changedColumns = new ArrayList<>();
  }

  private final DatabaseObject owner;
  private final List<Column> existing;
  private final List<Index> existingIndexes;
  private final int usedColumnId;
  private final IntSupplier objectIds;
  private final Additions additions = new Additions();

  /** For a new table. */
  TableBuilder(DatabaseObject owner, IntSupplier objectIds) {
    this(owner, List.of(), List.of(), 0, objectIds);
  }

  /**
   * For additions to a table.
   *
   * @param usedColumnId numbers up to this one are not given to new columns
   */
  TableBuilder(
      DatabaseObject owner,
      List<Column> existing,
      List<Index> existingIndexes,
      int usedColumnId,
      IntSupplier objectIds) {
    this.owner = owner;
    this.existing = existing;
    this.existingIndexes = existingIndexes;
    this.usedColumnId = usedColumnId;
    this.objectIds = objectIds;
  }

  /** Gives every constraint and default a name. */
  TableElements named(TableElements elements) {
    List<ColumnDefinition> columns = new ArrayList<>();
    Set<String> keyColumns = new HashSet<>();
    for (TableConstraint constraint : elements.constraints()) {
      if (constraint instanceof TableConstraint.PrimaryKey key) {
        key.columns().forEach(c -> keyColumns.add(c.name().toLowerCase(Locale.ROOT)));
      }
    }
    for (ColumnDefinition column : elements.columns()) {
      boolean nullable =
          column.nullable()
              && column.identity() == null
              && !keyColumns.contains(column.name().toLowerCase(Locale.ROOT));
      String defaultName =
          column.defaultValue() == null || column.defaultName() != null
              ? column.defaultName()
              : generated("DF", column.name());
      columns.add(
          new ColumnDefinition(
              column.name(),
              column.type(),
              nullable,
              column.nullabilityGiven(),
              column.identity(),
              column.defaultValue(),
              defaultName,
              column.collation(),
              column.computed()));
    }
    List<TableConstraint> constraints = new ArrayList<>();
    for (TableConstraint constraint : elements.constraints()) {
      constraints.add(constraint.name() == null ? named(constraint) : constraint);
    }
    return new TableElements(columns, constraints);
  }

  private TableConstraint named(TableConstraint constraint) {
    if (constraint instanceof TableConstraint.PrimaryKey key) {
      return new TableConstraint.PrimaryKey(generated("PK", ""), key.columns());
    }
    if (constraint instanceof TableConstraint.Unique key) {
      return new TableConstraint.Unique(generated("UQ", ""), key.columns());
    }
    if (constraint instanceof TableConstraint.Check check) {
      return new TableConstraint.Check(generated("CK", ""), check.condition());
    }
    if (constraint instanceof TableConstraint.Default value) {
      return new TableConstraint.Default(
          generated("DF", value.column()), value.column(), value.value());
    }
    TableConstraint.ForeignKey key = (TableConstraint.ForeignKey) constraint;
    return new TableConstraint.ForeignKey(
        generated("FK", ""),
        key.columns(),
        key.referencedTable(),
        key.referencedColumns(),
        key.onDelete(),
        key.onUpdate());
  }

  private String generated(String prefix, String column) {
    String table = owner.name().substring(0, Math.min(owner.name().length(), 30));
    String middle =
        column.isEmpty() ? "" : column.substring(0, Math.min(column.length(), 30)) + "__";
    return prefix
        + "__"
        + table
        + "__"
        + middle
        + String.format(Locale.ROOT, "%08X", objectIds.getAsInt());
  }

  /** Reads elements that have names. */
  Additions read(TableElements elements) throws SqlServerError {
    for (ColumnDefinition column : elements.columns()) {
      addColumn(column);
    }
    for (TableConstraint constraint : elements.constraints()) {
      addConstraint(constraint);
    }
    return additions;
  }

  private void addColumn(ColumnDefinition definition) throws SqlServerError {
    int id = usedColumnId + 1;
    for (Column column : allColumns()) {
      if (column.name().equalsIgnoreCase(definition.name())) {
        throw new SqlServerError(
            2705,
            16,
            4,
            "Column names in each table must be unique. Column name '"
                + definition.name()
                + "' in table '"
                + owner.name()
                + "' is specified more than once.");
      }
      id = Math.max(id, column.id() + 1);
    }
    int defaultId = 0;
    if (definition.defaultValue() != null) {
      defaultId = addDefault(definition.defaultName(), definition.defaultValue());
    }
    additions.columns.add(column(id, definition, defaultId));
  }

  /** The catalogue entry of a column; a computed one has type INT until H2 knows better. */
  static Column column(int id, ColumnDefinition definition, int defaultId) throws SqlServerError {
    SqlType type = definition.type() == null ? SqlType.of(Kind.INT) : definition.type();
    DefinitionStatement.Identity identity = definition.identity();
    String collation =
        !TypeCatalogue.isCharacter(type.kind())
            ? null
            : definition.collation() == null
                ? CatalogueStore.DEFAULT_COLLATION
                : definition.collation();
    return new Column(
        id,
        definition.name(),
        type,
        definition.nullable(),
        identity == null ? null : identity.seed(),
        identity == null ? null : identity.increment(),
        definition.computed() == null ? null : TsqlText.definition(definition.computed()),
        collation,
        defaultId);
  }

  private int addDefault(String name, Expression value) throws SqlServerError {
    DatabaseObject object = constraint(name, ObjectType.DEFAULT, TsqlText.definition(value));
    additions.constraints.add(object);
    return object.id();
  }

  private DatabaseObject constraint(String name, ObjectType type, String definition) {
    return new DatabaseObject(
        objectIds.getAsInt(),
        owner.schemaId(),
        owner.schema(),
        name,
        type,
        owner.id(),
        definition,
        name.contains("__" + owner.name()));
  }

  private void addConstraint(TableConstraint constraint) throws SqlServerError {
    if (constraint instanceof TableConstraint.PrimaryKey key) {
      additions.constraints.add(constraint(key.name(), ObjectType.PRIMARY_KEY, null));
      additions.indexes.add(
          index(key.name(), true, true, true, false, null, key.columns(), List.of()));
    } else if (constraint instanceof TableConstraint.Unique key) {
      additions.constraints.add(constraint(key.name(), ObjectType.UNIQUE, null));
      additions.indexes.add(
          index(key.name(), false, true, false, true, null, key.columns(), List.of()));
    } else if (constraint instanceof TableConstraint.Check check) {
      additions.constraints.add(
          constraint(check.name(), ObjectType.CHECK, TsqlText.definition(check.condition())));
    } else if (constraint instanceof TableConstraint.Default value) {
      Column column = requireColumn(value.column());
      int defaultId = addDefault(value.name(), value.value());
      additions.changedColumns.add(withDefault(column, defaultId));
    } else {
      additions.foreignKeys.add((TableConstraint.ForeignKey) constraint);
    }
  }

  static Column withDefault(Column column, int defaultId) {
    return new Column(
        column.id(),
        column.name(),
        column.type(),
        column.nullable(),
        column.identitySeed(),
        column.identityIncrement(),
        column.computed(),
        column.collation(),
        defaultId);
  }

  /** The catalogue entry of an index. */
  Index index(
      String name,
      boolean clustered,
      boolean unique,
      boolean primaryKey,
      boolean uniqueConstraint,
      String filter,
      List<DefinitionStatement.IndexColumn> keys,
      List<String> included)
      throws SqlServerError {
    List<IndexColumn> columns = new ArrayList<>();
    int ordinal = 1;
    for (DefinitionStatement.IndexColumn key : keys) {
      columns.add(new IndexColumn(requireColumn(key.name()).id(), ordinal++, key.descending()));
    }
    for (String column : included) {
      columns.add(new IndexColumn(requireColumn(column).id(), 0, false));
    }
    int id = CLUSTERED_INDEX;
    List<Index> all = new ArrayList<>(existingIndexes);
    all.addAll(additions.indexes);
    if (!clustered) {
      id = all.stream().mapToInt(Index::id).max().orElse(CLUSTERED_INDEX) + 1;
    } else if (all.stream().anyMatch(Index::clustered)) {
      throw new SqlServerError(
          1902,
          16,
          3,
          "Cannot create more than one clustered index on table '" + owner.qualifiedName() + "'.");
    }
    return new Index(
        id, name, clustered, unique, primaryKey, uniqueConstraint, filter, List.copyOf(columns));
  }

  private List<Column> allColumns() {
    List<Column> all = new ArrayList<>(existing);
    all.addAll(additions.columns);
    return all;
  }

  private Column requireColumn(String name) throws SqlServerError {
    for (Column column : allColumns()) {
      if (column.name().equalsIgnoreCase(name)) {
        return column;
      }
    }
    throw new SqlServerError(
        1911,
        16,
        1,
        "Column name '"
            + name
            + "' does not exist in the target table or view '"
            + owner.qualifiedName()
            + "'.");
  }

  /** The table that the additions make. */
  static Table table(DatabaseObject object, Additions additions) {
    return new Table(object, List.copyOf(additions.columns), List.copyOf(additions.indexes));
  }
}
