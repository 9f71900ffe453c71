package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.ContentTypes;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorContent;
import com.hartonomous.ingest.format.TensorEntry;
import com.hartonomous.ingest.format.TensorNames;
import com.hartonomous.ingest.format.UnwrittenTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Converts the tensors of a model file of another format into a state dict as {@code torch.save}
 * writes it: a zip archive of stored members, one storage a tensor, each at a multiple of 64 bytes.
 * A stream: memory holds the pickle only, and the tensors are read twice, since a zip archive has
 * the checksum of a stored member before it. The values stay byte for byte what they are; the same
 * tensors give the same file.
 *
 * <p>A tensor whose name is empty or taken is written under its path.
 */
public final class PyTorchWriter {
  private static final String ROOT = "archive/";
  private static final int ALIGNMENT_BYTES = 64;

  /** The extra field with which torch pads, "FB", and what it pads with. */
  private static final short PADDING_ID = 0x4246;

  private static final byte PADDING = 'Z';
  private static final int EXTRA_HEADER_BYTES = 2 * Short.BYTES;

  /** Of a member's local header, without its name and extra fields. */
  private static final int LOCAL_HEADER_BYTES = 30;

  /**
   * The file does not depend on when it is written. Zip's very first minute is what Java takes for
   * earlier times, which it adds in an extra field.
   */
  private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private final PositionedInput source;
  private final ZipOutputStream zip;
  private final CountingOutput counted;

  private record Named(String name, PyTorchDtype dtype, TensorEntry tensor) {}

  /** A member's content; it is written twice and must be the same both times. */
  @FunctionalInterface
  private interface Content {
    void writeTo(OutputStream output) throws IOException;
  }

  private PyTorchWriter(PositionedInput source, OutputStream target) {
    this.source = source;
    this.counted = new CountingOutput(target);
    this.zip = new ZipOutputStream(counted, StandardCharsets.UTF_8);
    zip.setMethod(ZipOutputStream.STORED);
  }

  /**
   * Writes a file.
   *
   * @param source the file that {@code layout} was read from
   * @param target stays open
   * @return what {@code torch.save} has no storage class for
   * @throws IOException if either file fails, or the source changed since it was listed
   */
  public static List<UnwrittenTensor> write(
      PositionedInput source, ModelLayout layout, OutputStream target) throws IOException {
    List<UnwrittenTensor> skipped = new ArrayList<>();
    new PyTorchWriter(source, target).write(choose(layout, skipped));
    return skipped;
  }

  private static List<Named> choose(ModelLayout layout, List<UnwrittenTensor> skipped) {
    TensorNames names = new TensorNames(name -> true);
    List<Named> chosen = new ArrayList<>();
    for (TensorEntry tensor : layout.tensors()) {
      Optional<PyTorchDtype> dtype =
          ContentTypes.toPyTorch(tensor.contentType())
              .flatMap(PyTorchDtype::named)
              .filter(type -> type.storageClass().isPresent() && type.elementsInByte() == 1);
      Optional<String> name = names.take(tensor);
      if (dtype.isEmpty()) {
        skipped.add(new UnwrittenTensor(tensor, "PyTorch has no storage for " + tensor.dtype()));
      } else if (name.isEmpty()) {
        skipped.add(new UnwrittenTensor(tensor, "its name is empty or taken"));
      } else {
        chosen.add(new Named(name.get(), dtype.get(), tensor));
      }
    }
    return chosen;
  }

  private void write(List<Named> chosen) throws IOException {
    byte[] pickle = pickle(chosen);
    put("data.pkl", output -> output.write(pickle));
    put("byteorder", output -> output.write(ascii("little")));
    for (int key = 0; key < chosen.size(); key++) {
      TensorEntry tensor = chosen.get(key).tensor();
      put("data/" + key, output -> TensorContent.copy(source, tensor, output));
    }
    put("version", output -> output.write(ascii("3\n")));
    zip.finish();
    zip.flush();
  }

