package com.hartonomous.ingest.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Messages as clients of SQL Server send them. Puts them together itself: a class of the stand-in
 * that is loaded before Jazzer's agent is not instrumented, and seeds are made before.
 */
final class TdsSeeds {
  private static final int BATCH = 1;
  private static final int RPC = 3;
  private static final int ATTENTION = 6;
  private static final int BULK_LOAD = 7;
  private static final int TRANSACTION = 0x0E;
  private static final int LOGIN = 0x10;
  private static final int PRELOGIN = 0x12;

  private static final int LAST = 0x01;
  private static final int IGNORED = 0x02;
  private static final int RESET = 0x08;
  private static final int RESET_KEEPING_TRANSACTION = 0x10;

  /** The index of payloads of 16 bytes. */
  private static final int SMALL_PACKETS = 5 << 5;

  private static final int VERSION_7_1 = 0;
  private static final int VERSION_7_4 = 3;
  private static final int LOGIN_FIXED_BYTES = 94;
  private static final int PACKET_HEADER_BYTES = 8;

  private static final String HEADERS =
      "16000000 12000000 0200 0000000000000000 01000000"; // transaction descriptor
  private static final String COLLATION = "0904d00034";

  private static final List<String> VALUES =
      List.of(
          "26 01 01 ff",
          "26 02 02 0180",
          "26 04 04 2a000000",
          "26 04 00",
          "26 08 08 ffffffffffffff7f",
          "38 2a000000",
          "68 01 01 01",
          "6d 04 04 0000c03f",
          "6d 08 08 000000000000f83f",
          "6e 04 04 10270000",
          "6e 08 08 00000000 10270000",
          "6f 04 04 0100 9f05",
          "6f 08 08 1a8f0000 ffb18b01",
          "6a 05 09 02 05 01 39300000",
          "6c 11 26 0a 11 00 ffffffffffffffff ffffffffffffff00",
          "28 03 dab937",
          "29 07 05 ffbf692ac9",
          "2a 03 07 ffa3c501 dab937",
          "2b 07 0a ffbf692ac9 d0b937 4803",
          "24 10 10 00112233445566778899aabbccddeeff",
          "a7 0500 " + COLLATION + " 0300 616263",
          "a7 0500 " + COLLATION + " ffff",
          "af 0400 " + COLLATION + " 0400 61622020",
          "e7 401f " + COLLATION + " 0600 610062000420",
          "ef 0800 " + COLLATION + " 0800 6100620063006400",
          "a5 401f 0400 00ff00ff",
          "ad 0200 0200 abcd",
          "e7 ffff " + COLLATION + " feffffffffffffff 04000000 61006200 02000000 6300 00000000",
          "a7 ffff " + COLLATION + " 0300000000000000 03000000 616263 00000000",
          "a5 ffff 0000000000000000 00000000",
          "a5 ffff ffffffffffffffff",
          "63 feffffff " + COLLATION + " 04000000 61006200",
          "23 ffffff7f " + COLLATION + " 03000000 616263",
          "22 ffffff7f ffffffff",
          "f0 00 00 08 670065006f006d006500740072007900 ffffffffffffffff 16000000 00000000 010c"
              + " 000000000000f03f 0000000000000040 00000000");

  private record Message(int type, int status, byte[] payload) {}

  private TdsSeeds() {}

  /** From the first byte of a connection. */
  static Stream<byte[]> logins() {
    byte[] prelogin = prelogin(2);
    return Stream.of(
        concatenated(prelogin, packet(LOGIN, LAST, login(0x74000004, "sa", "Secret1!"))),
        concatenated(prelogin(0), packet(LOGIN, LAST, login(0x72090002, "reader", "x"))),
        packet(LOGIN, LAST, login(0x71000001, "sa", "")),
        concatenated(prelogin, packet(LOGIN, LAST, login(0x70000000, "old", "x"))),
        concatenated(
            prelogin(1),
            packet(
                PRELOGIN,
                LAST,
                hex(
                    "1603010031 0100002d 0303"
                        + "00".repeat(32)
                        + "00 0004 c02f 009c 0100 0000"))));
  }

  /** For the target of messages: version, then type, status, length and payload of each. */
  static Stream<byte[]> messages() {
    return conversations().map(TdsSeeds::framed);
  }

  /** For the target of packets: version, then the packets. */
  static Stream<byte[]> requests() {
    return conversations()
        .map(
            conversation -> {
              ByteArrayOutputStream bytes = new ByteArrayOutputStream();
              bytes.write(conversation.version());
              for (Message message : conversation.messages()) {
                bytes.writeBytes(
                    packet(message.type(), message.status() & 0x1F, message.payload()));
              }
              return bytes.toByteArray();
            });
  }

