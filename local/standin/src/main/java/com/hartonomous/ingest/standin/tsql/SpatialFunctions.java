package com.hartonomous.ingest.standin.tsql;

import com.hartonomous.ingest.standin.type.ClrGeometry;
import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.SQLException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ByteOrderValues;
import org.locationtech.jts.io.Ordinate;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;
import org.locationtech.jts.io.WKBWriter;
import org.locationtech.jts.io.WKTReader;

/**
 * The methods of GEOMETRY as H2 calls them. Inside H2 a geometry is extended well-known binary
 * (EWKB); JTS calculates. A method gives NULL when an argument is NULL or the spatial references
 * differ, as in SQL Server.
 */
public final class SpatialFunctions {

  private static final Pattern FOUR_ORDINATES =
      Pattern.compile(
          "\\s*(\\w+)\\s*(\\(+\\s*[-+.\\w]+\\s+[-+.\\w]+\\s+[-+.\\w]+\\s+[-+.\\w]+\\s*[,)].*)",
          Pattern.DOTALL);
  private static final Pattern POINT_WITHOUT_Z =
      Pattern.compile(
          "\\s*POINT\\s*\\(\\s*(\\S+)\\s+(\\S+)\\s+NULL\\s+(\\S+)\\s*\\)\\s*",
          Pattern.CASE_INSENSITIVE);
  private static final double WHOLE_NUMBERS_MAX = 1e15;

  private SpatialFunctions() {}

  private static Geometry geometry(byte[] ewkb) throws SQLException {
    try {
      return new WKBReader(ClrGeometry.factory(0)).read(ewkb);
    } catch (ParseException e) {
      throw new SQLException("a stored geometry cannot be read", e);
    }
  }

  private static byte[] ewkb(Geometry geometry) {
    Coordinate first = geometry.isEmpty() ? new Coordinate() : geometry.getCoordinate();
    boolean z = !Double.isNaN(first.getZ());
    boolean m = !Double.isNaN(first.getM());
    WKBWriter writer =
        new WKBWriter(2 + (z ? 1 : 0) + (m ? 1 : 0), ByteOrderValues.BIG_ENDIAN, true);
    writer.setOutputOrdinates(
        z && m
            ? Ordinate.createXYZM()
            : m ? Ordinate.createXYM() : z ? Ordinate.createXYZ() : Ordinate.createXY());
    return writer.write(geometry);
  }

  /** SQL Server's binary form to EWKB. */
  public static byte[] fromClr(byte[] clr) throws SQLException {
    if (clr == null) {
      return null;
    }
    try {
      return ewkb(ClrGeometry.read(clr));
    } catch (SqlServerError e) {
      throw new SQLException(e.getMessage(), e);
    }
  }

  /** EWKB to SQL Server's binary form. */
  public static byte[] toClr(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : ClrGeometry.write(geometry(ewkb));
  }

  /** geometry::Point. */
  public static byte[] point(Double x, Double y, Integer srid) throws SQLException {
    if (x == null || y == null || srid == null) {
      return null;
    }
    return ewkb(ClrGeometry.factory(checked(srid)).createPoint(new Coordinate(x, y)));
  }

  private static int checked(int srid) throws SQLException {
    if (srid < 0 || srid > 999_999) {
      throw error(
          "System.ArgumentException: 24100: The spatial reference identifier (SRID) is not valid."
              + " SRIDs must be between 0 and 999999.");
    }
    return srid;
  }

  private static SQLException error(String message) {
    return BuiltinFunctions.error(
        6522,
        "A .NET Framework error occurred during execution of user-defined routine or aggregate"
            + " \"geometry\": "
            + message);
  }

