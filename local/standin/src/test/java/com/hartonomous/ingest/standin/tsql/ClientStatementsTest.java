package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every text that the JDBC driver, the CDC connector and Flyway send is parsed. */
class ClientStatementsTest {

  /** A text and the record names of the statements it must give. */
  record Text(String sql, String... statements) {}

  private static Text text(String sql, String... statements) {
    return new Text(sql, statements);
  }

  static List<Text> driver() {
    return List.of(
        text("set implicit_transactions on ", "SetOption"),
        text("set implicit_transactions off IF @@TRANCOUNT > 0 COMMIT TRAN ", "SetOption", "If"),
        text("IF @@TRANCOUNT > 0 COMMIT TRAN WITH ( DELAYED_DURABILITY =  ON )", "If"),
        text("IF @@TRANCOUNT > 0 ROLLBACK TRAN", "If"),
        text("IF @@TRANCOUNT > 0 ROLLBACK TRAN [a]]b]", "If"),
        text(
            "IF @@TRANCOUNT = 0 BEGIN BEGIN TRAN IF @@TRANCOUNT = 2 COMMIT TRAN END SAVE TRAN [s1]",
            "If",
            "SaveTransaction"),
        text("set transaction isolation level read committed ", "SetOption"),
        text("set transaction isolation level  snapshot ", "SetOption"),
        text(" set lock_timeout -1", "SetOption"),
        text("use [a b]", "Use"),
        text("SELECT 1", "SelectStatement"),
        text("SELECT @@TRANCOUNT", "SelectStatement"),
        text("SELECT SCHEMA_NAME()", "SelectStatement"),
        text("SELECT SYSTEM_USER", "SelectStatement"),
        text("SELECT CURRENT_USER", "SelectStatement"),
        text("SET TEXTSIZE 2147483647", "SetOption"),
        text("SET ROWCOUNT 5", "SetOption"),
        text("SET QUOTED_IDENTIFIER ON SET CONCAT_NULL_YIELDS_NULL ON", "SetOption", "SetOption"),
        text("SET CURSOR_CLOSE_ON_COMMIT ON", "SetOption"),
        text("EXEC sp_unprepare 1;EXEC sp_unprepare 22;", "Execute", "Execute"),
        text(
            "INSERT INTO t (a) VALUES (@P0) select SCOPE_IDENTITY() AS GENERATED_KEYS",
            "Insert",
            "SelectStatement"),
        text(
            "set fmtonly on select a from t where b = null\nset fmtonly off",
            "SetOption",
            "SelectStatement",
            "SetOption"),
        text("SELECT name AS TABLE_CAT FROM sys.databases order by name", "SelectStatement"),
        text("sp_executesql N'SET FMTONLY ON SELECT * FROM #t '", "Execute"),
        text("SET FMTONLY ON SELECT * FROM #t ", "SetOption", "SelectStatement"),
        text(
            "select collation_name, is_computed, encryption_type from sys.columns where"
                + " object_id=OBJECT_ID('dbo.t') order by column_id ASC",
            "SelectStatement"),
        text(
            "INSERT BULK #t ([a] BIGINT, [b] NVARCHAR(max) COLLATE Latin1_General_CI_AS, [c]"
                + " VARBINARY(8000)) with (ROWS_PER_BATCH = 2000, TABLOCK, KEEP_NULLS,"
                + " CHECK_CONSTRAINTS, FIRE_TRIGGERS)",
            "InsertBulk"),
        text("SELECT CAST(SERVERPROPERTY('EngineEdition') as INT)", "SelectStatement"),
        text("EXEC sp_tables @P0, @P1, @P2, @P3", "Execute"),
        text("EXEC sp_statistics_100  @P0 , @P1 , @P2 , @P3 , @P4 , @P5 ", "Execute"),
        text("sp_datatype_info_100 @ODBCVer=3", "Execute"),
        text("sp_configure 'user connections'", "Execute"),
        text("exec sp_describe_undeclared_parameters @P0", "Execute"),
        text(
            "select maximum from sys.configurations where name = 'user connections'",
            "SelectStatement"),
        text(
            "select name, compatibility_level from sys.databases where name = 'd'",
            "SelectStatement"),
        text(
            "SELECT 'VIEW' 'TABLE_TYPE' UNION SELECT 'TABLE' UNION SELECT 'SYSTEM TABLE'",
            "SelectStatement"),
        text(
            "SELECT cast(NULL as char(1)) as NAME, cast(0 as int) as MAX_LEN where 0 = 1",
            "SelectStatement"),
        text("INSERT INTO t DEFAULT VALUES", "Insert"),
        text(
            "DECLARE @mssqljdbc_temp_sp_columns_result TABLE(TABLE_QUALIFIER SYSNAME, PRECISION"
                + " INT,LENGTH INT, SCALE SMALLINT, SS_UDT_ASSEMBLY_TYPE_NAME NVARCHAR(max),"
                + " SS_DATA_TYPE TINYINT);INSERT INTO @mssqljdbc_temp_sp_columns_result EXEC"
                + " sp_columns_100 @P0,@P1,@P2,@P3,@P4,@P5;SELECT TABLE_QUALIFIER AS TABLE_CAT,"
                + " CAST(SCALE AS INT) AS DECIMAL_DIGITS, CAST(NULL AS VARCHAR) AS SCOPE_CATALOG,"
                + " CASE SS_IS_IDENTITY WHEN 0 THEN 'NO' WHEN 1 THEN 'YES' WHEN '' THEN '' END AS"
                + " IS_AUTOINCREMENT FROM @mssqljdbc_temp_sp_columns_result ORDER BY TABLE_CAT,"
                + " ORDINAL_POSITION;",
            "DeclareTable",
            "Insert",
            "SelectStatement"),
        text(
            "DECLARE @f table (PKTABLE_QUALIFIER sysname, KEY_SEQ smallint);INSERT INTO @f EXEC"
                + " sp_fkeys @P0,@P1,@P2,@P3,@P4,@P5;SELECT  t.KEY_SEQ, CASE"
                + " s.update_referential_action WHEN 1 THEN 0 WHEN 0 THEN 3 END as UPDATE_RULE FROM"
                + " @f t LEFT JOIN sys.foreign_keys s ON t.FK_NAME = s.name COLLATE"
                + " database_default AND schema_id(t.FKTABLE_OWNER) = s.schema_id ORDER BY KEY_SEQ",
            "DeclareTable",
            "Insert",
            "SelectStatement"));
  }

