---- safe ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "customer_id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_c_pk"));

-- dds.h_o
CREATE TABLE "dds"."h_o" ("h_o_pk" bytea NOT NULL, "order_id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_o_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "h_c_pk" bytea NOT NULL, "h_o_pk" bytea NOT NULL, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("l_pk"));

-- dds.e
CREATE TABLE "dds"."e" ("l_pk" bytea NOT NULL, "h_c_pk" bytea NOT NULL, "h_o_pk" bytea NOT NULL, "s" timestamp, "e" timestamp, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text);

-- dds.e
CREATE INDEX ON "dds"."e" ("l_pk", "load_dt");

-- dds.e
CREATE INDEX ON "dds"."e" ("h_o_pk");

-- dds.b
CREATE TABLE "dds"."b" ("h_o_pk" bytea NOT NULL, "as_of_date" timestamp NOT NULL, "l_pk" bytea NOT NULL);

-- dds.b
CREATE INDEX ON "dds"."b" ("h_o_pk", "as_of_date");

-- load dds.h_c: earlier keys
UPDATE "dds"."h_c" AS h SET "customer_id" = f."customer_id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."customer_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id" AS "h_c_pk", "customer_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."customer_id" COLLATE "C") AS f
WHERE h."h_c_pk" = f."h_c_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."customer_id" COLLATE "C" < h."customer_id" COLLATE "C" OR (h."customer_id" COLLATE "C" IS NULL AND f."customer_id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h_c: new keys
INSERT INTO "dds"."h_c" ("h_c_pk", "customer_id", "event_time", "load_dt", "load_src")
SELECT f."h_c_pk", f."customer_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."customer_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id" AS "h_c_pk", "customer_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."customer_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_c" AS h
WHERE h."h_c_pk" = f."h_c_pk") ORDER BY f."h_c_pk";

-- load dds.h_o: earlier keys
UPDATE "dds"."h_o" AS h SET "order_id" = f."order_id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_o_pk") s."h_o_pk", s."order_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_order_id" AS "h_o_pk", "order_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_order_id" IS NOT NULL) AS s ORDER BY s."h_o_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."order_id" COLLATE "C") AS f
WHERE h."h_o_pk" = f."h_o_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."order_id" COLLATE "C" < h."order_id" COLLATE "C" OR (h."order_id" COLLATE "C" IS NULL AND f."order_id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h_o: new keys
INSERT INTO "dds"."h_o" ("h_o_pk", "order_id", "event_time", "load_dt", "load_src")
SELECT f."h_o_pk", f."order_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_o_pk") s."h_o_pk", s."order_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_order_id" AS "h_o_pk", "order_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_order_id" IS NOT NULL) AS s ORDER BY s."h_o_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."order_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_o" AS h
WHERE h."h_o_pk" = f."h_o_pk") ORDER BY f."h_o_pk";

-- load dds.l: earlier keys
UPDATE "dds"."l" AS h SET "h_c_pk" = f."h_c_pk", "h_o_pk" = f."h_o_pk", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."h_c_pk", s."h_o_pk", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_pk", "_key_customer_id" AS "h_c_pk", "_key_order_id" AS "h_o_pk", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."h_c_pk", s."h_o_pk") AS f
WHERE h."l_pk" = f."l_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."h_c_pk" < h."h_c_pk" OR (f."h_c_pk" = h."h_c_pk" AND f."h_o_pk" < h."h_o_pk"))))))));

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "h_c_pk", "h_o_pk", "event_time", "load_dt", "load_src")
SELECT f."l_pk", f."h_c_pk", f."h_o_pk", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."h_c_pk", s."h_o_pk", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_pk", "_key_customer_id" AS "h_c_pk", "_key_order_id" AS "h_o_pk", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."h_c_pk", s."h_o_pk") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk";

