-- The catalogue views that the stand-in offers, over its catalogue tables. H2's SQL; statements end at ";" before a line
-- end. Columns that would always be zero or null on this stand-in are left out unless a known client reads them.

CREATE SCHEMA IF NOT EXISTS sys;

CREATE SCHEMA IF NOT EXISTS standin_information_schema;

CREATE OR REPLACE VIEW sys.databases AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS name,
  CAST(5 AS INT) AS database_id,
  CAST((SELECT option_value FROM standin_catalogue.options WHERE name = 'create_date') AS TIMESTAMP(3)) AS create_date,
  CAST(150 AS SMALLINT) AS compatibility_level,
  CAST('SQL_Latin1_General_CP1_CI_AS' AS VARCHAR_IGNORECASE(128)) AS collation_name,
  CAST(0 AS SMALLINT) AS user_access,
  CAST('MULTI_USER' AS VARCHAR_IGNORECASE(60)) AS user_access_desc,
  FALSE AS is_read_only,
  CAST(0 AS SMALLINT) AS state,
  CAST('ONLINE' AS VARCHAR_IGNORECASE(60)) AS state_desc,
  CAST(COALESCE((SELECT CASE option_value WHEN 'ON' THEN 1 ELSE 0 END FROM standin_catalogue.options
    WHERE name = 'ALLOW_SNAPSHOT_ISOLATION'), 0) AS SMALLINT) AS snapshot_isolation_state,
  CAST(COALESCE((SELECT option_value FROM standin_catalogue.options
    WHERE name = 'ALLOW_SNAPSHOT_ISOLATION'), 'OFF') AS VARCHAR_IGNORECASE(60)) AS snapshot_isolation_state_desc,
  COALESCE((SELECT option_value = 'ON' FROM standin_catalogue.options
    WHERE name = 'READ_COMMITTED_SNAPSHOT'), FALSE) AS is_read_committed_snapshot_on,
  CAST(3 AS SMALLINT) AS recovery_model,
  CAST('SIMPLE' AS VARCHAR_IGNORECASE(60)) AS recovery_model_desc,
  (SELECT is_enabled FROM standin_broker.broker) AS is_broker_enabled,
  (SELECT id FROM standin_broker.broker) AS service_broker_guid,
  EXISTS (SELECT 1 FROM INFORMATION_SCHEMA.TABLES
    WHERE TABLE_SCHEMA = 'cdc' AND TABLE_NAME = 'change_tables') AS is_cdc_enabled,
  CAST(0x01 AS VARBINARY(85)) AS owner_sid;

CREATE OR REPLACE VIEW sys.schemas AS
SELECT name, schema_id, principal_id FROM standin_catalogue.schemas;

CREATE OR REPLACE VIEW sys.database_principals AS
SELECT CAST(name AS VARCHAR_IGNORECASE(128)) AS name, principal_id, CAST('S' AS VARCHAR_IGNORECASE(1)) AS type,
  CAST('SQL_USER' AS VARCHAR_IGNORECASE(60)) AS type_desc, CAST('dbo' AS VARCHAR_IGNORECASE(128)) AS default_schema_name
FROM (VALUES ('dbo', 1), ('guest', 2), ('INFORMATION_SCHEMA', 3), ('sys', 4)) AS v(name, principal_id);

CREATE OR REPLACE VIEW sys.types AS
SELECT name, system_type_id, CAST(CASE system_type_id WHEN 240 THEN 129 ELSE system_type_id END AS INT) AS user_type_id, CAST(4 AS INT) AS schema_id,
  max_length, type_precision AS "precision", type_scale AS "scale", collation_name,
  TRUE AS is_nullable, FALSE AS is_user_defined, system_type_id = 240 AS is_assembly_type, FALSE AS is_table_type
FROM standin_catalogue.types;

CREATE OR REPLACE VIEW sys.objects AS
SELECT o.name, o.object_id, CAST(NULL AS INT) AS principal_id, o.schema_id, o.parent_object_id, o.type,
  CAST(CASE o.type WHEN 'U' THEN 'USER_TABLE' WHEN 'V' THEN 'VIEW' WHEN 'P' THEN 'SQL_STORED_PROCEDURE'
    WHEN 'SQ' THEN 'SERVICE_QUEUE'
    WHEN 'PK' THEN 'PRIMARY_KEY_CONSTRAINT' WHEN 'UQ' THEN 'UNIQUE_CONSTRAINT' WHEN 'D' THEN 'DEFAULT_CONSTRAINT'
    WHEN 'F' THEN 'FOREIGN_KEY_CONSTRAINT' WHEN 'C' THEN 'CHECK_CONSTRAINT' END AS VARCHAR_IGNORECASE(60)) AS type_desc,
  o.create_date, o.modify_date, o.schema_id = 6 AS is_ms_shipped, FALSE AS is_published, FALSE AS is_schema_published
