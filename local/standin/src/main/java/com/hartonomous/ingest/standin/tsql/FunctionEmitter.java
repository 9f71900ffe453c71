package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.FunctionCall;
import com.hartonomous.ingest.standin.tsql.Expression.Over;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Emits calls: general functions, aggregates and windows. Text is {@link TextFunctionEmitter}'s,
 * dates are {@link DateFunctionEmitter}'s.
 */
final class FunctionEmitter {

  private static final SqlType VARBINARY_MAX = SqlType.ofLength(Kind.VARBINARY, SqlType.MAX);

  private final ExpressionEmitter expressions;

  FunctionEmitter(ExpressionEmitter expressions) {
    this.expressions = expressions;
  }

  Fragment emit(FunctionCall call) throws SqlServerError {
    String name = call.name().name().toUpperCase(Locale.ROOT);
    Optional<CatalogueFunction> catalogue = CatalogueFunction.named(name);
    if (call.name().schema().isPresent() || catalogue.isPresent()) {
      return catalogueCall(call, catalogue.orElseThrow());
    }
    if (SessionValues.typeOf(name).isPresent()) {
      return expressions.sessionValue(name);
    }
    Fragment core = core(name, call);
    Fragment whole = call.over() == null ? core : windowed(core, call.over());
    return BuiltinTable.isAggregate(call.name()) ? typed(name, whole) : whole;
  }

  private Fragment core(String name, FunctionCall call) throws SqlServerError {
    if (BuiltinTable.isAggregate(call.name())) {
      return aggregate(name, call);
    }
    List<Expression> rest =
        BuiltinTable.takesDatePart(call.name())
            ? call.arguments().subList(1, call.arguments().size())
            : call.arguments();
    List<Fragment> arguments = expressions.values(rest);
    Fragment emitted = TextFunctionEmitter.emit(name, arguments);
    if (emitted == null) {
      emitted = DateFunctionEmitter.emit(name, call.arguments(), arguments);
    }
    if (emitted == null) {
      emitted = general(name, call, arguments);
    }
    return emitted == null ? number(name, arguments) : emitted;
  }

  /** Aliases with the database in front and NULL for what was left out. */
  private Fragment catalogueCall(FunctionCall call, CatalogueFunction function)
      throws SqlServerError {
    String database = call.name().database().orElse(expressions.environment().database());
    List<Object> parts = new ArrayList<>();
    parts.add(H2Names.alias(function) + "(" + H2Names.literal(database));
    for (Expression argument : call.arguments()) {
      parts.add(", ");
      parts.add(expressions.value(argument));
    }
    for (int i = call.arguments().size(); i < function.maximumArguments(); i++) {
      parts.add(", NULL");
    }
    parts.add(")");
    return ignoringCase(Fragment.concat(ExpressionType.of(function.returnType()), parts.toArray()));
  }

  /** Text as VARCHAR_IGNORECASE, so that what is compared with it ignores case. */
  static Fragment ignoringCase(Fragment text) {
    if (!text.type().isText()) {
      return text;
    }
    return Fragment.concat(
        ExpressionType.ignoringCase(text.type().type()), "CAST(", text, " AS VARCHAR_IGNORECASE)");
  }

  private Fragment general(String name, FunctionCall call, List<Fragment> arguments)
      throws SqlServerError {
    switch (name) {
      case "ISNULL":
        return isNull(arguments.get(0), arguments.get(1));
      case "COALESCE":
        return Fragment.concat(
            coalesceType(arguments), "COALESCE(", Fragment.join(arguments, ", "), ")");
      case "NULLIF":
        return nullIf(arguments.get(0), arguments.get(1));
      case "CHOOSE":
        return choose(arguments);
      case "NEWID":
        return Fragment.of("RANDOM_UUID()", ExpressionType.of(Kind.UNIQUEIDENTIFIER).notNull());
      case "HASHBYTES":
        return hashBytes(arguments.get(0), arguments.get(1));
      case "ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE":
        requireOver(name, call);
        return Fragment.concat(
            ExpressionType.of(Kind.BIGINT).notNull(),
            name + "(",
            Fragment.join(arguments, ", "),
            ")");
      case "PERCENT_RANK", "CUME_DIST":
        requireOver(name, call);
        return Fragment.of(name + "()", ExpressionType.of(Kind.FLOAT));
      case "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE":
        requireOver(name, call);
        return Fragment.concat(
            arguments.get(0).type().withNullable(true),
            name + "(",
            Fragment.join(arguments, ", "),
            ")");
      default:
        return null;
    }
  }

  private static void requireOver(String name, FunctionCall call) throws SqlServerError {
    if (call.over() == null) {
      throw new SqlServerError(
          10753, 15, 1, "The function '" + name + "' must have an OVER clause.");
    }
  }

  private static ExpressionType coalesceType(List<Fragment> arguments) {
    ExpressionType type = ExpressionEmitter.common(arguments);
    boolean nullable = arguments.stream().allMatch(argument -> argument.type().nullable());
    return type.withNullable(nullable);
  }

