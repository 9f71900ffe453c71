package com.hartonomous.ingest.format.zip;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;

/** Writes zip archives for tests, also wrong ones: what a member's headers say can be changed. */
public final class ZipBytes {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<Member> members = new ArrayList<>();

  /** Where the local headers really are, whatever the members say. */
  private final List<Integer> headers = new ArrayList<>();

  /** What the headers of a member say. */
  public static final class Member {
    public String localName;
    public String name;
    public int flags;
    public int localFlags;
    public int method;
    public long storedLength;
    public long length;
    public long localOffset;

    /** Whether the local header leaves the sizes to the central entry, as torch does. */
    public boolean descriptor;
  }

  /** Adds a stored member. */
  public Member stored(String name, byte[] content) {
    return add(name, 0, content, content.length);
  }

  /** Adds a deflated member. */
  public Member deflated(String name, byte[] content) {
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    deflater.setInput(content);
    deflater.finish();
    byte[] buffer = new byte[content.length + 100];
    int length = deflater.deflate(buffer);
    deflater.end();
    return add(name, 8, Arrays.copyOf(buffer, length), content.length);
  }

  private Member add(String name, int method, byte[] content, int length) {
    Member member = new Member();
    member.name = name;
    member.localName = name;
    member.method = method;
    member.storedLength = content.length;
    member.length = length;
    member.localOffset = bytes.size();
    members.add(member);
    headers.add(bytes.size());
    byte[] local = name.getBytes(StandardCharsets.UTF_8);
    // The local header is written when the archive is finished.
    bytes.writeBytes(new byte[30 + local.length]);
    bytes.writeBytes(content);
    return member;
  }

  /** Returns the archive. */
  public byte[] finish() {
    return finish(false);
  }

  /**
   * Returns the archive.
   *
   * @param zip64 whether every number is in the zip64 structures
   */
  public byte[] finish(boolean zip64) {
    long start = bytes.size();
    for (Member member : members) {
      byte[] name = member.name.getBytes(StandardCharsets.UTF_8);
      ByteBuffer extra = buffer(zip64 ? 28 : 0);
      if (zip64) {
        extra.putShort((short) 1).putShort((short) 24);
        extra.putLong(member.length).putLong(member.storedLength).putLong(member.localOffset);
      }
      ByteBuffer central = buffer(46 + name.length + extra.limit());
      central.putInt(0x02014b50).putShort((short) 45).putShort((short) 45);
      central.putShort((short) member.flags).putShort((short) member.method).putInt(0).putInt(0);
      central.putInt(zip64 ? -1 : (int) member.storedLength);
      central.putInt(zip64 ? -1 : (int) member.length);
      central.putShort((short) name.length).putShort((short) extra.limit());
      central.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
      central.putInt(zip64 ? -1 : (int) member.localOffset).put(name).put(extra.array());
      bytes.writeBytes(central.array());
    }
    long end = bytes.size();
    if (zip64) {
      ByteBuffer end64 = buffer(76);
      end64.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
      end64.putInt(0).putInt(0).putLong(members.size()).putLong(members.size());
      end64.putLong(end - start).putLong(start);
      end64.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
      bytes.writeBytes(end64.array());
    }
    ByteBuffer record = buffer(22);
    record.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
    record.putShort((short) (zip64 ? -1 : members.size()));
    record.putShort((short) (zip64 ? -1 : members.size()));
    record.putInt(zip64 ? -1 : (int) (end - start)).putInt(zip64 ? -1 : (int) start);
    bytes.writeBytes(record.putShort((short) 0).array());
    byte[] archive = bytes.toByteArray();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      byte[] name = member.localName.getBytes(StandardCharsets.UTF_8);
      ByteBuffer local =
          ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN).position(headers.get(i));
      local.putInt(0x04034b50).putShort((short) 45);
      local.putShort((short) (member.localFlags | (member.descriptor ? 8 : 0)));
      local.putShort((short) member.method).putInt(0).putInt(0);
      local.putInt(member.descriptor ? 0 : (int) member.storedLength);
      local.putInt(member.descriptor ? 0 : (int) member.length);
      local.putShort((short) name.length).putShort((short) 0).put(name);
    }
    return archive;
  }

  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
