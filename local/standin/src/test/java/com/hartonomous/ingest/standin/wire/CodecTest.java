package com.hartonomous.ingest.standin.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The codec by itself: what it writes it reads, across any packet border; and exact bytes. */
class CodecTest {
  private static final int MAX_VALUE_BYTES = 1 << 20;
  private static final List<Kind> KINDS =
      Stream.of(Kind.values()).filter(kind -> kind != Kind.GEOMETRY).toList();

  @Test
  void readsBackWhatItWroteAcrossPacketBorders() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("CodecTest seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 40; round++) {
      int packetSize = Packet.MIN_SIZE + random.nextInt(600);
      List<SqlType> types = new ArrayList<>();
      List<Object> values = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        SqlType type = randomType(random);
        types.add(type);
        values.add(random.nextInt(10) == 0 ? null : randomValue(random, type));
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      PacketWriter writer = new PacketWriter(bytes, 1);
      writer.packetSize(packetSize);
      for (int i = 0; i < types.size(); i++) {
        TypeInfo info = TypeInfo.of(types.get(i));
        info.write(writer);
        ValueWriter.write(writer, info, values.get(i));
      }
      writer.endMessage();
      MessageReader reader = message(bytes.toByteArray());
      ValueReader valueReader = new ValueReader(reader, MAX_VALUE_BYTES);
      for (int i = 0; i < types.size(); i++) {
        TypeInfo info = TypeInfo.read(reader, "value " + i);
        assertThat(info.type()).isEqualTo(types.get(i));
        assertThat(valueReader.read(info)).as("%s", info.type()).isEqualTo(values.get(i));
      }
      assertThat(reader.atEnd()).isTrue();
    }
  }

  private static SqlType randomType(Random random) {
    Kind kind = KINDS.get(random.nextInt(KINDS.size()));
    return switch (kind) {
      case DECIMAL, NUMERIC -> {
        int precision = 1 + random.nextInt(38);
        yield SqlType.decimal(kind, precision, random.nextInt(precision + 1));
      }
      case CHAR, BINARY -> SqlType.ofLength(kind, 1 + random.nextInt(8000));
      case NCHAR -> SqlType.ofLength(kind, 1 + random.nextInt(4000));
      case VARCHAR, VARBINARY ->
          SqlType.ofLength(kind, random.nextBoolean() ? SqlType.MAX : 1 + random.nextInt(8000));
      case NVARCHAR ->
          SqlType.ofLength(kind, random.nextBoolean() ? SqlType.MAX : 1 + random.nextInt(4000));
      case TIME, DATETIME2, DATETIMEOFFSET -> SqlType.ofScale(kind, random.nextInt(8));
      default -> SqlType.of(kind);
    };
  }

  private static Object randomValue(Random random, SqlType type) {
    int length =
        random.nextInt(type.length() == SqlType.MAX ? 30_000 : Math.max(1, type.length() + 1));
    return switch (type.kind()) {
      case GEOMETRY -> throw new IllegalArgumentException("sent and received in different forms");
      case BIT -> random.nextBoolean();
      case TINYINT -> (short) random.nextInt(256);
      case SMALLINT -> (short) random.nextInt();
      case INT -> random.nextInt();
      case BIGINT -> random.nextLong();
      case REAL -> random.nextFloat();
      case FLOAT -> random.nextDouble();
      case DECIMAL, NUMERIC -> {
        BigInteger bound = BigInteger.TEN.pow(type.precision());
        BigInteger unscaled = new BigInteger(130, random).mod(bound);
        yield new BigDecimal(random.nextBoolean() ? unscaled : unscaled.negate(), type.scale());
      }
      case SMALLMONEY -> BigDecimal.valueOf(random.nextInt(), 4);
      case MONEY -> BigDecimal.valueOf(random.nextLong(), 4);
      case CHAR, VARCHAR -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        yield CodePage1252.decode(bytes, length);
      }
      case NCHAR, NVARCHAR -> {
        char[] units = new char[length];
        for (int i = 0; i < length; i++) {
          units[i] = (char) random.nextInt(0x10000);
        }
        yield new String(units);
      }
      case BINARY, VARBINARY -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        yield bytes;
      }
      case DATE -> Temporal.dateSince0001(random.nextInt(Temporal.LAST_DAY + 1));
      case TIME -> randomTime(random, type.scale());
      case SMALLDATETIME ->
          LocalDate.of(1900, 1, 1).plusDays(random.nextInt(65536)).atTime(random.nextInt(24), 30);
      case DATETIME ->
          Temporal.dateTime(random.nextInt(100_000), random.nextInt(Temporal.TICKS_PER_DAY));
      case DATETIME2 ->
          LocalDateTime.of(
              Temporal.dateSince0001(random.nextInt(Temporal.LAST_DAY + 1)),
              randomTime(random, type.scale()));
      case DATETIMEOFFSET ->
          LocalDateTime.of(
                  Temporal.dateSince0001(1 + random.nextInt(Temporal.LAST_DAY - 1)),
                  randomTime(random, type.scale()))
              .atOffset(ZoneOffset.ofTotalSeconds(60 * (random.nextInt(1681) - 840)));
      case UNIQUEIDENTIFIER -> new UUID(random.nextLong(), random.nextLong());
    };
  }

  private static LocalTime randomTime(Random random, int scale) {
    long unit = Temporal.nanosPerUnit(scale);
    return LocalTime.ofNanoOfDay(random.nextLong(Temporal.NANOS_PER_DAY / unit) * unit);
  }

  /** Bytes taken from the examples and rules of MS-TDS 2.2.5.4 and 2.2.5.5, worked out by hand. */
  @Test
  void writesTheBytesThatTheProtocolSays() throws Exception {
    assertBytes(SqlType.of(Kind.INT), 258, "26 04", "04 02 01 00 00");
    assertBytes(SqlType.of(Kind.BIT), null, "68 01", "00");
    assertBytes(SqlType.of(Kind.MONEY), new BigDecimal("1.0000"), "6e 08", "08 00000000 10270000");
    assertBytes(
        SqlType.decimal(Kind.DECIMAL, 5, 2),
        new BigDecimal("-2.57"),
        "6a 05 05 02",
        "05 00 01010000");
    assertBytes(SqlType.ofLength(Kind.NVARCHAR, 10), "A€", "e7 1400 0904d00034", "0400 4100 ac20");
    assertBytes(SqlType.ofLength(Kind.VARCHAR, 10), "€漢", "a7 0a00 0904d00034", "0200 80 3f");
    assertBytes(SqlType.ofLength(Kind.VARBINARY, 10), null, "a5 0a00", "ffff");
    assertBytes(SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), null, "a5 ffff", "ffffffffffffffff");
    assertBytes(
        SqlType.ofLength(Kind.VARBINARY, SqlType.MAX),
        new byte[] {7},
        "a5 ffff",
        "0100000000000000 01000000 07 00000000");
    assertBytes(
        SqlType.ofLength(Kind.NVARCHAR, SqlType.MAX),
        "",
        "e7 ffff 0904d00034",
        "0000000000000000 00000000");
    assertBytes(SqlType.of(Kind.DATE), LocalDate.of(1, 1, 2), "28", "03 010000");
    assertBytes(
        SqlType.ofScale(Kind.TIME, 7), LocalTime.ofNanoOfDay(100), "29 07", "05 0100000000");
    assertBytes(
        SqlType.of(Kind.DATETIME),
        LocalDateTime.parse("1900-01-02T00:00:01"),
        "6f 08",
        "08 01000000 2c010000");
    assertBytes(
        SqlType.ofScale(Kind.DATETIMEOFFSET, 0),
        LocalDateTime.parse("0001-01-02T01:00:00").atOffset(ZoneOffset.ofHours(1)),
        "2b 00",
        "08 000000 010000 3c00");
    assertBytes(
        SqlType.of(Kind.UNIQUEIDENTIFIER),
        UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"),
        "24 10",
        "10 33221100 5544 7766 8899aabbccddeeff");
  }

  private static void assertBytes(SqlType type, Object value, String typeInfo, String bytes)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PacketWriter writer = new PacketWriter(out, 0);
    TypeInfo info = TypeInfo.of(type);
    info.write(writer);
    ValueWriter.write(writer, info, value);
    writer.endMessage();
    byte[] packet = out.toByteArray();
    assertThat(HexFormat.of().formatHex(packet, Packet.HEADER_LENGTH, packet.length))
        .as("%s", type)
        .isEqualTo((typeInfo + bytes).replace(" ", ""));
  }

  @Test
  void readsTypesWithoutNull() throws Exception {
    assertThat(value("30 ff")).isEqualTo((short) 255);
    assertThat(value("32 01")).isEqualTo(true);
    assertThat(value("34 feff")).isEqualTo((short) -2);
    assertThat(value("38 feffffff")).isEqualTo(-2);
    assertThat(value("7f feffffffffffffff")).isEqualTo(-2L);
    assertThat(value("3b 0000c03f")).isEqualTo(1.5f);
    assertThat(value("3e 000000000000f83f")).isEqualTo(1.5);
    assertThat(value("3c 00000000 10270000")).isEqualTo(new BigDecimal("1.0000"));
    assertThat(value("7a f0d8ffff")).isEqualTo(new BigDecimal("-1.0000"));
    assertThat(value("3a 0100 0200")).isEqualTo(LocalDateTime.parse("1900-01-02T00:02:00"));
    assertThat(value("3d 01000000 2c010000")).isEqualTo(LocalDateTime.parse("1900-01-02T00:00:01"));
  }

  @Test
  void readsChunksOfUnknownTotalLength() throws Exception {
    assertThat(value("a5 ffff feffffffffffffff 02000000 0102 01000000 03 00000000"))
        .isEqualTo(new byte[] {1, 2, 3});
    assertThat(value("e7 ffff 0904d00034 feffffffffffffff 01000000 41 01000000 00 00000000"))
        .isEqualTo("A");
    assertThat(value("a7 ffff 0904d00434 0300000000000000 03000000 e282ac 00000000"))
        .as("UTF-8 collation")
        .isEqualTo("€");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "26 03 00", // an integer of three bytes
        "26 04 05 0000000000", // a value longer than its type
        "68 02 00",
        "6a 11 27 00 00", // precision 39
        "6a 11 05 06 00", // scale above precision
        "29 08 00",
        "24 08 00",
        "e7 0300 0904d00034 0000", // odd length
        "e7 401f 0904d00034 0300 414141",
        "a5 411f 0000", // 8001 bytes
        "af ffff 0904d00034 00", // char(max)
        "a5 ffff 0200000000000000 03000000 010203 00000000", // more than announced
        "a5 ffff 0400000000000000 03000000 010203 00000000", // less than announced
        "a5 ffff 0400000000000000 03000000 0102", // ends early
      })
  void refusesWhatCannotBe(String bytes) {
    assertThatThrownBy(() -> value(bytes)).isInstanceOf(ProtocolException.class);
  }

  @Test
  void refusesInvalidValuesByNumber() {
    assertNumber("6d 04 04 0000807f", 8023); // infinity
    assertNumber("28 03 ffffff", 8023);
    assertNumber("29 00 03 ffffff", 8023);
    assertNumber("3d 00000000 ffffff7f", 8023);
    assertNumber("2b 00 08 000000 010000 ff7f", 8023);
    assertNumber("a5 0200 0300 010203", 8016);
    assertNumber("62 00", 8009); // sql_variant
    assertNumber("f1 00", 8009); // xml
  }

  /** A length alone, without bytes behind it, must not cost memory, whatever it says. */
  @Test
  void refusesValuesAboveTheLimitBeforeTheyArrive() {
    assertNumber("a5 ffff 0100100000000000", 7119);
    assertNumber("a5 ffff ffffffffffffff7f", 7119);
    assertNumber("a5 ffff 0000000000000080", 7119);
    assertNumber("a5 ffff feffffffffffffff ffffffff", 7119);
    assertThatThrownBy(
            () ->
                new ValueReader(message(packets("ffffff7f00000000 01000000 00")), Integer.MAX_VALUE)
                    .read(TypeInfo.of(SqlType.ofLength(Kind.VARBINARY, SqlType.MAX))))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("ended early");
  }

  @Test
  void refusesToWriteWhatTheTypeCannotHold() {
    assertUnwritable(SqlType.of(Kind.TINYINT), (short) 256);
    assertUnwritable(SqlType.decimal(Kind.DECIMAL, 3, 1), new BigDecimal("100.0"));
    assertUnwritable(SqlType.of(Kind.SMALLMONEY), new BigDecimal("214748.3648"));
    assertUnwritable(SqlType.ofLength(Kind.NVARCHAR, 2), "abc");
    assertUnwritable(SqlType.ofLength(Kind.VARBINARY, 2), new byte[3]);
    assertUnwritable(SqlType.of(Kind.DATE), LocalDate.of(10000, 1, 1));
    assertUnwritable(SqlType.of(Kind.DATETIME), LocalDateTime.parse("1752-12-31T00:00:00"));
    assertUnwritable(SqlType.of(Kind.SMALLDATETIME), LocalDateTime.parse("2079-06-07T00:00:00"));
  }

  @Test
  void takesBackARowWhoseValueDoesNotFit() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PacketWriter writer = new PacketWriter(out, 0);
    TokenWriter tokens = new TokenWriter(writer, "test", TdsVersion.V7_4);
    Column[] columns = {
      Column.of("a", SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), true, false, TdsVersion.V7_4),
      Column.of("b", SqlType.of(Kind.INT), true, false, TdsVersion.V7_4)
    };
    assertThatThrownBy(() -> tokens.row(columns, new Object[] {new byte[10], "text"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Column 2 (\"b\")");
    assertThatThrownBy(() -> tokens.row(columns, new Object[] {new byte[10]}))
        .isInstanceOf(IllegalArgumentException.class);
    tokens.returnStatus(1);
    writer.endMessage();
    assertThat(out.toByteArray()).hasSize(Packet.HEADER_LENGTH + 5);
    assertThatThrownBy(() -> tokens.row(columns, new Object[] {new byte[10_000], "text"}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Column 2 (\"b\")");
  }

  /** Every cut and many flips of a valid bulk load end in a result or a typed error. */
  @Test
  void damagedBulkLoadEndsInATypedError() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("CodecTest seed=" + seed);
    Random random = new Random(seed);
    byte[] load = bulkLoad();
    assertThat(countRows(load)).isEqualTo(2);
    for (int length = 0; length < load.length - 1; length++) {
      byte[] cut = Arrays.copyOf(load, length);
      assertThatThrownBy(() -> countRows(cut)).isInstanceOf(ProtocolException.class);
    }
    int refused = 0;
    for (int round = 0; round < 5000; round++) {
      byte[] flipped = load.clone();
      flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertThat(countRows(flipped)).isLessThanOrEqualTo(load.length);
      } catch (ProtocolException | SqlServerError e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private static byte[] bulkLoad() {
    String columns =
        "81 0300 00000000 0900 26 04 01 6900"
            + " 00000000 0900 e7 ffff 0904d00034 01 7400"
            + " 00000000 0900 a5 1000 01 6200";
    String rows =
        " d1 04 01000000 0200000000000000 02000000 4100 00000000 0200 0102"
            + " d1 00 ffffffffffffffff ffff";
    return hex(columns + rows + " fd 0000 0000 0000000000000000");
  }

  private static int countRows(byte[] load) throws IOException, SqlServerError {
    BulkRowReader reader =
        new BulkRowReader(
            message(packet(load)),
            new WireLimits(100, 512, 100, 100, MAX_VALUE_BYTES, 10),
            TdsVersion.V7_4);
    int count = 0;
    while (reader.next() != null) {
      count++;
    }
    return count;
  }

  private static void assertUnwritable(SqlType type, Object value) {
    PacketWriter writer = new PacketWriter(new ByteArrayOutputStream(), 0);
    long mark = writer.mark();
    assertThatThrownBy(() -> ValueWriter.write(writer, TypeInfo.of(type), value))
        .as("%s", type)
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(writer.mark()).as("%s put nothing", type).isEqualTo(mark);
  }

  private static void assertNumber(String bytes, int number) {
    assertThatThrownBy(() -> value(bytes))
        .as(bytes)
        .isInstanceOfSatisfying(
            SqlServerError.class, e -> assertThat(e.number()).isEqualTo(number));
  }

  private static Object value(String bytes) throws IOException, SqlServerError {
    MessageReader reader = message(packets(bytes));
    TypeInfo info = TypeInfo.read(reader, "value");
    return new ValueReader(reader, MAX_VALUE_BYTES).read(info);
  }

  private static byte[] packets(String bytes) {
    return packet(hex(bytes));
  }

  private static byte[] hex(String bytes) {
    return HexFormat.of().parseHex(bytes.replace(" ", ""));
  }

  private static byte[] packet(byte[] payload) {
    byte[] packet = new byte[Packet.HEADER_LENGTH + payload.length];
    packet[0] = PacketType.REPLY;
    packet[1] = Packet.STATUS_END_OF_MESSAGE;
    packet[2] = (byte) (packet.length >> 8);
    packet[3] = (byte) packet.length;
    System.arraycopy(payload, 0, packet, Packet.HEADER_LENGTH, payload.length);
    return packet;
  }

  /** Reads a reply as if it were a request. */
  private static MessageReader message(byte[] packets) throws IOException {
    for (int at = 0; at < packets.length; ) {
      packets[at] = PacketType.BULK_LOAD;
      at += (packets[at + 2] & 0xFF) << 8 | (packets[at + 3] & 0xFF);
    }
    InputStream in = new ByteArrayInputStream(packets);
    PacketReader reader = new PacketReader(in);
    PacketSource source =
        new PacketSource() {
          private final Packet packet = new Packet(Packet.MAX_SIZE);

          @Override
          public Packet next() throws IOException {
            reader.read(packet);
            return packet;
          }

          @Override
          public void release(Packet used) {
            assertThat(used).isSameAs(packet);
          }
        };
    return new MessageReader(source, source.next(), Long.MAX_VALUE);
  }

  @Test
  void codePageAgreesWithTheJdkWhereItIsDefined() {
    for (int i = 0; i < 256; i++) {
      byte[] one = {(byte) i};
      String decoded = CodePage1252.decode(one, 1);
      assertThat(CodePage1252.encode(decoded.charAt(0))).isEqualTo((byte) i);
      String jdk = new String(one, CodePage1252.CHARSET);
      if (!jdk.equals("\uFFFD")) {
        assertThat(decoded).isEqualTo(jdk);
      }
    }
    assertThat(CodePage1252.encode('漢')).isEqualTo((byte) '?');
    assertThat("é".getBytes(StandardCharsets.ISO_8859_1)[0]).isEqualTo(CodePage1252.encode('é'));
  }
}
