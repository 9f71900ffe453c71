package com.hartonomous.ingest.capture.sqlserver;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The rows of a change table as the connector reads them: texts are {@link ExactText}, and the next
 * row is not read before there is room for it in {@link QueuedBytes}.
 */
final class ChangeRows implements InvocationHandler {

  private static final int OPERATION_POSITION = 3;
  private static final int UPDATE_BEFORE = 3;

  private final ResultSet rows;
  private final QueuedBytes queuedBytes;

  /** Of the change that is being read: an update has two rows. */
  private long bytes;

  private boolean half;

  private ChangeRows(ResultSet rows, QueuedBytes queuedBytes) {
    this.rows = rows;
    this.queuedBytes = queuedBytes;
  }

  /**
   * @param queuedBytes null when nothing bounds them
   */
  static ResultSet of(ResultSet rows, QueuedBytes queuedBytes) {
    return proxy(new ChangeRows(rows, queuedBytes));
  }

  /** Those of a table without changes. */
  static ResultSet none() {
    return proxy(
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "next" -> false;
              case "close" -> null;
              default -> throw new UnsupportedOperationException(method.getName());
            });
  }

  private static ResultSet proxy(InvocationHandler handler) {
    return (ResultSet)
        Proxy.newProxyInstance(
            ChangeRows.class.getClassLoader(), new Class<?>[] {ResultSet.class}, handler);
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals("next")) {
      startRow();
    }
    Object value;
    try {
      value = method.invoke(rows, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    if (arguments != null && arguments.length == 1 && arguments[0] instanceof Integer position) {
      if (method.getName().equals("getObject")) {
        Object exact = ExactText.exact(value, rows, position);
        bytes += QueuedBytes.of(exact);
        return exact;
      }
      if (method.getName().equals("getInt") && position == OPERATION_POSITION) {
        half = (int) value == UPDATE_BEFORE;
      }
    }
    return value;
  }

  private void startRow() throws SQLException {
    if (queuedBytes == null || half) {
      half = false;
      return;
    }
    // Nothing was read of a row that the connector passes over.
    if (bytes > 0) {
      queuedBytes.add(bytes);
      bytes = 0;
    }
    try {
      queuedBytes.awaitRoom();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("Interrupted while it waited for room for a change.", e);
    }
  }
}
