package com.hartonomous.ingest.cli.verify;

/**
 * Something that is not as it should be.
 *
 * @param check which check found it, for example {@code reference counts}
 * @param key what it is about, for example {@code atom 0a1b...}, {@code model 3, tensor 7}
 * @param message what was expected and what was found
 * @param pending whether the entity's changes were on their way at the time of the look: its outbox
 *     mark is not synced, or was not when the verification began
 */
public record Difference(String check, String key, String message, boolean pending) {}
