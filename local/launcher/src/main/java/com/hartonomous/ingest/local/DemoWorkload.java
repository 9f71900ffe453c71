package com.hartonomous.ingest.local;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What happens to the demo's table: a part of the documents is there before the job starts and is
 * read by the snapshot; the rest is inserted while it runs, and rows are changed, blanked, moved to
 * another key and deleted.
 *
 * <p>All of it is a list of steps, the same in every process. Each is a transaction that also
 * counts it, so that whoever goes on after a crash does what is left and nothing twice.
 */
final class DemoWorkload {

  private static final int TRANSACTION_ROWS = 50;

  /** Added to a document's id when it is moved to another key; larger than any id. */
  private static final int MOVED_ID_OFFSET = 1_000_000;

  /** One transaction, and how many rows it inserts, updates and deletes. */
  private record Step(DemoTable.Change change, int inserted, int updated, int deleted) {}

  private final DemoTable table;
  private final List<DemoDocuments.Document> documents;
  private final List<Step> steps = new ArrayList<>();
  private final int stepsBefore;
  private int done;

  /**
   * @param table created
   * @throws SQLException when it cannot be asked how many steps are done
   */
  DemoWorkload(DemoTable table, List<DemoDocuments.Document> documents) throws SQLException {
    this.table = table;
    this.documents = documents;
    int half = documents.size() / 2;
    for (int from = 0; from < half; from += TRANSACTION_ROWS) {
      insert(from, Math.min(half, from + TRANSACTION_ROWS));
    }
    this.stepsBefore = steps.size();
    for (int from = half; from < documents.size(); from += TRANSACTION_ROWS) {
      int end = Math.min(documents.size(), from + TRANSACTION_ROWS);
      insert(from, end);
      if (end - from == TRANSACTION_ROWS) {
        // Rows of both halves: some were read by the snapshot, some streamed a moment ago.
        change(from - half);
        change(from);
      }
    }
    this.done = table.steps();
  }

  private void insert(int from, int end) {
    steps.add(new Step(t -> t.insert(from + 1, documents.subList(from, end)), end - from, 0, 0));
  }

  /** Changes a few of the rows that begin behind the given index. */
  private void change(int index) {
    int id = index + 1;
    String original = documents.get(index).body();
    String other = documents.get(documents.size() - 1 - index).body();
    update(t -> t.updateBody(id, other));
    update(t -> t.updateBody(id, original));
    update(t -> t.updateBody(id + 1, other));
    update(t -> t.updateBody(id + 2, null));
    update(t -> t.updateBody(id + 3, ""));
    update(t -> t.updateId(id + 4, id + 4 + MOVED_ID_OFFSET));
    for (int i = 5; i < 9; i++) {
      int victim = id + i;
      steps.add(new Step(t -> t.delete(victim), 0, 0, 1));
    }
  }

  private void update(DemoTable.Change change) {
    steps.add(new Step(change, 0, 1, 0));
  }

  /** Inserts the first half, or what is missing of it. */
  void before() throws SQLException {
    goOnTo(stepsBefore);
  }

  /** Inserts the rest and changes rows in between, as an application would. */
  void during() throws SQLException {
    goOnTo(steps.size());
  }

  private void goOnTo(int end) throws SQLException {
    while (done < end) {
      table.step(done, steps.get(done).change());
      done++;
    }
  }

  /** Steps of the whole workload. */
  int steps() {
    return steps.size();
  }

  /** Steps that are done, by this process or an earlier one. */
  int done() {
    return done;
  }

  /** Rows that all steps done so far inserted. */
  int inserted() {
    return steps.stream().limit(done).mapToInt(Step::inserted).sum();
  }

  int updated() {
    return steps.stream().limit(done).mapToInt(Step::updated).sum();
  }

  int deleted() {
    return steps.stream().limit(done).mapToInt(Step::deleted).sum();
  }
}
