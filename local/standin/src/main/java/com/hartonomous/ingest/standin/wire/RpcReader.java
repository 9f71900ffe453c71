package com.hartonomous.ingest.standin.wire;

import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.wire.RpcRequest.Argument;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads all calls of an RPC message. The whole message is read before the first call is executed: a
 * client reads nothing before it has sent everything, so that answering early could block both.
 */
public final class RpcReader {
  private static final int CALLED_BY_NUMBER = 0xFFFF;
  private static final int BATCH_SEPARATOR = 0xFF;
  private static final int BATCH_SEPARATOR_7_1 = 0x80;
  private static final int NO_EXECUTE = 0xFE;
  private static final int MAX_PARAMETER_NAME_LENGTH = 128;
  private static final int MAX_NAME_LENGTH = 1046;
  private static final int OUTPUT = 0x01;
  private static final int DEFAULT_VALUE = 0x02;
  private static final int ENCRYPTED = 0x08;

  private final MessageReader in;
  private final ValueReader values;
  private final WireLimits limits;
  private final TdsVersion version;
  private boolean anotherCall;

  public RpcReader(MessageReader in, WireLimits limits, TdsVersion version) {
    this.in = in;
    this.version = version;
    this.limits = limits;
    this.values = new ValueReader(in, limits.valueBytes());
  }

  /**
   * Reads the message to its end.
   *
   * @throws SqlServerError for a parameter that the stand-in does not understand; the message has
   *     been drained
   */
  public List<RpcRequest> read() throws IOException, SqlServerError {
    List<RpcRequest> requests = new ArrayList<>();
    try {
      AllHeaders.skip(in, version);
      do {
        requests.add(readCall());
      } while (anotherCall && !in.atEnd());
    } catch (SqlServerError e) {
      in.drain();
      throw e;
    }
    in.close();
    return requests;
  }

  private RpcRequest readCall() throws IOException, SqlServerError {
    int nameLength = in.readUnsignedShort();
    int number = 0;
    String name = "";
    if (nameLength == CALLED_BY_NUMBER) {
      number = in.readUnsignedShort();
    } else if (nameLength == 0 || nameLength > MAX_NAME_LENGTH) {
      throw new ProtocolException(
          "Expected a procedure name of 1 to "
              + MAX_NAME_LENGTH
              + " characters, found "
              + nameLength);
    } else {
      name = in.readUtf16(nameLength);
    }
    int options = in.readUnsignedShort();
    anotherCall = false;
    List<Argument> arguments = new ArrayList<>();
    while (!in.atEnd()) {
      int length = in.readUnsignedByte();
      if (length == (version.isWide() ? BATCH_SEPARATOR : BATCH_SEPARATOR_7_1)) {
        anotherCall = true;
        break;
      }
      requireNameLength(length);
      if (arguments.size() == limits.parameters()) {
        throw new SqlServerError(
            8003,
            16,
            1,
            "The incoming request has too many parameters. The server supports a maximum of "
                + limits.parameters()
                + " parameters. Reduce the number of parameters and resend the request.");
      }
      arguments.add(readArgument(in.readUtf16(length), arguments.size() + 1));
    }
    return new RpcRequest(number, name, options, arguments);
  }

  private static void requireNameLength(int length) throws ProtocolException {
    if (length == NO_EXECUTE) {
      throw new ProtocolException("RPC with the no-execute flag is not supported");
    }
    if (length > MAX_PARAMETER_NAME_LENGTH) {
      throw new ProtocolException(
          String.format(
              "Expected a parameter name of at most %d characters or a separator, found 0x%02X",
              MAX_PARAMETER_NAME_LENGTH, length));
    }
  }

  private Argument readArgument(String name, int position) throws IOException, SqlServerError {
    int status = in.readUnsignedByte();
    String subject = "Parameter " + position + " (\"" + name + "\")";
    if ((status & (DEFAULT_VALUE | ENCRYPTED)) != 0) {
      throw new SqlServerError(
          8009,
          16,
          1,
          String.format(
              "%s: status 0x%02X (default value or encrypted) is not supported by the stand-in.",
              subject, status));
    }
    TypeInfo info = TypeInfo.read(in, subject);
    return new Argument(name, (status & OUTPUT) != 0, info.type(), values.readParameter(info));
  }
}
