"""The same orders kept as a Data Vault, as a star and as an anchor model: how long a load takes, how much disk it takes, how
long two questions take, and how many rows a late record changes. On DuckDB, and on PostgreSQL when a DSN is given.

venv/bin/python bench/decisions/models.py FOLDER [LOADS] [POSTGRES_DSN]
"""

import os
import statistics
import sys
import time

ROWS = 20_000
GUESTS = 20_000

# A load: orders of guests, one in twenty of an order that is known, with another status; one guest in fifty has a new name.
STAGE = """CREATE TABLE stage AS
SELECT order_id, user_id, 'guest-' || user_id || CASE WHEN user_id % 50 = {load} % 50 THEN '-{load}' ELSE '' END AS name,
       10 + n % 90 AS cost, CASE WHEN n % 20 = 0 THEN 'CLOSED' ELSE 'OPEN' END AS status, {load} AS loaded
FROM (SELECT n, order_id, order_id::BIGINT * 7919 % {guests} AS user_id FROM
      (SELECT n, CASE WHEN n % 20 = 0 AND {load} > 0 THEN ({load} - 1) * {rows} + n + 1 ELSE {load} * {rows} + n END AS order_id
       FROM generate_series(0, {rows} - 1) AS t(n)) AS o) AS u"""

VAULT = {
    "make": [
        "CREATE TABLE h_user (hk TEXT, user_id BIGINT, loaded BIGINT)",
        "CREATE TABLE h_order (hk TEXT, order_id BIGINT, loaded BIGINT)",
        "CREATE TABLE l_order_user (hk TEXT, order_hk TEXT, user_hk TEXT, loaded BIGINT)",
        "CREATE TABLE s_user (hk TEXT, diff TEXT, name TEXT, loaded BIGINT)",
        "CREATE TABLE s_order (hk TEXT, diff TEXT, cost BIGINT, status TEXT, loaded BIGINT)",
    ],
    "index": ["h_user (hk)", "h_order (hk)", "l_order_user (hk)", "s_user (hk, loaded)", "s_order (hk, loaded)"],
    "load": [
        "INSERT INTO h_user SELECT DISTINCT md5(user_id::TEXT), user_id, loaded FROM stage s "
        "WHERE NOT EXISTS (SELECT 1 FROM h_user h WHERE h.hk = md5(s.user_id::TEXT))",
        "INSERT INTO h_order SELECT DISTINCT md5(order_id::TEXT), order_id, loaded FROM stage s "
        "WHERE NOT EXISTS (SELECT 1 FROM h_order h WHERE h.hk = md5(s.order_id::TEXT))",
        "INSERT INTO l_order_user SELECT DISTINCT md5(order_id || '|' || user_id), md5(order_id::TEXT), md5(user_id::TEXT), loaded "
        "FROM stage s WHERE NOT EXISTS (SELECT 1 FROM l_order_user l WHERE l.hk = md5(s.order_id || '|' || s.user_id))",
        "INSERT INTO s_user SELECT DISTINCT md5(user_id::TEXT), md5(name), name, loaded FROM stage s WHERE md5(name) IS DISTINCT FROM "
        "(SELECT diff FROM s_user k WHERE k.hk = md5(s.user_id::TEXT) ORDER BY loaded DESC LIMIT 1)",
        "INSERT INTO s_order SELECT DISTINCT md5(order_id::TEXT), md5(cost || '|' || status), cost, status, loaded FROM stage s "
        "WHERE md5(cost || '|' || status) IS DISTINCT FROM "
        "(SELECT diff FROM s_order k WHERE k.hk = md5(s.order_id::TEXT) ORDER BY loaded DESC LIMIT 1)",
    ],
    "closed": """SELECT u.name, sum(o.cost) FROM
        (SELECT hk, cost, status, row_number() OVER (PARTITION BY hk ORDER BY loaded DESC) AS n FROM s_order) o
        JOIN l_order_user l ON l.order_hk = o.hk
        JOIN (SELECT hk, name, row_number() OVER (PARTITION BY hk ORDER BY loaded DESC) AS n FROM s_user) u ON u.hk = l.user_hk
        WHERE o.n = 1 AND u.n = 1 AND o.status = 'CLOSED' GROUP BY u.name ORDER BY 2 DESC, 1 LIMIT 10""",
    "named": """SELECT count(*) FROM l_order_user l JOIN
        (SELECT hk, name, loaded, lead(loaded, 1, 1000000) OVER (PARTITION BY hk ORDER BY loaded) AS upto FROM s_user) u
        ON u.hk = l.user_hk AND l.loaded >= u.loaded AND l.loaded < u.upto WHERE u.name LIKE '%-%-%'""",
    "late": ["INSERT INTO s_user VALUES (md5('7'), md5('late'), 'late', 1)"],
}

