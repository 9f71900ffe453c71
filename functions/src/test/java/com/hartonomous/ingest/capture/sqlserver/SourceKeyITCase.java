package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.testing.Sql;
import com.hartonomous.ingest.testing.SqlServerExtension;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Keys as texts and back, of types that have more than one way to be written. */
class SourceKeyITCase {

  private static final List<String> COLUMNS =
      List.of("Day", "Moment", "Exact", "Minute", "Clock", "Offset", "Name", "Digest", "Price");

  /** Times are the numbers that the connector makes of them. */
  private static final String TEXT =
      "{\"Day\":-1,\"Moment\":-60000,\"Exact\":100,\"Minute\":0,\"Clock\":3600000,"
          + "\"Offset\":\"1970-01-01T02:00:00+02:00\",\"Name\":\"a \",\"Digest\":\"00ff\","
          + "\"Price\":\"-0.5000\"}";

  @RegisterExtension final SqlServerExtension server = new SqlServerExtension();

  @Test
  void theTextOfARowLeadsBackToIt() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      SourceKey key = SourceKey.of(sql.connection(), "dbo", "Times", COLUMNS);
      assertThat(key.parameters(TEXT))
          .as("seconds though they be zero, as many digits as the type has")
          .containsExactly(
              "1969-12-31",
              "1969-12-31T23:59:00.000",
              "1970-01-01T00:00:00.0000001",
              "1970-01-01T00:00:00",
              "01:00:00.000",
              "1970-01-01T02:00:00+02:00",
              "a ",
              "00ff",
              "-0.5000");
      try (PreparedStatement select =
          sql.connection()
              .prepareStatement(
                  "SELECT "
                      + String.join(", ", key.names())
                      + " FROM dbo.Times WHERE "
                      + key.condition())) {
        String[] parameters = key.parameters(TEXT);
        for (int i = 0; i < parameters.length; i++) {
          select.setString(i + 1, parameters[i]);
        }
        try (ResultSet row = select.executeQuery()) {
          assertThat(row.next()).isTrue();
          assertThat(key.text(row)).isEqualTo(TEXT);
          assertThat(row.next()).isFalse();
        }
      }
    }
  }

  @Test
  void whatIsNoTextOfTheKeyIsRefusedByName() throws Exception {
    try (Sql sql = server.connect()) {
      create(sql);
      SourceKey key = SourceKey.of(sql.connection(), "dbo", "Times", List.of("Day"));
      for (String text : List.of("{}", "{\"Day\":null}", "{\"Day\":{}}", "{\"day\":1}", "[1]")) {
        assertThatThrownBy(() -> key.parameters(text))
            .isInstanceOf(SQLDataException.class)
            .hasMessage("Expected a key of the columns [[Day]], found " + text + ".");
      }
      assertThatThrownBy(() -> key.parameters("{"))
          .isInstanceOf(SQLDataException.class)
          .hasMessage("Expected a key as JSON, found {.");
    }
  }

  private static void create(Sql sql) throws Exception {
    sql.update(
        "CREATE TABLE dbo.Times (Day DATE NOT NULL, Moment DATETIME NOT NULL,"
            + " Exact DATETIME2(7) NOT NULL, Minute SMALLDATETIME NOT NULL, Clock TIME(3) NOT NULL,"
            + " Offset DATETIMEOFFSET(3) NOT NULL, Name NVARCHAR(10) NOT NULL,"
            + " Digest VARBINARY(4) NOT NULL, Price MONEY NOT NULL,"
            + " PRIMARY KEY (Day, Moment, Exact, Minute, Clock, Offset, Name, Digest, Price))");
    for (String name : List.of("a ", "b")) {
      sql.update(
          "INSERT INTO dbo.Times VALUES ('1969-12-31', '1969-12-31T23:59:00',"
              + " '1970-01-01T00:00:00.0000001', '1970-01-01T00:00:00', '01:00:00',"
              + " '1970-01-01T02:00:00+02:00', ?, 0x00FF, -0.5)",
          name);
    }
  }
}
