package com.hartonomous.ingest.format;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;

/**
 * How a file is cut into chunks: in file order, without gaps, each byte once.
 *
 * <p>Each tensor is cut from its own start (a view of a storage: from that of the storage) into
 * pieces of the chunk size, so that equal weights in two files give equal chunks wherever they lie;
 * the bytes between tensors are chunks too. Where tensors share bytes, the first in file order (of
 * those that begin together, the longest) is cut, and another adds only the part behind it.
 *
 * <p>The plan holds one {@link Section} for each tensor and gap; chunks are computed.
 */
public final class ChunkPlan {
  /** Smallest chunk size, in bytes. */
  public static final int CHUNK_SIZE_MIN = 64 << 10;

  /** Largest chunk size, in bytes. */
  public static final int CHUNK_SIZE_MAX = 64 << 20;

  /** Chunk size unless the user says otherwise, in bytes. */
  public static final int CHUNK_SIZE_DEFAULT = 1 << 20;

  private final long fileLength;
  private final int chunkSize;
  private final List<Section> sections;
  private final long chunkCount;

  /**
   * A stretch of the file that is cut from its start into pieces of the chunk size.
   *
   * @param firstChunk index of its first chunk in the file
   * @param offset of its first byte in the file
   * @param length in bytes, more than 0
   */
  public record Section(long firstChunk, long offset, long length, String contentType) {
    public Section {
      Objects.requireNonNull(contentType, "contentType");
    }
  }

  /**
   * One chunk.
   *
   * @param index in the file, from 0
   * @param offset of its first byte in the file
   * @param length in bytes, from 1 to the chunk size
   */
  public record Chunk(long index, long offset, int length, String contentType) {
    public Chunk {
      Objects.requireNonNull(contentType, "contentType");
    }
  }

  /**
   * Where a tensor lies in a file.
   *
   * @param offset of its first byte
   * @param end behind its last byte
   */
  public record TensorRange(long offset, long end, String contentType) {
    public TensorRange {
      Objects.requireNonNull(contentType, "contentType");
    }

    /** The stretch of a tensor's own file that is cut from its start. */
    static Optional<TensorRange> ofStored(TensorEntry tensor) {
      return tensor.storage().storedRange().map(range -> of(range, storedType(tensor)));
    }

    private static String storedType(TensorEntry tensor) {
      if (!(tensor.storage() instanceof TensorStorage.View view)) {
        return tensor.contentType();
      }
      if (view.deflated()) {
        return ContentTypes.MODEL_BYTES;
      }
      return view.form().swapped()
          ? ContentTypes.bigEndian(tensor.contentType())
          : tensor.contentType();
    }

    static TensorRange of(TensorStorage.Range range, String contentType) {
      return new TensorRange(range.offset(), range.end(), contentType);
    }
  }

  private ChunkPlan(long fileLength, int chunkSize, List<Section> sections, long chunkCount) {
    this.fileLength = fileLength;
    this.chunkSize = chunkSize;
    this.sections = List.copyOf(sections);
    this.chunkCount = chunkCount;
  }

  /**
   * Plans a model file that holds its tensors itself.
   *
   * @throws IllegalArgumentException if the chunk size is not from {@link #CHUNK_SIZE_MIN} to
   *     {@link #CHUNK_SIZE_MAX}
   */
  public static ChunkPlan of(ModelLayout layout, int chunkSize) {
    List<TensorRange> ranges = new ArrayList<>();
    for (TensorEntry tensor : layout.tensors()) {
      TensorRange.ofStored(tensor).ifPresent(ranges::add);
    }
    return of(layout.fileLength(), ranges, chunkSize);
  }

