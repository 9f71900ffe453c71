package com.hartonomous.ingest.format.zip;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/** The members of a zip archive, found by its central directory; see the package. Immutable. */
public final class ZipArchive {
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END64_SIGNATURE = 0x06064b50;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;

  private static final int LOCAL_BYTES = 30;
  private static final int CENTRAL_BYTES = 46;
  private static final int END_BYTES = 22;
  private static final int END64_BYTES = 56;
  private static final int LOCATOR_BYTES = 20;
  private static final int COMMENT_BYTES_MAX = 0xFFFF;

  /** A storage is a member; the largest published models have some 20,000. */
  private static final int MEMBERS_MAX = 300_000;

  private static final int SATURATED_16 = 0xFFFF;
  private static final long SATURATED_32 = 0xFFFFFFFFL;

  private static final int FLAG_ENCRYPTED = 1;
  private static final int FLAG_DESCRIPTOR = 1 << 3;

  /** Compressed patches, strong encryption, and a central directory that is encrypted. */
  private static final int FLAGS_UNSUPPORTED = 1 << 5 | 1 << 6 | 1 << 13;

  private static final int METHOD_STORED = 0;
  private static final int METHOD_DEFLATED = 8;
  private static final int EXTRA_ZIP64 = 1;

  /** No deflated stream holds more bytes for each of its own: 258 bytes in two bits. */
  private static final long INFLATION_MAX = 1032;

  private final PositionedInput input;
  private final Map<String, Member> members;

  /**
   * A member.
   *
   * @param position of its central entry, in bytes from the start of the file, for errors
   * @param deflated whether its bytes are compressed
   * @param offset of its first byte in the file
   * @param storedLength its bytes in the file
   * @param length its bytes once inflated; the same unless it is deflated
   * @param crc32 what the directory says of those; 0 if the writer did not compute it
   */
  public record Member(
      String name,
      long position,
      boolean deflated,
      long offset,
      long storedLength,
      long length,
      long crc32) {}

  /** A central entry, whose local header was not seen yet. */
  private record Entry(
      String name,
      byte[] rawName,
      long position,
      int flags,
      int method,
      long crc,
      long storedLength,
      long length,
      long localOffset) {}

  /** Where the central directory is. */
  private record Directory(long offset, long length, long entries) {}

  private ZipArchive(PositionedInput input, Map<String, Member> members) {
    this.input = input;
    this.members = members;
  }