  private record Conversation(int version, List<Message> messages) {}

  private static Stream<Conversation> conversations() {
    List<Conversation> all = new ArrayList<>();
    for (String value : VALUES) {
      all.add(
          now(
              rpc(
                  "ffff 0a00 0000"
                      + text("SELECT @a")
                      + text("@a int")
                      + "02 40006100 00"
                      + value)));
      all.add(now(rpc("0400 730070005f007800 0000 02 40006100 01" + value)));
      all.add(old(rpc71("0400 730070005f007800 0000 00 00" + value)));
    }
    all.add(now(batch("SELECT 1"), batch("INSERT INTO t VALUES (N'a')")));
    all.add(now(new Message(BATCH, LAST | RESET, batch("SELECT 1").payload())));
    all.add(now(new Message(BATCH, LAST | RESET_KEEPING_TRANSACTION, batch("SELECT 1").payload())));
    all.add(now(new Message(BATCH, LAST | IGNORED, batch("SELECT 1").payload())));
    all.add(now(new Message(BATCH, LAST | SMALL_PACKETS, batch("SELECT 1, 2, 3").payload())));
    all.add(now(batch("EXEC sp_unprepare 1; EXEC sp_unprepare 2;")));
    all.add(now(new Message(ATTENTION, LAST, new byte[0]), batch("SELECT 1")));
    all.add(
        now(
            new Message(BATCH, 0, batch("SELECT 1").payload()),
            new Message(ATTENTION, LAST, new byte[0])));
    all.add(
        now(
            rpc(
                "ffff 0d00 0000 00 01 26 04 00"
                    + text("@a int, @b nvarchar(20)")
                    + text("SELECT @a, @b")
                    + number(1)
                    + text("b")),
            rpc("ffff 0c00 0000" + number(1) + number(2) + text("c")),
            rpc("ffff 0f00 0000" + number(1))));
    all.add(
        now(
            rpc(
                "ffff 0b00 0000 00 01 26 04 00"
                    + text("@a decimal(38,2) output")
                    + text("UPDATE t SET a = @a")
                    + number(1)),
            rpc("ffff 0c00 0200" + number(1) + "00 01 6a 05 09 02 05 01 39300000")));
    String cursor = "00 01 26 04 04 f3c2bc0a";
    all.add(
        now(
            rpc(
                "ffff 0200 0000 00 01 26 04 00"
                    + text("SELECT a FROM t")
                    + "00 01 26 04 04 08000000"
                    + "00 01 26 04 04 01200000"
                    + "00 01 26 04 00"),
            rpc("ffff 0700 0000" + cursor + number(2) + number(0) + number(2)),
            rpc("ffff 0700 0200" + cursor + number(16) + number(-1) + number(5)),
            rpc(
                "ffff 0700 0000"
                    + cursor
                    + "00 00 26 04 04 00010000 00 01 26 04 00 00 01 26 04 00"),
            rpc("ffff 0800 0000" + cursor + number(2) + text("name")),
            rpc("ffff 0100 0000" + cursor + number(1) + number(1) + text("t")),
            rpc("ffff 0900 0000" + cursor)));
    all.add(
        now(
            rpc(
                "ffff 0500 0000 00 01 26 04 00 00 01 26 04 00"
                    + text("@a int")
                    + text("SELECT @a")
                    + "00 01 26 04 04 10600000 00 01 26 04 04 01200000 00 01 26 04 04 80000000"
                    + number(7)),
            rpc(
                "ffff 0400 0000"
                    + number(1)
                    + "00 01 26 04 00"
                    + number(8)
                    + number(1)
                    + "00 01 26 04 04 80000000"
                    + number(7)),
            rpc("ffff 0600 0000" + number(1))));
    all.add(
        now(
            rpc(
                "ffff 0f00 0000"
                    + number(1)
                    + "ff ffff 0f00 0000"
                    + number(2)
                    + "ff 0100 7800 0000")));
    all.add(old(rpc71("ffff 0f00 0000" + number(1) + "80 ffff 0f00 0000" + number(2))));
    all.add(now(bulkBatch(), bulkRows()));
    all.add(now(bulkBatch(), new Message(BULK_LOAD, LAST | SMALL_PACKETS, bulkRows().payload())));
    all.add(
        now(
            bulkBatch(),
            new Message(BULK_LOAD, 0, hex("81 0100 00000000 0800 38 01 4900 d1 01000000")),
            new Message(ATTENTION, LAST, new byte[0])));
    all.add(
        old(
            new Message(BATCH, LAST, utf16("INSERT BULK t (i int)")),
            new Message(
                BULK_LOAD,
                LAST,
                hex("81 0100 0000 0800 38 01 4900 d1 01000000 fd 0000 0000 00000000"))));
    for (String request :
        List.of(
            "0500 02 00",
            "0500 00 04 6100 5d00",
            "0900 02 6100",
            "0700 00 00",
            "0800 02 6100 00",
            "0800 00 01 00 00",
            "0000 0000")) {
      all.add(now(new Message(TRANSACTION, LAST, hex(HEADERS + request))));
    }
    return all.stream();
  }

