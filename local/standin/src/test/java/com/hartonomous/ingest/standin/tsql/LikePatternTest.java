package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LikePatternTest {

  private static final String SEED_PROPERTY = "likePatternSeed";

  @ParameterizedTest
  @CsvSource({
    "abc, abc, true",
    "abc, ABC, true",
    "abc, a%, true",
    "abc, %c, true",
    "abc, a_c, true",
    "abc, a__c, false",
    "abc, [a-c][^x]_, true",
    "xbc, [a-c]bc, false",
    "a-c, a[-]c, true",
    "a%c, a[%]c, true",
    "abc, a[%]c, false",
    "a]c, a[]]c, true",
    "a[c, a[[]c, true",
    "'', %, true",
    "'', _, false",
    "aaab, %ab, true",
    "aaab, %a%b%, true",
  })
  void matchesAsTransactSql(String text, String pattern, boolean expected) {
    assertThat(LikePattern.compile(pattern, -1, true).matches(text)).isEqualTo(expected);
  }

  @Test
  void heedsLetterCaseAndEscapes() {
    assertThat(LikePattern.compile("a%", -1, false).matches("Abc")).isFalse();
    assertThat(LikePattern.compile("a!%", '!', true).matches("a%")).isTrue();
    assertThat(LikePattern.compile("a!%", '!', true).matches("abc")).isFalse();
  }

  /** Against the definition, tried in every way. */
  @Test
  void agreesWithTheDefinition() {
    long seed = Long.getLong(SEED_PROPERTY, System.nanoTime());
    Random random = new Random(seed);
    for (int i = 0; i < 5_000; i++) {
      String text = random(random, "ab", 8);
      String pattern = random(random, "ab%_", 8);
      assertThat(LikePattern.compile(pattern, -1, false).matches(text))
          .as("-D%s=%d: '%s' LIKE '%s'", SEED_PROPERTY, seed, text, pattern)
          .isEqualTo(definition(text, pattern));
    }
  }

  private static String random(Random random, String alphabet, int longest) {
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(longest + 1); length > 0; length--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }

  private static boolean definition(String text, String pattern) {
    if (pattern.isEmpty()) {
      return text.isEmpty();
    }
    String rest = pattern.substring(1);
    if (pattern.charAt(0) == '%') {
      for (int i = 0; i <= text.length(); i++) {
        if (definition(text.substring(i), rest)) {
          return true;
        }
      }
      return false;
    }
    return !text.isEmpty()
        && (pattern.charAt(0) == '_' || pattern.charAt(0) == text.charAt(0))
        && definition(text.substring(1), rest);
  }
}
