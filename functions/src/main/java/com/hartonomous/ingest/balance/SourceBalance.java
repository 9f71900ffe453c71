package com.hartonomous.ingest.balance;

/**
 * What became of the input of a source: {@code in = stored + known + dead + underWay}, unless a
 * difference was found.
 *
 * @param source {@code submissions}, {@code models}, or a captured table's {@code schema.table}
 * @param unit what is counted
 * @param in what came in: submissions; chunks and nodes that models expect, a failed model whose
 *     file could not be read as one; segments of a table's present values, one that is too large to
 *     be stored as one
 * @param stored what is there because of it; for models, with an atom that it brought
 * @param known what needed nothing new: duplicates; references of models to atoms that were there.
 *     Zero for tables, whose references are all counted as stored
 * @param dead what dead letters account for
 * @param underWay what is yet to come, or about to be released
 */
public record SourceBalance(
    String source, String unit, long in, long stored, long known, long dead, long underWay) {}
