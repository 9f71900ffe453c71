package com.hartonomous.ingest.runtime;

import com.hartonomous.ingest.record.FileRange;
import com.hartonomous.ingest.record.Sha256;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Objects;
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

  /** Read and hashed at once: small enough to stay in the processor's cache in between. */
  private static final int LOCAL_BLOCK_BYTES = 64 << 10;

  /**
   * Asked for at once where each read may be a request across a network: ranges up to that length
   * are one request each.
   */
  private static final int REMOTE_BLOCK_BYTES_MAX = 8 << 20;

  private byte[] block = new byte[LOCAL_BLOCK_BYTES];

  private String openUri;
  private FlinkPositionedInput input;

  /**
   * The digest of the range's bytes, of which no more than a block is in memory: 64 KiB, of remote
   * files up to 8 MiB.
   *
   * @throws UnusableFileException when the file is not what the range describes; the message names
   *     file, offset, expected and found
   * @throws IOException when it cannot be read for a reason that is not the file's
   * @throws InterruptedException when the thread is to end
   */
  public Sha256 hash(FileRange range) throws IOException, InterruptedException {
    MessageDigest digest = Sha256.newDigest();
    int blockBytes = blockBytes(range);
    if (block.length < blockBytes) {
      block = new byte[blockBytes];
    }
    int done = 0;
    do {
      int count = Math.min(blockBytes, range.length() - done);
      read(range, done, block, 0, count);
      digest.update(block, 0, count);
      done += count;
    } while (done < range.length());
    return Sha256.fromBytes(digest.digest());
  }

  /**
   * The range's bytes as a stream. Those of local files go straight into the caller's buffer; those
   * of others through one of up to 8 MiB, so that small reads are no requests of their own.
   * Failures are those of {@link #hash}; an interruption is an {@link InterruptedIOException}, with
   * the thread's interrupt status set again. Closing it leaves this reader open.
   */
  public InputStream open(FileRange range) {
    RangeStream stream = new RangeStream(range);
    return isLocal(range) ? stream : new BufferedInputStream(stream, blockBytes(range));
  }

  private static boolean isLocal(FileRange range) {
    return range.uri().startsWith("file:");
  }

  private static int blockBytes(FileRange range) {
    return isLocal(range)
        ? LOCAL_BLOCK_BYTES
        : Math.max(1, Math.min(range.length(), REMOTE_BLOCK_BYTES_MAX));
  }

  /**
   * Reads a part of the range. A read that fails for a reason that may pass is tried again, {@value
   * #ATTEMPTS_MAX} times in all.
   *
   * @param from place in the range
   */
  private void read(FileRange range, int from, byte[] buffer, int offset, int count)
      throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        readOnce(range, from, buffer, offset, count);
        return;
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
                  .formatted(range.uri(), count, range.offset() + from, attempt, e.getMessage()),
              e);
        }
        LOG.warn("{} cannot be read (attempt {} of {}).", range.uri(), attempt, ATTEMPTS_MAX, e);
        Thread.sleep(PAUSE.toMillis());
      }
    }
  }

  private void readOnce(FileRange range, int from, byte[] buffer, int offset, int count)
      throws IOException {
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
      input.readFully(range.offset() + from, buffer, offset, count);
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

  private final class RangeStream extends InputStream {
    private final FileRange range;
    private int done;

    RangeStream(FileRange range) {
      this.range = range;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, buffer.length);
      if (length == 0) {
        return 0;
      }
      int count = Math.min(length, range.length() - done);
      if (count == 0) {
        return -1;
      }
      try {
        FileRangeReader.this.read(range, done, buffer, offset, count);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (InterruptedIOException) new InterruptedIOException(e.getMessage()).initCause(e);
      }
      done += count;
      return count;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }
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
