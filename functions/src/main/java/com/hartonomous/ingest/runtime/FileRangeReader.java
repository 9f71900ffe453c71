package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.record.FileRange;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Reads ranges of files of any Flink file system and refuses files that are no longer what they
 * were at submission. Keeps the file read last open, since ranges arrive in file order. Not
 * thread-safe.
 */
public final class FileRangeReader implements Closeable {

  private String openUri;
  private long openLength;
  private long openModifiedAt;
  private FSDataInputStream stream;

  /**
   * The bytes of the range.
   *
   * @throws IOException when the file cannot be read, or its length or modification time differs
   *     from the range's; the message names file, offset, expected and found
   */
  public byte[] read(FileRange range) throws IOException {
    try {
      open(range);
      byte[] bytes = new byte[range.length()];
      stream.seek(range.offset());
      int filled = 0;
      while (filled < bytes.length) {
        int count = stream.read(bytes, filled, bytes.length - filled);
        if (count < 0) {
          throw new IOException(
              "expected "
                  + range.length()
                  + " bytes at offset "
                  + range.offset()
                  + ", found "
                  + filled
                  + ": the file shrank while it was read");
        }
        filled += count;
      }
      return bytes;
    } catch (IOException e) {
      close();
      throw new IOException(range.uri() + ": " + e.getMessage(), e);
    }
  }

  private void open(FileRange range) throws IOException {
    if (!range.uri().equals(openUri)) {
      close();
      Path path = new Path(URI.create(range.uri()));
      FileSystem fileSystem = path.getFileSystem();
      FileStatus status = fileSystem.getFileStatus(path);
      stream = fileSystem.open(path);
      openUri = range.uri();
      openLength = status.getLen();
      openModifiedAt = status.getModificationTime();
    }
    if (openLength != range.fileLength() || openModifiedAt != range.modifiedAt()) {
      throw new IOException(
          "expected a file of "
              + range.fileLength()
              + " bytes modified at "
              + range.modifiedAt()
              + ", found "
              + openLength
              + " bytes modified at "
              + openModifiedAt
              + ": the file changed after it was submitted; submit it again");
    }
  }

  @Override
  public void close() throws IOException {
    openUri = null;
    if (stream != null) {
      FSDataInputStream closing = stream;
      stream = null;
      closing.close();
    }
  }
}
