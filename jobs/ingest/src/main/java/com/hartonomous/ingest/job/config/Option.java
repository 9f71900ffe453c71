package com.hartonomous.ingest.job.config;

/**
 * The declaration of an option.
 *
 * @param key with dots, for example {@code sqlserver.port}
 * @param defaultValue null when the option must be given, or may stay unset
 * @param required whether it must be given
 * @param description one sentence for the operator
 */
record Option<T>(
    String key, OptionType<T> type, T defaultValue, boolean required, String description) {

  static <T> Option<T> withDefault(
      String key, OptionType<T> type, T defaultValue, String description) {
    return new Option<>(key, type, defaultValue, false, description);
  }

  static <T> Option<T> required(String key, OptionType<T> type, String description) {
    return new Option<>(key, type, null, true, description);
  }

  /** An option whose absence means something, which the description says. */
  static <T> Option<T> unset(String key, OptionType<T> type, String description) {
    return new Option<>(key, type, null, false, description);
  }
}