  /**
   * Plans any file.
   *
   * @param fileLength length of the file in bytes
   * @param tensors where tensors lie in it, as {@link ModelContents#tensorRanges()} says
   * @throws IllegalArgumentException as above, and if a tensor ends behind the file
   */
  public static ChunkPlan of(long fileLength, List<TensorRange> tensors, int chunkSize) {
    requireChunkSize(chunkSize);
    List<TensorRange> ranges = new ArrayList<>(tensors);
    ranges.sort(
        Comparator.comparingLong(TensorRange::offset)
            .thenComparing(Comparator.comparingLong(TensorRange::end).reversed())
            .thenComparing(TensorRange::contentType));
    List<Section> sections = new ArrayList<>();
    long chunks = 0;
    long covered = 0;
    for (TensorRange range : ranges) {
      if (range.end() > fileLength) {
        throw new IllegalArgumentException(
            "tensor range: expected an end up to the file's %d bytes, found %d"
                .formatted(fileLength, range.end()));
      }
      if (range.end() <= covered || range.end() == range.offset()) {
        continue;
      }
      if (range.offset() > covered) {
        chunks =
            append(sections, chunks, covered, range.offset(), ContentTypes.MODEL_BYTES, chunkSize);
      }
      long start = Math.max(covered, range.offset());
      chunks = append(sections, chunks, start, range.end(), range.contentType(), chunkSize);
      covered = range.end();
    }
    if (covered < fileLength) {
      chunks = append(sections, chunks, covered, fileLength, ContentTypes.MODEL_BYTES, chunkSize);
    }
    return new ChunkPlan(fileLength, chunkSize, sections, chunks);
  }

  private static long append(
      List<Section> sections, long chunks, long start, long end, String type, int chunkSize) {
    sections.add(new Section(chunks, start, end - start, type));
    return chunks + (end - start - 1) / chunkSize + 1;
  }

  /**
   * Checks a chunk size.
   *
   * @throws IllegalArgumentException if it is out of range; says which is
   */
  public static void requireChunkSize(long chunkSize) {
    if (chunkSize < CHUNK_SIZE_MIN || chunkSize > CHUNK_SIZE_MAX) {
      throw new IllegalArgumentException(
          "chunk size: expected from %d to %d bytes, found %d"
              .formatted(CHUNK_SIZE_MIN, CHUNK_SIZE_MAX, chunkSize));
    }
  }

  /** Returns the length of the file in bytes: the sum of all chunks. */
  public long fileLength() {
    return fileLength;
  }

  /** Returns the chunk size in bytes. */
  public int chunkSize() {
    return chunkSize;
  }

  /** Returns the number of chunks; 0 for an empty file. */
  public long chunkCount() {
    return chunkCount;
  }

  /** Returns the sections in file order. */
  public List<Section> sections() {
    return sections;
  }

  /**
   * Returns a chunk.
   *
   * @throws IndexOutOfBoundsException if there is none of that index
   */
  public Chunk chunk(long index) {
    Objects.checkIndex(index, chunkCount);
    return chunk(sections.get(sectionOf(sections, index)), index);
  }

  /**
   * Iterates over the chunks in file order.
   *
   * @param firstIndex index of the first chunk, from 0 to {@link #chunkCount()}
   * @throws IndexOutOfBoundsException if it is out of that range
   */
  public Iterator<Chunk> chunksFrom(long firstIndex) {
    Objects.checkFromToIndex(firstIndex, chunkCount, chunkCount);
    return new ChunkIterator(firstIndex);
  }

  private Chunk chunk(Section section, long index) {
    long start = (index - section.firstChunk()) * chunkSize;
    int length = (int) Math.min(chunkSize, section.length() - start);
    return new Chunk(index, section.offset() + start, length, section.contentType());
  }

  /**
   * The place of the section that holds a chunk.
   *
   * @param sections ascending, at least one
   * @param index of a chunk that one of them holds
   */
  public static int sectionOf(List<Section> sections, long index) {
    int low = 0;
    int high = sections.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (sections.get(middle).firstChunk() <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private final class ChunkIterator implements Iterator<Chunk> {
    private long next;
    private int section;

    ChunkIterator(long firstIndex) {
      next = firstIndex;
      section = sections.isEmpty() ? 0 : sectionOf(sections, firstIndex);
    }

    @Override
    public boolean hasNext() {
      return next < chunkCount;
    }

    @Override
    public Chunk next() {
      if (!hasNext()) {
        throw new NoSuchElementException("no chunk behind the last, of index " + (chunkCount - 1));
      }
      if (section + 1 < sections.size() && sections.get(section + 1).firstChunk() == next) {
        section++;
      }
      return chunk(sections.get(section), next++);
    }
  }
}
