package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The declaration string of sp_executesql and its kin, such as {@code @P0 int,@P1 decimal(38,2)}.
 * It gives the arguments their names; their types are taken from the wire, where each value carries
 * its own.
 */
final class ParameterDeclarations {
  private final List<String> names;

  private ParameterDeclarations(List<String> names) {
    this.names = names;
  }

  /**
   * Reads the names.
   *
   * @param text may be empty
   * @throws SqlServerError 102 when it is no declaration, 50000 for an output parameter
   */
  static ParameterDeclarations parse(String text) throws SqlServerError {
    List<String> names = new ArrayList<>();
    int from = 0;
    int depth = 0;
    for (int at = 0; at <= text.length(); at++) {
      char c = at == text.length() ? ',' : text.charAt(at);
      if (c == '(') {
        depth++;
      } else if (c == ')') {
        depth--;
      } else if (c == ',' && (depth <= 0 || at == text.length())) {
        String declaration = text.substring(from, at).strip();
        if (!declaration.isEmpty() || !names.isEmpty()) {
          names.add(name(declaration));
        }
        from = at + 1;
      }
    }
    return new ParameterDeclarations(names);
  }

  private static String name(String declaration) throws SqlServerError {
    List<String> words = Arrays.asList(declaration.split("\\s+"));
    if (words.size() < 2 || words.get(0).length() < 2 || words.get(0).charAt(0) != '@') {
      throw new SqlServerError(102, 15, 1, "Incorrect syntax near '" + declaration + "'.");
    }
    String last = words.get(words.size() - 1).toUpperCase(Locale.ROOT);
    if (last.equals("OUTPUT") || last.equals("OUT")) {
      throw outputNotSupported(words.get(0));
    }
    return words.get(0);
  }

  static SqlServerError outputNotSupported(String name) {
    return new SqlServerError(
        50000, 16, 1, "The stand-in does not support output parameters: '" + name + "'.");
  }

  /**
   * Gives each argument its declared name.
   *
   * @param statement for the message
   * @throws SqlServerError 8178 when one is missing, 8144 when there are too many
   */
  List<Parameter> bind(String statement, List<Argument> arguments) throws SqlServerError {
    if (arguments.size() > names.size()) {
      throw new SqlServerError(
          8144, 16, 2, "Procedure or function  has too many arguments specified.");
    }
    Parameter[] bound = new Parameter[names.size()];
    for (int i = 0; i < arguments.size(); i++) {
      Argument argument = arguments.get(i);
      if (argument.output()) {
        throw outputNotSupported(names.get(i));
      }
      int at = argument.name().isEmpty() ? i : indexOf(argument.name());
      bound[at] = new Parameter(names.get(at), argument.type(), argument.value());
    }
    for (int i = 0; i < bound.length; i++) {
      if (bound[i] == null) {
        throw new SqlServerError(
            8178,
            16,
            1,
            "The parameterized query '"
                + statement.substring(0, Math.min(statement.length(), 120))
                + "' expects the parameter '"
                + names.get(i)
                + "', which was not supplied.");
      }
    }
    return Arrays.asList(bound);
  }

  private int indexOf(String name) throws SqlServerError {
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        return i;
      }
    }
    throw new SqlServerError(
        8145, 16, 1, name + " is not a parameter for procedure sp_executesql.");
  }
}
