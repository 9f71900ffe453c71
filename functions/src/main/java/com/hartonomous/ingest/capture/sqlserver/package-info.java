/**
 * Capture of SQL Server tables: the Flink CDC source (snapshot, then streaming), the heartbeat, and
 * the position that people can see in {@code dbo.CdcCheckpoints}.
 */
package com.hartonomous.ingest.capture.sqlserver;
