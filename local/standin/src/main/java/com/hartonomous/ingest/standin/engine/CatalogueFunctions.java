package com.hartonomous.ingest.standin.engine;

import com.hartonomous.ingest.standin.capture.CdcFunctions;
import com.hartonomous.ingest.standin.engine.ApplicationLocks.Mode;
import com.hartonomous.ingest.standin.engine.ApplicationLocks.Owner;
import com.hartonomous.ingest.standin.engine.Catalogue.Column;
import com.hartonomous.ingest.standin.engine.Catalogue.DatabaseObject;
import com.hartonomous.ingest.standin.engine.Catalogue.Table;
import com.hartonomous.ingest.standin.engine.TemporaryTables.TemporaryTable;
import com.hartonomous.ingest.standin.tsql.BuiltinFunctions;
import com.hartonomous.ingest.standin.type.SqlType;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The functions that look into the catalogue, as H2 calls them: its connection, the database that
 * the call is about, and the arguments, null where they were left out. Unknown names give null.
 */
public final class CatalogueFunctions {

  private static final int DATABASE_ID = 5;

  private static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("OBJECT_ID", "objectId"),
          Map.entry("OBJECT_NAME", "objectName"),
          Map.entry("OBJECT_SCHEMA_NAME", "objectSchemaName"),
          Map.entry("OBJECT_DEFINITION", "objectDefinition"),
          Map.entry("OBJECTPROPERTY", "objectProperty"),
          Map.entry("SCHEMA_NAME", "schemaName"),
          Map.entry("SCHEMA_ID", "schemaId"),
          Map.entry("DB_ID", "databaseId"),
          Map.entry("DB_NAME", "databaseName"),
          Map.entry("TYPE_NAME", "typeName"),
          Map.entry("TYPE_ID", "typeId"),
          Map.entry("COL_LENGTH", "columnLength"),
          Map.entry("COL_NAME", "columnName"),
          Map.entry("COLUMNPROPERTY", "columnProperty"),
          Map.entry("SERVERPROPERTY", "serverProperty"),
          Map.entry("DATABASEPROPERTYEX", "databaseProperty"),
          Map.entry("SUSER_NAME", "loginName"),
          Map.entry("SUSER_SNAME", "loginName"),
          Map.entry("SUSER_ID", "loginId"),
          Map.entry("USER_NAME", "userName"),
          Map.entry("USER_ID", "userId"),
          Map.entry("IS_MEMBER", "isMember"),
          Map.entry("IS_ROLEMEMBER", "isRoleMember"),
          Map.entry("IS_SRVROLEMEMBER", "isRoleMember"),
          Map.entry("HAS_PERMS_BY_NAME", "hasPermission"),
          Map.entry("HAS_DBACCESS", "hasAccess"),
          Map.entry("APPLOCK_MODE", "lockMode"),
          Map.entry("APPLOCK_TEST", "lockTest"),
          Map.entry("IDENT_CURRENT", "identityCurrent"),
          Map.entry("IDENT_SEED", "identitySeed"),
          Map.entry("IDENT_INCR", "identityIncrement"),
          Map.entry("FN_CDC_INCREMENT_LSN", "incrementLsn"),
          Map.entry("FN_CDC_DECREMENT_LSN", "decrementLsn"),
          Map.entry("FN_CDC_GET_MAX_LSN", "maxLsn"),
          Map.entry("FN_CDC_GET_MIN_LSN", "minLsn"),
          Map.entry("FN_CDC_MAP_LSN_TO_TIME", "mapLsnToTime"),
          Map.entry("FN_CDC_MAP_TIME_TO_LSN", "mapTimeToLsn"),
          Map.entry("FN_CDC_GET_COLUMN_ORDINAL", "columnOrdinal"),
          Map.entry("FN_CDC_IS_BIT_SET", "isBitSet"),
          Map.entry("FN_CDC_HAS_COLUMN_CHANGED", "hasColumnChanged"),
          Map.entry("RECEIVED_MESSAGES", "receivedMessages"),
          Map.entry("ROW_COUNT_OF", "rowCountOf"));

  private CatalogueFunctions() {}

  /** Creates the aliases where they are missing. */
  static void registerAliases(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Map.Entry<String, String> alias : ALIASES.entrySet()) {
        statement.execute(
            "CREATE ALIAS IF NOT EXISTS \""
                + BuiltinFunctions.SCHEMA
                + "\".\""
                + alias.getKey()
                + "\" FOR '"
                + CatalogueFunctions.class.getName()
                + "."
                + alias.getValue()
                + "'");
      }
    }
  }

  /** The messages that the session's RECEIVE has taken, as a table. */
  public static ResultSet receivedMessages(Connection connection) throws SQLException {
    return H2Session.of(connection).received().rows();
  }

  private static boolean isHere(H2Session session, String database) {
    return session.engine().isKnownDatabase(database);
  }

  private static Optional<DatabaseObject> object(H2Session session, String name) {
    List<String> parts = NameParts.of(name);
    String last = parts.get(parts.size() - 1);
    if (last.startsWith("#")) {
      return session.temporaryTables().find(last).map(t -> t.table().object());
    }
    if (parts.size() > 2
        && !parts.get(parts.size() - 3).isEmpty()
        && !isHere(session, parts.get(parts.size() - 3))) {
      return Optional.empty();
    }
    String schema =
        parts.size() > 1 && !parts.get(parts.size() - 2).isEmpty()
            ? parts.get(parts.size() - 2)
            : "dbo";
    return session.catalogue().object(schema, last);
  }

  private static Optional<DatabaseObject> object(H2Session session, Integer id) {
    if (id == null) {
      return Optional.empty();
    }
    return id < 0
        ? session.temporaryTables().find(id).map(t -> t.table().object())
        : session.catalogue().object(id);
  }

  private static Optional<Table> table(H2Session session, String name) {
    Optional<DatabaseObject> object = object(session, name);
    return object.flatMap(
        o ->
            o.id() < 0
                ? session.temporaryTables().find(o.id()).map(TemporaryTable::table)
                : session.catalogue().table(o.id()));
  }

  public static Integer objectId(Connection connection, String database, String name, String type)
      throws SQLException {
    if (name == null) {
      return null;
    }
    return object(H2Session.of(connection), name)
        .filter(o -> type == null || o.type().code().equalsIgnoreCase(type.strip()))
        .map(DatabaseObject::id)
        .orElse(null);
  }

  public static String objectName(
      Connection connection, String database, Integer id, Integer databaseId) throws SQLException {
    return object(H2Session.of(connection), id).map(DatabaseObject::name).orElse(null);
  }

  public static String objectSchemaName(
      Connection connection, String database, Integer id, Integer databaseId) throws SQLException {
    return object(H2Session.of(connection), id).map(DatabaseObject::schema).orElse(null);
  }

  public static String objectDefinition(Connection connection, String database, Integer id)
      throws SQLException {
    return object(H2Session.of(connection), id).map(DatabaseObject::definition).orElse(null);
  }

  public static Integer objectProperty(
      Connection connection, String database, Integer id, String property) throws SQLException {
    H2Session session = H2Session.of(connection);
    Optional<DatabaseObject> object = object(session, id);
    if (object.isEmpty() || property == null) {
      return null;
    }
    Optional<Table> table = session.catalogue().table(object.get().id());
    boolean isTable = object.get().type() == Catalogue.ObjectType.TABLE;
    return switch (property.toLowerCase(Locale.ROOT)) {
      case "istable", "isusertable" -> isTable ? 1 : 0;
      case "isview" -> object.get().type() == Catalogue.ObjectType.VIEW ? 1 : 0;
      case "isprocedure" -> object.get().type() == Catalogue.ObjectType.PROCEDURE ? 1 : 0;
      case "ismsshipped" -> 0;
      case "tablehasprimarykey" -> table.flatMap(Table::primaryKey).isPresent() ? 1 : 0;
      case "tablehasidentity" -> table.flatMap(Table::identityColumn).isPresent() ? 1 : 0;
      case "ownerid", "schemaid" -> object.get().schemaId();
      default -> null;
    };
  }

  public static String schemaName(Connection connection, String database, Integer id)
      throws SQLException {
    return id == null ? "dbo" : H2Session.of(connection).catalogue().schemaName(id).orElse(null);
  }

  public static Integer schemaId(Connection connection, String database, String name)
      throws SQLException {
    return name == null
        ? Integer.valueOf(CatalogueStore.DBO_SCHEMA_ID)
        : H2Session.of(connection).catalogue().schemaId(name).orElse(null);
  }

  public static Integer databaseId(Connection connection, String database, String name)
      throws SQLException {
    return name == null || isHere(H2Session.of(connection), name) ? DATABASE_ID : null;
  }

  public static String databaseName(Connection connection, String database, Integer id)
      throws SQLException {
    return id == null || id == DATABASE_ID ? H2Session.of(connection).database() : null;
  }

  public static String typeName(Connection connection, String database, Integer id) {
    for (TypeCatalogue type : TypeCatalogue.all()) {
      if (id != null && type.id() == id) {
        return type.typeName();
      }
    }
    return null;
  }

  public static Integer typeId(Connection connection, String database, String name) {
    for (TypeCatalogue type : TypeCatalogue.all()) {
      if (type.typeName().equalsIgnoreCase(name)) {
        return type.id();
      }
    }
    return null;
  }

  public static Short columnLength(
      Connection connection, String database, String table, String column) throws SQLException {
    if (table == null || column == null) {
      return null;
    }
    return table(H2Session.of(connection), table)
        .flatMap(t -> t.column(column))
        .map(c -> (short) TypeCatalogue.maxLength(c.type()))
        .orElse(null);
  }

  public static String columnName(
      Connection connection, String database, Integer tableId, Integer columnId)
      throws SQLException {
    H2Session session = H2Session.of(connection);
    return columnId == null
        ? null
        : object(session, tableId)
            .flatMap(o -> session.catalogue().table(o.id()))
            .flatMap(t -> t.column(columnId))
            .map(Column::name)
            .orElse(null);
  }

  public static Integer columnProperty(
      Connection connection, String database, Integer tableId, String column, String property)
      throws SQLException {
    H2Session session = H2Session.of(connection);
    Optional<Column> found =
        column == null
            ? Optional.empty()
            : object(session, tableId)
                .flatMap(o -> session.catalogue().table(o.id()))
                .flatMap(t -> t.column(column));
    if (found.isEmpty() || property == null) {
      return null;
    }
    SqlType type = found.get().type();
    return switch (property.toLowerCase(Locale.ROOT)) {
      case "allowsnull" -> found.get().nullable() ? 1 : 0;
      case "isidentity" -> found.get().isIdentity() ? 1 : 0;
      case "iscomputed" -> found.get().isComputed() ? 1 : 0;
      case "columnid", "ordinal" -> found.get().id();
      case "precision" -> TypeCatalogue.precision(type);
      case "scale" -> TypeCatalogue.scale(type);
      default -> null;
    };
  }

  public static String serverProperty(Connection connection, String database, String property)
      throws SQLException {
    return switch (property == null ? "" : property.toLowerCase(Locale.ROOT)) {
      case "engineedition" -> "3";
      case "edition" -> "Developer Edition (stand-in)";
      case "productversion" -> "15.0.2000.5";
      case "productlevel" -> "RTM";
      case "productmajorversion" -> "15";
      case "productminorversion" -> "0";
      case "collation" -> CatalogueStore.DEFAULT_COLLATION;
      case "servername", "machinename" -> "standin";
      case "isclustered", "ishadrenabled", "isintegratedsecurityonly" -> "0";
      default -> null;
    };
  }

  public static String databaseProperty(
      Connection connection, String database, String name, String property) throws SQLException {
    if (name == null || !isHere(H2Session.of(connection), name)) {
      return null;
    }
    return switch (property == null ? "" : property.toLowerCase(Locale.ROOT)) {
      case "collation" -> CatalogueStore.DEFAULT_COLLATION;
      case "status" -> "ONLINE";
      case "updateability" -> "READ_WRITE";
      case "useraccess" -> "MULTI_USER";
      case "recovery" -> "SIMPLE";
      default -> null;
    };
  }

  public static String loginName(Connection connection, String database, Integer id)
      throws SQLException {
    return H2Session.of(connection).user();
  }

  public static Integer loginId(Connection connection, String database, String name) {
    return 1;
  }

  public static String userName(Connection connection, String database, Integer id) {
    return id == null || id == 1 ? "dbo" : null;
  }

  public static Integer userId(Connection connection, String database, String name) {
    return name == null || name.equalsIgnoreCase("dbo") ? 1 : null;
  }

  public static Integer isMember(Connection connection, String database, String role) {
    return role == null ? null : 1;
  }

  public static Integer isRoleMember(
      Connection connection, String database, String role, String name) {
    return role == null ? null : 1;
  }

  public static Integer hasPermission(
      Connection connection,
      String database,
      String securable,
      String securableClass,
      String permission,
      String subSecurable,
      String subClass) {
    return permission == null ? null : 1;
  }

  public static Integer hasAccess(Connection connection, String database, String name)
      throws SQLException {
    return name == null ? null : isHere(H2Session.of(connection), name) ? 1 : 0;
  }

  public static String lockMode(
      Connection connection, String database, String principal, String resource, String owner)
      throws SQLException {
    H2Session session = H2Session.of(connection);
    return session
        .engine()
        .applicationLocks()
        .held(session, owner(owner), resource)
        .map(Mode::label)
        .orElse("NoLock");
  }

  public static Short lockTest(
      Connection connection,
      String database,
      String principal,
      String resource,
      String mode,
      String owner)
      throws SQLException {
    H2Session session = H2Session.of(connection);
    Optional<Mode> wanted = Mode.named(mode);
    return wanted.isPresent()
            && session.engine().applicationLocks().isAvailable(session, resource, wanted.get())
        ? (short) 1
        : (short) 0;
  }

  private static Owner owner(String name) {
    return "session".equalsIgnoreCase(name) ? Owner.SESSION : Owner.TRANSACTION;
  }

  public static BigDecimal identityCurrent(Connection connection, String database, String name)
      throws SQLException {
    Optional<Column> column = identity(connection, name);
    if (column.isEmpty()) {
      return null;
    }
    Table table = table(H2Session.of(connection), name).orElseThrow();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT MAX("
                    + Definitions.quote(column.get().name())
                    + ") FROM "
                    + SessionEnvironment.physical(table))) {
      rows.next();
      BigDecimal greatest = rows.getBigDecimal(1);
      return greatest == null ? BigDecimal.valueOf(column.get().identitySeed()) : greatest;
    }
  }

  private static Optional<Column> identity(Connection connection, String name) throws SQLException {
    return name == null
        ? Optional.empty()
        : table(H2Session.of(connection), name).flatMap(Table::identityColumn);
  }

  public static BigDecimal identitySeed(Connection connection, String database, String name)
      throws SQLException {
    return identity(connection, name).map(c -> BigDecimal.valueOf(c.identitySeed())).orElse(null);
  }

  public static BigDecimal identityIncrement(Connection connection, String database, String name)
      throws SQLException {
    return identity(connection, name)
        .map(c -> BigDecimal.valueOf(c.identityIncrement()))
        .orElse(null);
  }

  public static byte[] incrementLsn(Connection connection, String database, byte[] lsn) {
    return CdcFunctions.incrementLsn(lsn);
  }

  public static byte[] decrementLsn(Connection connection, String database, byte[] lsn) {
    return CdcFunctions.decrementLsn(lsn);
  }

  public static byte[] maxLsn(Connection connection, String database) throws SQLException {
    return CdcFunctions.maxLsn(connection);
  }

  public static byte[] minLsn(Connection connection, String database, String instance)
      throws SQLException {
    return CdcFunctions.minLsn(connection, instance);
  }

  public static LocalDateTime mapLsnToTime(Connection connection, String database, byte[] lsn)
      throws SQLException {
    return CdcFunctions.mapLsnToTime(connection, lsn);
  }

  public static byte[] mapTimeToLsn(
      Connection connection, String database, String relation, LocalDateTime time)
      throws SQLException {
    return CdcFunctions.mapTimeToLsn(connection, relation, time);
  }

  public static Integer columnOrdinal(
      Connection connection, String database, String instance, String column) throws SQLException {
    return CdcFunctions.columnOrdinal(connection, instance, column);
  }

  public static Boolean isBitSet(
      Connection connection, String database, Integer ordinal, byte[] mask) {
    return CdcFunctions.isBitSet(ordinal, mask);
  }

  public static Boolean hasColumnChanged(
      Connection connection, String database, String instance, String column, byte[] mask)
      throws SQLException {
    return CdcFunctions.isBitSet(CdcFunctions.columnOrdinal(connection, instance, column), mask);
  }

  /** The rows of a table, for sys.dm_db_partition_stats. */
  public static Long rowCountOf(Connection connection, Integer objectId) throws SQLException {
    H2Session session = H2Session.of(connection);
    Optional<Table> table = session.catalogue().table(objectId);
    return table.isEmpty() ? null : rowCount(connection, table.get());
  }

  static long rowCount(H2Session session, Table table) throws SQLException {
    return rowCount(session.connection(), table);
  }

  private static long rowCount(Connection connection, Table table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT COUNT(*) FROM " + SessionEnvironment.physical(table))) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