  /** Unlike COALESCE: the first argument's type, to which the second one is cut. */
  private static Fragment isNull(Fragment value, Fragment replacement) throws SqlServerError {
    if (!value.type().isKnown()) {
      return Fragment.concat(replacement.type(), "COALESCE(", value, ", ", replacement, ")");
    }
    Fragment cast = ConversionEmitter.cast(replacement, value.type().type());
    return Fragment.concat(
        value.type().withNullable(value.type().nullable() && replacement.type().nullable()),
        "COALESCE(",
        value,
        ", ",
        cast,
        ")");
  }

  private Fragment nullIf(Fragment value, Fragment other) throws SqlServerError {
    Fragment equal =
        new ConditionEmitter(expressions).comparison(Expression.Comparator.EQUAL, value, other);
    return Fragment.concat(
        value.type().withNullable(true), "CASE WHEN ", equal, " THEN NULL ELSE ", value, " END");
  }

  private static Fragment choose(List<Fragment> arguments) {
    List<Object> parts = new ArrayList<>(List.of("CASE ", arguments.get(0)));
    for (int i = 1; i < arguments.size(); i++) {
      parts.add(" WHEN " + i + " THEN ");
      parts.add(arguments.get(i));
    }
    parts.add(" END");
    ExpressionType type = ExpressionEmitter.common(arguments.subList(1, arguments.size()));
    return Fragment.concat(type.withNullable(true), parts.toArray());
  }

  private static Fragment hashBytes(Fragment algorithm, Fragment value) throws SqlServerError {
    Fragment bytes;
    if (value.type().isText()) {
      bytes = ConversionEmitter.textBytes(value);
    } else if (value.type().isBinary()) {
      bytes = value;
    } else if (!value.type().isKnown()) {
      bytes =
          Fragment.concat(
              ExpressionType.of(VARBINARY_MAX), H2Names.alias("TO_BINARY"), "(", value, ")");
    } else {
      throw new SqlServerError(
          8116,
          16,
          1,
          "Argument data type "
              + SqlTypes.name(value.type().type())
              + " is invalid for argument 2 of hashbytes function.");
    }
    return Fragment.concat(
        ExpressionType.of(SqlType.ofLength(Kind.VARBINARY, 8000)),
        H2Names.alias("HASHBYTES"),
        "(",
        algorithm,
        ", ",
        bytes,
        ")");
  }

  private static Fragment number(String name, List<Fragment> arguments) throws SqlServerError {
    Fragment first = arguments.isEmpty() ? null : numeric(arguments.get(0));
    switch (name) {
      case "PI":
        return Fragment.of("PI()", ExpressionType.of(Kind.FLOAT).notNull());
      case "ABS", "SIGN":
        return sameType(first, name + "(", first, ")");
      case "FLOOR", "CEILING":
        return sameType(first, name + "(", first, ")");
      case "ROUND":
        return round(first, arguments);
      case "POWER":
        return sameType(first, "POWER(", first, ", ", numeric(arguments.get(1)), ")");
      case "SQUARE":
        return asFloat("POWER(", first, ", 2)");
      case "LOG":
        return arguments.size() == 1
            ? asFloat("LN(", first, ")")
            : asFloat("LOG(", numeric(arguments.get(1)), ", ", first, ")");
      case "ATN2":
        return asFloat("ATAN2(", first, ", ", numeric(arguments.get(1)), ")");
      case "SQRT",
      "EXP",
      "LOG10",
      "SIN",
      "COS",
      "TAN",
      "ASIN",
      "ACOS",
      "ATAN",
      "RADIANS",
      "DEGREES":
        return asFloat(name + "(", first, ")");
      default:
        throw Errors.unknownFunction(name);
    }
  }

  private static Fragment numeric(Fragment value) throws SqlServerError {
    return value.type().isText() ? ConversionEmitter.cast(value, SqlTypes.FLOAT) : value;
  }

  private static Fragment asFloat(Object... parts) {
    return Fragment.concat(ExpressionType.of(Kind.FLOAT), parts);
  }

  /** T-SQL's result has the argument's type where H2 answers DOUBLE or another scale. */
  private static Fragment sameType(Fragment first, Object... parts) {
    Fragment result = Fragment.concat(first.type(), parts);
    return first.type().isKnown()
        ? ConversionEmitter.plainCast(result, first.type().type())
        : result;
  }

  /** The third argument, if it is not 0, truncates. */
  private static Fragment round(Fragment value, List<Fragment> arguments) throws SqlServerError {
    String function = "ROUND(";
    if (arguments.size() == 3) {
      if (!arguments.get(2).sql().matches("[0-9]+")) {
        throw Errors.unsupported("ROUND with a third argument that is not a number");
      }
      function = arguments.get(2).sql().equals("0") ? "ROUND(" : "TRUNC(";
    }
    return sameType(value, function, value, ", ", arguments.get(1), ")");
  }