FROM standin_catalogue.objects o WHERE o.object_id > 0;

CREATE OR REPLACE VIEW sys.all_objects AS SELECT * FROM sys.objects;

CREATE OR REPLACE VIEW sys.tables AS
SELECT o.name, o.object_id, o.principal_id, o.schema_id, o.parent_object_id, o.type, o.type_desc, o.create_date,
  o.modify_date, o.is_ms_shipped, o.is_published, o.is_schema_published, FALSE AS is_replicated, FALSE AS is_external,
  FALSE AS is_memory_optimized, CAST(0 AS SMALLINT) AS temporal_type, FALSE AS is_node, FALSE AS is_edge,
  EXISTS (SELECT 1 FROM standin_capture.sources c JOIN standin_catalogue.schemas s ON s.name = c.schema_name
    WHERE s.schema_id = o.schema_id AND CAST(c.table_name AS VARCHAR_IGNORECASE(128)) = o.name) AS is_tracked_by_cdc,
  CAST(0 AS SMALLINT) AS lock_escalation, CAST('TABLE' AS VARCHAR_IGNORECASE(60)) AS lock_escalation_desc
FROM sys.objects o WHERE o.type = 'U';

CREATE OR REPLACE VIEW sys.views AS SELECT * FROM sys.objects WHERE type = 'V';

CREATE OR REPLACE VIEW sys.all_views AS SELECT * FROM sys.objects WHERE type = 'V';

CREATE OR REPLACE VIEW sys.procedures AS SELECT * FROM sys.objects WHERE type = 'P';

CREATE OR REPLACE VIEW sys.columns AS
SELECT c.object_id, c.name, c.column_id, c.system_type_id, CAST(CASE c.system_type_id WHEN 240 THEN 129 ELSE c.system_type_id END AS INT) AS user_type_id, c.max_length,
  c.type_precision AS "precision", c.type_scale AS "scale", c.collation_name, c.is_nullable, FALSE AS is_ansi_padded,
  FALSE AS is_rowguidcol, c.identity_seed IS NOT NULL AS is_identity, c.computed_definition IS NOT NULL AS is_computed,
  FALSE AS is_filestream, FALSE AS is_replicated, FALSE AS is_xml_document, CAST(0 AS INT) AS xml_collection_id,
  c.default_object_id, CAST(0 AS INT) AS rule_object_id, FALSE AS is_sparse, FALSE AS is_column_set,
  CAST(0 AS SMALLINT) AS generated_always_type, FALSE AS is_hidden, FALSE AS is_masked,
  CAST(NULL AS INT) AS encryption_type
FROM standin_catalogue.columns c;

CREATE OR REPLACE VIEW sys.all_columns AS SELECT * FROM sys.columns;

CREATE OR REPLACE VIEW sys.identity_columns AS
SELECT c.object_id, c.name, c.column_id, c.system_type_id, CAST(CASE c.system_type_id WHEN 240 THEN 129 ELSE c.system_type_id END AS INT) AS user_type_id, c.max_length,
  c.type_precision AS "precision", c.type_scale AS "scale", c.is_nullable, TRUE AS is_identity,
  c.identity_seed AS seed_value, c.identity_increment AS increment_value
FROM standin_catalogue.columns c WHERE c.identity_seed IS NOT NULL AND c.object_id > 0;

CREATE OR REPLACE VIEW sys.computed_columns AS
SELECT c.object_id, c.name, c.column_id, c.system_type_id, CAST(CASE c.system_type_id WHEN 240 THEN 129 ELSE c.system_type_id END AS INT) AS user_type_id, c.max_length,
  c.is_nullable, TRUE AS is_computed, c.computed_definition AS definition, FALSE AS is_persisted
FROM standin_catalogue.columns c WHERE c.computed_definition IS NOT NULL AND c.object_id > 0;

