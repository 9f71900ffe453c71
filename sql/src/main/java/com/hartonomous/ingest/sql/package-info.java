/** The versioned schema of the SQL Server database and the code that applies it. */
package com.hartonomous.ingest.sql;
