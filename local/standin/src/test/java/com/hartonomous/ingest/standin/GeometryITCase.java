package com.hartonomous.ingest.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.microsoft.sqlserver.jdbc.Geometry;
import com.microsoft.sqlserver.jdbc.SQLServerBulkCopy;
import com.microsoft.sqlserver.jdbc.SQLServerPreparedStatement;
import com.microsoft.sqlserver.jdbc.SQLServerResultSet;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import javax.sql.rowset.CachedRowSet;
import javax.sql.rowset.RowSetMetaDataImpl;
import javax.sql.rowset.RowSetProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** GEOMETRY between mssql-jdbc's own class and the stand-in. */
@Timeout(180)
class GeometryITCase {

  private SqlServerStandIn server;
  private Connection connection;

  @BeforeEach
  void open() throws Exception {
    server = SqlServerStandIn.builder().login("geo", "Secret-1").database("Maps").start();
    connection =
        DriverManager.getConnection(
            "jdbc:sqlserver://127.0.0.1:"
                + server.port()
                + ";databaseName=Maps;encrypt=false;user=geo;password=Secret-1");
    run(
        "CREATE TABLE dbo.Places (Id INT NOT NULL CONSTRAINT PK_Places PRIMARY KEY CLUSTERED,"
            + " Shape GEOMETRY NULL)");
    run(
        "CREATE SPATIAL INDEX SX ON dbo.Places (Shape) USING GEOMETRY_AUTO_GRID WITH (BOUNDING_BOX"
            + " = (-1000, -1000, 1000, 1000))");
  }

  @AfterEach
  void close() throws Exception {
    connection.close();
    server.close();
  }

  private void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private Geometry shape(int id) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT Shape FROM dbo.Places WHERE Id = ?")) {
      query.setInt(1, id);
      try (ResultSet rows = query.executeQuery()) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getMetaData().getColumnTypeName(1)).isEqualTo("geometry");
        return ((SQLServerResultSet) rows).getGeometry(1);
      }
    }
  }

  @Test
  void theDriversGeometriesComeBack() throws Exception {
    String[] texts = {
      "POINT (1 2)",
      "POINT (1.5 2 3 4)",
      "LINESTRING (0 0, 1 1)",
      "LINESTRING (0 0 1, 1 1 2, 3 3 3)",
      "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 2 1, 2 2, 1 1))",
      "MULTIPOINT ((1 2), (3 4))",
      "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))"
    };
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO dbo.Places VALUES (?, ?)")) {
      for (int i = 0; i < texts.length; i++) {
        insert.setInt(1, i);
        ((SQLServerPreparedStatement) insert).setGeometry(2, Geometry.STGeomFromText(texts[i], 7));
        insert.executeUpdate();
      }
    }
    run("INSERT INTO dbo.Places VALUES (100, NULL)");
    for (int i = 0; i < texts.length; i++) {
      Geometry sent = Geometry.STGeomFromText(texts[i], 7);
      Geometry got = shape(i);
      assertThat(compact(got.toString())).isEqualTo(compact(texts[i]));
      assertThat(got.getSrid()).isEqualTo(7);
      if (i < 4) {
        // Of figures the driver writes other attributes than are documented.
        assertThat(got.serialize()).as(texts[i]).isEqualTo(sent.serialize());
      }
    }
    assertThat(shape(1).getZ()).isEqualTo(3);
    assertThat(shape(1).getM()).isEqualTo(4);
    assertThat(shape(100)).isNull();
  }

  /** The driver writes a blank before a parenthesis or not, by where the geometry came from. */
  private static String compact(String text) {
    return text.replaceAll("\\s*([(),])\\s*", "$1");
  }

  @Test
  void nearIsAskedForWithAParameter() throws Exception {
    run(
        "INSERT INTO dbo.Places VALUES (1, geometry::Point(1, 1, 0)), (2, geometry::Point(5, 5,"
            + " 0)), (3, NULL)");
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT Id, Shape.STX FROM dbo.Places WHERE Shape.STDistance(?) < ? ORDER BY Id")) {
      for (int round = 0; round < 3; round++) {
        ((SQLServerPreparedStatement) query).setGeometry(1, Geometry.point(4, 5, 0));
        query.setDouble(2, 1.5);
        try (ResultSet rows = query.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getInt(1)).isEqualTo(2);
          assertThat(rows.getDouble(2)).isEqualTo(5);
          assertThat(rows.next()).isFalse();
        }
      }
    }
    assertThatThrownBy(() -> run("INSERT INTO dbo.Places VALUES (9, 7)"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getErrorCode()).isEqualTo(206));
  }

  @Test
  void capturedAndBulkCopied() throws Exception {
    run("EXEC sys.sp_cdc_enable_db");
    run("EXEC sys.sp_cdc_enable_table N'dbo', N'Places', @role_name = NULL");
    CachedRowSet rows = RowSetProvider.newFactory().createCachedRowSet();
    RowSetMetaDataImpl columns = new RowSetMetaDataImpl();
    columns.setColumnCount(2);
    columns.setColumnName(1, "Id");
    columns.setColumnType(1, Types.INTEGER);
    columns.setColumnName(2, "Shape");
    columns.setColumnType(2, Types.VARBINARY);
    columns.setPrecision(2, 8000);
    rows.setMetaData(columns);
    for (int i = 1; i <= 2; i++) {
      rows.moveToInsertRow();
      rows.updateInt(1, i);
      if (i == 1) {
        rows.updateBytes(2, Geometry.point(3, 4, 0).serialize());
      } else {
        rows.updateNull(2);
      }
      rows.insertRow();
      rows.moveToCurrentRow();
    }
    rows.beforeFirst();
    try (SQLServerBulkCopy copy = new SQLServerBulkCopy(connection)) {
      copy.setDestinationTableName("dbo.Places");
      copy.writeToServer(rows);
    }
    assertThat(shape(1).getX()).isEqualTo(3);
    assertThat(shape(2)).isNull();
    // Only Z changes.
    run("UPDATE dbo.Places SET Shape = geometry::Parse('POINT (3 4 5)') WHERE Id = 1");
    try (Statement statement = connection.createStatement();
        ResultSet changes =
            statement.executeQuery(
                "SELECT [__$operation], [__$update_mask], Shape FROM"
                    + " cdc.fn_cdc_get_all_changes_dbo_Places("
                    + "sys.fn_cdc_get_min_lsn('dbo_Places'), sys.fn_cdc_get_max_lsn(), N'all') ORDER"
                    + " BY [__$start_lsn], Id")) {
      assertThat(changes.next()).isTrue();
      assertThat(((SQLServerResultSet) changes).getGeometry(3).getY()).isEqualTo(4);
      assertThat(changes.next()).isTrue();
      assertThat(((SQLServerResultSet) changes).getGeometry(3)).isNull();
      assertThat(changes.next()).isTrue();
      assertThat(changes.getInt(1)).isEqualTo(4);
      assertThat(changes.getBytes(2)).containsExactly(2);
      assertThat(((SQLServerResultSet) changes).getGeometry(3).getZ()).isEqualTo(5);
      assertThat(changes.next()).isFalse();
    }
  }
}