CREATE OR REPLACE VIEW sys.indexes AS
SELECT i.object_id, i.name, i.index_id, CAST(CASE WHEN i.is_clustered THEN 1 WHEN EXISTS (SELECT 1 FROM standin_catalogue.index_columns x JOIN standin_catalogue.columns c
    ON c.object_id = x.object_id AND c.column_id = x.column_id
    WHERE x.object_id = i.object_id AND x.index_id = i.index_id AND c.system_type_id = 240) THEN 4 ELSE 2 END AS SMALLINT) AS type,
  CAST(CASE WHEN i.is_clustered THEN 'CLUSTERED' WHEN EXISTS (SELECT 1 FROM standin_catalogue.index_columns x JOIN standin_catalogue.columns c
    ON c.object_id = x.object_id AND c.column_id = x.column_id
    WHERE x.object_id = i.object_id AND x.index_id = i.index_id AND c.system_type_id = 240)
    THEN 'SPATIAL' ELSE 'NONCLUSTERED' END AS VARCHAR_IGNORECASE(60)) AS type_desc,
  i.is_unique, CAST(1 AS INT) AS data_space_id, FALSE AS ignore_dup_key, i.is_primary_key, i.is_unique_constraint,
  CAST(0 AS SMALLINT) AS fill_factor, FALSE AS is_padded, FALSE AS is_disabled, FALSE AS is_hypothetical,
  i.filter_definition IS NOT NULL AS has_filter, i.filter_definition
FROM standin_catalogue.indexes i WHERE i.object_id > 0
UNION ALL
SELECT o.object_id, CAST(NULL AS VARCHAR_IGNORECASE(128)), CAST(0 AS INT), CAST(0 AS SMALLINT),
  CAST('HEAP' AS VARCHAR_IGNORECASE(60)), FALSE, CAST(1 AS INT), FALSE, FALSE, FALSE, CAST(0 AS SMALLINT), FALSE, FALSE,
  FALSE, FALSE, CAST(NULL AS VARCHAR)
FROM standin_catalogue.objects o WHERE o.type = 'U' AND o.object_id > 0
  AND NOT EXISTS (SELECT 1 FROM standin_catalogue.indexes i WHERE i.object_id = o.object_id AND i.is_clustered);

CREATE OR REPLACE VIEW sys.index_columns AS
SELECT object_id, index_id, index_column_id, column_id, CAST(key_ordinal AS SMALLINT) AS key_ordinal,
  CAST(0 AS SMALLINT) AS partition_ordinal, is_descending_key, key_ordinal = 0 AS is_included_column
FROM standin_catalogue.index_columns WHERE object_id > 0;

CREATE OR REPLACE VIEW sys.key_constraints AS
SELECT o.*, i.index_id AS unique_index_id, k.is_system_named
FROM sys.objects o JOIN standin_catalogue.objects k ON k.object_id = o.object_id
  JOIN standin_catalogue.indexes i ON i.object_id = o.parent_object_id AND i.name = o.name
WHERE o.type IN ('PK', 'UQ');

CREATE OR REPLACE VIEW sys.default_constraints AS
SELECT o.*, c.column_id AS parent_column_id, k.definition, k.is_system_named
FROM sys.objects o JOIN standin_catalogue.objects k ON k.object_id = o.object_id
  JOIN standin_catalogue.columns c ON c.default_object_id = o.object_id
WHERE o.type = 'D';

CREATE OR REPLACE VIEW sys.check_constraints AS
SELECT o.*, FALSE AS is_disabled, FALSE AS is_not_trusted, CAST(0 AS INT) AS parent_column_id, k.definition,
  k.is_system_named
FROM sys.objects o JOIN standin_catalogue.objects k ON k.object_id = o.object_id
WHERE o.type = 'C';

CREATE OR REPLACE VIEW sys.foreign_keys AS
SELECT o.*, f.referenced_object_id, f.key_index_id, FALSE AS is_disabled, FALSE AS is_not_trusted,
  CAST(CASE f.delete_action WHEN 'CASCADE' THEN 1 WHEN 'SET NULL' THEN 2 WHEN 'SET DEFAULT' THEN 3 ELSE 0 END AS SMALLINT)
    AS delete_referential_action,
  CAST(REPLACE(f.delete_action, ' ', '_') AS VARCHAR_IGNORECASE(60)) AS delete_referential_action_desc,
  CAST(CASE f.update_action WHEN 'CASCADE' THEN 1 WHEN 'SET NULL' THEN 2 WHEN 'SET DEFAULT' THEN 3 ELSE 0 END AS SMALLINT)
    AS update_referential_action,
  CAST(REPLACE(f.update_action, ' ', '_') AS VARCHAR_IGNORECASE(60)) AS update_referential_action_desc,
  k.is_system_named
