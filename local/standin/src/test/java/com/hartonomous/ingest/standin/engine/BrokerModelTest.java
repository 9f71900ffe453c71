package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Sixteen receivers on one queue, whose transactions commit, roll back or lose their connection by
 * chance: every message is received once, in the order of its conversation, and two transactions
 * never hold messages of one conversation group. Replay with {@code -Dseed=N}; how long with {@code
 * -Dbroker.messages=N}.
 */
@Timeout(300)
class BrokerModelTest {

  private static final int RECEIVERS = 16;
  private static final int SENDERS = 3;
  private static final int CONVERSATIONS = 12;
  private static final int MESSAGES = Integer.getInteger("broker.messages", 600);

  private final long seed = Long.getLong("seed", System.nanoTime());
  private final Map<String, List<Integer>> received = new ConcurrentHashMap<>();
  private final Map<String, Integer> held = new ConcurrentHashMap<>();
  private final AtomicInteger left = new AtomicInteger(MESSAGES);
  private final Map<String, AtomicInteger> numbers = new ConcurrentHashMap<>();

  @Test
  void everyMessageIsReceivedOnceAndInOrder() throws Exception {
    System.out.println("BrokerModelTest seed=" + seed);
    try (BrokerFixture broker = new BrokerFixture();
        Client client = broker.client()) {
      // Receives are rolled back by chance, more than four times in a row now and then.
      client.ok("ALTER QUEUE TargetQueue WITH POISON_MESSAGE_HANDLING (STATUS = OFF)");
      List<String> handles = new ArrayList<>();
      for (int i = 0; i < CONVERSATIONS; i++) {
        handles.add(BrokerFixture.begin(client));
        numbers.put(handles.get(i), new AtomicInteger());
      }
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int i = 0; i < RECEIVERS; i++) {
        int receiver = i;
        running.add(beside(() -> receiveUntilDone(broker, receiver)));
      }
      for (int i = 0; i < SENDERS; i++) {
        int sender = i;
        running.add(beside(() -> send(broker, sender, handles)));
      }
      for (CompletableFuture<Void> each : running) {
        each.join();
      }
      for (String handle : handles) {
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < numbers.get(handle).get(); i++) {
          expected.add(i);
        }
        assertThat(received.getOrDefault(handle.toLowerCase(java.util.Locale.ROOT), List.of()))
            .as("seed %d, conversation %s", seed, handle)
            .isEqualTo(expected);
      }
      assertThat(client.query("SELECT COUNT(*) FROM TargetQueue")).containsExactly("0");
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private static CompletableFuture<Void> beside(Work work) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
                future.complete(null);
              } catch (Throwable e) {
                future.completeExceptionally(e);
              }
            });
    thread.start();
    return future;
  }

  /** Each sender has conversations of its own, so that the numbers follow their order. */
  private void send(BrokerFixture broker, int sender, List<String> handles) throws Exception {
    Random random = new Random(seed + 1000 + sender);
    try (Client client = broker.client()) {
      for (int sent = 0; sent < MESSAGES / SENDERS; ) {
        String handle = handles.get(sender + SENDERS * random.nextInt(CONVERSATIONS / SENDERS));
        int count = Math.min(1 + random.nextInt(5), MESSAGES / SENDERS - sent);
        boolean commits = random.nextInt(5) > 0;
        AtomicInteger number = numbers.get(handle);
        client.ok("BEGIN TRAN");
        for (int i = 0; i < count; i++) {
          BrokerFixture.send(client, handle, handle + " " + (number.get() + i));
        }
        client.ok(commits ? "COMMIT" : "ROLLBACK");
        if (commits) {
          number.addAndGet(count);
          sent += count;
        }
      }
    }
  }

  private void receiveUntilDone(BrokerFixture broker, int receiver) throws Exception {
    Random random = new Random(seed + receiver);
    Client client = broker.client();
    try {
      while (left.get() > 0) {
        client.ok("BEGIN TRAN");
        List<String> rows =
            client.query(
                "WAITFOR (RECEIVE TOP ("
                    + (1 + random.nextInt(7))
                    + ") conversation_group_id, CAST(message_body AS NVARCHAR(MAX)) FROM"
                    + " dbo.TargetQueue), TIMEOUT 200");
        Map<String, List<Integer>> messages = new HashMap<>();
        Set<String> groups = ConcurrentHashMap.newKeySet();
        for (String row : rows) {
          groups.add(row.substring(0, row.indexOf('|')));
          String[] text = row.substring(row.indexOf('|') + 1).split(" ");
          messages
              .computeIfAbsent(text[0].toLowerCase(java.util.Locale.ROOT), h -> new ArrayList<>())
              .add(Integer.valueOf(text[1]));
        }
        assertThat(groups).as("seed %d: groups of one RECEIVE", seed).hasSizeLessThan(2);
        for (String group : groups) {
          assertThat(held.put(group, receiver)).as("seed %d: %s is held", seed, group).isNull();
        }
        if (random.nextInt(10) == 0) {
          Thread.sleep(random.nextInt(5));
        }
        int fate = random.nextInt(10);
        // What is committed is noted before others can receive what follows.
        if (fate < 7) {
          messages.forEach(
              (handle, found) ->
                  received.computeIfAbsent(handle, h -> new ArrayList<>()).addAll(found));
        }
        groups.forEach(held::remove);
        if (fate < 7) {
          client.ok("COMMIT");
          left.addAndGet(-rows.size());
        } else if (fate < 9) {
          client.ok("ROLLBACK");
        } else {
          client.close();
          client = broker.client();
        }
      }
    } finally {
      client.close();
    }
  }
}
