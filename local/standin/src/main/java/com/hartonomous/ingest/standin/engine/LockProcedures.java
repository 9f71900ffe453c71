package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.ApplicationLocks.Mode;
import com.hartonomous.ingest.standin.engine.ApplicationLocks.Owner;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.Locale;
import java.util.Optional;

/** sp_getapplock and sp_releaseapplock. */
final class LockProcedures {

  private static final int PARAMETER_ERROR = -999;
  private static final int RESOURCE_LENGTH_MAX = 255;

  private final H2Session session;

  LockProcedures(H2Session session) {
    this.session = session;
  }

  int acquire(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, java.io.IOException {
    String resource = resource(arguments);
    String modeName = arguments.requiredText("@LockMode", 1);
    Optional<Mode> mode = Mode.named(modeName);
    Optional<Owner> owner = owner(arguments, 2);
    long timeout = arguments.number("@LockTimeout", 3, session.options().lockTimeout);
    requirePublic(arguments, 4);
    if (mode.isEmpty() || owner.isEmpty() || timeout < -1) {
      return invalid(
          results,
          "An invalid parameter or option was specified for procedure 'sys.sp_getapplock'.");
    }
    if (owner.get() == Owner.TRANSACTION && !session.transaction().isOpen()) {
      return invalid(
          results,
          "You attempted to acquire a transactional application lock without an active"
              + " transaction.");
    }
    int status =
        session
            .engine()
            .applicationLocks()
            .acquire(session, owner.get(), resource, mode.get(), timeout);
    session.requireNotCancelled();
    return status;
  }

  int release(ProcedureArguments arguments, ResultConsumer results)
      throws SqlServerError, java.io.IOException {
    String resource = resource(arguments);
    Optional<Owner> owner = owner(arguments, 1);
    requirePublic(arguments, 2);
    if (owner.isEmpty()) {
      return invalid(
          results,
          "An invalid parameter or option was specified for procedure 'sys.sp_releaseapplock'.");
    }
    if (!session.engine().applicationLocks().release(session, owner.get(), resource)) {
      results.error(
          new SqlServerError(
              1223,
              16,
              1,
              "Cannot release the application lock (Database Principal: 'public', Resource: '"
                  + resource
                  + "') because it is not currently held."));
      return PARAMETER_ERROR;
    }
    return ApplicationLocks.GRANTED;
  }

  /** Names of locks compare by code point, and only their first 255 characters count. */
  private static String resource(ProcedureArguments arguments) throws SqlServerError {
    String resource = arguments.requiredText("@Resource", 0);
    return resource.substring(0, Math.min(resource.length(), RESOURCE_LENGTH_MAX));
  }

  private static Optional<Owner> owner(ProcedureArguments arguments, int position) {
    String owner = arguments.text("@LockOwner", position);
    return switch (owner == null ? "transaction" : owner.toLowerCase(Locale.ROOT)) {
      case "transaction" -> Optional.of(Owner.TRANSACTION);
      case "session" -> Optional.of(Owner.SESSION);
      default -> Optional.empty();
    };
  }

  private static void requirePublic(ProcedureArguments arguments, int position)
      throws SqlServerError {
    String principal = arguments.text("@DbPrincipal", position);
    if (principal != null && !principal.equalsIgnoreCase("public")) {
      throw DefinitionRunner.unsupported("application locks of the principal '" + principal + "'");
    }
  }

  private static int invalid(ResultConsumer results, String message) throws java.io.IOException {
    results.error(new SqlServerError(15600, 15, 1, message));
    return PARAMETER_ERROR;
  }
}
