package com.hartonomous.ingest.standin.broker;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.Locale;
import java.util.UUID;

/** Service Broker's errors, in SQL Server's numbers and words ("Database Engine events"). */
final class BrokerErrors {

  static final int CLOSED_REMOTE = 8462;
  static final int DROPPED_REMOTE = 8470;
  static final int EXPIRED = 8489;

  private BrokerErrors() {}

  static SqlServerError error(int number, String message) {
    return new SqlServerError(number, 16, 1, message);
  }

  static SqlServerError unknownHandle(UUID handle) {
    return error(8426, "The conversation handle \"" + text(handle) + "\" is not found.");
  }

  static SqlServerError unknownGroup(UUID group) {
    return error(8436, "The conversation group \"" + text(group) + "\" is not found.");
  }

  static SqlServerError unknownService(String name) {
    return error(8423, "The service \"" + name + "\" is not found.");
  }

  static SqlServerError invalidState(int number, String statement, State state) {
    return error(
        number,
        "The conversation endpoint is not in a valid state for "
            + statement
            + ". The current endpoint state is '"
            + state
            + "'.");
  }

  static SqlServerError disabled(String queue) {
    return error(9617, "The service queue \"" + queue + "\" is currently disabled.");
  }

  static SqlServerError cancelled() {
    return error(3617, "Cancelled by the client.");
  }

  static SqlServerError lockTimeout() {
    return new SqlServerError(1222, 16, 51, "Lock request time out period exceeded.");
  }

  static SqlServerError deadlock() {
    return new SqlServerError(
        1205,
        13,
        51,
        "Transaction was deadlocked on lock resources with another process and has been chosen as"
            + " the deadlock victim. Rerun the transaction.");
  }

  /** Identifiers in upper case, as SQL Server shows them. */
  static String text(UUID id) {
    return id.toString().toUpperCase(Locale.ROOT);
  }
}
