package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import java.io.IOException;
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
 * significant byte first keep their bytes and have a type of their own, {@code ..._be}. Of an array
 * in Fortran order the values are a view that brings them into row-major order. Refused by name:
 * arrays of Python objects, whose data is a pickle, and structured types.
 */
public final class NpyFormat implements ModelFormat {
  static final String NAME = "npy";

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
    return NpyArray.matches(input);
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    NpyArray array = NpyArray.read(input, 0, input.length(), budget.limits().rankMax());
    budget.addTensor(0);
    String name = stem(input.name());
    budget.addText(name.length(), 0, "name");
    return new ModelLayout(
        NAME,
        "{\"version\":\"%d.0\",\"fortran_order\":%b}"
            .formatted(array.version(), array.header().fortranOrder()),
        List.of(
            new TensorEntry(
                name,
                null,
                array.header().dtype().descr(),
                array.header().dtype().contentType(),
                array.header().shape(),
                array.stored(0))),
        List.of(),
        input.length());
  }

  private static String stem(String identity) {
    String file =
        identity.substring(Math.max(identity.lastIndexOf('/'), identity.lastIndexOf('\\')) + 1);
    int dot = file.lastIndexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }
}
