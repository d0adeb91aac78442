"""Durable appends a second of 100-byte records into SQLite: WAL, synchronous=FULL, beside a raw write and fdatasync.

python3 bench/decisions/sqlite_appends.py [FOLDER [SECONDS]]
"""

import os
import shutil
import sqlite3
import sys
import time

BYTES = 100
BATCHES = [1, 100, 1000]
ROUNDS = 3


def timed(seconds, batch, append):
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        append()
        calls += 1
    return calls * batch / (time.perf_counter() - began)


def raw(folder, batch, seconds):
    file = os.open(os.path.join(folder, "raw"), os.O_CREAT | os.O_WRONLY)
    payload = b"\7" * (batch * BYTES)

    def append():
        os.write(file, payload)
        os.fdatasync(file)

    rate = timed(seconds, batch, append)
    os.close(file)
    return rate


def sqlite(folder, batch, seconds):
    base = sqlite3.connect(os.path.join(folder, "log.sqlite"), isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, value BLOB NOT NULL)")
    rows = [(b"\7" * (BYTES - 8),)] * batch

    def append():
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT INTO log (value) VALUES (?)", rows)
        base.execute("COMMIT")

    rate = timed(seconds, batch, append)
    base.close()
    return rate


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "target/decisions"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2.0
    best = {}
    for _ in range(ROUNDS):
        for batch in BATCHES:
            for name, way in (("raw write + fdatasync", raw), ("SQLite WAL, FULL", sqlite)):
                shutil.rmtree(folder, ignore_errors=True)
                os.makedirs(folder)
                best[name, batch] = max(best.get((name, batch), 0), way(folder, batch, seconds))
    shutil.rmtree(folder)
    print(f"{'records/s, best of ' + str(ROUNDS):24}" + "".join(f"{'batch ' + str(batch):>13}" for batch in BATCHES))
    for name in ("raw write + fdatasync", "SQLite WAL, FULL"):
        print(f"{name:24}" + "".join(f"{best[name, batch]:13.0f}" for batch in BATCHES))
    print("SQLite", sqlite3.sqlite_version)


main()
