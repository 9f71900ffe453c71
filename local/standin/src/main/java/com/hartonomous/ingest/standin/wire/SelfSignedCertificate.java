package com.hartonomous.ingest.standin.wire;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/**
 * Makes a key and a certificate for localhost signed by it, because the JDK has no public interface
 * to do so. The structure is that of RFC 5280 (X.509 version 3, ECDSA with SHA-256 on P-256),
 * written as DER.
 */
final class SelfSignedCertificate {
  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OCTET_STRING = 0x04;
  private static final int UTF8_STRING = 0x0C;
  private static final int GENERALIZED_TIME = 0x18;
  private static final int VERSION_TAG = 0xA0;
  private static final int EXTENSIONS_TAG = 0xA3;
  private static final int DNS_NAME_TAG = 0x82;
  private static final int IP_ADDRESS_TAG = 0x87;

  /** 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
  private static final byte[] ECDSA_WITH_SHA256 = {
    0x06, 0x08, 0x2A, (byte) 0x86, 0x48, (byte) 0xCE, 0x3D, 0x04, 0x03, 0x02
  };

  /** 2.5.4.3, commonName. */
  private static final byte[] COMMON_NAME = {0x06, 0x03, 0x55, 0x04, 0x03};

  /** 2.5.29.17, subjectAltName. */
  private static final byte[] SUBJECT_ALTERNATIVE_NAME = {0x06, 0x03, 0x55, 0x1D, 0x11};

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final int DAYS_VALID = 3650;

  private SelfSignedCertificate() {}

  static KeyPair generateKey() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  /** A certificate for localhost, 127.0.0.1 and ::1, valid for ten years from yesterday. */
  static X509Certificate certify(KeyPair keys) throws GeneralSecurityException, IOException {
    Instant now = Instant.now();
    byte[] algorithm = der(SEQUENCE, ECDSA_WITH_SHA256);
    byte[] name =
        der(
            SEQUENCE,
            der(
                SET,
                der(
                    SEQUENCE,
                    COMMON_NAME,
                    der(UTF8_STRING, "localhost".getBytes(StandardCharsets.US_ASCII)))));
    byte[] validity =
        der(
            SEQUENCE,
            time(now.minus(1, ChronoUnit.DAYS)),
            time(now.plus(DAYS_VALID, ChronoUnit.DAYS)));
    byte[] body =
        der(
            SEQUENCE,
            der(VERSION_TAG, der(INTEGER, new byte[] {2})),
            der(INTEGER, new BigInteger(120, new SecureRandom()).add(BigInteger.ONE).toByteArray()),
            algorithm,
            name,
            validity,
            name,
            keys.getPublic().getEncoded(),
            der(EXTENSIONS_TAG, der(SEQUENCE, alternativeNames())));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate());
    signature.update(body);
    byte[] certificate =
        der(SEQUENCE, body, algorithm, der(BIT_STRING, new byte[] {0}, signature.sign()));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(certificate));
  }

  private static byte[] alternativeNames() throws IOException {
    byte[] loopback6 = new byte[16];
    loopback6[15] = 1;
    byte[] names =
        der(
            SEQUENCE,
            der(DNS_NAME_TAG, "localhost".getBytes(StandardCharsets.US_ASCII)),
            der(IP_ADDRESS_TAG, new byte[] {127, 0, 0, 1}),
            der(IP_ADDRESS_TAG, loopback6));
    return der(SEQUENCE, SUBJECT_ALTERNATIVE_NAME, der(OCTET_STRING, names));
  }

  private static byte[] time(Instant instant) throws IOException {
    return der(GENERALIZED_TIME, TIME.format(instant).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] der(int tag, byte[]... contents) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : contents) {
      content.write(part);
    }
    int length = content.size();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    content.writeTo(out);
    return out.toByteArray();
  }
}
