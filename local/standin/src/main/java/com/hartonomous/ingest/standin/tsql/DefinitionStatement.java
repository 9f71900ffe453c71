package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/** Statements that define objects. */
public sealed interface DefinitionStatement extends Statement {

  /** CREATE TABLE. */
  record CreateTable(ObjectName name, TableElements elements) implements DefinitionStatement {}

  /** What stands in the parentheses of a table definition, without indexes. */
  record TableElements(List<ColumnDefinition> columns, List<TableConstraint> constraints) {
    public TableElements {
      columns = List.copyOf(columns);
      constraints = List.copyOf(constraints);
    }
  }

  /**
   * A column. Keys, checks and references written beside a column stand in {@link
   * TableElements#constraints} with that one column.
   *
   * @param type null for a computed column; see {@link H2Emitter#withComputedTypes}
   * @param nullable false for NOT NULL; true for NULL, and when nothing was said
   * @param nullabilityGiven NULL or NOT NULL was written
   * @param identity or null
   * @param defaultValue or null
   * @param defaultName the name of the default's constraint, or null
   * @param collation or null
   * @param computed the expression of a computed column, or null
   */
  record ColumnDefinition(
      String name,
      SqlType type,
      boolean nullable,
      boolean nullabilityGiven,
      Identity identity,
      Expression defaultValue,
      String defaultName,
      String collation,
      Expression computed) {}

  /** IDENTITY(seed, increment). */
  record Identity(long seed, long increment) {}

  /** A constraint; its name may be null, then the engine makes one. */
  sealed interface TableConstraint {

    /** The constraint's name, or null. */
    String name();

    /** PRIMARY KEY. */
    record PrimaryKey(String name, List<IndexColumn> columns) implements TableConstraint {}

    /** UNIQUE. */
    record Unique(String name, List<IndexColumn> columns) implements TableConstraint {}

    /** CHECK. */
    record Check(String name, Condition condition) implements TableConstraint {}

    /**
     * FOREIGN KEY.
     *
     * @param referencedColumns perhaps empty: the primary key
     * @param onDelete upper case: NO ACTION, CASCADE, SET NULL, SET DEFAULT; or null
     * @param onUpdate likewise
     */
    record ForeignKey(
        String name,
        List<String> columns,
        ObjectName referencedTable,
        List<String> referencedColumns,
        String onDelete,
        String onUpdate)
        implements TableConstraint {}

    /** DEFAULT value FOR column; only in ALTER TABLE ... ADD. */
    record Default(String name, String column, Expression value) implements TableConstraint {}
  }

  /** A key column of an index or constraint. */
  record IndexColumn(String name, boolean descending) {}

  /**
   * CREATE INDEX.
   *
   * @param spatial CREATE SPATIAL INDEX: the column is a geometry
   * @param included INCLUDE columns, perhaps empty
   * @param filter the WHERE of a filtered index, or null
   */
  record CreateIndex(
      String name,
      boolean unique,
      boolean clustered,
      boolean spatial,
      ObjectName table,
      List<IndexColumn> columns,
      List<String> included,
      Condition filter)
      implements DefinitionStatement {
    public CreateIndex {
      columns = List.copyOf(columns);
      included = List.copyOf(included);
    }
  }

  /**
   * ALTER TABLE ... ADD columns and constraints.
   *
   * @param checkExisting false for WITH NOCHECK: rows that are there already are not checked
   * @param source the statement's text
   */
  record AlterTableAdd(
      ObjectName table, TableElements elements, boolean checkExisting, String source)
      implements DefinitionStatement {}

  /**
   * ALTER TABLE ... DROP COLUMN.
   *
   * @param source the statement's text
   */
  record AlterTableDropColumns(
      ObjectName table, List<String> columns, boolean ifExists, String source)
      implements DefinitionStatement {}

  /** ALTER TABLE ... DROP CONSTRAINT. */
  record AlterTableDropConstraints(ObjectName table, List<String> constraints, boolean ifExists)
      implements DefinitionStatement {}

  /**
   * ALTER TABLE ... ALTER COLUMN.
   *
   * @param source the statement's text
   */
  record AlterTableAlterColumn(ObjectName table, ColumnDefinition column, String source)
      implements DefinitionStatement {}

  /**
   * ALTER TABLE ... SET (LOCK_ESCALATION = value) and ALTER TABLE ... CHECK CONSTRAINT name:
   * accepted, without effect.
   */
  record AlterTableSet(ObjectName table, String option, String value)
      implements DefinitionStatement {}

  /** The kinds of object that DROP takes. */
  enum ObjectKind {
    TABLE,
    VIEW,
    PROCEDURE,
    SCHEMA,
    DATABASE
  }

  /** DROP TABLE, VIEW, PROCEDURE, SCHEMA, DATABASE. */
  record Drop(ObjectKind kind, List<ObjectName> names, boolean ifExists)
      implements DefinitionStatement {
    public Drop {
      names = List.copyOf(names);
    }
  }

  /** DROP INDEX name ON table. */
  record DropIndex(String name, ObjectName table, boolean ifExists)
      implements DefinitionStatement {}

  /** TRUNCATE TABLE. */
  record TruncateTable(ObjectName table) implements DefinitionStatement {}

  /**
   * CREATE VIEW.
   *
   * @param replace CREATE OR ALTER, or ALTER
   * @param columns perhaps empty
   * @param source the whole text of the statement
   */
  record CreateView(
      ObjectName name,
      boolean replace,
      List<String> columns,
      DataStatement.SelectStatement query,
      String source)
      implements DefinitionStatement {}

  /**
   * CREATE PROCEDURE. Its body goes to the end of the batch.
   *
   * @param replace CREATE OR ALTER, or ALTER
   * @param source the whole text of the statement
   */
  record CreateProcedure(
      ObjectName name,
      boolean replace,
      List<ProcedureParameter> parameters,
      List<Statement> body,
      String source)
      implements DefinitionStatement {
    public CreateProcedure {
      parameters = List.copyOf(parameters);
      body = List.copyOf(body);
    }
  }

  /** A parameter of a procedure; {@code declaration.initial} is its default, or null for none. */
  record ProcedureParameter(VariableDeclaration declaration, boolean output) {}

  /** CREATE SCHEMA. */
  record CreateSchema(String name) implements DefinitionStatement {}

  /** CREATE DATABASE. */
  record CreateDatabase(String name) implements DefinitionStatement {}

  /**
   * ALTER DATABASE ... SET option ON|OFF.
   *
   * @param database the name, or {@code CURRENT}
   * @param option upper case
   * @param value upper case; empty for options without a value, such as ENABLE_BROKER
   */
  record AlterDatabaseSet(String database, String option, String value)
      implements DefinitionStatement {}
}
