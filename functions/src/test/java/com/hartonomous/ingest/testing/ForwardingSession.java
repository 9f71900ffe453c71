package com.hartonomous.ingest.testing;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.Parameter;
import com.hartonomous.ingest.standin.engine.ResultConsumer;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.util.List;

/** A session of the stand-in that passes everything on to another one. */
abstract class ForwardingSession implements EngineSession {

  private final EngineSession session;

  ForwardingSession(EngineSession session) {
    this.session = session;
  }

  @Override
  public void execute(String batch, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    session.execute(batch, parameters, results);
  }

  @Override
  public boolean isQuery(String batch) throws SqlServerError {
    return session.isQuery(batch);
  }

  @Override
  public void query(String batch, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    session.query(batch, parameters, results);
  }

  @Override
  public void call(String procedure, List<Parameter> parameters, ResultConsumer results)
      throws IOException {
    session.call(procedure, parameters, results);
  }

  @Override
  public boolean awaitsBulkData() {
    return session.awaitsBulkData();
  }

  @Override
  public void bulkInsert(BulkRows rows, ResultConsumer results) throws IOException {
    session.bulkInsert(rows, results);
  }

  @Override
  public void cancel() {
    session.cancel();
  }

  @Override
  public void reset(boolean keepTransaction) {
    session.reset(keepTransaction);
  }

  @Override
  public String database() {
    return session.database();
  }

  @Override
  public void close() {
    session.close();
  }
}