  private Fragment aggregate(String name, FunctionCall call) throws SqlServerError {
    String distinct = call.distinct() ? "DISTINCT " : "";
    if (name.equals("COUNT") || name.equals("COUNT_BIG")) {
      Fragment argument =
          call.star() ? Fragment.of("*") : expressions.value(call.arguments().get(0));
      ExpressionType type = ExpressionType.of(Kind.BIGINT).notNull();
      return Fragment.concat(type, "COUNT(" + distinct, argument, ")");
    }
    Fragment argument = expressions.value(call.arguments().get(0));
    if (name.equals("STRING_AGG")) {
      return stringAggregate(call, argument);
    }
    ExpressionType type = argument.type();
    boolean sums = !name.equals("MIN") && !name.equals("MAX");
    if (type.isKind(Kind.BIT) || (sums && type.isKnown() && !type.isNumeric())) {
      throw new SqlServerError(
          8117,
          16,
          1,
          "Operand data type "
              + SqlTypes.name(type.type())
              + " is invalid for "
              + name.toLowerCase(Locale.ROOT)
              + " operator.");
    }
    String function =
        switch (name) {
          case "STDEV" -> "STDDEV_SAMP";
          case "STDEVP" -> "STDDEV_POP";
          case "VAR" -> "VAR_SAMP";
          case "VARP" -> "VAR_POP";
          default -> name;
        };
    if (type.isKind(Kind.UNIQUEIDENTIFIER)) {
      argument = ExpressionEmitter.orderedGuid(argument);
    }
    return Fragment.concat(type.withNullable(true), function + "(" + distinct, argument, ")");
  }

  private Fragment stringAggregate(FunctionCall call, Fragment argument) throws SqlServerError {
    Fragment order =
        call.withinGroup().isEmpty()
            ? Fragment.of("")
            : Fragment.concat(
                ExpressionType.UNKNOWN,
                " WITHIN GROUP (ORDER BY ",
                expressions.orderItems(call.withinGroup()),
                ")");
    boolean national = !argument.type().isText() || SqlTypes.isNational(argument.type().type());
    SqlType type = SqlType.ofLength(national ? Kind.NVARCHAR : Kind.VARCHAR, SqlType.MAX);
    return Fragment.concat(
        ExpressionType.of(type),
        "LISTAGG(",
        argument,
        ", ",
        expressions.value(call.arguments().get(1)),
        ")",
        order);
  }

  /** An aggregate with T-SQL's result type; for windows it goes around OVER. */
  private static Fragment typed(String name, Fragment aggregate) {
    return switch (name) {
      case "COUNT" -> ConversionEmitter.plainCast(aggregate, SqlTypes.INT);
      case "SUM", "AVG" -> sumType(name, aggregate);
      case "STDEV", "STDEVP", "VAR", "VARP" ->
          ConversionEmitter.plainCast(aggregate, SqlTypes.FLOAT);
      case "MIN", "MAX" ->
          aggregate.type().isKind(Kind.UNIQUEIDENTIFIER)
              ? Fragment.concat(
                  aggregate.type(), H2Names.alias("UUID_UNORDERED"), "(", aggregate, ")")
              : aggregate;
      default -> aggregate;
    };
  }

  private static Fragment sumType(String name, Fragment aggregate) {
    SqlType type = aggregate.type().type();
    if (type == null) {
      return aggregate;
    }
    if (SqlTypes.isInteger(type)) {
      SqlType result = type.kind() == Kind.BIGINT ? SqlTypes.BIGINT : SqlTypes.INT;
      // The average of integers is an integer, cut towards zero.
      Fragment exact =
          name.equals("AVG")
              ? Fragment.concat(aggregate.type(), "TRUNC(", aggregate, ", 0)")
              : aggregate;
      return ConversionEmitter.plainCast(exact, result);
    }
    if (SqlTypes.isDecimal(type)) {
      int scale = name.equals("AVG") ? Math.max(type.scale(), 6) : type.scale();
      return ConversionEmitter.plainCast(aggregate, SqlType.decimal(type.kind(), 38, scale));
    }
    return ConversionEmitter.plainCast(
        aggregate, SqlTypes.isMoney(type) ? SqlType.of(Kind.MONEY) : SqlTypes.FLOAT);
  }

  private Fragment windowed(Fragment core, Over over) throws SqlServerError {
    List<Object> parts = new ArrayList<>();
    parts.add(core);
    parts.add(" OVER (");
    if (!over.partitionBy().isEmpty()) {
      parts.add("PARTITION BY ");
      parts.add(Fragment.join(expressions.values(over.partitionBy()), ", "));
    }
    if (!over.orderBy().isEmpty()) {
      parts.add(over.partitionBy().isEmpty() ? "ORDER BY " : " ORDER BY ");
      parts.add(expressions.orderItems(over.orderBy()));
    }
    if (over.frame() != null) {
      parts.add(" " + over.frame());
    }
    parts.add(")");
    return Fragment.concat(core.type(), parts.toArray());
  }
}
