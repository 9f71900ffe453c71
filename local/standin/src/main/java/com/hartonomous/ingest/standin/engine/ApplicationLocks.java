package com.hartonomous.ingest.standin.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The locks of sp_getapplock. A lock belongs to a session, either until the session ends or until
 * its transaction ends. Waiters are served in order, except that a holder that wants more goes
 * first. A request that would close a circle of waiters is refused at once. Thread-safe.
 */
final class ApplicationLocks {

  static final int GRANTED = 0;
  static final int GRANTED_AFTER_WAIT = 1;
  static final int TIMED_OUT = -1;
  static final int CANCELLED = -2;
  static final int DEADLOCK_VICTIM = -3;

  /** The modes, in the words of @LockMode. */
  enum Mode {
    INTENT_SHARED("IntentShared"),
    SHARED("Shared"),
    UPDATE("Update"),
    INTENT_EXCLUSIVE("IntentExclusive"),
    EXCLUSIVE("Exclusive");

    private final String label;

    Mode(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }

    static Optional<Mode> named(String label) {
      for (Mode mode : values()) {
        if (mode.label.toLowerCase(Locale.ROOT).equals(label.toLowerCase(Locale.ROOT))) {
          return Optional.of(mode);
        }
      }
      return Optional.empty();
    }

    private Set<Mode> compatible() {
      return switch (this) {
        case INTENT_SHARED -> EnumSet.of(INTENT_SHARED, SHARED, UPDATE, INTENT_EXCLUSIVE);
        case SHARED -> EnumSet.of(INTENT_SHARED, SHARED, UPDATE);
        case UPDATE -> EnumSet.of(INTENT_SHARED, SHARED);
        case INTENT_EXCLUSIVE -> EnumSet.of(INTENT_SHARED, INTENT_EXCLUSIVE);
        case EXCLUSIVE -> EnumSet.noneOf(Mode.class);
      };
    }
  }

  /** Whose lifetime a lock has. */
  enum Owner {
    TRANSACTION,
    SESSION
  }

  /** One lock held; {@code count} is how often it was asked for. */
  private static final class Grant {
    final Object session;
    final Owner owner;
    final Mode mode;
    int count = 1;

    Grant(Object session, Owner owner, Mode mode) {
      this.session = session;
      this.owner = owner;
      this.mode = mode;
    }
  }

  private final class Waiter {
    final Object session;
    final String resource;
    final Mode mode;
    final Condition woken = lock.newCondition();
    boolean cancelled;

    Waiter(Object session, String resource, Mode mode) {
      this.session = session;
      this.resource = resource;
      this.mode = mode;
    }
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, List<Grant>> grants = new HashMap<>();
  private final Map<String, Deque<Waiter>> queues = new HashMap<>();
  private final Map<Object, Waiter> waiting = new HashMap<>();

  /**
   * Takes a lock.
   *
   * @param session identifies the session
   * @param timeoutMillis 0: do not wait; negative: wait for ever
   * @return one of the constants of this class
   */
  int acquire(Object session, Owner owner, String resource, Mode mode, long timeoutMillis) {
    lock.lock();
    try {
      if (isGrantable(session, resource, mode, null)) {
        grant(session, owner, resource, mode);
        return GRANTED;
      }
      if (timeoutMillis == 0) {
        return TIMED_OUT;
      }
      Waiter waiter = new Waiter(session, resource, mode);
      if (closesCircle(waiter)) {
        return DEADLOCK_VICTIM;
      }
      return await(waiter, owner, timeoutMillis);
    } finally {
      lock.unlock();
    }
  }

  private int await(Waiter waiter, Owner owner, long timeoutMillis) {
    Deque<Waiter> queue = queues.computeIfAbsent(waiter.resource, name -> new ArrayDeque<>());
    if (holds(waiter.session, waiter.resource)) {
      queue.addFirst(waiter);
    } else {
      queue.addLast(waiter);
    }
    waiting.put(waiter.session, waiter);
    long remaining = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    try {
      while (!waiter.cancelled) {
        if (isGrantable(waiter.session, waiter.resource, waiter.mode, waiter)) {
          grant(waiter.session, owner, waiter.resource, waiter.mode);
          return GRANTED_AFTER_WAIT;
        }
        if (timeoutMillis < 0) {
          waiter.woken.await();
        } else if (remaining <= 0) {
          return TIMED_OUT;
        } else {
          remaining = waiter.woken.awaitNanos(remaining);
        }
      }
      return CANCELLED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return CANCELLED;
    } finally {
      waiting.remove(waiter.session);
      queue.remove(waiter);
      wake(waiter.resource);
      if (queue.isEmpty()) {
        queues.remove(waiter.resource);
      }
    }
  }

