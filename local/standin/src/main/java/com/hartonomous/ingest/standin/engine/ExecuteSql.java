package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.ControlStatement.Declare;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** sp_executesql called from T-SQL: {@code EXEC sp_executesql N'...', N'@a int', @a = 1}. */
final class ExecuteSql {

  /** The declarations are those of a DECLARE, but for the word that marks what is given back. */
  private static final Pattern OUTPUT =
      Pattern.compile("\\s+(OUTPUT|OUT)\\s*(?=,|$)", Pattern.CASE_INSENSITIVE);

  private ExecuteSql() {}

  static int run(
      ProcedureArguments arguments,
      Interpreter interpreter,
      H2Session session,
      ResultConsumer results)
      throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException {
    String text = arguments.requiredText("@stmt", 0);
    List<VariableDeclaration> declarations = declarations(arguments, session);
    List<ProcedureRunner.Value> values = arguments.values();
    List<Parameter> parameters = new ArrayList<>();
    List<ProcedureRunner.Value> bound = new ArrayList<>();
    int position = 2;
    for (VariableDeclaration declaration : declarations) {
      ProcedureRunner.Value value = find(values, declaration.name(), position++);
      Object converted =
          value.value() == null || declaration.type().equals(value.type())
              ? value.value()
              : interpreter.convert(value.value(), value.type(), declaration.type());
      parameters.add(new Parameter(declaration.name(), declaration.type(), converted));
      bound.add(value);
    }
    Scope scope = interpreter.executeText(text, parameters, results);
    for (int i = 0; i < bound.size(); i++) {
      if (bound.get(i).output() != null) {
        bound.get(i).output().value = scope.variable(parameters.get(i).name()).value;
      }
    }
    return 0;
  }

  private static List<VariableDeclaration> declarations(
      ProcedureArguments arguments, H2Session session) throws SqlServerError {
    String text = arguments.text("@params", 1);
    if (text == null || text.isBlank()) {
      return List.of();
    }
    List<Statement> parsed =
        session.engine().parse("DECLARE " + OUTPUT.matcher(text).replaceAll(" "));
    if (parsed.size() != 1 || !(parsed.get(0) instanceof Declare declare)) {
      throw new SqlServerError(
          102, 15, 1, "Incorrect syntax in the parameters of sp_executesql: '" + text + "'.");
    }
    return declare.variables();
  }

  private static ProcedureRunner.Value find(
      List<ProcedureRunner.Value> values, String name, int position) throws SqlServerError {
    for (ProcedureRunner.Value value : values) {
      if (name.equalsIgnoreCase(value.name())) {
        return value;
      }
    }
    if (position < values.size() && values.get(position).name() == null) {
      return values.get(position);
    }
    throw new SqlServerError(
        8178,
        16,
        1,
        "The parameterized query expects the parameter '" + name + "', which was not supplied.");
  }
}
