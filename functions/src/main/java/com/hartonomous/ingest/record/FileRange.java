package com.hartonomous.ingest.record;

/**
 * Bytes of a file as it was when it was submitted.
 *
 * @param uri readable from every TaskManager
 * @param fileLength the file's length in bytes at submission
 * @param modifiedAt the file's modification time at submission, milliseconds since 1970 UTC
 * @param offset first byte of the range
 * @param length bytes in the range, at most the largest chunk size
 */
public record FileRange(String uri, long fileLength, long modifiedAt, long offset, int length) {}
