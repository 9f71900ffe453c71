package com.hartonomous.ingest.standin.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * The key and the certificate that the server shows to TLS clients: made on first use, and kept in
 * the data directory when there is one.
 *
 * @param context makes server sockets with that key
 * @param certificate what a client has to trust
 */
public record ServerIdentity(SSLContext context, X509Certificate certificate) {
  private static final String FILE_NAME = "standin-tls.p12";
  private static final String ALIAS = "standin";

  /** The file's permissions protect the key, not this: whoever starts the server must read it. */
  private static final char[] STORE_PASSWORD = "standin".toCharArray();

  /** An identity that lasts as long as this process. */
  public static ServerIdentity create() throws IOException {
    try {
      return of(newStore());
    } catch (GeneralSecurityException e) {
      throw new IOException("Cannot make the server's TLS certificate", e);
    }
  }

  /** The identity kept in the directory, made there if it is not. */
  public static ServerIdentity in(Path directory) throws IOException {
    Path file = directory.resolve(FILE_NAME);
    try {
      if (!Files.exists(file)) {
        save(newStore(), file);
      }
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        store.load(in, STORE_PASSWORD);
      }
      return of(store);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "Cannot use " + file + "; delete it to have a new TLS certificate made", e);
    }
  }

  private static KeyStore newStore() throws GeneralSecurityException, IOException {
    KeyPair keys = SelfSignedCertificate.generateKey();
    X509Certificate certificate = SelfSignedCertificate.certify(keys);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(ALIAS, keys.getPrivate(), STORE_PASSWORD, new Certificate[] {certificate});
    return store;
  }

  /** Writes beside the file and moves it there, so that the file is never found half written. */
  private static void save(KeyStore store, Path file) throws GeneralSecurityException, IOException {
    Path directory = file.toAbsolutePath().getParent();
    Files.createDirectories(directory);
    // A temporary file is readable by its owner only, and stays so when it is moved.
    Path temporary = Files.createTempFile(directory, FILE_NAME, ".new");
    try {
      try (OutputStream out = Files.newOutputStream(temporary)) {
        store.store(out, STORE_PASSWORD);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static ServerIdentity of(KeyStore store) throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, STORE_PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return new ServerIdentity(context, (X509Certificate) store.getCertificate(ALIAS));
  }
}
