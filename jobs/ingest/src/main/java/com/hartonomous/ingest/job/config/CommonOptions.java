package com.hartonomous.ingest.job.config;

import com.hartonomous.ingest.job.CheckpointOptions;
import com.hartonomous.ingest.job.JobOptions;
import com.hartonomous.ingest.job.WebOptions;
import com.hartonomous.ingest.runtime.OperatorUids;
import com.hartonomous.ingest.runtime.Secret;
import com.hartonomous.ingest.runtime.SqlServerOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The options that every job has. */
final class CommonOptions {

  static final Option<String> SQLSERVER_HOST =
      Option.required(
          "sqlserver.host", OptionTypes.text("a host name", 255), "Host of the SQL Server.");
  static final Option<Integer> SQLSERVER_PORT =
      Option.withDefault(
          "sqlserver.port", OptionTypes.integer(1, 65_535), 1433, "TCP port of the SQL Server.");
  static final Option<String> SQLSERVER_DATABASE =
      Option.withDefault(
          "sqlserver.database",
          OptionTypes.text("a database name", 128),
          "Hartonomous",
          "Database that holds the atoms and the captured tables.");
  static final Option<String> SQLSERVER_USER =
      Option.required("sqlserver.user", OptionTypes.text("a login", 128), "SQL Server login.");
  static final Option<String> SQLSERVER_PASSWORD_FILE =
      Option.unset(
          "sqlserver.password-file",
          OptionTypes.location(),
          "File whose first line is the login's password, at the same path on every machine of the"
              + " cluster; set this or sqlserver.password-env.");
  static final Option<String> SQLSERVER_PASSWORD_ENV =
      Option.unset(
          "sqlserver.password-env",
          OptionTypes.text("the name of an environment variable", 255),
          "Environment variable with the login's password, set on every machine of the cluster; set"
              + " this or sqlserver.password-file.");
  static final Option<Boolean> SQLSERVER_ENCRYPT =
      Option.withDefault(
          "sqlserver.encrypt", OptionTypes.bool(), true, "Whether to use TLS to the SQL Server.");
  static final Option<Boolean> SQLSERVER_TRUST_SERVER_CERTIFICATE =
      Option.withDefault(
          "sqlserver.trust-server-certificate",
          OptionTypes.bool(),
          false,
          "Whether to accept any certificate, for a server with a self-signed one.");
  static final Option<Duration> SQLSERVER_LOGIN_TIMEOUT =
      Option.withDefault(
          "sqlserver.login-timeout",
          OptionTypes.duration(Duration.ofSeconds(1), Duration.ofMinutes(10)),
          Duration.ofSeconds(15),
          "Limit for opening a connection; whole seconds count.");

  static final Option<Duration> CHECKPOINT_INTERVAL =
      Option.withDefault(
          "checkpoint.interval",
          OptionTypes.duration(Duration.ofMillis(100), Duration.ofHours(1)),
          Duration.ofSeconds(5),
          "From the start of one checkpoint to the start of the next.");
  static final Option<String> CHECKPOINT_DIRECTORY =
      Option.required(
          "checkpoint.directory",
          OptionTypes.location(),
          "Where checkpoints go: a path or URI that every machine of the cluster can write.");
  static final Option<Duration> CHECKPOINT_TIMEOUT =
      Option.withDefault(
          "checkpoint.timeout",
          OptionTypes.duration(Duration.ofSeconds(1), Duration.ofHours(24)),
          Duration.ofMinutes(10),
          "After which an unfinished checkpoint is given up.");

  static final Option<Integer> JOB_PARALLELISM =
      Option.withDefault(
          "job.parallelism",
          OptionTypes.integer(1, OperatorUids.MAX_PARALLELISM),
          2,
          "Parallel instances of every operator that can have more than one.");

  static final Option<Integer> WEB_PORT =
      Option.withDefault(
          "web.port",
          OptionTypes.integer(0, 65_535),
          18_081,
          "Port of Flink's web UI when the job runs in its own process; 0 takes any free one.");
  static final Option<String> WEB_BIND_ADDRESS =
      Option.withDefault(
          "web.bind-address",
          OptionTypes.text("an address", 255),
          "127.0.0.1",
          "Address that Flink's web UI listens on when the job runs in its own process.");

  static final List<Option<?>> SQLSERVER =
      List.of(
          SQLSERVER_HOST,
          SQLSERVER_PORT,
          SQLSERVER_DATABASE,
          SQLSERVER_USER,
          SQLSERVER_PASSWORD_FILE,
          SQLSERVER_PASSWORD_ENV,
          SQLSERVER_ENCRYPT,
          SQLSERVER_TRUST_SERVER_CERTIFICATE,
          SQLSERVER_LOGIN_TIMEOUT);

  static final List<Option<?>> CHECKPOINT =
      List.of(CHECKPOINT_INTERVAL, CHECKPOINT_DIRECTORY, CHECKPOINT_TIMEOUT);

  static final List<Option<?>> WEB = List.of(WEB_PORT, WEB_BIND_ADDRESS);

  private CommonOptions() {}

  /** The job's name; each job has another default. */
  static Option<String> jobName(String defaultName) {
    return Option.withDefault(
        "job.name",
        OptionTypes.text("a name", 100),
        defaultName,
        "Name of the job; keep it over restarts, claims carry it.");
  }

  static SqlServerOptions sqlServer(OptionValues values) throws ConfigurationException {
    return new SqlServerOptions(
        values.get(SQLSERVER_HOST),
        values.get(SQLSERVER_PORT),
        values.get(SQLSERVER_DATABASE),
        values.get(SQLSERVER_USER),
        secret(values, SQLSERVER_PASSWORD_FILE, SQLSERVER_PASSWORD_ENV),
        values.get(SQLSERVER_ENCRYPT),
        values.get(SQLSERVER_TRUST_SERVER_CERTIFICATE),
        values.get(SQLSERVER_LOGIN_TIMEOUT));
  }

  /** The secret that exactly one of two options names. */
  static Secret secret(OptionValues values, Option<String> file, Option<String> environment)
      throws ConfigurationException {
    String path = values.get(file);
    String variable = values.get(environment);
    if ((path == null) == (variable == null)) {
      throw values
          .origin(path == null ? file : environment)
          .refuse(
              String.format(
                  Locale.ROOT,
                  "expected exactly one of %s and %s, found %s. Set one of them.",
                  file.key(),
                  environment.key(),
                  path == null ? "neither" : "both"));
    }
    return path != null ? Secret.fromFile(path) : Secret.fromEnvironment(variable);
  }

  static CheckpointOptions checkpoint(OptionValues values) {
    return new CheckpointOptions(
        values.get(CHECKPOINT_INTERVAL),
        values.get(CHECKPOINT_DIRECTORY),
        values.get(CHECKPOINT_TIMEOUT));
  }

  static JobOptions job(OptionValues values, Option<String> name) {
    return new JobOptions(values.get(name), values.get(JOB_PARALLELISM));
  }

  static WebOptions web(OptionValues values) {
    return new WebOptions(values.get(WEB_PORT), values.get(WEB_BIND_ADDRESS));
  }
}
