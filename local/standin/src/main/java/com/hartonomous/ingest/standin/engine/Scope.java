package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.ParsedBatch;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The variables of a batch, a procedure or an EXEC of a text. */
final class Scope {

  /** A variable with its declared type. */
  static final class Variable {
    final SqlType type;
    Object value;

    Variable(SqlType type, Object value) {
      this.type = type;
      this.value = value;
    }
  }

  private final Map<String, Variable> variables = new HashMap<>();
  private final List<String> temporaryTables = new ArrayList<>();
  private List<SqlType> parameterTypes = List.of();
  private final String text;
  private final ParsedBatch parsed;
  private final String procedure;

  /** SCOPE_IDENTITY(). */
  BigDecimal identity;

  /** What RETURN gave. */
  int returnValue;

  private final Set<Object> declared = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * Makes an empty scope.
   *
   * @param text of the batch or procedure
   * @param parsed the same; null when nothing of it is executed
   * @param procedure its name, or null
   */
  Scope(String text, ParsedBatch parsed, String procedure) {
    this.text = text;
    this.parsed = parsed;
    this.procedure = procedure;
  }

  String text() {
    return text;
  }

  /** The line in which a statement begins, or 0. */
  int lineOf(Statement statement) {
    return parsed == null ? 0 : parsed.lineOf(statement);
  }

  Optional<String> procedure() {
    return Optional.ofNullable(procedure);
  }

  void declare(String name, SqlType type, Object value) throws SqlServerError {
    if (variables.putIfAbsent(key(name), new Variable(type, value)) != null) {
      throw new SqlServerError(
          134,
          15,
          2,
          "The variable name '"
              + name
              + "' has already been declared. Variable names must be unique within a query batch or"
              + " stored procedure.");
    }
  }

  /** True when this statement declares for the first time in the scope. */
  boolean firstTime(Object declaration) {
    return declared.add(declaration);
  }

  Variable variable(String name) throws SqlServerError {
    Variable variable = variables.get(key(name));
    if (variable == null) {
      throw new SqlServerError(137, 15, 2, "Must declare the scalar variable \"" + name + "\".");
    }
    return variable;
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /** The types of the parameters that the scope began with: what is emitted depends on them. */
  List<SqlType> parameterTypes() {
    return parameterTypes;
  }

  void parameterTypes(List<SqlType> types) {
    parameterTypes = List.copyOf(types);
  }

  /** Temporary tables and table variables that end with this scope. */
  List<String> temporaryTables() {
    return temporaryTables;
  }
}
