package com.hartonomous.ingest.job.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.junit.jupiter.api.Test;

/** Flink itself reads the shipped cluster configuration as it is meant. */
class FlinkConfigurationTest {

  @Test
  void flinkUnderstandsTheShippedConfiguration() {
    Configuration configuration = GlobalConfiguration.loadConfiguration("../../conf/flink");

    assertThat(configuration.get(TaskManagerOptions.NUM_TASK_SLOTS)).isEqualTo(4);
    assertThat(configuration.get(TaskManagerOptions.TOTAL_PROCESS_MEMORY))
        .isEqualTo(MemorySize.ofMebiBytes(4096));
    assertThat(configuration.get(TaskManagerOptions.MANAGED_MEMORY_FRACTION)).isEqualTo(0.5f);
    assertThat(configuration.get(RestartStrategyOptions.RESTART_STRATEGY))
        .isEqualTo("exponential-delay");
    assertThat(
            configuration.get(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(configuration.get(CheckpointingOptions.SAVEPOINT_DIRECTORY))
        .isEqualTo("file:///var/lib/flink/savepoints");
  }
}
