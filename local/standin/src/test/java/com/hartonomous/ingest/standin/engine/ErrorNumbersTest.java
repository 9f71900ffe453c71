package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.type.SqlServerError;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErrorNumbersTest {

  private H2Engine engine;
  private Client client;

  @BeforeAll
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    client = new Client(engine);
    client.ok(
        "CREATE TABLE dbo.P (id int NOT NULL, h binary(2) NOT NULL, name nvarchar(5) NULL,"
            + " CONSTRAINT PK_P PRIMARY KEY (id), CONSTRAINT UQ_P UNIQUE (h), CONSTRAINT CK_P CHECK"
            + " (id > 0))");
    client.ok("CREATE UNIQUE INDEX IX_P ON dbo.P (name, id)");
    client.ok(
        "CREATE TABLE dbo.C (id int IDENTITY(1,1) NOT NULL PRIMARY KEY, p int NOT NULL, CONSTRAINT"
            + " FK_C FOREIGN KEY (p) REFERENCES dbo.P (id))");
    client.ok("CREATE TABLE dbo.U (a int NOT NULL, b nvarchar(5) NULL)");
    client.ok("CREATE UNIQUE INDEX IX_U ON dbo.U (b)");
    client.ok("INSERT INTO dbo.P VALUES (1, 0x0102, N'x')");
    client.ok("INSERT INTO dbo.C (p) VALUES (1)");
    client.ok("INSERT INTO dbo.U VALUES (1, N'x')");
  }

  @AfterAll
  void close() {
    engine.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "INSERT INTO dbo.P VALUES (1, 0x03, N'y') ~ 2627 ~ Violation of PRIMARY KEY constraint 'PK_P'. Cannot insert duplicate key in object 'dbo.P'. The duplicate key value is (1).",
        "INSERT INTO dbo.P VALUES (2, 0x0102, N'y') ~ 2627 ~ Violation of UNIQUE KEY constraint 'UQ_P'. Cannot insert duplicate key in object 'dbo.P'. The duplicate key value is (0x0102).",
        "INSERT INTO dbo.U VALUES (2, N'x') ~ 2601 ~ Cannot insert duplicate key row in object 'dbo.U' with unique index 'IX_U'. The duplicate key value is (x).",
        "INSERT INTO dbo.P VALUES (0, 0x05, N'y') ~ 547 ~ The INSERT statement conflicted with the CHECK constraint \"CK_P\". The conflict occurred in database \"Hartonomous\", table \"dbo.P\".",
        "INSERT INTO dbo.C (p) VALUES (9) ~ 547 ~ The INSERT statement conflicted with the FOREIGN KEY constraint \"FK_C\". The conflict occurred in database \"Hartonomous\", table \"dbo.P\", column 'id'.",
        "DELETE FROM dbo.P WHERE id = 1 ~ 547 ~ The DELETE statement conflicted with the REFERENCE constraint \"FK_C\". The conflict occurred in database \"Hartonomous\", table \"dbo.C\", column 'p'.",
        "INSERT INTO dbo.C (p) VALUES (NULL) ~ 515 ~ Cannot insert the value NULL into column 'p', table 'Hartonomous.dbo.C'; column does not allow nulls. INSERT fails.",
        "UPDATE dbo.P SET name = N'abcdefgh' ~ 2628 ~ String or binary data would be truncated in table 'Hartonomous.dbo.P', column 'name'. Truncated value: 'abcde'.",
        "SELECT * FROM dbo.Nothing ~ 208 ~ Invalid object name 'dbo.Nothing'.",
        "SELECT nothing FROM dbo.P ~ 207 ~ Invalid column name 'nothing'.",
        "SELECT 1 / 0 ~ 8134 ~ Divide by zero error encountered.",
        "EXEC nothing ~ 2812 ~ Could not find stored procedure 'nothing'.",
        "USE nothing ~ 911 ~ Database 'nothing' does not exist. Make sure that the name is entered correctly.",
        "SET @x = 1 ~ 137 ~ Must declare the scalar variable \"@x\".",
        "CREATE TABLE dbo.P (id int) ~ 2714 ~ There is already an object named 'P' in the database.",
        "DROP TABLE dbo.Nothing ~ 3701 ~ Cannot drop the table 'dbo.Nothing', because it does not exist or you do not have permission.",
        "INSERT INTO dbo.C (id, p) VALUES (7, 1) ~ 544 ~ Cannot insert explicit value for identity column in table 'C' when IDENTITY_INSERT is set to OFF.",
        "UPDATE dbo.C SET id = 7 ~ 8102 ~ Cannot update identity column 'id'.",
        "EXEC sp_rename 'a', 'b' ~ 40000 ~ The stand-in does not support the procedure 'sp_rename'.",
        "TRUNCATE TABLE dbo.P ~ 4712 ~ Cannot truncate table 'dbo.P' because it is being referenced by a FOREIGN KEY constraint.",
        "DROP TABLE dbo.P ~ 3726 ~ Could not drop object 'dbo.P' because it is referenced by a FOREIGN KEY constraint."
      })
  void errorsHaveSqlServersNumbersAndWords(String batch, int number, String message)
      throws Exception {
    SqlServerError error = client.error(batch);
    assertThat(error.number()).isEqualTo(number);
    assertThat(error).hasMessage(message);
  }

  @Test
  void conversionErrorsEndTheBatchAndTheTransaction() throws Exception {
    Client.Results results = client.run("BEGIN TRAN; SELECT CAST('x' AS int); SELECT 1");
    assertThat(results.errorNumbers()).containsExactly(245);
    assertThat(results.rows).isEmpty();
    assertThat(results.events).containsExactly("began", "rolled back");
  }

  @Test
  void anOverflowIsNamed() throws Exception {
    assertThat(client.error("SELECT CAST(99999999999 AS int)").number()).isEqualTo(8115);
  }

  @Test
  void whatSqlServerRefusesIsRefused() throws Exception {
    assertThat(client.error("SELECT * FROM dbo.P LIMIT 1").number()).isEqualTo(102);
    assertThat(
            client
                .error("BEGIN TRAN; ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
                .number())
        .isEqualTo(226);
    client.ok("ROLLBACK");
    assertThat(client.error("BEGIN TRAN; EXEC sys.sp_cdc_enable_db").number()).isEqualTo(226);
    client.ok("ROLLBACK");
    assertThat(client.error("SELECT 1; CREATE VIEW dbo.v AS SELECT 1 AS a").number())
        .isEqualTo(111);
    assertThat(
            client
                .error(
                    "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'P', @role_name = NULL")
                .number())
        .isEqualTo(22901);
  }

  @Test
  void raisedErrorsAndMessages() throws Exception {
    Client.Results results =
        client.run("PRINT N'hello'; RAISERROR(N'%s has %d', 16, 3, N'x', 5); SELECT @@ERROR");
    assertThat(results.messages).containsExactly("hello");
    assertThat(results.errors.get(0)).hasMessage("x has 5");
    assertThat(results.errorNumbers()).containsExactly(50000);
    assertThat(results.rows).containsExactly(java.util.List.of(50000));
    assertThat(client.run("THROW 50001, N'stop', 1; SELECT 1").rows).isEmpty();
  }
}
