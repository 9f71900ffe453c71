package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.RelativeLocation;
import com.hartonomous.ingest.format.TensorStorage.Range;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the members of a tar archive lie.
 *
 * <pre>
 * file   = (header, data padded to 512 bytes)*, two blocks of zeros or the end of the file
 * header = name[100] mode[8] uid[8] gid[8] size[12] mtime[12] checksum[8] type[1] link[100]
 *          "ustar"[8] user[32] group[32] device[16] prefix[155] padding[12], numbers in octal digits
 * </pre>
 */
final class TarMembers {
  private static final int BLOCK_BYTES = 512;
  private static final int MEMBERS_MAX = 1_000;

  private static final int SIZE_AT = 124;
  private static final int CHECKSUM_AT = 148;
  private static final int CHECKSUM_BYTES = 8;
  private static final int TYPE_AT = 156;
  private static final String FIELD = "tar header";

  private TarMembers() {}

  /** Says whether the file begins like a tar archive. */
  static boolean matches(PositionedInput input) throws IOException {
    if (input.length() < BLOCK_BYTES) {
      return false;
    }
    byte[] magic = new byte[5];
    input.readFully(257, magic, 0, magic.length);
    return new String(magic, StandardCharsets.ISO_8859_1).equals("ustar");
  }

  /**
   * Finds the members of these names, which must be regular files and there once.
   *
   * @throws ModelFormatException if one is not, or another has a name that leaves the archive
   */
  static Map<String, Range> find(PositionedInput input, List<String> names)
      throws IOException, ModelFormatException {
    Map<String, Range> found = new HashMap<>();
    byte[] header = new byte[BLOCK_BYTES];
    long position = 0;
    for (int members = 0; input.length() - position >= BLOCK_BYTES; members++) {
      input.readFully(position, header, 0, BLOCK_BYTES);
      if (isEnd(header)) {
        break;
      }
      if (members == MEMBERS_MAX) {
        throw ModelFormatException.tooLarge(input, position, FIELD, "up to " + MEMBERS_MAX, "more");
      }
      requireChecksum(input, position, header);
      String name = name(input, position, header);
      long size = octal(input, position, header, SIZE_AT, 12);
      long data = position + BLOCK_BYTES;
      if (size > input.length() - data) {
        throw ModelFormatException.malformed(
            input,
            position,
            "size of '%s'".formatted(name),
            "up to the %d bytes that follow".formatted(input.length() - data),
            Long.toString(size));
      }
      int type = header[TYPE_AT];
      if (names.contains(name)) {
        boolean regular = type == '0' || type == 0;
        if (!regular || found.put(name, new Range(data, size)) != null) {
          throw ModelFormatException.malformed(
              input,
              position,
              "member '%s'".formatted(name),
              "a regular file, once",
              regular ? "it twice" : "the type '%c'".formatted(type));
        }
      } else if (type == 'x' || type == 'L' || type == 'K') {
        throw ModelFormatException.unsupported(
            input, position, FIELD, "members with plain headers", "the type '%c'".formatted(type));
      }
      position = data + (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    }
    for (String name : names) {
      if (!found.containsKey(name)) {
        throw ModelFormatException.malformed(
            input, Math.min(position, input.length()), "member '%s'".formatted(name), "it", "none");
      }
    }
    return found;
  }

  private static boolean isEnd(byte[] header) {
    for (byte value : header) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private static void requireChecksum(PositionedInput input, long position, byte[] header)
      throws ModelFormatException {
    long sum = 0;
    for (int i = 0; i < BLOCK_BYTES; i++) {
      boolean own = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES;
      sum += own ? ' ' : header[i] & 0xFF;
    }
    long stated = octal(input, position, header, CHECKSUM_AT, CHECKSUM_BYTES);
    if (sum != stated) {
      throw ModelFormatException.malformed(
          input, position, "checksum of the tar header", Long.toString(sum), "" + stated);
    }
  }

  private static String name(PositionedInput input, long position, byte[] header)
      throws ModelFormatException {
    String name = text(header, 0, 100);
    if (name.startsWith("./")) {
      name = name.substring(2);
    }
    String plain = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    Optional<String> objection = RelativeLocation.check(plain);
    if (objection.isPresent() && !plain.equals(".")) {
      throw ModelFormatException.malformed(
          input,
          position,
          "name in the tar header",
          "a plain name",
          "'%s', which is refused, since %s".formatted(name, objection.get()));
    }
    return name;
  }

  private static String text(byte[] header, int offset, int length) {
    int end = offset;
    while (end < offset + length && header[end] != 0) {
      end++;
    }
    return new String(header, offset, end - offset, StandardCharsets.ISO_8859_1);
  }

  private static long octal(
      PositionedInput input, long position, byte[] header, int offset, int length)
      throws ModelFormatException {
    String digits = text(header, offset, length).strip();
    if (!digits.matches("[0-7]{1,12}")) {
      throw ModelFormatException.malformed(
          input, position, "number in the tar header", "octal digits", "'" + digits + "'");
    }
    return Long.parseLong(digits, 8);
  }
}
