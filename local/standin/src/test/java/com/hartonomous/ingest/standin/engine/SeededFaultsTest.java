package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.engine.FaultInjector.Point;
import com.hartonomous.ingest.standin.engine.SeededFaults.Fault;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeededFaultsTest {

  private static String outcome(SeededFaults faults, String application, String batch) {
    try {
      faults.reached(Point.BEFORE_STATEMENT, application, "Insert", batch);
      return "";
    } catch (SqlServerError e) {
      return Integer.toString(e.number());
    } catch (IOException e) {
      return "lost";
    }
  }

  /** What each of two clients meets, their statements mixed in one of two ways. */
  private static List<String> met(long seed, boolean mixed) {
    SeededFaults faults = new SeededFaults(seed, 0.3, EnumSet.allOf(Fault.class), a -> true);
    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      first.add(outcome(faults, "a", "INSERT " + i % 3));
      if (mixed) {
        second.add(outcome(faults, "b", "INSERT " + i % 3));
      }
    }
    for (int i = 0; !mixed && i < 200; i++) {
      second.add(outcome(faults, "b", "INSERT " + i % 3));
    }
    assertThat(faults.count())
        .isEqualTo(
            (int) first.stream().filter(s -> !s.isEmpty()).count()
                + (int) second.stream().filter(s -> !s.isEmpty()).count());
    first.addAll(second);
    return first;
  }

  @Test
  void aSeedGivesTheSameFaultsHoweverClientsInterleave() {
    assertThat(met(7, true)).isEqualTo(met(7, false)).contains("", "1205", "1222", "2627", "547");
    assertThat(met(7, true)).contains("lost").isNotEqualTo(met(8, true));
  }

  @Test
  void onlyTheKindsAndClientsThatWereAskedFor() throws Exception {
    SeededFaults faults = new SeededFaults(1, 1, Set.of(Fault.UNKNOWN_OUTCOME), "a"::equals);
    faults.reached(Point.BEFORE_STATEMENT, "a", "Insert", "x");
    faults.reached(Point.BEFORE_COMMIT, "a", "Commit", "x");
    faults.reached(Point.AFTER_COMMIT, "b", "Commit", "x");
    assertThatThrownBy(() -> faults.reached(Point.AFTER_COMMIT, "a", "Commit", "x"))
        .isInstanceOf(ConnectionLostException.class);
    assertThat(faults.count(Fault.UNKNOWN_OUTCOME)).isEqualTo(1);
  }

  @Test
  void aDeadlockRollsBackAndALockTimeoutDoesNot() throws Exception {
    for (Fault fault : List.of(Fault.DEADLOCK, Fault.LOCK_TIMEOUT)) {
      SeededFaults faults = new SeededFaults(1, 1, Set.of(fault), "disturbed"::equals);
      H2Engine engine = H2Engine.open(Client.database().faultInjector(faults).build());
      try (Client client = new Client(engine, "disturbed");
          Client other = new Client(engine)) {
        other.ok("CREATE TABLE dbo.T (a int)");
        client.ok("BEGIN TRAN");
        assertThat(client.error("INSERT INTO T VALUES (1)").number())
            .isEqualTo(fault == Fault.DEADLOCK ? 1205 : 1222);
        assertThat(client.ok("IF @@TRANCOUNT = 1 PRINT 'open' ELSE PRINT 'ended'").messages)
            .containsExactly(fault == Fault.DEADLOCK ? "ended" : "open");
      } finally {
        engine.close();
      }
    }
  }
}
