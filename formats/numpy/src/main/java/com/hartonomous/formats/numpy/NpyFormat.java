package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * One NumPy array (numpy/numpy, {@code numpy/lib/format.py}).
 *
 * <pre>
 * file   = magic major minor N header data
 * magic  = 93 'N' 'U' 'M' 'P' 'Y'
 * N      = length of the header in bytes, little-endian: 16 bits in version 1.0, 32 in 2.0 and 3.0
 * header = Python literal {'descr': text, 'fortran_order': bool, 'shape': (int, ...)}, padded with
 *          spaces, Latin-1 up to version 2.0, UTF-8 in 3.0
 * data   = the elements, to the end of the file
 * </pre>
 *
 * <p>The tensor has the name of the file without its extension. Values that are stored most
 * significant byte first keep their bytes and have a type of their own, {@code ..._be}. Refused by
 * name: arrays of Python objects, whose data is a pickle; structured types; and arrays of several
 * dimensions in Fortran order, whose bytes are not in row-major order.
 */
public final class NpyFormat implements ModelFormat {
  static final String NAME = "npy";

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int VERSION_BYTES = 2;

  /** As {@code numpy.load}, which reads no longer ones unless told to. */
  private static final int HEADER_BYTES_MAX = 10_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int detectionOrder() {
    return 10;
  }

  @Override
  public boolean matches(PositionedInput input) throws IOException {
    if (input.length() < MAGIC.length) {
      return false;
    }
    byte[] begin = new byte[MAGIC.length];
    input.readFully(0, begin, 0, begin.length);
    return Arrays.equals(begin, MAGIC);
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    if (!matches(input)) {
      throw ModelFormatException.malformed(
          input, 0, "magic", "the bytes 93 'NUMPY'", "others, or a shorter file");
    }
    int lengthAt = MAGIC.length + VERSION_BYTES;
    byte[] version = bytes(input, MAGIC.length, VERSION_BYTES, "version");
    if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
      throw ModelFormatException.unsupported(
          input,
          MAGIC.length,
          "version",
          "1.0, 2.0 or 3.0",
          "%d.%d".formatted(version[0] & 0xFF, version[1] & 0xFF));
    }
    int lengthBytes = version[0] == 1 ? Short.BYTES : Integer.BYTES;
    long headerLength = 0;
    byte[] length = bytes(input, lengthAt, lengthBytes, "header length");
    for (int i = lengthBytes - 1; i >= 0; i--) {
      headerLength = headerLength << Byte.SIZE | length[i] & 0xFF;
    }
    if (headerLength > HEADER_BYTES_MAX) {
      throw ModelFormatException.tooLarge(
          input, lengthAt, "header length", "up to " + HEADER_BYTES_MAX, "" + headerLength);
    }
    long headerAt = lengthAt + lengthBytes;
    NpyHeader header =
        NpyHeader.parse(
            input,
            headerAt,
            bytes(input, headerAt, (int) headerLength, "header"),
            version[0] == 3,
            budget.limits().rankMax());
    long dataAt = headerAt + headerLength;
    long dataLength = dataLength(input, headerAt, header);
    if (input.length() - dataAt != dataLength) {
      throw ModelFormatException.malformed(
          input,
          dataAt,
          "data",
          "%d bytes for %s %s, to the end of the file"
              .formatted(dataLength, header.dtype().descr(), header.shape()),
          Long.toString(input.length() - dataAt));
    }
    budget.addTensor(headerAt);
    String name = stem(input.identity());
    budget.addText(name.length(), headerAt, "name");
    return new ModelLayout(
        NAME,
        "{\"version\":\"%d.0\",\"fortran_order\":%b}".formatted(version[0], header.fortranOrder()),
        List.of(
            new TensorEntry(
                name,
                null,
                header.dtype().descr(),
                header.dtype().contentType(),
                header.shape(),
                new TensorStorage.Range(dataAt, dataLength))),
        List.of(),
        input.length());
  }

  private static long dataLength(PositionedInput input, long headerAt, NpyHeader header)
      throws ModelFormatException {
    if (header.fortranOrder()
        && header.shape().stream().filter(dimension -> dimension != 1).count() > 1
        && !header.shape().contains(0L)) {
      throw ModelFormatException.unsupported(
          input,
          headerAt,
          "fortran_order",
          "False for an array of the shape " + header.shape(),
          "True: its bytes are not in row-major order; save numpy.ascontiguousarray(array)");
    }
    if (header.shape().contains(0L)) {
      return 0;
    }
    long length = header.dtype().itemSize();
    for (long dimension : header.shape()) {
      if (length > Long.MAX_VALUE / dimension) {
        throw ModelFormatException.malformed(
            input, headerAt, "shape", "fewer than 2^63 bytes", header.shape().toString());
      }
      length *= dimension;
    }
    return length;
  }

  private static byte[] bytes(PositionedInput input, long position, int count, String field)
      throws IOException, ModelFormatException {
    if (count > input.length() - position) {
      throw ModelFormatException.malformed(
          input, position, field, count + " bytes", input.length() - position + " to the end");
    }
    byte[] bytes = new byte[count];
    input.readFully(position, bytes, 0, count);
    return bytes;
  }

  private static String stem(String identity) {
    String file =
        identity.substring(Math.max(identity.lastIndexOf('/'), identity.lastIndexOf('\\')) + 1);
    int dot = file.lastIndexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }
}
