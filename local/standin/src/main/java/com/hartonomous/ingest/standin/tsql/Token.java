package com.hartonomous.ingest.standin.tsql;

import java.util.Locale;

/**
 * One token.
 *
 * @param text a word as written; the content of a quoted token with doubled quotes resolved; the
 *     digits of a binary literal, an even number; a symbol
 * @param start offset of its first character in the batch
 * @param end offset after its last character
 */
record Token(Kind kind, String text, int start, int end) {

  /** The kinds of token. Keywords are words: only the parser knows where they are keywords. */
  enum Kind {
    /** An unquoted name or keyword, also {@code #temporary}. */
    WORD,
    /** {@code [name]} or {@code "name"}. */
    QUOTED_NAME,
    /** {@code 'text'}. */
    STRING,
    /** {@code N'text'}. */
    NATIONAL_STRING,
    NUMBER,
    /** {@code 0x1F}. */
    BINARY,
    /** {@code @name}, text with its at sign. */
    VARIABLE,
    /** {@code @@name}, text with its at signs. */
    GLOBAL_VARIABLE,
    SYMBOL,
    /** Behind the last token. */
    END
  }

  /** True for the unquoted word, in any letter case. */
  boolean isWord(String word) {
    return kind == Kind.WORD && text.equalsIgnoreCase(word);
  }

  boolean isSymbol(String symbol) {
    return kind == Kind.SYMBOL && text.equals(symbol);
  }

  boolean isString() {
    return kind == Kind.STRING || kind == Kind.NATIONAL_STRING;
  }

  /** A word that is not reserved, or any quoted name. */
  boolean isName() {
    return kind == Kind.QUOTED_NAME || (kind == Kind.WORD && !ReservedWords.contains(upperCase()));
  }

  String upperCase() {
    return text.toUpperCase(Locale.ROOT);
  }
}
