package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.hartonomous.ingest.standin.type.SqlServerError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is refused, and how. The first list is what SQL Server refuses too, although H2 accepts some
 * of it; the second is T-SQL that the stand-in does not know.
 */
class RefusalTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "SELECT * FROM t LIMIT 5 ~ 102 ~ Incorrect syntax near '5'.",
        "SELECT * FROM t ORDER BY a LIMIT 5 ~ 102 ~ Incorrect syntax near 'LIMIT'.",
        "SELECT 1 FETCH FIRST 1 ROWS ONLY ~ 40000 ~ The stand-in does not support the statement"
            + " FETCH.",
        "SELECT * FROM t ORDER BY a FETCH FIRST 1 ROWS ONLY ~ 40000 ~ The stand-in does not support"
            + " the statement FETCH.",
        "SELECT a || b FROM t ~ 102 ~ Incorrect syntax near '|'.",
        "SELECT NOW() ~ 195 ~ 'NOW' is not a recognized built-in function name.",
        "SELECT RANDOM_UUID() ~ 195 ~ 'RANDOM_UUID' is not a recognized built-in function name.",
        "SELECT IFNULL(a, 1) FROM t ~ 195 ~ 'IFNULL' is not a recognized built-in function name.",
        "SELECT SUBSTR('abc', 1) ~ 195 ~ 'SUBSTR' is not a recognized built-in function name.",
        "SELECT LENGTH('abc') ~ 195 ~ 'LENGTH' is not a recognized built-in function name.",
        "SELECT LEN() ~ 174 ~ The len function requires 1 argument(s).",
        "SELECT SUBSTRING('abc', 1) ~ 174 ~ The substring function requires 3 argument(s).",
        "SELECT ROUND(1) ~ 189 ~ The round function requires 2 to 3 arguments.",
        "SELECT dbo.f(1) ~ 4121 ~ `Cannot find either column \"dbo\" or the user-defined function"
            + " or aggregate \"dbo.f\", or the name is ambiguous.`",
        "SELECT DATEADD(fortnight, 1, '2024-01-01') ~ 155 ~ 'fortnight' is not a recognized"
            + " datepart option.",
        "MERGE INTO t KEY (a) VALUES (1) ~ 40000 ~ `The stand-in does not support MERGE; write it"
            + " as INSERT, UPDATE and DELETE.`",
        "REPLACE INTO t VALUES (1) ~ 156 ~ Incorrect syntax near the keyword 'INTO'.",
        "SELECT 1 FROM DUAL WHERE ~ 102 ~ Incorrect syntax near 'WHERE'.",
        "SELECT ~ 102 ~ Incorrect syntax near 'SELECT'.",
        "SELECT 1 + FROM t ~ 156 ~ Incorrect syntax near the keyword 'FROM'.",
        "SELECT a b c FROM t ~ 102 ~ Incorrect syntax near 'c'.",
        "SELECT * FROM t WHERE a ~ 4145 ~ `An expression of non-boolean type specified in a context"
            + " where a condition is expected, near ''.`",
        "SELECT a = b = c FROM t ~ 102 ~ Incorrect syntax near '='.",
        "SELECT (a = b) FROM t ~ 156 ~ Incorrect syntax near the keyword 'FROM'.",
        "SELECT * FROM (SELECT 1 a) ~ 102 ~ Incorrect syntax near ')'.",
        "SELECT CASE END ~ 156 ~ Incorrect syntax near the keyword 'END'.",
        "INSERT INTO t SET a = 1 ~ 156 ~ Incorrect syntax near the keyword 'SET'.",
        "INSERT INTO t VALUES ~ 102 ~ Incorrect syntax near 'VALUES'.",
        "UPDATE t SET a ~ 102 ~ Incorrect syntax near 'a'.",
        "DELETE t LIMIT 1 ~ 102 ~ Incorrect syntax near 'LIMIT'.",
        "CREATE TABLE t (a int AUTO_INCREMENT) ~ 102 ~ Incorrect syntax near 'AUTO_INCREMENT'.",
        "CREATE TABLE IF NOT EXISTS t (a int) ~ 156 ~ Incorrect syntax near the keyword 'IF'.",
        "CREATE TABLE t (a boolean) ~ 2715 ~ Cannot find data type boolean.",
        "CREATE TABLE t (a serial) ~ 2715 ~ Cannot find data type serial.",
        "CREATE TABLE t (a varchar(9000)) ~ 131 ~ The size (9000) given to the type 'varchar'"
            + " exceeds the maximum allowed (8000).",
        "CREATE TABLE t () ~ 102 ~ Incorrect syntax near ')'.",
        "DROP TABLE t CASCADE ~ 156 ~ Incorrect syntax near the keyword 'CASCADE'.",
        "SELECT 1; CREATE VIEW v AS SELECT 1 a ~ 111 ~ 'CREATE VIEW' must be the first statement in"
            + " a query batch.",
        "SELECT 1 WITH c AS (SELECT 1 a) SELECT * FROM c ~ 319 ~ `Incorrect syntax near the keyword"
            + " 'with'. If this statement is a common table expression, the previous statement must"
            + " be terminated with a semicolon.`",
        "BEGIN SELECT 1 ~ 102 ~ Incorrect syntax near '1'.",
        "IF 1 = 1 ~ 102 ~ Incorrect syntax near '1'.",
        "IF 1 = 1 ELSE SELECT 1 ~ 156 ~ Incorrect syntax near the keyword 'ELSE'.",
        "BEGIN END ~ 102 ~ Incorrect syntax near 'END'.",
        "EXEC p 1 + 1 ~ 102 ~ Incorrect syntax near '+'.",
        "EXEC p 1 OUTPUT ~ 179 ~ Cannot use the OUTPUT option when passing a constant to a stored"
            + " procedure.",
        "SET TRANSACTION ISOLATION LEVEL CHAOS ~ 102 ~ Incorrect syntax near 'CHAOS'.",
        "SELECT 1; foo bar ~ 102 ~ Incorrect syntax near 'foo'.",
        "SELECT 'abc ~ 105 ~ Unclosed quotation mark after the character string 'abc'.",
        "SELECT ? ~ 102 ~ Incorrect syntax near '?'.",
        "SELECT {fn NOW()} ~ 102 ~ Incorrect syntax near '{'.",
        "SELECT 1::int ~ 102 ~ Incorrect syntax near '::'.",
      })
  void refusesWhatIsNoTransactSql(String sql, int number, String message) {
    assertRefused(sql, number, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "MERGE INTO t WITH (HOLDLOCK) USING s ON t.a = s.a WHEN MATCHED THEN DELETE; ~ `MERGE;"
            + " write it as INSERT, UPDATE and DELETE`",
        "SELECT TOP (10) PERCENT * FROM t ~ TOP ... PERCENT",
        "SELECT TOP (10) WITH TIES * FROM t ORDER BY a ~ TOP ... WITH TIES",
        "SELECT * FROM t FOR XML PATH ~ FOR XML in a query",
        "SELECT * FROM t FOR JSON AUTO ~ FOR JSON in a query",
        "SELECT a FROM t GROUP BY ROLLUP (a) ~ GROUP BY ROLLUP",
        "SELECT * FROM t WITH (SNAPSHOT) ~ the table hint 'SNAPSHOT'",
        "SELECT * FROM t WITH (NOWAIT) ~ the table hint 'NOWAIT'",
        "SELECT 1 OPTION (QUERYTRACEON 4199) ~ the query hint 'QUERYTRACEON'",
        "SELECT * FROM STRING_SPLIT('a,b', ',') ~ the table-valued function 'STRING_SPLIT'",
        "SELECT * FROM OPENJSON('[]') ~ the table-valued function 'OPENJSON'",
        "SELECT * FROM OPENROWSET('a', 'b', 'c') ~ OPENROWSET",
        "SELECT * FROM t PIVOT (SUM(a) FOR b IN ([1])) p ~ PIVOT",
        "SELECT * FROM s.a.b.c ~ names of four parts (linked servers)",
        "SELECT JSON_VALUE(a, '$.b') FROM t ~ the function 'JSON_VALUE'",
        "SELECT ISJSON(a) FROM t ~ the function 'ISJSON'",
        "SELECT FORMAT(1, 'N') ~ the function 'FORMAT'",
        "SELECT CHECKSUM(1) ~ the function 'CHECKSUM'",
        "SELECT @@DBTS ~ the variable '@@DBTS'",
        "SELECT NEXT VALUE FOR s ~ NEXT VALUE FOR (sequences)",
        "DECLARE @x xml ~ the data type 'xml'",
        "CREATE TABLE t (a geography) ~ the data type 'geography'",
        "CREATE TABLE t (a rowversion) ~ the data type 'rowversion'",
        "CREATE TABLE t (a ntext) ~ the data type 'ntext'",
        "CREATE TABLE t (a int SPARSE) ~ the column option SPARSE",
        "CREATE TABLE t (a int, INDEX ix (a)) ~ INDEX in a table definition",
        "CREATE TABLE t (a int) WITH (MEMORY_OPTIMIZED = ON) ~ the option MEMORY_OPTIMIZED = ON",
        "CREATE UNIQUE INDEX i ON t (a) WITH (IGNORE_DUP_KEY = ON) ~ the option IGNORE_DUP_KEY ="
            + " ON",
        "CREATE CLUSTERED COLUMNSTORE INDEX i ON t ~ CREATE ... COLUMNSTORE",
        "CREATE FUNCTION f() RETURNS int AS BEGIN RETURN 1 END ~ CREATE FUNCTION",
        "CREATE TRIGGER g ON t AFTER INSERT AS SELECT 1 ~ CREATE TRIGGER",
        "CREATE SEQUENCE s ~ CREATE SEQUENCE",
        "CREATE QUEUE q WITH RETENTION = ON ~ RETENTION = ON of a queue",
        "CREATE LOGIN l WITH PASSWORD = 'x' ~ CREATE LOGIN",
        "CREATE PROCEDURE p WITH RECOMPILE AS SELECT 1 ~ CREATE PROCEDURE ... WITH RECOMPILE",
        "CREATE VIEW v WITH SCHEMABINDING AS SELECT 1 a ~ CREATE VIEW ... WITH SCHEMABINDING",
        "ALTER TABLE t SWITCH TO u ~ ALTER TABLE ... SWITCH",
        "ALTER TABLE t SET (SYSTEM_VERSIONING = OFF) ~ ALTER TABLE ... SET (SYSTEM_VERSIONING)",
        "ALTER TABLE t NOCHECK CONSTRAINT ALL ~ ALTER TABLE ... NOCHECK CONSTRAINT",
        "ALTER INDEX i ON t REBUILD ~ ALTER INDEX",
        "ALTER DATABASE d SET AUTO_CLOSE ON ~ ALTER DATABASE ... SET AUTO_CLOSE",
        "DROP TRIGGER g ~ DROP TRIGGER",
        "SET SHOWPLAN_XML ON ~ SET SHOWPLAN_XML",
        "SET STATISTICS IO ON ~ SET STATISTICS",
        "WAITFOR TIME '10:00' ~ WAITFOR TIME",
        "BEGIN CONVERSATION TIMER (@h) TIMEOUT = 1 ~ BEGIN CONVERSATION TIMER",
        "EXEC ('SELECT 1') AT other ~ EXECUTE (text) AT",
        "EXECUTE AS USER = 'u' ~ EXECUTE AS",
        "EXEC @p ~ EXECUTE of a procedure whose name is in a variable",
        "EXEC p WITH RECOMPILE ~ EXECUTE ... WITH",
        "BEGIN DISTRIBUTED TRAN ~ BEGIN DISTRIBUTED",
        "BEGIN TRAN t WITH MARK ~ BEGIN TRANSACTION ... WITH MARK",
        "DECLARE c CURSOR FOR SELECT 1 ~ cursors",
        "GRANT SELECT ON t TO u ~ the statement GRANT",
        "DBCC CHECKDB ~ the statement DBCC",
        "CREATE ROUTE r ~ CREATE ROUTE",
        "INSERT TOP (1) INTO t SELECT 1 ~ INSERT TOP",
        "UPDATE t SET @x = a = 1 ~ the assignment of variables in UPDATE",
        "UPDATE t SET a = 1 WHERE CURRENT OF c ~ WHERE CURRENT OF (cursors)",
        "INSERT BULK t (a int) WITH (FORMAT = CSV) ~ the bulk load option 'FORMAT'",
      })
  void refusesWhatItDoesNotKnow(String sql, String what) {
    assertRefused(sql, Errors.UNSUPPORTED, "The stand-in does not support " + what + ".");
  }

  /** What is parsed, but has no counterpart in H2. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "SELECT 1 FROM t FULL JOIN t u ON t.a = u.a ~ 40000 ~ FULL JOIN",
        "SELECT 1 FROM t CROSS APPLY (SELECT 1 x) u ~ 40000 ~ CROSS APPLY",
        "SELECT b COLLATE Latin1_General_CS_AS FROM t ~ 40000 ~ the collation"
            + " 'Latin1_General_CS_AS'",
        "SELECT CONVERT(varchar(30), CAST('2024-01-01' AS datetime)) ~ 40000 ~ without a style",
        "SELECT CONVERT(varchar(30), CAST('2024-01-01' AS date), 5) ~ 40000 ~ CONVERT style 5",
        "SELECT PARSE('1' AS int USING 'de-DE') ~ 40000 ~ PARSE ... USING culture",
        "WITH c AS (SELECT a FROM t) DELETE FROM c ~ 40000 ~ of a common table expression",
        "UPDATE t SET a = t.a + 1 OUTPUT deleted.a, inserted.a FROM t JOIN t u ON u.a = t.a ~ 40000"
            + " ~ both the old and the new value",
        "SELECT missing FROM t ~ 207 ~ Invalid column name 'missing'.",
        "SELECT x.a FROM t ~ 4104 ~ The multi-part identifier",
        "SELECT a FROM t, t u ~ 209 ~ Ambiguous column name 'a'.",
        "SELECT a FROM nowhere ~ 208 ~ Invalid object name 'nowhere'.",
        "SELECT @undeclared ~ 137 ~ Must declare the scalar variable",
        "SELECT HASHBYTES('SHA2_256', 1) ~ 8116 ~ invalid for argument 2 of hashbytes",
        "SELECT SUM(b) FROM t ~ 8117 ~ Operand data type varchar is invalid for sum operator.",
        "SELECT ROW_NUMBER() FROM t ~ 10753 ~ must have an OVER clause",
        "INSERT INTO t (a, b) VALUES (1) ~ 109 ~ more columns in the INSERT statement",
        "INSERT INTO t (a) SELECT 1, 2 ~ 121 ~ fewer columns in the INSERT statement",
        "INSERT INTO t (c) VALUES (1) ~ 271 ~ computed column",
        "SELECT * FROM (SELECT a + 1 FROM t) d ~ 8155 ~ No column name was specified for column 1"
            + " of 'd'.",
        "SELECT 1 UNION SELECT 1, 2 ~ 205 ~ equal number of expressions",
        "CREATE VIEW v AS SELECT @@SPID AS s ~ 40000 ~ '@@SPID' in the definition of an object",
      })
  void refusesWhatItCannotEmit(String sql, int number, String part) throws Exception {
    try (EmissionFixture database = new EmissionFixture()) {
      database.run("CREATE TABLE t (a int NOT NULL, b varchar(9) NULL, c AS (a + 1))");
      assertThatExceptionOfType(SqlServerError.class)
          .isThrownBy(() -> database.run(sql))
          .withMessageContaining(part)
          .satisfies(e -> assertThat(e.number()).isEqualTo(number));
    }
  }

  @Test
  void boundsNestingAndLength() {
    int deep = 10_000;
    assertRefused("SELECT " + "(".repeat(deep) + "1" + ")".repeat(deep), 191, null);
    assertRefused("SELECT " + "- ".repeat(deep) + "1", 191, null);
    assertRefused("SELECT 1" + " + 1".repeat(deep), 191, null);
    assertRefused("SELECT 1 WHERE 1 = 1" + " OR 1 = 1".repeat(deep), 191, null);
    assertRefused("BEGIN ".repeat(deep), 191, null);
    assertRefused("IF 1 = 1 ".repeat(deep) + "SELECT 1", 191, null);
    assertRefused("SELECT " + "CASE WHEN 1 = 1 THEN ".repeat(deep), 191, null);
    assertRefused("SELECT 1 FROM a" + " CROSS JOIN b".repeat(deep), 191, null);
    assertRefused(";".repeat(Tokenizer.MAXIMUM_TOKENS + 1), Errors.UNSUPPORTED, null);
  }

  private static void assertRefused(String sql, int number, String message) {
    assertThatExceptionOfType(SqlServerError.class)
        .isThrownBy(() -> TsqlParser.parse(sql))
        .satisfies(
            e -> {
              if (message != null) {
                assertThat(e.getMessage()).isEqualTo(message);
              }
              assertThat(e.number()).as(e.getMessage()).isEqualTo(number);
            });
  }
}
