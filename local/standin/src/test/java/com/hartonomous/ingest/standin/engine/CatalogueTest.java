package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CatalogueTest {

  private H2Engine engine;
  private Client client;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    client = new Client(engine);
    client.ok("CREATE SCHEMA app");
    client.ok(
        "CREATE TABLE app.[Odd. Name] (Id int IDENTITY(5,2) NOT NULL, [a b] nvarchar(max) NULL,"
            + " Price decimal(9,3) NOT NULL CONSTRAINT DF_Price DEFAULT 1.5, Flag bit NOT NULL"
            + " DEFAULT 1, At datetime2(3) NOT NULL CONSTRAINT DF_At DEFAULT SYSUTCDATETIME(),"
            + " CONSTRAINT PK_Odd PRIMARY KEY CLUSTERED (Id), CONSTRAINT CK_Price CHECK (Price > 0"
            + " AND Flag IN (0, 1)))");
    client.ok(
        "CREATE TABLE dbo.Child (OddId int NOT NULL, N smallint NOT NULL, V varbinary(20) NULL,"
            + " CONSTRAINT PK_Child PRIMARY KEY (OddId, N), CONSTRAINT FK_Child FOREIGN KEY (OddId)"
            + " REFERENCES app.[Odd. Name] (Id))");
    client.ok("CREATE INDEX IX_V ON dbo.Child (V DESC) INCLUDE (N)");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void tablesColumnsAndTypesAreWhatWasDeclared() throws IOException {
    assertThat(
            client.query(
                "SELECT s.name, t.name, t.type_desc FROM sys.tables t JOIN sys.schemas s ON"
                    + " s.schema_id = t.schema_id ORDER BY t.name"))
        .containsExactly("dbo|Child|USER_TABLE", "app|Odd. Name|USER_TABLE");
    assertThat(
            client.query(
                "SELECT c.name, ty.name, c.max_length, c.precision, c.scale, c.is_nullable,"
                    + " c.is_identity FROM sys.columns c JOIN sys.types ty ON ty.user_type_id ="
                    + " c.user_type_id WHERE c.object_id = OBJECT_ID('app.[Odd. Name]') ORDER BY"
                    + " c.column_id"))
        .containsExactly(
            "Id|int|4|10|0|false|true",
            "a b|nvarchar|-1|0|0|true|false",
            "Price|decimal|5|9|3|false|false",
            "Flag|bit|1|1|0|false|false",
            "At|datetime2|7|23|3|false|false");
    assertThat(
            client.query(
                "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, COLUMN_DEFAULT,"
                    + " IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'odd. name'"
                    + " ORDER BY ORDINAL_POSITION"))
        .containsExactly(
            "Id|int|null|null|NO",
            "a b|nvarchar|-1|null|YES",
            "Price|decimal|null|((1.5))|NO",
            "Flag|bit|null|((1))|NO",
            "At|datetime2|null|(sysutcdatetime())|NO");
  }

  @Test
  void keysIndexesAndConstraintsAreShown() throws IOException {
    assertThat(
            client.query(
                "SELECT i.name, i.type_desc, i.is_unique, i.is_primary_key FROM sys.indexes i WHERE"
                    + " i.object_id = OBJECT_ID(N'dbo.Child') ORDER BY i.index_id"))
        .containsExactly("PK_Child|CLUSTERED|true|true", "IX_V|NONCLUSTERED|false|false");
    assertThat(
            client.query(
                "SELECT COL_NAME(ic.object_id, ic.column_id), ic.key_ordinal, ic.is_descending_key,"
                    + " ic.is_included_column FROM sys.index_columns ic JOIN sys.indexes i ON"
                    + " i.object_id = ic.object_id AND i.index_id = ic.index_id WHERE i.name ="
                    + " 'IX_V' ORDER BY ic.index_column_id"))
        .containsExactly("V|1|true|false", "N|0|false|true");
    assertThat(client.query("SELECT name, definition FROM sys.check_constraints"))
        .containsExactly("CK_Price|([Price]>(0) AND [Flag]=(1) OR [Flag]=(0))");
    assertThat(
            client.query(
                "SELECT f.name, OBJECT_NAME(f.parent_object_id),"
                    + " OBJECT_SCHEMA_NAME(f.referenced_object_id),"
                    + " f.delete_referential_action_desc FROM sys.foreign_keys f"))
        .containsExactly("FK_Child|Child|app|NO_ACTION");
    assertThat(
            client.query(
                "SELECT CONSTRAINT_NAME, COLUMN_NAME, ORDINAL_POSITION FROM"
                    + " INFORMATION_SCHEMA.KEY_COLUMN_USAGE WHERE TABLE_NAME = 'Child' ORDER BY"
                    + " CONSTRAINT_NAME, ORDINAL_POSITION"))
        .containsExactly("FK_Child|OddId|1", "PK_Child|OddId|1", "PK_Child|N|2");
    assertThat(
            client.query(
                "SELECT name, definition FROM sys.default_constraints WHERE name LIKE 'DF[_]%'"
                    + " ORDER BY name"))
        .contains("DF_At|(sysutcdatetime())", "DF_Price|((1.5))");
  }

  @Test
  void spacesWithinBracketsAreOfTheName() throws IOException {
    client.ok("CREATE TABLE app.[ a.b] (Id INT NOT NULL PRIMARY KEY)");
    assertThat(client.query("SELECT OBJECT_NAME(OBJECT_ID(N' [app] . [ a.b] '))"))
        .containsExactly(" a.b");
    assertThat(client.query("SELECT OBJECT_ID(N'app.[a.b]')")).containsExactly("null");
  }

  @Test
  void namesCompareWithoutLetterCase() throws IOException {
    client.ok("INSERT INTO APP.[odd. name] ([A B]) VALUES (N'x')");
    assertThat(client.query("SELECT ID, FLAG FROM aPP.[ODD. NAME]")).containsExactly("5|true");
    assertThat(client.query("SELECT OBJECT_NAME(OBJECT_ID('APP.[ODD. NAME]'))"))
        .containsExactly("Odd. Name");
    assertThat(client.query("SELECT DB_NAME(), SCHEMA_NAME(), DB_ID('hartonomous')"))
        .containsExactly("Hartonomous|dbo|5");
  }

  @Test
  void partitionStatisticsCountRows() throws IOException {
    client.ok("INSERT INTO app.[Odd. Name] (Price) VALUES (1), (2), (3)");
    assertThat(
            client.query(
                "SELECT Total_Rows = SUM(st.row_count) FROM sys.dm_db_partition_stats st WHERE"
                    + " object_name(object_id) = 'Odd. Name' AND index_id < 2;"))
        .containsExactly("3");
  }

  @Test
  void databasesAreAsTheConnectorReadsThem() throws IOException {
    assertThat(client.query("SELECT name, database_id FROM sys.databases"))
        .containsExactly("Hartonomous|5");
    assertThat(
            client.query(
                "SELECT * FROM [Hartonomous].INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME;"))
        .containsExactly(
            "Hartonomous|dbo|Child|BASE TABLE", "Hartonomous|app|Odd. Name|BASE TABLE");
    assertThat(client.query("SELECT CAST(SERVERPROPERTY('EngineEdition') as INT)"))
        .containsExactly("3");
    assertThat(client.error("SELECT * FROM Other.dbo.Child").number()).isEqualTo(208);
  }

  @Test
  void definitionsOfATransactionAreTakenAwayAgain() throws IOException {
    client.ok("BEGIN TRAN; INSERT INTO app.[Odd. Name] (Price) VALUES (9)");
    client.ok(
        "CREATE TABLE dbo.New (a int NOT NULL PRIMARY KEY); INSERT INTO dbo.New VALUES (1); ALTER"
            + " TABLE dbo.Child ADD extra int NULL");
    client.ok("CREATE SCHEMA later");
    client.ok("CREATE VIEW dbo.v AS SELECT Id FROM app.[Odd. Name]");
    client.ok("CREATE PROCEDURE dbo.p AS SELECT 1 AS one");
    client.ok("ROLLBACK");
    assertThat(client.query("SELECT name FROM sys.objects WHERE name IN ('New', 'v', 'p')"))
        .isEmpty();
    assertThat(client.query("SELECT COUNT(*) FROM app.[Odd. Name]")).containsExactly("0");
    assertThat(client.query("SELECT name FROM sys.schemas WHERE name = 'later'")).isEmpty();
    assertThat(client.error("SELECT extra FROM dbo.Child").number()).isEqualTo(207);
    client.ok("CREATE TABLE dbo.New (a int NOT NULL PRIMARY KEY)");
  }

  @Test
  void whatCannotBeUndoneIsNamedByTheRollback() throws IOException {
    client.ok("BEGIN TRAN; DROP INDEX IX_V ON dbo.Child; CREATE TABLE dbo.New (a int NOT NULL)");
    Client.Results dropped = client.run("ROLLBACK");
    assertThat(dropped.errors.get(0)).hasMessageContaining("could not undo: DROP INDEX IX_V");
    assertThat(client.query("SELECT @@TRANCOUNT, OBJECT_ID('dbo.New')")).containsExactly("0|null");
    client.ok("BEGIN TRAN; INSERT INTO app.[Odd. Name] (Price) VALUES (9)");
    client.ok("CREATE INDEX IX_Price ON app.[Odd. Name] (Price)");
    assertThat(client.error("ROLLBACK"))
        .hasMessageContaining("rows that it had written to app.Odd. Name");
    assertThat(client.query("SELECT COUNT(*) FROM app.[Odd. Name]")).containsExactly("1");
    assertThat(client.query("SELECT name FROM sys.indexes WHERE name = 'IX_Price'")).isEmpty();
  }

  @Test
  void alteredTablesKeepCatalogueAndRowsInStep() throws IOException {
    client.ok("ALTER TABLE dbo.Child ADD extra int NOT NULL CONSTRAINT DF_x DEFAULT 3");
    client.ok(
        "ALTER TABLE dbo.Child ADD CONSTRAINT CK_x CHECK (extra < 9), CONSTRAINT UQ_x UNIQUE (extra)");
    client.ok("ALTER TABLE dbo.Child ALTER COLUMN V varbinary(40) NULL");
    assertThat(
            client.query(
                "SELECT name, max_length, is_nullable FROM sys.columns WHERE object_id ="
                    + " OBJECT_ID('Child') ORDER BY column_id"))
        .containsExactly("OddId|4|false", "N|2|false", "V|40|true", "extra|4|false");
    assertThat(client.error("ALTER TABLE dbo.Child DROP COLUMN extra").number()).isEqualTo(4922);
    client.ok("ALTER TABLE dbo.Child DROP CONSTRAINT CK_x, UQ_x, DF_x");
    client.ok("ALTER TABLE dbo.Child DROP COLUMN extra");
    assertThat(
            client.query("SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('Child')"))
        .containsExactly("3");
    client.ok("DROP INDEX IX_V ON dbo.Child");
    client.ok("DROP TABLE dbo.Child, app.[Odd. Name]");
    assertThat(client.query("SELECT * FROM sys.objects")).isEmpty();
  }

  @Test
  void computedColumnsAreShownAndCannotBeWritten() throws IOException {
    client.ok("CREATE TABLE dbo.K (a int NOT NULL, b AS (a * 2))");
    client.ok("INSERT INTO dbo.K (a) VALUES (4)");
    assertThat(client.query("SELECT a, b FROM dbo.K")).containsExactly("4|8");
    assertThat(
            client.query(
                "select collation_name, is_computed from sys.columns where"
                    + " object_id=OBJECT_ID('dbo.K') order by column_id ASC"))
        .containsExactly("null|false", "null|true");
    assertThat(client.error("UPDATE dbo.K SET b = 1").number()).isEqualTo(271);
  }

  @Test
  void proceduresRunWithParametersOutputsAndReturnStatus() throws IOException {
    client.ok(
        "CREATE PROCEDURE dbo.Add2 @a int, @b int = 2, @sum int OUTPUT AS BEGIN SET NOCOUNT ON; SET"
            + " @sum = @a + @b; IF @a < 0 RETURN 7; SELECT @sum AS s; END");
    assertThat(
            client.query(
                "DECLARE @s int, @r int; EXEC @r = dbo.Add2 @a = 5, @sum = @s OUTPUT; SELECT @s,"
                    + " @r"))
        .containsExactly("7", "7|0");
    assertThat(
            client.query("DECLARE @s int, @r int; EXEC @r = Add2 -1, 2, @s OUTPUT; SELECT @s, @r"))
        .containsExactly("1|7");
    assertThat(client.error("EXEC dbo.Add2").number()).isEqualTo(201);
    assertThat(client.error("DECLARE @s int; EXEC dbo.Add2 1, 2, @s, 4").number()).isEqualTo(8144);
    assertThat(
            client.query(
                "DECLARE @t int; EXEC sp_executesql N'SET @x = @y * 2', N'@x int OUTPUT, @y int', @x"
                    + " = @t OUTPUT, @y = 21; SELECT @t"))
        .containsExactly("42");
    assertThat(client.error("DECLARE @s int; EXEC dbo.Add2 @s OUTPUT, 2, @s").number())
        .isEqualTo(8162);
    client.ok("DROP PROCEDURE dbo.Add2");
    assertThat(client.error("EXEC dbo.Add2 1").number()).isEqualTo(2812);
  }

  @Test
  void identityValuesAreReportedAndCanBeSupplied() throws IOException {
    assertThat(
            client.query(
                "INSERT INTO app.[Odd. Name] (Price) VALUES (1), (2) select SCOPE_IDENTITY() AS"
                    + " GENERATED_KEYS"))
        .containsExactly("7");
    client.ok(
        "SET IDENTITY_INSERT app.[Odd. Name] ON; INSERT INTO app.[Odd. Name] (Id, Price) VALUES"
            + " (101, 1); SET IDENTITY_INSERT app.[Odd. Name] OFF");
    client.ok("INSERT INTO app.[Odd. Name] (Price) VALUES (3)");
    assertThat(client.query("SELECT Id FROM app.[Odd. Name] ORDER BY Id"))
        .containsExactly("5", "7", "101", "103");
  }
}
