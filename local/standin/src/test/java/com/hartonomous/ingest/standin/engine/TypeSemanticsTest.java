package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.time.LocalDateTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What SQL Server's types do to a value that is stored or cast. */
class TypeSemanticsTest {

  private H2Engine engine;
  private Client client;

  @BeforeEach
  void open() throws Exception {
    engine = H2Engine.open(Client.database().build());
    client = new Client(engine);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void datetimeCountsThreeHundredthsOfASecond() throws IOException {
    assertThat(
            client.query(
                "SELECT CAST('2024-01-01 01:02:03.001' AS datetime), CAST('2024-01-01T01:02:03.002'"
                    + " AS datetime), CAST('2024-01-01 01:02:03.995' AS datetime),"
                    + " CAST('2024-12-31 23:59:59.999' AS datetime)"))
        .containsExactly(
            "2024-01-01T01:02:03|2024-01-01T01:02:03.003|2024-01-01T01:02:03.997|"
                + "2025-01-01T00:00");
    client.ok("CREATE TABLE dbo.T (Id int, At datetime, Day smalldatetime)");
    client.ok("INSERT INTO T VALUES (1, '2024-01-01 01:02:03.005', '2024-01-01 01:02:29.998')");
    LocalDateTime parameter = LocalDateTime.parse("2024-01-01T01:02:03.0051234");
    client.ok(
        "INSERT INTO T VALUES (2, @P0, '2024-01-01 01:02:29.999')",
        new Parameter("@P0", SqlType.ofScale(Kind.DATETIME2, 7), parameter));
    client.ok("UPDATE T SET At = DATEADD(MILLISECOND, 1, At) WHERE Id = 2");
    assertThat(client.query("SELECT At, Day FROM T ORDER BY Id"))
        .containsExactly(
            "2024-01-01T01:02:03.007|2024-01-01T01:02", "2024-01-01T01:02:03.007|2024-01-01T01:03");
    assertThat(client.query("SELECT COUNT(*) FROM T WHERE At = '2024-01-01 01:02:03.006'"))
        .containsExactly("2");
    assertThat(client.error("INSERT INTO T (At) VALUES ('1752-12-31')").number()).isEqualTo(242);
    assertThat(client.error("INSERT INTO T (Day) VALUES ('2079-06-07')").number()).isEqualTo(242);
  }

  @Test
  void numbersStayInTheRangeOfTheirType() throws IOException {
    client.ok("CREATE TABLE dbo.T (Tiny tinyint, Price decimal(5,2))");
    client.ok("INSERT INTO T VALUES (255, 999.994)");
    assertThat(client.query("SELECT * FROM T")).containsExactly("255|999.99");
    assertThat(client.error("INSERT INTO T (Tiny) VALUES (256)").number()).isEqualTo(220);
    assertThat(client.error("UPDATE T SET Tiny = -1").number()).isEqualTo(220);
    assertThat(client.error("SELECT CAST(300 AS tinyint)").number()).isEqualTo(220);
    assertThat(client.error("INSERT INTO T (Price) VALUES (1000)").number()).isEqualTo(8115);
    assertThat(client.error("SELECT CAST(12345.678 AS decimal(5,2))").number()).isEqualTo(8115);
    assertThat(client.query("SELECT TRY_CAST('256' AS tinyint), TRY_CAST('7' AS tinyint)"))
        .containsExactly("null|7");
  }

  @Test
  @Difference("guids-sort-as-their-text")
  void guidsSortAsTheirText() throws IOException {
    assertThat(
            client.query(
                "SELECT MIN(g) FROM (VALUES (CAST('01000000-0000-0000-0000-000000000000' AS"
                    + " uniqueidentifier)), (CAST('00000000-0000-0000-0000-010000000000' AS"
                    + " uniqueidentifier))) AS v(g)"))
        .containsExactly("00000000-0000-0000-0000-010000000000");
  }

  @Test
  @Difference("geometry-of-jts")
  void filterIsExactAndOtherMethodsAreRefused() throws IOException {
    String triangle = "geometry::Parse('POLYGON ((0 0, 9 0, 0 9, 0 0))')";
    assertThat(
            client.query(
                "SELECT "
                    + triangle
                    + ".Filter(geometry::Point(8, 8, 0)), "
                    + triangle
                    + ".Filter(geometry::Point(1, 1, 0))"))
        .containsExactly("false|true");
    assertThat(client.error("SELECT " + triangle + ".STBuffer(1)"))
        .hasMessageContaining("STBuffer");
  }

  @Test
  void typesThatAreNotKnownAreNamed() throws IOException {
    for (String type :
        new String[] {"xml", "sql_variant", "rowversion", "hierarchyid", "geography", "ntext"}) {
      assertThat(client.error("CREATE TABLE dbo.X (c " + type + ")"))
          .describedAs(type)
          .hasMessageContaining("'" + type + "'")
          .matches(e -> ((com.hartonomous.ingest.standin.type.SqlServerError) e).number() == 40000);
    }
  }
}
