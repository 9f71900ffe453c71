package com.hartonomous.ingest.local;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/**
 * The password of the stand-in's login: random, made at the first start, kept in a file that only
 * its owner can read, where conf/*.yaml point.
 */
final class LocalPassword {

  private static final int RANDOM_BYTES = 24;

  private LocalPassword() {}

  /**
   * The password in the file, which is made when it is missing.
   *
   * @throws IOException when the file can be neither read nor made, or is empty
   */
  static String readOrCreate(Path file) throws IOException {
    if (!Files.exists(file)) {
      create(file);
    }
    String password = Files.readString(file).strip();
    if (password.isEmpty()) {
      throw new IOException(file + ": expected a password, found an empty file. Remove it.");
    }
    return password;
  }

  private static void create(Path file) throws IOException {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    Files.createDirectories(file.toAbsolutePath().getParent());
    boolean posix =
        Files.getFileStore(file.toAbsolutePath().getParent()).supportsFileAttributeView("posix");
    FileAttribute<?>[] ownerOnly =
        posix
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    try (var channel =
        Files.newByteChannel(
            file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly)) {
      channel.write(java.nio.charset.StandardCharsets.UTF_8.encode(password + "\n"));
    } catch (FileAlreadyExistsException e) {
      // Another start made it in the meantime; its password is as good.
      if (!Files.isReadable(file)) {
        throw e;
      }
    }
  }
}
