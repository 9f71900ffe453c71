package com.hartonomous.ingest.testing;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.test.junit5.MiniClusterExtension;

/** The Flink of integration tests: one TaskManager in this process. */
public final class FlinkCluster {

  /**
   * RocksDB flushes at almost every write in a slot of 20 MB, Flink's share of four in a test: its
   * write buffers are handed out in blocks of 8 MB, and get a third of the memory.
   */
  private static final MemorySize MANAGED_MEMORY_OF_SLOT = MemorySize.ofMebiBytes(64);

  private FlinkCluster() {}

  /** Returns a cluster of so many slots, for a static field of the test. */
  public static MiniClusterExtension extension(int slots) {
    Configuration configuration = new Configuration();
    configuration.set(
        TaskManagerOptions.MANAGED_MEMORY_SIZE, MANAGED_MEMORY_OF_SLOT.multiply(slots));
    return new MiniClusterExtension(
        new MiniClusterResourceConfiguration.Builder()
            .setConfiguration(configuration)
            .setNumberTaskManagers(1)
            .setNumberSlotsPerTaskManager(slots)
            .build());
  }
}