STAR = {
    "make": [
        "CREATE TABLE d_user (id BIGINT, user_id BIGINT, name TEXT, loaded BIGINT, upto BIGINT)",
        "CREATE TABLE f_order (order_id BIGINT, user_id BIGINT, user_version BIGINT, cost BIGINT, status TEXT, loaded BIGINT)",
        "CREATE SEQUENCE ids",
    ],
    "index": ["d_user (user_id, upto)", "d_user (id)", "f_order (order_id)", "f_order (user_id)"],
    "load": [
        "CREATE TABLE fresh AS SELECT DISTINCT user_id, name, loaded FROM stage s WHERE name IS DISTINCT FROM "
        "(SELECT name FROM d_user d WHERE d.user_id = s.user_id AND d.upto = 1000000)",
        "UPDATE d_user SET upto = f.loaded FROM fresh f WHERE d_user.user_id = f.user_id AND d_user.upto = 1000000",
        "INSERT INTO d_user SELECT nextval('ids'), user_id, name, loaded, 1000000 FROM fresh",
        "DROP TABLE fresh",
        "UPDATE f_order SET status = s.status, cost = s.cost FROM stage s WHERE f_order.order_id = s.order_id",
        "INSERT INTO f_order SELECT s.order_id, s.user_id, d.id, s.cost, s.status, s.loaded FROM stage s "
        "JOIN d_user d ON d.user_id = s.user_id AND d.upto = 1000000 "
        "WHERE NOT EXISTS (SELECT 1 FROM f_order f WHERE f.order_id = s.order_id)",
    ],
    "closed": """SELECT d.name, sum(f.cost) FROM f_order f JOIN d_user d ON d.user_id = f.user_id AND d.upto = 1000000
        WHERE f.status = 'CLOSED' GROUP BY d.name ORDER BY 2 DESC, 1 LIMIT 10""",
    "named": "SELECT count(*) FROM f_order f JOIN d_user d ON d.id = f.user_version WHERE d.name LIKE '%-%-%'",
    "late": [
        "UPDATE d_user SET upto = 1 WHERE user_id = 7 AND loaded < 1 AND upto > 1",
        "INSERT INTO d_user VALUES (-1, 7, 'late', 1, 1000000)",
        "UPDATE f_order SET user_version = -1 WHERE user_id = 7 AND loaded >= 1",
    ],
}

ANCHOR = {
    "make": [
        "CREATE TABLE an_user (user_id BIGINT, loaded BIGINT)",
        "CREATE TABLE an_order (order_id BIGINT, loaded BIGINT)",
        "CREATE TABLE tie_order_user (order_id BIGINT, user_id BIGINT, loaded BIGINT)",
        "CREATE TABLE at_user_name (user_id BIGINT, name TEXT, loaded BIGINT)",
        "CREATE TABLE at_order_cost (order_id BIGINT, cost BIGINT, loaded BIGINT)",
        "CREATE TABLE at_order_status (order_id BIGINT, status TEXT, loaded BIGINT)",
    ],
    "index": ["an_user (user_id)", "an_order (order_id)", "tie_order_user (order_id)", "at_user_name (user_id, loaded)",
              "at_order_cost (order_id, loaded)", "at_order_status (order_id, loaded)"],
    "load": [
        "INSERT INTO an_user SELECT DISTINCT user_id, loaded FROM stage s "
        "WHERE NOT EXISTS (SELECT 1 FROM an_user a WHERE a.user_id = s.user_id)",
        "INSERT INTO an_order SELECT DISTINCT order_id, loaded FROM stage s "
        "WHERE NOT EXISTS (SELECT 1 FROM an_order a WHERE a.order_id = s.order_id)",
        "INSERT INTO tie_order_user SELECT DISTINCT order_id, user_id, loaded FROM stage s WHERE NOT EXISTS "
        "(SELECT 1 FROM tie_order_user t WHERE t.order_id = s.order_id AND t.user_id = s.user_id)",
    ] + [
        f"INSERT INTO at_{thing}_{what} SELECT DISTINCT {thing}_id, {what}, loaded FROM stage s WHERE {what} IS DISTINCT FROM "
        f"(SELECT {what} FROM at_{thing}_{what} k WHERE k.{thing}_id = s.{thing}_id ORDER BY loaded DESC LIMIT 1)"
        for thing, what in [("user", "name"), ("order", "cost"), ("order", "status")]
    ],
    "closed": """SELECT u.name, sum(c.cost) FROM
        (SELECT order_id, status, row_number() OVER (PARTITION BY order_id ORDER BY loaded DESC) AS n FROM at_order_status) o
        JOIN (SELECT order_id, cost, row_number() OVER (PARTITION BY order_id ORDER BY loaded DESC) AS n FROM at_order_cost) c
        ON c.order_id = o.order_id JOIN tie_order_user t ON t.order_id = o.order_id
        JOIN (SELECT user_id, name, row_number() OVER (PARTITION BY user_id ORDER BY loaded DESC) AS n FROM at_user_name) u
        ON u.user_id = t.user_id
        WHERE o.n = 1 AND c.n = 1 AND u.n = 1 AND o.status = 'CLOSED' GROUP BY u.name ORDER BY 2 DESC, 1 LIMIT 10""",
    "named": """SELECT count(*) FROM tie_order_user t JOIN
        (SELECT user_id, name, loaded, lead(loaded, 1, 1000000) OVER (PARTITION BY user_id ORDER BY loaded) AS upto FROM at_user_name) u
        ON u.user_id = t.user_id AND t.loaded >= u.loaded AND t.loaded < u.upto WHERE u.name LIKE '%-%-%'""",
    "late": ["INSERT INTO at_user_name VALUES (7, 'late', 1)"],
}