  /**
   * Well-known text to a geometry.
   *
   * @param kind the type that it must be, for example {@code POINT}; empty for any
   */
  public static byte[] fromText(String text, Integer srid, String kind) throws SQLException {
    if (text == null || srid == null) {
      return null;
    }
    WKTReader reader = new WKTReader(ClrGeometry.factory(checked(srid)));
    Geometry read;
    try {
      read = reader.read(standard(text));
    } catch (ParseException | IllegalArgumentException e) {
      throw error(
          "System.FormatException: 24114: The input well-known text (WKT) is not valid: "
              + Errors.shorten(text));
    }
    if (!kind.isEmpty() && !read.getGeometryType().toUpperCase(Locale.ROOT).equals(kind)) {
      throw error(
          "System.FormatException: 24142: Expected "
              + kind
              + " in the input well-known text (WKT), found "
              + read.getGeometryType().toUpperCase(Locale.ROOT)
              + ".");
    }
    return ewkb(read);
  }

  /** SQL Server does not name Z and M in its text. */
  private static String standard(String text) {
    Matcher measured = POINT_WITHOUT_Z.matcher(text);
    if (measured.matches()) {
      return "POINT M ("
          + measured.group(1)
          + " "
          + measured.group(2)
          + " "
          + measured.group(3)
          + ")";
    }
    Matcher four = FOUR_ORDINATES.matcher(text);
    return four.matches() ? four.group(1) + " ZM " + four.group(2) : text;
  }

  /** Well-known text; {@code all} adds Z and M where there are any. */
  public static String text(byte[] ewkb, boolean all) throws SQLException {
    if (ewkb == null) {
      return null;
    }
    StringBuilder text = new StringBuilder();
    append(text, geometry(ewkb), all);
    return text.toString();
  }

  private static void append(StringBuilder text, Geometry geometry, boolean all) {
    text.append(geometry.getGeometryType().toUpperCase(Locale.ROOT)).append(' ');
    appendBody(text, geometry, all);
  }

