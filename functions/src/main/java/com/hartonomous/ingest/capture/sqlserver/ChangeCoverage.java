package com.hartonomous.ingest.capture.sqlserver;

import com.hartonomous.ingest.record.CapturedTable;
import com.hartonomous.ingest.record.Lsn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether the change tables still hold all that a reader has yet to read. Pure.
 *
 * <p>An instance of change data capture holds every change of its table from its minimum on:
 * clean-up raises the minimum before it deletes what is below. So what is committed from an LSN on
 * is all there when one instance of the table has a minimum that is not above it, whatever other
 * instances there are. The minimum of a table that nobody changes rises, too, and the position of
 * its readers with it: only what lies above the position counts.
 */
final class ChangeCoverage {

  private ChangeCoverage() {}

  /**
   * A capture instance.
   *
   * @param minimum changes from here on are there; null while the capture job has not begun it
   * @param altered the last change of the table's columns since it was made; null when there is
   *     none
   */
  record Instance(String schema, String table, String name, Lsn minimum, Lsn altered) {

    boolean isOf(CapturedTable captured) {
      return schema.equals(captured.schema()) && table.equals(captured.table());
    }
  }

  /**
   * Changes of a table that may be lost.
   *
   * @param from the lowest that was to be read
   * @param kept the instance that reaches back furthest; null when the table is captured no more
   */
  record Gap(CapturedTable table, Lsn from, Instance kept) {}

  /** The tables whose changes are not all there from an LSN on. */
  static List<Gap> gaps(List<CapturedTable> tables, List<Instance> instances, Lsn from) {
    List<Gap> gaps = new ArrayList<>();
    for (CapturedTable table : tables) {
      Optional<Instance> oldest =
          instances.stream()
              .filter(instance -> instance.minimum() != null)
              .filter(instance -> instance.isOf(table))
              .min(Comparator.comparing(Instance::minimum));
      if (oldest.isEmpty() || oldest.get().minimum().compareTo(from) > 0) {
        gaps.add(new Gap(table, from, oldest.orElse(null)));
      }
    }
    return gaps;
  }

  /**
   * Whether the database goes on from a position that was read from it. One that was restored to an
   * earlier time, or that another one took the place of, does not: its changes have other LSNs.
   *
   * @param position of a commit
   * @param newest of all commits that it knows; null when it knows none
   * @param known whether it knows a commit at the position
   * @param minimum the lowest of all its capture instances, below which it forgets commits; null
   *     when it has none
   */
  static boolean continues(Lsn position, Lsn newest, boolean known, Lsn minimum) {
    if (newest == null || known) {
      return true;
    }
    return newest.compareTo(position) > 0 && (minimum == null || minimum.compareTo(position) > 0);
  }
}
