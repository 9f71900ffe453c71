/**
 * What executes T-SQL over H2: sessions, transactions, the catalogue, system procedures. Imports
 * tsql and capture.
 *
 * <p>A session owns one H2 connection that never commits by itself; {@link
 * com.hartonomous.ingest.standin.engine.Transaction} gives it SQL Server's transactions, and every
 * commit is numbered by capture. Objects are defined on a connection of their own ({@link
 * com.hartonomous.ingest.standin.engine.Definitions}), because H2 commits with every definition.
 * The catalogue views are H2 views over tables that hold SQL Server's own truth.
 *
 * <p>Where this differs from a real server:
 *
 * <ul>
 *   <li>What a transaction defines is visible to others at once. Rolling back takes away what
 *       CREATE and ALTER TABLE ADD made; what DROP and ALTER took away stays away, and the ROLLBACK
 *       ends with an error that says so. A definition on a table that the transaction has written
 *       commits the rows written so far; a rollback after that names their tables.
 *   <li>Rows are locked, never pages or tables; SERIALIZABLE and REPEATABLE READ read a snapshot
 *       and take no range locks. Claims about locking need a real server.
 *   <li>Deleting a row does not see that another transaction, not committed yet, refers to it: no
 *       547 then, and no waiting.
 *   <li>Texts that differ only in spaces at their end are different, in comparisons, keys, DISTINCT
 *       and joins; to SQL Server they are equal.
 *   <li>A lock that is waited for longer than a minute without LOCK_TIMEOUT counts as a deadlock
 *       (1205), since a circle through an application lock or a definition is not seen otherwise.
 *   <li>When the process dies inside a transaction that has defined something, a part of it stays:
 *       the database is refused from then on.
 *   <li>TRUNCATE TABLE deletes row by row and inside a transaction leaves the identity where it is.
 *   <li>A result set is held in memory (in a file database beyond H2's limit on disk) before its
 *       first row is sent.
 *   <li>Trailing spaces count where text is compared, so {@code 'a'} and {@code 'a '} are two keys
 *       that a unique index takes both; SQL Server finds them equal and refuses the second (2627).
 *   <li>The one login may do everything: permissions and roles are not modelled.
 *   <li>Change tables are views under {@code cdc} and not listed in sys.tables; capture has no
 *       delay; the clean-up job has no schedule, sys.sp_cdc_start_job runs it. An update of a key
 *       column is always captured as delete and insert, one of another unique index never: a real
 *       server's plan decides. sys.sp_cdc_cleanup_change_table is refused within a transaction.
 * </ul>
 */
package com.hartonomous.ingest.standin.engine;
