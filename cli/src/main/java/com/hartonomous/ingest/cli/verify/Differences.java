package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.record.GraphEntity;
import com.hartonomous.ingest.record.Sha256;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects what the checks find: counts everything, keeps the first of each check to show. Whether
 * a difference of the graph is pending is asked for many at once.
 */
final class Differences {

  private static final int ASK_AT_ONCE = 2_000;

  /** Tells which differences are about to vanish. */
  interface PendingLookup {
    /** Those of the entities whose marks are not synced, or were not when verification began. */
    Set<GraphEntity> pendingEntities(Set<GraphEntity> entities) throws SQLException;

    /** Those of the atoms that came after the verification began. */
    Set<Sha256> newAtoms(Set<Sha256> hashes) throws SQLException;
  }

  private record Unjudged(GraphEntity entity, Sha256 atom, String key, String message) {}

  private final PendingLookup lookup;
  private final int shownMax;
  private final List<VerificationReport.Check> checks = new ArrayList<>();
  private final List<Difference> shownReal = new ArrayList<>();
  private final List<Difference> shownPending = new ArrayList<>();
  private final List<Unjudged> unjudged = new ArrayList<>();

  // Of the check that is running.
  private String check;
  private long examined;
  private long real;
  private long pending;

  /**
   * @param shownMax differences to keep of each check, and pending ones likewise
   */
  Differences(PendingLookup lookup, int shownMax) {
    this.lookup = lookup;
    this.shownMax = shownMax;
  }

  void begin(String name) {
    check = name;
    examined = 0;
    real = 0;
    pending = 0;
  }

  void examined(long number) {
    examined += number;
  }

  /** A difference in the tables. */
  void add(String key, String message) {
    add(key, message, false);
  }

  void add(String key, String message, boolean isPending) {
    long number = isPending ? ++pending : ++real;
    if (number <= shownMax) {
      (isPending ? shownPending : shownReal).add(new Difference(check, key, message, isPending));
    }
  }

  /** A difference in an entity's part of the graph. */
  void addOf(GraphEntity entity, String key, String message) throws SQLException {
    unjudged.add(new Unjudged(entity, null, key, message));
    judgeWhenMany();
  }

  /** A difference in a node that no entity owns. */
  void addOf(Sha256 atom, String key, String message) throws SQLException {
    unjudged.add(new Unjudged(null, atom, key, message));
    judgeWhenMany();
  }

  private void judgeWhenMany() throws SQLException {
    if (unjudged.size() >= ASK_AT_ONCE) {
      judge();
    }
  }

  private void judge() throws SQLException {
    Set<GraphEntity> entities = new HashSet<>();
    Set<Sha256> atoms = new HashSet<>();
    for (Unjudged one : unjudged) {
      if (one.entity() != null) {
        entities.add(one.entity());
      } else {
        atoms.add(one.atom());
      }
    }
    Set<GraphEntity> pendingEntities =
        entities.isEmpty() ? Set.of() : lookup.pendingEntities(entities);
    Set<Sha256> newAtoms = atoms.isEmpty() ? Set.of() : lookup.newAtoms(atoms);
    for (Unjudged one : unjudged) {
      boolean isPending =
          one.entity() != null
              ? pendingEntities.contains(one.entity())
              : newAtoms.contains(one.atom());
      add(one.key(), one.message(), isPending);
    }
    unjudged.clear();
  }

  void end() throws SQLException {
    judge();
    checks.add(new VerificationReport.Check(check, examined, real, pending));
  }

  VerificationReport report(
      long unsyncedMarks, VerificationReport.Read read, List<SourceBalance> balance) {
    long allReal = checks.stream().mapToLong(VerificationReport.Check::differences).sum();
    long allPending = checks.stream().mapToLong(VerificationReport.Check::pending).sum();
    List<Difference> shown = new ArrayList<>(shownReal);
    shown.addAll(shownPending);
    return new VerificationReport(
        allReal == 0,
        allReal,
        allPending,
        unsyncedMarks,
        List.copyOf(checks),
        balance,
        read,
        shown);
  }
}