-- load dds.e: one load at a time
LOCK TABLE "dds"."e" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.e: relations that begin and end
INSERT INTO "dds"."e" ("l_pk", "h_c_pk", "h_o_pk", "s", "e", "event_time", "load_dt", "load_src") WITH s AS (SELECT "l_pk", "h_c_pk", "h_o_pk", "s", "e", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "l_pk", "event_time" ORDER BY "load_dt", "load_src") AS "_n"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_pk", "_key_customer_id" AS "h_c_pk", "_key_order_id" AS "h_o_pk", CAST("_event_time" AS timestamp) AS "s", TIMESTAMP '9999-12-31 23:59:59.999999' AS "e", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS x) AS y
WHERE "_n" = 1), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."l_pk" ORDER BY t."load_dt" DESC, t."event_time" DESC, t."e") AS "_n"
FROM "dds"."e" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."h_o_pk" = t."h_o_pk")) AS x
WHERE "_n" = 1), k AS (SELECT "h_o_pk", MAX("event_time") AS "_top"
FROM r
GROUP BY "h_o_pk"), g AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_o_pk" ORDER BY s."event_time") AS "_step"
FROM s
LEFT JOIN k ON s."h_o_pk" = k."h_o_pk"
WHERE k."_top" IS NULL OR s."event_time" > k."_top"), i AS (SELECT g.*, "_step" - ROW_NUMBER() OVER (PARTITION BY "l_pk" ORDER BY "_step") AS "_run"
FROM g), m AS (SELECT "h_o_pk", "_step", MIN("event_time") AS "_at", MAX("load_dt") AS "_load"
FROM g
GROUP BY "h_o_pk", "_step"), h AS (SELECT "l_pk", "_run", MIN("_step") AS "_first", MAX("_step") AS "_last"
FROM i
GROUP BY "l_pk", "_run")
SELECT g."l_pk", g."h_c_pk", g."h_o_pk", CAST(g."event_time" AS timestamp), TIMESTAMP '9999-12-31 23:59:59.999999', g."event_time", g."load_dt", g."load_src"
FROM h JOIN g ON h."l_pk" = g."l_pk" AND g."_step" = h."_first"
WHERE h."_first" > 1 OR NOT EXISTS (SELECT 1
FROM r
WHERE r."l_pk" = h."l_pk" AND CAST(r."e" AS date) >= DATE '9999-12-31')
UNION ALL
SELECT g."l_pk", g."h_c_pk", g."h_o_pk", CASE WHEN r."l_pk" IS NULL THEN CAST(g."event_time" AS timestamp) ELSE r."s" END, CAST(m."_at" AS timestamp), m."_at", m."_load", g."load_src"
FROM h JOIN g ON h."l_pk" = g."l_pk" AND g."_step" = h."_first" JOIN m ON m."h_o_pk" = g."h_o_pk" AND m."_step" = h."_last" + 1
LEFT JOIN r ON r."l_pk" = h."l_pk" AND CAST(r."e" AS date) >= DATE '9999-12-31' AND h."_first" = 1
UNION ALL
SELECT r."l_pk", r."h_c_pk", r."h_o_pk", r."s", CAST(m."_at" AS timestamp), m."_at", m."_load", r."load_src"
FROM r JOIN m ON m."h_o_pk" = r."h_o_pk" AND m."_step" = 1
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND NOT EXISTS (SELECT 1
FROM h
WHERE r."l_pk" = h."l_pk" AND h."_first" = 1)
UNION ALL
SELECT s."l_pk", s."h_c_pk", s."h_o_pk", CAST(s."event_time" AS timestamp), TIMESTAMP '9999-12-31 23:59:59.999999', s."event_time", s."load_dt", s."load_src"
FROM s JOIN k ON s."h_o_pk" = k."h_o_pk" AND s."event_time" = k."_top"
WHERE NOT EXISTS (SELECT 1
FROM "dds"."e" AS t
WHERE t."l_pk" = s."l_pk" AND t."event_time" = s."event_time") AND NOT EXISTS (SELECT 1
FROM r
WHERE r."l_pk" = s."l_pk" AND CAST(r."e" AS date) >= DATE '9999-12-31');

-- load dds.b: one load at a time
LOCK TABLE "dds"."b" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.b: what holds
INSERT INTO "dds"."b" ("h_o_pk", "as_of_date", "l_pk")
SELECT w."h_o_pk", w."as_of_date", w."l_pk"
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."b"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."h_o_pk", d."_date" AS "as_of_date", l0."l_pk" AS "l_pk"
FROM "dds"."h_o" AS h CROSS JOIN d JOIN "dds"."l" AS l0 ON l0."h_o_pk" = h."h_o_pk" JOIN (SELECT "_key", "_date"
FROM (SELECT v."l_pk" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."l_pk", d."_date" ORDER BY v."event_time" DESC, v."load_dt" DESC, v."e") AS "_n"
FROM "dds"."e" AS v JOIN d ON v."event_time" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."l_pk" AND e0."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."b" AS t
WHERE w."h_o_pk" = t."h_o_pk" AND w."as_of_date" = t."as_of_date" AND w."l_pk" = t."l_pk");

