package com.hartonomous.ingest.local;

import com.hartonomous.ingest.cli.TextTable;
import com.hartonomous.ingest.cli.Units;
import com.hartonomous.ingest.cli.status.Status;
import com.hartonomous.ingest.runtime.Neo4jOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.neo4j.driver.Driver;
import org.neo4j.driver.QueryConfig;
import org.neo4j.driver.Record;

/** What the demo shows at its end. */
final class DemoReport {

  private static final String NODES =
      "MATCH (n) UNWIND labels(n) AS name RETURN name, count(*) AS count";
  private static final String RELATIONSHIPS =
      "MATCH ()-[r]->() RETURN type(r) AS name, count(*) AS count";

  private DemoReport() {}

  static void print(
      Status status, DemoTable.Captured captured, DemoWorkload workload, PrintWriter out) {
    TextTable models =
        new TextTable(
            "model",
            "state",
            "tensors",
            "chunks",
            "nodes",
            "unique atoms",
            "bytes in",
            "bytes stored",
            "shared bytes");
    for (Status.Model model : status.models()) {
      models.add(
          model.name(),
          model.state(),
          model.tensors(),
          model.storedChunks(),
          model.storedNodes(),
          model.atoms(),
          model.bytes(),
          model.newBytes(),
          model.sharedBytes());
    }
    models.add(
        "all",
        "",
        "",
        "",
        "",
        "",
        total(status, Status.Model::bytes),
        total(status, Status.Model::newBytes),
        total(status, Status.Model::sharedBytes));
    models.print(out);
    out.printf(
        "rows          %d inserted, %d updates, %d deletes by SQL; %d remain with %d references%n",
        workload.inserted(),
        workload.updated(),
        workload.deleted(),
        captured.rows(),
        captured.found());
    for (Status.Capture group : status.capture()) {
      out.printf(
          "captured      %d rows by snapshot; streamed: %d inserts, %d updates, %d deletes%n",
          group.snapshotRows(), group.insertedRows(), group.updatedRows(), group.deletedRows());
    }
    out.printf("dead letters  %d%n", status.deadLetters().total());
    out.printf("outbox        %d%n", status.outbox().unsynced());
  }

  private static long total(Status status, ToLongFunction<Status.Model> bytes) {
    return status.models().stream().mapToLong(bytes).sum();
  }

  /** Counts nodes and relationships in the graph itself. */
  static void printGraph(Neo4jOptions neo4j, PrintWriter out) throws IOException {
    try (Driver driver = neo4j.open()) {
      out.printf("graph nodes   %s%n", counts(driver, neo4j, NODES));
      out.printf("relationships %s%n", counts(driver, neo4j, RELATIONSHIPS));
    }
  }

  private static String counts(Driver driver, Neo4jOptions neo4j, String query) {
    List<Record> records =
        driver
            .executableQuery(query)
            .withConfig(QueryConfig.builder().withDatabase(neo4j.database()).build())
            .execute()
            .records();
    Map<String, Long> counts = new TreeMap<>();
    for (Record record : records) {
      counts.put(record.get("name").asString(), record.get("count").asLong());
    }
    return String.join(
        ", ", counts.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList());
  }

  /** How long something took. */
  static String since(long startNanos) {
    return Units.duration(java.time.Duration.ofNanos(System.nanoTime() - startNanos));
  }
}
