package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;

/** Emits the functions of text and bytes. */
final class TextFunctionEmitter {

  private static final SqlType NVARCHAR_MAX = SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX);

  private TextFunctionEmitter() {}

  /** The call, or null when it is none of text. */
  static Fragment emit(String name, List<Fragment> arguments) throws SqlServerError {
    switch (name) {
      case "LEN":
        return length(arguments.get(0));
      case "DATALENGTH":
        return dataLength(arguments.get(0));
      case "UPPER", "LOWER":
        return likeFirst(arguments, name);
      case "LTRIM", "RTRIM", "TRIM":
        return likeFirst(arguments, name);
      case "LEFT", "RIGHT":
        return part(name, arguments);
      case "SUBSTRING":
        return substring(arguments);
      case "CHARINDEX":
        return charIndex(arguments);
      case "REPLACE":
        return replace(arguments);
      case "STUFF", "REPLICATE", "REVERSE":
        return alias(name, arguments);
      case "SPACE":
        return FunctionEmitter.ignoringCase(
            Fragment.concat(
                ExpressionType.of(SqlType.ofLength(Kind.VARCHAR, 8000)),
                H2Names.alias("REPLICATE"),
                "(' ', ",
                arguments.get(0),
                ")"));
      case "CONCAT", "CONCAT_WS":
        return concat(name, arguments);
      case "ASCII", "UNICODE":
        return Fragment.concat(
            ExpressionType.of(Kind.INT), H2Names.alias(name), "(", text(arguments.get(0)), ")");
      case "CHAR", "NCHAR":
        SqlType type = SqlType.ofLength(name.equals("CHAR") ? Kind.VARCHAR : Kind.NVARCHAR, 1);
        return FunctionEmitter.ignoringCase(
            Fragment.concat(
                ExpressionType.of(type), H2Names.alias(name), "(", arguments.get(0), ")"));
      default:
        return null;
    }
  }

  /** Numbers, dates and so on as text; text and what is not known stays. */
  private static Fragment text(Fragment value) throws SqlServerError {
    return !value.type().isKnown() || value.type().isText()
        ? value
        : ConversionEmitter.cast(value, NVARCHAR_MAX);
  }

  /** Trailing spaces do not count. */
  private static Fragment length(Fragment value) throws SqlServerError {
    Fragment length =
        value.type().isBinary()
            ? Fragment.concat(value.type(), "OCTET_LENGTH(", value, ")")
            : Fragment.concat(value.type(), "CHAR_LENGTH(RTRIM(", text(value), "))");
    return counted(length, value);
  }

  /** BIGINT for (max) types, otherwise INT. */
  private static Fragment counted(Fragment length, Fragment value) {
    boolean max = value.type().isKnown() && value.type().type().length() == SqlType.MAX;
    SqlType result = max ? SqlTypes.BIGINT : SqlTypes.INT;
    return Fragment.concat(
        ExpressionType.of(result), "CAST(", length, " AS " + SqlTypes.h2Value(result) + ")");
  }

  private static Fragment dataLength(Fragment value) {
    ExpressionType type = value.type();
    if (type.isBinary()) {
      return counted(Fragment.concat(type, "OCTET_LENGTH(", value, ")"), value);
    }
    if (type.isText()) {
      String factor = SqlTypes.isNational(type.type()) ? "2 * " : "";
      return counted(Fragment.concat(type, factor + "CHAR_LENGTH(", value, ")"), value);
    }
    String bytes = type.isKnown() ? Integer.toString(storageBytes(type.type())) : null;
    return bytes == null
        ? Fragment.concat(ExpressionType.of(Kind.INT), H2Names.alias("DATALENGTH"), "(", value, ")")
        : Fragment.concat(
            ExpressionType.of(Kind.INT),
            "CASE WHEN ",
            value,
            " IS NOT NULL THEN " + bytes + " END");
  }

  /** Bytes of a type of fixed size, as "Data types (Transact-SQL)" lists them. */
  private static int storageBytes(SqlType type) {
    return switch (type.kind()) {
      case BIT, TINYINT -> 1;
      case SMALLINT -> 2;
      case INT, REAL, SMALLMONEY, SMALLDATETIME -> 4;
      case DATE -> 3;
      case DECIMAL, NUMERIC ->
          type.precision() <= 9 ? 5 : type.precision() <= 19 ? 9 : type.precision() <= 28 ? 13 : 17;
      case TIME -> timeBytes(type.scale());
      case DATETIME2 -> timeBytes(type.scale()) + 3;
      case DATETIMEOFFSET -> timeBytes(type.scale()) + 5;
      case UNIQUEIDENTIFIER -> 16;
      default -> 8;
    };
  }

  private static int timeBytes(int scale) {
    return scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  }

  private static Fragment likeFirst(List<Fragment> arguments, String function)
      throws SqlServerError {
    Fragment value = text(arguments.get(0));
    return result(value, Fragment.concat(value.type(), function + "(", value, ")"));
  }

  /** Text derived from another one keeps its collation. */
  private static Fragment result(Fragment source, Fragment derived) {
    ExpressionType type = source.type();
    SqlType sqlType = type.isText() ? type.type() : NVARCHAR_MAX;
    if (SqlTypes.isFixedText(sqlType)) {
      sqlType =
          SqlType.ofLength(
              SqlTypes.isNational(sqlType) ? Kind.NVARCHAR : Kind.VARCHAR, sqlType.length());
    }
    if (type.collation().isBinary()) {
      return derived.as(new ExpressionType(sqlType, type.collation(), false, true));
    }
    return Fragment.concat(
        new ExpressionType(sqlType, type.collation(), true, type.nullable()),
        "CAST(",
        derived,
        " AS VARCHAR_IGNORECASE)");
  }

  private static Fragment part(String function, List<Fragment> arguments) throws SqlServerError {
    Fragment value = text(arguments.get(0));
    return result(
        value,
        Fragment.concat(
            value.type(), H2Names.alias(function), "(", value, ", ", arguments.get(1), ")"));
  }

  /** A start below 1 takes characters from the length; H2's own function moves it to 1. */
  private static Fragment substring(List<Fragment> arguments) throws SqlServerError {
    Fragment value = arguments.get(0);
    boolean binary = value.type().isBinary();
    Fragment source = binary ? value : text(value);
    Fragment part =
        Fragment.concat(
            value.type(),
            H2Names.alias(binary ? "SUBSTRING_BINARY" : "SUBSTRING"),
            "(",
            source,
            ", ",
            arguments.get(1),
            ", ",
            arguments.get(2),
            ")");
    return binary
        ? part.as(ExpressionType.of(SqlType.ofLength(Kind.VARBINARY, value.type().type().length())))
        : result(source, part);
  }

  private static String ignoresCase(Fragment... texts) {
    for (Fragment text : texts) {
      if (text.type().collation().isBinary()) {
        return "FALSE";
      }
    }
    return "TRUE";
  }

  private static Fragment charIndex(List<Fragment> arguments) throws SqlServerError {
    Fragment wanted = text(arguments.get(0));
    Fragment value = text(arguments.get(1));
    Fragment start = arguments.size() > 2 ? arguments.get(2) : Fragment.of("1");
    return Fragment.concat(
        ExpressionType.of(Kind.INT),
        H2Names.alias("CHARINDEX"),
        "(",
        wanted,
        ", ",
        value,
        ", ",
        start,
        ", " + ignoresCase(wanted, value) + ")");
  }

  private static Fragment replace(List<Fragment> arguments) throws SqlServerError {
    Fragment value = text(arguments.get(0));
    Fragment from = text(arguments.get(1));
    Fragment to = text(arguments.get(2));
    Fragment longer = value.as(widened(value.type()));
    return result(
        longer,
        Fragment.concat(
            value.type(),
            H2Names.alias("REPLACE"),
            "(",
            value,
            ", ",
            from,
            ", ",
            to,
            ", " + ignoresCase(value, from) + ")"));
  }

  /** The result of a function that can be longer than its argument. */
  private static ExpressionType widened(ExpressionType type) {
    if (!type.isText() || type.type().length() == SqlType.MAX) {
      return type;
    }
    boolean national = SqlTypes.isNational(type.type());
    SqlType widest =
        SqlType.ofLength(national ? Kind.NVARCHAR : Kind.VARCHAR, national ? 4000 : 8000);
    return new ExpressionType(widest, type.collation(), type.ignoresCase(), type.nullable());
  }

  /** An alias whose first argument is text that gives the result its type. */
  private static Fragment alias(String name, List<Fragment> arguments) throws SqlServerError {
    List<Fragment> converted = new ArrayList<>(arguments);
    converted.set(0, text(arguments.get(0)));
    Fragment first = converted.get(0).as(widened(converted.get(0).type()));
    return result(
        first,
        Fragment.concat(
            first.type(), H2Names.alias(name), "(", Fragment.join(converted, ", "), ")"));
  }

  /** NULL counts as empty. */
  private static Fragment concat(String name, List<Fragment> arguments) throws SqlServerError {
    List<Fragment> texts = new ArrayList<>();
    boolean national = false;
    for (Fragment argument : arguments) {
      Fragment text = text(argument);
      texts.add(text);
      national |= argument.type().isText() && SqlTypes.isNational(argument.type().type());
    }
    SqlType type =
        national ? SqlType.ofLength(Kind.NVARCHAR, 4000) : SqlType.ofLength(Kind.VARCHAR, 8000);
    return FunctionEmitter.ignoringCase(
        Fragment.concat(
            ExpressionType.of(type).notNull(), name + "(", Fragment.join(texts, ", "), ")"));
  }
}