FROM sys.objects o JOIN standin_catalogue.objects k ON k.object_id = o.object_id
  JOIN standin_catalogue.foreign_keys f ON f.object_id = o.object_id;

CREATE OR REPLACE VIEW sys.foreign_key_columns AS SELECT * FROM standin_catalogue.foreign_key_columns;

CREATE OR REPLACE VIEW sys.sql_modules AS
SELECT object_id, definition, TRUE AS uses_ansi_nulls, TRUE AS uses_quoted_identifier
FROM standin_catalogue.objects WHERE type IN ('V', 'P');

CREATE OR REPLACE VIEW sys.dm_db_partition_stats AS
SELECT CAST(o.object_id AS BIGINT) AS partition_id, o.object_id,
  CAST(CASE WHEN EXISTS (SELECT 1 FROM standin_catalogue.indexes i WHERE i.object_id = o.object_id AND i.is_clustered)
    THEN 1 ELSE 0 END AS INT) AS index_id,
  CAST(1 AS INT) AS partition_number, "STANDIN"."ROW_COUNT_OF"(o.object_id) AS row_count
FROM standin_catalogue.objects o WHERE o.type = 'U' AND o.object_id > 0;

CREATE OR REPLACE VIEW sys.partitions AS
SELECT partition_id, object_id, index_id, partition_number, row_count AS "rows" FROM sys.dm_db_partition_stats;

CREATE OR REPLACE VIEW standin_information_schema.SCHEMATA AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS CATALOG_NAME, name AS SCHEMA_NAME,
  CAST('dbo' AS VARCHAR_IGNORECASE(128)) AS SCHEMA_OWNER
FROM sys.schemas;

CREATE OR REPLACE VIEW standin_information_schema.TABLES AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
  CAST(CASE o.type WHEN 'U' THEN 'BASE TABLE' ELSE 'VIEW' END AS VARCHAR_IGNORECASE(10)) AS TABLE_TYPE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V');

CREATE OR REPLACE VIEW standin_information_schema.VIEWS AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
  o.definition AS VIEW_DEFINITION, CAST('NONE' AS VARCHAR_IGNORECASE(7)) AS CHECK_OPTION,
  CAST('NO' AS VARCHAR_IGNORECASE(2)) AS IS_UPDATABLE
FROM standin_catalogue.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type = 'V' AND o.object_id > 0;

CREATE OR REPLACE VIEW standin_information_schema.COLUMNS AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
  c.name AS COLUMN_NAME, c.column_id AS ORDINAL_POSITION, d.definition AS COLUMN_DEFAULT,
  CAST(CASE WHEN c.is_nullable THEN 'YES' ELSE 'NO' END AS VARCHAR_IGNORECASE(3)) AS IS_NULLABLE,
  t.name AS DATA_TYPE,
  CAST(CASE WHEN t.system_type_id IN (231, 239) AND c.max_length > 0 THEN c.max_length / 2
    WHEN t.system_type_id IN (165, 167, 173, 175, 231, 239) THEN c.max_length END AS INT) AS CHARACTER_MAXIMUM_LENGTH,
  CAST(CASE WHEN t.system_type_id IN (165, 167, 173, 175, 231, 239) THEN c.max_length END AS INT)
    AS CHARACTER_OCTET_LENGTH,
  CAST(CASE WHEN t.system_type_id IN (48, 52, 56, 59, 60, 62, 106, 108, 122, 127) THEN c.type_precision END AS SMALLINT)
    AS NUMERIC_PRECISION,
  CAST(CASE WHEN t.system_type_id IN (59, 62) THEN 2
    WHEN t.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN 10 END AS SMALLINT) AS NUMERIC_PRECISION_RADIX,
  CAST(CASE WHEN t.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN c.type_scale END AS INT) AS NUMERIC_SCALE,
  CAST(CASE WHEN t.system_type_id IN (40, 41, 42, 43, 58, 61) THEN c.type_scale END AS SMALLINT) AS DATETIME_PRECISION,
  CAST(CASE WHEN t.system_type_id IN (167, 175) THEN 'iso_1' WHEN t.system_type_id IN (231, 239) THEN 'UNICODE' END
    AS VARCHAR_IGNORECASE(128)) AS CHARACTER_SET_NAME,
  c.collation_name AS COLLATION_NAME
