package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.Comparator;
import com.hartonomous.ingest.standin.tsql.Expression.Comparison;
import com.hartonomous.ingest.standin.tsql.Expression.MethodCall;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.StaticMethodCall;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Emits the methods of GEOMETRY. Their names are case-sensitive, as all of .NET. A comparison of a
 * method that an index helps with asks H2 for the rectangles ({@code &&}) first: H2 answers that
 * from a spatial index.
 */
final class SpatialEmitter {

  private static final SqlType GEOMETRY = SqlType.of(Kind.GEOMETRY);
  private static final SqlType TEXT = SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX);
  private static final SqlType BYTES = SqlType.ofLength(Kind.VARBINARY, SqlType.MAX);

  /**
   * A property or method.
   *
   * @param arguments geometries that it takes; -1 for a property
   */
  private record Member(String alias, SqlType type, int arguments, String constants) {}

  private static final Map<String, Member> MEMBERS =
      Map.ofEntries(
          property("STX", "GEOMETRY_X", SqlType.of(Kind.FLOAT)),
          property("STY", "GEOMETRY_Y", SqlType.of(Kind.FLOAT)),
          property("Z", "GEOMETRY_Z", SqlType.of(Kind.FLOAT)),
          property("M", "GEOMETRY_M", SqlType.of(Kind.FLOAT)),
          property("STSrid", "GEOMETRY_SRID", SqlType.of(Kind.INT)),
          method("STAsText", "GEOMETRY_WKT", TEXT, 0, ", FALSE"),
          method("AsTextZM", "GEOMETRY_WKT", TEXT, 0, ", TRUE"),
          method("ToString", "GEOMETRY_WKT", TEXT, 0, ", TRUE"),
          method("STAsBinary", "GEOMETRY_WKB", BYTES, 0, ""),
          method("STGeometryType", "GEOMETRY_KIND", SqlType.ofLength(Kind.NVARCHAR, 4000), 0, ""),
          method("STNumPoints", "GEOMETRY_POINTS", SqlType.of(Kind.INT), 0, ""),
          method("STIsEmpty", "GEOMETRY_IS_EMPTY", SqlType.of(Kind.BIT), 0, ""),
          method("STIsValid", "GEOMETRY_IS_VALID", SqlType.of(Kind.BIT), 0, ""),
          method("STDistance", "GEOMETRY_DISTANCE", SqlType.of(Kind.FLOAT), 1, ""),
          method("STIntersects", "GEOMETRY_INTERSECTS", SqlType.of(Kind.BIT), 1, ""),
          method("Filter", "GEOMETRY_INTERSECTS", SqlType.of(Kind.BIT), 1, ""),
          method("STWithin", "GEOMETRY_WITHIN", SqlType.of(Kind.BIT), 1, ""),
          method("STContains", "GEOMETRY_CONTAINS", SqlType.of(Kind.BIT), 1, ""),
          method("STEquals", "GEOMETRY_EQUALS", SqlType.of(Kind.BIT), 1, ""));

  /** What is true only where the rectangles meet. */
  private static final Set<String> INDEXED =
      Set.of("STIntersects", "Filter", "STWithin", "STContains", "STEquals");

  private static final Map<String, String> FROM_TEXT =
      Map.of(
          "STGeomFromText", "",
          "STPointFromText", "POINT",
          "STLineFromText", "LINESTRING",
          "STPolyFromText", "POLYGON");

  private final ExpressionEmitter expressions;

  SpatialEmitter(ExpressionEmitter expressions) {
    this.expressions = expressions;
  }

  private static Map.Entry<String, Member> property(String name, String alias, SqlType type) {
    return Map.entry(name, new Member(alias, type, -1, ""));
  }

  private static Map.Entry<String, Member> method(
      String name, String alias, SqlType type, int arguments, String constants) {
    return Map.entry(name, new Member(alias, type, arguments, constants));
  }

  /** True for what stands behind a point and before a parenthesis and is no function. */
  static boolean isMethod(String name) {
    return MEMBERS.containsKey(name) && MEMBERS.get(name).arguments() >= 0;
  }

  /** The property that a name with points may mean: {@code column.STX}. */
  Optional<Fragment> property(ColumnReference reference) throws SqlServerError {
    Member member = MEMBERS.get(reference.column());
    if (reference.parts().size() < 2 || member == null || member.arguments() >= 0) {
      return Optional.empty();
    }
    Fragment owner;
    try {
      owner =
          expressions
              .scope()
              .resolve(
                  new ColumnReference(reference.parts().subList(0, reference.parts().size() - 1)));
    } catch (SqlServerError e) {
      return Optional.empty(); // no column: the last part is one of a table
    }
    return owner.type().isKind(Kind.GEOMETRY)
        ? Optional.of(call(member, owner, List.of()))
        : Optional.empty();
  }

  Fragment emit(MethodCall call) throws SqlServerError {
    Fragment owner = expressions.value(call.target());
    Member member = MEMBERS.get(call.name());
    if (member == null || (member.arguments() < 0) != (call.arguments() == null)) {
      throw new SqlServerError(
          6506,
          16,
          10,
          "Could not find method or property '"
              + call.name()
              + "' for type 'geometry': the stand-in knows "
              + MEMBERS.keySet().stream().sorted().toList()
              + ".");
    }
    List<Expression> arguments = call.arguments() == null ? List.of() : call.arguments();
    requireGeometry(owner, call.name());
    requireCount(arguments, Math.max(member.arguments(), 0), call.name());
    return call(member, owner, geometries(arguments));
  }

  private static void requireGeometry(Fragment owner, String name) throws SqlServerError {
    // Of a change table's columns only H2 knows the types.
    if (owner.type().isKnown() && !owner.type().isKind(Kind.GEOMETRY)) {
      throw new SqlServerError(
          258, 15, 1, "Cannot call methods on a value that is no geometry: '" + name + "'.");
    }
  }

  private static void requireCount(List<Expression> arguments, int count, String name)
      throws SqlServerError {
    if (arguments.size() != count) {
      throw new SqlServerError(
          174, 15, 1, "The " + name + " function requires " + count + " argument(s).");
    }
  }

  private List<Fragment> geometries(List<Expression> arguments) throws SqlServerError {
    List<Fragment> fragments = new ArrayList<>();
    for (Expression argument : arguments) {
      fragments.add(ConversionEmitter.assign(expressions.value(argument), GEOMETRY));
    }
    return fragments;
  }

  private static Fragment call(Member member, Fragment owner, List<Fragment> arguments) {
    Fragment sql = owner;
    for (Fragment argument : arguments) {
      sql = Fragment.concat(ExpressionType.UNKNOWN, sql, ", ", argument);
    }
    return Fragment.concat(
        ExpressionType.of(member.type()),
        H2Names.alias(member.alias()) + "(",
        sql,
        member.constants() + ")");
  }

  /** {@code geometry::Point(x, y, srid)} and its like. */
  Fragment emit(StaticMethodCall call) throws SqlServerError {
    if (!call.type().equalsIgnoreCase("geometry")) {
      throw Errors.unsupported("the data type '" + call.type() + "'");
    }
    List<Expression> arguments = call.arguments();
    SqlType number = SqlType.of(Kind.FLOAT);
    SqlType integer = SqlType.of(Kind.INT);
    if (call.name().equals("Point")) {
      requireCount(arguments, 3, call.name());
      return geometry(
          Fragment.concat(
              ExpressionType.UNKNOWN,
              H2Names.alias("GEOMETRY_POINT") + "(",
              as(arguments.get(0), number),
              ", ",
              as(arguments.get(1), number),
              ", ",
              as(arguments.get(2), integer),
              ")"));
    }
    boolean parse = call.name().equals("Parse");
    if (!parse && !FROM_TEXT.containsKey(call.name())) {
      throw Errors.unsupported("the method 'geometry::" + call.name() + "'");
    }
    requireCount(arguments, parse ? 1 : 2, call.name());
    return geometry(
        Fragment.concat(
            ExpressionType.UNKNOWN,
            H2Names.alias("GEOMETRY_FROM_TEXT") + "(",
            as(arguments.get(0), TEXT),
            ", ",
            parse ? Fragment.of("0") : as(arguments.get(1), integer),
            ", " + H2Names.literal(parse ? "" : FROM_TEXT.get(call.name())) + ")"));
  }

  private Fragment as(Expression argument, SqlType type) throws SqlServerError {
    return ConversionEmitter.cast(expressions.value(argument), type);
  }

  private static Fragment geometry(Fragment ewkb) {
    return Fragment.concat(ExpressionType.of(GEOMETRY), "CAST(", ewkb, " AS GEOMETRY)");
  }

  /** A value of another type as a geometry. */
  static Fragment converted(Fragment x) throws SqlServerError {
    if (x.type().isBinary()) {
      return geometry(
          Fragment.concat(
              ExpressionType.UNKNOWN, H2Names.alias("GEOMETRY_FROM_CLR") + "(", x, ")"));
    }
    if (x.type().isText()) {
      return geometry(
          Fragment.concat(
              ExpressionType.UNKNOWN,
              H2Names.alias("GEOMETRY_FROM_TEXT") + "(CAST(",
              x,
              " AS VARCHAR), 0, '')"));
    }
    throw new SqlServerError(
        206,
        16,
        2,
        "Operand type clash: " + SqlTypes.name(x.type().type()) + " is incompatible with geometry");
  }

  /** A geometry as SQL Server's bytes. */
  static Fragment bytes(Fragment x) {
    return Fragment.concat(
        ExpressionType.of(BYTES), H2Names.alias("GEOMETRY_TO_CLR") + "(", x, ")");
  }

  /** The comparisons that an index helps with; empty for all others. */
  Optional<Fragment> comparison(Comparison comparison) throws SqlServerError {
    Optional<Fragment> straight =
        comparison(comparison.comparator(), comparison.left(), comparison.right());
    return straight.isPresent()
        ? straight
        : comparison(mirrored(comparison.comparator()), comparison.right(), comparison.left());
  }

  private static Comparator mirrored(Comparator comparator) {
    return switch (comparator) {
      case LESS -> Comparator.GREATER;
      case LESS_OR_EQUAL -> Comparator.GREATER_OR_EQUAL;
      case GREATER -> Comparator.LESS;
      case GREATER_OR_EQUAL -> Comparator.LESS_OR_EQUAL;
      default -> comparator;
    };
  }

  private Optional<Fragment> comparison(Comparator comparator, Expression method, Expression value)
      throws SqlServerError {
    if (!(method instanceof MethodCall call)
        || call.arguments() == null
        || call.arguments().size() != 1) {
      return Optional.empty();
    }
    boolean relation =
        INDEXED.contains(call.name())
            && comparator == Comparator.EQUAL
            && value instanceof NumberLiteral number
            && number.text().equals("1");
    boolean distance =
        call.name().equals("STDistance")
            && (comparator == Comparator.LESS || comparator == Comparator.LESS_OR_EQUAL);
    if (!relation && !distance) {
      return Optional.empty();
    }
    Fragment exact = emit(call);
    Fragment owner = expressions.value(call.target());
    Fragment other = geometries(call.arguments()).get(0);
    if (relation) {
      return Optional.of(
          Fragment.concat(
              ExpressionType.UNKNOWN, "((", owner, ") && (", other, ") AND ", exact, " = TRUE)"));
    }
    Fragment limit = as(value, SqlType.of(Kind.FLOAT));
    return Optional.of(
        Fragment.concat(
            ExpressionType.UNKNOWN,
            "((",
            owner,
            ") && CAST(" + H2Names.alias("GEOMETRY_REACH") + "(",
            other,
            ", ",
            limit,
            ") AS GEOMETRY) AND ",
            exact,
            " " + comparator.symbol() + " ",
            limit,
            ")"));
  }
}
