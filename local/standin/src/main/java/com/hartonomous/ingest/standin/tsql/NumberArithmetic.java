package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.Expression.Binary;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryOperator;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;

/** Arithmetic on numbers with T-SQL's result types. */
final class NumberArithmetic {

  private NumberArithmetic() {}

  /**
   * An operation on two values of known type of which at least one is a number.
   *
   * @throws SqlServerError 402 when the operator does not take these types
   */
  static Fragment emit(Binary binary, Fragment left, Fragment right, boolean nullable)
      throws SqlServerError {
    SqlType common = SqlTypes.common(left.type().type(), right.type().type());
    if (!SqlTypes.isNumeric(common)) {
      throw new SqlServerError(
          402,
          16,
          1,
          "The data types "
              + SqlTypes.name(left.type().type())
              + " and "
              + SqlTypes.name(right.type().type())
              + " are incompatible in the '"
              + binary.operator().symbol()
              + "' operator.");
    }
    Fragment a = asNumber(left, common);
    Fragment b = asNumber(right, common);
    return switch (binary.operator()) {
      case BIT_AND -> bits("BITAND", a, b, common, nullable);
      case BIT_OR -> bits("BITOR", a, b, common, nullable);
      case BIT_XOR -> bits("BITXOR", a, b, common, nullable);
      default -> arithmetic(binary, a, b, common, nullable);
    };
  }

  /** Text and binaries become numbers; BIT becomes one that H2 can calculate with. */
  private static Fragment asNumber(Fragment operand, SqlType common) throws SqlServerError {
    SqlType type = operand.type().type();
    if (type.kind() == Kind.BIT) {
      return ConversionEmitter.plainCast(operand, SqlType.of(Kind.SMALLINT));
    }
    return SqlTypes.isNumeric(type) ? operand : ConversionEmitter.cast(operand, common);
  }

  private static Fragment bits(
      String function, Fragment a, Fragment b, SqlType common, boolean nullable)
      throws SqlServerError {
    if (!SqlTypes.isInteger(common) && common.kind() != Kind.BIT) {
      throw new SqlServerError(
          402, 16, 1, "The data types are incompatible in the '" + function + "' operator.");
    }
    Fragment result =
        Fragment.concat(
            ExpressionType.of(SqlType.of(Kind.SMALLINT)), function + "(", a, ", ", b, ")");
    return common.kind() == Kind.BIT
        ? ConversionEmitter.plainCast(result, common)
        : result.as(ExpressionType.of(common).withNullable(nullable));
  }

  private static Fragment arithmetic(
      Binary binary, Fragment a, Fragment b, SqlType common, boolean nullable) {
    BinaryOperator operator = binary.operator();
    String symbol = " " + operator.symbol() + " ";
    if (SqlTypes.isFloat(common)) {
      ExpressionType type = ExpressionType.of(common).withNullable(nullable);
      return Fragment.concat(
          type,
          "(CAST(",
          a,
          " AS " + SqlTypes.h2Value(common) + ")" + symbol + "CAST(",
          b,
          " AS " + SqlTypes.h2Value(common) + "))");
    }
    if (SqlTypes.isMoney(common)) {
      return ConversionEmitter.plainCast(
          Fragment.concat(ExpressionType.of(common).withNullable(nullable), "(", a, symbol, b, ")"),
          common);
    }
    if (SqlTypes.isDecimal(common)) {
      SqlType type =
          SqlTypes.decimalResult(operator, decimal(binary.left(), a), decimal(binary.right(), b));
      ExpressionType result = ExpressionType.of(type).withNullable(nullable);
      if (operator != BinaryOperator.DIVIDE) {
        return Fragment.concat(result, "(", a, symbol, b, ")");
      }
      // T-SQL cuts the quotient where H2 goes on: 2.0/3 is 0.666666.
      return Fragment.concat(
          result,
          "CAST(TRUNC(CAST(",
          a,
          " AS NUMERIC(38, " + type.scale() + "))" + symbol,
          b,
          ", " + type.scale() + ") AS " + SqlTypes.h2Value(type) + ")");
    }
    return Fragment.concat(
        ExpressionType.of(common).withNullable(nullable), "(", a, symbol, b, ")");
  }

  /** An integer literal counts with its own digits, anything else with its type's range. */
  private static SqlType decimal(Expression expression, Fragment fragment) {
    if (expression instanceof NumberLiteral literal && literal.isInteger()) {
      return SqlType.decimal(Kind.DECIMAL, literal.text().length(), 0);
    }
    return SqlTypes.asDecimal(fragment.type().type());
  }
}
