package com.hartonomous.ingest.testing;

import java.time.Duration;
import java.util.UUID;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerLaunchException;
import org.testcontainers.mssqlserver.MSSQLServerContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The official container of SQL Server, started once in a process and ended with it: profile {@code
 * sqlserver} of the build asks for it. It needs a Docker engine, and that its user accepts the
 * licence of the image. Not to be loaded without that profile, which brings Testcontainers.
 */
final class SqlServerContainer {

  private static final String IMAGE = System.getProperty(RealServer.IMAGE_PROPERTY);
  private static final String ACCEPT_EULA = System.getProperty("sqlserver.accept-eula");
  private static final Duration START_TIMEOUT = Duration.ofMinutes(4);

  private SqlServerContainer() {}

  /**
   * Starts it, with SQL Server Agent, which runs change data capture.
   *
   * @throws IllegalStateException when the licence is not accepted, there is no Docker engine, or
   *     the container does not start
   */
  static RealServer start() {
    if (!"Y".equals(ACCEPT_EULA)) {
      throw new IllegalStateException(
          "the container of SQL Server has a licence (EULA) that only you can accept: read it at"
              + " https://go.microsoft.com/fwlink/?LinkId=746388, then pass"
              + " -Dsqlserver.accept-eula=Y");
    }
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      throw new IllegalStateException(
          "no Docker engine found, and -Psqlserver runs the tests on the container "
              + IMAGE
              + ": start Docker, or name a server in "
              + RealServer.URL_VARIABLE
              + ", or leave -Psqlserver out to run on the stand-in");
    }
    return run();
  }

  @SuppressWarnings("resource") // Testcontainers ends it with this process.
  private static RealServer run() {
    // Three of the four kinds of characters that its password policy asks for.
    String password = "Aa1-" + UUID.randomUUID();
    MSSQLServerContainer container =
        new MSSQLServerContainer(
                DockerImageName.parse(IMAGE)
                    .asCompatibleSubstituteFor("mcr.microsoft.com/mssql/server"))
            .acceptLicense()
            .withPassword(password)
            .withEnv("MSSQL_AGENT_ENABLED", "true")
            .withEnv("MSSQL_PID", "Developer")
            .withStartupTimeout(START_TIMEOUT);
    try {
      container.start();
    } catch (ContainerLaunchException e) {
      throw new IllegalStateException(
          "the container " + IMAGE + " does not start: " + e.getMessage(), e);
    }
    return RealServer.at(
        container.getHost(),
        container.getMappedPort(MSSQLServerContainer.MS_SQL_SERVER_PORT),
        container.getUsername(),
        password,
        true,
        true);
  }
}
