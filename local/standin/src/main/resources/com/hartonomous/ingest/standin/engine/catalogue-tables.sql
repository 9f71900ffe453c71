-- What the stand-in knows about a database in SQL Server's own terms. H2's SQL; statements end at ";" before a line end.
-- Names compare without letter case, as in SQL Server's default collation.

CREATE SCHEMA IF NOT EXISTS standin_catalogue;

CREATE TABLE IF NOT EXISTS standin_catalogue.options (
  name VARCHAR(128) PRIMARY KEY,
  option_value VARCHAR(4000) NOT NULL);

-- Transactions that are open and have defined something.
CREATE TABLE IF NOT EXISTS standin_catalogue.unfinished (
  transaction_id BIGINT PRIMARY KEY);

CREATE TABLE IF NOT EXISTS standin_catalogue.schemas (
  schema_id INT PRIMARY KEY,
  name VARCHAR_IGNORECASE(128) NOT NULL UNIQUE,
  principal_id INT NOT NULL);

CREATE TABLE IF NOT EXISTS standin_catalogue.types (
  system_type_id SMALLINT PRIMARY KEY,
  name VARCHAR_IGNORECASE(128) NOT NULL,
  max_length SMALLINT NOT NULL,
  type_precision SMALLINT NOT NULL,
  type_scale SMALLINT NOT NULL,
  collation_name VARCHAR_IGNORECASE(128));

-- Negative ids: temporary tables and table variables of the sessions; cleared when the database opens.
CREATE TABLE IF NOT EXISTS standin_catalogue.objects (
  object_id INT PRIMARY KEY,
  schema_id INT NOT NULL,
  parent_object_id INT NOT NULL,
  name VARCHAR_IGNORECASE(128) NOT NULL,
  type VARCHAR_IGNORECASE(2) NOT NULL,
  definition VARCHAR,
  create_date TIMESTAMP(3) NOT NULL,
  modify_date TIMESTAMP(3) NOT NULL,
  is_system_named BOOLEAN NOT NULL);

CREATE INDEX IF NOT EXISTS standin_catalogue.objects_parent ON standin_catalogue.objects (parent_object_id);

CREATE TABLE IF NOT EXISTS standin_catalogue.columns (
  object_id INT NOT NULL,
  column_id INT NOT NULL,
  name VARCHAR_IGNORECASE(128) NOT NULL,
  system_type_id SMALLINT NOT NULL,
  max_length SMALLINT NOT NULL,
  type_precision SMALLINT NOT NULL,
  type_scale SMALLINT NOT NULL,
  is_nullable BOOLEAN NOT NULL,
  identity_seed BIGINT,
  identity_increment BIGINT,
  computed_definition VARCHAR,
  collation_name VARCHAR_IGNORECASE(128),
  default_object_id INT NOT NULL,
  PRIMARY KEY (object_id, column_id));

CREATE TABLE IF NOT EXISTS standin_catalogue.indexes (
  object_id INT NOT NULL,
  index_id INT NOT NULL,
  name VARCHAR_IGNORECASE(128) NOT NULL,
  is_clustered BOOLEAN NOT NULL,
  is_unique BOOLEAN NOT NULL,
  is_primary_key BOOLEAN NOT NULL,
  is_unique_constraint BOOLEAN NOT NULL,
  filter_definition VARCHAR,
  PRIMARY KEY (object_id, index_id));

CREATE TABLE IF NOT EXISTS standin_catalogue.index_columns (
  object_id INT NOT NULL,
  index_id INT NOT NULL,
  index_column_id INT NOT NULL,
  column_id INT NOT NULL,
  key_ordinal INT NOT NULL,
  is_descending_key BOOLEAN NOT NULL,
  PRIMARY KEY (object_id, index_id, index_column_id));

CREATE TABLE IF NOT EXISTS standin_catalogue.foreign_keys (
  object_id INT PRIMARY KEY,
  parent_object_id INT NOT NULL,
  referenced_object_id INT NOT NULL,
  key_index_id INT NOT NULL,
  delete_action VARCHAR(20) NOT NULL,
  update_action VARCHAR(20) NOT NULL);

CREATE TABLE IF NOT EXISTS standin_catalogue.foreign_key_columns (
  constraint_object_id INT NOT NULL,
  constraint_column_id INT NOT NULL,
  parent_object_id INT NOT NULL,
  parent_column_id INT NOT NULL,
  referenced_object_id INT NOT NULL,
  referenced_column_id INT NOT NULL,
  PRIMARY KEY (constraint_object_id, constraint_column_id));

-- Retention and polling as sp_cdc_change_job stores them.
CREATE TABLE IF NOT EXISTS standin_catalogue.cdc_jobs (
  job_type VARCHAR_IGNORECASE(20) PRIMARY KEY,
  max_trans INT NOT NULL,
  max_scans INT NOT NULL,
  continuous BOOLEAN NOT NULL,
  polling_interval BIGINT NOT NULL,
  retention BIGINT NOT NULL,
  threshold BIGINT NOT NULL);