  private static void appendBody(StringBuilder text, Geometry geometry, boolean all) {
    if (geometry.isEmpty()) {
      text.append("EMPTY");
    } else if (geometry instanceof Point point) {
      appendPoints(text, point.getCoordinateSequence(), all);
    } else if (geometry instanceof LineString line) {
      appendPoints(text, line.getCoordinateSequence(), all);
    } else if (geometry instanceof Polygon polygon) {
      text.append('(');
      appendPoints(text, polygon.getExteriorRing().getCoordinateSequence(), all);
      for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
        text.append(", ");
        appendPoints(text, polygon.getInteriorRingN(i).getCoordinateSequence(), all);
      }
      text.append(')');
    } else {
      boolean named = geometry.getGeometryType().equals(Geometry.TYPENAME_GEOMETRYCOLLECTION);
      text.append('(');
      for (int i = 0; i < ((GeometryCollection) geometry).getNumGeometries(); i++) {
        text.append(i == 0 ? "" : ", ");
        if (named) {
          append(text, geometry.getGeometryN(i), all);
        } else {
          appendBody(text, geometry.getGeometryN(i), all);
        }
      }
      text.append(')');
    }
  }

  private static void appendPoints(StringBuilder text, CoordinateSequence points, boolean all) {
    text.append('(');
    for (int i = 0; i < points.size(); i++) {
      text.append(i == 0 ? "" : ", ");
      text.append(number(points.getX(i))).append(' ').append(number(points.getY(i)));
      boolean z = all && points.hasZ() && !Double.isNaN(points.getZ(i));
      boolean m = all && points.hasM() && !Double.isNaN(points.getM(i));
      if (z || m) {
        text.append(' ').append(z ? number(points.getZ(i)) : "NULL");
      }
      if (m) {
        text.append(' ').append(number(points.getM(i)));
      }
    }
    text.append(')');
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < WHOLE_NUMBERS_MAX
        ? Long.toString((long) value)
        : Double.toString(value).replace(".0E", "E").replaceFirst("E(\\d)", "E+$1");
  }

  /** Well-known binary, little-endian, without Z and M. */
  public static byte[] binary(byte[] ewkb) throws SQLException {
    return ewkb == null
        ? null
        : new WKBWriter(2, ByteOrderValues.LITTLE_ENDIAN).write(geometry(ewkb));
  }

  private static Double ordinate(byte[] ewkb, char name) throws SQLException {
    if (ewkb == null || !(geometry(ewkb) instanceof Point point) || point.isEmpty()) {
      return null;
    }
    Coordinate coordinate = point.getCoordinate();
    double value =
        switch (name) {
          case 'X' -> coordinate.getX();
          case 'Y' -> coordinate.getY();
          case 'Z' -> coordinate.getZ();
          default -> coordinate.getM();
        };
    return Double.isNaN(value) ? null : value;
  }

  /** STX. */
  public static Double x(byte[] ewkb) throws SQLException {
    return ordinate(ewkb, 'X');
  }

  /** STY. */
  public static Double y(byte[] ewkb) throws SQLException {
    return ordinate(ewkb, 'Y');
  }

  /** Z. */
  public static Double z(byte[] ewkb) throws SQLException {
    return ordinate(ewkb, 'Z');
  }

  /** M. */
  public static Double m(byte[] ewkb) throws SQLException {
    return ordinate(ewkb, 'M');
  }

  /** STSrid. */
  public static Integer srid(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : geometry(ewkb).getSRID();
  }

  /** STGeometryType. */
  public static String type(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : geometry(ewkb).getGeometryType();
  }

  /** STNumPoints. */
  public static Integer pointCount(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : geometry(ewkb).getNumPoints();
  }

  /** STIsEmpty. */
  public static Boolean isEmpty(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : geometry(ewkb).isEmpty();
  }

  /** STIsValid. */
  public static Boolean isValid(byte[] ewkb) throws SQLException {
    return ewkb == null ? null : geometry(ewkb).isValid();
  }

  /** A relation of two geometries. */
  @FunctionalInterface
  private interface Relation<T> {
    T of(Geometry left, Geometry right);
  }

  private static <T> T related(byte[] left, byte[] right, Relation<T> relation)
      throws SQLException {
    if (left == null || right == null) {
      return null;
    }
    Geometry a = geometry(left);
    Geometry b = geometry(right);
    return a.getSRID() == b.getSRID() ? relation.of(a, b) : null;
  }

  /** STDistance: in the plane, NULL to an empty one. */
  public static Double distance(byte[] left, byte[] right) throws SQLException {
    return related(
        left, right, (a, b) -> a.isEmpty() || b.isEmpty() ? null : Double.valueOf(a.distance(b)));
  }

  /** STIntersects and Filter. */
  public static Boolean intersects(byte[] left, byte[] right) throws SQLException {
    return related(left, right, Geometry::intersects);
  }

  /** STWithin. */
  public static Boolean within(byte[] left, byte[] right) throws SQLException {
    return related(left, right, Geometry::within);
  }

  /** STContains. */
  public static Boolean contains(byte[] left, byte[] right) throws SQLException {
    return related(left, right, Geometry::contains);
  }

  /** STEquals. */
  public static Boolean equal(byte[] left, byte[] right) throws SQLException {
    return related(left, right, Geometry::equalsTopo);
  }

  /** A rectangle with everything that is at most that far away: what an index is asked for. */
  public static byte[] reach(byte[] ewkb, Double distance) throws SQLException {
    if (ewkb == null || distance == null || distance < 0 || distance.isNaN()) {
      return null;
    }
    Geometry center = geometry(ewkb);
    Envelope box = center.getEnvelopeInternal();
    // A little more, since the distance itself is rounded.
    box.expandBy(distance + Math.ulp(distance + Math.abs(box.getMaxX()) + Math.abs(box.getMaxY())));
    return ewkb(ClrGeometry.factory(center.getSRID()).toGeometry(box));
  }
}
