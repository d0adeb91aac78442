"""The same events in five stores: how long a batch of 4,000 rows takes to be durable together with its checkpoint, how long two
questions take, and how large the files are.

python3 -m venv venv && venv/bin/pip install duckdb==1.5.6 polars pyarrow chdb==4.4.0 psycopg[binary]
venv/bin/python bench/decisions/warehouse.py FOLDER [ROWS] [POSTGRES_DSN]
"""

import io
import os
import random
import shutil
import sqlite3
import statistics
import sys
import time

BATCH = 4_000
COLUMNS = ["user_id", "video_id", "play_id", "seq", "event_time", "position_ms", "kind"]
TOP = """SELECT video_id, count(DISTINCT user_id) AS viewers FROM events GROUP BY video_id
         ORDER BY viewers DESC, video_id LIMIT 10"""
DAY = "SELECT count(*), sum(position_ms) FROM events WHERE event_time >= {0} AND event_time < {1}"
DAY_MS = 86_400_000


def batches(rows):
    """Time goes on by ten minutes a batch, so the history spans some days; films follow Zipf's law."""
    chance = random.Random(7)
    films = [f"film-{n}" for n in range(5_000)]
    weights = [1 / (n + 1) for n in range(5_000)]
    for start in range(0, rows, BATCH):
        picked = chance.choices(films, weights, k=BATCH)
        began = 1_790_000_000_000 + start // BATCH * 600_000
        yield [
            (f"user-{chance.randrange(200_000)}", film, f"play-{chance.randrange(1 << 40):x}", n, began + n,
             chance.randrange(5_400_000), "progress")
            for n, film in enumerate(picked)
        ]


class DuckDb:
    name = "DuckDB 1.5"

    def __init__(self, folder):
        import duckdb
        import pyarrow
        self.arrow, self.folder = pyarrow, folder
        self.base = duckdb.connect(os.path.join(folder, "x.duckdb"))
        self.base.execute("CREATE TABLE events (user_id TEXT, video_id TEXT, play_id TEXT, seq UBIGINT, event_time BIGINT, "
                          "position_ms UBIGINT, kind TEXT)")
        self.base.execute("CREATE TABLE checkpoints (upto UBIGINT PRIMARY KEY)")

    def prepare(self, rows):
        return self.arrow.table(dict(zip(COLUMNS, map(list, zip(*rows)))))

    def load(self, batch, upto):
        self.base.execute("BEGIN")
        self.base.execute("INSERT INTO events SELECT * FROM batch")
        self.base.execute("INSERT INTO checkpoints VALUES (?)", [upto])
        self.base.execute("COMMIT")

    def ask(self, sql):
        return self.base.execute(sql).fetchall()

    def close(self):
        self.base.close()


class Sqlite:
    name = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, folder):
        self.base = sqlite3.connect(os.path.join(folder, "x.sqlite"), isolation_level=None)
        self.base.execute("PRAGMA journal_mode=WAL")
        self.base.execute("PRAGMA synchronous=FULL")
        self.base.execute("CREATE TABLE events (user_id TEXT, video_id TEXT, play_id TEXT, seq INT, event_time INT, "
                          "position_ms INT, kind TEXT)")
        self.base.execute("CREATE INDEX by_time ON events (event_time)")
        self.base.execute("CREATE TABLE checkpoints (upto INT PRIMARY KEY)")

    def prepare(self, rows):
        return rows

    def load(self, batch, upto):
        self.base.execute("BEGIN IMMEDIATE")
        self.base.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?)", batch)
        self.base.execute("INSERT INTO checkpoints VALUES (?)", [upto])
        self.base.execute("COMMIT")

    def ask(self, sql):
        return self.base.execute(sql).fetchall()

    def close(self):
        self.base.close()


class Parquet:
    """A file a batch, put in place by a rename; the checkpoint is its name. Asked by Polars."""

    name = "Parquet + Polars"

    def __init__(self, folder):
        import polars
        self.polars, self.folder = polars, folder

    def prepare(self, rows):
        return self.polars.DataFrame(rows, schema=COLUMNS, orient="row")

    def load(self, batch, upto):
        draft = os.path.join(self.folder, "draft")
        batch.write_parquet(draft, compression="zstd")
        file = os.open(draft, os.O_RDONLY)
        os.fsync(file)
        os.close(file)
        os.rename(draft, os.path.join(self.folder, f"{upto:012}.parquet"))
        place = os.open(self.folder, os.O_RDONLY)
        os.fsync(place)
        os.close(place)

    def ask(self, sql):
        events = self.polars.scan_parquet(os.path.join(self.folder, "*.parquet"))
        return self.polars.SQLContext(events=events, eager=True).execute(sql).rows()

    def close(self):
        pass


