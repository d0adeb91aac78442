"""Three ways to keep a mart of (user, video) rows true while batches of 4,000 changed rows come in, on DuckDB: an upsert, rows
of change appended to a tail that is folded now and then, and computing the touched keys anew from the events.

venv/bin/pip install duckdb==1.5.6 pyarrow
venv/bin/python bench/decisions/marts.py FOLDER [MART_ROWS]
"""

import os
import random
import shutil
import statistics
import sys
import time

import duckdb
import pyarrow

BATCH = 4_000
BATCHES = 40
EVENTS_A_ROW = 4


def opened(folder, rows):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    base = duckdb.connect(os.path.join(folder, "x.duckdb"))
    base.execute("CREATE TABLE mart (user_id BIGINT, video_id BIGINT, position_ms UBIGINT, watched_ms UBIGINT)")
    base.execute(f"INSERT INTO mart SELECT n // 20, n % 20, 1000, 1000 FROM range({rows}) t(n)")
    return base


def changes(chance, rows):
    """Rows of users who are watching now: any of them, each once in a batch."""
    keys = chance.sample(range(rows), BATCH)
    columns = {"user_id": [n // 20 for n in keys], "video_id": [n % 20 for n in keys],
               "position_ms": [2_000] * BATCH, "watched_ms": [2_000] * BATCH}
    return pyarrow.table(columns)


def timed(base, rows, load):
    chance, took = random.Random(7), []
    for number in range(BATCHES):
        batch = changes(chance, rows)
        began = time.perf_counter()
        load(base, batch, number)
        took.append((time.perf_counter() - began) * 1e3)
    return took


def upsert(base, batch, number):
    base.register("batch", batch)
    base.execute("INSERT INTO mart SELECT * FROM batch ON CONFLICT (user_id, video_id) DO UPDATE SET "
                 "position_ms = excluded.position_ms, watched_ms = excluded.watched_ms")


def append(base, batch, number):
    base.register("batch", batch)
    base.execute(f"INSERT INTO tail SELECT *, {number} FROM batch")


def recompute(base, batch, number):
    base.register("batch", batch)
    base.execute("BEGIN")
    base.execute("INSERT INTO events SELECT user_id, video_id, position_ms FROM batch")
    base.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT user_id, video_id, max(position_ms) AS position_ms, "
                 "count(*) * 1000 AS watched_ms FROM events SEMI JOIN batch USING (user_id, video_id) GROUP BY ALL")
    base.execute("DELETE FROM mart USING fresh WHERE mart.user_id = fresh.user_id AND mart.video_id = fresh.video_id")
    base.execute("INSERT INTO mart SELECT * FROM fresh")
    base.execute("COMMIT")


FOLD = """BEGIN; CREATE TABLE folded AS
    SELECT user_id, video_id, arg_max(position_ms, number) AS position_ms, arg_max(watched_ms, number) AS watched_ms
    FROM (SELECT *, -1 AS number FROM mart UNION ALL SELECT * FROM tail) GROUP BY ALL;
    DROP TABLE mart; ALTER TABLE folded RENAME TO mart; DELETE FROM tail; COMMIT"""


def show(name, took, note=""):
    print(f"{name:34} {statistics.median(took):9.1f} {max(took):9.1f}   {note}", flush=True)


def main():
    folder = os.path.join(sys.argv[1], "marts")
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    print(f"{rows} mart rows, {BATCHES} batches of {BATCH} changed rows; ms")
    print(f"{'':34} {'p50':>9} {'max':>9}")

    base = opened(folder, rows)
    base.execute("CREATE UNIQUE INDEX by_key ON mart (user_id, video_id)")
    show("upsert (ON CONFLICT)", timed(base, rows, upsert))
    base.close()

    base = opened(folder, rows)
    base.execute("CREATE TABLE tail (user_id BIGINT, video_id BIGINT, position_ms UBIGINT, watched_ms UBIGINT, number INT)")
    took = timed(base, rows, append)
    began = time.perf_counter()
    base.execute(FOLD)
    fold_ms = (time.perf_counter() - began) * 1e3
    show("append to a tail", took, f"fold of all {BATCHES} batches {fold_ms:.0f} ms, {fold_ms / BATCHES:.1f} a batch")
    base.close()

    base = opened(folder, rows)
    base.execute("CREATE TABLE events (user_id BIGINT, video_id BIGINT, position_ms UBIGINT)")
    base.execute(f"INSERT INTO events SELECT n // 20, n % 20, 1000 FROM range({rows * EVENTS_A_ROW}) t(n)")
    show(f"recompute from {rows * EVENTS_A_ROW} events", timed(base, rows, recompute))
    base.close()
    shutil.rmtree(folder)


main()
