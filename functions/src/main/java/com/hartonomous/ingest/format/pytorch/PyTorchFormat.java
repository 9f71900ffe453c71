package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/** PyTorch checkpoints and TorchScript models in all containers; see the package. */
public final class PyTorchFormat implements ModelFormat {
  static final String NAME = "pytorch";

  private static final int ZIP_SIGNATURE = 0x04034b50;
  private static final int ZIP_LOCAL_BYTES = 30;
  private static final int ZIP_NAME_LENGTH_AT = 26;
  private static final int PROTO = 0x80;
  private static final int PROTOCOL_MAX = 5;

  /** What weights are called; what else is pickled in a repository may hold anything. */
  private static final Pattern WEIGHTS =
      Pattern.compile(
          ".*\\.ptl?|(pytorch_model|diffusion_pytorch_model|adapter_model|model|consolidated)([-_.].*)?\\.(bin|pth)");

  /** A pickle of protocol 0 or 1 whose first act is to name something. */
  private static final Pattern TEXT_PICKLE = Pattern.compile("(?s)\\(*[ci][\\w.]+\\n[\\w.]+\\n.*");

  private static final int PROBED_BYTES = 256;

  @Override
  public String name() {
    return NAME;
  }

  /** Late: archives and pickles may hold anything. */
  @Override
  public int detectionOrder() {
    return 200;
  }

  @Override
  public boolean claims(String fileName) {
    return WEIGHTS.matcher(fileName.toLowerCase(Locale.ROOT)).matches();
  }

  @Override
  public boolean matches(PositionedInput input) throws IOException {
    return isZip(input) && firstNameHasFolder(input)
        || isPickle(input)
        || TarMembers.matches(input);
  }

  @Override
  public ModelLayout read(PositionedInput input, LayoutBudget budget)
      throws IOException, ModelFormatException {
    String container = isZip(input) ? "zip" : TarMembers.matches(input) ? "tar" : "legacy";
    Checkpoint checkpoint = new Checkpoint(input, budget, container);
    try {
      return switch (container) {
        case "zip" -> ZipCheckpoint.read(checkpoint);
        case "tar" -> TarCheckpoint.read(checkpoint);
        default -> LegacyCheckpoint.read(checkpoint);
      };
    } catch (ModelFormatException e) {
      String globals = checkpoint.globals().toString();
      throw globals.isEmpty() ? e : e.withReport("it names these globals: " + globals);
    }
  }

  private static boolean isZip(PositionedInput input) throws IOException {
    return input.length() >= Integer.BYTES && head(input, Integer.BYTES).getInt(0) == ZIP_SIGNATURE;
  }

  /** Other archives, such as NumPy's, have members without a folder. */
  private static boolean firstNameHasFolder(PositionedInput input) throws IOException {
    if (input.length() < ZIP_LOCAL_BYTES) {
      return false;
    }
    int nameLength = head(input, ZIP_LOCAL_BYTES).getShort(ZIP_NAME_LENGTH_AT) & 0xFFFF;
    int length = (int) Math.min(input.length(), ZIP_LOCAL_BYTES + nameLength);
    ByteBuffer name = head(input, length).position(ZIP_LOCAL_BYTES);
    while (name.hasRemaining()) {
      if (name.get() == '/') {
        return true;
      }
    }
    return false;
  }

  private static boolean isPickle(PositionedInput input) throws IOException {
    ByteBuffer head = head(input, (int) Math.min(input.length(), PROBED_BYTES));
    boolean binary =
        head.limit() >= 2
            && (head.get(0) & 0xFF) == PROTO
            && head.get(1) >= 2
            && head.get(1) <= PROTOCOL_MAX;
    return binary
        || TEXT_PICKLE.matcher(new String(head.array(), StandardCharsets.ISO_8859_1)).matches();
  }

  private static ByteBuffer head(PositionedInput input, int length) throws IOException {
    byte[] bytes = new byte[length];
    input.readFully(0, bytes, 0, length);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
