package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Emitted definitions make tables that behave as T-SQL's. */
class DefinitionEmissionTest {

  private static final int DUPLICATE_KEY = 23505;
  private static final int CHECK_VIOLATED = 23513;
  private static final int REFERENCE_VIOLATED = 23506;

  private EmissionFixture database;

  @BeforeEach
  void open() throws Exception {
    database = new EmissionFixture();
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  private void assertFails(String sql, int errorCode) {
    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> database.run(sql))
        .satisfies(e -> assertThat(e.getErrorCode()).as(e.getMessage()).isEqualTo(errorCode));
  }

  @Test
  void makesColumnsOfEveryType() throws Exception {
    database.run(
        """
        CREATE TABLE dbo.T (
          a bit, b tinyint, c smallint, d int, e bigint, f real, g float(53), h decimal(9,2),
          i numeric, j smallmoney, k money, l char(3), m varchar(5), n nchar(3), o nvarchar(max),
          p binary(2), q varbinary(max), r date, s time(3), t smalldatetime, u datetime,
          v datetime2, w datetimeoffset(3), x uniqueidentifier, y sysname NULL)
        INSERT INTO dbo.T VALUES (1, 255, 1, 1, 1, 1, 1, 1.5, 1, 1.25, 1.25, 'a', 'abc', N'a', N'long',
          0x01, 0x0203, '2024-01-02', '01:02:03.1234', '2024-01-02T03:04:05', '2024-01-02T03:04:05',
          '2024-01-02T03:04:05.1234567', '2024-01-02T03:04:05+02:00',
          '6F9619FF-8B86-D011-B42D-00C04FC964FF', N'name')
        """);
    assertThat(database.run("SELECT b, h, k, l, p, q, o FROM dbo.T"))
        .containsExactly(
            List.of(
                255,
                new java.math.BigDecimal("1.50"),
                new java.math.BigDecimal("1.2500"),
                "a  ",
                "0x0100",
                "0x0203",
                "long"));
    assertThat(database.single("SELECT CONVERT(varchar(40), w, 126) FROM T"))
        .isEqualTo("2024-01-02T03:04:05.000+02:00");
    assertThatThrownBy(() -> database.run("INSERT INTO T (b) VALUES (256)"))
        .hasMessageContaining("value = 256");
    assertThatThrownBy(() -> database.run("INSERT INTO T (b) VALUES (-1)"))
        .hasMessageContaining("value = -1");
  }

  @Test
  void enforcesKeysWithoutLetterCaseAndWithNullsEqual() throws Exception {
    database.run(
        "CREATE TABLE dbo.P (Id int NOT NULL PRIMARY KEY NONCLUSTERED, N nvarchar(9) NULL UNIQUE,"
            + " X nvarchar(9) COLLATE Latin1_General_100_BIN2 NULL)\n"
            + "CREATE UNIQUE INDEX UX ON dbo.P (X DESC) INCLUDE (N) WITH (FILLFACTOR = 90)\n"
            + "INSERT INTO dbo.P VALUES (1, N'w', N'w'), (2, NULL, N'W'), (3, N'x', NULL)");
    assertFails("INSERT INTO dbo.P (Id, N) VALUES (4, N'W')", DUPLICATE_KEY);
    assertFails("INSERT INTO dbo.P (Id, N, X) VALUES (4, NULL, N'q')", DUPLICATE_KEY);
    assertFails("INSERT INTO dbo.P (Id, N, X) VALUES (4, N'z', NULL)", DUPLICATE_KEY);
    database.run("DROP INDEX UX ON dbo.P");
    database.run("INSERT INTO dbo.P (Id, N, X) VALUES (4, N'z', NULL)");
  }

  @Test
  void filteredUniqueIndexHoldsOnlyWhereItsFilterIs() throws Exception {
    database.run(
        "CREATE TABLE dbo.Q (Id int NOT NULL, Done bit NOT NULL)\n"
            + "CREATE UNIQUE INDEX UX_Q ON dbo.Q (Id) WHERE Done = 0\n"
            + "INSERT INTO dbo.Q VALUES (1, 1), (1, 1), (1, 0), (2, 0)");
    assertFails("INSERT INTO dbo.Q VALUES (1, 0)", DUPLICATE_KEY);
    assertFails("UPDATE dbo.Q SET Done = 0 WHERE Id = 1", DUPLICATE_KEY);
    assertThat(database.run("SELECT * FROM dbo.Q WHERE Id = 2")).containsExactly(List.of(2, false));
  }