-- load dds.b: what holds no more
DELETE
FROM "dds"."b" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."b"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."h_o_pk", d."_date" AS "as_of_date", l0."l_pk" AS "l_pk"
FROM "dds"."h_o" AS h CROSS JOIN d JOIN "dds"."l" AS l0 ON l0."h_o_pk" = h."h_o_pk" JOIN (SELECT "_key", "_date"
FROM (SELECT v."l_pk" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."l_pk", d."_date" ORDER BY v."event_time" DESC, v."load_dt" DESC, v."e") AS "_n"
FROM "dds"."e" AS v JOIN d ON v."event_time" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."l_pk" AND e0."_date" = d."_date") AS w
WHERE w."h_o_pk" = t."h_o_pk" AND w."as_of_date" = t."as_of_date" AND w."l_pk" = t."l_pk");

---- two ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("c" text NOT NULL, "cid" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("c"));

-- dds.h_o
CREATE TABLE "dds"."h_o" ("o" text NOT NULL, "oid" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("o"));

-- dds.h_p
CREATE TABLE "dds"."h_p" ("p" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("p"));

-- dds.l_co
CREATE TABLE "dds"."l_co" ("co" text NOT NULL, "c" text NOT NULL, "o" text NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("co"));

-- dds.l_op
CREATE TABLE "dds"."l_op" ("op" text NOT NULL, "o" text NOT NULL, "p" text NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("op"));

-- dds.e_co
CREATE TABLE "dds"."e_co" ("co" text NOT NULL, "c" text NOT NULL, "o" text NOT NULL, "s" timestamp, "e" timestamp, "eff" timestamp, "ldts" timestamp NOT NULL, "src" text);

-- dds.e_co
CREATE INDEX ON "dds"."e_co" ("co", "ldts");

-- dds.e_co
CREATE INDEX ON "dds"."e_co" ("o");

-- dds.e_op
CREATE TABLE "dds"."e_op" ("op" text NOT NULL, "o" text NOT NULL, "p" text NOT NULL, "s" timestamp, "e" timestamp, "eff" timestamp, "ldts" timestamp NOT NULL, "src" text);

-- dds.e_op
CREATE INDEX ON "dds"."e_op" ("op", "ldts");

-- dds.e_op
CREATE INDEX ON "dds"."e_op" ("p");

-- dds.b
CREATE TABLE "dds"."b" ("c" text NOT NULL, "as_of_date" timestamp NOT NULL, "link_co" text NOT NULL, "l_op_pk" text NOT NULL);

-- dds.b
CREATE INDEX ON "dds"."b" ("c", "as_of_date");

-- dds.bare
CREATE TABLE "dds"."bare" ("c" text NOT NULL, "as_of_date" timestamp NOT NULL, "l_co_pk" text NOT NULL);

-- dds.bare
CREATE INDEX ON "dds"."bare" ("c", "as_of_date");

-- dds.short
CREATE TABLE "dds"."short" ("c" text NOT NULL, "as_of_date" timestamp NOT NULL, "l_co_pk" text NOT NULL);

-- dds.short
CREATE INDEX ON "dds"."short" ("c", "as_of_date");

-- load dds.h_c: new keys
INSERT INTO "dds"."h_c" ("c", "cid", "ldts", "src")
SELECT f."c", f."cid", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."c") s."c", s."cid", s."ldts", s."src"
FROM (SELECT "c", "cid", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_co"
WHERE "c" IS NOT NULL) AS s ORDER BY s."c", s."ldts", s."src" COLLATE "C", s."cid" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_c" AS h
WHERE h."c" = f."c") ORDER BY f."c";

-- load dds.h_o: new keys
INSERT INTO "dds"."h_o" ("o", "oid", "ldts", "src")
SELECT f."o", f."oid", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."o") s."o", s."oid", s."ldts", s."src"
FROM (SELECT "o", "oid", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_co"
WHERE "o" IS NOT NULL) AS s ORDER BY s."o", s."ldts", s."src" COLLATE "C", s."oid" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_o" AS h
WHERE h."o" = f."o") ORDER BY f."o";

