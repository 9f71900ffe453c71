package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Argument;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ProcedureParameter;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.tsql.ParsedBatch;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** EXEC of users' procedures and of the system's. */
final class ProcedureRunner {

  private final H2Session session;
  private final StatementRunner runner;
  private final Interpreter interpreter;
  private final SystemProcedures system;

  ProcedureRunner(
      H2Session session, SessionState state, StatementRunner runner, Interpreter interpreter) {
    this.session = session;
    this.runner = runner;
    this.interpreter = interpreter;
    this.system = new SystemProcedures(session, state, interpreter);
  }

  /**
   * An argument with its value.
   *
   * @param name with its at sign, or null for a positional one
   * @param type null when the value is a literal's
   * @param isDefault the keyword DEFAULT: the parameter's own default
   * @param output the caller's variable that takes the value back, or null
   */
  record Value(String name, SqlType type, Object value, boolean isDefault, Scope.Variable output) {}

  void execute(Execute call, Scope scope, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    List<Value> values = new ArrayList<>();
    for (Argument argument : call.arguments()) {
      values.add(value(argument, scope));
    }
    int status = run(call.procedure(), values, results);
    if (call.returnVariable() != null) {
      scope.variable(call.returnVariable()).value = status;
    }
  }

  private Value value(Argument argument, Scope scope) throws SqlServerError {
    if (argument.value() == null) {
      return new Value(argument.name(), null, null, true, null);
    }
    if (argument.value() instanceof Expression.Variable name) {
      Scope.Variable variable = scope.variable(name.name());
      return new Value(
          argument.name(),
          variable.type,
          variable.value,
          false,
          argument.output() ? variable : null);
    }
    return new Value(argument.name(), null, runner.evaluate(argument.value(), scope), false, null);
  }

  /** A call by name from the client. */
  void call(String procedure, List<Parameter> parameters, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    List<Value> values = new ArrayList<>();
    for (Parameter parameter : parameters) {
      String name =
          parameter.name() == null || parameter.name().isEmpty() ? null : parameter.name();
      values.add(
          new Value(
              name,
              parameter.type(),
              parameter.value(),
              false,
              parameter.output() ? new Scope.Variable(parameter.type(), parameter.value()) : null));
    }
    ObjectName name = nameOf(procedure);
    if (userProcedure(name).isEmpty()) {
      refuseOutputs(procedure, parameters);
    }
    results.returnStatus(run(name, values, results));
    for (int i = 0; i < values.size(); i++) {
      Scope.Variable output = values.get(i).output();
      if (output != null) {
        results.outputValue(i, parameters.get(i).name(), output.type, output.value);
      }
    }
  }

  private static void refuseOutputs(String procedure, List<Parameter> parameters)
      throws SqlServerError {
    for (Parameter parameter : parameters) {
      if (parameter.output()) {
        throw new SqlServerError(
            50000,
            16,
            1,
            "The stand-in does not support output parameters of the system's procedures: '"
                + procedure
                + "'.");
      }
    }
  }

  private Optional<DatabaseObject> userProcedure(ObjectName name) throws SqlServerError {
    return session
        .catalogue()
        .object(SessionEnvironment.schemaOf(name), name.name())
        .filter(o -> o.type() == ObjectType.PROCEDURE);
  }

  /** Parts separated by dots, perhaps in brackets. */
  private static ObjectName nameOf(String procedure) throws SqlServerError {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < procedure.length(); i++) {
      char c = procedure.charAt(i);
      if (c == '[' && !quoted) {
        quoted = true;
      } else if (c == ']' && quoted) {
        quoted = false;
      } else if (c == '.' && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    if (parts.size() > 3) {
      throw notFound(procedure);
    }
    return new ObjectName(parts);
  }

  private static SqlServerError notFound(String procedure) {
    return new SqlServerError(2812, 16, 62, "Could not find stored procedure '" + procedure + "'.");
  }

  private int run(ObjectName name, List<Value> values, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    Optional<DatabaseObject> procedure = userProcedure(name);
    if (procedure.isPresent()) {
      return runUser(procedure.get(), values, results);
    }
    if (name.schema()
        .map(s -> s.equalsIgnoreCase("sys") || s.equalsIgnoreCase("dbo"))
        .orElse(true)) {
      Optional<SystemProcedures.Procedure> found = system.find(name.name());
      if (found.isPresent()) {
        return found.get().run(new ProcedureArguments(name.name(), values), results);
      }
    }
    throw notFound(name.toString());
  }

  private int runUser(DatabaseObject object, List<Value> values, ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    ParsedBatch parsed = session.engine().parse(object.definition());
    if (parsed.size() != 1 || !(parsed.get(0) instanceof CreateProcedure procedure)) {
      throw new IllegalStateException(
          "no procedure in the definition of " + object.qualifiedName());
    }
    Scope scope = new Scope(object.definition(), parsed, object.name());
    Map<String, Scope.Variable> outputs = new HashMap<>();
    bind(procedure, object, values, scope, outputs);
    interpreter.nested(scope, procedure.body(), results);
    for (ProcedureParameter parameter : procedure.parameters()) {
      Scope.Variable caller = outputs.get(key(parameter.declaration().name()));
      if (caller != null) {
        Scope.Variable own = scope.variable(parameter.declaration().name());
        caller.value =
            own.value == null || own.type.equals(caller.type)
                ? own.value
                : interpreter.convert(own.value, own.type, caller.type);
      }
    }
    return scope.returnValue;
  }

  private void bind(
      CreateProcedure procedure,
      DatabaseObject object,
      List<Value> values,
      Scope scope,
      Map<String, Scope.Variable> outputs)
      throws SqlServerError {
    Map<String, Value> given = new HashMap<>();
    int position = 0;
    for (Value value : values) {
      String name = value.name();
      if (name == null) {
        if (position >= procedure.parameters().size()) {
          throw new SqlServerError(
              8144,
              16,
              2,
              "Procedure or function " + object.name() + " has too many arguments specified.");
        }
        name = procedure.parameters().get(position++).declaration().name();
      }
      given.put(key(name), value);
    }
    for (ProcedureParameter parameter : procedure.parameters()) {
      VariableDeclaration declaration = parameter.declaration();
      Value value = given.remove(key(declaration.name()));
      scope.declare(declaration.name(), declaration.type(), null);
      Scope.Variable variable = scope.variable(declaration.name());
      if (value != null && !value.isDefault()) {
        variable.value = converted(value, declaration.type());
        if (value.output() != null) {
          if (!parameter.output()) {
            throw new SqlServerError(
                8162,
                16,
                2,
                "The formal parameter \""
                    + declaration.name()
                    + "\" was not declared as an OUTPUT parameter, but the actual parameter passed"
                    + " in requested output.");
          }
          outputs.put(key(declaration.name()), value.output());
        }
      } else if (declaration.initial() != null) {
        variable.value = runner.evaluate(declaration.initial(), declaration.type(), scope);
      } else {
        throw new SqlServerError(
            201,
            16,
            4,
            "Procedure or function '"
                + object.name()
                + "' expects parameter '"
                + declaration.name()
                + "', which was not supplied.");
      }
    }
    if (!given.isEmpty()) {
      throw new SqlServerError(
          8145,
          16,
          2,
          given.keySet().iterator().next()
              + " is not a parameter for procedure "
              + object.name()
              + ".");
    }
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private Object converted(Value value, SqlType type) throws SqlServerError {
    if (value.value() == null || type.equals(value.type())) {
      return value.value();
    }
    return interpreter.convert(value.value(), value.type(), type);
  }
}
