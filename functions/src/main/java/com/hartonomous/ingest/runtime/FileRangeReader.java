package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.record.FileRange;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads ranges of files of any Flink file system and refuses files that are no longer what they
 * were at submission. Keeps the file read last open, since ranges arrive in file order. Not
 * thread-safe.
 */
public final class FileRangeReader implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(FileRangeReader.class);
  private static final int ATTEMPTS_MAX = 4;
  private static final Duration PAUSE = Duration.ofMillis(500);

  private String openUri;
  private FlinkPositionedInput input;

  /**
   * The bytes of the range. A read that fails for a reason that may pass is tried again, {@value
   * #ATTEMPTS_MAX} times in all.
   *
   * @throws UnusableFileException when the file is not what the range describes; the message names
   *     file, offset, expected and found
   * @throws IOException when it cannot be read for a reason that is not the file's
   * @throws InterruptedException when the thread is to end
   */
  public byte[] read(FileRange range) throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return readOnce(range);
      } catch (UnusableFileException | ClosedByInterruptException e) {
        close();
        throw e;
      } catch (IOException e) {
        close();
        if (Thread.interrupted()) {
          throw (InterruptedException)
              new InterruptedException("Reading " + range.uri() + " was interrupted.").initCause(e);
        }
        if (attempt == ATTEMPTS_MAX) {
          throw new IOException(
              "%s: cannot read %d bytes at offset %d, tried %d times: %s"
                  .formatted(range.uri(), range.length(), range.offset(), attempt, e.getMessage()),
              e);
        }
        LOG.warn("{} cannot be read (attempt {} of {}).", range.uri(), attempt, ATTEMPTS_MAX, e);
        Thread.sleep(PAUSE.toMillis());
      }
    }
  }

  private byte[] readOnce(FileRange range) throws IOException {
    try {
      // A handle that was opened for an earlier state of the same file is not this file.
      if (input != null && !(range.uri().equals(openUri) && isAsSubmitted(range))) {
        close();
      }
      if (input == null) {
        input = FlinkPositionedInput.open(new Path(URI.create(range.uri())));
        openUri = range.uri();
      }
      if (!isAsSubmitted(range)) {
        throw new UnusableFileException(
            "%s: expected a file of %d bytes modified at %d, found %d bytes modified at %d: the file changed after it was submitted; submit it again"
                .formatted(
                    range.uri(),
                    range.fileLength(),
                    range.modifiedAt(),
                    input.length(),
                    input.modifiedAt()));
      }
      byte[] bytes = new byte[range.length()];
      input.readFully(range.offset(), bytes, 0, bytes.length);
      return bytes;
    } catch (EOFException e) {
      throw new UnusableFileException(
          e.getMessage() + ": the file shrank while it was read; submit it again", e);
    } catch (FileNotFoundException | NoSuchFileException | AccessDeniedException e) {
      throw new UnusableFileException(
          "%s: expected a file that every machine of the job can read, found: %s"
              .formatted(range.uri(), e.getMessage()),
          e);
    }
  }

  private boolean isAsSubmitted(FileRange range) {
    return input.length() == range.fileLength() && input.modifiedAt() == range.modifiedAt();
  }

  @Override
  public void close() throws IOException {
    openUri = null;
    if (input != null) {
      FlinkPositionedInput closing = input;
      input = null;
      closing.close();
    }
  }
}
