package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ColumnDefinition;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Identity;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.IndexColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableElements;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses columns and constraints of tables. */
final class TableDefinitionParser {

  private static final Set<String> CONSTRAINT_WORDS =
      Set.of("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "DEFAULT");
  private static final Set<String> IGNORED_OPTIONS =
      Set.of(
          "PAD_INDEX",
          "FILLFACTOR",
          "STATISTICS_NORECOMPUTE",
          "ALLOW_ROW_LOCKS",
          "ALLOW_PAGE_LOCKS",
          "ONLINE",
          "SORT_IN_TEMPDB",
          "MAXDOP",
          "DATA_COMPRESSION",
          "OPTIMIZE_FOR_SEQUENTIAL_KEY");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final TypeParser types;

  TableDefinitionParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
    this.types = new TypeParser(tokens);
  }

  TableElements parenthesizedElements() throws SqlServerError {
    tokens.expectSymbol("(");
    TableElements elements = elements();
    tokens.expectSymbol(")");
    return elements;
  }

  /** Columns and constraints between commas. */
  TableElements elements() throws SqlServerError {
    List<ColumnDefinition> columns = new ArrayList<>();
    List<TableConstraint> constraints = new ArrayList<>();
    do {
      if (tokens.atSymbol(")")) {
        break; // SQL Server accepts a comma behind the last element
      }
      if (tokens.peek().kind() == Token.Kind.WORD
          && CONSTRAINT_WORDS.contains(tokens.peek().upperCase())) {
        constraints.add(constraint(constraintName(), null));
      } else if (tokens.atWord("INDEX") || tokens.atWords("PERIOD", "FOR")) {
        throw Errors.unsupported(tokens.peek().upperCase() + " in a table definition");
      } else {
        columns.add(column(constraints));
      }
    } while (tokens.acceptSymbol(","));
    if (columns.isEmpty() && constraints.isEmpty()) {
      throw tokens.syntaxError();
    }
    return new TableElements(columns, constraints);
  }

  /** {@code name type [COLLATE c] [NULL | NOT NULL]} of ALTER COLUMN. */
  ColumnDefinition alteredColumn() throws SqlServerError {
    String name = tokens.expectName();
    ColumnBuilder column = new ColumnBuilder(name, types.parse(1));
    if (tokens.acceptWord("COLLATE")) {
      column.collation = tokens.expectName();
    }
    nullability(column);
    return column.build();
  }

  private ColumnDefinition column(List<TableConstraint> constraints) throws SqlServerError {
    String name = tokens.expectName();
    if (tokens.acceptWord("AS")) {
      tokens.expectSymbol("(");
      Expression computed = expressions.value();
      tokens.expectSymbol(")");
      ColumnBuilder column = new ColumnBuilder(name, null);
      column.computed = computed;
      if (tokens.acceptWord("PERSISTED")) {
        nullability(column);
      }
      return column.build();
    }
    ColumnBuilder column = new ColumnBuilder(name, types.parse(1));
    while (columnOption(column, constraints)) {}
    return column.build();
  }

