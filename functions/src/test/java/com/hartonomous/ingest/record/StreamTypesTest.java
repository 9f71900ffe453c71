package com.hartonomous.ingest.record;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.deduplicate.RowState;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StreamTypesTest {

  static Stream<Class<?>> streamTypes() {
    return Stream.of(
        RowChange.class,
        RowSegments.class,
        HashedRow.class,
        ModelPart.class,
        AtomReference.class,
        DeadLetter.class,
        OutboxMark.class,
        RowKey.class,
        Sha256.class,
        RowState.class);
  }

  /** Kryo would tie savepoints to class internals and be slow. */
  @ParameterizedTest
  @MethodSource("streamTypes")
  void flinkSerializesWithoutKryo(Class<?> type) {
    SerializerConfigImpl config = new SerializerConfigImpl();
    config.setGenericTypes(false);
    TypeInformation<?> information = TypeInformation.of(type);
    assertThat(information.createSerializer(config)).isNotNull();
  }

  @Test
  void nullFieldsSurvive() throws Exception {
    AtomReference absent =
        new AtomReference(
            Sha256.ofText("x"),
            false,
            true,
            null,
            null,
            null,
            new RowReference(new RowKey(1, Sha256.ofText("k")), "{\"Id\":1}", 2, 0),
            null,
            null);
    var serializer =
        TypeInformation.of(AtomReference.class).createSerializer(new SerializerConfigImpl());
    DataOutputSerializer out = new DataOutputSerializer(256);
    serializer.serialize(absent, out);
    assertThat(serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer())))
        .isEqualTo(absent);
  }
}
