package com.hartonomous.ingest.standin.type;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.MultiLineString;
import org.locationtech.jts.geom.MultiPoint;
import org.locationtech.jts.geom.MultiPolygon;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.PrecisionModel;
import org.locationtech.jts.geom.impl.PackedCoordinateSequenceFactory;

/**
 * SQL Server's own binary form of GEOMETRY, which clients send and receive (MS-SSCLRT 2.1):
 *
 * <pre>
 * srid i32, version u8 (1 or 2), properties u8, then
 *   properties   0x01 has Z, 0x02 has M, 0x04 valid, 0x08 a single point, 0x10 a single line of two
 *                points
 * single point, line   { x f64, y f64 } of 1 or 2 points, Z of each, M of each
 * all others           points u32, { x f64, y f64 }*, Z of each, M of each
 *                      figures u32, { attribute u8, first point i32 }*
 *                      shapes u32, { parent i32, first figure i32 (-1: empty), type u8 }*
 *   attribute    0 interior ring, 1 line or point, 2 exterior ring
 *   type         1 point, 2 line, 3 polygon, 4 to 6 several of these, 7 collection
 * </pre>
 *
 * Numbers are little-endian. Curves (version 2) are refused.
 */
public final class ClrGeometry {

  private static final int HAS_Z = 0x01;
  private static final int HAS_M = 0x02;
  private static final int VALID = 0x04;
  private static final int SINGLE_POINT = 0x08;
  private static final int SINGLE_LINE = 0x10;
  private static final int HEADER_BYTES = 6;
  private static final int COLLECTION = 7;

  private ClrGeometry() {}

  /** Makes geometries with that spatial reference, whose points keep Z and M. */
  public static GeometryFactory factory(int srid) {
    return new GeometryFactory(
        new PrecisionModel(), srid, PackedCoordinateSequenceFactory.DOUBLE_FACTORY);
  }

