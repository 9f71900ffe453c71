package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.sql.ResultSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** GEOMETRY in H2: what its methods give, and that H2 asks its spatial index. */
class SpatialEmissionTest {

  private static final String INDEX =
      "CREATE SPATIAL INDEX SX ON dbo.Places (Shape) USING GEOMETRY_AUTO_GRID WITH (BOUNDING_BOX ="
          + " (-1000, -1000, XMAX = 1000, YMAX = 1000), CELLS_PER_OBJECT = 8)";

  private EmissionFixture database;

  @BeforeEach
  void open() throws Exception {
    database = new EmissionFixture();
    database.run("CREATE TABLE dbo.Places (Id int NOT NULL PRIMARY KEY, Shape geometry NULL)");
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  private String plan(String query) throws Exception {
    EmittedSql sql = database.emit(TsqlParser.parse(query).get(0)).get(0);
    try (ResultSet rows =
        database.connection().createStatement().executeQuery("EXPLAIN " + sql.sql())) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Test
  void methodsAndPropertiesOfAPoint() throws Exception {
    database.run(
        "INSERT INTO Places VALUES (1, geometry::STGeomFromText('POINT (1.5 -2 3 4)', 4326)),"
            + " (2, NULL)");
    assertThat(
            database.run(
                "SELECT p.Shape.STX, Shape.STY, Shape.Z, Shape.M, Shape.STSrid, Shape.STAsText(),"
                    + " Shape.ToString(), Shape.STGeometryType() FROM Places p ORDER BY Id"))
        .containsExactly(
            List.of(1.5, -2.0, 3.0, 4.0, 4326, "POINT (1.5 -2)", "POINT (1.5 -2 3 4)", "Point"),
            List.of("NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"));
    // Other spatial references have nothing in common.
    assertThat(
            database.single("SELECT MAX(Shape.STDistance(geometry::Point(0, 0, 0))) FROM Places"))
        .isEqualTo("NULL");
  }

  @Test
  void textsOfAllKindsComeBack() throws Exception {
    for (String text :
        List.of(
            "POINT EMPTY",
            "POINT (1 2 NULL 4)",
            "LINESTRING (0 0, 1 1)",
            "LINESTRING (0 0 1, 1 1 2, 3 3 3)",
            "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))",
            "MULTIPOINT ((1 2), (3 4))",
            "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
            "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1)))",
            "GEOMETRYCOLLECTION EMPTY")) {
      assertThat(database.single("SELECT geometry::Parse('" + text + "').ToString()"))
          .isEqualTo(text);
      // Through SQL Server's own bytes, too.
      assertThat(
              database.single(
                  "SELECT CAST(CAST(geometry::Parse('"
                      + text
                      + "') AS varbinary(max)) AS geometry).ToString()"))
          .isEqualTo(text);
    }
    assertThat(database.single("SELECT CAST(geometry::Point(1, 2, 0) AS varbinary(max))"))
        .isEqualTo("0x00000000010C000000000000F03F0000000000000040");
  }

  @Test
  void conditionsAskTheSpatialIndexAndFindWhatAScanFinds() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("SpatialEmissionTest seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      database.run(
          "INSERT INTO Places VALUES ("
              + i
              + ", geometry::Point("
              + (random.nextInt(2000) - 1000)
              + ", "
              + (random.nextInt(2000) - 1000)
              + ", 0))");
    }
    int x = random.nextInt(2000) - 1000;
    int y = random.nextInt(2000) - 1000;
    String center = "geometry::Point(" + x + ", " + y + ", 0)";
    String box =
        String.format(
            "geometry::STGeomFromText('POLYGON ((%d %d, %d %d, %d %d, %d %d))', 0)",
            x, y, x + 300, y, x + 300, y + 300, x, y);
    List<String> conditions =
        List.of(
            "Shape.STDistance(" + center + ") < 250",
            "250 >= Shape.STDistance(" + center + ")",
            "Shape.STIntersects(" + box + ") = 1",
            "Shape.Filter(" + box + ") = 1",
            "1 = Shape.STWithin(" + box + ")");
    List<List<List<Object>>> scanned = new java.util.ArrayList<>();
    for (String condition : conditions) {
      String query = "SELECT Id FROM Places WHERE " + condition + " ORDER BY Id";
      assertThat(plan(query)).doesNotContain("\"SX\"");
      scanned.add(database.run(query));
    }
    database.run(INDEX);
    for (int i = 0; i < conditions.size(); i++) {
      String query = "SELECT Id FROM Places WHERE " + conditions.get(i) + " ORDER BY Id";
      assertThat(plan(query)).contains("SX").contains("&&");
      assertThat(database.run(query)).isEqualTo(scanned.get(i));
    }
    // By hand: not through any spatial function.
    assertThat(scanned.get(0))
        .isEqualTo(
            database.run(
                "SELECT Id FROM Places WHERE SQRT((Shape.STX - "
                    + x
                    + ") * (Shape.STX - "
                    + x
                    + ") + (Shape.STY - "
                    + y
                    + ") * (Shape.STY - "
                    + y
                    + ")) < 250 ORDER BY Id"));
  }

  @Test
  void whatIsNoGeometryIsRefused() {
    assertThatThrownBy(() -> database.run("SELECT geometry::Point(1, 2)"))
        .hasMessageContaining("3 argument");
    assertThatThrownBy(() -> database.run("SELECT geometry::Point(1, 2, -1)"))
        .hasStackTraceContaining("24100");
    assertThatThrownBy(() -> database.run("SELECT geometry::STGeomFromText('POINT (1', 0)"))
        .hasStackTraceContaining("24114");
    assertThatThrownBy(() -> database.run("SELECT CAST(0x00000000010C00 AS geometry)"))
        .hasStackTraceContaining("System.FormatException");
    assertThatThrownBy(() -> database.run("SELECT geometry::UnionAggregate(1)"))
        .hasMessageContaining("UnionAggregate");
    assertThatThrownBy(() -> database.run("SELECT Id FROM Places WHERE Shape = Shape"))
        .isInstanceOfSatisfying(SqlServerError.class, e -> assertThat(e.number()).isEqualTo(403));
    assertThatThrownBy(() -> database.run("CREATE SPATIAL INDEX S ON dbo.Places (Shape)"))
        .hasMessageContaining("BOUNDING_BOX");
  }
}
