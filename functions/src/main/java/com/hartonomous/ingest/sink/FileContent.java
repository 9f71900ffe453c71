package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.content.NewContent;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import com.hartonomous.ingest.runtime.UnusableFileException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Optional;

/** An atom's content in a file, hashed as it is read. Shares its reader; for one thread. */
final class FileContent implements NewContent {

  private final AtomReference source;
  private final FileRangeReader files;
  private Sha256 found;
  private IOException failure;

  FileContent(AtomReference source, FileRangeReader files) {
    this.source = source;
    this.files = files;
  }

  /** The reference that says where the content is. */
  AtomReference source() {
    return source;
  }

  @Override
  public long length() {
    return source.fileContent().length();
  }

  @Override
  public InputStream open() {
    found = null;
    failure = null;
    return new HashingStream(files.open(source.fileContent()));
  }

  @Override
  public boolean isVerified() {
    return source.hash().equals(found);
  }

  /** The hash of what the file holds; empty when it was not read to its end. */
  Optional<Sha256> found() {
    return Optional.ofNullable(found);
  }

  /** Why the file could not be read to its end, when it is the file's fault. */
  Optional<UnusableFileException> unusable() {
    return failure instanceof UnusableFileException e ? Optional.of(e) : Optional.empty();
  }

  /**
   * @throws IOException when it could not be read for a reason that is not the file's
   */
  void requireReadable() throws IOException {
    if (failure != null && unusable().isEmpty()) {
      throw failure;
    }
  }

  private final class HashingStream extends InputStream {
    private final InputStream bytes;
    private final MessageDigest digest = Sha256.newDigest();

    HashingStream(InputStream bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (failure != null || found != null) {
        return -1;
      }
      try {
        int count = bytes.read(buffer, offset, length);
        if (count < 0) {
          found = Sha256.fromBytes(digest.digest());
        } else {
          digest.update(buffer, offset, count);
        }
        return count;
      } catch (IOException e) {
        failure = e;
        return -1;
      }
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }
  }
}