  static List<Text> connector() {
    return List.of(
        text("SELECT name, database_id, create_date  \nFROM sys.databases;  ", "SelectStatement"),
        text(
            "SELECT * FROM [D].INFORMATION_SCHEMA.TABLES WHERE TABLE_TYPE = 'BASE TABLE';",
            "SelectStatement"),
        text("SELECT MIN([c]), MAX([c]) FROM [D].[S].[T]", "SelectStatement"),
        text("USE [D];", "Use"),
        text(
            "SELECT Total_Rows = SUM(st.row_count) FROM sys.dm_db_partition_stats st WHERE"
                + " object_name(object_id) = 'T' AND index_id < 2;",
            "SelectStatement"),
        text(
            "SELECT MAX([c]) FROM (SELECT TOP (1024) [c] FROM [S].[T] WHERE [c] >= @P0 ORDER BY [c]"
                + " ASC ) AS T",
            "SelectStatement"),
        text("SELECT MIN([c]) FROM [D].[S].[T] WHERE [c] > @P0", "SelectStatement"),
        text(
            "SELECT MAX(start_lsn) FROM [D].cdc.lsn_time_mapping WHERE tran_id <> 0x00",
            "SelectStatement"),
        text(
            "SELECT * FROM [S].[T] WHERE c >= @P0 AND NOT (c = @P1) AND c <= @P2",
            "SelectStatement"),
        text("SELECT PARSE(@P0 AS datetimeoffset)", "SelectStatement"),
        text("SELECT [D].sys.fn_cdc_increment_lsn(@P0)", "SelectStatement"),
        text(
            "SELECT * FROM [D].cdc.change_tables WHERE start_lsn BETWEEN @P0 AND @P1",
            "SelectStatement"),
        text(
            "SELECT object_id, column_name FROM [D].cdc.captured_columns ORDER BY object_id,"
                + " column_id",
            "SelectStatement"),
        text(
            "WITH ordered_change_tables AS (SELECT ROW_NUMBER() OVER (PARTITION BY"
                + " ct.source_object_id, ct.start_lsn ORDER BY ct.create_date DESC) AS ct_sequence,"
                + " ct.* FROM [D].cdc.change_tables AS ct WHERE ct.start_lsn <= @P0) SELECT"
                + " OBJECT_SCHEMA_NAME(source_object_id, DB_ID(@P1)), OBJECT_NAME(source_object_id,"
                + " DB_ID(@P2)), capture_instance, object_id, start_lsn FROM ordered_change_tables"
                + " WHERE ct_sequence = 1",
            "SelectStatement"),
        text(
            "SELECT *, TODATETIMEOFFSET([D].sys.fn_cdc_map_lsn_to_time([__$start_lsn]),"
                + " DATEPART(TZOFFSET, SYSDATETIMEOFFSET())) FROM"
                + " [D].cdc.[fn_cdc_get_all_changes_dbo_t](@P0, @P1, N'all update old') order by"
                + " [__$start_lsn] ASC, [__$seqval] ASC, [__$operation] ASC",
            "SelectStatement"));
  }

