package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlType;

/** What stands behind one {@code ?} of emitted SQL. */
public sealed interface ParameterReference {

  /** The name to look the value up by. */
  String name();

  /** The type that the value has; the emitted SQL casts the {@code ?} to it where H2 needs that. */
  SqlType type();

  /**
   * A variable or parameter.
   *
   * @param name with its at sign, as written
   */
  record Variable(String name, SqlType type) implements ParameterReference {}

  /**
   * A value of the session.
   *
   * @param name one of {@link SessionValues#names()}, upper case, for example {@code @@TRANCOUNT}
   *     or {@code SCOPE_IDENTITY}
   */
  record SessionValue(String name, SqlType type) implements ParameterReference {}
}
