package com.hartonomous.ingest.format;

import com.hartonomous.ingest.format.TensorStorage.ElementForm;
import com.hartonomous.ingest.format.TensorStorage.View;
import com.hartonomous.ingest.format.zip.InflatedInput;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.zip.ZipException;

/**
 * Brings the elements of a {@link View} into row-major order, in slabs: each is gathered in the
 * order in which its elements lie in the storage, so that a transposed tensor is read in runs. The
 * memory is one slab, whatever the tensor.
 */
final class ViewContent {
  /** Bytes that are gathered at once. */
  private static final int SLAB_BYTES = 16 << 20;

  /** Elements of a tensor that repeats elements of its storage, if they are more than that has. */
  static final long EXPANDED_ELEMENTS_MAX = 1L << 24;

  /** Bytes of a deflated storage whose elements do not follow each other: it is inflated whole. */
  static final int SCATTERED_INFLATED_BYTES_MAX = 64 << 20;

  private static final int BUFFER_BYTES = 64 << 10;

  /** A run from this length on is read past the cursor's window. */
  private static final int LONG_RUN_BYTES = 4 << 10;

  private static final byte SIGN_BIT = (byte) 0x80;

  private final PositionedInput source;
  private final InputCursor cursor;
  private final int elementBytes;

  /**
   * One dimension of a slab.
   *
   * @param count its size
   * @param sourceBytes between two of its elements in the storage
   * @param targetBytes between them in the slab
   */
  private record Axis(long count, long sourceBytes, long targetBytes) {}

  private ViewContent(PositionedInput source, int elementBytes) {
    this.source = source;
    this.cursor = new InputCursor(source);
    this.elementBytes = elementBytes;
  }

  /** Writes the canonical bytes of a view. */
  static void copy(PositionedInput input, String name, View view, OutputStream target)
      throws IOException {
    if (view.range().isPresent()) {
      TensorContent.copyRange(input, view.range().get(), target);
      return;
    }
    long available = view.deflated() ? view.inflatedLength() : view.storage().length();
    long elements = view.nbytes() / view.form().bytes();
    if (view.nbytes() > available && elements > EXPANDED_ELEMENTS_MAX) {
      throw new UnreadableValuesException(
          "%s: tensor '%s' repeats the elements of its storage: expected up to %d of them, found %d: it is listed, but its values are not read"
              .formatted(input.identity(), name, EXPANDED_ELEMENTS_MAX, elements));
    }
    if (view.nbytes() == 0) {
      return;
    }
    if (view.contiguous()) {
      copyContiguous(input, name, view, target);
    } else if (view.deflated()) {
      try (PositionedInput inflated = inflate(input, name, view)) {
        new ViewContent(inflated, view.form().bytes()).gather(view, view.firstByte(), target);
      }
    } else {
      new ViewContent(input, view.form().bytes())
          .gather(view, view.storage().offset() + view.firstByte(), target);
    }
  }

  private static void copyContiguous(
      PositionedInput input, String name, View view, OutputStream target) throws IOException {
    try (InputStream source =
        view.deflated()
            ? InflatedInput.stream(input, view.storage().offset(), view.storage().length())
            : stored(input, view.storage())) {
      source.skipNBytes(view.firstByte());
      byte[] buffer = new byte[BUFFER_BYTES];
      long rest = view.nbytes();
      while (rest > 0) {
        // A multiple of any element's bytes, which are powers of two.
        int count = (int) Math.min(buffer.length, rest);
        if (source.readNBytes(buffer, 0, count) < count) {
          throw new EOFException("the storage ends early");
        }
        makeCanonical(buffer, count, view.form());
        target.write(buffer, 0, count);
        rest -= count;
      }
    } catch (EOFException | ZipException e) {
      throw broken(input, name, view, e);
    }
  }

  private static InputStream stored(PositionedInput input, TensorStorage.Range storage) {
    InputCursor cursor = new InputCursor(input);
    cursor.seek(storage.offset());
    return cursor.streamTo(storage.end());
  }

  private static PositionedInput inflate(PositionedInput input, String name, View view)
      throws IOException {
    if (view.inflatedLength() > SCATTERED_INFLATED_BYTES_MAX) {
      throw new UnreadableValuesException(
          "%s: tensor '%s' is not contiguous in a deflated storage: expected one of up to %d bytes inflated, found %d: it is listed, but not read"
              .formatted(
                  input.identity(), name, SCATTERED_INFLATED_BYTES_MAX, view.inflatedLength()));
    }
    try {
      return InflatedInput.of(
          input,
          view.storage().offset(),
          view.storage().length(),
          (int) view.inflatedLength(),
          "storage of " + name);
    } catch (ZipException e) {
      throw broken(input, name, view, e);
    }
  }

  private static IOException broken(
      PositionedInput input, String name, View view, IOException cause) {
    return new IOException(
        "%s: storage of tensor '%s' at byte %d: expected %d bytes, found that %s"
            .formatted(
                input.identity(),
                name,
                view.storage().offset(),
                view.deflated() ? view.inflatedLength() : view.storage().length(),
                cause.getMessage()),
        cause);
  }

