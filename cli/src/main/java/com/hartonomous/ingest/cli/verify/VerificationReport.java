package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.balance.SourceBalance;
import java.util.List;

/**
 * What a verification found.
 *
 * @param passed whether there are no differences but pending ones
 * @param differences all of them, but not the pending ones
 * @param pending differences that are about to vanish; see {@link Difference#pending}
 * @param unsyncedMarks rows of the outbox that were not synced when the verification began
 * @param balance what became of the input of each source
 * @param read the content that was read, null when none was asked for
 * @param shown the first differences of each check, real ones before pending ones
 */
public record VerificationReport(
    boolean passed,
    long differences,
    long pending,
    long unsyncedMarks,
    List<Check> checks,
    List<SourceBalance> balance,
    Read read,
    List<Difference> shown) {

  /**
   * One check.
   *
   * @param examined things looked at
   */
  public record Check(String name, long examined, long differences, long pending) {}

  /**
   * Content that was read and hashed.
   *
   * @param seed chose the atoms when {@code percent} is below 100
   */
  public record Read(double percent, long seed, long atoms, long bytes) {}
}
