package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.tsql.Expression.Condition;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/** Variables, control flow, errors and procedure calls. Names of variables keep their at sign. */
public sealed interface ControlStatement extends Statement {

  /** {@code DECLARE @a int, @b int = 1}. */
  record Declare(List<VariableDeclaration> variables) implements ControlStatement {
    public Declare {
      variables = List.copyOf(variables);
    }
  }

  /**
   * One variable of a DECLARE.
   *
   * @param initial or null
   */
  record VariableDeclaration(String name, SqlType type, Expression initial) {}

  /** {@code DECLARE @t TABLE (...)}: a session table named like the variable. */
  record DeclareTable(String name, TableElements elements) implements ControlStatement {}

  /** {@code SET @x = expression}; compound assignments ({@code +=}) are already resolved. */
  record SetVariable(String name, Expression value) implements ControlStatement {}

  /**
   * {@code IF}.
   *
   * @param otherwise the ELSE statement, or null
   */
  record If(Condition condition, Statement then, Statement otherwise) implements ControlStatement {}

  /** {@code WHILE}. */
  record While(Condition condition, Statement body) implements ControlStatement {}

  /** {@code BREAK}. */
  record Break() implements ControlStatement {}

  /** {@code CONTINUE}. */
  record Continue() implements ControlStatement {}

  /** {@code BEGIN ... END}. */
  record Block(List<Statement> statements) implements ControlStatement {
    public Block {
      statements = List.copyOf(statements);
    }
  }

  /** {@code BEGIN TRY ... END TRY BEGIN CATCH ... END CATCH}. */
  record TryCatch(List<Statement> attempt, List<Statement> handler) implements ControlStatement {
    public TryCatch {
      attempt = List.copyOf(attempt);
      handler = List.copyOf(handler);
    }
  }

  /**
   * {@code RETURN}.
   *
   * @param value or null
   */
  record Return(Expression value) implements ControlStatement {}

  /** {@code PRINT}. */
  record Print(Expression message) implements ControlStatement {}

  /**
   * {@code RAISERROR(message, severity, state, arguments...)}.
   *
   * @param options upper case, of WITH: NOWAIT, LOG, SETERROR
   */
  record RaiseError(
      Expression message,
      Expression severity,
      Expression state,
      List<Expression> arguments,
      List<String> options)
      implements ControlStatement {
    public RaiseError {
      arguments = List.copyOf(arguments);
      options = List.copyOf(options);
    }
  }

  /** {@code THROW}; all three are null in the form that raises the caught error again. */
  record Throw(Expression number, Expression message, Expression state)
      implements ControlStatement {}

  /** {@code WAITFOR DELAY 'hh:mm:ss'}. */
  record WaitForDelay(Expression delay) implements ControlStatement {}

  /**
   * A procedure call, with or without EXECUTE.
   *
   * @param returnVariable variable that takes the return status, or null
   */
  record Execute(String returnVariable, ObjectName procedure, List<Argument> arguments)
      implements ControlStatement {
    public Execute {
      arguments = List.copyOf(arguments);
    }
  }

  /**
   * An argument of a call.
   *
   * @param name the parameter with its at sign, or null for a positional one
   * @param value a literal or variable (a bare word is a string), or null for DEFAULT
   * @param output OUTPUT was given: the value is a {@link Expression.Variable}
   */
  record Argument(String name, Expression value, boolean output) {}

  /** {@code EXEC('text')}. */
  record ExecuteString(Expression text) implements ControlStatement {}
}