  private void put(String name, Content content) throws IOException {
    CheckedOutputStream checked =
        new CheckedOutputStream(OutputStream.nullOutputStream(), new CRC32());
    CountingOutput size = new CountingOutput(checked);
    content.writeTo(size);
    ZipEntry entry = new ZipEntry(ROOT + name);
    entry.setTimeLocal(TIME);
    entry.setSize(size.bytes);
    entry.setCrc(checked.getChecksum().getValue());
    zip.flush();
    entry.setExtra(
        padding(
            counted.bytes
                + LOCAL_HEADER_BYTES
                + entry.getName().getBytes(StandardCharsets.UTF_8).length
                + EXTRA_HEADER_BYTES));
    zip.putNextEntry(entry);
    content.writeTo(zip);
    zip.closeEntry();
  }

  /** An extra field that puts what follows it on the alignment, were it empty at this position. */
  private static byte[] padding(long position) {
    int length = (int) (-position & (ALIGNMENT_BYTES - 1));
    ByteBuffer field =
        ByteBuffer.allocate(EXTRA_HEADER_BYTES + length).order(ByteOrder.LITTLE_ENDIAN);
    field.putShort(PADDING_ID).putShort((short) length);
    while (field.hasRemaining()) {
      field.put(PADDING);
    }
    return field.array();
  }

  /** An OrderedDict of the tensors, in protocol 2. */
  private static byte[] pickle(List<Named> chosen) throws IOException {
    PickleWriter pickle = new PickleWriter();
    pickle.emptyOrderedDict();
    pickle.mark();
    for (int key = 0; key < chosen.size(); key++) {
      Named named = chosen.get(key);
      long elements = named.tensor().nbytes() / named.dtype().bytes();
      pickle.text(named.name());
      pickle.global(PyTorchGlobals.UTILS, "_rebuild_tensor_v2");
      pickle.mark();
      pickle.mark();
      pickle.text("storage");
      pickle.global("torch", named.dtype().storageClass().orElseThrow());
      pickle.text(Integer.toString(key));
      pickle.text("cpu");
      pickle.number(elements);
      pickle.tuple();
      pickle.persistentId();
      pickle.number(0);
      pickle.tuple(named.tensor().shape());
      pickle.tuple(strides(named.tensor().shape()));
      pickle.no();
      pickle.emptyOrderedDict();
      pickle.tuple();
      pickle.reduce();
    }
    pickle.setItems();
    return pickle.stop();
  }

  private static List<Long> strides(List<Long> shape) {
    Long[] strides = new Long[shape.size()];
    long stride = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape.get(i));
    }
    return List.of(strides);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  /** The few opcodes of protocol 2 that a state dict needs. */
  private static final class PickleWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    PickleWriter() {
      bytes.write(0x80);
      bytes.write(2);
    }

    void mark() {
      bytes.write('(');
    }

    void tuple() {
      bytes.write('t');
    }

    void tuple(List<Long> numbers) {
      mark();
      numbers.forEach(this::number);
      tuple();
    }

    void persistentId() {
      bytes.write('Q');
    }

    void reduce() {
      bytes.write('R');
    }

    void setItems() {
      bytes.write('u');
    }

    /** False. */
    void no() {
      bytes.write(0x89);
    }

    byte[] stop() {
      bytes.write('.');
      return bytes.toByteArray();
    }

    void global(String module, String name) throws IOException {
      bytes.write('c');
      bytes.write(ascii(module + "\n" + name + "\n"));
    }

    void emptyOrderedDict() throws IOException {
      global("collections", "OrderedDict");
      bytes.write(')');
      reduce();
    }

    void text(String text) throws IOException {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      bytes.write('X');
      bytes.write(littleEndian(Integer.BYTES).putInt(utf8.length).array());
      bytes.write(utf8);
    }

    void number(long value) {
      if (value == (int) value) {
        bytes.write('J');
        bytes.writeBytes(littleEndian(Integer.BYTES).putInt((int) value).array());
      } else {
        bytes.write(0x8a);
        bytes.write(Long.BYTES);
        bytes.writeBytes(littleEndian(Long.BYTES).putLong(value).array());
      }
    }

    private static ByteBuffer littleEndian(int length) {
      return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  private static final class CountingOutput extends OutputStream {
    private final OutputStream target;
    private long bytes;

    CountingOutput(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int value) throws IOException {
      target.write(value);
      bytes++;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) throws IOException {
      target.write(buffer, offset, length);
      bytes += length;
    }

    @Override
    public void flush() throws IOException {
      target.flush();
    }
  }
}
