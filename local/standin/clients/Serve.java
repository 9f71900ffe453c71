import com.hartonomous.ingest.standin.SqlServerStandIn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/**
 * Starts a stand-in on a free port, writes its certificate to a file and prints the port; ends when
 * its standard input does. Arguments: user, password, file.
 */
public final class Serve {
  public static void main(String[] arguments) throws Exception {
    try (SqlServerStandIn server =
        SqlServerStandIn.builder().login(arguments[0], arguments[1]).database("Clients").start()) {
      Files.writeString(
          Path.of(arguments[2]),
          "-----BEGIN CERTIFICATE-----\n"
              + Base64.getMimeEncoder().encodeToString(server.certificate().getEncoded())
              + "\n-----END CERTIFICATE-----\n");
      System.out.println(server.port());
      while (System.in.read() >= 0) {
        // Only the end matters.
      }
    }
  }
}
