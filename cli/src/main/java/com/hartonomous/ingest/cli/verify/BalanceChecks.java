package com.hartonomous.ingest.cli.verify;

import com.hartonomous.ingest.balance.Findings;
import com.hartonomous.ingest.balance.ModelBalance;
import com.hartonomous.ingest.balance.SourceBalance;
import com.hartonomous.ingest.balance.SubmissionBalance;
import com.hartonomous.ingest.balance.TableBalance;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The balance of each source: what came in is stored, known, a dead letter, or under way. */
final class BalanceChecks implements Findings {

  private final Differences differences;
  private final List<SourceBalance> sources = new ArrayList<>();

  BalanceChecks(Differences differences) {
    this.differences = differences;
  }

  void checkModels(Connection snapshot) throws SQLException {
    differences.begin("balance of submissions");
    SubmissionBalance.check(snapshot, this);
    differences.end();
    differences.begin("balance of models");
    ModelBalance.check(snapshot, this);
    differences.end();
  }

  void checkTables(SqlServerOptions server, Duration capturePatience)
      throws SQLException, IOException {
    differences.begin("balance of tables");
    TableBalance.check(server, this, capturePatience);
    differences.end();
  }

  /** Those that were checked, in that order. */
  List<SourceBalance> sources() {
    return List.copyOf(sources);
  }

  @Override
  public void balance(SourceBalance source) {
    sources.add(source);
    differences.examined(source.in());
  }

  @Override
  public void difference(String key, String message, boolean pending) {
    differences.add(key, message, pending);
  }
}