  @Test
  void checksReferencesAndConditions() throws Exception {
    database.run(
        "CREATE TABLE dbo.A (Id int NOT NULL CONSTRAINT PK_A PRIMARY KEY)\n"
            + "CREATE TABLE dbo.B (Id int NOT NULL, A int NULL CONSTRAINT FK_B REFERENCES dbo.A (Id)"
            + " ON DELETE CASCADE, State varchar(9) NOT NULL CONSTRAINT DF_B DEFAULT 'NEW',"
            + " Twice AS (Id * 2) PERSISTED, CONSTRAINT CK_B CHECK (State IN ('new', 'DONE')))\n"
            + "INSERT INTO dbo.A VALUES (1)\n"
            + "INSERT INTO dbo.B (Id, A) VALUES (5, 1)");
    assertThat(database.run("SELECT State, Twice FROM dbo.B")).containsExactly(List.of("NEW", 10));
    assertFails("INSERT INTO dbo.B (Id, A) VALUES (6, 2)", REFERENCE_VIOLATED);
    assertFails("UPDATE dbo.B SET State = 'x'", CHECK_VIOLATED);
    database.run("DELETE FROM dbo.A");
    assertThat(database.single("SELECT COUNT(*) FROM dbo.B")).isEqualTo(0);
  }

  @Test
  void altersTables() throws Exception {
    database.run(
        "CREATE TABLE dbo.A (Id int NOT NULL, N int NULL)\nINSERT INTO dbo.A VALUES (1, NULL)");
    for (String sql :
        List.of(
            "ALTER TABLE dbo.A ADD X nvarchar(5) NOT NULL CONSTRAINT DF_X DEFAULT N'x', Y int NULL",
            "ALTER TABLE dbo.A WITH CHECK ADD CONSTRAINT PK_A PRIMARY KEY CLUSTERED (Id)",
            "ALTER TABLE dbo.A ADD CONSTRAINT DF_N DEFAULT 7 FOR N",
            "ALTER TABLE dbo.A ALTER COLUMN N bigint NULL",
            "ALTER TABLE dbo.A DROP COLUMN Y",
            "ALTER TABLE dbo.A SET (LOCK_ESCALATION = DISABLE)",
            "ALTER TABLE dbo.A CHECK CONSTRAINT ALL")) {
      database.run(sql);
    }
    database.connection().createStatement().execute("INSERT INTO \"dbo\".A (Id) VALUES (2)");
    try (var rows =
        database
            .connection()
            .createStatement()
            .executeQuery("SELECT * FROM \"dbo\".A ORDER BY Id")) {
      rows.next();
      assertThat(rows.getString("X")).isEqualTo("x");
      assertThat(rows.getObject("N")).isNull();
      rows.next();
      assertThat(rows.getObject("N")).isEqualTo(7L);
      assertThat(rows.getMetaData().getColumnCount()).isEqualTo(3);
    }
    database.run("ALTER TABLE dbo.A DROP CONSTRAINT PK_A");
    database.connection().createStatement().execute("INSERT INTO \"dbo\".A (Id) VALUES (2)");
    assertThat(database.run("TRUNCATE TABLE dbo.A; SELECT COUNT(*) FROM dbo.A"))
        .containsExactly(List.of(0));
    database.run("DROP TABLE IF EXISTS dbo.A, dbo.Missing");
  }

  @Test
  void keepsLargeValuesOutsideTheRow() throws Exception {
    database.run(
        "CREATE TABLE dbo.L (Id int NOT NULL, C varbinary(max) NULL, T nvarchar(max) NULL)");
    try (var rows =
        database
            .connection()
            .createStatement()
            .executeQuery(
                "SELECT DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'L' AND"
                    + " COLUMN_NAME <> 'Id' ORDER BY COLUMN_NAME")) {
      rows.next();
      assertThat(rows.getString(1)).isEqualTo("BINARY LARGE OBJECT");
      rows.next();
      assertThat(rows.getString(1)).isEqualTo("CHARACTER LARGE OBJECT");
    }
    database.run("INSERT INTO dbo.L VALUES (1, 0x0102, N'Text'), (2, NULL, NULL)");
    assertThat(
            database.run(
                "SELECT LEN(C), DATALENGTH(T), HASHBYTES('SHA2_256', C), SUBSTRING(C, 2, 1), T +"
                    + " N'!', UPPER(T) FROM dbo.L WHERE T = 'TEXT' AND C = 0x0102"))
        .containsExactly(
            List.of(
                2L,
                8L,
                "0xA12871FEE210FB8619291EAEA194581CBD2531E4B23759D225F6806923F63222",
                "0x02",
                "Text!",
                "TEXT"));
  }
}
