package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The locks of conversation groups, which last until a transaction ends, and the waiting for queues
 * to change. Nobody polls: who waits is woken by what he waits for, or by {@link #wake}.
 * Thread-safe.
 */
final class ConversationLocks {

  /** Waiting "for ever" ends as a deadlock does: circles through other locks are not seen. */
  private static final long FOREVER_MILLIS = 60_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Map<UUID, Object> owners = new HashMap<>();
  private final Map<Object, Set<UUID>> held = new HashMap<>();
  private final Map<Object, UUID> waitsFor = new HashMap<>();
  private final Map<Integer, Long> versions = new HashMap<>();
  private long definitions;

  /** True when the owner holds the lock afterwards; does not wait. */
  boolean tryLock(UUID group, Object owner) {
    lock.lock();
    try {
      Object holder = owners.putIfAbsent(group, owner);
      if (holder == null) {
        held.computeIfAbsent(owner, o -> new HashSet<>()).add(group);
      }
      return holder == null || holder == owner;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes the lock, waiting for it.
   *
   * @param timeoutMillis negative: as long as it takes
   * @throws SqlServerError 1222 after the time, 1205 for a circle of waiters, 3617 when cancelled
   */
  void lock(UUID group, Object owner, int timeoutMillis, BooleanSupplier cancelled)
      throws SqlServerError {
    long budget = timeoutMillis < 0 ? FOREVER_MILLIS : timeoutMillis;
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(budget);
    lock.lock();
    try {
      while (!tryLock(group, owner)) {
        if (closesCircle(group, owner)) {
          throw BrokerErrors.deadlock();
        }
        waitsFor.put(owner, group);
        if (!await(deadline, cancelled)) {
          throw timeoutMillis < 0 ? BrokerErrors.deadlock() : BrokerErrors.lockTimeout();
        }
      }
    } finally {
      waitsFor.remove(owner);
      lock.unlock();
    }
  }

  private boolean closesCircle(UUID group, Object owner) {
    UUID next = group;
    while (next != null) {
      Object holder = owners.get(next);
      if (holder == owner) {
        return true;
      }
      next = holder == null ? null : waitsFor.get(holder);
    }
    return false;
  }

  /** False when the time is up. */
  private boolean await(long deadlineNanos, BooleanSupplier cancelled) throws SqlServerError {
    if (cancelled.getAsBoolean()) {
      throw BrokerErrors.cancelled();
    }
    long remaining = deadlineNanos - System.nanoTime();
    if (remaining <= 0) {
      return false;
    }
    try {
      changed.awaitNanos(remaining);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw BrokerErrors.cancelled();
    }
    if (cancelled.getAsBoolean()) {
      throw BrokerErrors.cancelled();
    }
    return true;
  }

  /** A number that another one follows when the queue may have something new for a receiver. */
  long version(int queueId) {
    lock.lock();
    try {
      return versionLocked(queueId);
    } finally {
      lock.unlock();
    }
  }

  private long versionLocked(int queueId) {
    return definitions + versions.getOrDefault(queueId, 0L);
  }

  /**
   * Waits until the queue's version is another one.
   *
   * @return false when the time is up
   */
  boolean awaitChange(int queueId, long version, long deadlineNanos, BooleanSupplier cancelled)
      throws SqlServerError {
    lock.lock();
    try {
      while (versionLocked(queueId) == version) {
        if (!await(deadlineNanos, cancelled)) {
          return false;
        }
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  boolean isHeldBy(UUID group, Object owner) {
    lock.lock();
    try {
      return owners.get(group) == owner;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives one lock back before the transaction's end. The queue counts as changed, because another
   * receiver may have passed the group by meanwhile.
   */
  void unlock(UUID group, Object owner, int queueId) {
    lock.lock();
    try {
      if (owners.remove(group, owner)) {
        held.get(owner).remove(group);
        versions.merge(queueId, 1L, Long::sum);
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives all of an owner's locks back and says that queues changed. */
  void release(Object owner, Collection<Integer> queueIds) {
    lock.lock();
    try {
      Set<UUID> groups = held.remove(owner);
      if (groups != null) {
        groups.forEach(owners::remove);
      }
      queueIds.forEach(queue -> versions.merge(queue, 1L, Long::sum));
      if (groups != null || !queueIds.isEmpty()) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** All queues may have changed: objects were defined. */
  void queuesChanged() {
    lock.lock();
    try {
      definitions++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Lets everybody who waits look whether he was cancelled. */
  void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
