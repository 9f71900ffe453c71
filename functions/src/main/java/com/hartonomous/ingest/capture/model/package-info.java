/**
 * The source of models: submissions in the database become models, their files become splits, and
 * splits become unread chunk descriptors and node texts.
 *
 * <p>{@link com.hartonomous.ingest.capture.model.ModelFileSource} is the entry. On the JobManager
 * {@link com.hartonomous.ingest.capture.model.ModelSplitEnumerator} hands out splits and lets
 * {@link com.hartonomous.ingest.capture.model.ModelLifecycle} lead every model from its submission
 * to its end; all SQL is in {@link com.hartonomous.ingest.capture.model.ModelRegistry}. On the
 * TaskManagers {@link com.hartonomous.ingest.capture.model.ModelSourceReader} emits what its splits
 * describe. File contents are not read here.
 */
package com.hartonomous.ingest.capture.model;
