package com.hartonomous.ingest.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.time.Duration;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.FileSystemKind;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.local.LocalFileSystem;

/**
 * The local files under the scheme {@code mirror}, read only: a file system that is not local, as
 * far as our code can tell.
 */
public final class MirrorFileSystemFactory implements FileSystemFactory {
  private static final String SCHEME = "mirror";

  private static volatile Duration latency = Duration.ZERO;

  /**
   * Lets every read of every stream wait that long before it is done, as storage behind a network
   * does; those that wait already, too.
   */
  public static void setLatency(Duration ofEachRead) {
    latency = ofEachRead;
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FileSystem create(URI uri) {
    return new MirrorFileSystem();
  }

  private record MirrorStatus(Path getPath, FileStatus local) implements FileStatus {
    @Override
    public long getLen() {
      return local.getLen();
    }

    @Override
    public long getBlockSize() {
      return local.getBlockSize();
    }

    @Override
    public short getReplication() {
      return local.getReplication();
    }

    @Override
    public long getModificationTime() {
      return local.getModificationTime();
    }

    @Override
    public long getAccessTime() {
      return local.getAccessTime();
    }

    @Override
    public boolean isDir() {
      return local.isDir();
    }
  }

  private static final class MirrorStream extends FSDataInputStream {
    private final FSDataInputStream local;

    MirrorStream(FSDataInputStream local) {
      this.local = local;
    }

    private static void await() throws IOException {
      long begin = System.nanoTime();
      try {
        while (System.nanoTime() - begin < latency.toNanos()) {
          Thread.sleep(1);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (IOException) new InterruptedIOException("interrupted").initCause(e);
      }
    }

    @Override
    public int read() throws IOException {
      await();
      return local.read();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      await();
      return local.read(buffer, offset, length);
    }

    @Override
    public void seek(long position) throws IOException {
      local.seek(position);
    }

    @Override
    public long getPos() throws IOException {
      return local.getPos();
    }

    @Override
    public void close() throws IOException {
      local.close();
    }
  }

  private static final class MirrorFileSystem extends FileSystem {
    private final LocalFileSystem local = LocalFileSystem.getSharedInstance();

    private static Path localPath(Path path) {
      return new Path("file", null, path.getPath());
    }

    private static FileStatus mirrored(FileStatus status) {
      return new MirrorStatus(new Path(SCHEME, null, status.getPath().getPath()), status);
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
      return mirrored(local.getFileStatus(localPath(path)));
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
      FileStatus[] found = local.listStatus(localPath(path));
      if (found == null) {
        throw new FileNotFoundException(path.toString());
      }
      FileStatus[] statuses = new FileStatus[found.length];
      for (int i = 0; i < found.length; i++) {
        statuses[i] = mirrored(found[i]);
      }
      return statuses;
    }

    @Override
    public FSDataInputStream open(Path path) throws IOException {
      return new MirrorStream(local.open(localPath(path)));
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
      return open(path);
    }

    @Override
    public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length) {
      return new BlockLocation[0];
    }

    @Override
    public Path getWorkingDirectory() {
      return new Path(SCHEME, null, "/");
    }

    @Override
    public Path getHomeDirectory() {
      return getWorkingDirectory();
    }

    @Override
    public URI getUri() {
      return URI.create(SCHEME + ":///");
    }

    @Override
    public FileSystemKind getKind() {
      return FileSystemKind.FILE_SYSTEM;
    }

    @Override
    public boolean isDistributedFS() {
      return true;
    }

    @Override
    public boolean delete(Path path, boolean recursive) {
      throw new UnsupportedOperationException("read only");
    }

    @Override
    public boolean mkdirs(Path path) {
      throw new UnsupportedOperationException("read only");
    }

    @Override
    public FSDataOutputStream create(Path path, WriteMode mode) {
      throw new UnsupportedOperationException("read only");
    }

    @Override
    public boolean rename(Path from, Path to) {
      throw new UnsupportedOperationException("read only");
    }
  }
}
