"""Two ways to keep counters of (guest, product) true while batches of orders come in: add what a batch says, or compute the
touched keys anew from the links that are kept. How long a batch takes as history grows, and what each says after a tenth of
the batches came twice and some orders were taken back.

venv/bin/python bench/decisions/counters.py POSTGRES_DSN [BATCHES]
"""

import random
import statistics
import sys
import time

import psycopg

BATCH = 1_000
GUESTS = 100_000
PRODUCTS = 1_000


def orders(chance, first):
    """Orders of one batch: (order, guest, product, closed). One in fifty takes back an order that was closed before."""
    rows = []
    for number in range(first, first + BATCH):
        if number >= BATCH and number % 50 == 0:
            old = chance.randrange(number - BATCH + 1)
            rows.append((old, old * 7919 % GUESTS, old * 31 % PRODUCTS, False))
        else:
            rows.append((number, number * 7919 % GUESTS, number * 31 % PRODUCTS, True))
    return rows


def prepared(base, schema):
    base.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    base.execute(f"CREATE SCHEMA {schema}")
    base.execute(f"SET search_path = {schema}")
    base.execute("CREATE TABLE orders (id BIGINT PRIMARY KEY, guest BIGINT, product BIGINT, closed BOOL)")
    base.execute("CREATE INDEX by_key ON orders (guest, product)")
    base.execute("CREATE TABLE counters (guest BIGINT, product BIGINT, n BIGINT, PRIMARY KEY (guest, product))")
    base.execute("CREATE TEMP TABLE batch (id BIGINT, guest BIGINT, product BIGINT, closed BOOL)")


def staged(base, rows):
    base.execute("TRUNCATE batch")
    with base.cursor().copy("COPY batch FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def keep(base):
    base.execute("INSERT INTO orders SELECT DISTINCT ON (id) * FROM batch ORDER BY id, closed "
                 "ON CONFLICT (id) DO UPDATE SET closed = excluded.closed")


def add(base):
    """As consumers do that keep no history: plus one for each order that the batch says is closed."""
    base.execute("INSERT INTO counters SELECT guest, product, count(*) FROM batch WHERE closed GROUP BY 1, 2 "
                 "ON CONFLICT (guest, product) DO UPDATE SET n = counters.n + excluded.n")


def add_difference(base):
    """Plus or minus what the batch changes in what is kept: right, but it must read what is kept before it is changed."""
    base.execute("CREATE TEMP TABLE change AS SELECT b.guest, b.product, "
                 "sum(b.closed::INT - coalesce(o.closed, false)::INT) AS n "
                 "FROM (SELECT DISTINCT ON (id) * FROM batch ORDER BY id, closed) b LEFT JOIN orders o USING (id) GROUP BY 1, 2")
    keep(base)
    base.execute("INSERT INTO counters SELECT guest, product, n FROM change WHERE n <> 0 "
                 "ON CONFLICT (guest, product) DO UPDATE SET n = counters.n + excluded.n")
    base.execute("DROP TABLE change")


def recompute(base):
    keep(base)
    base.execute("INSERT INTO counters SELECT guest, product, count(*) FILTER (WHERE closed) FROM orders "
                 "WHERE (guest, product) IN (SELECT guest, product FROM batch) GROUP BY 1, 2 "
                 "ON CONFLICT (guest, product) DO UPDATE SET n = excluded.n")


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    truth = {}
    for name, way in [("add", add), ("add the difference", add_difference), ("recompute", recompute)]:
        chance = random.Random(7)
        base = psycopg.connect(sys.argv[1], autocommit=True)
        prepared(base, way.__name__)
        took, newest = [], {}
        for number in range(count):
            rows = orders(chance, number * BATCH)
            for order, guest, product, closed in rows:
                newest[order] = (guest, product, closed and newest.get(order, (0, 0, True))[2])
            for _ in range(2 if number % 10 == 9 else 1):
                staged(base, rows)
                began = time.perf_counter()
                with base.transaction():
                    way(base)
                took.append((time.perf_counter() - began) * 1e3)
            if number % 50 == 49:
                base.execute("ANALYZE")
        truth = {}
        for guest, product, closed in newest.values():
            truth[guest, product] = truth.get((guest, product), 0) + closed
        kept = {(guest, product): n for guest, product, n in base.execute("SELECT * FROM counters")}
        wrong = sum(1 for key, n in truth.items() if kept.get(key, 0) != n)
        early, late = statistics.median(took[10:60]), statistics.median(took[-50:])
        print(f"{name:20} batch of {BATCH}: {early:6.1f} ms early, {late:6.1f} ms at {count * BATCH} orders; "
              f"wrong counters {wrong} of {len(truth)}", flush=True)


if __name__ == "__main__":
    main()