FROM standin_catalogue.columns c
  JOIN sys.objects o ON o.object_id = c.object_id
  JOIN sys.schemas s ON s.schema_id = o.schema_id
  JOIN standin_catalogue.types t ON t.system_type_id = c.system_type_id
  LEFT JOIN standin_catalogue.objects d ON d.object_id = c.default_object_id
WHERE o.type IN ('U', 'V');

CREATE OR REPLACE VIEW standin_information_schema.TABLE_CONSTRAINTS AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA,
  o.name AS CONSTRAINT_NAME, CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS TABLE_CATALOG, s.name AS TABLE_SCHEMA,
  p.name AS TABLE_NAME,
  CAST(CASE o.type WHEN 'PK' THEN 'PRIMARY KEY' WHEN 'UQ' THEN 'UNIQUE' WHEN 'F' THEN 'FOREIGN KEY' ELSE 'CHECK' END
    AS VARCHAR_IGNORECASE(11)) AS CONSTRAINT_TYPE,
  CAST('NO' AS VARCHAR_IGNORECASE(2)) AS IS_DEFERRABLE, CAST('NO' AS VARCHAR_IGNORECASE(2)) AS INITIALLY_DEFERRED
FROM sys.objects o JOIN sys.objects p ON p.object_id = o.parent_object_id
  JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type IN ('PK', 'UQ', 'F', 'C');

CREATE OR REPLACE VIEW standin_information_schema.KEY_COLUMN_USAGE AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA,
  k.name AS CONSTRAINT_NAME, CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS TABLE_CATALOG, s.name AS TABLE_SCHEMA,
  p.name AS TABLE_NAME, c.name AS COLUMN_NAME, CAST(x.key_ordinal AS INT) AS ORDINAL_POSITION
FROM sys.key_constraints k JOIN sys.objects p ON p.object_id = k.parent_object_id
  JOIN sys.schemas s ON s.schema_id = k.schema_id
  JOIN standin_catalogue.index_columns x ON x.object_id = k.parent_object_id AND x.index_id = k.unique_index_id
  JOIN standin_catalogue.columns c ON c.object_id = x.object_id AND c.column_id = x.column_id
UNION ALL
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)), s.name, f.name, CAST(DATABASE() AS VARCHAR_IGNORECASE(128)), s.name,
  p.name, c.name, x.constraint_column_id
FROM sys.foreign_keys f JOIN sys.objects p ON p.object_id = f.parent_object_id
  JOIN sys.schemas s ON s.schema_id = f.schema_id
  JOIN standin_catalogue.foreign_key_columns x ON x.constraint_object_id = f.object_id
  JOIN standin_catalogue.columns c ON c.object_id = x.parent_object_id AND c.column_id = x.parent_column_id;

CREATE OR REPLACE VIEW standin_information_schema.REFERENTIAL_CONSTRAINTS AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA,
  f.name AS CONSTRAINT_NAME, CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS UNIQUE_CONSTRAINT_CATALOG,
  rs.name AS UNIQUE_CONSTRAINT_SCHEMA, i.name AS UNIQUE_CONSTRAINT_NAME,
  CAST('SIMPLE' AS VARCHAR_IGNORECASE(7)) AS MATCH_OPTION,
  REPLACE(f.update_referential_action_desc, '_', ' ') AS UPDATE_RULE,
  REPLACE(f.delete_referential_action_desc, '_', ' ') AS DELETE_RULE
FROM sys.foreign_keys f JOIN sys.schemas s ON s.schema_id = f.schema_id
  JOIN sys.objects r ON r.object_id = f.referenced_object_id
  JOIN sys.schemas rs ON rs.schema_id = r.schema_id
  JOIN standin_catalogue.indexes i ON i.object_id = f.referenced_object_id AND i.index_id = f.key_index_id;

CREATE OR REPLACE VIEW standin_information_schema.ROUTINES AS
SELECT CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS SPECIFIC_CATALOG, s.name AS SPECIFIC_SCHEMA,
  o.name AS SPECIFIC_NAME, CAST(DATABASE() AS VARCHAR_IGNORECASE(128)) AS ROUTINE_CATALOG, s.name AS ROUTINE_SCHEMA,
  o.name AS ROUTINE_NAME, CAST('PROCEDURE' AS VARCHAR_IGNORECASE(20)) AS ROUTINE_TYPE,
  o.definition AS ROUTINE_DEFINITION, o.create_date AS CREATED, o.modify_date AS LAST_ALTERED