  private boolean columnOption(ColumnBuilder column, List<TableConstraint> constraints)
      throws SqlServerError {
    if (nullability(column)) {
      return true;
    }
    if (tokens.acceptWord("COLLATE")) {
      column.collation = tokens.expectName();
      return true;
    }
    if (tokens.acceptWord("IDENTITY")) {
      column.identity = identity();
      return true;
    }
    if (tokens.acceptWord("WITH")) {
      tokens.expectWord("VALUES");
      return true;
    }
    for (String word : List.of("SPARSE", "ROWGUIDCOL", "MASKED", "ENCRYPTED", "GENERATED")) {
      if (tokens.atWord(word)) {
        throw Errors.unsupported("the column option " + word);
      }
    }
    String constraintName = constraintName();
    if (tokens.acceptWord("DEFAULT")) {
      column.defaultName = constraintName;
      column.defaultValue = expressions.value();
      return true;
    }
    boolean constraint =
        List.of("PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "REFERENCES").stream()
            .anyMatch(tokens::atWord);
    if (constraint) {
      if (tokens.atWord("PRIMARY")) {
        column.nullable = false;
      }
      constraints.add(constraint(constraintName, column.name));
    } else if (constraintName != null) {
      throw tokens.syntaxError();
    }
    return constraint;
  }

  private boolean nullability(ColumnBuilder column) throws SqlServerError {
    if (tokens.acceptWord("NOT")) {
      tokens.expectWord("NULL");
      column.nullable = false;
    } else if (!tokens.acceptWord("NULL")) {
      return false;
    }
    column.nullabilityGiven = true;
    return true;
  }

  private Identity identity() throws SqlServerError {
    long seed = 1;
    long increment = 1;
    if (tokens.acceptSymbol("(")) {
      seed = tokens.expectInteger();
      tokens.expectSymbol(",");
      increment = tokens.expectInteger();
      tokens.expectSymbol(")");
    }
    if (tokens.atWords("NOT", "FOR")) {
      throw Errors.unsupported("NOT FOR REPLICATION");
    }
    return new Identity(seed, increment);
  }

  private String constraintName() throws SqlServerError {
    return tokens.acceptWord("CONSTRAINT") ? tokens.expectName() : null;
  }

  /**
   * A constraint behind its name.
   *
   * @param column the column it stands beside, or null when it stands by itself
   */
  private TableConstraint constraint(String name, String column) throws SqlServerError {
    if (tokens.acceptWords("PRIMARY", "KEY")) {
      return new TableConstraint.PrimaryKey(name, keyColumns(column));
    }
    if (tokens.acceptWord("UNIQUE")) {
      return new TableConstraint.Unique(name, keyColumns(column));
    }
    if (tokens.acceptWord("CHECK")) {
      if (tokens.atWords("NOT", "FOR")) {
        throw Errors.unsupported("NOT FOR REPLICATION");
      }
      tokens.expectSymbol("(");
      Expression.Condition condition = expressions.condition();
      tokens.expectSymbol(")");
      return new TableConstraint.Check(name, condition);
    }
    if (tokens.acceptWords("FOREIGN", "KEY")) {
      List<String> columns =
          column != null && !tokens.atSymbol("(") ? List.of(column) : tokens.expectNameList();
      return foreignKey(name, columns);
    }
    if (column != null && tokens.atWord("REFERENCES")) {
      return foreignKey(name, List.of(column));
    }
    tokens.expectWord("DEFAULT");
    Expression value = expressions.value();
    tokens.expectWord("FOR");
    return new TableConstraint.Default(name, tokens.expectName(), value);
  }

  private List<IndexColumn> keyColumns(String column) throws SqlServerError {
    if (!tokens.acceptWord("CLUSTERED")) {
      tokens.acceptWord("NONCLUSTERED");
    }
    List<IndexColumn> columns =
        column == null || tokens.atSymbol("(")
            ? indexColumns()
            : List.of(new IndexColumn(column, false));
    indexOptions();
    return columns;
  }

  private TableConstraint foreignKey(String name, List<String> columns) throws SqlServerError {
    tokens.expectWord("REFERENCES");
    ObjectName referenced = tokens.expectObjectName();
    List<String> referencedColumns = tokens.atSymbol("(") ? tokens.expectNameList() : List.of();
    String onDelete = null;
    String onUpdate = null;
    while (tokens.acceptWord("ON")) {
      if (tokens.expectOneOf(Set.of("DELETE", "UPDATE")).equals("DELETE")) {
        onDelete = referentialAction();
      } else {
        onUpdate = referentialAction();
      }
    }
    return new TableConstraint.ForeignKey(
        name, columns, referenced, referencedColumns, onDelete, onUpdate);
  }

  private String referentialAction() throws SqlServerError {
    if (tokens.acceptWord("CASCADE")) {
      return "CASCADE";
    }
    if (tokens.acceptWord("SET")) {
      return "SET " + tokens.expectOneOf(Set.of("NULL", "DEFAULT"));
    }
    tokens.expectWords("NO", "ACTION");
    return "NO ACTION";
  }

  /** {@code (a, b DESC)}. */
  List<IndexColumn> indexColumns() throws SqlServerError {
    List<IndexColumn> columns = new ArrayList<>();
    tokens.expectSymbol("(");
    do {
      String name = tokens.expectName();
      boolean descending = tokens.acceptWord("DESC");
      if (!descending) {
        tokens.acceptWord("ASC");
      }
      columns.add(new IndexColumn(name, descending));
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    return columns;
  }

  /** WITH (...) and ON filegroup behind an index or key: storage only, without effect. */
  void indexOptions() throws SqlServerError {
    if (tokens.atWord("WITH") && tokens.peek(1).isSymbol("(")) {
      tokens.next();
      optionList();
    }
    filegroup("ON");
  }

  /** What may stand behind the columns of CREATE TABLE. */
  void tableOptions() throws SqlServerError {
    filegroup("ON");
    filegroup("TEXTIMAGE_ON");
    if (tokens.acceptWord("WITH")) {
      optionList();
    }
  }

  private void filegroup(String word) throws SqlServerError {
    Token behind = tokens.peek(1);
    if (tokens.atWord(word)
        && (behind.kind() == Token.Kind.QUOTED_NAME || behind.isWord("PRIMARY"))) {
      tokens.next();
      tokens.next();
      if (tokens.atSymbol("(")) {
        throw Errors.unsupported("partition schemes");
      }
    }
  }

  /** WITH of a spatial index; BOUNDING_BOX must be there. */
  void spatialOptions() throws SqlServerError {
    if (!tokens.atWord("WITH")) {
      throw boundingBox("is missing");
    }
    tokens.next();
    tokens.expectSymbol("(");
    boolean bounded = false;
    do {
      String option = tokens.next().upperCase();
      tokens.expectSymbol("=");
      if (option.equals("BOUNDING_BOX")) {
        boundingBox();
        bounded = true;
      } else if (option.equals("CELLS_PER_OBJECT")) {
        tokens.expectInteger();
      } else if (!IGNORED_OPTIONS.contains(option)) {
        throw Errors.unsupported("the option " + option + " of a spatial index");
      } else {
        tokens.next();
      }
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
    if (!bounded) {
      throw boundingBox("is missing");
    }
  }

  private static SqlServerError boundingBox(String what) {
    return new SqlServerError(
        12015, 16, 1, "The index option BOUNDING_BOX of a spatial index of geometry " + what + ".");
  }

  /** {@code (xmin, ymin, xmax, ymax)}, each perhaps behind {@code XMIN =}. */
  private void boundingBox() throws SqlServerError {
    tokens.expectSymbol("(");
    double[] bounds = new double[4];
    for (int i = 0; i < bounds.length; i++) {
      if (i > 0) {
        tokens.expectSymbol(",");
      }
      if (tokens.peek(1).isSymbol("=")) {
        String expected = List.of("XMIN", "YMIN", "XMAX", "YMAX").get(i);
        tokens.expectWord(expected);
        tokens.expectSymbol("=");
      }
      double sign = tokens.acceptSymbol("-") ? -1 : 1;
      if (tokens.peek().kind() != Token.Kind.NUMBER) {
        throw tokens.syntaxError();
      }
      bounds[i] = sign * Double.parseDouble(tokens.next().text());
    }
    tokens.expectSymbol(")");
    if (bounds[0] >= bounds[2] || bounds[1] >= bounds[3]) {
      throw boundingBox("has no area: each minimum must be below its maximum");
    }
  }

  private void optionList() throws SqlServerError {
    tokens.expectSymbol("(");
    do {
      String option = tokens.next().upperCase();
      tokens.expectSymbol("=");
      String value = tokens.next().upperCase();
      boolean harmless =
          IGNORED_OPTIONS.contains(option)
              || (Set.of("IGNORE_DUP_KEY", "DROP_EXISTING").contains(option)
                  && value.equals("OFF"));
      if (!harmless) {
        throw Errors.unsupported("the option " + option + " = " + value);
      }
    } while (tokens.acceptSymbol(","));
    tokens.expectSymbol(")");
  }

  /** A column while its options, which come in any order, are read. */
  private static final class ColumnBuilder {
    private final String name;
    private final SqlType type;
    private boolean nullable = true;
    private boolean nullabilityGiven;
    private Identity identity;
    private Expression defaultValue;
    private String defaultName;
    private String collation;
    private Expression computed;

    ColumnBuilder(String name, SqlType type) {
      this.name = name;
      this.type = type;
    }

    ColumnDefinition build() {
      return new ColumnDefinition(
          name,
          type,
          nullable && identity == null,
          nullabilityGiven,
          identity,
          defaultValue,
          defaultName,
          collation,
          computed);
    }
  }
}
