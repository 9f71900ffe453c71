package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.List;
import java.util.Optional;

/** The arguments of a system procedure, by name or position. */
final class ProcedureArguments {

  private final String procedure;
  private final List<ProcedureRunner.Value> values;

  ProcedureArguments(String procedure, List<ProcedureRunner.Value> values) {
    this.procedure = procedure;
    this.values = List.copyOf(values);
  }

  List<ProcedureRunner.Value> values() {
    return values;
  }

  private Optional<ProcedureRunner.Value> find(String name, int position) {
    for (ProcedureRunner.Value value : values) {
      if (name.equalsIgnoreCase(value.name())) {
        return Optional.of(value);
      }
    }
    return position < values.size() && values.get(position).name() == null
        ? Optional.of(values.get(position))
        : Optional.empty();
  }

  /** True when the argument was given, be it NULL. */
  boolean isGiven(String name, int position) {
    return find(name, position).filter(value -> !value.isDefault()).isPresent();
  }

  /** The value, or null when it is NULL or was not given. */
  Object value(String name, int position) {
    return find(name, position).map(ProcedureRunner.Value::value).orElse(null);
  }

  /** Gives an OUTPUT argument its value, if the caller passed a variable for it. */
  void output(String name, int position, Object value) {
    find(name, position)
        .map(ProcedureRunner.Value::output)
        .ifPresent(variable -> variable.value = value);
  }

  /** The value as text, or null. */
  String text(String name, int position) {
    Object value = value(name, position);
    return value == null ? null : value.toString();
  }

  String requiredText(String name, int position) throws SqlServerError {
    String text = text(name, position);
    if (text == null) {
      throw new SqlServerError(
          201,
          16,
          4,
          "Procedure or function '"
              + procedure
              + "' expects parameter '"
              + name
              + "', which was not supplied.");
    }
    return text;
  }

  /** The value as a number, or the default when it is NULL or was not given. */
  long number(String name, int position, long otherwise) throws SqlServerError {
    Object value = value(name, position);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    if (value instanceof Number number) {
      return number.longValue();
    }
    try {
      return Long.parseLong(value.toString().strip());
    } catch (NumberFormatException e) {
      throw new SqlServerError(
          8114,
          16,
          5,
          "Error converting data type nvarchar to int: parameter '"
              + name
              + "' of '"
              + procedure
              + "'.",
          e);
    }
  }
}
