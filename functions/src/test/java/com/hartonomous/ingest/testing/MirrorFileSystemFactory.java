package com.hartonomous.ingest.testing;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
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
      return local.open(localPath(path));
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
