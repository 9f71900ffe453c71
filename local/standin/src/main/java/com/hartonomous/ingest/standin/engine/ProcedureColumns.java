package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.ObjectType;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.CreateProcedure;
import com.hartonomous.ingest.standin.tsql.DefinitionStatement.ProcedureParameter;
import com.hartonomous.ingest.standin.tsql.Statement;
import com.hartonomous.ingest.standin.type.SqlServerError;
import com.hartonomous.ingest.standin.type.SqlType;
import com.hartonomous.ingest.standin.type.SqlType.Kind;
import java.util.ArrayList;
import java.util.List;

/** sp_sproc_columns: the parameters of users' procedures and their return value. */
final class ProcedureColumns {

  private static final SqlType SYSNAME = SqlType.ofLength(Kind.NVARCHAR, 128);
  private static final SqlType SMALLINT = SqlType.of(Kind.SMALLINT);
  private static final SqlType INT = SqlType.of(Kind.INT);
  private static final short INPUT = 1;
  private static final short INPUT_OUTPUT = 2;
  private static final short RETURN_VALUE = 5;

  static final List<ResultColumn> RESULT =
      List.of(
          column("PROCEDURE_QUALIFIER", SYSNAME),
          column("PROCEDURE_OWNER", SYSNAME),
          column("PROCEDURE_NAME", SqlType.ofLength(Kind.NVARCHAR, 134)),
          column("COLUMN_NAME", SYSNAME),
          column("COLUMN_TYPE", SMALLINT),
          column("DATA_TYPE", SMALLINT),
          column("TYPE_NAME", SYSNAME),
          column("PRECISION", INT),
          column("LENGTH", INT),
          column("SCALE", SMALLINT),
          column("RADIX", SMALLINT),
          column("NULLABLE", SMALLINT),
          column("REMARKS", SqlType.ofLength(Kind.VARCHAR, 254)),
          column("COLUMN_DEF", SqlType.ofLength(Kind.NVARCHAR, 4000)),
          column("SQL_DATA_TYPE", SMALLINT),
          column("SQL_DATETIME_SUB", SMALLINT),
          column("CHAR_OCTET_LENGTH", INT),
          column("ORDINAL_POSITION", INT),
          column("IS_NULLABLE", SqlType.ofLength(Kind.VARCHAR, 254)),
          column("SS_DATA_TYPE", SqlType.of(Kind.TINYINT)));

  private ProcedureColumns() {}

  private static ResultColumn column(String name, SqlType type) {
    return new ResultColumn(name, type, true, false);
  }

  static List<Object[]> rows(H2Session session, String name, String owner) throws SqlServerError {
    List<Object[]> rows = new ArrayList<>();
    for (DatabaseObject object : session.catalogue().objects()) {
      if (object.type() == ObjectType.PROCEDURE
          && (name == null || LikePattern.matches(name, object.name()))
          && (owner == null || LikePattern.matches(owner, object.schema()))) {
        addRows(session, object, rows);
      }
    }
    return rows;
  }

  private static void addRows(H2Session session, DatabaseObject object, List<Object[]> rows)
      throws SqlServerError {
    rows.add(row(session, object, "@RETURN_VALUE", RETURN_VALUE, SqlType.of(Kind.INT), 0));
    List<Statement> parsed = session.engine().parse(object.definition());
    if (parsed.size() == 1 && parsed.get(0) instanceof CreateProcedure procedure) {
      int ordinal = 1;
      for (ProcedureParameter parameter : procedure.parameters()) {
        rows.add(
            row(
                session,
                object,
                parameter.declaration().name(),
                parameter.output() ? INPUT_OUTPUT : INPUT,
                parameter.declaration().type(),
                ordinal++));
      }
    }
  }

  private static Object[] row(
      H2Session session,
      DatabaseObject object,
      String name,
      short columnType,
      SqlType type,
      int ordinal) {
    OdbcType odbc = OdbcType.of(type);
    boolean nullable = columnType != RETURN_VALUE;
    return new Object[] {
      session.database(),
      object.schema(),
      object.name() + ";1",
      name,
      columnType,
      (short) odbc.dataType(),
      odbc.typeName(),
      odbc.precision(),
      odbc.length(),
      odbc.scale(),
      odbc.radix(),
      (short) (nullable ? 1 : 0),
      null,
      null,
      (short) odbc.sqlDataType(),
      odbc.dateTimeSub(),
      odbc.octetLength(),
      ordinal,
      nullable ? "YES" : "NO",
      (short) odbc.serverType(nullable)
    };
  }
}
