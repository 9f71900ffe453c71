package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.ControlStatement.RaiseError;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Throw;
import com.hartonomous.ingest.standin.tsql.Expression;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** RAISERROR and THROW. */
final class ErrorStatements {

  private static final int INFORMATION_MAX = 10;
  private static final int USER_SEVERITY_MAX = 18;
  private static final int USER_MESSAGE = 50000;
  private static final int MESSAGE_LENGTH_MAX = 2047;

  private ErrorStatements() {}

  /** Throws the error, or sends the message when its severity is that of information. */
  static void raise(
      RaiseError statement,
      StatementRunner runner,
      Scope scope,
      SessionState state,
      ResultConsumer results)
      throws SqlServerError, IOException {
    Object message = runner.evaluate(statement.message(), scope);
    int severity = number(statement.severity(), runner, scope);
    int errorState = number(statement.state(), runner, scope);
    if (message instanceof Number) {
      throw new SqlServerError(
          2732,
          16,
          1,
          "Error number " + message + " is invalid: the stand-in has no messages in sys.messages.");
    }
    if (severity > USER_SEVERITY_MAX) {
      throw new SqlServerError(
          2754,
          16,
          1,
          "Error severity levels greater than 18 can only be specified by members of the sysadmin"
              + " role, using the WITH LOG option.");
    }
    List<Object> arguments = new ArrayList<>();
    for (Expression argument : statement.arguments()) {
      arguments.add(runner.evaluate(argument, scope));
    }
    String text = formatted(String.valueOf(message), arguments);
    if (severity <= INFORMATION_MAX) {
      results.info(USER_MESSAGE, Math.max(severity, 0), text);
      return;
    }
    throw state.raised(
        new SqlServerError(USER_MESSAGE, severity, Math.abs(errorState), text),
        ErrorEffect.Origin.RAISERROR);
  }

  private static int number(Expression expression, StatementRunner runner, Scope scope)
      throws SqlServerError {
    Object value = runner.evaluate(expression, SqlType.of(Kind.INT), scope);
    return value == null ? 0 : (Integer) value;
  }

  /** %s, %d, %i, %u, %x, %X, %o and %%, with flags and widths as in C. */
  private static String formatted(String format, List<Object> arguments) throws SqlServerError {
    StringBuilder text = new StringBuilder();
    int next = 0;
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        text.append(c);
        continue;
      }
      int end = i + 1;
      while (end < format.length() && "-+0 #123456789.lhI".indexOf(format.charAt(end)) >= 0) {
        end++;
      }
      if (end == format.length()) {
        throw invalidFormat(format.substring(i));
      }
      char conversion = format.charAt(end);
      if (conversion == '%') {
        text.append('%');
      } else if (next >= arguments.size()) {
        text.append("(null)");
      } else {
        text.append(one(format.substring(i + 1, end), conversion, arguments.get(next++)));
      }
      i = end;
    }
    return text.length() > MESSAGE_LENGTH_MAX
        ? text.substring(0, MESSAGE_LENGTH_MAX)
        : text.toString();
  }

  private static String one(String flags, char conversion, Object value) throws SqlServerError {
    if (value == null) {
      return "(null)";
    }
    String plain = flags.replaceAll("[lhI#]", "");
    return switch (conversion) {
      case 's' -> String.format(Locale.ROOT, "%" + plain.replace("0", "") + "s", value);
      case 'd', 'i', 'u' ->
          String.format(Locale.ROOT, "%" + plain + "d", ((Number) value).longValue());
      case 'x', 'X', 'o' ->
          String.format(Locale.ROOT, "%" + plain + conversion, ((Number) value).longValue());
      default -> throw invalidFormat("%" + conversion);
    };
  }

  private static SqlServerError invalidFormat(String text) {
    return new SqlServerError(2787, 16, 1, "Invalid format specification: '" + text + "'.");
  }

  /** The error that a THROW raises. */
  static SqlServerError thrown(
      Throw statement, StatementRunner runner, Scope scope, SessionState state)
      throws SqlServerError {
    if (statement.number() == null) {
      if (state.caught() == null) {
        return new SqlServerError(
            10704,
            15,
            1,
            "To rethrow an error, a THROW statement must be used inside a CATCH block.");
      }
      return state.raised(state.caught(), ErrorEffect.Origin.THROW);
    }
    int number = number(statement.number(), runner, scope);
    if (number < USER_MESSAGE) {
      return new SqlServerError(
          35100,
          16,
          10,
          "Error number "
              + number
              + " in the THROW statement is outside the valid range. Specify an error number in the"
              + " valid range of 50000 to 2147483647.");
    }
    return state.raised(
        new SqlServerError(
            number,
            16,
            number(statement.state(), runner, scope),
            String.valueOf(runner.evaluate(statement.message(), scope))),
        ErrorEffect.Origin.THROW);
  }
}
