package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlType;

/**
 * One column of a result set.
 *
 * @param name may be empty
 */
public record ResultColumn(String name, SqlType type, boolean nullable, boolean identity) {}
