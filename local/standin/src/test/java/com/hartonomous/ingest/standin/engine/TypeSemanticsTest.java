package com.hartonomous.ingest.standin.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.hartonomous.ingest.standin.Difference;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.io.IOException;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
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

  /** The order of {@code SqlGuid}, and of lists that were sorted by SQL Server. */
  private static final List<String> GUIDS_IN_ORDER =
      List.of(
          "00000000-0000-0000-0000-000000000000",
          "01000000-0000-0000-0000-000000000000",
          "ff000000-0000-0000-0000-000000000000",
          "00010000-0000-0000-0000-000000000000",
          "00000100-0000-0000-0000-000000000000",
          "00000001-0000-0000-0000-000000000000",
          "00000000-0100-0000-0000-000000000000",
          "00000000-0001-0000-0000-000000000000",
          "00000000-0000-0100-0000-000000000000",
          "00000000-0000-0001-0000-000000000000",
          "00000000-0000-0000-0001-000000000000",
          "00000000-0000-0000-0100-000000000000",
          "00000000-0000-0000-0000-000000000001",
          "00000000-0000-0000-0000-000000000100",
          "8dd5bca5-6abe-4f73-b4b7-393ae6bbb849",
          "55666bee-b3a0-4bf5-81a7-86ff976e763f",
          "00000000-0000-0000-0000-ff0000000000");

  /** The first is published as SQL Server's, in many places. */
  @Test
  void floatsAreTextsOfSixDigits() throws IOException {
    assertThat(
            client.query(
                "SELECT CAST(1495591e0 AS varchar(30)), CAST(123456789.123456789e0 AS varchar(30)),"
                    + " CAST(123456.7e0 AS varchar(30)), CAST(-999999.5e0 AS nvarchar(30)),"
                    + " CAST(0.0001e0 AS varchar(30)), CAST(0.00001e0 AS varchar(30)),"
                    + " CAST(0e0 AS varchar(30)), CAST(-2.5e-300 AS varchar(30))"))
        .containsExactly("1.49559e+006|1.23457e+008|123457|-1e+006|0.0001|1e-005|0|-2.5e-300");
  }

  @Test
  void guidsSortByTheirLastBytesFirst() throws IOException {
    client.ok(
        "CREATE TABLE dbo.G (Id uniqueidentifier NOT NULL PRIMARY KEY, n int, Other uniqueidentifier)");
    List<Integer> shuffled = new ArrayList<>();
    for (int i = 0; i < GUIDS_IN_ORDER.size(); i++) {
      shuffled.add(i);
    }
    Collections.shuffle(shuffled, new Random(7));
    for (int i : shuffled) {
      client.ok("INSERT INTO G VALUES ('%1$s', %2$d, '%1$s')".formatted(GUIDS_IN_ORDER.get(i), i));
    }
    List<String> rising = GUIDS_IN_ORDER;
    List<String> falling = new ArrayList<>(rising);
    Collections.reverse(falling);
    assertThat(client.query("SELECT Id FROM G ORDER BY Id")).isEqualTo(rising);
    assertThat(client.query("SELECT Id FROM G ORDER BY Other DESC")).isEqualTo(falling);
    assertThat(client.query("SELECT g.Id AS n FROM G g ORDER BY n DESC")).isEqualTo(falling);
    assertThat(client.query("SELECT Id FROM G ORDER BY 1")).isEqualTo(rising);
    assertThat(client.query("SELECT DISTINCT Id FROM G ORDER BY Id DESC")).isEqualTo(falling);
    assertThat(client.query("SELECT Id, COUNT(*) FROM G GROUP BY Id ORDER BY Id"))
        .isEqualTo(rising.stream().map(id -> id + "|1").toList());
    assertThat(client.query("SELECT Id FROM G UNION SELECT Other FROM G ORDER BY Id"))
        .isEqualTo(rising);
    assertThat(client.query("SELECT TOP 2 Id FROM G WHERE n > 0 ORDER BY Id"))
        .isEqualTo(rising.subList(1, 3));
    assertThat(client.query("SELECT Id FROM G ORDER BY Id OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY"))
        .isEqualTo(rising.subList(3, 5));
    assertThat(client.query("SELECT ROW_NUMBER() OVER (ORDER BY Id) - 1, n FROM G ORDER BY n"))
        .allMatch(row -> row.split("\\|")[0].equals(row.split("\\|")[1]));
    assertThat(client.query("SELECT MIN(Id), MAX(Other) FROM G"))
        .containsExactly(rising.get(0) + "|" + falling.get(0));
    assertThat(client.query("SELECT MIN(Id) OVER (PARTITION BY n % 2) FROM G WHERE n = 5"))
        .containsExactly(rising.get(5));
  }

  @Test
  @Difference("guids-without-some-orders")
  void someOrdersOfGuidsAreRefused() throws IOException {
    client.ok("CREATE TABLE dbo.G (Id uniqueidentifier NOT NULL PRIMARY KEY, n int)");
    assertThat(client.error("SELECT n FROM G WHERE Id < ALL (SELECT Id FROM G)").number())
        .isEqualTo(40000);
    assertThat(client.error("SELECT DISTINCT Id, n + 1 FROM G ORDER BY Id").number())
        .isEqualTo(40000);
    assertThat(client.query("SELECT n FROM G WHERE Id = ANY (SELECT Id FROM G)")).isEmpty();
  }

  @Test
  void rangesOfGuidsAreInSqlServersOrder() throws IOException {
    client.ok("CREATE TABLE dbo.G (Id uniqueidentifier NOT NULL PRIMARY KEY, n int)");
    for (int i = 0; i < GUIDS_IN_ORDER.size(); i++) {
      client.ok("INSERT INTO G VALUES ('%s', %d)".formatted(GUIDS_IN_ORDER.get(i), i));
    }
    for (int i = 0; i < GUIDS_IN_ORDER.size(); i++) {
      String id = "'" + GUIDS_IN_ORDER.get(i) + "'";
      int last = GUIDS_IN_ORDER.size() - 1;
      assertThat(
              client.query(
                  "SELECT (SELECT COUNT(*) FROM G WHERE Id < %1$s), (SELECT COUNT(*) FROM G WHERE Id >= %1$s), (SELECT COUNT(*) FROM G WHERE %1$s < Id), (SELECT COUNT(*) FROM G WHERE Id BETWEEN %1$s AND %1$s)"
                      .formatted(id)))
          .as(id)
          .containsExactly("%d|%d|%d|1".formatted(i, last - i + 1, last - i));
    }
    // As the connector cuts a snapshot into chunks.
    assertThat(
            client.query(
                "SELECT MAX(Id) FROM (SELECT TOP (3) Id FROM G WHERE Id >= '%s' ORDER BY Id ASC) AS T"
                    .formatted(GUIDS_IN_ORDER.get(4))))
        .containsExactly(GUIDS_IN_ORDER.get(6));
    assertThat(
            client.query(
                "WITH last AS (SELECT TOP 2 Id AS x FROM G ORDER BY x DESC) SELECT MIN(x) FROM last"))
        .containsExactly(GUIDS_IN_ORDER.get(GUIDS_IN_ORDER.size() - 2));
    assertThat(client.query("SELECT COUNT(*) FROM G a JOIN G b ON a.Id < b.Id AND a.n >= b.n"))
        .containsExactly("0");
    client.ok(
        "CREATE TABLE dbo.C (Id uniqueidentifier CHECK (Id > 'ff000000-0000-0000-0000-000000000000'))");
    client.ok("INSERT INTO C VALUES ('00010000-0000-0000-0000-000000000000')");
    assertThat(
            client.error("INSERT INTO C VALUES ('01000000-0000-0000-0000-000000000000')").number())
        .isEqualTo(547);
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
