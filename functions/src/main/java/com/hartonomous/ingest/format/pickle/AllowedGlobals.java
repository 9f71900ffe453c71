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
    /** Named, or made an object of without arguments that takes state; never called. */
    CLASS,
    /** Only named. */
    NAME
  }

  /** Returns what may be done with that name of that module; empty if it is refused. */
  Optional<Use> useOf(String module, String name);

  /**
   * Says whether a name that {@link #useOf} refuses may be that of a class of which objects are
   * kept as data, if {@link #allowsState} allows each of them, and nothing but those refers to it.
   */
  default boolean mayBeClass(String module, String name) {
    return false;
  }

  /** Says whether an object that was made without arguments may be kept, given its first state. */
  default boolean allowsState(PickleNode state) {
    return false;
  }

  /**
   * Returns which argument of a call is a class that is only named there, whatever its name; -1 if
   * none is.
   */
  default int namedArgument(PickleNode.Global callee) {
    return -1;
  }
}
