-- verify reads under SNAPSHOT isolation; capture needs CDC. SQL Server allows neither inside a transaction.
ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON;
GO
IF NOT EXISTS (SELECT 1 FROM sys.databases WHERE name = DB_NAME() AND is_cdc_enabled = 1)
    EXEC sys.sp_cdc_enable_db;
GO
IF NOT EXISTS (SELECT 1 FROM cdc.change_tables WHERE capture_instance = N'dbo_Heartbeat')
    EXEC sys.sp_cdc_enable_table
        @source_schema = N'dbo',
        @source_name = N'Heartbeat',
        @role_name = NULL,
        @supports_net_changes = 0;
