/** SQL Server's data types and errors; what every layer of the stand-in shares. */
package com.hartonomous.ingest.standin.type;
