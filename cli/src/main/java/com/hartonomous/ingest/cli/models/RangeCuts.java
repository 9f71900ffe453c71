package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.models.StoredChunks.Chunk;
import com.hartonomous.ingest.record.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells from the chunks of one file, seen once in file order, what ranges of it consist of: equal
 * cuts of ranges of two files are compared without reading a byte of either.
 */
final class RangeCuts {

  /** A range of the file, with at least one byte. */
  record Range(long offset, long length) {
    long end() {
      return offset + length;
    }
  }

  /**
   * What a range consists of.
   *
   * @param ends digest of where its chunks end, counted from its start
   * @param contents digest of the names of its chunks
   * @param whole whether no chunk reaches over its start or end; only then the others say anything
   */
  record Cut(Sha256 ends, Sha256 contents, boolean whole) {

    /** Whether equal contents mean equal bytes, and other contents other bytes. */
    boolean isComparable(Cut other) {
      return whole && other.whole && ends.equals(other.ends);
    }
  }

  private static final class Open {
    final Range range;
    final MessageDigest ends = Sha256.newDigest();
    final MessageDigest contents = Sha256.newDigest();
    boolean whole = true;

    Open(Range range) {
      this.range = range;
    }
  }

  private final Deque<Range> waiting;
  private final List<Open> open = new ArrayList<>();
  private final Map<Range, Cut> cuts = new HashMap<>();

  RangeCuts(Set<Range> ranges) {
    List<Range> ascending = new ArrayList<>(ranges);
    ascending.sort(Comparator.comparingLong(Range::offset));
    waiting = new ArrayDeque<>(ascending);
  }

  /** Takes the next chunk. */
  void add(Chunk chunk) {
    long end = chunk.offset() + chunk.length();
    while (!waiting.isEmpty() && waiting.getFirst().offset() < end) {
      open.add(new Open(waiting.removeFirst()));
    }
    for (Iterator<Open> each = open.iterator(); each.hasNext(); ) {
      Open range = each.next();
      long start = range.range.offset();
      range.whole &= chunk.offset() >= start && end <= range.range.end();
      range.ends.update(ByteBuffer.allocate(Long.BYTES).putLong(end - start).flip());
      range.contents.update(chunk.hash().toBytes());
      if (end >= range.range.end()) {
        cuts.put(
            range.range,
            new Cut(
                Sha256.fromBytes(range.ends.digest()),
                Sha256.fromBytes(range.contents.digest()),
                range.whole));
        each.remove();
      }
    }
  }

  /** The cuts of the ranges whose last chunk was seen. */
  Map<Range, Cut> cuts() {
    return cuts;
  }
}
