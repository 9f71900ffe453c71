package com.hartonomous.ingest.capture.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.junit.jupiter.api.Test;

class ModelStateSerializersTest {

  private final ModelSplitSerializer splits = new ModelSplitSerializer();
  private final ModelEnumeratorStateSerializer states = new ModelEnumeratorStateSerializer();

  @Test
  void splitsComeBackEqual() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    for (int round = 0; round < 100; round++) {
      for (ModelSplit split : RandomSplits.splits(new Random(seed + round), round)) {
        assertThat(roundTrip(splits, split)).as("-Dseed=" + (seed + round)).isEqualTo(split);
      }
    }
  }

  @Test
  void enumeratorStatesComeBackEqual() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    for (int round = 0; round < 30; round++) {
      Random random = new Random(seed + round);
      List<ModelSplit> pending = new ArrayList<>(RandomSplits.splits(random, 1));
      pending.addAll(RandomSplits.splits(random, 2));
      ModelEnumeratorState state = new ModelEnumeratorState("job", Set.of(1, 2, 99), pending);
      assertThat(roundTrip(states, state)).as("-Dseed=" + (seed + round)).isEqualTo(state);
    }
    ModelEnumeratorState empty = new ModelEnumeratorState("job", Set.of(), List.of());
    assertThat(roundTrip(states, empty)).isEqualTo(empty);
  }

  /** Savepoints of this version hold exactly these bytes: they may never read otherwise. */
  @Test
  void bytesOfVersionOneStayReadable() throws IOException {
    byte[] node =
        HexFormat.of()
            .parseHex(
                "484d5350" // magic
                    + "02" // nodes
                    + "00000007"
                    + "0000000000000046"
                    + "0000000000000003" // next
                    + "0000000000000003" // first
                    + "00000001"
                    + "00000001" // path
                    + "70"
                    + "00000003" // text
                    + "613a42");
    ModelSplit expected = new NodeSplit(7, 70, 3, List.of(new NodeSplit.Node("p", "a:B")), 3);
    assertThat(splits.deserialize(1, node)).isEqualTo(expected);
    assertThat(splits.serialize(expected)).isEqualTo(node);
  }

  @Test
  void anotherVersionIsRefused() throws IOException {
    byte[] split = splits.serialize(RandomSplits.splits(new Random(1), 1).get(0));
    assertThatThrownBy(() -> splits.deserialize(2, split))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected version 1, found 2");
    byte[] state = states.serialize(new ModelEnumeratorState("job", Set.of(), List.of()));
    assertThatThrownBy(() -> states.deserialize(0, state))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected version 1, found 0");
  }

  @Test
  void bytesCutShortOrTooLongAreRefused() throws IOException {
    List<ModelSplit> some = RandomSplits.splits(new Random(5), 1);
    refusesOtherLengths(splits, some.get(0));
    refusesOtherLengths(splits, some.get(some.size() - 1));
    refusesOtherLengths(states, new ModelEnumeratorState("job", Set.of(1, 2), some));
  }

  @Test
  void damagedBytesAreRefusedOrReadButNeverFailOtherwise() throws IOException {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    byte[] whole =
        states.serialize(
            new ModelEnumeratorState("job", Set.of(1, 2), RandomSplits.splits(new Random(5), 1)));
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertThat(states.deserialize(1, damaged).jobName()).hasSizeLessThan(damaged.length);
      } catch (IOException e) {
        assertThat(e).as("-Dseed=" + seed).hasMessageContaining("state of");
      }
    }
  }

  private static <T> T roundTrip(SimpleVersionedSerializer<T> serializer, T value)
      throws IOException {
    return serializer.deserialize(serializer.getVersion(), serializer.serialize(value));
  }

  private static <T> void refusesOtherLengths(SimpleVersionedSerializer<T> serializer, T value)
      throws IOException {
    byte[] whole = serializer.serialize(value);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> serializer.deserialize(serializer.getVersion(), cut))
          .as("cut to %d of %d bytes", length, whole.length)
          .isInstanceOf(IOException.class);
    }
    byte[] longer = Arrays.copyOf(whole, whole.length + 1);
    assertThatThrownBy(() -> serializer.deserialize(serializer.getVersion(), longer))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected");
  }
}