FROM standin_catalogue.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type = 'P';

-- No database here has any of these; tools ask all the same.
CREATE OR REPLACE VIEW sys.extended_properties AS
SELECT CAST(0 AS SMALLINT) AS class, CAST(0 AS INT) AS major_id, CAST(0 AS INT) AS minor_id,
  CAST('' AS VARCHAR_IGNORECASE(128)) AS name WHERE 1 = 0;

CREATE OR REPLACE VIEW sys.assemblies AS
SELECT CAST('' AS VARCHAR_IGNORECASE(128)) AS name, CAST(0 AS INT) AS assembly_id, FALSE AS is_user_defined WHERE 1 = 0;

CREATE OR REPLACE VIEW sys.service_queues AS
SELECT o.*, CAST(0 AS SMALLINT) AS max_readers, CAST(NULL AS VARCHAR_IGNORECASE(776)) AS activation_procedure,
  CAST(NULL AS INT) AS execute_as_principal_id, FALSE AS is_activation_enabled, q.is_receive_enabled,
  q.is_enqueue_enabled, FALSE AS is_retention_enabled, q.is_poison_message_handling_enabled
FROM sys.objects o JOIN standin_broker.queues q ON q.object_id = o.object_id;

CREATE OR REPLACE VIEW sys.services AS
SELECT name, service_id, CAST(1 AS INT) AS principal_id, queue_id AS service_queue_id FROM standin_broker.services;

CREATE OR REPLACE VIEW sys.service_contracts AS
SELECT name, service_contract_id, CAST(1 AS INT) AS principal_id FROM standin_broker.contracts;

CREATE OR REPLACE VIEW sys.service_contract_usages AS
SELECT service_id, service_contract_id FROM standin_broker.service_contracts;

CREATE OR REPLACE VIEW sys.service_message_types AS
SELECT name, message_type_id, CAST(1 AS INT) AS principal_id, CAST(validation AS CHAR(2)) AS validation,
  CAST(CASE validation WHEN 'N' THEN 'BINARY' WHEN 'E' THEN 'EMPTY' ELSE 'XML' END AS VARCHAR_IGNORECASE(60))
    AS validation_desc, CAST(NULL AS INT) AS xml_collection_id
FROM standin_broker.message_types;

CREATE OR REPLACE VIEW sys.service_contract_message_usages AS
SELECT service_contract_id, message_type_id, by_initiator AS is_sent_by_initiator, by_target AS is_sent_by_target
FROM standin_broker.contract_messages;

CREATE OR REPLACE VIEW sys.conversation_endpoints AS
SELECT conversation_handle, conversation_id, is_initiator, service_contract_id, conversation_group_id, service_id,
  lifetime, state, CAST(CASE state WHEN 'SO' THEN 'STARTED_OUTBOUND' WHEN 'CO' THEN 'CONVERSING'
    WHEN 'DI' THEN 'DISCONNECTED_INBOUND' WHEN 'DO' THEN 'DISCONNECTED_OUTBOUND' WHEN 'ER' THEN 'ERROR'
    ELSE 'CLOSED' END AS VARCHAR_IGNORECASE(60)) AS state_desc,
  far_service, far_broker_instance, CAST(1 AS INT) AS principal_id, send_sequence, FALSE AS is_system,
  CAST(5 AS SMALLINT) AS priority
FROM standin_broker.endpoints;

CREATE OR REPLACE VIEW sys.conversation_groups AS
SELECT DISTINCT conversation_group_id, service_id, FALSE AS is_system FROM standin_broker.endpoints WHERE state <> 'CD';

CREATE OR REPLACE VIEW sys.transmission_queue AS
SELECT t.conversation_handle, e.far_service AS to_service_name, e.far_broker_instance AS to_broker_instance,
  s.name AS from_service_name, c.name AS service_contract_name, t.enqueue_time, t.message_sequence_number,
  m.name AS message_type_name, t.message_type_id = 1 AS is_conversation_error, t.message_type_id = 2 AS is_end_of_dialog,
  t.message_body, t.transmission_status, CAST(5 AS SMALLINT) AS priority
FROM standin_broker.transmission t JOIN standin_broker.endpoints e ON e.conversation_handle = t.conversation_handle
  JOIN standin_broker.services s ON s.service_id = e.service_id
  JOIN standin_broker.contracts c ON c.service_contract_id = e.service_contract_id
  JOIN standin_broker.message_types m ON m.message_type_id = t.message_type_id;
