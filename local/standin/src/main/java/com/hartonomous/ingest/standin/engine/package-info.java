/**
 * What executes T-SQL over H2: sessions, transactions, the catalogue, system procedures. Imports
 * tsql, capture and broker.
 *
 * <p>A session owns one H2 connection that never commits by itself; {@link
 * com.hartonomous.ingest.standin.engine.Transaction} gives it SQL Server's transactions, and every
 * commit is numbered by capture. Objects are defined on a connection of their own ({@link
 * com.hartonomous.ingest.standin.engine.Definitions}), because H2 commits with every definition.
 * The catalogue views are H2 views over tables that hold SQL Server's own truth.
 *
 * <p>Where this differs from a real server stands in {@code local/standin/DIFFERENCES.md}, with a
 * test of each entry.
 */
package com.hartonomous.ingest.standin.engine;