  /**
   * Reads the binary form.
   *
   * @throws SqlServerError 6522 when it is none that the stand-in knows
   */
  public static Geometry read(byte[] bytes) throws SqlServerError {
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      GeometryFactory factory = factory(in.getInt());
      int version = in.get();
      if (version != 1 && version != 2) {
        throw invalid("version " + version + ", expected 1 or 2", null);
      }
      int properties = in.get();
      Geometry geometry =
          (properties & (SINGLE_POINT | SINGLE_LINE)) != 0
              ? single(in, factory, properties)
              : new Reader(in, factory, properties).shape(0);
      if (in.hasRemaining()) {
        throw invalid(in.remaining() + " bytes behind its end", null);
      }
      return geometry;
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw invalid(bytes.length + " bytes that are not complete or contradict each other", e);
    }
  }

  private static SqlServerError invalid(String found, Exception cause) {
    return new SqlServerError(
        6522,
        16,
        1,
        "A .NET Framework error occurred during execution of user-defined routine or aggregate"
            + " \"geometry\": System.FormatException: the serialized geometry has "
            + found
            + ".",
        cause);
  }

  private static Geometry single(ByteBuffer in, GeometryFactory factory, int properties) {
    boolean point = (properties & SINGLE_POINT) != 0;
    CoordinateSequence points = points(in, factory, properties, point ? 1 : 2);
    return point ? factory.createPoint(points) : factory.createLineString(points);
  }

  private static CoordinateSequence points(
      ByteBuffer in, GeometryFactory factory, int properties, int count) {
    int z = (properties & HAS_Z) != 0 ? 1 : 0;
    int m = (properties & HAS_M) != 0 ? 1 : 0;
    int needed = Math.multiplyExact(count, (2 + z + m) * Double.BYTES);
    if (count < 0 || needed > in.remaining()) {
      throw new IllegalArgumentException(count + " points do not fit");
    }
    CoordinateSequence points = factory.getCoordinateSequenceFactory().create(count, 2 + z + m, m);
    for (int i = 0; i < count; i++) {
      points.setOrdinate(i, 0, in.getDouble());
      points.setOrdinate(i, 1, in.getDouble());
    }
    for (int ordinate = 2; ordinate < 2 + z + m; ordinate++) {
      for (int i = 0; i < count; i++) {
        points.setOrdinate(i, ordinate, in.getDouble());
      }
    }
    return points;
  }

  /** The tables of points, figures and shapes. */
  private static final class Reader {
    private final GeometryFactory factory;
    private final CoordinateSequence points;
    private final int[] firstPoints;
    private final int[] parents;
    private final int[] firstFigures;
    private final int[] types;

    Reader(ByteBuffer in, GeometryFactory factory, int properties) {
      this.factory = factory;
      this.points = points(in, factory, properties, in.getInt());
      int figures = count(in, 5);
      firstPoints = new int[figures + 1];
      firstPoints[figures] = points.size();
      for (int i = 0; i < figures; i++) {
        in.get();
        firstPoints[i] = in.getInt();
      }
      int shapes = count(in, 9);
      parents = new int[shapes];
      firstFigures = new int[shapes];
      types = new int[shapes];
      for (int i = 0; i < shapes; i++) {
        parents[i] = in.getInt();
        if (parents[i] >= i) {
          throw new IllegalArgumentException("shape " + i + " is inside of a later one");
        }
        firstFigures[i] = in.getInt();
        types[i] = in.get();
      }
    }

    private static int count(ByteBuffer in, int bytesEach) {
      int count = in.getInt();
      if (count < 0 || (long) count * bytesEach > in.remaining()) {
        throw new IllegalArgumentException(count + " entries do not fit");
      }
      return count;
    }

    /** Recursion is as deep as collections lie in each other: each needs a shape of its own. */
    Geometry shape(int index) {
      List<Geometry> parts = new ArrayList<>();
      if (types[index] > 3) {
        for (int i = index + 1; i < parents.length; i++) {
          if (parents[i] == index) {
            parts.add(shape(i));
          }
        }
      }
      return switch (types[index]) {
        case 1 -> factory.createPoint(figure(index, 0));
        case 2 -> factory.createLineString(figure(index, 0));
        case 3 -> polygon(index);
        case 4 -> factory.createMultiPoint(parts.toArray(Point[]::new));
        case 5 -> factory.createMultiLineString(parts.toArray(LineString[]::new));
        case 6 -> factory.createMultiPolygon(parts.toArray(Polygon[]::new));
        case COLLECTION -> factory.createGeometryCollection(parts.toArray(Geometry[]::new));
        default -> throw new IllegalArgumentException("shape type " + types[index]);
      };
    }

    private int figures(int index) {
      if (firstFigures[index] < 0) {
        return 0;
      }
      int end = firstPoints.length - 1;
      for (int i = index + 1; i < firstFigures.length; i++) {
        if (firstFigures[i] >= 0) {
          end = firstFigures[i];
          break;
        }
      }
      return end - firstFigures[index];
    }

    private CoordinateSequence figure(int index, int number) {
      int measures = points.getMeasures();
      int from = 0;
      int to = 0;
      if (number < figures(index)) {
        from = firstPoints[firstFigures[index] + number];
        to = firstPoints[firstFigures[index] + number + 1];
      }
      CoordinateSequence part =
          factory.getCoordinateSequenceFactory().create(to - from, points.getDimension(), measures);
      for (int i = from; i < to; i++) {
        for (int ordinate = 0; ordinate < points.getDimension(); ordinate++) {
          part.setOrdinate(i - from, ordinate, points.getOrdinate(i, ordinate));
        }
      }
      return part;
    }

    private Polygon polygon(int index) {
      int rings = figures(index);
      if (rings == 0) {
        return factory.createPolygon();
      }
      LinearRing[] holes = new LinearRing[rings - 1];
      for (int i = 1; i < rings; i++) {
        holes[i - 1] = factory.createLinearRing(figure(index, i));
      }
      return factory.createPolygon(factory.createLinearRing(figure(index, 0)), holes);
    }
  }

  /** Writes the binary form, version 1. */
  public static byte[] write(Geometry geometry) {
    Writer writer = new Writer(geometry);
    int properties =
        (writer.hasZ ? HAS_Z : 0) | (writer.hasM ? HAS_M : 0) | (geometry.isValid() ? VALID : 0);
    boolean point = geometry instanceof Point && !geometry.isEmpty();
    boolean line = geometry instanceof LineString && geometry.getNumPoints() == 2;
    int count = writer.points.size();
    int ordinates = 2 + (writer.hasZ ? 1 : 0) + (writer.hasM ? 1 : 0);
    int size = HEADER_BYTES + count * ordinates * Double.BYTES;
    if (!point && !line) {
      size += 3 * Integer.BYTES + 5 * writer.figures.size() + 9 * writer.shapes.size();
    }
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(geometry.getSRID()).put((byte) 1);
    out.put((byte) (properties | (point ? SINGLE_POINT : 0) | (line ? SINGLE_LINE : 0)));
    if (!point && !line) {
      out.putInt(count);
    }
    writer.points.forEach(p -> out.putDouble(p.getX()).putDouble(p.getY()));
    if (writer.hasZ) {
      writer.points.forEach(p -> out.putDouble(p.getZ()));
    }
    if (writer.hasM) {
      writer.points.forEach(p -> out.putDouble(p.getM()));
    }
    if (!point && !line) {
      out.putInt(writer.figures.size());
      writer.figures.forEach(f -> out.put((byte) f[0]).putInt(f[1]));
      out.putInt(writer.shapes.size());
      writer.shapes.forEach(s -> out.putInt(s[0]).putInt(s[1]).put((byte) s[2]));
    }
    return out.array();
  }

  /** Collects the three tables. */
  private static final class Writer {
    private final List<Coordinate> points = new ArrayList<>();
    private final List<int[]> figures = new ArrayList<>();
    private final List<int[]> shapes = new ArrayList<>();
    private final boolean hasZ;
    private final boolean hasM;

    Writer(Geometry geometry) {
      add(geometry, -1);
      hasZ = points.stream().anyMatch(p -> !Double.isNaN(p.getZ()));
      hasM = points.stream().anyMatch(p -> !Double.isNaN(p.getM()));
    }

    private void add(Geometry geometry, int parent) {
      int self = shapes.size();
      shapes.add(new int[] {parent, geometry.isEmpty() ? -1 : figures.size(), type(geometry)});
      if (geometry.isEmpty()) {
        return;
      }
      if (geometry instanceof Polygon polygon) {
        figure(2, polygon.getExteriorRing());
        for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
          figure(0, polygon.getInteriorRingN(i));
        }
      } else if (geometry instanceof GeometryCollection collection) {
        for (int i = 0; i < collection.getNumGeometries(); i++) {
          add(collection.getGeometryN(i), self);
        }
      } else {
        figure(1, geometry);
      }
    }

    private void figure(int attribute, Geometry part) {
      figures.add(new int[] {attribute, points.size()});
      points.addAll(List.of(part.getCoordinates()));
    }

    private static int type(Geometry geometry) {
      if (geometry instanceof Point) {
        return 1;
      }
      if (geometry instanceof LineString) {
        return 2;
      }
      if (geometry instanceof Polygon) {
        return 3;
      }
      if (geometry instanceof MultiPoint) {
        return 4;
      }
      if (geometry instanceof MultiLineString) {
        return 5;
      }
      return geometry instanceof MultiPolygon ? 6 : COLLECTION;
    }
  }
}
