package com.hartonomous.ingest.format.gguf;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file of a split model, {@code PREFIX-00001-of-00003.gguf}.
 *
 * @param number from 0, though the name counts from 1
 */
record SplitName(String prefix, int number, int count) {
  private static final Pattern PATTERN = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  static Optional<SplitName> parse(String fileName) {
    Matcher matcher = PATTERN.matcher(fileName);
    return matcher.matches()
        ? Optional.of(
            new SplitName(
                matcher.group(1),
                Integer.parseInt(matcher.group(2)) - 1,
                Integer.parseInt(matcher.group(3))))
        : Optional.empty();
  }

  static String suffix(int number, int count) {
    return "-%05d-of-%05d.gguf".formatted(number + 1, count);
  }

  /** Returns the name of another file of the model. */
  String of(int otherNumber) {
    return prefix + suffix(otherNumber, count);
  }
}
