package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlType;

/**
 * A parameter of sp_executesql and its kin.
 *
 * @param name with its at sign, for example {@code @P0}; empty for an argument that a procedure is
 *     given by its position
 * @param value an instance of the type's value class, or null
 * @param output whether the caller wants the value back that the parameter has in the end
 */
public record Parameter(String name, SqlType type, Object value, boolean output) {

  /** A parameter that goes in only. */
  public Parameter(String name, SqlType type, Object value) {
    this(name, type, value, false);
  }
}
