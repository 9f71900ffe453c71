package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlType;
import java.util.List;

/**
 * One procedure call of an RPC message.
 *
 * @param procedureNumber one of the numbers of the well-known procedures, 0 when called by name
 * @param procedure its name, empty when called by number
 * @param options the or of OPTION_ bits
 */
public record RpcRequest(
    int procedureNumber, String procedure, int options, List<Argument> arguments) {

  /** The client knows the columns of the results already. */
  public static final int OPTION_NO_METADATA = 0x02;

  /**
   * An argument.
   *
   * @param name with its at sign, or empty
   * @param output whether the caller wants the parameter's value back
   * @param value an instance of the type's value class, or null
   */
  public record Argument(String name, boolean output, SqlType type, Object value) {}
}
