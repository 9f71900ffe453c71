package com.hartonomous.ingest.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InputCursorTest {

  @Test
  void readsTheSameBytesHoweverItMoves() throws IOException {
    long seed = Long.getLong("test.seed", 42);
    System.out.printf("InputCursorTest: -Dtest.seed=%d%n", seed);
    Random random = new Random(seed);
    byte[] bytes = new byte[100_000];
    random.nextBytes(bytes);
    InputCursor cursor = new InputCursor(new MemoryInput("random", bytes));
    for (int i = 0; i < 2_000; i++) {
      int position = random.nextInt(bytes.length);
      int length = random.nextInt(Math.min(bytes.length - position, 40_000) + 1);
      cursor.seek(position);
      byte[] target = new byte[length + 2];
      cursor.readFully(target, 1, length);
      assertThat(Arrays.copyOfRange(target, 1, length + 1))
          .isEqualTo(Arrays.copyOfRange(bytes, position, position + length));
      assertThat(cursor.position()).isEqualTo(position + length);
    }
  }

  @Test
  void skippedBytesAreNotRead() throws IOException {
    long length = 5L << 40;
    MemoryInput input =
        new MemoryInput("large", length, Map.of(length - 8, new byte[] {1, 0, 0, 0, 0, 0, 0, 2}));
    InputCursor cursor = new InputCursor(input);
    InputStream stream = cursor.streamTo(length);

    assertThat(stream.read()).isZero();
    assertThat(stream.skip(length - 9)).isEqualTo(length - 9);
    assertThat(cursor.readLongLittleEndian()).isEqualTo(0x0200000000000001L);
    assertThat(cursor.remaining()).isZero();
    assertThat(stream.read()).isEqualTo(-1);
    assertThat(input.bytesRead()).isEqualTo(cursor.bytesRead()).isLessThan(40_000);
  }

  @Test
  void endsAreKept() throws IOException {
    InputCursor cursor = new InputCursor(new MemoryInput("short", new byte[] {1, 2, 3, 4}));
    InputStream stream = cursor.streamTo(3);
    assertThat(stream.readAllBytes()).containsExactly(1, 2, 3);
    assertThat(stream.skip(5)).isZero();
    assertThat(cursor.readUnsignedByte()).isEqualTo(4);
    assertThat(cursor.read(new byte[1], 0, 1)).isEqualTo(-1);
    assertThatThrownBy(cursor::readUnsignedByte)
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("short")
        .hasMessageContaining("at 4");
    assertThatThrownBy(() -> cursor.seek(5)).isInstanceOf(IllegalArgumentException.class);
  }
}
