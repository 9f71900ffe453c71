package com.hartonomous.ingest.format.pickle;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** The globals that the pickles of one file name, each once. Not for use by several threads. */
public final class GlobalsReport {
  /** Names that are kept; a file of ours has some twenty, a TorchScript model some hundred. */
  private static final int NAMES_MAX = 2_000;

  /** Names that {@link #toString} shows of each sort. */
  private static final int SHOWN_MAX = 200;

  private final TreeSet<String> allowed = new TreeSet<>();
  private final TreeSet<String> refused = new TreeSet<>();

  /** Of the allowed ones, those that are on no list. */
  private final TreeSet<String> unlisted = new TreeSet<>();

  private boolean cut;

  /** Adds a name; one that was refused once stays so. */
  void add(String module, String name, boolean isAllowed) {
    String qualified = module + "." + name;
    if (isAllowed && refused.contains(qualified)) {
      return;
    }
    if (!isAllowed && allowed.remove(qualified)) {
      refused.add(qualified);
      return;
    }
    if (allowed.size() + refused.size() < NAMES_MAX) {
      (isAllowed ? allowed : refused).add(qualified);
    } else if (!allowed.contains(qualified) && !refused.contains(qualified)) {
      cut = true;
      if (!isAllowed && refused.isEmpty()) {
        refused.add(qualified);
      }
    }
  }

  /** Adds a name that is on no list, of a class whose objects are kept as data all the same. */
  void addUnlisted(String module, String name) {
    add(module, name, true);
    if (allowed.contains(module + "." + name)) {
      unlisted.add(module + "." + name);
    }
  }

  /** Notes that there may be names that were not read. */
  void cut() {
    cut = true;
  }

  /** Returns the allowed names as {@code module.name}, sorted. */
  public List<String> allowed() {
    return List.copyOf(allowed);
  }

  /** Returns those of the allowed names that are on no list as {@code module.name}, sorted. */
  public List<String> unlisted() {
    return List.copyOf(unlisted);
  }

  /** Says whether a name was not allowed. */
  public boolean hasRefused() {
    return !refused.isEmpty();
  }

  /** Returns the names that are not allowed as {@code module.name}, sorted. */
  public List<String> refused() {
    return List.copyOf(refused);
  }

  /**
   * Returns all names for people, the refused ones first, these and the ones on no list marked, and
   * says at the end if there may be more; empty if there are none.
   */
  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    refused.stream().limit(SHOWN_MAX).forEach(name -> shown.add(name + " (REFUSED)"));
    allowed.stream()
        .limit(SHOWN_MAX)
        .forEach(
            name -> shown.add(unlisted.contains(name) ? name + " (unlisted, data only)" : name));
    if (cut || shown.size() < allowed.size() + refused.size()) {
      shown.add("and more");
    }
    return String.join(", ", shown);
  }
}
