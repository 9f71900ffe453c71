package com.hartonomous.ingest.standin.session;

import com.hartonomous.ingest.standin.engine.EngineSession;
import com.hartonomous.ingest.standin.engine.ResultColumn;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.wire.BulkRowReader;
import com.hartonomous.ingest.standin.wire.Column;
import com.hartonomous.ingest.standin.wire.MessageInterruptedException;
import com.hartonomous.ingest.standin.wire.MessageReader;
import com.hartonomous.ingest.standin.wire.Packet;
import com.hartonomous.ingest.standin.wire.PacketSource;
import com.hartonomous.ingest.standin.wire.PacketType;
import com.hartonomous.ingest.standin.wire.PacketWriter;
import com.hartonomous.ingest.standin.wire.ProtocolException;
import com.hartonomous.ingest.standin.wire.RpcReader;
import com.hartonomous.ingest.standin.wire.RpcRequest;
import com.hartonomous.ingest.standin.wire.SqlBatch;
import com.hartonomous.ingest.standin.wire.TdsVersion;
import com.hartonomous.ingest.standin.wire.TokenWriter;
import com.hartonomous.ingest.standin.wire.TransactionRequest;
import com.hartonomous.ingest.standin.wire.WireLimits;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the requests of a logged-in connection, one after the other, on one thread. */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private final EngineSession session;
  private final PacketSource requests;
  private final Attention attention;
  private final WireLimits limits;
  private final ReplyWriter reply;
  private final ProcedureCalls procedures;
  private final TdsVersion version;

  Connection(
      EngineSession session,
      PacketSource requests,
      Attention attention,
      PacketWriter packets,
      WireLimits limits,
      String serverName,
      TdsVersion version) {
    this.version = version;
    this.session = session;
    this.requests = requests;
    this.attention = attention;
    this.limits = limits;
    this.reply = new ReplyWriter(packets, new TokenWriter(packets, serverName, version), attention);
    this.procedures = new ProcedureCalls(session, reply);
  }

  /**
   * Answers requests until the client leaves.
   *
   * @throws java.io.EOFException when it does
   * @throws IOException when it breaks the protocol, or an error has ended the connection
   */
  void run() throws IOException {
    try {
      answerAll();
    } finally {
      procedures.reset();
    }
  }

  private void answerAll() throws IOException {
    while (!reply.isFatal()) {
      Packet first = requests.next();
      if (first.type() == PacketType.ATTENTION) {
        requests.release(first);
        acknowledge();
        continue;
      }
      try {
        answer(first);
      } catch (MessageInterruptedException e) {
        answerInterrupted(e);
      } catch (ProtocolException e) {
        abort(
            "The incoming tabular data stream (TDS) protocol stream is incorrect. "
                + e.getMessage());
        throw e;
      } catch (RuntimeException e) {
        LOG.error("Request failed by a fault of the stand-in", e);
        abort("A fault of the stand-in ended the connection: " + e);
        throw new IOException("Ended by a fault of the stand-in", e);
      }
    }
    throw new IOException("Ended by an error of severity 20 or more");
  }

  private void answer(Packet first) throws IOException {
    MessageReader in = new MessageReader(requests, first, maxBytes(first.type()));
    switch (in.type()) {
      case PacketType.SQL_BATCH -> answerBatch(in);
      case PacketType.RPC -> answerCalls(in);
      case PacketType.BULK_LOAD -> answerBulkLoad(in);
      case PacketType.TRANSACTION_MANAGER -> answerTransactionRequest(in);
      default -> {
        LOG.warn("Unsupported message of type 0x{}", Integer.toHexString(in.type()));
        in.drain();
        reply.beginBatch();
        reply.error(
            new SqlServerError(
                50000,
                16,
                1,
                String.format(
                    "The stand-in does not support messages of type 0x%02X.", in.type())));
        reply.endBatch();
      }
    }
  }

  private long maxBytes(int type) {
    return switch (type) {
      case PacketType.SQL_BATCH -> limits.batchBytes();
      case PacketType.BULK_LOAD -> Long.MAX_VALUE;
      default -> limits.requestBytes();
    };
  }

  private void answerBatch(MessageReader in) throws IOException {
    boolean reset = in.resetsConnection() || in.resetsConnectionKeepingTransaction();
    String text = SqlBatch.read(in, version);
    reply.beginBatch();
    if (reset) {
      reset(in);
    }
    if (!procedures.unprepare(text)) {
      execute(() -> session.execute(text, List.of(), reply));
    }
    reply.endBatch();
  }

  /** Begins and ends transactions as the statements of the same meaning do. */
  private void answerTransactionRequest(MessageReader in) throws IOException {
    boolean reset = in.resetsConnection() || in.resetsConnectionKeepingTransaction();
    SqlServerError refusal = null;
    List<String> statements = List.of();
    try {
      statements = TransactionRequest.read(in, version).statements();
    } catch (SqlServerError e) {
      refusal = e;
    }
    reply.beginBatch();
    if (reset) {
      reset(in);
    }
    if (refusal != null) {
      reply.error(refusal);
    }
    for (String statement : statements) {
      if (!reply.hasFailed()) {
        execute(() -> session.execute(statement, List.of(), reply));
      }
    }
    reply.endBatch();
  }

  private void answerCalls(MessageReader in) throws IOException {
    boolean reset = in.resetsConnection() || in.resetsConnectionKeepingTransaction();
    List<RpcRequest> calls = List.of();
    SqlServerError refusal = null;
    try {
      calls = new RpcReader(in, limits, version).read();
    } catch (SqlServerError e) {
      refusal = e;
    }
    reply.beginBatch();
    if (reset) {
      reset(in);
    }
    if (refusal != null) {
      LOG.warn("Procedure call refused: {}", refusal.getMessage());
      reply.error(refusal);
      reply.endBatch();
      return;
    }
    for (int i = 0; i < calls.size(); i++) {
      RpcRequest call = calls.get(i);
      reply.beginProcedure();
      int[] handle = new int[1];
      execute(() -> handle[0] = procedures.execute(call));
      if (attention.isRequested()) {
        procedures.forget(handle[0]);
        reply.endInterrupted();
        return;
      }
      boolean more = i + 1 < calls.size() && !reply.isFatal();
      reply.endProcedure(more);
      if (reply.isFatal()) {
        return;
      }
    }
  }

  private void answerBulkLoad(MessageReader in) throws IOException {
    if (!session.awaitsBulkData()) {
      throw new ProtocolException("Bulk load data without an accepted INSERT BULK before it");
    }
    reply.beginBatch();
    Optional<MessageInterruptedException> interruption = Optional.empty();
    try {
      BulkRowReader rows = new BulkRowReader(in, limits, version);
      execute(() -> session.bulkInsert(new WireRows(rows), reply));
      interruption = rows.interruption();
    } catch (SqlServerError e) {
      reply.error(e);
    }
    in.drain();
    if (interruption.isPresent()) {
      answerInterrupted(interruption.get());
    } else {
      reply.endBatch();
    }
  }

  /** Something that executes in the engine. */
  private interface Execution {
    void run() throws IOException;
  }

  private void execute(Execution execution) throws IOException {
    if (!attention.beginExecution()) {
      return;
    }
    try {
      execution.run();
    } finally {
      attention.endExecution();
    }
  }

  private void reset(MessageReader in) throws IOException {
    if (in.resetsConnection() && in.resetsConnectionKeepingTransaction()) {
      throw new ProtocolException("RESETCONNECTION and RESETCONNECTIONSKIPTRAN exclude each other");
    }
    String database = session.database();
    long transaction = reply.transaction();
    session.reset(in.resetsConnectionKeepingTransaction());
    procedures.reset();
    reply.connectionReset();
    if (transaction != 0 && !in.resetsConnectionKeepingTransaction()) {
      reply.transactionEnded(transaction, false);
    }
    if (!database.equals(session.database())) {
      reply.databaseChanged(database, session.database());
    }
  }

  private void acknowledge() throws IOException {
    attention.acknowledge();
    reply.acknowledgeAttention();
  }

  private void answerInterrupted(MessageInterruptedException interruption) throws IOException {
    LOG.debug("Request given up by the client: {}", interruption.getMessage());
    reply.endInterrupted();
    if (interruption.byAttention()) {
      acknowledge();
    }
  }

  /** Ends the reply; what it holds so far are whole tokens, behind which an error may stand. */
  private void abort(String reason) throws IOException {
    reply.error(new SqlServerError(4002, 20, 1, reason));
    reply.endBatch();
  }

  /** The wire's rows as the engine takes them. */
  private static final class WireRows implements EngineSession.BulkRows {
    private final BulkRowReader rows;
    private final List<ResultColumn> columns;

    WireRows(BulkRowReader rows) {
      this.rows = rows;
      this.columns = rows.columns().stream().map(WireRows::described).toList();
    }

    private static ResultColumn described(Column column) {
      return new ResultColumn(
          column.name(), column.typeInfo().type(), column.nullable(), column.identity());
    }

    @Override
    public List<ResultColumn> columns() {
      return columns;
    }

    @Override
    public Object[] next() throws IOException, SqlServerError {
      return rows.next();
    }
  }
}