-- load dds.l_co: new keys
INSERT INTO "dds"."l_co" ("co", "c", "o", "ldts", "src")
SELECT f."co", f."c", f."o", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."co") s."co", s."c", s."o", s."ldts", s."src"
FROM (SELECT "co", "c", "o", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_co"
WHERE "co" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL) AS s ORDER BY s."co", s."ldts", s."src" COLLATE "C", s."c" COLLATE "C", s."o" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l_co" AS h
WHERE h."co" = f."co") ORDER BY f."co";

-- load dds.l_op: new keys
INSERT INTO "dds"."l_op" ("op", "o", "p", "ldts", "src")
SELECT f."op", f."o", f."p", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."op") s."op", s."o", s."p", s."ldts", s."src"
FROM (SELECT "op", "o", "p", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_op"
WHERE "op" IS NOT NULL AND "o" IS NOT NULL AND "p" IS NOT NULL) AS s ORDER BY s."op", s."ldts", s."src" COLLATE "C", s."o" COLLATE "C", s."p" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l_op" AS h
WHERE h."op" = f."op") ORDER BY f."op";

-- load dds.e_co: one load at a time
LOCK TABLE "dds"."e_co" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.e_co: relations that begin and end
INSERT INTO "dds"."e_co" ("co", "c", "o", "s", "e", "eff", "ldts", "src") WITH s AS (SELECT DISTINCT "co", "c", "o", "s", "e", "eff", "ldts", "src"
FROM (SELECT "co" AS "co", "c" AS "c", "o" AS "o", "s" AS "s", "e" AS "e", "eff" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_co"
WHERE "co" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL) AS x), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."co" ORDER BY t."ldts" DESC, t."eff" DESC, t."e") AS "_n"
FROM "dds"."e_co" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."o" = t."o")) AS x
WHERE "_n" = 1)
SELECT s."co", s."c", s."o", CASE WHEN EXISTS (SELECT 1
FROM "dds"."e_co") THEN CAST(s."eff" AS timestamp) ELSE s."s" END, s."e", s."eff", s."ldts", s."src"
FROM s
WHERE NOT EXISTS (SELECT 1
FROM r
WHERE r."co" = s."co") UNION
SELECT s."co", s."c", s."o", CAST(s."eff" AS timestamp), s."e", s."eff", s."ldts", s."src"
FROM s JOIN r ON r."co" = s."co"
WHERE NOT CAST(r."e" AS date) >= DATE '9999-12-31' AND CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" > r."ldts" UNION
SELECT r."co", r."c", r."o", r."s", CAST(s."eff" AS timestamp), s."eff", s."ldts", r."src"
FROM s JOIN r ON r."o" = s."o"
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND s."ldts" >= r."ldts" AND NOT EXISTS (SELECT 1
FROM s AS o
WHERE o."co" = r."co" AND CAST(o."e" AS date) >= DATE '9999-12-31') AND NOT EXISTS (SELECT 1
FROM "dds"."e_co" AS t
WHERE t."co" = s."co" AND t."ldts" = s."ldts");

-- load dds.e_op: one load at a time
LOCK TABLE "dds"."e_op" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.e_op: relations that begin and end
INSERT INTO "dds"."e_op" ("op", "o", "p", "s", "e", "eff", "ldts", "src") WITH s AS (SELECT DISTINCT "op", "o", "p", "s", "e", "eff", "ldts", "src"
FROM (SELECT "op" AS "op", "o" AS "o", "p" AS "p", "s" AS "s", "e" AS "e", "eff" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_op"
WHERE "op" IS NOT NULL AND "o" IS NOT NULL AND "p" IS NOT NULL) AS x), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."op" ORDER BY t."ldts" DESC, t."eff" DESC, t."e") AS "_n"
FROM "dds"."e_op" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."p" = t."p")) AS x
WHERE "_n" = 1)
SELECT s."op", s."o", s."p", CASE WHEN EXISTS (SELECT 1
FROM "dds"."e_op") THEN CAST(s."eff" AS timestamp) ELSE s."s" END, s."e", s."eff", s."ldts", s."src"
FROM s
WHERE NOT EXISTS (SELECT 1
FROM r
WHERE r."op" = s."op") UNION
SELECT s."op", s."o", s."p", CAST(s."eff" AS timestamp), s."e", s."eff", s."ldts", s."src"
FROM s JOIN r ON r."op" = s."op"
WHERE NOT CAST(r."e" AS date) >= DATE '9999-12-31' AND CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" > r."ldts" UNION
SELECT r."op", r."o", r."p", r."s", CAST(s."eff" AS timestamp), s."eff", s."ldts", r."src"
FROM s JOIN r ON r."p" = s."p"
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND s."ldts" >= r."ldts" AND NOT EXISTS (SELECT 1
FROM s AS o
WHERE o."op" = r."op" AND CAST(o."e" AS date) >= DATE '9999-12-31') AND NOT EXISTS (SELECT 1
FROM "dds"."e_op" AS t
WHERE t."op" = s."op" AND t."ldts" = s."ldts");

