package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The declaration string of sp_executesql and its kin, such as {@code @P0 int,@P1 decimal(38,2)}.
 * It gives the arguments their names and types: the driver sends some values in another type than
 * it declares (real for float, datetime2 for datetime).
 */
final class ParameterDeclarations {
  private static final Logger LOG = LoggerFactory.getLogger(ParameterDeclarations.class);

  private static final Pattern OUTPUT =
      Pattern.compile("\\s(?:OUT|OUTPUT)$", Pattern.CASE_INSENSITIVE);

  /** A declared parameter; the type is null when the stand-in does not know its notation. */
  private record Declaration(String name, SqlType type, boolean output) {}

  private final List<Declaration> declarations;

  private ParameterDeclarations(List<Declaration> declarations) {
    this.declarations = declarations;
  }

  /**
   * Reads the declarations.
   *
   * @param text may be empty
   * @throws SqlServerError 102 when it is no declaration
   */
  static ParameterDeclarations parse(String text) throws SqlServerError {
    List<Declaration> declarations = new ArrayList<>();
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
        if (!declaration.isEmpty() || !declarations.isEmpty()) {
          declarations.add(declaration(declaration));
        }
        from = at + 1;
      }
    }
    return new ParameterDeclarations(declarations);
  }

  private static Declaration declaration(String text) throws SqlServerError {
    List<String> words = Arrays.asList(text.split("\\s+", 2));
    if (words.size() < 2 || words.get(0).length() < 2 || words.get(0).charAt(0) != '@') {
      throw new SqlServerError(102, 15, 1, "Incorrect syntax near '" + text + "'.");
    }
    String name = words.get(0);
    String type = words.get(1);
    Matcher output = OUTPUT.matcher(type);
    boolean isOutput = output.find();
    if (isOutput) {
      type = type.substring(0, output.start());
    }
    Optional<SqlType> known = DeclaredType.parse(type);
    if (known.isEmpty()) {
      LOG.warn("Unrecognised type of parameter {}: {}; the value's own is taken", name, type);
    }
    return new Declaration(name, known.orElse(null), isOutput);
  }

  /**
   * Gives each argument its declared name.
   *
   * @param statement for the message
   * @throws SqlServerError 8178 when one is missing, 8144 when there are too many, 8162 when the
   *     value of one is wanted back that is not declared so
   */
  List<Parameter> bind(String statement, List<Argument> arguments) throws SqlServerError {
    if (arguments.size() > declarations.size()) {
      throw new SqlServerError(
          8144, 16, 2, "Procedure or function  has too many arguments specified.");
    }
    Parameter[] bound = new Parameter[declarations.size()];
    for (int i = 0; i < arguments.size(); i++) {
      Argument argument = arguments.get(i);
      int at = argument.name().isEmpty() ? i : indexOf(argument.name());
      if (argument.output() && !declarations.get(at).output()) {
        throw new SqlServerError(
            8162,
            16,
            2,
            "The formal parameter \""
                + declarations.get(at).name()
                + "\" was not declared as an OUTPUT parameter, but the actual parameter passed in"
                + " requested output.");
      }
      bound[at] = parameter(declarations.get(at), argument);
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
                + declarations.get(i).name()
                + "', which was not supplied.");
      }
    }
    return Arrays.asList(bound);
  }

  private static Parameter parameter(Declaration declaration, Argument argument) {
    SqlType declared = declaration.type();
    if (declared == null) {
      return new Parameter(
          declaration.name(), argument.type(), argument.value(), argument.output());
    }
    Object value = argument.value();
    if (declared.kind() == Kind.FLOAT && value instanceof Float number) {
      value = number.doubleValue();
    }
    // A value of another class keeps its type; the statement converts it, or fails to.
    boolean fits = value == null || declared.kind().valueClass().isInstance(value);
    return new Parameter(
        declaration.name(), fits ? declared : argument.type(), value, argument.output());
  }

  private int indexOf(String name) throws SqlServerError {
    for (int i = 0; i < declarations.size(); i++) {
      if (declarations.get(i).name().equalsIgnoreCase(name)) {
        return i;
      }
    }
    throw new SqlServerError(
        8145, 16, 1, name + " is not a parameter for procedure sp_executesql.");
  }
}
