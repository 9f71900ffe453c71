/**
 * What executes T-SQL: sessions, transactions, the catalogue, system procedures. Imports tsql and
 * capture.
 */
package com.hartonomous.ingest.standin.engine;
