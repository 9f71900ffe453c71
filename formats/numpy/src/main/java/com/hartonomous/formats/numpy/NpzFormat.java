package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.InputCursor;
import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorStorage.Range;
import com.hartonomous.ingest.format.zip.ZipArchive;
import com.hartonomous.ingest.format.zip.ZipArchive.Member;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Several NumPy arrays in a zip archive (numpy/numpy, {@code numpy/lib/_npyio_impl.py}), as {@code
 * numpy.savez} and {@code numpy.savez_compressed} write them: each member is a file as {@link
 * NpyFormat} says, stored or deflated, and has the array's name with {@code .npy} behind it.
 *
 * <p>The tensors have these names and stand in the order of the archive's directory. Of a deflated
 * member only the header is inflated for the listing; its values are a view of the deflated bytes.
 * An archive with any other member is refused, and so is one with an array that {@link NpyFormat}
 * refuses. The checksums of the archive are not compared.
 */
public final class NpzFormat implements ModelFormat {
  static final String NAME = "npz";

  private static final String EXTENSION = ".npy";

  private static final int ZIP_SIGNATURE = 0x04034b50;
  private static final int ZIP_LOCAL_BYTES = 30;
  private static final int ZIP_NAME_LENGTH_AT = 26;

  /** A TorchScript archive begins with the files that its author added, of any name. */
  private static final Pattern TORCH_SCRIPT_EXTRA = Pattern.compile("(?s)[^/]+/extra/.*");

  private static final int NAME_CHARACTERS_SHOWN = 200;

  @Override
  public String name() {
    return NAME;
  }

  /** Before PyTorch's, whose archives look the same but for the name of their first member. */
  @Override
  public int detectionOrder() {
    return 20;
  }

  @Override
  public boolean matches(PositionedInput input) throws IOException {
    if (input.length() < ZIP_LOCAL_BYTES) {
      return false;
    }
    ByteBuffer local = ByteBuffer.wrap(bytes(input, 0, ZIP_LOCAL_BYTES));
    local.order(ByteOrder.LITTLE_ENDIAN);
    int nameLength = local.getShort(ZIP_NAME_LENGTH_AT) & 0xFFFF;
    if (local.getInt(0) != ZIP_SIGNATURE || nameLength > input.length() - ZIP_LOCAL_BYTES) {
      return false;
    }
    String first =
        new String(bytes(input, ZIP_LOCAL_BYTES, nameLength), StandardCharsets.ISO_8859_1);
    return first.endsWith(EXTENSION) && !TORCH_SCRIPT_EXTRA.matcher(first).matches();
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    ZipArchive archive = ZipArchive.read(input, budget);
    List<TensorEntry> tensors = new ArrayList<>();
    int deflated = 0;
    for (Member member : archive.members()) {
      if (!member.name().endsWith(EXTENSION)) {
        throw ModelFormatException.unsupported(
            input,
            member.position(),
            "member",
            "names that end with " + EXTENSION,
            "'" + member.name() + "'");
      }
      budget.addTensor(member.position());
      TensorEntry tensor = tensor(archive, member, budget.limits().rankMax());
      budget.addText(tensor.dtype().length(), member.position(), "descr");
      budget.addBytes(2L * Long.BYTES * tensor.shape().size(), member.position());
      tensors.add(tensor);
      deflated += member.deflated() ? 1 : 0;
    }
    return new ModelLayout(
        NAME, "{\"deflated_arrays\":%d}".formatted(deflated), tensors, List.of(), input.length());
  }

  private static TensorEntry tensor(ZipArchive archive, Member member, int rankMax)
      throws IOException, ModelFormatException {
    InputCursor cursor = archive.openBeginning(member, NpyArray.HEADER_BYTES_MAX);
    NpyArray array;
    try {
      array = NpyArray.read(cursor.input(), cursor.position(), member.length(), rankMax);
    } catch (ModelFormatException e) {
      // The file's own name does not say which of its arrays it is.
      throw member.deflated() ? e : e.withReport("in member '%s'".formatted(shown(member.name())));
    }
    String name = member.name();
    return new TensorEntry(
        name.substring(0, name.length() - EXTENSION.length()),
        null,
        array.header().dtype().descr(),
        array.header().dtype().contentType(),
        array.header().shape(),
        member.deflated()
            ? array.deflated(new Range(member.offset(), member.storedLength()))
            : array.stored(member.offset()));
  }

  private static String shown(String name) {
    return name.length() <= NAME_CHARACTERS_SHOWN
        ? name
        : name.substring(0, NAME_CHARACTERS_SHOWN) + "[...]";
  }

  private static byte[] bytes(PositionedInput input, long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    input.readFully(position, bytes, 0, length);
    return bytes;
  }
}
