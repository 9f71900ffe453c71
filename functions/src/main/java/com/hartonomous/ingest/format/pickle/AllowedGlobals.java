package com.hartonomous.ingest.format.pickle;

import java.util.Optional;

/** The names that a pickle may hold, and what it may do with each. */
@FunctionalInterface
public interface AllowedGlobals {

  /** What may be done with a global. */
  enum Use {
    /** Called or made without arguments, with a dict, or with pairs, it is a dict (REDUCE). */
    DICT,
    /** Called with a sequence, it is a set. */
    SET,
    /** Called, or made an object of with state: {@link PickleNode.Call}. */
    CALL,
    /** Only named. */
    NAME
  }

  /** Returns what may be done with that name of that module; empty if it is refused. */
  Optional<Use> useOf(String module, String name);
}
