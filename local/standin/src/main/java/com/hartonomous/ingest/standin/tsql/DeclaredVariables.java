package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.ControlStatement.DeclareTable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.ControlStatement.SetVariable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Checks when a procedure is created that its body uses declared variables only, as SQL Server
 * does: a body is not run at that time, so nothing else would find a misspelt one.
 */
final class DeclaredVariables {

  private final Set<String> declared = new HashSet<>();

  private DeclaredVariables() {}

  /**
   * @throws SqlServerError 137 for the first variable that is used and was not declared before
   */
  static void check(CreateProcedure procedure) throws SqlServerError {
    DeclaredVariables check = new DeclaredVariables();
    check.walk(procedure.parameters());
    check.walk(procedure.body());
  }

  /** In the order of the text, which is that of the records' components. */
  private void walk(Object node) throws SqlServerError {
    if (node instanceof List<?> list) {
      for (Object item : list) {
        walk(item);
      }
    } else if (node instanceof Record record) {
      use(record);
      for (RecordComponent component : record.getClass().getRecordComponents()) {
        walk(valueOf(record, component));
      }
      if (record instanceof VariableDeclaration declaration) {
        declared.add(key(declaration.name()));
      } else if (record instanceof DeclareTable table) {
        declared.add(key(table.name()));
      }
    }
  }

  private void use(Record record) throws SqlServerError {
    if (record instanceof Expression.Variable variable) {
      require(variable.name());
    } else if (record instanceof SetVariable set) {
      require(set.name());
    } else if (record instanceof Execute call && call.returnVariable() != null) {
      require(call.returnVariable());
    } else if (record instanceof Query.SelectItem.Assignment assignment) {
      require(assignment.variable());
    }
  }

  private void require(String name) throws SqlServerError {
    if (!declared.contains(key(name))) {
      throw new SqlServerError(137, 15, 2, "Must declare the scalar variable \"" + name + "\".");
    }
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static Object valueOf(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("no access to " + component, e);
    }
  }
}