MODELS = {"vault": VAULT, "star": STAR, "anchor": ANCHOR}


class DuckDb:
    name, indexed = "DuckDB", False

    def __init__(self, folder, model):
        import duckdb
        self.path = os.path.join(folder, f"{model}.duckdb")
        if os.path.exists(self.path):
            os.remove(self.path)
        self.base = duckdb.connect(self.path)

    def run(self, sql):
        self.base.execute(sql)
        # What a statement changed is its only row, of one number.
        if sql.startswith(("INSERT", "UPDATE")):
            return self.base.fetchall()[0][0]

    def begin(self):
        self.base.execute("BEGIN")

    def commit(self):
        self.base.execute("COMMIT")

    def settle(self):
        pass

    def ask(self, sql):
        return self.base.execute(sql).fetchall()

    def bytes(self):
        self.base.execute("CHECKPOINT")
        return os.path.getsize(self.path)


class PostgreSql:
    name, indexed = "PostgreSQL", True

    def __init__(self, dsn, model):
        import psycopg
        self.base = psycopg.connect(dsn, autocommit=True)
        self.model = model
        self.base.execute(f"DROP SCHEMA IF EXISTS {model} CASCADE")
        self.base.execute(f"CREATE SCHEMA {model}")
        self.base.execute(f"SET search_path = {model}")

    def run(self, sql):
        return self.base.execute(sql).rowcount

    def begin(self):
        self.base.execute("BEGIN")

    def commit(self):
        self.base.execute("COMMIT")

    def settle(self):
        self.base.execute("ANALYZE")

    def ask(self, sql):
        # It takes each newest version for a handful of rows, and would go through them in loops inside loops.
        self.base.execute("SET enable_nestloop = off")
        return self.base.execute(sql).fetchall()

    def bytes(self):
        self.base.execute("VACUUM FULL")
        return self.ask("SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                        f"WHERE nspname = '{self.model}' AND relkind = 'r'")[0][0]


def timed(work):
    began = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - began) * 1e3


def load(base, model):
    base.begin()
    for statement in model["load"]:
        base.run(statement)
    base.commit()


def measure(base, name, model, loads):
    for statement in model["make"]:
        base.run(statement)
    if base.indexed:
        for number, index in enumerate(model["index"]):
            base.run(f"CREATE INDEX {name}_{number} ON {index}")
    took = []
    for number in range(loads):
        base.run("DROP TABLE IF EXISTS stage")
        base.run(STAGE.format(load=number, rows=ROWS, guests=GUESTS))
        took.append(timed(lambda: load(base, model))[1])
        base.settle()
    base.run("DROP TABLE stage")
    size = base.bytes()
    closed, closed_ms = min((timed(lambda: base.ask(model["closed"])) for _ in range(3)), key=lambda pair: pair[1])
    named, named_ms = min((timed(lambda: base.ask(model["named"])) for _ in range(3)), key=lambda pair: pair[1])
    late = sum(base.run(statement) for statement in model["late"])
    last = statistics.median(took[-5:])
    print(f"{base.name:10} {name:6} load of {ROWS}: {last:7.1f} ms  {size / ROWS / loads:5.0f} bytes an order  "
          f"closed {closed_ms:6.1f} ms  name at the time {named_ms:6.1f} ms  rows changed by a late name {late}", flush=True)
    return closed, named


def main():
    folder = sys.argv[1]
    loads = int(sys.argv[2]) if len(sys.argv) > 2 else 25
    stores = [lambda model: DuckDb(folder, model)]
    if len(sys.argv) > 3:
        stores.append(lambda model: PostgreSql(sys.argv[3], model))
    os.makedirs(folder, exist_ok=True)
    for store in stores:
        answers = [measure(store(name), name, model, loads) for name, model in MODELS.items()]
        assert answers.count(answers[0]) == len(answers), f"the models do not agree: {answers}"


if __name__ == "__main__":
    main()
