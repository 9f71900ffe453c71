"""Checks of one Python client against a stand-in: checks.py CLIENT PORT, CLIENT pytds or pymssql.

Prints one line a check; exit 1 if any fails."""

import datetime
import decimal
import sys
import uuid

CLIENT = sys.argv[1]
PORT = int(sys.argv[2])
USER = "client"
PASSWORD = "Secret-1"

if CLIENT == "pytds":
    import pytds
    from pytds.tds_base import TDS71, TDS72, TDS73, TDS74

    binary = pytds.Binary
    VERSIONS = {"7.1": TDS71, "7.2": TDS72, "7.3": TDS73, "7.4": TDS74}
    Error = pytds.Error

    def connect(version="7.4", user=USER, password=PASSWORD, database="Clients", autocommit=True, **more):
        return pytds.connect(
            "127.0.0.1", port=PORT, user=user, password=password, database=database,
            tds_version=VERSIONS[version], autocommit=autocommit, login_timeout=30, **more)

    def number(error):
        return getattr(error, "msg_no", None) or getattr(error, "number", None)
else:
    import pymssql

    binary = bytes
    VERSIONS = {"7.1": "7.1", "7.2": "7.2", "7.3": "7.3", "7.4": "7.4"}
    Error = pymssql.Error

    def connect(version="7.4", user=USER, password=PASSWORD, database="Clients", autocommit=True, **more):
        return pymssql.connect(
            server="127.0.0.1", port=str(PORT), user=user, password=password, database=database,
            tds_version=VERSIONS[version], autocommit=autocommit, login_timeout=30, **more)

    def number(error):
        return error.args[0]


failures = 0


def check(name, function):
    global failures
    try:
        function()
        print(f"{CLIENT} {name}: ok", flush=True)
    except Exception as error:  # Whatever a client throws is a failed check.
        failures += 1
        print(f"{CLIENT} {name}: FAILED {type(error).__name__}: {str(error)[:400]}", flush=True)


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"expected {expected!r}, found {found!r}")


def query(connection, sql, *parameters):
    cursor = connection.cursor()
    cursor.execute(sql, *parameters)
    return [tuple(row) for row in cursor.fetchall()]


def fails_with(wanted, function):
    try:
        function()
    except Error as error:
        text = str(error)
        if number(error) != wanted and str(wanted) not in text:
            raise AssertionError(f"expected error {wanted}, found {number(error)}: {text[:200]}")
        return
    raise AssertionError(f"expected error {wanted}, found none")


def login(version):
    with connect(version) as connection:
        equal(query(connection, "SELECT 1, CAST(NULL AS INT), N'é€'"), [(1, None, "é€")])
        equal(query(connection, "SELECT DB_NAME()"), [("Clients",)])


