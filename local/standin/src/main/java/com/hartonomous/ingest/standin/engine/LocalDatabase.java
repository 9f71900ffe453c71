package com.hartonomous.ingest.standin.engine;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** How a stand-in database is opened. Made by {@link #builder()}; immutable. */
public final class LocalDatabase {

  /** The name of a database when none is given. */
  public static final String DEFAULT_NAME = "Hartonomous";

  /** The login when none is given. */
  public static final String DEFAULT_USER = "hartonomous";

  private static final int NAME_LENGTH_MAX = 128;

  private final String name;
  private final String user;
  private final String password;
  private final Path dataDirectory;
  private final FaultInjector faultInjector;

  private LocalDatabase(Builder builder) {
    this.name = builder.name;
    this.user = builder.user;
    this.password = builder.password;
    this.dataDirectory = builder.dataDirectory;
    this.faultInjector = builder.faultInjector;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The database's name, as clients write it. */
  public String name() {
    return name;
  }

  /** The only login. */
  public String user() {
    return user;
  }

  String password() {
    return password;
  }

  /** Where the database's file is; empty for a database in memory. */
  public Optional<Path> dataDirectory() {
    return Optional.ofNullable(dataDirectory);
  }

  FaultInjector faultInjector() {
    return faultInjector;
  }

  /** Collects the settings of a {@link LocalDatabase}. */
  public static final class Builder {
    private String name = DEFAULT_NAME;
    private String user = DEFAULT_USER;
    private String password;
    private Path dataDirectory;
    private FaultInjector faultInjector = FaultInjector.NONE;

    private Builder() {}

    /** Letters, digits and underscores, at most 128; the name is also that of the file. */
    public Builder name(String databaseName) {
      if (databaseName.isEmpty()
          || databaseName.length() > NAME_LENGTH_MAX
          || !databaseName.chars().allMatch(c -> c == '_' || Character.isLetterOrDigit(c))) {
        throw new IllegalArgumentException(
            "a database name has 1 to 128 letters, digits or underscores, found '"
                + databaseName
                + "'");
      }
      this.name = databaseName;
      return this;
    }

    /** The login that clients must use. */
    public Builder login(String userName, String userPassword) {
      this.user = Objects.requireNonNull(userName, "userName");
      this.password = Objects.requireNonNull(userPassword, "userPassword");
      return this;
    }

    /** Keeps the database in a file in this directory, which is created when missing. */
    public Builder dataDirectory(Path directory) {
      this.dataDirectory = Objects.requireNonNull(directory, "directory");
      return this;
    }

    public Builder faultInjector(FaultInjector injector) {
      this.faultInjector = Objects.requireNonNull(injector, "injector");
      return this;
    }

    /**
     * Checks the settings.
     *
     * @throws IllegalStateException when no login was given
     */
    public LocalDatabase build() {
      if (password == null) {
        throw new IllegalStateException(
            "a stand-in database needs a login: call login(user, password)");
      }
      return new LocalDatabase(this);
    }
  }
}
