package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Cuts T-SQL into tokens; comments ({@code --} to the end of the line, nested {@code /* *}{@code
 * /}) and white space are dropped. QUOTED_IDENTIFIER is ON: double quotes enclose names.
 */
final class Tokenizer {

  /** The most tokens a batch may have; a longer one is refused before it can exhaust memory. */
  static final int MAXIMUM_TOKENS = 1_000_000;

  private static final Set<String> TWO_CHARACTER_SYMBOLS =
      Set.of(
          "<>", "<=", ">=", "!=", "!<", "!>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "::");
  private static final String ONE_CHARACTER_SYMBOLS = "(),.;=<>+-*/%&|^~";

  private final String text;
  private final List<Token> tokens = new ArrayList<>();
  private int position;

  private Tokenizer(String text) {
    this.text = text;
  }

  /**
   * The tokens of a batch, the last one of kind {@link Token.Kind#END}.
   *
   * @throws SqlServerError 105 for an open quotation, 113 for an open comment, 102 for characters
   *     that begin no token, 40002 for too many tokens
   */
  static List<Token> tokenize(String text) throws SqlServerError {
    Tokenizer tokenizer = new Tokenizer(text);
    while (tokenizer.skipBlanksAndComments()) {
      if (tokenizer.tokens.size() >= MAXIMUM_TOKENS) {
        throw Errors.unsupported("batches of more than " + MAXIMUM_TOKENS + " tokens");
      }
      int start = tokenizer.position;
      try {
        tokenizer.readToken();
      } catch (SqlServerError e) {
        throw e.at(1 + (int) text.substring(0, start).chars().filter(c -> c == '\n').count());
      }
    }
    tokenizer.add(Token.Kind.END, "", text.length());
    return tokenizer.tokens;
  }

  private boolean skipBlanksAndComments() throws SqlServerError {
    while (position < text.length()) {
      char c = text.charAt(position);
      if (Character.isWhitespace(c) || c == '\u00a0' || c == '\ufeff') {
        position++;
      } else if (text.startsWith("--", position)) {
        int lineEnd = text.indexOf('\n', position);
        position = lineEnd < 0 ? text.length() : lineEnd;
      } else if (text.startsWith("/*", position)) {
        skipBlockComment();
      } else {
        return true;
      }
    }
    return false;
  }

  private void skipBlockComment() throws SqlServerError {
    int depth = 0;
    while (position < text.length()) {
      if (text.startsWith("/*", position)) {
        depth++;
        position += 2;
      } else if (text.startsWith("*/", position)) {
        depth--;
        position += 2;
        if (depth == 0) {
          return;
        }
      } else {
        position++;
      }
    }
    throw new SqlServerError(113, 15, 1, "Missing end comment mark '*/'.");
  }

  private void readToken() throws SqlServerError {
    char c = text.charAt(position);
    char next = position + 1 < text.length() ? text.charAt(position + 1) : 0;
    if ((c == 'N' || c == 'n') && next == '\'') {
      readQuoted(Token.Kind.NATIONAL_STRING, position + 2, '\'');
    } else if (c == '\'') {
      readQuoted(Token.Kind.STRING, position + 1, '\'');
    } else if (c == '"') {
      readQuoted(Token.Kind.QUOTED_NAME, position + 1, '"');
    } else if (c == '[') {
      readQuoted(Token.Kind.QUOTED_NAME, position + 1, ']');
    } else if (c == '0' && (next == 'x' || next == 'X')) {
      readBinary();
    } else if (isDigit(c) || (c == '.' && isDigit(next) && !followsName())) {
      readNumber();
    } else if (c == '@') {
      readWord(next == '@' ? Token.Kind.GLOBAL_VARIABLE : Token.Kind.VARIABLE);
    } else if (Character.isLetter(c) || c == '_' || c == '#') {
      readWord(Token.Kind.WORD);
    } else {
      readSymbol();
    }
  }

  /** {@code t.1x} is no number: a point right after a name or bracket qualifies. */
  private boolean followsName() {
    if (tokens.isEmpty()) {
      return false;
    }
    Token last = tokens.get(tokens.size() - 1);
    return last.end() == position
        && (last.kind() == Token.Kind.WORD || last.kind() == Token.Kind.QUOTED_NAME);
  }

  private void readQuoted(Token.Kind kind, int contentStart, char quote) throws SqlServerError {
    StringBuilder content = new StringBuilder();
    int from = contentStart;
    while (true) {
      int close = text.indexOf(quote, from);
      if (close < 0) {
        throw new SqlServerError(
            105,
            15,
            1,
            "Unclosed quotation mark after the character string '"
                + Errors.shorten(text.substring(contentStart))
                + "'.");
      }
      content.append(text, from, close);
      if (close + 1 < text.length() && text.charAt(close + 1) == quote) {
        content.append(quote);
        from = close + 2;
      } else {
        if (kind == Token.Kind.QUOTED_NAME && content.isEmpty()) {
          throw new SqlServerError(1038, 15, 4, "An object or column name is missing or empty.");
        }
        add(kind, content.toString(), close + 1);
        return;
      }
    }
  }

  private void readBinary() {
    int end = position + 2;
    while (end < text.length() && Character.digit(text.charAt(end), 16) >= 0) {
      end++;
    }
    String digits = text.substring(position + 2, end);
    add(Token.Kind.BINARY, digits.length() % 2 == 0 ? digits : "0" + digits, end);
  }

  private void readNumber() {
    int end = skipDigits(position);
    if (end < text.length() && text.charAt(end) == '.') {
      end = skipDigits(end + 1);
    }
    if (end < text.length() && (text.charAt(end) == 'e' || text.charAt(end) == 'E')) {
      int exponent = end + 1;
      if (exponent < text.length() && "+-".indexOf(text.charAt(exponent)) >= 0) {
        exponent++;
      }
      if (exponent < text.length() && isDigit(text.charAt(exponent))) {
        end = skipDigits(exponent);
      }
    }
    add(Token.Kind.NUMBER, text.substring(position, end), end);
  }

  private int skipDigits(int from) {
    int end = from;
    while (end < text.length() && isDigit(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private void readWord(Token.Kind kind) throws SqlServerError {
    int nameStart = kind == Token.Kind.GLOBAL_VARIABLE ? position + 2 : position + 1;
    int end = nameStart;
    while (end < text.length() && isNamePart(text.charAt(end))) {
      end++;
    }
    if (end == nameStart && kind != Token.Kind.WORD) {
      throw Errors.syntax(text.substring(position, end));
    }
    add(kind, text.substring(position, end), end);
  }

  private void readSymbol() throws SqlServerError {
    if (position + 2 <= text.length()
        && TWO_CHARACTER_SYMBOLS.contains(text.substring(position, position + 2))) {
      add(Token.Kind.SYMBOL, text.substring(position, position + 2), position + 2);
    } else if (ONE_CHARACTER_SYMBOLS.indexOf(text.charAt(position)) >= 0) {
      add(Token.Kind.SYMBOL, text.substring(position, position + 1), position + 1);
    } else {
      throw Errors.syntax(new String(Character.toChars(text.codePointAt(position))));
    }
  }

  private void add(Token.Kind kind, String content, int end) {
    tokens.add(new Token(kind, content, position, end));
    position = end;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '@' || c == '$' || c == '#';
  }
}
