package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Emitted queries run on H2 and give what T-SQL gives. */
class QueryEmissionTest {

  private EmissionFixture database;

  @BeforeEach
  void open() throws Exception {
    database = new EmissionFixture();
    database.run(
        """
        CREATE TABLE dbo.Item (
          Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, Name nvarchar(20) NULL,
          Code varchar(20) COLLATE Latin1_General_100_BIN2 NULL, Price decimal(10,2) NULL,
          Flag bit NOT NULL DEFAULT 0, Body varbinary(max) NULL, Fixed nchar(5) NULL,
          At datetime2(3) NULL)
        INSERT INTO dbo.Item (Name, Code, Price, Flag, Body, Fixed, At) VALUES
          (N'Apple', 'a', 1.50, 1, 0x0102, N'x', '2024-01-31T10:00:00'),
          (N'apple', 'A', 2.50, 0, NULL, N'Y', '20240301'),
          (N'Pear', 'b', NULL, 1, 0x, NULL, NULL)
        """);
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  /** T-SQL expressions and the text of their values on SQL Server. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "7 / 2 | 3",
        "-7 / 2 | -3",
        "7 % 3 | 1",
        "2.0 / 3 | 0.666666",
        "1 + 2 * 3 | 7",
        "5 & 3 | 1",
        "`5 | 2` | 7",
        "5 ^ 1 | 4",
        "~5 | -6",
        "1.5e0 * 2 | 3.0",
        "'a' + 'b' | ab",
        "'a' + NULL | NULL",
        "N'5' + 1 | 6",
        "0x01 + 0x02 | 0x0102",
        "CAST(1.9 AS int) | 1",
        "CAST(-1.9 AS int) | -1",
        "CAST(' 12 ' AS int) | 12",
        "CAST('' AS int) | 0",
        "CAST('abcdef' AS varchar(3)) | abc",
        "CAST(CAST(1 AS bit) AS varchar(5)) | 1",
        "CAST(N'Az' AS varbinary(10)) | 0x41007A00",
        "CAST('Az' AS varbinary(10)) | 0x417A",
        "CAST(N'Az' AS binary(5)) | 0x41007A0000",
        "CAST(0x41007A00 AS nvarchar(10)) | Az",
        "CAST(0x417A AS varchar(10)) | Az",
        "CAST(258 AS binary(4)) | 0x00000102",
        "CAST(258 AS varbinary(10)) | 0x00000102",
        "CAST(0x00000102 AS int) | 258",
        "CAST(0xFFFFFFFF AS int) | -1",
        "CONVERT(varchar(20), 0x0AFF, 1) | 0x0AFF",
        "CONVERT(varchar(20), 0x0AFF, 2) | 0AFF",
        "CONVERT(varbinary(8), '0x0AFF', 1) | 0x0AFF",
        "CONVERT(varbinary(8), '0AFF', 2) | 0x0AFF",
        "CONVERT(varchar(30), CAST('2024-02-03T04:05:06.7891234' AS datetime2), 121) | 2024-02-03 04:05:06.7891234",
        "CONVERT(varchar(30), CAST('2024-02-03T04:05:06.789' AS datetime), 126) | 2024-02-03T04:05:06.790",
        "CONVERT(varchar(30), CAST('2024-02-03' AS date), 23) | 2024-02-03",
        "CONVERT(varchar(8), CAST('2024-02-03' AS date), 112) | 20240203",
        "CONVERT(varchar(30), CAST('2024-02-03T04:05:06' AS datetime2(0)), 120) | 2024-02-03 04:05:06",
        "CAST(CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier) AS binary(16)) | 0xFF19966F868B11D0B42D00C04FC964FF",
        "CAST(CAST(0xFF19966F868B11D0B42D00C04FC964FF AS uniqueidentifier) AS varchar(36)) | 6F9619FF-8B86-D011-B42D-00C04FC964FF",
        "TRY_CAST('x' AS int) | NULL",
        "TRY_CAST('300' AS tinyint) | NULL",
        "TRY_CONVERT(int, '12') | 12",
        "TRY_CAST('2024-13-01' AS date) | NULL",
        "TRY_CAST('2024-12-01' AS date) | 2024-12-01",
        "ISNULL(NULL, 'x') | x",
        "ISNULL(CAST(NULL AS varchar(2)), 'xyz') | xy",
        "COALESCE(NULL, NULL, 3) | 3",
        "NULLIF('A', 'a') | NULL",
        "IIF(1 = 1, 'y', 'n') | y",
        "CHOOSE(2, 'a', 'b', 'c') | b",
        "LEN('ab  ') | 2",
        "LEN(N'') | 0",
        "LEN(0x0102) | 2",
        "DATALENGTH(N'ab ') | 6",
        "DATALENGTH('ab ') | 3",
        "DATALENGTH(1) | 4",
        "DATALENGTH(0x010203) | 3",
        "SUBSTRING('abc', 0, 2) | a",
        "SUBSTRING('abc', 2, 100) | bc",
        "SUBSTRING('abc', -1, 3) | a",
        "SUBSTRING(0x010203, 2, 1) | 0x02",
        "LEFT('abc', 2) | ab",
        "RIGHT('abc', 5) | abc",
        "UPPER('aB') + LOWER('aB') | ABab",
        "`LTRIM('  a ') + '|'` | `a |`",
        "TRIM('  a ') | a",
        "REPLACE('aXbx', 'x', '-') | a-b-",
        "REPLACE('aXbx' COLLATE Latin1_General_BIN2, 'x', '-') | aXb-",
        "REPLICATE('ab', 3) | ababab",
        "STUFF('abcdef', 2, 3, 'X') | aXef",
        "STUFF('abc', 9, 1, 'X') | NULL",
        "REVERSE('abc') | cba",
        "CHARINDEX('B', 'abc') | 2",
        "CHARINDEX('B', 'abc' COLLATE Latin1_General_BIN2) | 0",
        "CHARINDEX('b', 'abcb', 3) | 4",
        "CONCAT('a', NULL, 1) | a1",
        "CONCAT_WS(',', 'a', NULL, 'b') | a,b",
        "ASCII('A') | 65",
        "UNICODE(N'\u20ac') | 8364",
        "ABS(-2.5) | 2.5",
        "ROUND(2.567, 2) | 2.570",
        "ROUND(2.567, 2, 1) | 2.560",
        "FLOOR(-1.5) | -2.0",
        "CEILING(1.2) | 2.0",
        "POWER(2, 10) | 1024",
        "SQRT(16) | 4.0",
        "SIGN(-3) | -1",
        "SQUARE(3) | 9.0",
        "LOG(1) | 0.0",
        "DATEPART(year, '2024-02-03') | 2024",
        "DATEPART(weekday, '2024-02-04') | 1",
        "DATEPART(week, '2024-01-07') | 2",
        "DATEPART(iso_week, '2024-01-07') | 1",
        "DATEPART(dy, '2024-02-01') | 32",
        "DATEPART(ns, CAST('00:00:00.1234567' AS time)) | 123456700",
        "YEAR('2024-02-03') * 100 + MONTH('2024-02-03') | 202402",
        "DATENAME(month, '2024-02-03') | February",
        "CONVERT(varchar(30), DATEADD(month, 1, CAST('2024-01-31' AS datetime2(0))), 120) | 2024-02-29 00:00:00",
        "DATEDIFF(day, '2024-01-01', '2024-03-01') | 60",
        "DATEDIFF(minute, '2024-01-01T00:00:59', '2024-01-01T00:01:00') | 1",
        "DATEDIFF(week, '2024-01-06', '2024-01-07') | 1",
        "DATEDIFF_BIG(ms, '2024-01-01', '2024-01-02') | 86400000",
        "EOMONTH('2024-02-03') | 2024-02-29",
        "DATEFROMPARTS(2024, 2, 3) | 2024-02-03",
        "DATEPART(tz, TODATETIMEOFFSET(CAST('2024-02-03' AS datetime), 90)) | 90",
        "CONVERT(varchar(40), SWITCHOFFSET(CAST('2024-02-03T00:00:00+00:00' AS datetimeoffset(0)), '+02:00'), 121) | 2024-02-03 02:00:00 +02:00",
        "CAST(CAST('2024-02-03T01:00:00+02:00' AS datetimeoffset) AS date) | 2024-02-03",
        "HASHBYTES('SHA2_256', N'a') | 0xFFE9AAEAA2A2D5048174DF0B80599EF0197EC024C4B051BC9860CFF58EF7F9F3",
        "HASHBYTES('SHA2_256', 'a') | 0xCA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB",
        "HASHBYTES('SHA2_256', 0x61) | 0xCA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB",
        "CASE WHEN N'w' = N'W' THEN 1 ELSE 0 END | 1",
        "CASE 'A' WHEN 'a' THEN 1 ELSE 0 END | 1",
        "CASE WHEN 'a' COLLATE Latin1_General_BIN2 = 'A' THEN 1 ELSE 0 END | 0",
        "CASE WHEN 'x' IN ('y', 'X') THEN 1 ELSE 0 END | 1",
        "CASE WHEN 'b' BETWEEN 'A' AND 'C' THEN 1 ELSE 0 END | 1",
        "CASE WHEN 'a_c' LIKE 'A!_%' ESCAPE '!' THEN 1 ELSE 0 END | 1",
        "CASE WHEN 'abc' LIKE '[a-c]b[^d]' THEN 1 ELSE 0 END | 1",
        "CASE WHEN 'abd' LIKE '[a-c]b[^d]' THEN 1 ELSE 0 END | 0",
        "CASE WHEN 'a\\c' LIKE 'a\\%' THEN 1 ELSE 0 END | 1",
        "CASE 0 WHEN '' THEN 'zero' END | zero",
        "(SELECT MAX(v) FROM (VALUES (1),(3)) AS t(v)) | 3",
      })
  void expressionHasItsValue(String expression, String expected) throws Exception {
    assertThat(String.valueOf(database.single("SELECT " + expression))).isEqualTo(expected);
  }

  @Test
  void comparesWithoutLetterCaseExceptInBinaryCollations() throws Exception {
    assertThat(database.run("SELECT Id FROM dbo.Item WHERE Name = 'APPLE' ORDER BY Id"))
        .containsExactly(List.of(1), List.of(2));
    assertThat(database.run("SELECT Id FROM dbo.Item WHERE Code = 'A'"))
        .containsExactly(List.of(2));
    database.variable("@p", SqlType.ofLength(Kind.NVARCHAR, 4000), "a");
    assertThat(database.run("SELECT Id FROM Item WHERE Code = @p")).containsExactly(List.of(1));
    assertThat(database.run("SELECT Id FROM Item WHERE LEFT(Name, 1) = @p ORDER BY Id"))
        .containsExactly(List.of(1), List.of(2));
    assertThat(database.run("SELECT Id FROM Item WHERE Fixed = 'y'")).containsExactly(List.of(2));
    assertThat(database.run("SELECT COUNT(DISTINCT Name) FROM Item")).containsExactly(List.of(2));
  }

  @Test
  void selectsWithEveryClause() throws Exception {
    assertThat(
            database.run(
                "SELECT TOP (1) i.Name AS n, total = SUM(i.Price), COUNT(*) FROM dbo.Item AS i"
                    + " WHERE i.Price IS NOT NULL GROUP BY i.Name HAVING COUNT(*) > 1 ORDER BY n"))
        .containsExactly(List.of("Apple", new java.math.BigDecimal("4.00"), 2));
    assertThat(
            database.run(
                "SELECT Id FROM Item ORDER BY Id DESC OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY"))
        .containsExactly(List.of(2));
    assertThat(
            database.run(
                "WITH c AS (SELECT Id, ROW_NUMBER() OVER (PARTITION BY Name ORDER BY Id DESC) AS r"
                    + " FROM Item) SELECT Id FROM c WHERE r = 1 ORDER BY Id"))
        .containsExactly(List.of(2), List.of(3));
    assertThat(
            database.run(
                "WITH n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 3) SELECT v FROM n"
                    + " OPTION (MAXRECURSION 10)"))
        .containsExactly(List.of(1), List.of(2), List.of(3));
    assertThat(
            database.run(
                "SELECT a.Id, b.Id FROM Item a LEFT JOIN (SELECT Id, Name FROM Item WHERE Flag = 0)"
                    + " b ON a.Name = b.Name AND a.Id <> b.Id ORDER BY a.Id"))
        .containsExactly(List.of(1, 2), List.of(2, "NULL"), List.of(3, "NULL"));
    assertThat(
            database.run(
                "SELECT Id FROM Item WHERE EXISTS (SELECT 1 FROM Item o WHERE o.Id = Item.Id + 1)"
                    + " UNION SELECT 9 EXCEPT SELECT 2 ORDER BY Id"))
        .containsExactly(List.of(1), List.of(9));
    assertThat(database.single("SELECT STRING_AGG(Name, ',') WITHIN GROUP (ORDER BY Id) FROM Item"))
        .isEqualTo("Apple,apple,Pear");
    assertThat(database.single("SELECT AVG(Id) FROM Item WHERE Id < 3")).isEqualTo(1);
    assertThat(database.run("SELECT Id FROM Item WHERE Flag = 1 AND Name LIKE 'p%'"))
        .containsExactly(List.of(3));
  }

  @Test
  void describesItsColumns() throws Exception {
    EmittedSql sql =
        database
            .emit(
                TsqlParser.parse("SELECT *, Id + 1, N'x' AS t, COUNT(*) OVER () FROM dbo.Item")
                    .get(0))
            .get(0);
    assertThat(sql.columns().stream().map(c -> c.name() + " " + c.type().kind()))
        .containsExactly(
            "Id INT",
            "Name NVARCHAR",
            "Code VARCHAR",
            "Price DECIMAL",
            "Flag BIT",
            "Body VARBINARY",
            "Fixed NCHAR",
            "At DATETIME2",
            " INT",
            "t NVARCHAR",
            " INT");
    assertThat(sql.columns().get(0).identity()).isTrue();
    assertThat(sql.columns().get(0).nullable()).isFalse();
    assertThat(database.execute(sql)).hasSize(3);
  }

  @Test
  void repeatsParametersWhereAnOperandIsRepeated() throws Exception {
    database.variable("@a", SqlType.of(Kind.INT), 2);
    database.variable("@b", SqlType.of(Kind.INT), 3);
    assertThat(database.single("SELECT @b - NULLIF(@a, @b)")).isEqualTo(1);
    assertThat(database.single("SELECT CASE WHEN @a BETWEEN @a AND @b THEN @b ELSE @a END"))
        .isEqualTo(3);
  }

  @Test
  void locksTheRowsOfAStatementButNotThoseOfASubquery() throws Exception {
    assertThat(emitted("SELECT Id FROM dbo.Item WITH (UPDLOCK, ROWLOCK, READPAST) WHERE Id = 1"))
        .endsWith(" FOR UPDATE SKIP LOCKED");
    assertThat(emitted("SELECT MAX(Id) FROM dbo.Item WITH (UPDLOCK)")).doesNotContain("FOR UPDATE");
    assertThat(emitted("SELECT 1 WHERE EXISTS (SELECT 1 FROM Item WITH (UPDLOCK, HOLDLOCK))"))
        .doesNotContain("FOR UPDATE");
    assertThat(database.run("SELECT TOP (2) Id FROM Item WITH (UPDLOCK) ORDER BY Id"))
        .containsExactly(List.of(1), List.of(2));
  }

  private String emitted(String sql) throws Exception {
    return database.emit(TsqlParser.parse(sql).get(0)).get(0).sql();
  }
}