  private static Message bulkBatch() {
    return batch("INSERT BULK dbo.t ([a] int, [b] nvarchar(20), [c] varbinary(max))");
  }

  private static Message bulkRows() {
    String columns =
        "81 0300 "
            + ("00000000 0900 26 04 01 6100")
            + ("00000000 0900 e7 2800 " + COLLATION + "01 6200")
            + ("00000000 0900 a5 ffff 01 6300");
    String rows =
        "d1 04 01000000 0400 61006200 feffffffffffffff 02000000 abcd 00000000"
            + "d1 00 ffff ffffffffffffffff";
    return new Message(BULK_LOAD, LAST, hex(columns + rows + "fd 0000 0000 0000000000000000"));
  }

  private static Conversation now(Message... messages) {
    return new Conversation(VERSION_7_4, List.of(messages));
  }

  private static Conversation old(Message... messages) {
    return new Conversation(VERSION_7_1, List.of(messages));
  }

  private static Message batch(String text) {
    return new Message(BATCH, LAST, concatenated(hex(HEADERS), utf16(text)));
  }

  private static Message rpc(String call) {
    return new Message(RPC, LAST, hex(HEADERS + call));
  }

  private static Message rpc71(String call) {
    return new Message(RPC, LAST, hex(call));
  }

  private static String number(int value) {
    ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
    return "00 00 26 04 04" + HexFormat.of().formatHex(bytes.array());
  }

  private static String text(String value) {
    byte[] bytes = utf16(value);
    return "00 00 e7 401f %s %02x%02x %s"
        .formatted(
            COLLATION, bytes.length & 0xFF, bytes.length >> 8, HexFormat.of().formatHex(bytes));
  }

  private static byte[] framed(Conversation conversation) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(conversation.version());
    for (Message message : conversation.messages()) {
      bytes.write(message.type());
      bytes.write(message.status());
      bytes.write(message.payload().length);
      bytes.write(message.payload().length >> 8);
      bytes.writeBytes(message.payload());
    }
    return bytes.toByteArray();
  }

  private static byte[] prelogin(int encryption) {
    return packet(
        PRELOGIN,
        LAST,
        hex(
            "00 0015 0006 01 001b 0001 02 001c 0000 04 001c 0001 ff 0c0000000000 %02x 00"
                .formatted(encryption)));
  }

  private static byte[] login(int version, String user, String password) {
    String[] fields = {"laptop", user, password, "fuzz", "standin", "", "", "", "Library"};
    ByteArrayOutputStream texts = new ByteArrayOutputStream();
    ByteBuffer fixed = ByteBuffer.allocate(LOGIN_FIXED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    fixed.putInt(4, version).putInt(8, 4096);
    for (int i = 0; i < fields.length; i++) {
      byte[] text = utf16(fields[i]);
      if (i == 2) {
        for (int k = 0; k < text.length; k++) {
          int value = text[k] & 0xFF;
          text[k] = (byte) (((value << 4) | (value >> 4)) ^ 0xA5);
        }
      }
      fixed
          .putShort(36 + 4 * i, (short) (LOGIN_FIXED_BYTES + texts.size()))
          .putShort(38 + 4 * i, (short) fields[i].length());
      texts.writeBytes(text);
    }
    fixed.putInt(0, LOGIN_FIXED_BYTES + texts.size());
    return concatenated(fixed.array(), texts.toByteArray());
  }

  private static byte[] packet(int type, int status, byte[] payload) {
    int length = PACKET_HEADER_BYTES + payload.length;
    byte[] header = {(byte) type, (byte) status, (byte) (length >> 8), (byte) length, 0, 0, 1, 0};
    return concatenated(header, payload);
  }

  private static byte[] utf16(String text) {
    return text.getBytes(StandardCharsets.UTF_16LE);
  }

  private static byte[] hex(String bytes) {
    return HexFormat.of().parseHex(bytes.replace(" ", ""));
  }

  private static byte[] concatenated(byte[] first, byte[] second) {
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