-- load dds.b: one load at a time
LOCK TABLE "dds"."b" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.b: what holds
INSERT INTO "dds"."b" ("c", "as_of_date", "link_co", "l_op_pk")
SELECT w."c", w."as_of_date", w."link_co", w."l_op_pk"
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."b"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "link_co", l1."op" AS "l_op_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" JOIN (SELECT "_key", "_date"
FROM (SELECT v."co" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."co", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_co" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."co" AND e0."_date" = d."_date" JOIN "dds"."l_op" AS l1 ON l1."o" = l0."o" JOIN (SELECT "_key", "_date"
FROM (SELECT v."op" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."op", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_op" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e1 ON e1."_key" = l1."op" AND e1."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."b" AS t
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."link_co" = t."link_co" AND w."l_op_pk" = t."l_op_pk");

-- load dds.b: what holds no more
DELETE
FROM "dds"."b" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."b"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "link_co", l1."op" AS "l_op_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" JOIN (SELECT "_key", "_date"
FROM (SELECT v."co" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."co", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_co" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."co" AND e0."_date" = d."_date" JOIN "dds"."l_op" AS l1 ON l1."o" = l0."o" JOIN (SELECT "_key", "_date"
FROM (SELECT v."op" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."op", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_op" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e1 ON e1."_key" = l1."op" AND e1."_date" = d."_date") AS w
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."link_co" = t."link_co" AND w."l_op_pk" = t."l_op_pk");

-- load dds.bare: one load at a time
LOCK TABLE "dds"."bare" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.bare: what holds
INSERT INTO "dds"."bare" ("c", "as_of_date", "l_co_pk")
SELECT w."c", w."as_of_date", w."l_co_pk"
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."bare"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "l_co_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" AND l0."ldts" <= d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."bare" AS t
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."l_co_pk" = t."l_co_pk");

-- load dds.bare: what holds no more
DELETE
FROM "dds"."bare" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."bare"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "l_co_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" AND l0."ldts" <= d."_date") AS w
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."l_co_pk" = t."l_co_pk");

-- load dds.short: one load at a time
LOCK TABLE "dds"."short" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.short: what holds
INSERT INTO "dds"."short" ("c", "as_of_date", "l_co_pk")
SELECT w."c", w."as_of_date", w."l_co_pk"
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."short"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "l_co_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" JOIN (SELECT "_key", "_date"
FROM (SELECT v."co" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."co", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_co" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."co" AND e0."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."short" AS t
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."l_co_pk" = t."l_co_pk");

-- load dds.short: what holds no more
DELETE
FROM "dds"."short" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("as_of_date" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "as_of_date" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."short"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT DISTINCT h."c", d."_date" AS "as_of_date", l0."co" AS "l_co_pk"
FROM "dds"."h_c" AS h CROSS JOIN d JOIN "dds"."l_co" AS l0 ON l0."c" = h."c" JOIN (SELECT "_key", "_date"
FROM (SELECT v."co" AS "_key", d."_date", v."e" AS "_end", ROW_NUMBER() OVER (PARTITION BY v."co", d."_date" ORDER BY v."ldts" DESC, v."eff" DESC, v."e") AS "_n"
FROM "dds"."e_co" AS v JOIN d ON v."ldts" <= d."_date") AS x
WHERE "_n" = 1 AND CAST("_end" AS date) >= DATE '9999-12-31') AS e0 ON e0."_key" = l0."co" AND e0."_date" = d."_date") AS w
WHERE w."c" = t."c" AND w."as_of_date" = t."as_of_date" AND w."l_co_pk" = t."l_co_pk");

