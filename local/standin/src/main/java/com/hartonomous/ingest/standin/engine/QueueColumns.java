package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.tsql.Environment.TableColumn;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.List;

/** The columns that every queue has, in their order ("CREATE QUEUE", "RECEIVE"). */
final class QueueColumns {

  private static final List<TableColumn> COLUMNS =
      List.of(
          column("status", SqlType.of(Kind.TINYINT), false),
          column("priority", SqlType.of(Kind.TINYINT), false),
          column("queuing_order", SqlType.of(Kind.BIGINT), false),
          column("conversation_group_id", SqlType.of(Kind.UNIQUEIDENTIFIER), false),
          column("conversation_handle", SqlType.of(Kind.UNIQUEIDENTIFIER), false),
          column("message_sequence_number", SqlType.of(Kind.BIGINT), false),
          column("service_name", SqlType.ofLength(Kind.NVARCHAR, 512), false),
          column("service_id", SqlType.of(Kind.INT), false),
          column("service_contract_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("service_contract_id", SqlType.of(Kind.INT), false),
          column("message_type_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("message_type_id", SqlType.of(Kind.INT), false),
          column("validation", SqlType.ofLength(Kind.NCHAR, 2), false),
          column("message_body", SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), true),
          column("message_enqueue_time", SqlType.of(Kind.DATETIME), false));

  private static final List<TableColumn> TRANSMISSION =
      List.of(
          column("conversation_handle", SqlType.of(Kind.UNIQUEIDENTIFIER), false),
          column("to_service_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("to_broker_instance", SqlType.ofLength(Kind.NVARCHAR, 128), true),
          column("from_service_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("service_contract_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("enqueue_time", SqlType.of(Kind.DATETIME), false),
          column("message_sequence_number", SqlType.of(Kind.BIGINT), false),
          column("message_type_name", SqlType.ofLength(Kind.NVARCHAR, 256), false),
          column("is_conversation_error", SqlType.of(Kind.BIT), false),
          column("is_end_of_dialog", SqlType.of(Kind.BIT), false),
          column("message_body", SqlType.ofLength(Kind.VARBINARY, SqlType.MAX), true),
          column("transmission_status", SqlType.ofLength(Kind.NVARCHAR, 4000), false),
          column("priority", SqlType.of(Kind.TINYINT), false));

  private QueueColumns() {}

  /** Names of services and the like compare by code point. */
  private static TableColumn column(String name, SqlType type, boolean nullable) {
    return new TableColumn(name, type, nullable, false, false, type.kind() == Kind.NVARCHAR);
  }

  /** Those of sys.transmission_queue. */
  static List<TableColumn> ofTransmissionQueue() {
    return TRANSMISSION;
  }

  static List<TableColumn> described() {
    return COLUMNS;
  }
}
