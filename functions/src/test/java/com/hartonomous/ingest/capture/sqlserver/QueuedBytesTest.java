package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QueuedBytesTest {

  private final AtomicBoolean queueEmpty = new AtomicBoolean();
  private final QueuedBytes bytes = new QueuedBytes(100, queueEmpty::get);
  private final CountDownLatch room = new CountDownLatch(1);
  private volatile boolean interrupted;

  private Thread waitForRoom() {
    Thread reader =
        new Thread(
            () -> {
              try {
                bytes.awaitRoom();
                room.countDown();
              } catch (InterruptedException e) {
                interrupted = true;
              }
            });
    reader.start();
    return reader;
  }

  private static void awaitWaiting(Thread reader) {
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> reader.getState() == Thread.State.TIMED_WAITING);
  }

  @Test
  void upToTheLimitThereIsRoom() throws InterruptedException {
    bytes.add(60);
    bytes.add(40);
    bytes.awaitRoom();
  }

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void waitsUntilTheOldestChangeHasLeft() throws InterruptedException {
    bytes.add(80);
    bytes.add(40);
    Thread reader = waitForRoom();
    awaitWaiting(reader);
    bytes.remove();
    room.await();
  }

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void oneChangeLargerThanTheLimitWaitsForNothingBeforeIt() throws InterruptedException {
    bytes.awaitRoom();
    bytes.add(1_000);
    Thread reader = waitForRoom();
    awaitWaiting(reader);
    bytes.remove();
    room.await();
  }

  @Test
  void aChangeMayLeaveBeforeItIsCounted() throws InterruptedException {
    bytes.remove();
    bytes.add(1_000);
    bytes.awaitRoom();
  }

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void whatNeverWasInTheQueueDoesNotStopCapture() throws InterruptedException {
    bytes.add(1_000);
    queueEmpty.set(true);
    waitForRoom();
    room.await();
  }

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void anInterruptEndsTheWait() throws InterruptedException {
    bytes.add(1_000);
    Thread reader = waitForRoom();
    awaitWaiting(reader);
    reader.interrupt();
    reader.join();
    assertThat(interrupted).isTrue();
    assertThat(room.getCount()).isEqualTo(1);
  }
}
