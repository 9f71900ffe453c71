package com.hartonomous.ingest.job.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.job.config.ConfigurationException;
import com.hartonomous.ingest.sql.SchemaMigrations;
import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SchemaVersionITCase {

  @RegisterExtension final SqlServerExtension server = SqlServerExtension.withoutSchema();

  @Test
  void aDatabaseWithoutTheSchemaIsRefusedUntilItIsMigrated() throws Exception {
    try (Sql sql = server.connect()) {
      assertThatThrownBy(() -> SqlServerCheck.requireSchema(sql.connection(), server.options()))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("is not there, expected version")
          .hasMessageEndingWith("Run ./hartonomous migrate.");

      List<String> versions = new SchemaMigrations(server.options().dataSource("test")).migrate();

      assertThat(Integer.parseInt(versions.get(versions.size() - 1)))
          .as("the version that the jobs rely on is the newest one")
          .isEqualTo(SqlServerCheck.SCHEMA_VERSION);
      assertThatCode(() -> SqlServerCheck.requireSchema(sql.connection(), server.options()))
          .doesNotThrowAnyException();
    }
  }
}