  /** Compatible with what others hold, and nobody waits ahead. */
  private boolean isGrantable(Object session, String resource, Mode mode, Waiter self) {
    for (Grant grant : grants.getOrDefault(resource, List.of())) {
      if (grant.session != session && !mode.compatible().contains(grant.mode)) {
        return false;
      }
    }
    if (holds(session, resource)) {
      return true;
    }
    for (Waiter waiter : queues.getOrDefault(resource, new ArrayDeque<>())) {
      if (waiter == self) {
        break;
      }
      if (waiter.session != session && !mode.compatible().contains(waiter.mode)) {
        return false;
      }
    }
    return true;
  }

  private boolean holds(Object session, String resource) {
    return grants.getOrDefault(resource, List.of()).stream()
        .anyMatch(grant -> grant.session == session);
  }

  private void grant(Object session, Owner owner, String resource, Mode mode) {
    List<Grant> held = grants.computeIfAbsent(resource, name -> new ArrayList<>());
    for (Grant grant : held) {
      if (grant.session == session && grant.owner == owner && grant.mode == mode) {
        grant.count++;
        return;
      }
    }
    held.add(new Grant(session, owner, mode));
  }

  private boolean closesCircle(Waiter newcomer) {
    Set<Object> seen = new HashSet<>();
    Deque<Waiter> open = new ArrayDeque<>();
    open.add(newcomer);
    while (!open.isEmpty()) {
      Waiter waiter = open.remove();
      for (Object blocker : blockers(waiter)) {
        if (blocker == newcomer.session) {
          return true;
        }
        Waiter next = waiting.get(blocker);
        if (next != null && seen.add(blocker)) {
          open.add(next);
        }
      }
    }
    return false;
  }

  private List<Object> blockers(Waiter waiter) {
    List<Object> blockers = new ArrayList<>();
    for (Grant grant : grants.getOrDefault(waiter.resource, List.of())) {
      if (grant.session != waiter.session && !waiter.mode.compatible().contains(grant.mode)) {
        blockers.add(grant.session);
      }
    }
    if (!holds(waiter.session, waiter.resource)) {
      for (Waiter ahead : queues.getOrDefault(waiter.resource, new ArrayDeque<>())) {
        if (ahead == waiter) {
          break;
        }
        if (ahead.session != waiter.session && !waiter.mode.compatible().contains(ahead.mode)) {
          blockers.add(ahead.session);
        }
      }
    }
    return blockers;
  }

  /** Gives back one acquisition; false when the session holds no such lock. */
  boolean release(Object session, Owner owner, String resource) {
    lock.lock();
    try {
      List<Grant> held = grants.getOrDefault(resource, List.of());
      for (int i = held.size() - 1; i >= 0; i--) {
        Grant grant = held.get(i);
        if (grant.session == session && grant.owner == owner) {
          if (--grant.count == 0) {
            held.remove(i);
            forgetIfFree(resource);
            wake(resource);
          }
          return true;
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Gives back all locks of an owner: the transaction ended, or the session. */
  void releaseAll(Object session, Owner owner) {
    lock.lock();
    try {
      Iterator<Map.Entry<String, List<Grant>>> entries = grants.entrySet().iterator();
      while (entries.hasNext()) {
        Map.Entry<String, List<Grant>> entry = entries.next();
        if (entry.getValue().removeIf(g -> g.session == session && g.owner == owner)) {
          wake(entry.getKey());
        }
        if (entry.getValue().isEmpty()) {
          entries.remove();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends a wait of this session, if it waits. */
  void cancel(Object session) {
    lock.lock();
    try {
      Waiter waiter = waiting.get(session);
      if (waiter != null) {
        waiter.cancelled = true;
        waiter.woken.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** True while the session waits for a lock. */
  boolean isWaiting(Object session) {
    lock.lock();
    try {
      return waiting.containsKey(session);
    } finally {
      lock.unlock();
    }
  }

  /** The strongest mode that the session holds for this owner. */
  Optional<Mode> held(Object session, Owner owner, String resource) {
    lock.lock();
    try {
      return grants.getOrDefault(resource, List.of()).stream()
          .filter(grant -> grant.session == session && grant.owner == owner)
          .map(grant -> grant.mode)
          .max(Mode::compareTo);
    } finally {
      lock.unlock();
    }
  }

  /** True when the session would get the lock without waiting. */
  boolean isAvailable(Object session, String resource, Mode mode) {
    lock.lock();
    try {
      return isGrantable(session, resource, mode, null);
    } finally {
      lock.unlock();
    }
  }

  private void forgetIfFree(String resource) {
    if (grants.getOrDefault(resource, List.of()).isEmpty()) {
      grants.remove(resource);
    }
  }

  private void wake(String resource) {
    for (Waiter waiter : queues.getOrDefault(resource, new ArrayDeque<>())) {
      waiter.woken.signalAll();
    }
  }
}
