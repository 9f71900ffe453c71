package com.hartonomous.formats.numpy;

import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.PositionedInput;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The header of an array. Of Python's literals it takes what a header consists of: one dictionary
 * of the three keys, text in either quotes without escapes, True, False, and a tuple of numbers
 * from 0.
 */
record NpyHeader(NpyDtype dtype, boolean fortranOrder, List<Long> shape) {

  /**
   * Parses a header.
   *
   * @param position of its first byte in the file
   * @param rankMax dimensions that are taken
   */
  static NpyHeader parse(
      PositionedInput input, long position, byte[] header, boolean utf8, int rankMax)
      throws ModelFormatException {
    String text;
    try {
      text =
          (utf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1)
              .newDecoder()
              .decode(ByteBuffer.wrap(header))
              .toString();
    } catch (CharacterCodingException e) {
      ModelFormatException error =
          ModelFormatException.malformed(
              input, position, "header", "valid UTF-8", "a broken sequence");
      error.initCause(e);
      throw error;
    }
    return new Parser(input, position, text, rankMax).parse();
  }

  private static final class Parser {
    private final PositionedInput input;
    private final long start;
    private final String text;
    private final int rankMax;
    private int next;
    private NpyDtype dtype;
    private Boolean fortranOrder;
    private List<Long> shape;

    Parser(PositionedInput input, long start, String text, int rankMax) {
      this.input = input;
      this.start = start;
      this.text = text;
      this.rankMax = rankMax;
    }

    NpyHeader parse() throws ModelFormatException {
      expect('{');
      Set<String> keys = new HashSet<>();
      while (!take('}')) {
        String key = string("a key");
        if (!keys.add(key)) {
          throw malformed("each key once", "'" + key + "' twice");
        }
        expect(':');
        switch (key) {
          case "descr" -> dtype = descr();
          case "fortran_order" -> fortranOrder = bool();
          case "shape" -> shape = tuple();
          default -> throw malformed("the keys descr, fortran_order, shape", "'" + key + "'");
        }
        if (!take(',') && peek() != '}') {
          throw malformed("',' or '}'", found());
        }
      }
      if (peek() != 0) {
        throw malformed("nothing behind the dictionary", found());
      }
      if (dtype == null || fortranOrder == null || shape == null) {
        throw malformed("the keys descr, fortran_order, shape", keys.toString());
      }
      return new NpyHeader(dtype, fortranOrder, shape);
    }

    private NpyDtype descr() throws ModelFormatException {
      if (peek() == '[' || peek() == '(') {
        throw unsupported("a simple type", "a structured one");
      }
      String descr = string("a type");
      if (descr.matches("[<>|=]?O[0-9]*")) {
        throw unsupported(
            "numbers, text or bytes", "'%s', Python objects, which are a pickle".formatted(descr));
      }
      return NpyDtype.of(descr)
          .orElseThrow(
              () ->
                  unsupported(
                      "one of b1, i1-i8, u1-u8, f2-f8, c8, c16, S, U, V, M8, m8 behind <, >, | or =",
                      "'" + descr + "'"));
    }

    private boolean bool() throws ModelFormatException {
      for (String word : List.of("True", "False")) {
        peek();
        if (text.startsWith(word, next)) {
          next += word.length();
          return word.equals("True");
        }
      }
      throw malformed("True or False", found());
    }

    private List<Long> tuple() throws ModelFormatException {
      expect('(');
      List<Long> numbers = new ArrayList<>();
      boolean comma = true;
      while (!take(')')) {
        if (!comma) {
          throw malformed("',' or ')'", found());
        }
        if (numbers.size() == rankMax) {
          throw ModelFormatException.tooLarge(
              input, start + next, "shape", "up to " + rankMax + " dimensions", "more");
        }
        numbers.add(number());
        comma = take(',');
      }
      if (numbers.size() == 1 && !comma) {
        throw malformed("a tuple, in which a comma follows the only number", "a number");
      }
      return numbers;
    }

    private long number() throws ModelFormatException {
      peek();
      int begin = next;
      while (next < text.length() && text.charAt(next) >= '0' && text.charAt(next) <= '9') {
        next++;
      }
      String digits = text.substring(begin, next);
      try {
        long number = Long.parseLong(digits);
        // Python 2 wrote its long integers so.
        if (next < text.length() && text.charAt(next) == 'L') {
          next++;
        }
        return number;
      } catch (NumberFormatException e) {
        ModelFormatException error =
            malformed("a number from 0 to 2^63-1", digits.isEmpty() ? found() : digits);
        error.initCause(e);
        throw error;
      }
    }

    private String string(String what) throws ModelFormatException {
      char quote = peek();
      int end = quote == '\'' || quote == '"' ? text.indexOf(quote, next + 1) : -1;
      if (end < 0) {
        throw malformed(what + " in quotes", found());
      }
      String value = text.substring(next + 1, end);
      if (value.indexOf('\\') >= 0) {
        throw unsupported("text without escapes", "'" + value + "'");
      }
      next = end + 1;
      return value;
    }

    /** Returns the next character that is no white space without taking it; 0 at the end. */
    private char peek() {
      while (next < text.length() && " \t\r\n".indexOf(text.charAt(next)) >= 0) {
        next++;
      }
      return next < text.length() ? text.charAt(next) : 0;
    }

    private boolean take(char expected) {
      if (next < text.length() && peek() == expected) {
        next++;
        return true;
      }
      return false;
    }

    private void expect(char expected) throws ModelFormatException {
      if (!take(expected)) {
        throw malformed("'" + expected + "'", found());
      }
    }

    private String found() {
      return next < text.length() ? "'" + text.charAt(next) + "'" : "the end of the header";
    }

    private ModelFormatException malformed(String expected, String found) {
      return ModelFormatException.malformed(input, position(), "header", expected, found);
    }

    private ModelFormatException unsupported(String expected, String found) {
      return ModelFormatException.unsupported(input, position(), "header", expected, found);
    }

    private long position() {
      return Math.min(start + next, input.length());
    }
  }
}
