/**
 * The values that stages hand to each other, and nothing else. Free of Flink: every field is a
 * primitive, a String, a byte array, an enum, another record, or an array of records, so that
 * Flink's own type extraction serializes them without Kryo. Byte arrays are never changed after a
 * record was made.
 */
package com.hartonomous.ingest.record;
