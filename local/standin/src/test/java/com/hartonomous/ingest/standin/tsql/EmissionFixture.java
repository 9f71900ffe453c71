package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** An H2 of its own with a catalogue of a few lines: runs T-SQL as the engine would. */
final class EmissionFixture implements Environment, AutoCloseable {

  /** A variable of the test. */
  private record Value(SqlType type, Object value) {}

  private final Connection connection;
  private final String url;
  private final Map<String, List<TableColumn>> tables = new HashMap<>();
  private final Map<String, Value> variables = new HashMap<>();

  EmissionFixture() throws SQLException {
    url =
        "jdbc:h2:mem:"
            + UUID.randomUUID()
            + ";MODE=MSSQLServer;DATABASE_TO_UPPER=FALSE;CASE_INSENSITIVE_IDENTIFIERS=TRUE";
    connection = DriverManager.getConnection(url);
    connection.createStatement().execute("CREATE SCHEMA \"dbo\"");
    BuiltinFunctions.registerAliases(connection);
  }

  /** Another session of the same database. */
  Connection secondConnection() throws SQLException {
    return DriverManager.getConnection(url);
  }

  Connection connection() {
    return connection;
  }

  void variable(String name, SqlType type, Object value) {
    variables.put(name.toLowerCase(Locale.ROOT), new Value(type, value));
  }

  /** What the last statement of a batch returned: rows, or one row with its count. */
  List<List<Object>> run(String batch) throws SqlServerError, SQLException {
    List<List<Object>> result = List.of();
    for (Statement statement : TsqlParser.parse(batch)) {
      for (EmittedSql sql : emit(statement)) {
        result = execute(sql);
      }
    }
    return result;
  }

  /** The single value of a query. */
  Object single(String batch) throws SqlServerError, SQLException {
    return run(batch).get(0).get(0);
  }

  List<EmittedSql> emit(Statement statement) throws SqlServerError, SQLException {
    if (statement instanceof CreateTable create) {
      List<EmittedSql> emitted = H2Emitter.emit(create, this);
      register(create.name(), create.elements());
      return emitted;
    }
    if (statement instanceof DeclareTable declare) {
      List<EmittedSql> emitted = H2Emitter.emit(declare, this);
      register(ObjectName.of(declare.name()), declare.elements());
      return emitted;
    }
    if (statement instanceof SelectStatement select
        && select.query().body() instanceof Query.Select body
        && body.into() != null) {
      CreateTable table = H2Emitter.tableOfSelectInto(select, this);
      for (EmittedSql sql : emit(table)) {
        execute(sql);
      }
    }
    return statement instanceof DataStatement data
        ? H2Emitter.emit(data, this)
        : H2Emitter.emit((DefinitionStatement) statement, this);
  }

  private void register(ObjectName name, TableElements elements) throws SqlServerError {
    List<TableColumn> columns = new ArrayList<>();
    TableElements typed = H2Emitter.withComputedTypes(elements, null, this);
    for (ColumnDefinition column : typed.columns()) {
      columns.add(
          new TableColumn(
              column.name(),
              column.type(),
              column.nullable(),
              column.identity() != null,
              column.computed() != null,
              column.collation() != null
                  && ExpressionEmitter.isBinaryCollation(column.collation())));
    }
    tables.put(key(name), columns);
  }

  List<List<Object>> execute(EmittedSql sql) throws SQLException {
    return execute(connection, sql);
  }

  List<List<Object>> execute(Connection on, EmittedSql sql) throws SQLException {
    try (PreparedStatement statement = on.prepareStatement(sql.sql())) {
      int index = 1;
      for (ParameterReference parameter : sql.parameters()) {
        Value value = variables.get(parameter.name().toLowerCase(Locale.ROOT));
        statement.setObject(index++, value.value());
      }
      if (!sql.returnsRows()) {
        return List.of(List.of(statement.executeUpdate()));
      }
      return rows(statement.executeQuery());
    }
  }

  private static List<List<Object>> rows(ResultSet result) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    while (result.next()) {
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
        Object value = result.getObject(i);
        if (value instanceof java.sql.Blob blob) {
          value = blob.getBytes(1, (int) blob.length());
        } else if (value instanceof java.sql.Clob clob) {
          value = clob.getSubString(1, (int) clob.length());
        }
        if (value instanceof byte[] bytes) {
          value = "0x" + HexFormat.of().withUpperCase().formatHex(bytes);
        }
        row.add(value == null ? "NULL" : value);
      }
      rows.add(row);
    }
    return rows;
  }

  @Override
  public String database() {
    return "D";
  }

  @Override
  public SqlType variableType(String name) throws SqlServerError {
    Value value = variables.get(name.toLowerCase(Locale.ROOT));
    if (value == null) {
      throw new SqlServerError(137, 15, 2, "Must declare the scalar variable \"" + name + "\".");
    }
    return value.type();
  }

  private static String key(ObjectName name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String table(ObjectName name) throws SqlServerError {
    if (!tables.containsKey(key(name))) {
      throw new SqlServerError(208, 16, 1, "Invalid object name '" + name + "'.");
    }
    return newTable(name);
  }

  @Override
  public String newTable(ObjectName name) {
    return "\"dbo\".\"" + name.name() + "\"";
  }

  @Override
  public String tableFunction(ObjectName name, List<String> arguments) {
    return "SYSTEM_RANGE(" + String.join(", ", arguments) + ")";
  }

  @Override
  public String schema(String name) {
    return "\"" + name + "\"";
  }

  @Override
  public Optional<List<TableColumn>> columns(ObjectName name) throws SqlServerError {
    table(name);
    return Optional.of(tables.get(key(name)));
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
