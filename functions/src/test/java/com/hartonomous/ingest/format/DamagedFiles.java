package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What must hold for any bytes at all, whichever format they are read as. */
public final class DamagedFiles {
  /** Below this length a file is cut at every byte. */
  private static final int CUT_EVERYWHERE_BYTES = 64 << 10;

  /** Values of more bytes are not read: a view may be longer than its file. */
  private static final long READ_BYTES_MAX = 16 << 20;

  private DamagedFiles() {}

  /**
   * Reads a file that may be damaged in the format that it looks like.
   *
   * @return whether it was listed, else it was refused; in both cases as it must be
   * @throws AssertionError if anything else came of it
   */
  public static boolean isListed(PositionedInput input) throws IOException {
    return isListed(input, () -> Fixtures.read(input));
  }

  /** As {@link #isListed(PositionedInput)}, in a given format. */
  public static boolean isListed(PositionedInput input, ModelFormat format) throws IOException {
    return isListed(input, () -> format.read(input, new LayoutBudget(input, LayoutLimits.DEFAULT)));
  }

  @FunctionalInterface
  private interface Reading {
    ModelLayout run() throws IOException, ModelFormatException;
  }

  private static boolean isListed(PositionedInput input, Reading reading) throws IOException {
    ModelLayout layout;
    try {
      layout = reading.run();
    } catch (ModelFormatException e) {
      assertThat(e.getMessage()).startsWith(e.file()).contains("expected ", "found ");
      assertThat(e.offset()).isNotNegative();
      if (e.file().equals(input.identity())) {
        assertThat(e.offset()).isLessThanOrEqualTo(input.length());
      }
      return false;
    }
    requireReadable(input, layout);
    return true;
  }

  private static void requireReadable(PositionedInput input, TensorEntry tensor)
      throws IOException {
    CountingStream content = new CountingStream();
    try {
      TensorContent.copy(input, tensor, content);
    } catch (IOException e) {
      // What is deflated was listed without inflating it, so a broken stream is found only now.
      boolean deflated = tensor.storage() instanceof TensorStorage.View view && view.deflated();
      if (!deflated) {
        throw e;
      }
      assertThat(e).hasMessageContaining("expected ").hasMessageContaining("found ");
      return;
    }
    assertThat(content.count).isEqualTo(tensor.nbytes());
  }

  private static void requireReadable(PositionedInput input, ModelLayout layout)
      throws IOException {
    for (TensorEntry tensor : layout.tensors()) {
      if (tensor.nbytes() <= READ_BYTES_MAX) {
        requireReadable(input, tensor);
      }
    }
    ChunkPlan plan = ChunkPlan.of(layout, ChunkPlan.CHUNK_SIZE_MIN);
    long covered = plan.sections().stream().mapToLong(ChunkPlan.Section::length).sum();
    assertThat(covered).isEqualTo(input.length());
    for (ModelLayout.Shard shard : layout.shards()) {
      try (PositionedInput file = input.openRelative(shard.location())) {
        requireReadable(file, shard.layout());
      }
    }
  }

  /**
   * Returns the lengths to cut a sound file to: all below 64 KiB, and beyond that one byte around
   * the end of each section.
   */
  static List<Integer> cuts(PositionedInput whole) throws IOException, ModelFormatException {
    TreeSet<Integer> cuts = new TreeSet<>();
    int length = Math.toIntExact(whole.length());
    for (int cut = 0; cut < Math.min(length, CUT_EVERYWHERE_BYTES); cut++) {
      cuts.add(cut);
    }
    for (ChunkPlan.Section section :
        ChunkPlan.of(Fixtures.read(whole), ChunkPlan.CHUNK_SIZE_MIN).sections()) {
      int end = Math.toIntExact(section.offset() + section.length());
      cuts.addAll(List.of(end - 1, end, end + 1));
    }
    return List.copyOf(cuts.headSet(length));
  }

  /** Lengths, counts and offsets that overflow something, or nearly. */
  private static final long[] FORGED_NUMBERS = {
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0xffff,
    1 << 24,
    Integer.MAX_VALUE,
    1L << 31,
    0xffffffffL,
    1L << 32,
    1L << 40,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1
  };

  private static final int PIECE_BYTES_MAX = 200;

  /** Where headers are: forgeries there are worth more than among values. */
  private static final int HEADER_BYTES = 2_000;

  /** Returns a copy with one number forged, or one piece left out, doubled or moved. */
  static byte[] forge(byte[] whole, Random random) {
    int at = position(whole.length, random);
    switch (random.nextInt(6)) {
      case 0, 1, 2 -> {
        long number = FORGED_NUMBERS[random.nextInt(FORGED_NUMBERS.length)];
        int width = 1 << random.nextInt(4);
        byte[] bytes = new byte[width];
        boolean bigEndian = random.nextInt(4) == 0;
        for (int i = 0; i < width; i++) {
          bytes[bigEndian ? width - 1 - i : i] = (byte) (number >>> (i * Byte.SIZE));
        }
        return replaced(whole, at, width, bytes);
      }
      case 3 -> {
        byte[] varint = new byte[1 + random.nextInt(11)];
        Arrays.fill(varint, (byte) (random.nextBoolean() ? 0xff : 0x80));
        varint[varint.length - 1] = (byte) random.nextInt(3);
        return replaced(whole, at, random.nextInt(3), varint);
      }
      case 4 -> {
        return replaced(whole, at, random.nextInt(PIECE_BYTES_MAX), new byte[0]);
      }
      default -> {
        int from = position(whole.length, random);
        int length = Math.min(whole.length - from, 1 + random.nextInt(PIECE_BYTES_MAX));
        byte[] piece = Arrays.copyOfRange(whole, from, from + length);
        return replaced(whole, at, random.nextBoolean() ? length : 0, piece);
      }
    }
  }

  private static int position(int length, Random random) {
    int near = Math.min(length, HEADER_BYTES);
    return switch (random.nextInt(3)) {
      case 0 -> random.nextInt(length);
      case 1 -> random.nextInt(near);
      default -> length - 1 - random.nextInt(near);
    };
  }

  private static byte[] replaced(byte[] whole, int at, int length, byte[] with) {
    int behind = Math.min(whole.length, at + length);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(whole, 0, at);
    bytes.writeBytes(with);
    bytes.write(whole, behind, whole.length - behind);
    return bytes.size() == 0 ? whole : bytes.toByteArray();
  }

  /** Returns a fixture in memory, with other bytes, beside the files that lie beside it. */
  public static MemoryInput fixture(String name, byte[] bytes) throws IOException {
    Path folder = Fixtures.path(name).getParent();
    Map<String, byte[]> siblings = new HashMap<>();
    if (name.contains("/")) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          siblings.put(
              folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
        }
      }
    }
    return new MemoryInput(name, bytes, siblings);
  }

  private static final class CountingStream extends FilterOutputStream {
    private long count;

    CountingStream() {
      super(OutputStream.nullOutputStream());
    }

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      count += length;
    }
  }
}
