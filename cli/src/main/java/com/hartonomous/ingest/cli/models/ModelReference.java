package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.record.Sha256;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One way to read an argument MODEL, {@code [tenant/]name[@digest-prefix]}. Names may hold slashes
 * and at signs themselves, so that there may be several.
 *
 * @param tenantId null for any
 * @param digestPrefix hexadecimal digits in lower case; empty for any
 */
record ModelReference(Integer tenantId, String name, String digestPrefix) {

  /** What an argument is, for the help. */
  static final String DESCRIPTION =
      "[tenant/]name[@digest-prefix], as status lists them; the prefix tells versions of one name"
          + " apart.";

  /** Digits that tell the versions of a model apart, but by chance. */
  private static final int SHOWN_DIGITS = 12;

  private static final Pattern WITH_DIGEST =
      Pattern.compile("(.+)@([0-9a-fA-F]{1,64})", Pattern.DOTALL);
  private static final Pattern WITH_TENANT = Pattern.compile("(\\d{1,9})/(.+)", Pattern.DOTALL);

  /** All ways to read the argument. */
  static List<ModelReference> readings(String argument) {
    List<ModelReference> readings = new ArrayList<>();
    addReadings(argument, "", readings);
    Matcher withDigest = WITH_DIGEST.matcher(argument);
    if (withDigest.matches()) {
      addReadings(withDigest.group(1), withDigest.group(2).toLowerCase(Locale.ROOT), readings);
    }
    return readings;
  }

  private static void addReadings(
      String nameWithTenant, String digestPrefix, List<ModelReference> readings) {
    readings.add(new ModelReference(null, nameWithTenant, digestPrefix));
    Matcher withTenant = WITH_TENANT.matcher(nameWithTenant);
    if (withTenant.matches()) {
      readings.add(
          new ModelReference(
              Integer.valueOf(withTenant.group(1)), withTenant.group(2), digestPrefix));
    }
  }

  /**
   * Says whether this means that model.
   *
   * @param digest null while the model has none
   */
  boolean means(int tenantOfModel, String nameOfModel, Sha256 digest) {
    return name.equals(nameOfModel)
        && (tenantId == null || tenantId == tenantOfModel)
        && (digestPrefix.isEmpty() || digest != null && digest.toHex().startsWith(digestPrefix));
  }

  /** An argument that means that model. */
  static String format(int tenantId, String name, Sha256 digest) {
    return tenantId
        + "/"
        + name
        + (digest == null ? "" : "@" + digest.toHex().substring(0, SHOWN_DIGITS));
  }
}
