package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** The tokens of a batch with a position, and the depth of the parser's recursion. */
final class TokenStream {

  /** Nesting of statements, queries and parentheses that is still parsed. */
  static final int MAXIMUM_DEPTH = 150;

  private final String text;
  private final List<Token> tokens;

  /** Offsets at which the second and further lines begin. */
  private final int[] lineStarts;

  private int position;
  private int depth;

  TokenStream(String text) throws SqlServerError {
    this.text = text;
    this.tokens = Tokenizer.tokenize(text);
    this.lineStarts =
        IntStream.range(0, text.length())
            .filter(i -> text.charAt(i) == '\n')
            .map(i -> i + 1)
            .toArray();
  }

  Token peek() {
    return tokens.get(position);
  }

  /** The token that many places ahead; the last one when there are fewer. */
  Token peek(int ahead) {
    return tokens.get(Math.min(position + ahead, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(position);
    if (token.kind() != Token.Kind.END) {
      position++;
    }
    return token;
  }

  /** The line of the current token, from 1; at the end, of the last one. */
  int line() {
    int last = Math.max(0, atEnd() ? position - 1 : position);
    int before = Arrays.binarySearch(lineStarts, tokens.get(last).start());
    return before >= 0 ? before + 2 : -before;
  }

  boolean atEnd() {
    return peek().kind() == Token.Kind.END;
  }

  boolean atBegin() {
    return position == 0;
  }

  /** Nothing but this symbol stands before the current token. */
  boolean onlySymbolsBefore(String symbol) {
    return tokens.subList(0, position).stream().allMatch(token -> token.isSymbol(symbol));
  }

  /** The token before the current one was a semicolon. */
  boolean followsSemicolon() {
    return position > 0 && tokens.get(position - 1).isSymbol(";");
  }

  boolean atWord(String word) {
    return peek().isWord(word);
  }

  boolean atWords(String first, String second) {
    return peek().isWord(first) && peek(1).isWord(second);
  }

  boolean atSymbol(String symbol) {
    return peek().isSymbol(symbol);
  }

  boolean acceptWord(String word) {
    if (atWord(word)) {
      next();
      return true;
    }
    return false;
  }

  /** Accepts both words or none. */
  boolean acceptWords(String first, String second) {
    if (atWords(first, second)) {
      next();
      next();
      return true;
    }
    return false;
  }

  boolean acceptSymbol(String symbol) {
    if (atSymbol(symbol)) {
      next();
      return true;
    }
    return false;
  }

  void expectWord(String word) throws SqlServerError {
    if (!acceptWord(word)) {
      throw syntaxError();
    }
  }

  void expectWords(String... words) throws SqlServerError {
    for (String word : words) {
      expectWord(word);
    }
  }

  /** The upper case text of the current word, which must be one of these. */
  String expectOneOf(Set<String> words) throws SqlServerError {
    if (peek().kind() != Token.Kind.WORD || !words.contains(peek().upperCase())) {
      throw syntaxError();
    }
    return next().upperCase();
  }

  void expectSymbol(String symbol) throws SqlServerError {
    if (!acceptSymbol(symbol)) {
      throw syntaxError();
    }
  }

  /** A name of one part. */
  String expectName() throws SqlServerError {
    if (!peek().isName()) {
      throw syntaxError();
    }
    return next().text();
  }

  /** A variable's name with its at sign. */
  String expectVariable() throws SqlServerError {
    if (peek().kind() != Token.Kind.VARIABLE) {
      throw syntaxError();
    }
    return next().text();
  }

  /** A whole number that fits a long, perhaps with a minus sign. */
  long expectInteger() throws SqlServerError {
    boolean negative = acceptSymbol("-");
    Token token = peek();
    if (token.kind() != Token.Kind.NUMBER || !token.text().chars().allMatch(Character::isDigit)) {
      throw syntaxError();
    }
    next();
    try {
      return Long.parseLong(negative ? "-" + token.text() : token.text());
    } catch (NumberFormatException e) {
      throw new SqlServerError(
          1007,
          15,
          1,
          "The number '" + token.text() + "' is out of the range for numeric representation.",
          e);
    }
  }

  /** A name of one to three parts; {@code a..b} leaves the middle one out. */
  ObjectName expectObjectName() throws SqlServerError {
    List<String> parts = new ArrayList<>();
    parts.add(expectName());
    while (acceptSymbol(".")) {
      parts.add(atSymbol(".") ? "" : expectName());
    }
    if (parts.size() > 3) {
      throw unsupported("names of four parts (linked servers)");
    }
    return new ObjectName(parts);
  }

  /** {@code (a, b, c)}. */
  List<String> expectNameList() throws SqlServerError {
    List<String> names = new ArrayList<>();
    expectSymbol("(");
    do {
      names.add(expectName());
    } while (acceptSymbol(","));
    expectSymbol(")");
    return names;
  }

  /** Goes one level down; {@link #leave} must follow. */
  void enter() throws SqlServerError {
    if (++depth > MAXIMUM_DEPTH) {
      throw Errors.tooDeep();
    }
  }

  void leave() {
    depth--;
  }

  /** The batch's text from an offset to the end of the last token taken. */
  String textFrom(int start) {
    return text.substring(start, position == 0 ? start : tokens.get(position - 1).end());
  }

  /** Error 102 at the current token. */
  SqlServerError syntaxError() {
    Token token = peek();
    if (token.kind() == Token.Kind.END) {
      return Errors.syntax(position == 0 ? "" : tokens.get(position - 1).text());
    }
    if (token.kind() == Token.Kind.WORD && ReservedWords.contains(token.upperCase())) {
      return new SqlServerError(
          156, 15, 1, "Incorrect syntax near the keyword '" + token.text() + "'.");
    }
    return Errors.syntax(token.text());
  }

  SqlServerError unsupported(String what) {
    return Errors.unsupported(what);
  }
}
