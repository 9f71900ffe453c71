package com.hartonomous.ingest.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.job.IngestOptions;
import com.hartonomous.ingest.sink.graph.GraphLevel;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every option is documented, and the shipped configuration files are valid. */
class OptionDeclarationsTest {

  private static final Path CONF = Path.of("../../conf");

  static List<Arguments> jobs() {
    return List.of(
        Arguments.of("ingest", IngestConfiguration.OPTIONS),
        Arguments.of("graph-sync", GraphSyncConfiguration.OPTIONS));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyOptionSaysWhatItIs(String job, List<Option<?>> options) {
    assertThat(options).extracting(Option::key).doesNotHaveDuplicates();
    for (Option<?> option : options) {
      assertThat(option.key()).matches("[a-z0-9]+\\.[a-z-]+");
      assertThat(option.description()).as(option.key()).hasSizeGreaterThan(15).endsWith(".");
      assertThat(option.required() ? option.defaultValue() : null).as(option.key()).isNull();
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void everyOptionIsRequiredOrHasADefaultOrMeansSomethingWhenUnset(
      String job, List<Option<?>> options) {
    assertThat(options)
        .filteredOn(option -> !option.required() && option.defaultValue() == null)
        .extracting(Option::key)
        .isSubsetOf(
            "sqlserver.password-file",
            "sqlserver.password-env",
            "neo4j.user",
            "neo4j.password-file",
            "neo4j.password-env");
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void defaultsAreWithinTheirOwnRange(String job, List<Option<?>> options) throws Exception {
    for (Option<?> option : options) {
      boolean structured =
          option.defaultValue() instanceof List
              || option.defaultValue() instanceof IngestOptions.ModelPaths;
      if (option.defaultValue() != null && !structured) {
        assertRoundTrip(option);
      }
    }
  }

  private static <T> void assertRoundTrip(Option<T> option) throws ConfigurationException {
    String written = option.type().format(option.defaultValue());
    Origin origin = new Origin("test", Path.of("/"));
    assertThat(option.type().read(option.key(), new ConfigurationNode.Scalar(written, origin)))
        .as(option.key())
        .isEqualTo(option.defaultValue());
  }

  @Test
  void theShippedIngestConfigurationPointsAtTheLocalServices() throws Exception {
    var options = IngestConfiguration.read(CONF.resolve("ingest.yaml"), List.of()).options();

    assertThat(options.sqlServer().address()).isEqualTo("127.0.0.1:14330/Hartonomous");
    assertThat(options.sqlServer().user()).isEqualTo("hartonomous");
    assertThat(options.web().port()).isEqualTo(18_081);
  }

  @Test
  void theShippedGraphSyncConfigurationPointsAtTheLocalServices() throws Exception {
    var options = GraphSyncConfiguration.read(CONF.resolve("graph-sync.yaml"), List.of()).options();

    assertThat(options.sqlServer().address()).isEqualTo("127.0.0.1:14330/Hartonomous");
    assertThat(options.neo4j().uri()).isEqualTo("bolt://127.0.0.1:17687");
    assertThat(options.neo4j().user()).isNull();
    assertThat(options.graph().level()).isEqualTo(GraphLevel.TENSOR);
  }

  @Test
  void graphSyncRefusesOptionsThatDoNotFitTogether() {
    Path file = CONF.resolve("graph-sync.yaml");
    assertThatThrownBy(
            () -> GraphSyncConfiguration.read(file, List.of("graph.slots=4", "job.parallelism=8")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "--set: graph.slots: expected at least job.parallelism, which is 8, found" + " 4.");
    assertThatThrownBy(() -> GraphSyncConfiguration.read(file, List.of("neo4j.password-env=P")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "--set: found a password for Neo4j without neo4j.user. Set"
                + " neo4j.user, or neither.");
    assertThatThrownBy(() -> GraphSyncConfiguration.read(file, List.of("neo4j.user=neo4j")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("exactly one of neo4j.password-file and neo4j.password-env");
  }
}
