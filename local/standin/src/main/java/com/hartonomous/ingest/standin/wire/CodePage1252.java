package com.hartonomous.ingest.standin.wire;

import java.nio.charset.Charset;
import java.util.Arrays;

/**
 * The code page of SQL_Latin1_General_CP1_CI_AS, character by character so that no buffer is made
 * for a value. The five bytes that the code page leaves open map to the control characters of the
 * same number, as in Windows.
 */
final class CodePage1252 {
  static final Charset CHARSET = Charset.forName("windows-1252");

  private static final char[] DECODED = new char[256];
  private static final byte[] ENCODED = new byte[0x10000];

  static {
    Arrays.fill(ENCODED, (byte) '?');
    for (int i = 0; i < DECODED.length; i++) {
      char decoded = new String(new byte[] {(byte) i}, CHARSET).charAt(0);
      DECODED[i] = decoded == '\uFFFD' ? (char) i : decoded;
      ENCODED[DECODED[i]] = (byte) i;
    }
  }

  private CodePage1252() {}

  static byte encode(char character) {
    return ENCODED[character];
  }

  static String decode(byte[] bytes, int length) {
    char[] characters = new char[length];
    for (int i = 0; i < length; i++) {
      characters[i] = DECODED[bytes[i] & 0xFF];
    }
    return new String(characters);
  }
}
