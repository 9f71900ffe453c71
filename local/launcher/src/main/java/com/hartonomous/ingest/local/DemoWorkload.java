package com.hartonomous.ingest.local;

import java.sql.SQLException;
import java.util.List;

/**
 * What happens to the demo's table: a part of the documents is there before the job starts and is
 * read by the snapshot; the rest is inserted while it runs, and rows are changed, blanked, moved to
 * another key and deleted.
 */
final class DemoWorkload {

  private static final int TRANSACTION_ROWS = 50;

  /** Added to a document's id when it is moved to another key; larger than any id. */
  private static final int MOVED_ID_OFFSET = 1_000_000;

  private final DemoTable table;
  private final List<DemoDocuments.Document> documents;
  private int inserted;
  private int updated;
  private int deleted;

  DemoWorkload(DemoTable table, List<DemoDocuments.Document> documents) {
    this.table = table;
    this.documents = documents;
  }

  /** Inserts the first half. */
  void before() throws SQLException {
    insertUpTo(documents.size() / 2);
  }

  /** Inserts the rest and changes rows in between, as an application would. */
  void during() throws SQLException {
    while (inserted < documents.size()) {
      int from = inserted;
      insertUpTo(Math.min(documents.size(), inserted + TRANSACTION_ROWS));
      if (inserted - from == TRANSACTION_ROWS) {
        // Rows of both halves: some were read by the snapshot, some streamed a moment ago.
        change(from - documents.size() / 2);
        change(from);
      }
    }
  }

  private void insertUpTo(int end) throws SQLException {
    while (inserted < end) {
      int next = Math.min(end, inserted + TRANSACTION_ROWS);
      table.insert(inserted + 1, documents.subList(inserted, next));
      inserted = next;
    }
  }

  /** Changes a few of the rows that begin behind the given index. */
  private void change(int index) throws SQLException {
    int id = index + 1;
    String original = documents.get(index).body();
    String other = documents.get(documents.size() - 1 - index).body();
    table.updateBody(id, other);
    table.updateBody(id, original);
    table.updateBody(id + 1, other);
    table.updateBody(id + 2, null);
    table.updateBody(id + 3, "");
    table.updateId(id + 4, id + 4 + MOVED_ID_OFFSET);
    updated += 6;
    for (int victim = id + 5; victim < id + 9; victim++) {
      table.delete(victim);
      deleted++;
    }
  }

  int inserted() {
    return inserted;
  }

  int updated() {
    return updated;
  }

  int deleted() {
    return deleted;
  }
}
