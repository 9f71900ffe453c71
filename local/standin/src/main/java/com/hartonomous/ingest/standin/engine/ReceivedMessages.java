package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.broker.Message;
import com.hartonomous.ingest.standin.tsql.ObjectName;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import java.sql.ResultSet;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.List;
import java.util.Optional;
import org.h2.tools.SimpleResultSet;

/**
 * The messages that a RECEIVE has taken from a queue, as the table that its select list is
 * evaluated on. For one thread.
 */
final class ReceivedMessages {

  private static final String TABLE =
      "(SELECT status, priority, queuing_order, CAST(conversation_group_id AS UUID) AS"
          + " conversation_group_id, CAST(conversation_handle AS UUID) AS conversation_handle,"
          + " message_sequence_number, service_name, service_id, service_contract_name,"
          + " service_contract_id, message_type_name, message_type_id, validation, message_body,"
          + " message_enqueue_time FROM \"STANDIN\".\"RECEIVED_MESSAGES\"())";

  private List<Message> messages = List.of();

  void set(List<Message> received) {
    messages = received;
  }

  /** In the order in which they were received. */
  ResultSet rows() {
    SimpleResultSet rows = new SimpleResultSet();
    rows.addColumn("status", Types.SMALLINT, 0, 0);
    rows.addColumn("priority", Types.SMALLINT, 0, 0);
    rows.addColumn("queuing_order", Types.BIGINT, 0, 0);
    rows.addColumn("conversation_group_id", Types.VARCHAR, 36, 0);
    rows.addColumn("conversation_handle", Types.VARCHAR, 36, 0);
    rows.addColumn("message_sequence_number", Types.BIGINT, 0, 0);
    rows.addColumn("service_name", Types.VARCHAR, 512, 0);
    rows.addColumn("service_id", Types.INTEGER, 0, 0);
    rows.addColumn("service_contract_name", Types.VARCHAR, 256, 0);
    rows.addColumn("service_contract_id", Types.INTEGER, 0, 0);
    rows.addColumn("message_type_name", Types.VARCHAR, 256, 0);
    rows.addColumn("message_type_id", Types.INTEGER, 0, 0);
    rows.addColumn("validation", Types.VARCHAR, 2, 0);
    rows.addColumn("message_body", Types.VARBINARY, 0, 0);
    rows.addColumn("message_enqueue_time", Types.TIMESTAMP, 0, 3);
    for (Message message : messages) {
      rows.addRow(
          Message.READY,
          Message.PRIORITY,
          message.queuingOrder(),
          message.group().toString(),
          message.conversation().toString(),
          message.sequence(),
          message.service(),
          message.serviceId(),
          message.contract(),
          message.contractId(),
          message.type(),
          message.typeId(),
          message.validation(),
          message.body(),
          Timestamp.valueOf(message.enqueued()));
    }
    return rows;
  }

  /** What names mean in a RECEIVE: the queue is what was taken from it. */
  static final class Environment implements com.hartonomous.ingest.standin.tsql.Environment {

    private final SessionEnvironment session;

    Environment(SessionEnvironment session) {
      this.session = session;
    }

    @Override
    public String database() {
      return session.database();
    }

    @Override
    public SqlType variableType(String name) throws SqlServerError {
      return session.variableType(name);
    }

    @Override
    public String table(ObjectName name) throws SqlServerError {
      return session.findQueue(name).isPresent() ? TABLE : session.table(name);
    }

    @Override
    public String newTable(ObjectName name) throws SqlServerError {
      return session.newTable(name);
    }

    @Override
    public String tableFunction(ObjectName name, List<String> arguments) throws SqlServerError {
      return session.tableFunction(name, arguments);
    }

    @Override
    public String schema(String name) throws SqlServerError {
      return session.schema(name);
    }

    @Override
    public Optional<List<TableColumn>> columns(ObjectName name) throws SqlServerError {
      return session.columns(name);
    }
  }
}