  static List<Text> flyway() {
    return List.of(
        text("SELECT DB_NAME()", "SelectStatement"),
        text("SELECT CAST(SERVERPROPERTY('edition') AS VARCHAR)", "SelectStatement"),
        text("SELECT SERVERPROPERTY('engineedition')", "SelectStatement"),
        text(
            "DECLARE @ANSI_NULLS VARCHAR(3) = 'OFF';\n"
                + "IF ( (32 & @@OPTIONS) = 32 ) SET @ANSI_NULLS = 'ON';\n"
                + "SELECT @ANSI_NULLS AS ANSI_NULLS;",
            "Declare",
            "If",
            "SelectStatement"),
        text("SET ANSI_NULLS ON", "SetOption"),
        text("SELECT SUSER_SNAME()", "SelectStatement"),
        text("SELECT name FROM sys.databases WHERE name = 'RDSAdmin'", "SelectStatement"),
        text(
            "EXEC sp_getapplock @Resource = @P0, @LockTimeout='3600000', @LockMode = 'Exclusive',"
                + " @LockOwner = 'Session'",
            "Execute"),
        text("EXEC sp_releaseapplock @Resource = @P0, @LockOwner = 'Session'", "Execute"),
        text(
            "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME=@P0",
            "SelectStatement"),
        text(
            "SELECT CAST(CASE WHEN EXISTS(  SELECT 1 FROM [D].INFORMATION_SCHEMA.TABLES WHERE"
                + " TABLE_SCHEMA=@P0 AND TABLE_NAME=@P1) THEN 1 ELSE 0 END AS BIT)",
            "SelectStatement"),
        text("select * from [dbo].[flyway_schema_history] WITH (TABLOCKX)", "SelectStatement"),
        text(
            "SELECT obj.object_id, obj.name FROM sys.objects AS obj WITH (NOLOCK)LEFT JOIN"
                + " sys.extended_properties AS eps WITH (NOLOCK)ON obj.object_id = eps.major_id AND"
                + " eps.class = 1 AND eps.minor_id = 0 AND"
                + " eps.name='microsoft_database_tools_support' WHERE SCHEMA_NAME(obj.schema_id) ="
                + " 'dbo' AND eps.major_id IS NULL AND obj.is_ms_shipped = 0 AND obj.type IN"
                + " ('U','V') order by create_date desc, object_id desc",
            "SelectStatement"),
        text(
            "SELECT count(*) FROM ( SELECT t.name FROM sys.types t INNER JOIN sys.schemas s ON"
                + " t.schema_id = s.schema_id WHERE t.is_user_defined = 1 AND s.name = @P0 Union"
                + " SELECT name FROM sys.assemblies WHERE is_user_defined=1) R",
            "SelectStatement"),
        text(
            "(SELECT s.name\nFROM sys.schemas s\nINNER JOIN sys.sysusers u ON u.uid ="
                + " s.principal_id\nWHERE u.issqluser = 1 AND u.name NOT IN ('sys', 'guest')\n)"
                + " UNION (\nSELECT DISTINCT s.name\nFROM sys.schemas s\nINNER JOIN sys.objects o ON"
                + " o.schema_id = s.schema_id\nWHERE o.is_ms_shipped = 0)",
            "SelectStatement"),
        text(
            "CREATE TABLE [D].[dbo].[flyway_schema_history] (\n    [installed_rank] INT NOT NULL,\n"
                + "    [version] NVARCHAR(50),\n    [installed_on] DATETIME NOT NULL DEFAULT"
                + " GETDATE(),\n    [success] BIT NOT NULL\n);\nALTER TABLE"
                + " [D].[dbo].[flyway_schema_history] ADD CONSTRAINT [flyway_schema_history_pk]"
                + " PRIMARY KEY ([installed_rank]);\nCREATE INDEX [flyway_schema_history_s_idx] ON"
                + " [D].[dbo].[flyway_schema_history] ([success]);\n",
            "CreateTable",
            "AlterTableAdd",
            "CreateIndex"),
        text("INSERT INTO [D].[dbo].[h] ([installed_rank], [version]) VALUES (@P0, @P1)", "Insert"),
        text(
            "SELECT [installed_rank],[version] FROM [D].[dbo].[h] WHERE [installed_rank] > @P0"
                + " ORDER BY [installed_rank]",
            "SelectStatement"),
        text(
            "UPDATE [D].[dbo].[h] SET [description]=@P0 , [type]=@P1 WHERE [version]=@P2",
            "Update"),
        text("DELETE FROM [D].[dbo].[h] WHERE [success] = 0 AND [version] = '1'", "Delete"),
        text("CREATE SCHEMA [s]", "CreateSchema"),
        text("DROP TABLE [D].[dbo].[t]", "Drop"),
        text("ALTER TABLE [dbo].[t] DROP CONSTRAINT [c]", "AlterTableDropConstraints"),
        text("DROP INDEX [i] ON [dbo].[t]", "DropIndex"),
        text(
            "SELECT i.name FROM sys.indexes i JOIN sys.index_columns ic on i.index_id ="
                + " ic.index_id WHERE i.object_id=OBJECT_ID(N'[dbo].[t]') GROUP BY i.name HAVING"
                + " MAX(CAST(is_rowguidcol AS INT)) = 0 OR MAX(CAST(is_filestream AS INT)) = 0",
            "SelectStatement"),
        text(
            "SELECT name AS queue_name, object_id AS queue_id FROM sys.service_queues WHERE"
                + " schema_id = schema_id('dbo') AND is_ms_shipped = 0;",
            "SelectStatement"));
  }

  @ParameterizedTest
  @MethodSource({"driver", "connector", "flyway"})
  void isParsed(Text text) throws SqlServerError {
    List<Statement> statements = TsqlParser.parse(text.sql());
    assertThat(statements.stream().map(s -> s.getClass().getSimpleName()))
        .containsExactly(text.statements());
  }
}