class ClickHouse:
    """ClickHouse in the process. It has no transaction over two tables, so the checkpoint is a column."""

    name = "ClickHouse (chdb)"

    def __init__(self, folder):
        import pyarrow
        from chdb.session import Session
        self.arrow = pyarrow
        self.base = Session(os.path.join(folder, "x"))
        self.base.query("CREATE DATABASE d ENGINE = Atomic")
        self.base.query("CREATE TABLE d.events (user_id String, video_id LowCardinality(String), play_id String, seq UInt64, "
                        "event_time Int64, position_ms UInt64, kind LowCardinality(String), upto UInt64) ENGINE = MergeTree "
                        "ORDER BY event_time SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")

    def prepare(self, rows):
        return ",".join(f"('{u}','{v}','{p}',{s},{t},{m},'{k}',%d)" for u, v, p, s, t, m, k in rows)

    def load(self, batch, upto):
        self.base.query("INSERT INTO d.events VALUES " + batch.replace("%d", str(upto)))

    def ask(self, sql):
        return self.base.query(sql.replace("FROM events", "FROM d.events"), "CSV").bytes()

    def close(self):
        self.base.close()


class PostgreSql:
    name = "PostgreSQL"

    def __init__(self, folder, dsn):
        import psycopg
        self.base = psycopg.connect(dsn, autocommit=True)
        self.base.execute("DROP TABLE IF EXISTS events, checkpoints")
        self.base.execute("CREATE TABLE events (user_id TEXT, video_id TEXT, play_id TEXT, seq BIGINT, event_time BIGINT, "
                          "position_ms BIGINT, kind TEXT)")
        self.base.execute("CREATE INDEX by_time ON events USING brin (event_time)")
        self.base.execute("CREATE TABLE checkpoints (upto BIGINT PRIMARY KEY)")

    def prepare(self, rows):
        text = io.StringIO()
        text.writelines("\t".join(map(str, row)) + "\n" for row in rows)
        return text.getvalue()

    def load(self, batch, upto):
        with self.base.transaction():
            with self.base.cursor().copy("COPY events FROM STDIN") as copy:
                copy.write(batch)
            self.base.execute("INSERT INTO checkpoints VALUES (%s)", [upto])

    def ask(self, sql):
        return self.base.execute(sql).fetchall()

    def size(self):
        return self.ask("SELECT pg_total_relation_size('events')")[0][0]

    def close(self):
        self.base.close()


def size_of(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def quickest(store, sql):
    took = []
    for _ in range(3):
        began = time.perf_counter()
        store.ask(sql)
        took.append(time.perf_counter() - began)
    return min(took) * 1e3


def measure(make, folder, rows):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    store = make(folder)
    took = []
    for number, batch in enumerate(batches(rows)):
        ready = store.prepare(batch)
        began = time.perf_counter()
        store.load(ready, (number + 1) * BATCH)
        took.append((time.perf_counter() - began) * 1e3)
    late = took[-100:]
    first_day = DAY.format(1_790_000_000_000, 1_790_000_000_000 + DAY_MS)
    top, day = quickest(store, TOP), quickest(store, first_day)
    size = store.size() if hasattr(store, "size") else None
    store.close()
    size = size or size_of(folder)
    print(f"{store.name:20} {statistics.median(late):10.1f} {sorted(late)[-2]:10.1f} {top:10.1f} {day:10.1f} {size / rows:10.1f}",
          flush=True)


def main():
    folder = os.path.join(sys.argv[1], "warehouse")
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000_000
    print(f"{rows} rows; the last 100 batches of {BATCH}")
    print(f"{'':20} {'load p50':>10} {'load p99':>10} {'top 10':>10} {'one day':>10} {'bytes/row':>10}   (times in ms)")
    makers = [DuckDb, Sqlite, Parquet, ClickHouse]
    if len(sys.argv) > 3:
        makers.append(lambda folder: PostgreSql(folder, sys.argv[3]))
    for make in makers:
        measure(make, folder, rows)
    shutil.rmtree(folder)


main()