  private void gather(View view, long firstByte, OutputStream target) throws IOException {
    List<Long> shape = view.shape();
    int split = 0;
    long blockBytes = view.nbytes();
    // The first dimension whose single entries fit a slab; those before it are stepped through.
    while (blockBytes > SLAB_BYTES) {
      blockBytes /= shape.get(split++);
    }
    int cut = Math.max(0, split - 1);
    long[] index = new long[cut];
    do {
      long start = firstByte;
      for (int i = 0; i < cut; i++) {
        start += index[i] * view.strides().get(i) * elementBytes;
      }
      writeSlabs(view, split, cut, blockBytes, start, target);
    } while (next(index, shape));
  }

  /** Writes one entry of the dimensions before {@code cut}. */
  private void writeSlabs(
      View view, int split, int cut, long entryBytes, long start, OutputStream target)
      throws IOException {
    long entries = split == 0 ? 1 : view.shape().get(cut);
    long entryStride = split == 0 ? 0 : view.strides().get(cut) * elementBytes;
    long entriesAtOnce = Math.min(entries, SLAB_BYTES / entryBytes);
    byte[] slab = new byte[(int) (entriesAtOnce * entryBytes)];
    for (long first = 0; first < entries; first += entriesAtOnce) {
      long count = Math.min(entriesAtOnce, entries - first);
      List<Axis> axes = new ArrayList<>();
      if (count > 1) {
        axes.add(new Axis(count, entryStride, entryBytes));
      }
      long targetBytes = entryBytes;
      for (int i = split; i < view.shape().size(); i++) {
        targetBytes /= view.shape().get(i);
        if (view.shape().get(i) > 1) {
          axes.add(
              new Axis(view.shape().get(i), view.strides().get(i) * elementBytes, targetBytes));
        }
      }
      fill(slab, axes, start + first * entryStride);
      int length = (int) (count * entryBytes);
      makeCanonical(slab, length, view.form());
      target.write(slab, 0, length);
    }
  }

  /** Fills a slab in the order of the storage, so that positions ascend where they can. */
  private void fill(byte[] slab, List<Axis> axes, long start) throws IOException {
    List<Axis> ordered = new ArrayList<>(axes);
    ordered.sort(Comparator.comparingLong(Axis::sourceBytes).reversed());
    Axis run = new Axis(1, elementBytes, elementBytes);
    if (!ordered.isEmpty() && ordered.get(ordered.size() - 1).sourceBytes() == elementBytes) {
      run = ordered.remove(ordered.size() - 1);
    }
    byte[] buffer = new byte[(int) (run.count() * elementBytes)];
    long[] index = new long[ordered.size()];
    List<Long> counts = ordered.stream().map(Axis::count).toList();
    do {
      long from = start;
      long to = 0;
      for (int i = 0; i < index.length; i++) {
        from += index[i] * ordered.get(i).sourceBytes();
        to += index[i] * ordered.get(i).targetBytes();
      }
      if (run.targetBytes() == elementBytes) {
        read(from, slab, (int) to, buffer.length);
        continue;
      }
      read(from, buffer, 0, buffer.length);
      for (int done = 0; done < buffer.length; done += elementBytes) {
        System.arraycopy(buffer, done, slab, (int) to, elementBytes);
        to += run.targetBytes();
      }
    } while (next(index, counts));
  }

  private void read(long position, byte[] target, int offset, int length) throws IOException {
    if (length >= LONG_RUN_BYTES) {
      source.readFully(position, target, offset, length);
    } else {
      cursor.seek(position);
      cursor.readFully(target, offset, length);
    }
  }

  /** Steps an index forward, its last place first; false behind the last one. */
  private static boolean next(long[] index, List<Long> counts) {
    for (int i = index.length - 1; i >= 0; i--) {
      if (++index[i] < counts.get(i)) {
        return true;
      }
      index[i] = 0;
    }
    return false;
  }

  private static void makeCanonical(byte[] bytes, int length, ElementForm form) {
    int word = form.wordBytes();
    if (form.swapped()) {
      for (int start = 0; start < length; start += word) {
        for (int low = start, high = start + word - 1; low < high; low++, high--) {
          byte swapped = bytes[low];
          bytes[low] = bytes[high];
          bytes[high] = swapped;
        }
      }
    }
    if (!form.negated() && !form.conjugated()) {
      return;
    }
    // Turning a sign is turning the highest bit, also of infinities and not-a-numbers.
    boolean complex = form.bytes() > word;
    for (int start = 0; start < length; start += form.bytes()) {
      if (form.negated()) {
        bytes[start + word - 1] ^= SIGN_BIT;
      }
      if (complex && form.negated() != form.conjugated()) {
        bytes[start + form.bytes() - 1] ^= SIGN_BIT;
      }
    }
  }
}
