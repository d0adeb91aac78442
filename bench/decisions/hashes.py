"""Where a hash key is made: how long MD5 and SHA-256 of a million keys take inside DuckDB and PostgreSQL, how long a join takes by
hash (bytes or hexadecimal text) and by a number, how large the keys are, and which values the two turn into different texts,
so that a hash of that text would differ from target to target.

venv/bin/python bench/decisions/hashes.py POSTGRES_DSN
"""

import sys
import time

import duckdb
import psycopg

KEYS = 1_000_000
VALUES = ["1.10::DECIMAL(10,2)", "1e20::FLOAT8", "0.1::FLOAT4", "100000::FLOAT8", "'NaN'::FLOAT8", "true",
          "TIMESTAMP '2026-03-01 12:00:00'", "TIMESTAMP '2026-03-01 12:00:00.120'", "TIMESTAMP '0001-01-01 00:00:00' - INTERVAL '1' DAY",
          "upper('straße')", "upper('ŉ')", "upper('ﬁn')", "trim(E'\\t a \\n')", "trim(' a ')", "INTERVAL '1 day 2 hours'",
          "'\\x00ff'::BYTEA"]


class DuckDb:
    name = "DuckDB"
    hashes = {"md5": "md5(key)", "sha256": "sha256(key)"}
    binary = "unhex(md5(key))"

    def __init__(self):
        self.base = duckdb.connect()
        self.base.execute("SET threads = 1")

    def run(self, sql):
        return self.base.execute(sql).fetchall()


class PostgreSql:
    name = "PostgreSQL"
    hashes = {"md5": "md5(key)", "sha256": "sha256(key::BYTEA)"}
    binary = "decode(md5(key), 'hex')"

    def __init__(self, dsn):
        self.base = psycopg.connect(dsn, autocommit=True)
        self.base.execute("SET max_parallel_workers_per_gather = 0")
        self.base.execute("SET jit = off")
        self.base.execute("SET work_mem = '512MB'")
        self.base.execute("DROP SCHEMA IF EXISTS hashes CASCADE")
        self.base.execute("CREATE SCHEMA hashes")
        self.base.execute("SET search_path = hashes")

    def run(self, sql):
        result = self.base.execute(sql)
        return result.fetchall() if result.description else None


def best(base, sql):
    took = []
    for _ in range(3):
        began = time.perf_counter()
        base.run(sql)
        took.append((time.perf_counter() - began) * 1e3)
    return min(took)


def text(base, value):
    try:
        return base.run(f"SELECT CAST({value} AS TEXT)")[0][0]
    except (duckdb.Error, psycopg.Error) as error:
        return f"({str(error).splitlines()[0][:40]})"


def main():
    stores = [DuckDb(), PostgreSql(sys.argv[1])]
    for base in stores:
        base.run(f"CREATE TABLE names AS SELECT 'restaurant-' || lpad(n::TEXT, 13, '0') AS key FROM generate_series(1, {KEYS}) t(n)")
        plain = best(base, "SELECT sum(length(key)) FROM names")
        for algorithm, call in base.hashes.items():
            took = best(base, f"SELECT sum(length({call})) FROM names") - plain
            print(f"{base.name:10} {algorithm}: {took * 1e6 / KEYS:.0f} ns a key", flush=True)
        for kind, key in [("bytes", base.binary), ("hex", "md5(key)"), ("number", "row_number() OVER ()"), ("natural", "key")]:
            base.run(f"CREATE TABLE hub_{kind} AS SELECT {key} AS hk, key FROM names")
            base.run(f"CREATE TABLE sat_{kind} AS SELECT hk, length(key) AS n FROM hub_{kind}")
            took = best(base, f"SELECT sum(n) FROM hub_{kind} JOIN sat_{kind} USING (hk)")
            print(f"{base.name:10} join of a million by {kind}: {took:.0f} ms", flush=True)
    for value in VALUES:
        texts = [text(base, value) for base in stores]
        if texts[0] != texts[1]:
            print(f"{value}: {texts[0]!r} in DuckDB, {texts[1]!r} in PostgreSQL")


if __name__ == "__main__":
    main()
