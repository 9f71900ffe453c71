package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The system procedures by name. What is not here does not exist (2812) or is refused by name. */
final class SystemProcedures {

  /** A procedure of the system; returns its return status. */
  @FunctionalInterface
  interface Procedure {
    int run(ProcedureArguments arguments, ResultConsumer results)
        throws SqlServerError, SQLException, IOException, Interpreter.BatchEndedException;
  }

  private final Map<String, Procedure> procedures = new HashMap<>();

  SystemProcedures(H2Session session, SessionState state, Interpreter interpreter) {
    MetadataProcedures metadata = new MetadataProcedures(session);
    procedures.put("sp_tables", metadata::tables);
    procedures.put("sp_columns", metadata::columnsOfOld);
    procedures.put("sp_columns_100", metadata::columns);
    procedures.put("sp_pkeys", metadata::primaryKeys);
    procedures.put("sp_fkeys", metadata::foreignKeys);
    procedures.put("sp_statistics", metadata::statistics);
    procedures.put("sp_statistics_100", metadata::statistics);
    procedures.put("sp_stored_procedures", metadata::storedProcedures);
    procedures.put("sp_sproc_columns", metadata::procedureColumns);
    procedures.put("sp_sproc_columns_100", metadata::procedureColumns);
    procedures.put("sp_databases", metadata::databases);
    procedures.put("sp_special_columns", metadata::specialColumns);
    procedures.put("sp_special_columns_100", metadata::specialColumns);
    procedures.put("sp_datatype_info", metadata::dataTypes);
    procedures.put("sp_datatype_info_100", metadata::dataTypes);
    procedures.put("sp_table_privileges", metadata::tablePrivileges);
    procedures.put("sp_column_privileges", metadata::columnPrivileges);
    LockProcedures locks = new LockProcedures(session);
    procedures.put("sp_getapplock", locks::acquire);
    procedures.put("sp_releaseapplock", locks::release);
    CaptureProcedures capture = new CaptureProcedures(session);
    procedures.put("sp_cdc_enable_db", capture::enableDatabase);
    procedures.put("sp_cdc_disable_db", capture::disableDatabase);
    procedures.put("sp_cdc_enable_table", capture::enableTable);
    procedures.put("sp_cdc_disable_table", capture::disableTable);
    procedures.put("sp_cdc_help_change_data_capture", capture::help);
    procedures.put("sp_cdc_help_jobs", capture::helpJobs);
    procedures.put("sp_cdc_change_job", capture::changeJob);
    procedures.put("sp_cdc_cleanup_change_table", capture::cleanUp);
    procedures.put("sp_mscdc_cleanup_job", capture::runCleanUpJob);
    procedures.put("sp_cdc_start_job", capture::startJob);
    procedures.put("sp_cdc_get_ddl_history", capture::ddlHistory);
    procedures.put("sp_cdc_get_captured_columns", capture::capturedColumns);
    for (String name :
        List.of("sp_cdc_stop_job", "sp_cdc_add_job", "sp_cdc_drop_job", "sp_cdc_scan")) {
      procedures.put(name, (arguments, results) -> refuse("sys." + name));
    }
    procedures.put(
        "sp_executesql",
        (arguments, results) -> ExecuteSql.run(arguments, interpreter, session, results));
    procedures.put(
        "sp_reset_connection",
        (arguments, results) -> {
          session.reset(false);
          return 0;
        });
    procedures.put("sp_rename", (arguments, results) -> refuse("sp_rename"));
  }

  private static int refuse(String name) throws SqlServerError {
    throw DefinitionRunner.unsupported("the procedure '" + name + "'");
  }

  Optional<Procedure> find(String name) {
    return Optional.ofNullable(procedures.get(name.toLowerCase(Locale.ROOT)));
  }
}