  /**
   * Reads the directory and the header of each member.
   *
   * @param budget counts what is kept of the names
   * @throws ModelFormatException if it is no archive, or one that readers could take in different
   *     ways, or beyond a limit
   * @throws IOException if the storage fails
   */
  public static ZipArchive read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    return new Reader(input, budget).read();
  }

  /** Returns the members in the order of the directory. */
  public Collection<Member> members() {
    return Collections.unmodifiableCollection(members.values());
  }

  /** Returns the member of that name. */
  public Optional<Member> member(String name) {
    return Optional.ofNullable(members.get(name));
  }

  /**
   * Returns a cursor at the first byte of a member, of which {@link Member#length()} bytes are its
   * own: in the file itself, or over the inflated bytes in memory, where positions in errors are
   * positions in the member.
   *
   * @param inflatedBytesMax most bytes that are inflated
   * @throws ModelFormatException if it is deflated and too long, or no valid stream of its length
   */
  public InputCursor open(Member member, long inflatedBytesMax)
      throws IOException, ModelFormatException {
    if (!member.deflated()) {
      InputCursor cursor = new InputCursor(input);
      cursor.seek(member.offset());
      return cursor;
    }
    if (member.length() > inflatedBytesMax) {
      throw ModelFormatException.tooLarge(
          input,
          member.position(),
          "member '%s'".formatted(member.name()),
          "up to %d bytes inflated".formatted(inflatedBytesMax),
          Long.toString(member.length()));
    }
    try {
      return new InputCursor(
          InflatedInput.of(
              input, member.offset(), member.storedLength(), (int) member.length(), member.name()));
    } catch (ZipException e) {
      throw noStream(member, member.length(), e);
    }
  }

  /**
   * Returns a cursor at the first byte of a member, as {@link #open} does, but over no more than
   * the first bytes of a deflated one, which may be of any length.
   *
   * @param inflatedBytesMax bytes that are inflated, fewer if the member is shorter
   * @throws ModelFormatException if it is deflated and does not begin with a valid stream
   */
  public InputCursor openBeginning(Member member, int inflatedBytesMax)
      throws IOException, ModelFormatException {
    if (!member.deflated()) {
      return open(member, inflatedBytesMax);
    }
    int length = (int) Math.min(inflatedBytesMax, member.length());
    try {
      return new InputCursor(
          InflatedInput.beginningOf(
              input, member.offset(), member.storedLength(), length, member.name()));
    } catch (ZipException e) {
      throw noStream(member, length, e);
    }
  }

  private ModelFormatException noStream(Member member, long length, ZipException cause) {
    ModelFormatException error =
        ModelFormatException.malformed(
            input,
            member.position(),
            "member '%s'".formatted(member.name()),
            "a deflated stream of %d bytes".formatted(length),
            cause.getMessage());
    error.initCause(cause);
    return error;
  }

  private static final class Reader {
    private final PositionedInput input;
    private final LayoutBudget budget;
    private final InputCursor cursor;

    Reader(PositionedInput input, LayoutBudget budget) {
      this.input = input;
      this.budget = budget;
      this.cursor = new InputCursor(input);
    }

    ZipArchive read() throws IOException, ModelFormatException {
      Directory directory = findDirectory();
      List<Entry> entries = readEntries(directory);
      entries.sort(Comparator.comparingLong(Entry::localOffset));
      Map<Long, Member> byPosition = new LinkedHashMap<>();
      long previousEnd = 0;
      for (Entry entry : entries) {
        if (entry.localOffset() < previousEnd) {
          throw malformed(
              entry.position(),
              field("local header", entry),
              "one from byte %d on, where the member before it ends".formatted(previousEnd),
              "one at " + entry.localOffset());
        }
        Member member = locate(entry, directory.offset());
        previousEnd = member.offset() + member.storedLength();
        byPosition.put(entry.position(), member);
      }
      Map<String, Member> members = new LinkedHashMap<>();
      byPosition.values().stream()
          .sorted(Comparator.comparingLong(Member::position))
          .forEach(member -> members.put(member.name(), member));
      return new ZipArchive(input, members);
    }

    private Directory findDirectory() throws IOException, ModelFormatException {
      int tail = (int) Math.min(input.length(), END_BYTES + COMMENT_BYTES_MAX);
      byte[] bytes = new byte[tail];
      input.readFully(input.length() - tail, bytes, 0, tail);
      ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = tail - END_BYTES; at >= 0; at--) {
        if (buffer.getInt(at) == END_SIGNATURE
            && unsigned16(buffer, at + 20) == tail - END_BYTES - at) {
          return directory(buffer.position(at).slice().order(ByteOrder.LITTLE_ENDIAN));
        }
      }
      throw malformed(
          input.length(), "end record", "the end record of a zip archive at its end", "none");
    }

    /**
     * @param end begins with the end record
     */
    private Directory directory(ByteBuffer end) throws IOException, ModelFormatException {
      long position = input.length() - end.limit();
      if (end.getShort(4) != 0 || end.getShort(6) != 0) {
        throw malformed(position, "end record", "an archive in one file", "one of several disks");
      }
      long entries = unsigned16(end, 10);
      long length = unsigned32(end, 12);
      long offset = unsigned32(end, 16);
      long directoryEnd = position;
      Optional<ByteBuffer> end64 = end64(position);
      if (end64.isPresent()) {
        long locatorPosition = position - LOCATOR_BYTES;
        directoryEnd = Math.min(directoryEnd, locatorPosition);
        entries =
            wide(
                position, "entries", entries, SATURATED_16, nonNegative(end64.get(), 32, position));
        length =
            wide(position, "size", length, SATURATED_32, nonNegative(end64.get(), 40, position));
        offset =
            wide(position, "offset", offset, SATURATED_32, nonNegative(end64.get(), 48, position));
      }
      if (offset > directoryEnd || length > directoryEnd - offset) {
        throw malformed(
            position,
            "central directory",
            "one that ends by byte " + directoryEnd,
            "%d bytes at %d".formatted(length, offset));
      }
      if (entries > length / CENTRAL_BYTES) {
        throw malformed(
            position,
            "entries",
            "up to %d in %d bytes".formatted(length / CENTRAL_BYTES, length),
            Long.toString(entries));
      }
      return new Directory(offset, length, entries);
    }

    private Optional<ByteBuffer> end64(long endPosition) throws IOException, ModelFormatException {
      long locatorPosition = endPosition - LOCATOR_BYTES;
      if (locatorPosition < 0) {
        return Optional.empty();
      }
      ByteBuffer locator = buffer(locatorPosition, LOCATOR_BYTES);
      if (locator.getInt(0) != LOCATOR_SIGNATURE) {
        return Optional.empty();
      }
      long position = locator.getLong(8);
      if (position < 0 || position > locatorPosition - END64_BYTES) {
        throw malformed(
            locatorPosition,
            "zip64 locator",
            "the zip64 end record before byte " + locatorPosition,
            "byte " + Long.toUnsignedString(position));
      }
      ByteBuffer end64 = buffer(position, END64_BYTES);
      if (end64.getInt(0) != END64_SIGNATURE || end64.getInt(16) != 0 || end64.getInt(20) != 0) {
        throw malformed(
            position, "zip64 end record", "one, of an archive in one file", "something else");
      }
      return Optional.of(end64);
    }

    /** A field of the end record and its zip64 form, which must agree unless the first is full. */
    private long wide(long position, String field, long narrow, long saturated, long wide)
        throws ModelFormatException {
      if (narrow != saturated && narrow != wide) {
        throw malformed(
            position, field + " in the zip64 end record", Long.toString(narrow), "" + wide);
      }
      return wide;
    }

    private long nonNegative(ByteBuffer buffer, int index, long position)
        throws ModelFormatException {
      long value = buffer.getLong(index);
      if (value < 0) {
        throw malformed(
            position, "zip64 structure", "a number below 2^63", Long.toUnsignedString(value));
      }
      return value;
    }

    private List<Entry> readEntries(Directory directory) throws IOException, ModelFormatException {
      List<Entry> entries = new ArrayList<>();
      Map<String, Entry> names = new LinkedHashMap<>();
      long end = directory.offset() + directory.length();
      cursor.seek(directory.offset());
      if (directory.entries() > MEMBERS_MAX) {
        throw ModelFormatException.tooLarge(
            input, directory.offset(), "entries", "up to " + MEMBERS_MAX, "" + directory.entries());
      }
      for (long i = 0; i < directory.entries(); i++) {
        Entry entry = readEntry(end);
        entries.add(entry);
        if (names.put(entry.name(), entry) != null) {
          throw malformed(
              entry.position(), "name", "each name once", "'%s' twice".formatted(entry.name()));
        }
      }
      if (cursor.position() != end) {
        throw malformed(
            cursor.position(), "central directory", "its end behind the last entry", "more bytes");
      }
      return entries;
    }

    private Entry readEntry(long end) throws IOException, ModelFormatException {
      long position = cursor.position();
      if (end - position < CENTRAL_BYTES) {
        throw malformed(position, "central entry", CENTRAL_BYTES + " bytes", "fewer");
      }
      ByteBuffer fixed = next(CENTRAL_BYTES);
      int nameLength = unsigned16(fixed, 28);
      int extraLength = unsigned16(fixed, 30);
      int commentLength = unsigned16(fixed, 32);
      if (fixed.getInt(0) != CENTRAL_SIGNATURE
          || nameLength + extraLength + commentLength > end - cursor.position()) {
        throw malformed(
            position, "central entry", "an entry that ends by " + end, "something else");
      }
      budget.addText(nameLength, position, "name");
      byte[] rawName = next(nameLength).array();
      ByteBuffer extra = next(extraLength);
      cursor.seek(cursor.position() + commentLength);
      Entry entry =
          new Entry(
              decode(rawName),
              rawName,
              position,
              unsigned16(fixed, 8),
              unsigned16(fixed, 10),
              unsigned32(fixed, 16),
              unsigned32(fixed, 20),
              unsigned32(fixed, 24),
              unsigned32(fixed, 42));
      requireReadable(entry);
      return requireSizes(widen(entry, extra));
    }

    /** UTF-8 whatever flag bit 11 says, since writers forget it; else one character a byte. */
    private static String decode(byte[] name) {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name)).toString();
      } catch (CharacterCodingException e) {
        return new String(name, StandardCharsets.ISO_8859_1);
      }
    }

    private void requireReadable(Entry entry) throws ModelFormatException {
      if ((entry.flags() & FLAG_ENCRYPTED) != 0 || (entry.flags() & FLAGS_UNSUPPORTED) != 0) {
        throw ModelFormatException.unsupported(
            input,
            entry.position(),
            field("flags", entry),
            "a member that is neither encrypted nor patched",
            "0x%04x".formatted(entry.flags()));
      }
      if (entry.method() != METHOD_STORED && entry.method() != METHOD_DEFLATED) {
        throw ModelFormatException.unsupported(
            input,
            entry.position(),
            field("method", entry),
            "stored (0) or deflated (8)",
            Integer.toString(entry.method()));
      }
    }

    private Entry widen(Entry entry, ByteBuffer extra) throws ModelFormatException {
      ByteBuffer zip64 = zip64(entry, extra);
      long length = wide(entry, zip64, entry.length());
      long storedLength = wide(entry, zip64, entry.storedLength());
      long localOffset = wide(entry, zip64, entry.localOffset());
      return new Entry(
          entry.name(),
          entry.rawName(),
          entry.position(),
          entry.flags(),
          entry.method(),
          entry.crc(),
          storedLength,
          length,
          localOffset);
    }

    private ByteBuffer zip64(Entry entry, ByteBuffer extra) throws ModelFormatException {
      while (extra.remaining() >= 2 * Short.BYTES) {
        int id = extra.getShort() & 0xFFFF;
        int length = extra.getShort() & 0xFFFF;
        if (length > extra.remaining()) {
          throw malformed(
              entry.position(),
              field("extra field", entry),
              "up to %d bytes".formatted(extra.remaining()),
              Integer.toString(length));
        }
        ByteBuffer field = extra.slice().order(ByteOrder.LITTLE_ENDIAN);
        field.limit(length);
        if (id == EXTRA_ZIP64) {
          return field;
        }
        extra.position(extra.position() + length);
      }
      return ByteBuffer.allocate(0);
    }

    private long wide(Entry entry, ByteBuffer zip64, long narrow) throws ModelFormatException {
      if (narrow != SATURATED_32) {
        return narrow;
      }
      if (zip64.remaining() < Long.BYTES) {
        throw malformed(
            entry.position(),
            field("zip64 extra field", entry),
            "a value for each full field",
            "none");
      }
      long value = zip64.getLong();
      if (value < 0) {
        throw malformed(
            entry.position(),
            field("zip64 extra field", entry),
            "a number below 2^63",
            Long.toUnsignedString(value));
      }
      return value;
    }

    private Entry requireSizes(Entry entry) throws ModelFormatException {
      boolean deflated = entry.method() == METHOD_DEFLATED;
      boolean possible =
          deflated
              ? entry.length() / INFLATION_MAX <= entry.storedLength()
              : entry.length() == entry.storedLength();
      if (!possible) {
        throw malformed(
            entry.position(),
            field("size", entry),
            deflated
                ? "what %d deflated bytes can hold".formatted(entry.storedLength())
                : "the %d bytes that are stored".formatted(entry.storedLength()),
            Long.toString(entry.length()));
      }
      return entry;
    }

    /** Reads the local header, which must say the same. */
    private Member locate(Entry entry, long directoryOffset)
        throws IOException, ModelFormatException {
      String field = field("local header", entry);
      if (entry.localOffset() > directoryOffset - LOCAL_BYTES) {
        throw malformed(
            entry.position(),
            field,
            "one before the central directory at " + directoryOffset,
            "one at " + entry.localOffset());
      }
      cursor.seek(entry.localOffset());
      ByteBuffer local = next(LOCAL_BYTES);
      int nameLength = unsigned16(local, 26);
      long offset = entry.localOffset() + LOCAL_BYTES + nameLength + unsigned16(local, 28);
      int flags = unsigned16(local, 6);
      boolean same =
          local.getInt(0) == LOCAL_SIGNATURE
              && nameLength == entry.rawName().length
              && unsigned16(local, 8) == entry.method()
              && (flags & (FLAG_ENCRYPTED | FLAGS_UNSUPPORTED)) == 0
              && ((flags & FLAG_DESCRIPTOR) != 0
                  || isOrFull(unsigned32(local, 18), entry.storedLength())
                      && isOrFull(unsigned32(local, 22), entry.length()));
      if (!same || !Arrays.equals(next(nameLength).array(), entry.rawName())) {
        throw malformed(
            entry.localOffset(), field, "what the central directory says", "something else");
      }
      if (offset > directoryOffset || entry.storedLength() > directoryOffset - offset) {
        throw malformed(
            entry.position(),
            field("size", entry),
            "a member that ends by byte " + directoryOffset,
            "%d bytes at %d".formatted(entry.storedLength(), offset));
      }
      return new Member(
          entry.name(),
          entry.position(),
          entry.method() == METHOD_DEFLATED,
          offset,
          entry.storedLength(),
          entry.length(),
          entry.crc());
    }

    private static boolean isOrFull(long found, long expected) {
      return found == expected || found == SATURATED_32;
    }

    private ByteBuffer next(int length) throws IOException {
      byte[] bytes = new byte[length];
      cursor.readFully(bytes, 0, length);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer buffer(long position, int length) throws IOException {
      byte[] bytes = new byte[length];
      input.readFully(position, bytes, 0, length);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String field(String what, Entry entry) {
      return "%s of '%s'".formatted(what, entry.name());
    }

    private ModelFormatException malformed(
        long position, String field, String expected, String found) {
      return ModelFormatException.malformed(input, position, field, expected, found);
    }
  }

  private static int unsigned16(ByteBuffer buffer, int index) {
    return buffer.getShort(index) & 0xFFFF;
  }

  private static long unsigned32(ByteBuffer buffer, int index) {
    return buffer.getInt(index) & 0xFFFFFFFFL;
  }
}
