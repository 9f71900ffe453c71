package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.tsql.ControlStatement.Argument;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Block;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Declare;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Execute;
import com.hartonomous.ingest.standin.tsql.ControlStatement.ExecuteString;
import com.hartonomous.ingest.standin.tsql.ControlStatement.If;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Print;
import com.hartonomous.ingest.standin.tsql.ControlStatement.RaiseError;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Return;
import com.hartonomous.ingest.standin.tsql.ControlStatement.SetVariable;
import com.hartonomous.ingest.standin.tsql.ControlStatement.Throw;
import com.hartonomous.ingest.standin.tsql.ControlStatement.TryCatch;
import com.hartonomous.ingest.standin.tsql.ControlStatement.VariableDeclaration;
import com.hartonomous.ingest.standin.tsql.ControlStatement.While;
import com.hartonomous.ingest.standin.tsql.DataStatement.BulkColumn;
import com.hartonomous.ingest.standin.tsql.DataStatement.Delete;
import com.hartonomous.ingest.standin.tsql.DataStatement.Insert;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertBulk;
import com.hartonomous.ingest.standin.tsql.DataStatement.InsertSource;
import com.hartonomous.ingest.standin.tsql.DataStatement.SelectStatement;
import com.hartonomous.ingest.standin.tsql.DataStatement.Update;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterDatabaseSet;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableAdd;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.AlterTableDropColumns;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateIndex;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateTable;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateView;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Drop;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.Identity;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.IndexColumn;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ObjectKind;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.TableConstraint;
import com.hartonomous.ingest.standin.tsql.Expression.BinaryLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.ColumnReference;
import com.hartonomous.ingest.standin.tsql.Expression.NullLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.NumberLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.StringLiteral;
import com.hartonomous.ingest.standin.tsql.Expression.Unary;
import com.hartonomous.ingest.standin.tsql.Expression.Variable;
import com.hartonomous.ingest.standin.tsql.Query.Select;
import com.hartonomous.ingest.standin.tsql.Query.SelectItem;
import com.hartonomous.ingest.standin.tsql.SessionStatement.BeginTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.CommitTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.RollbackTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SaveTransaction;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetIdentityInsert;
import com.hartonomous.ingest.standin.tsql.SessionStatement.SetOption;
import com.hartonomous.ingest.standin.tsql.SessionStatement.Use;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TsqlParserTest {

  private static final SqlType INT = SqlType.of(Kind.INT);

  private static <T> T parse(Class<T> type, String sql) throws SqlServerError {
    List<Statement> statements = TsqlParser.parse(sql);
    assertThat(statements).hasSize(1);
    return type.cast(statements.get(0));
  }

  private static Select select(Statement statement) {
    return (Select) ((SelectStatement) statement).query().body();
  }

  @Test
  void separatesStatementsWithOrWithoutSemicolons() throws Exception {
    assertThat(TsqlParser.parse(" ;; -- nothing\n ; /* x */")).isEmpty();
    assertThat(
            TsqlParser.parse(
                "SELECT 1 SELECT 2; INSERT t VALUES (1) UPDATE t SET a = 1 WHERE b = 2 DELETE t"
                    + " PRINT 'x' COMMIT"))
        .hasSize(7);
  }

  @Test
  void declaresAndSetsVariables() throws Exception {
    assertThat(parse(Declare.class, "DECLARE @a int, @b AS nvarchar(max) = N'x', @c decimal(9, 2)"))
        .isEqualTo(
            new Declare(
                List.of(
                    new VariableDeclaration("@a", INT, null),
                    new VariableDeclaration(
                        "@b",
                        SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
                        new StringLiteral("x", true)),
                    new VariableDeclaration("@c", SqlType.decimal(Kind.DECIMAL, 9, 2), null))));
    assertThat(parse(SetVariable.class, "SET @a += 1").value())
        .isEqualTo(
            new Expression.Binary(
                Expression.BinaryOperator.ADD, new Variable("@a"), new NumberLiteral("1")));
    Select assigning = select(TsqlParser.parse("SELECT @a = a, @b = b FROM t").get(0));
    assertThat(assigning.assignsVariables()).isTrue();
    assertThat(assigning.items())
        .contains(new SelectItem.Assignment("@a", new ColumnReference(List.of("a"))));
  }

  @Test
  void nestsControlFlow() throws Exception {
    If outer =
        parse(
            If.class,
            "IF NOT EXISTS (SELECT 1 FROM t) BEGIN SELECT 1; SELECT 2 END ELSE IF @a > 1 SELECT 3"
                + " ELSE SELECT 4");
    assertThat(((Block) outer.then()).statements()).hasSize(2);
    assertThat(((If) outer.otherwise()).otherwise()).isInstanceOf(SelectStatement.class);
    While loop =
        parse(While.class, "WHILE @i < 3 BEGIN SET @i = @i + 1 IF @i = 2 CONTINUE BREAK END");
    assertThat(((Block) loop.body()).statements()).hasSize(3);
    TryCatch guarded =
        parse(
            TryCatch.class,
            "BEGIN TRY INSERT t VALUES (1); END TRY BEGIN CATCH SELECT ERROR_NUMBER(),"
                + " ERROR_MESSAGE(); THROW; END CATCH");
    assertThat(guarded.attempt()).hasSize(1);
    assertThat(guarded.handler()).contains(new Throw(null, null, null));
    assertThat(parse(Return.class, "RETURN").value()).isNull();
    assertThat(parse(Return.class, "RETURN -1").value()).isInstanceOf(Unary.class);
    assertThat(TsqlParser.parse("RETURN SELECT 1")).hasSize(2);
    assertThat(parse(Print.class, "PRINT N'a' + 'b'").message())
        .isInstanceOf(Expression.Binary.class);
    assertThat(parse(RaiseError.class, "RAISERROR('x %d', 16, 1, @n) WITH NOWAIT, LOG").options())
        .containsExactly("NOWAIT", "LOG");
    assertThat(parse(Throw.class, "THROW 50001, 'm', 1").number())
        .isEqualTo(new NumberLiteral("50001"));
  }

  @Test
  void controlsTransactionsAndSession() throws Exception {
    assertThat(TsqlParser.parse("BEGIN TRAN BEGIN TRANSACTION a COMMIT WORK COMMIT TRAN a"))
        .containsExactly(
            new BeginTransaction(null),
            new BeginTransaction("a"),
            new CommitTransaction(null),
            new CommitTransaction("a"));
    assertThat(TsqlParser.parse("SAVE TRAN s ROLLBACK TRAN s ROLLBACK"))
        .containsExactly(
            new SaveTransaction("s"), new RollbackTransaction("s"), new RollbackTransaction(null));
    assertThat(
            TsqlParser.parse(
                "SET NOCOUNT ON SET XACT_ABORT OFF SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"
                    + " SET LOCK_TIMEOUT -1 SET DEADLOCK_PRIORITY LOW SET IDENTITY_INSERT dbo.t ON"
                    + " USE [x y]"))
        .containsExactly(
            new SetOption("NOCOUNT", "ON"),
            new SetOption("XACT_ABORT", "OFF"),
            new SetOption(SetOptions.ISOLATION_LEVEL, "READ UNCOMMITTED"),
            new SetOption("LOCK_TIMEOUT", "-1"),
            new SetOption("DEADLOCK_PRIORITY", "LOW"),
            new SetIdentityInsert(ObjectName.of("dbo", "t"), true),
            new Use("x y"));
    assertThat(parse(Block.class, "SET ANSI_NULLS, QUOTED_IDENTIFIER ON").statements())
        .containsExactly(
            new SetOption("ANSI_NULLS", "ON"), new SetOption("QUOTED_IDENTIFIER", "ON"));
  }

  @Test
  void callsProcedures() throws Exception {
    assertThat(
            parse(
                Execute.class,
                "EXEC @rc = d..p 1, -2, N'x', 0x0A, NULL, DEFAULT, word, @a OUTPUT, @n = @b OUT"))
        .isEqualTo(
            new Execute(
                "@rc",
                ObjectName.of("d", "", "p"),
                List.of(
                    new Argument(null, new NumberLiteral("1"), false),
                    new Argument(null, new Unary('-', new NumberLiteral("2")), false),
                    new Argument(null, new StringLiteral("x", true), false),
                    new Argument(null, new BinaryLiteral("0A"), false),
                    new Argument(null, new NullLiteral(), false),
                    new Argument(null, null, false),
                    new Argument(null, new StringLiteral("word", true), false),
                    new Argument(null, new Variable("@a"), true),
                    new Argument("@n", new Variable("@b"), true))));
    assertThat(parse(ExecuteString.class, "EXEC (N'SELECT ' + @x)").text())
        .isInstanceOf(Expression.Binary.class);
    assertThat(parse(Execute.class, "sp_who").procedure()).isEqualTo(ObjectName.of("sp_who"));
    assertThat(TsqlParser.parse("EXEC a EXEC b SELECT 1")).hasSize(3);
  }

  @Test
  void changesRows() throws Exception {
    Insert insert =
        parse(
            Insert.class,
            "INSERT INTO dbo.t WITH (TABLOCK) (a, [b c]) OUTPUT inserted.a AS x INTO #o (x) VALUES"
                + " (1, DEFAULT), (2, N'x')");
    assertThat(insert.columns()).containsExactly("a", "b c");
    assertThat(insert.output().into()).isEqualTo(ObjectName.of("#o"));
    assertThat(((InsertSource.Rows) insert.source()).rows().get(0).get(1)).isNull();
    assertThat(parse(Insert.class, "INSERT t EXEC p 1").source())
        .isInstanceOf(InsertSource.FromProcedure.class);
    assertThat(parse(Insert.class, "INSERT @t (SELECT 1 UNION SELECT 2)").source())
        .isInstanceOf(InsertSource.FromQuery.class);
    Update update =
        parse(
            Update.class,
            "UPDATE TOP (5) a SET a.x = 1, y = DEFAULT, z -= 2 OUTPUT deleted.x FROM dbo.t AS a"
                + " WITH (UPDLOCK, READPAST) JOIN #u u ON u.i = a.i WHERE u.k IN (1, 2) OPTION"
                + " (LOOP JOIN, MAXDOP 1)");
    assertThat(update.assignments().stream().map(DataStatement.SetClause::column))
        .containsExactly("x", "y", "z");
    assertThat(update.assignments().get(1).value()).isNull();
    assertThat(update.top()).isEqualTo(new NumberLiteral("5"));
    Delete delete = parse(Delete.class, "DELETE a FROM dbo.t a, u WHERE a.i = u.i");
    assertThat(delete.target()).isEqualTo(ObjectName.of("a"));
    assertThat(delete.from()).hasSize(2);
    assertThat(
            parse(
                InsertBulk.class,
                "INSERT BULK dbo.t ([a] int, [b] nvarchar(9) COLLATE Latin1_General_BIN2) WITH"
                    + " (TABLOCK, ROWS_PER_BATCH = 10)"))
        .isEqualTo(
            new InsertBulk(
                ObjectName.of("dbo", "t"),
                List.of(
                    new BulkColumn("a", INT, null),
                    new BulkColumn("b", SqlType.ofLength(Kind.NVARCHAR, 9), "Latin1_General_BIN2")),
                List.of("TABLOCK", "ROWS_PER_BATCH")));
  }

  @Test
  void definesTables() throws Exception {
    CreateTable create =
        parse(
            CreateTable.class,
            "CREATE TABLE dbo.t (a int IDENTITY(5, -1) NOT NULL CONSTRAINT pk PRIMARY KEY CLUSTERED,"
                + " b nvarchar(9) COLLATE Latin1_General_BIN2 NULL CONSTRAINT df DEFAULT (N'x')"
                + " UNIQUE, c AS (a + 1) PERSISTED NOT NULL, d int REFERENCES u (i) ON DELETE CASCADE"
                + " ON UPDATE NO ACTION CHECK (d > 0), CONSTRAINT uq UNIQUE NONCLUSTERED (a DESC, b)"
                + " WITH (FILLFACTOR = 80) ON [PRIMARY], FOREIGN KEY (a, b) REFERENCES dbo.v,) ON"
                + " [PRIMARY]");
    DefinitionStatement.ColumnDefinition a = create.elements().columns().get(0);
    assertThat(a.identity()).isEqualTo(new Identity(5, -1));
    assertThat(a.nullable()).isFalse();
    DefinitionStatement.ColumnDefinition b = create.elements().columns().get(1);
    assertThat(b.defaultName()).isEqualTo("df");
    assertThat(b.collation()).isEqualTo("Latin1_General_BIN2");
    assertThat(create.elements().columns().get(2).type()).isNull();
    assertThat(create.elements().constraints().stream().map(c -> c.getClass().getSimpleName()))
        .containsExactly("PrimaryKey", "Unique", "ForeignKey", "Check", "Unique", "ForeignKey");
    assertThat(create.elements().constraints())
        .contains(
            new TableConstraint.ForeignKey(
                null, List.of("d"), ObjectName.of("u"), List.of("i"), "CASCADE", "NO ACTION"),
            new TableConstraint.Unique(
                "uq", List.of(new IndexColumn("a", true), new IndexColumn("b", false))));
  }

  @Test
  void definesOtherObjects() throws Exception {
    CreateIndex index =
        parse(
            CreateIndex.class,
            "CREATE UNIQUE NONCLUSTERED INDEX i ON dbo.t (a ASC, b DESC) INCLUDE (c) WHERE d = 0");
    assertThat(index.unique()).isTrue();
    assertThat(index.included()).containsExactly("c");
    assertThat(index.filter()).isNotNull();
    CreateView view = parse(CreateView.class, "\n CREATE OR ALTER VIEW v (x) AS SELECT 1;");
    assertThat(view.replace()).isTrue();
    assertThat(view.source()).isEqualTo("CREATE OR ALTER VIEW v (x) AS SELECT 1");
    CreateProcedure procedure =
        parse(
            CreateProcedure.class,
            "CREATE PROC dbo.p @a int, @b nvarchar(9) = N'x' OUTPUT AS BEGIN SET NOCOUNT ON END"
                + " SELECT @a; RETURN 1");
    assertThat(procedure.parameters()).hasSize(2);
    assertThat(procedure.parameters().get(1).output()).isTrue();
    assertThat(procedure.body()).hasSize(3);
    assertThat(procedure.source()).startsWith("CREATE PROC").endsWith("RETURN 1");
    assertThat(parse(Drop.class, "DROP TABLE IF EXISTS a, dbo.b"))
        .isEqualTo(
            new Drop(
                ObjectKind.TABLE, List.of(ObjectName.of("a"), ObjectName.of("dbo", "b")), true));
    assertThat(
            parse(
                AlterDatabaseSet.class,
                "ALTER DATABASE [d] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE"))
        .isEqualTo(new AlterDatabaseSet("d", "READ_COMMITTED_SNAPSHOT", "ON"));
    assertThat(parse(AlterTableAdd.class, "ALTER TABLE t WITH NOCHECK ADD CHECK (a > 0)"))
        .matches(add -> !add.checkExisting());
    assertThat(parse(AlterTableDropColumns.class, "ALTER TABLE t DROP COLUMN a, b").columns())
        .containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT a, b AS [x y], c 'z', d = 1 + 2, t.*, * FROM t",
        "SELECT DISTINCT TOP 5 a FROM x..y AS t WITH (NOLOCK), (VALUES (1, 'a'), (2, 'b')) AS v(i, n)",
        "SELECT a FROM t LEFT OUTER JOIN (u INNER JOIN v ON u.a = v.a) ON t.a = u.a RIGHT JOIN w ON 1 = 1",
        "SELECT a FROM t WHERE (a = 1 OR (b + 1) * 2 > 3) AND NOT (c IS NOT NULL) AND d NOT LIKE N'a!%' ESCAPE '!'",
        "SELECT a FROM t WHERE a NOT BETWEEN 1 AND 2 AND b NOT IN (SELECT b FROM u) AND c >= ALL (SELECT c FROM u)",
        "SELECT SUM(a) OVER (PARTITION BY b ORDER BY c DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM t",
        "SELECT a FROM t ORDER BY a OFFSET @o ROWS FETCH NEXT (@n) ROWS ONLY",
        "SELECT CASE a WHEN 1 THEN 'x' ELSE 'y' END, CASE WHEN a = 1 OR b = 2 THEN 1 END FROM t",
        "SELECT a FROM t GROUP BY a, b + 1 HAVING COUNT(*) > 1 UNION ALL (SELECT 1 EXCEPT SELECT 2) INTERSECT SELECT 3",
        "SELECT [t].[a], dbo.t.b, x.dbo.t.c FROM x.dbo.t",
        "SELECT -1, +1, ~1, - -1, 0x, .5, 1e5, N'', ''",
        "SELECT COUNT(*), COUNT(DISTINCT a), STRING_AGG(a, ',') WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT CURRENT_TIMESTAMP, CURRENT_USER, LEFT('a', 1), RIGHT('a', 1), CONVERT(int, '1'), TRY_CONVERT(int, '1', 1)",
        "SELECT value FROM t WITH (INDEX(ix)) WHERE name = 'x' AND type = 'U'",
        "SELECT a FROM t CROSS APPLY (SELECT TOP (1) b FROM u WHERE u.a = t.a) x",
      })
  void parsesQueries(String sql) throws Exception {
    assertThat(parse(SelectStatement.class, sql).query()).isNotNull();
  }

  @Test
  void precedenceIsThatOfTransactSql() throws Exception {
    assertThat(
            select(TsqlParser.parse("SELECT 1 WHERE a = 1 OR b = 2 AND NOT c = 3").get(0)).where())
        .isInstanceOfSatisfying(
            Expression.Or.class,
            or ->
                assertThat(or.right())
                    .isInstanceOfSatisfying(
                        Expression.And.class,
                        and -> assertThat(and.right()).isInstanceOf(Expression.Not.class)));
  }

  /** The repository's own migrations, cut at GO as Flyway does. */
  @Test
  void parsesTheMigrations() throws Exception {
    Path folder = Path.of("../../sql/migrations");
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> scripts = files.filter(file -> file.toString().endsWith(".sql")).toList();
      assertThat(scripts).isNotEmpty();
      for (Path script : scripts) {
        for (String batch : Files.readString(script).split("(?m)^GO\\s*$")) {
          assertThat(TsqlParser.parse(batch)).as(script + ": " + batch).isNotEmpty();
        }
      }
    }
  }
}