COLUMNS = [
    # type, extremes as T-SQL, what Python is to find, whether version 7.1 and 7.2 have it
    ("BIT", ["0", "1"], [False, True], True),
    ("TINYINT", ["0", "255"], [0, 255], True),
    ("SMALLINT", ["-32768", "32767"], [-32768, 32767], True),
    ("INT", ["-2147483648", "2147483647"], [-2147483648, 2147483647], True),
    ("BIGINT", ["-9223372036854775808", "9223372036854775807"], [-2**63, 2**63 - 1], True),
    ("REAL", ["-1.5", "3.0e38"], [-1.5, 3.0e38], True),
    ("FLOAT", ["-1.7e308", "2.5e-300"], [-1.7e308, 2.5e-300], True),
    ("DECIMAL(38,0)", ["-" + "9" * 38, "9" * 38], [decimal.Decimal("-" + "9" * 38), decimal.Decimal("9" * 38)], True),
    ("DECIMAL(9,4)", ["-12345.6789", "0"], [decimal.Decimal("-12345.6789"), decimal.Decimal("0")], True),
    ("MONEY", ["-922337203685477.5808", "922337203685477.5807"],
     [decimal.Decimal("-922337203685477.5808"), decimal.Decimal("922337203685477.5807")], True),
    ("SMALLMONEY", ["-214748.3648", "214748.3647"], [decimal.Decimal("-214748.3648"), decimal.Decimal("214748.3647")], True),
    ("CHAR(5)", ["'ab'", "'é'"], ["ab   ", "é    "], True),
    ("VARCHAR(20)", ["''", "'grün€'"], ["", "grün€"], True),
    ("NCHAR(4)", ["N'日本'", "N''"], ["日本  ", "    "], True),
    ("NVARCHAR(20)", ["N''", "N'日本 🙂'"], ["", "日本 🙂"], True),
    ("VARCHAR(MAX)", ["''", "REPLICATE(CAST('x' AS VARCHAR(MAX)), 100000)"], ["", "x" * 100000], True),
    ("NVARCHAR(MAX)", ["N''", "REPLICATE(CAST(N'ж' AS NVARCHAR(MAX)), 70000)"], ["", "ж" * 70000], True),
    ("BINARY(3)", ["0x0102", "0xFFFFFF"], [b"\x01\x02\x00", b"\xff\xff\xff"], True),
    ("VARBINARY(20)", ["0x", "0x00FF"], [b"", b"\x00\xff"], True),
    ("VARBINARY(MAX)", ["0x", "CAST(REPLICATE(CAST('a' AS VARCHAR(MAX)), 90000) AS VARBINARY(MAX))"], [b"", b"a" * 90000], True),
    ("DATETIME", ["'1753-01-01T00:00:00'", "'9999-12-31T23:59:59.997'"],
     [datetime.datetime(1753, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 997000)], True),
    ("SMALLDATETIME", ["'1900-01-01T00:00:00'", "'2079-06-06T23:59:00'"],
     [datetime.datetime(1900, 1, 1), datetime.datetime(2079, 6, 6, 23, 59)], True),
    ("DATE", ["'0001-01-01'", "'9999-12-31'"], [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)], False),
    ("TIME(7)", ["'00:00:00'", "'23:59:59.123456'"], [datetime.time(0, 0), datetime.time(23, 59, 59, 123456)], False),
    ("DATETIME2(6)", ["'0001-01-01T00:00:00'", "'9999-12-31T23:59:59.999999'"],
     [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)], False),
    ("DATETIMEOFFSET(3)", ["'2020-02-29T12:00:00.123+05:30'"],
     [datetime.datetime(2020, 2, 29, 12, 0, 0, 123000,
                        tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))], False),
    ("UNIQUEIDENTIFIER", ["'00112233-4455-6677-8899-AABBCCDDEEFF'"],
     [uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")], True),
]


def types(version):
    with connect(version) as connection:
        for i, (name, literals, values, old) in enumerate(COLUMNS):
            if not old and version in ("7.1", "7.2"):
                continue
            table = f"dbo.Type{i}"
            cursor = connection.cursor()
            cursor.execute(f"IF OBJECT_ID('{table}') IS NOT NULL DROP TABLE {table}")
            cursor.execute(f"CREATE TABLE {table} (Id INT PRIMARY KEY, V {name} NULL)")
            for row, literal in enumerate(literals + ["NULL"]):
                cursor.execute(f"INSERT INTO {table} VALUES ({row}, {literal})")
            found = [row[0] for row in query(connection, f"SELECT V FROM {table} ORDER BY Id")]
            if name == "REAL":
                found = [float(f"{f:.6g}") if f is not None else None for f in found]
            if found != values + [None]:
                raise AssertionError(f"{name}: expected {str(values)[:120]}, found {str(found)[:120]}")


def old_date_types(version):
    with connect(version) as connection:
        equal(query(connection,
                    "SELECT CAST('2020-02-29' AS DATE), CAST('12:30:15.25' AS TIME(2)),"
                    " CAST('2020-02-29T12:30:15' AS DATETIME2(0)), CAST(NULL AS DATE),"
                    " CAST('2020-02-29T12:30:15.5-03:30' AS DATETIMEOFFSET(1))"),
              [("2020-02-29", "12:30:15.25", "2020-02-29 12:30:15", None, "2020-02-29 12:30:15.5 -03:30")])


def parameters():
    with connect() as connection:
        values = (7, 2**40, -1.25, "text 日本", binary(b"\x00\x01"), None, decimal.Decimal("12.340"),
                  datetime.datetime(2020, 2, 29, 12, 30, 15, 250000), True)
        cursor = connection.cursor()
        cursor.execute("SELECT %s AS a, %s AS b, %s AS c, %s AS d, %s AS e, %s AS f, %s AS g, %s AS h, %s AS i", values)
        row = tuple(cursor.fetchone())
        equal(row[:6], values[:4] + (b"\x00\x01", None))
        equal(row[6], values[6])
        equal(str(row[7])[:22], str(values[7])[:22])
        equal(bool(row[8]), True)
        cursor.execute("IF OBJECT_ID('dbo.Many') IS NOT NULL DROP TABLE dbo.Many")
        cursor.execute("CREATE TABLE dbo.Many (Id INT PRIMARY KEY, Name NVARCHAR(50))")
        cursor.executemany("INSERT INTO dbo.Many VALUES (%s, %s)", [(i, f"name {i}") for i in range(200)])
        equal(query(connection, "SELECT COUNT(*), MAX(Name) FROM dbo.Many"), [(200, "name 99")])
        long = "я" * 60000
        equal(query(connection, "SELECT LEN(%s)", (long,)), [(60000,)])


def transactions():
    with connect() as other:
        cursor = other.cursor()
        cursor.execute("IF OBJECT_ID('dbo.Ledger') IS NOT NULL DROP TABLE dbo.Ledger")
        cursor.execute("CREATE TABLE dbo.Ledger (Id INT PRIMARY KEY)")
        with connect(autocommit=False) as connection:
            cursor = connection.cursor()
            cursor.execute("INSERT INTO dbo.Ledger VALUES (1)")
            connection.rollback()
            equal(query(other, "SELECT COUNT(*) FROM dbo.Ledger"), [(0,)])
            cursor.execute("INSERT INTO dbo.Ledger VALUES (2)")
            connection.commit()
            equal(query(other, "SELECT Id FROM dbo.Ledger"), [(2,)])
            cursor.execute("INSERT INTO dbo.Ledger VALUES (3)")
        # A connection that is closed takes its transaction with it.
        equal(query(other, "SELECT Id FROM dbo.Ledger"), [(2,)])


def result_sets():
    with connect() as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT 1 AS a; SELECT 2 AS b, 3 AS c; DECLARE @i INT = 1; SELECT N'x' WHERE @i = 2")
        found = []
        while True:
            found.append([tuple(row) for row in cursor.fetchall()])
            if not cursor.nextset():
                break
        equal(found, [[(1,)], [(2, 3)], []])
        cursor.execute("SELECT a.n FROM (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) a(n) CROSS JOIN"
                       " (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) b(n) CROSS JOIN"
                       " (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) c(n)")
        equal(len(cursor.fetchmany(10)), 10)
        # What was not read is thrown away, and the connection goes on.
        equal(query(connection, "SELECT 42"), [(42,)])


def errors():
    with connect() as connection:
        cursor = connection.cursor()
        cursor.execute("IF OBJECT_ID('dbo.Once') IS NOT NULL DROP TABLE dbo.Once")
        cursor.execute("CREATE TABLE dbo.Once (Id INT NOT NULL PRIMARY KEY)")
        cursor.execute("INSERT INTO dbo.Once VALUES (1)")
        for wanted, sql in ((2627, "INSERT INTO dbo.Once VALUES (1)"),
                            (515, "INSERT INTO dbo.Once VALUES (NULL)"),
                            (208, "SELECT * FROM dbo.Nowhere"),
                            (8134, "SELECT 1 / 0"),
                            (50000, "RAISERROR(N'own text', 16, 1)")):
            fails_with(wanted, lambda: query(connection, sql))
        equal(query(connection, "SELECT 1"), [(1,)])


def procedures():
    with connect() as connection:
        cursor = connection.cursor()
        cursor.execute("IF OBJECT_ID('dbo.Twice') IS NOT NULL DROP PROCEDURE dbo.Twice")
        cursor.execute("CREATE PROCEDURE dbo.Twice @a INT, @b NVARCHAR(20) AS BEGIN SET NOCOUNT ON;"
                       " SELECT @a * 2 AS n, UPPER(@b) AS t; RETURN 5; END")
        cursor.callproc("dbo.Twice", (21, "abc"))
        equal([tuple(row) for row in cursor.fetchall()], [(42, "ABC")])


def time_out():
    with connect(timeout=3) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute("WAITFOR DELAY '00:00:20'")
            cursor.fetchall()
        except Exception:  # Each client has its own class for it.
            return
        raise AssertionError("expected a time-out after three seconds, found none")


check("wrong password", lambda: fails_with(18456, lambda: connect(password="wrong")))
check("unknown database", lambda: fails_with(
    # Behind 4060, which both clients leave to the text.
    18456, lambda: connect(database="Nowhere")))
for each in VERSIONS:
    check(f"login {each}", lambda: login(each))
    check(f"types {each}", lambda: types(each))
for each in ("7.1", "7.2"):
    check(f"types of date and time as text {each}", lambda: old_date_types(each))
check("parameters", parameters)
check("transactions", transactions)
check("result sets", result_sets)
check("errors", errors)
check("procedures", procedures)
if CLIENT == "pytds":
    import os

    check("time-out", time_out)
    check("TLS", lambda: equal(query(connect(cafile=os.environ["CERTIFICATE"], validate_host=False),
                                     "SELECT REPLICATE('x', 8000)"), [("x" * 8000,)]))
sys.exit(1 if failures else 0)
