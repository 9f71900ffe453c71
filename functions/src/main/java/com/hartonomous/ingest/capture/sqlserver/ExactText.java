package com.hartonomous.ingest.capture.sqlserver;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;

/**
 * Texts as the database has them, UTF-16 code unit by code unit.
 *
 * <p>NVARCHAR may hold half a surrogate pair, which is no Unicode. The driver decodes texts by the
 * charset UTF-16LE ({@code Util.readUnicodeString}), which makes one U+FFFD of such a unit, and of
 * the character behind it too. So a text in which U+FFFD stands is taken from its bytes.
 */
final class ExactText {

  private static final char REPLACEMENT = '\uFFFD';

  private ExactText() {}

  /** The text at this position of the row, or null. */
  static String get(ResultSet row, int position) throws SQLException {
    return (String) exact(row.getString(position), row, position);
  }

  /** What the driver gave for this position of the row, exact if it is a text. */
  static Object exact(Object value, ResultSet row, int position) throws SQLException {
    if (!(value instanceof String text) || text.indexOf(REPLACEMENT) < 0) {
      return value;
    }
    int type = row.getMetaData().getColumnType(position);
    if (type != Types.NVARCHAR && type != Types.NCHAR && type != Types.LONGNVARCHAR) {
      return value;
    }
    byte[] bytes = row.getBytes(position);
    char[] units = new char[bytes.length / 2];
    for (int i = 0; i < units.length; i++) {
      units[i] = (char) ((bytes[2 * i] & 0xFF) | bytes[2 * i + 1] << Byte.SIZE);
    }
    return new String(units);
  }

  /** A text's code units, the lower byte first; null of null. */
  static byte[] bytes(String text) {
    if (text == null) {
      return null;
    }
    byte[] bytes = new byte[2 * text.length()];
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      bytes[2 * i] = (byte) unit;
      bytes[2 * i + 1] = (byte) (unit >> Byte.SIZE);
    }
    return bytes;
  }
}
