package com.hartonomous.ingest.format;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;

/**
 * Reads the values of a tensor in their canonical form: the raw little-endian, row-major bytes,
 * whichever way the file stores them. Memory does not depend on the size of the tensor.
 *
 * <p>A format whose files may be big-endian (GGUF) keeps those values as they are, under content
 * types of their own ({@link ContentTypes#bigEndian}): atoms are bytes of the file.
 *
 * <p>Strings, which have no raw form, become for each string its length in eight little-endian
 * bytes and its bytes.
 */
public final class TensorContent {
  private static final int BUFFER_BYTES = 64 << 10;

  /** Ten groups of seven bits hold any 64-bit value; protobuf allows no more. */
  private static final int VARINT_BYTES_MAX = 10;

  private static final int CONTINUATION_BIT = 0x80;

  private TensorContent() {}

  /**
   * Writes the canonical bytes of {@code tensor}, exactly {@link TensorEntry#nbytes()} of them, to
   * {@code target}, which stays open.
   *
   * @param input the model file that {@code tensor} was listed from
   * @throws UnreadableValuesException if they are not read, since that would cost too much
   * @throws IOException if the storage fails, or the file no longer is what it was when it was
   *     listed
   */
  public static void copy(PositionedInput input, TensorEntry tensor, OutputStream target)
      throws IOException {
    TensorStorage storage = tensor.storage();
    if (storage instanceof TensorStorage.Range range) {
      copyRange(input, range, target);
    } else if (storage instanceof TensorStorage.External external) {
      try (PositionedInput file = input.openRelative(external.location())) {
        copyRange(file, external.externalRange(), target);
      }
    } else if (storage instanceof TensorStorage.TypedData typed) {
      BufferedOutputStream buffered = new BufferedOutputStream(target, BUFFER_BYTES);
      long written = encode(input, typed, buffered);
      buffered.flush();
      if (written != typed.nbytes()) {
        throw changed(
            input,
            "%d bytes of tensor '%s', found %d".formatted(typed.nbytes(), tensor.name(), written));
      }
    } else if (storage instanceof TensorStorage.View view) {
      ViewContent.copy(input, tensor.name(), view, target);
    }
  }

  /**
   * Reads all bytes that a checksum is of and compares.
   *
   * @param input the model file that gives it
   * @throws ModelFormatException if they differ
   */
  public static void verify(PositionedInput input, ModelLayout.Checksum checksum)
      throws IOException, ModelFormatException {
    if (checksum instanceof ModelLayout.FileSha1 file) {
      verify(input, file);
    } else if (checksum instanceof ModelLayout.MemberCrc32 member) {
      verify(input, member);
    }
  }

  private static void verify(PositionedInput input, ModelLayout.FileSha1 expected)
      throws IOException, ModelFormatException {
    MessageDigest digest = newSha1();
    try (PositionedInput file = input.openRelative(expected.location());
        OutputStream hashing = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      copyRange(file, new TensorStorage.Range(0, file.length()), hashing);
    }
    String found = HexFormat.of().formatHex(digest.digest());
    if (!found.equals(expected.sha1())) {
      throw ModelFormatException.malformed(
          input, 0, "checksum of '" + expected.location() + "'", "SHA-1 " + expected.sha1(), found);
    }
  }

  private static void verify(PositionedInput input, ModelLayout.MemberCrc32 expected)
      throws IOException, ModelFormatException {
    CRC32 found = new CRC32();
    OutputStream checking = new CheckedOutputStream(OutputStream.nullOutputStream(), found);
    copyRange(input, expected.stored(), checking);
    if (found.getValue() != expected.crc32()) {
      throw ModelFormatException.malformed(
          input,
          expected.stored().offset(),
          "member '" + expected.name() + "'",
          "bytes with the CRC-32 %08x, as when it was written".formatted(expected.crc32()),
          "%08x: they were damaged, or moved within the file".formatted(found.getValue()));
    }
  }

  private static MessageDigest newSha1() {
    try {
      return MessageDigest.getInstance("SHA-1");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform must have SHA-1", e);
    }
  }

  static void copyRange(PositionedInput input, TensorStorage.Range range, OutputStream target)
      throws IOException {
    byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, range.length())];
    long done = 0;
    while (done < range.length()) {
      int count = (int) Math.min(buffer.length, range.length() - done);
      input.readFully(range.offset() + done, buffer, 0, count);
      target.write(buffer, 0, count);
      done += count;
    }
  }

  private static long encode(
      PositionedInput input, TensorStorage.TypedData typed, OutputStream target)
      throws IOException {
    InputCursor cursor = new InputCursor(input);
    long written = 0;
    for (TensorStorage.Run run : typed.runs()) {
      if (run.end() > input.length()) {
        throw changed(input, "a length of at least " + run.end());
      }
      if (!run.tagged() && typed.encoding().fixedWidth()) {
        copyRange(input, new TensorStorage.Range(run.offset(), run.length()), target);
        written += run.length();
        continue;
      }
      cursor.seek(run.offset());
      while (cursor.position() < run.end()) {
        if (run.tagged()) {
          readVarint(cursor);
        }
        written += encodeEntry(cursor, typed.encoding(), run.end(), target);
      }
      if (cursor.position() != run.end()) {
        throw changed(input, "an entry that ends at " + run.end());
      }
    }
    return written;
  }

  private static long encodeEntry(
      InputCursor cursor, TensorStorage.Encoding encoding, long end, OutputStream target)
      throws IOException {
    switch (encoding) {
      case FIXED_4_BYTES, FIXED_8_BYTES -> copyBytes(cursor, encoding.bytesPerEntry(), end, target);
      case VARINT_TO_BOOLEAN -> target.write(readVarint(cursor) == 0 ? 0 : 1);
      case VARINT_TO_1_BYTE, VARINT_TO_2_BYTES, VARINT_TO_4_BYTES, VARINT_TO_8_BYTES ->
          writeLittleEndian(readVarint(cursor), encoding.bytesPerEntry(), target);
      case LENGTH_PREFIXED_STRING -> {
        long length = readVarint(cursor);
        writeLittleEndian(length, Long.BYTES, target);
        copyBytes(cursor, length, end, target);
        return Long.BYTES + length;
      }
    }
    return encoding.bytesPerEntry();
  }

  private static void copyBytes(InputCursor cursor, long length, long end, OutputStream target)
      throws IOException {
    if (length < 0 || length > end - cursor.position()) {
      throw changed(cursor.input(), "an entry that ends by " + end);
    }
    byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, length)];
    long done = 0;
    while (done < length) {
      int count = (int) Math.min(buffer.length, length - done);
      cursor.readFully(buffer, 0, count);
      target.write(buffer, 0, count);
      done += count;
    }
  }

  private static void writeLittleEndian(long value, int bytes, OutputStream target)
      throws IOException {
    for (int i = 0; i < bytes; i++) {
      target.write((int) (value >>> (i * Byte.SIZE)));
    }
  }

  private static long readVarint(InputCursor cursor) throws IOException {
    long value = 0;
    for (int i = 0; i < VARINT_BYTES_MAX; i++) {
      int next = cursor.readUnsignedByte();
      value |= (long) (next & ~CONTINUATION_BIT) << (i * 7);
      if ((next & CONTINUATION_BIT) == 0) {
        return value;
      }
    }
    throw changed(cursor.input(), "a varint of up to " + VARINT_BYTES_MAX + " bytes");
  }

  private static IOException changed(PositionedInput input, String expected) {
    return new EOFException(
        "%s: the file changed after it was listed: expected %s"
            .formatted(input.identity(), expected));
  }
}
