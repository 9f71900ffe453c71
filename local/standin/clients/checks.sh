#!/usr/bin/env bash
# Checks of FreeTDS's tsql against a stand-in: checks.sh PORT. One line a check; exit 1 if any fails.
set -u
port=$1
failures=0

check() { # name, TDS version, password, database, batch, what the output must have
  local output
  output=$(printf '%s\ngo\nexit\n' "$5" |
    TDSVER=$2 timeout 60 tsql -H 127.0.0.1 -p "$port" -U client -P "$3" -D "$4" -o q 2>&1)
  if grep -q -- "$6" <<<"$output"; then
    echo "tsql $1: ok"
  else
    failures=1
    echo "tsql $1: FAILED, expected $6, found ${output:0:400}"
  fi
}

check "wrong password" 7.4 wrong Clients "SELECT 1" "Msg 18456"
check "unknown database" 7.4 Secret-1 Nowhere "SELECT 1" "Msg 4060"
for version in 7.1 7.2 7.3 7.4; do
  check "values $version" $version Secret-1 Clients \
    "SELECT 7 AS a, CAST(NULL AS INT) AS b, N'x' AS c, CAST(1.5 AS DECIMAL(9,2)) AS d" "7	NULL	x	1.50"
  check "long text $version" $version Secret-1 Clients \
    "SELECT CAST(N'begin ' + REPLICATE(CAST(N'x' AS NVARCHAR(MAX)), 20000) + N' end' AS NVARCHAR(MAX))" "xxxxx end"
  check "error $version" $version Secret-1 Clients "SELECT * FROM dbo.Nowhere" "Msg 208"
  check "count $version" $version Secret-1 Clients \
    "DECLARE @t TABLE (i INT); INSERT INTO @t VALUES (1), (2), (3); SELECT COUNT(*) + 40 FROM @t" "43"
  check "several result sets $version" $version Secret-1 Clients "SELECT 11; SELECT 22; PRINT N'said'" "22"
done
exit $failures
