"""Parses the project's T-SQL with sqlfluff. See run, beside this file."""

import concurrent.futures
import os
import pathlib
import re
import sys

from sqlfluff.core import FluffConfig, Linter

# Modules whose integration tests send the product's statements; each writes them to target/tsql.
MODULES = ["functions", "jobs/ingest", "cli"]

# What SQL Server takes and sqlfluff 4.5.0 does not know; taken out before the rest is parsed. Each must be met.
UNKNOWN = [
    # Documented for ALTER TABLE; the grammar lacks SET (LOCK_ESCALATION = ...).
    re.compile(r"^ALTER TABLE \S+ SET \(LOCK_ESCALATION = (?:AUTO|TABLE|DISABLE)\);$", re.M),
    # Documented; the grammar has no spatial indexes.
    re.compile(r"^CREATE SPATIAL INDEX\s+\S+\s+ON\s+\S+\s+\(\w+\)\s+USING GEOMETRY_AUTO_GRID\s+WITH \([^;]*\);$", re.M),
    # What the driver asks for the columns of a table: not ours. The grammar does not take the types of its table variable.
    re.compile(r"\ADECLARE @mssqljdbc_temp_sp_columns_result TABLE\(.*\Z", re.S),
    # How the driver's bulk copy announces its rows: the protocol's, not a statement that people write.
    re.compile(r"\AINSERT BULK \S+ \(.*\)\s+with \([A-Z_, ]+\)\s*\Z", re.S),
]

# SQL of other databases. If one is parsed the parser is no judge, and nothing is checked.
WRONG = [
    "SELECT a FROM t LIMIT 5",
    "SELECT a FROM t WHERE",
    "SELECT a || b FROM t",
    "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
    "MERGE INTO t KEY (a) VALUES (1)",
    "CREATE TABLE t (a INT AUTO_INCREMENT)",
    "UPDATE t SET a = 1 FROM",
    "SELECT 1 FROM t FOR UPDATE",
    "DECLARE x INT",
]


# What a bracket may stand in, and then a name in brackets, in which ]] is one that does not end it.
QUOTED = re.compile(r"N?'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\[(?:[^\]]|\]\])*\]", re.S)


def plain_name(match):
    """The grammar knows few characters in names, and no ]]. A name that is not well quoted stays, and is no T-SQL."""
    return "[name]" if re.match(r"\[.*[^\w$].*\]\Z", match[0], re.S) else match[0]


def normalised(text):
    """One text for all that differ in the number of parameters and rows only."""
    text = QUOTED.sub(plain_name, text)
    text = re.sub(r"@P\d+\b", "@P0", text)
    text = re.sub(r"\b[0-9a-fA-F]{32}\b", "0", text)
    text = re.sub(r"(@P0\s*,\s*)(?:@P0\s*,\s*)+(?=@P0)", r"\1", text)
    row = r"(\((?:[^()']|'[^']*'|\([^()]*\))*\))"
    return re.sub(row + r"(?:\s*,\s*\1)+", r"\1, \1", text)


def problems(text):
    linter = Linter(config=FluffConfig(overrides={"dialect": "tsql"}))
    return [problem.desc() for problem in linter.parse_string(text + "\n").violations]


def statements():
    """Pairs of where a text is from and the text."""
    for file in sorted(pathlib.Path("sql").glob("*/*.sql")):
        # Flyway's separator of batches.
        for batch in re.split(r"^GO\s*$", file.read_text("utf-8"), flags=re.M):
            yield str(file), batch
    for module in MODULES:
        files = sorted(pathlib.Path(module, "target", "tsql").glob("*.sql"))
        if not files:
            print(f"no statements in {module}/target/tsql: run mvn -B verify first", file=sys.stderr)
            sys.exit(2)
        for file in files:
            for batch in file.read_text("utf-8").split("\nGO\n"):
                yield module, normalised(batch)


def main():
    accepted = [text for text in WRONG if not problems(text)]
    if accepted:
        sys.exit(f"sqlfluff parses what is no T-SQL: {accepted}")
    texts = {}
    met = set()
    for source, text in statements():
        for pattern in UNKNOWN:
            text, count = pattern.subn("", text)
            if count:
                met.add(pattern)
        if text.strip():
            texts.setdefault(text, source)
    failed = 0
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        for (text, source), found in zip(texts.items(), pool.map(problems, texts, chunksize=4)):
            if found:
                failed += 1
                print(f"{source}: {' '.join(text.split())[:500]}\n    " + "\n    ".join(found))
    for pattern in UNKNOWN:
        if pattern not in met:
            failed += 1
            print(f"no statement needs the exception {pattern.pattern}: take it out of sql/check/check.py")
    print(f"{len(texts)} texts, {failed} problems")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
