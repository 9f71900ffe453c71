/**
 * Model files as bytes: which tensors a file holds and where, read from its headers alone.
 *
 * <p>{@link com.hartonomous.ingest.format.ModelFormats} finds the {@link
 * com.hartonomous.ingest.format.ModelFormat} of a file, which makes a {@link
 * com.hartonomous.ingest.format.ModelLayout} of it; {@link com.hartonomous.ingest.format.ChunkPlan}
 * cuts the file, {@link com.hartonomous.ingest.format.TensorContent} reads one tensor. Everything
 * in a file counts as hostile. Nothing here knows Flink.
 */
package com.hartonomous.ingest.format;
