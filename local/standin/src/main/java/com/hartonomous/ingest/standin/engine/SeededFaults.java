package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Faults at random, by a seed. Whether the n-th run of a statement's text by an application fails,
 * and how, depends on the seed, the application, the text and n alone: clients that run the same
 * statements as often meet the same faults, however their threads interleave. Thread-safe.
 */
public final class SeededFaults implements FaultInjector {

  private static final Set<String> WRITING = Set.of("Insert", "BulkInsert", "Update", "Delete");
  private static final int COUNTED_TEXTS_MAX = 10_000;

  /** What can go wrong. */
  public enum Fault {
    /** 1205 before a statement that reads or writes; the transaction is rolled back. */
    DEADLOCK,
    /** 1222 before a statement that reads or writes; the transaction stays. */
    LOCK_TIMEOUT,
    /** 2627 instead of an INSERT, bulk insert or UPDATE. */
    DUPLICATE_KEY,
    /** 547 instead of a statement that writes. */
    FOREIGN_KEY,
    /** The connection is lost before a statement or before the commit: rolled back. */
    CONNECTION_LOST,
    /** The connection is lost after the commit, whose outcome the client does not learn. */
    UNKNOWN_OUTCOME
  }

  /** A place in a client's work, without the statement's parameters. */
  private record Place(Point point, String application, String kind, String batch) {}

  private final long seed;
  private final double probability;
  private final Set<Fault> kinds;
  private final Predicate<String> applications;
  private final Map<Place, AtomicInteger> runs = new ConcurrentHashMap<>();
  private final Map<Fault, AtomicInteger> injected = new EnumMap<>(Fault.class);

  /**
   * Makes the faults of a seed.
   *
   * @param probability of a fault at each place where one is possible, 0 to 1
   * @param kinds the faults to choose from, each as likely
   * @param applications whose clients are disturbed, by the name that they logged in with
   */
  public SeededFaults(
      long seed, double probability, Set<Fault> kinds, Predicate<String> applications) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException("expected a probability of 0 to 1, found " + probability);
    }
    this.seed = seed;
    this.probability = probability;
    this.kinds = Set.copyOf(kinds);
    this.applications = applications;
    for (Fault fault : Fault.values()) {
      injected.put(fault, new AtomicInteger());
    }
  }

  /** How often a fault was injected so far. */
  public int count(Fault fault) {
    return injected.get(fault).get();
  }

  /** How many faults were injected so far. */
  public int count() {
    return injected.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  @Override
  public void reached(Point point, String application, String kind, String batch)
      throws SqlServerError, ConnectionLostException {
    if (!applications.test(application)) {
      return;
    }
    Place place = new Place(point, application, kind, batch);
    if (runs.size() > COUNTED_TEXTS_MAX) {
      throw new IllegalStateException(
          "more than " + COUNTED_TEXTS_MAX + " different statements: pass values as parameters");
    }
    int run = runs.computeIfAbsent(place, p -> new AtomicInteger()).getAndIncrement();
    long hash = 31L * (31L * (31L * point.ordinal() + application.hashCode()) + kind.hashCode());
    SplittableRandom random =
        new SplittableRandom(
            (seed * 0x9E3779B97F4A7C15L) ^ ((hash + batch.hashCode()) << 20) ^ run);
    Fault[] possible =
        kinds.stream()
            .filter(fault -> isPossible(fault, point, kind))
            .sorted()
            .toArray(Fault[]::new);
    if (possible.length == 0 || random.nextDouble() >= probability) {
      return;
    }
    Fault fault = possible[random.nextInt(possible.length)];
    injected.get(fault).incrementAndGet();
    inject(fault, kind);
  }

  private static boolean isPossible(Fault fault, Point point, String kind) {
    return switch (fault) {
      case DEADLOCK, LOCK_TIMEOUT ->
          point == Point.BEFORE_STATEMENT
              && (WRITING.contains(kind) || kind.equals("SelectStatement"));
      case DUPLICATE_KEY ->
          point == Point.BEFORE_STATEMENT && WRITING.contains(kind) && !kind.equals("Delete");
      case FOREIGN_KEY -> point == Point.BEFORE_STATEMENT && WRITING.contains(kind);
      case CONNECTION_LOST -> point != Point.AFTER_COMMIT;
      case UNKNOWN_OUTCOME -> point == Point.AFTER_COMMIT;
    };
  }

  private static void inject(Fault fault, String kind)
      throws SqlServerError, ConnectionLostException {
    switch (fault) {
      case DEADLOCK ->
          throw new SqlServerError(
              1205,
              13,
              51,
              "Transaction (Process ID 50) was deadlocked on lock resources with another process and"
                  + " has been chosen as the deadlock victim. Rerun the transaction.");
      case LOCK_TIMEOUT ->
          throw new SqlServerError(1222, 16, 51, "Lock request time out period exceeded.");
      case DUPLICATE_KEY ->
          throw new SqlServerError(
              2627,
              14,
              1,
              "Violation of PRIMARY KEY constraint 'injected'. Cannot insert duplicate key in"
                  + " object 'injected'.");
      case FOREIGN_KEY ->
          throw new SqlServerError(
              547,
              16,
              0,
              "The "
                  + (kind.equals("BulkInsert") ? "INSERT" : kind.toUpperCase(Locale.ROOT))
                  + " statement conflicted with the FOREIGN KEY constraint \"injected\".");
      case CONNECTION_LOST, UNKNOWN_OUTCOME -> throw new ConnectionLostException("injected");
    }
  }
}
