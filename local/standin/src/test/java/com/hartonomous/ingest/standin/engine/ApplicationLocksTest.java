package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hartonomous.ingest.standin.engine.ApplicationLocks.Mode;
import com.hartonomous.ingest.standin.engine.ApplicationLocks.Owner;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApplicationLocksTest {

  private final ApplicationLocks locks = new ApplicationLocks();

  private int take(String session, Mode mode, long timeout) {
    return locks.acquire(session, Owner.SESSION, "r", mode, timeout);
  }

  /** The table of SQL Server's documentation. */
  @ParameterizedTest
  @CsvSource({
    "INTENT_SHARED, 11110",
    "SHARED, 11100",
    "UPDATE, 11000",
    "INTENT_EXCLUSIVE, 10010",
    "EXCLUSIVE, 00000"
  })
  void modesAreCompatibleAsDocumented(Mode held, String compatible) {
    take("a", held, 0);
    for (Mode wanted : Mode.values()) {
      int result = take("b", wanted, 0);
      boolean granted = compatible.charAt(wanted.ordinal()) == '1';
      assertThat(result)
          .as("%s while %s is held", wanted, held)
          .isEqualTo(granted ? ApplicationLocks.GRANTED : ApplicationLocks.TIMED_OUT);
      locks.release("b", Owner.SESSION, "r");
    }
  }

  @Test
  void aLockIsReleasedAsOftenAsItWasTaken() {
    take("a", Mode.EXCLUSIVE, 0);
    take("a", Mode.EXCLUSIVE, 0);
    assertThat(locks.release("a", Owner.SESSION, "r")).isTrue();
    assertThat(take("b", Mode.SHARED, 0)).isEqualTo(ApplicationLocks.TIMED_OUT);
    assertThat(locks.release("a", Owner.SESSION, "r")).isTrue();
    assertThat(take("b", Mode.SHARED, 0)).isEqualTo(ApplicationLocks.GRANTED);
    assertThat(locks.release("a", Owner.SESSION, "r")).isFalse();
  }

  @Test
  void ownersAreReleasedApart() {
    locks.acquire("a", Owner.TRANSACTION, "r", Mode.EXCLUSIVE, 0);
    locks.acquire("a", Owner.SESSION, "s", Mode.EXCLUSIVE, 0);
    locks.releaseAll("a", Owner.TRANSACTION);
    assertThat(locks.acquire("b", Owner.SESSION, "r", Mode.SHARED, 0))
        .isEqualTo(ApplicationLocks.GRANTED);
    assertThat(locks.acquire("b", Owner.SESSION, "s", Mode.SHARED, 0))
        .isEqualTo(ApplicationLocks.TIMED_OUT);
    assertThat(locks.held("a", Owner.SESSION, "s")).contains(Mode.EXCLUSIVE);
    assertThat(locks.held("a", Owner.TRANSACTION, "r")).isEmpty();
  }

  @Test
  void aWaiterIsGrantedWhenTheHolderReleases() throws Exception {
    take("a", Mode.EXCLUSIVE, 0);
    CompletableFuture<Integer> waiter = waiting("b", "r", Mode.SHARED, -1);
    locks.releaseAll("a", Owner.SESSION);
    assertThat(waiter.get()).isEqualTo(ApplicationLocks.GRANTED_AFTER_WAIT);
  }

  @Test
  void aNewcomerDoesNotOvertakeAWaiter() throws Exception {
    take("a", Mode.SHARED, 0);
    CompletableFuture<Integer> exclusive = waiting("b", "r", Mode.EXCLUSIVE, -1);
    assertThat(take("c", Mode.SHARED, 0)).isEqualTo(ApplicationLocks.TIMED_OUT);
    locks.releaseAll("a", Owner.SESSION);
    assertThat(exclusive.get()).isEqualTo(ApplicationLocks.GRANTED_AFTER_WAIT);
  }

  @Test
  void waitingEndsByTimeoutAndByCancel() throws Exception {
    take("a", Mode.EXCLUSIVE, 0);
    assertThat(take("b", Mode.SHARED, 20)).isEqualTo(ApplicationLocks.TIMED_OUT);
    CompletableFuture<Integer> waiter = waiting("b", "r", Mode.SHARED, -1);
    locks.cancel("b");
    assertThat(waiter.get()).isEqualTo(ApplicationLocks.CANCELLED);
    locks.releaseAll("a", Owner.SESSION);
    assertThat(take("c", Mode.EXCLUSIVE, 0)).isEqualTo(ApplicationLocks.GRANTED);
  }

  @Test
  void whoClosesACircleIsTheVictim() throws Exception {
    locks.acquire("a", Owner.SESSION, "x", Mode.EXCLUSIVE, 0);
    locks.acquire("b", Owner.SESSION, "y", Mode.EXCLUSIVE, 0);
    CompletableFuture<Integer> first = waiting("a", "y", Mode.EXCLUSIVE, -1);
    assertThat(locks.acquire("b", Owner.SESSION, "x", Mode.EXCLUSIVE, -1))
        .isEqualTo(ApplicationLocks.DEADLOCK_VICTIM);
    locks.releaseAll("b", Owner.SESSION);
    assertThat(first.get()).isEqualTo(ApplicationLocks.GRANTED_AFTER_WAIT);
  }

  @Test
  void twoSharersThatBothWantMoreAreACircle() throws Exception {
    take("a", Mode.SHARED, 0);
    take("b", Mode.SHARED, 0);
    CompletableFuture<Integer> first = waiting("a", "r", Mode.EXCLUSIVE, -1);
    assertThat(take("b", Mode.EXCLUSIVE, -1)).isEqualTo(ApplicationLocks.DEADLOCK_VICTIM);
    locks.releaseAll("b", Owner.SESSION);
    assertThat(first.get()).isEqualTo(ApplicationLocks.GRANTED_AFTER_WAIT);
  }

  /** Returns once the session really waits. */
  private CompletableFuture<Integer> waiting(
      String session, String resource, Mode mode, long timeout)
      throws ExecutionException, InterruptedException {
    CompletableFuture<Integer> result =
        CompletableFuture.supplyAsync(
            () -> locks.acquire(session, Owner.SESSION, resource, mode, timeout));
    await().until(() -> locks.isWaiting(session) || result.isDone());
    assertThat(result).isNotDone();
    return result;
  }
}
