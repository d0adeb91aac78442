---- own ----

-- dds.h_customer
CREATE TABLE "dds"."h_customer" ("h_customer_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.h_order
CREATE TABLE "dds"."h_order" ("h_order_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.l_order_customer
CREATE TABLE "dds"."l_order_customer" ("pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.es
CREATE TABLE "dds"."es" ("pk" VARCHAR NOT NULL, "c" VARCHAR NOT NULL, "o" VARCHAR NOT NULL, "s" TIMESTAMP, "e" TIMESTAMP, "eff" TIMESTAMP, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.es: relations that begin and end
INSERT INTO "dds"."es" ("pk", "c", "o", "s", "e", "eff", "ldts", "src") WITH s AS (SELECT DISTINCT "pk", "c", "o", "s", "e", "eff", "ldts", "src"
FROM (SELECT "pk" AS "pk", "c" AS "c", "o" AS "o", "s" AS "s", "e" AS "e", "eff" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_stg"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL) AS x), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."pk" ORDER BY t."ldts" DESC, t."eff" DESC, t."e") AS "_n"
FROM "dds"."es" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."o" = t."o")) AS x
WHERE "_n" = 1)
SELECT s."pk", s."c", s."o", CASE WHEN EXISTS (SELECT 1
FROM "dds"."es") THEN CAST(s."eff" AS TIMESTAMP) ELSE s."s" END, s."e", s."eff", s."ldts", s."src"
FROM s
WHERE NOT EXISTS (SELECT 1
FROM r
WHERE r."pk" = s."pk") UNION
SELECT s."pk", s."c", s."o", CAST(s."eff" AS TIMESTAMP), s."e", s."eff", s."ldts", s."src"
FROM s JOIN r ON r."pk" = s."pk"
WHERE NOT CAST(r."e" AS date) >= DATE '9999-12-31' AND CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" > r."ldts" UNION
SELECT r."pk", r."c", r."o", r."s", CAST(s."eff" AS TIMESTAMP), s."eff", s."ldts", r."src"
FROM s JOIN r ON r."o" = s."o"
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND s."ldts" >= r."ldts" AND NOT EXISTS (SELECT 1
FROM s AS o
WHERE o."pk" = r."pk" AND CAST(o."e" AS date) >= DATE '9999-12-31') AND NOT EXISTS (SELECT 1
FROM "dds"."es" AS t
WHERE t."pk" = s."pk" AND t."ldts" = s."ldts");

---- safe ----

-- dds.h_customer
CREATE TABLE "dds"."h_customer" ("h_customer_pk" BLOB NOT NULL, "customer_id" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.h_order
CREATE TABLE "dds"."h_order" ("h_order_pk" BLOB NOT NULL, "order_id" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.l_order_customer
CREATE TABLE "dds"."l_order_customer" ("l_order_customer_pk" BLOB NOT NULL, "h_customer_pk" BLOB NOT NULL, "h_order_pk" BLOB NOT NULL, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.es
CREATE TABLE "dds"."es" ("l_order_customer_pk" BLOB NOT NULL, "h_customer_pk" BLOB NOT NULL, "h_order_pk" BLOB NOT NULL, "valid_from" TIMESTAMP, "valid_to" TIMESTAMP, "event_time" TIMESTAMP, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.h_customer: earlier keys
UPDATE "dds"."h_customer" AS h SET "customer_id" = f."customer_id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_customer_pk") s."h_customer_pk", s."customer_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id" AS "h_customer_pk", "customer_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id" IS NOT NULL) AS s ORDER BY s."h_customer_pk", s."event_time", s."load_dt", s."load_src", s."customer_id") AS f
WHERE h."h_customer_pk" = f."h_customer_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."customer_id" < h."customer_id" OR (h."customer_id" IS NULL AND f."customer_id" IS NOT NULL))))))));

-- load dds.h_customer: new keys
INSERT INTO "dds"."h_customer" ("h_customer_pk", "customer_id", "event_time", "load_dt", "load_src")
SELECT f."h_customer_pk", f."customer_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_customer_pk") s."h_customer_pk", s."customer_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id" AS "h_customer_pk", "customer_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id" IS NOT NULL) AS s ORDER BY s."h_customer_pk", s."event_time", s."load_dt", s."load_src", s."customer_id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_customer" AS h
WHERE h."h_customer_pk" = f."h_customer_pk") ORDER BY f."h_customer_pk";

-- load dds.h_order: earlier keys
UPDATE "dds"."h_order" AS h SET "order_id" = f."order_id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_order_pk") s."h_order_pk", s."order_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_order_id" AS "h_order_pk", "order_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_order_id" IS NOT NULL) AS s ORDER BY s."h_order_pk", s."event_time", s."load_dt", s."load_src", s."order_id") AS f
WHERE h."h_order_pk" = f."h_order_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."order_id" < h."order_id" OR (h."order_id" IS NULL AND f."order_id" IS NOT NULL))))))));

-- load dds.h_order: new keys
INSERT INTO "dds"."h_order" ("h_order_pk", "order_id", "event_time", "load_dt", "load_src")
SELECT f."h_order_pk", f."order_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_order_pk") s."h_order_pk", s."order_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_order_id" AS "h_order_pk", "order_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_order_id" IS NOT NULL) AS s ORDER BY s."h_order_pk", s."event_time", s."load_dt", s."load_src", s."order_id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_order" AS h
WHERE h."h_order_pk" = f."h_order_pk") ORDER BY f."h_order_pk";

-- load dds.l_order_customer: earlier keys
UPDATE "dds"."l_order_customer" AS h SET "h_customer_pk" = f."h_customer_pk", "h_order_pk" = f."h_order_pk", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."l_order_customer_pk") s."l_order_customer_pk", s."h_customer_pk", s."h_order_pk", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_order_customer_pk", "_key_customer_id" AS "h_customer_pk", "_key_order_id" AS "h_order_pk", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS s ORDER BY s."l_order_customer_pk", s."event_time", s."load_dt", s."load_src", s."h_customer_pk", s."h_order_pk") AS f
WHERE h."l_order_customer_pk" = f."l_order_customer_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."h_customer_pk" < h."h_customer_pk" OR (f."h_customer_pk" = h."h_customer_pk" AND f."h_order_pk" < h."h_order_pk"))))))));

-- load dds.l_order_customer: new keys
INSERT INTO "dds"."l_order_customer" ("l_order_customer_pk", "h_customer_pk", "h_order_pk", "event_time", "load_dt", "load_src")
SELECT f."l_order_customer_pk", f."h_customer_pk", f."h_order_pk", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_order_customer_pk") s."l_order_customer_pk", s."h_customer_pk", s."h_order_pk", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_order_customer_pk", "_key_customer_id" AS "h_customer_pk", "_key_order_id" AS "h_order_pk", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS s ORDER BY s."l_order_customer_pk", s."event_time", s."load_dt", s."load_src", s."h_customer_pk", s."h_order_pk") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l_order_customer" AS h
WHERE h."l_order_customer_pk" = f."l_order_customer_pk") ORDER BY f."l_order_customer_pk";

-- load dds.es: relations that begin and end
INSERT INTO "dds"."es" ("l_order_customer_pk", "h_customer_pk", "h_order_pk", "valid_from", "valid_to", "event_time", "load_dt", "load_src") WITH s AS (SELECT "l_order_customer_pk", "h_customer_pk", "h_order_pk", "valid_from", "valid_to", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "l_order_customer_pk", "event_time" ORDER BY "load_dt", "load_src") AS "_n"
FROM (SELECT "_key_customer_id__order_id_f3780cab" AS "l_order_customer_pk", "_key_customer_id" AS "h_customer_pk", "_key_order_id" AS "h_order_pk", CAST("_event_time" AS TIMESTAMP) AS "valid_from", TIMESTAMP '9999-12-31 23:59:59.999999' AS "valid_to", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_moves"
WHERE "_key_customer_id__order_id_f3780cab" IS NOT NULL AND "_key_customer_id" IS NOT NULL AND "_key_order_id" IS NOT NULL) AS x) AS y
WHERE "_n" = 1), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."l_order_customer_pk" ORDER BY t."load_dt" DESC, t."event_time" DESC, t."valid_to") AS "_n"
FROM "dds"."es" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."h_order_pk" = t."h_order_pk")) AS x
WHERE "_n" = 1), k AS (SELECT "h_order_pk", MAX("event_time") AS "_top"
FROM r
GROUP BY "h_order_pk"), g AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_order_pk" ORDER BY s."event_time") AS "_step"
FROM s
LEFT JOIN k ON s."h_order_pk" = k."h_order_pk"
WHERE k."_top" IS NULL OR s."event_time" > k."_top"), i AS (SELECT g.*, "_step" - ROW_NUMBER() OVER (PARTITION BY "l_order_customer_pk" ORDER BY "_step") AS "_run"
FROM g), m AS (SELECT "h_order_pk", "_step", MIN("event_time") AS "_at", MAX("load_dt") AS "_load"
FROM g
GROUP BY "h_order_pk", "_step"), h AS (SELECT "l_order_customer_pk", "_run", MIN("_step") AS "_first", MAX("_step") AS "_last"
FROM i
GROUP BY "l_order_customer_pk", "_run")
SELECT g."l_order_customer_pk", g."h_customer_pk", g."h_order_pk", CAST(g."event_time" AS TIMESTAMP), TIMESTAMP '9999-12-31 23:59:59.999999', g."event_time", g."load_dt", g."load_src"
FROM h JOIN g ON h."l_order_customer_pk" = g."l_order_customer_pk" AND g."_step" = h."_first"
WHERE h."_first" > 1 OR NOT EXISTS (SELECT 1
FROM r
WHERE r."l_order_customer_pk" = h."l_order_customer_pk" AND CAST(r."valid_to" AS date) >= DATE '9999-12-31')
UNION ALL
SELECT g."l_order_customer_pk", g."h_customer_pk", g."h_order_pk", CASE WHEN r."l_order_customer_pk" IS NULL THEN CAST(g."event_time" AS TIMESTAMP) ELSE r."valid_from" END, CAST(m."_at" AS TIMESTAMP), m."_at", m."_load", g."load_src"
FROM h JOIN g ON h."l_order_customer_pk" = g."l_order_customer_pk" AND g."_step" = h."_first" JOIN m ON m."h_order_pk" = g."h_order_pk" AND m."_step" = h."_last" + 1
LEFT JOIN r ON r."l_order_customer_pk" = h."l_order_customer_pk" AND CAST(r."valid_to" AS date) >= DATE '9999-12-31' AND h."_first" = 1
UNION ALL
SELECT r."l_order_customer_pk", r."h_customer_pk", r."h_order_pk", r."valid_from", CAST(m."_at" AS TIMESTAMP), m."_at", m."_load", r."load_src"
FROM r JOIN m ON m."h_order_pk" = r."h_order_pk" AND m."_step" = 1
WHERE CAST(r."valid_to" AS date) >= DATE '9999-12-31' AND NOT EXISTS (SELECT 1
FROM h
WHERE r."l_order_customer_pk" = h."l_order_customer_pk" AND h."_first" = 1)
UNION ALL
SELECT s."l_order_customer_pk", s."h_customer_pk", s."h_order_pk", CAST(s."event_time" AS TIMESTAMP), TIMESTAMP '9999-12-31 23:59:59.999999', s."event_time", s."load_dt", s."load_src"
FROM s JOIN k ON s."h_order_pk" = k."h_order_pk" AND s."event_time" = k."_top"
WHERE NOT EXISTS (SELECT 1
FROM "dds"."es" AS t
WHERE t."l_order_customer_pk" = s."l_order_customer_pk" AND t."event_time" = s."event_time") AND NOT EXISTS (SELECT 1
FROM r
WHERE r."l_order_customer_pk" = s."l_order_customer_pk" AND CAST(r."valid_to" AS date) >= DATE '9999-12-31');

---- told ----

-- dds.h_customer
CREATE TABLE "dds"."h_customer" ("h_customer_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.h_order
CREATE TABLE "dds"."h_order" ("h_order_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.l_order_customer
CREATE TABLE "dds"."l_order_customer" ("pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.es
CREATE TABLE "dds"."es" ("pk" VARCHAR NOT NULL, "c" VARCHAR NOT NULL, "o" VARCHAR NOT NULL, "s" TIMESTAMP, "e" TIMESTAMP, "eff" TIMESTAMP, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.es: relations that begin and end
INSERT INTO "dds"."es" ("pk", "c", "o", "s", "e", "eff", "ldts", "src") WITH s AS (SELECT DISTINCT "pk", "c", "o", "s", "e", "eff", "ldts", "src"
FROM (SELECT "pk" AS "pk", "c" AS "c", "o" AS "o", "s" AS "s", "e" AS "e", "eff" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_stg"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL) AS x), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."pk" ORDER BY t."ldts" DESC, t."eff" DESC, t."e") AS "_n"
FROM "dds"."es" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."o" = t."o")) AS x
WHERE "_n" = 1)
SELECT s."pk", s."c", s."o", s."s", s."e", s."eff", s."ldts", s."src"
FROM s
WHERE NOT EXISTS (SELECT 1
FROM r
WHERE r."pk" = s."pk") UNION
SELECT s."pk", s."c", s."o", s."s", s."e", s."eff", s."ldts", s."src"
FROM s JOIN r ON r."pk" = s."pk"
WHERE NOT CAST(r."e" AS date) >= DATE '9999-12-31' AND CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" > r."ldts" UNION
SELECT r."pk", r."c", r."o", s."s", s."e", s."eff", s."ldts", r."src"
FROM s JOIN r ON r."pk" = s."pk"
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND NOT CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" >= r."ldts";

---- wide ----

-- dds.h_customer
CREATE TABLE "dds"."h_customer" ("h_customer_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.h_order
CREATE TABLE "dds"."h_order" ("h_order_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.h_part
CREATE TABLE "dds"."h_part" ("h_part_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.l
CREATE TABLE "dds"."l" ("pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.es
CREATE TABLE "dds"."es" ("pk" VARCHAR NOT NULL, "c" VARCHAR NOT NULL, "o" VARCHAR NOT NULL, "p" VARCHAR NOT NULL, "s" TIMESTAMP, "e" TIMESTAMP, "eff" TIMESTAMP, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.es: relations that begin and end
INSERT INTO "dds"."es" ("pk", "c", "o", "p", "s", "e", "eff", "note", "ldts", "src") WITH s AS (SELECT DISTINCT "pk", "c", "o", "p", "s", "e", "eff", "note", "ldts", "src"
FROM (SELECT "pk" AS "pk", "c" AS "c", "o" AS "o", "p" AS "p", "s" AS "s", "e" AS "e", "eff" AS "eff", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_stg"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL AND "p" IS NOT NULL
UNION ALL
SELECT "pk" AS "pk", "customer" AS "c", "o" AS "o", "p" AS "p", "s" AS "s", "e" AS "e", "eff" AS "eff", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_other"
WHERE "pk" IS NOT NULL AND "customer" IS NOT NULL AND "o" IS NOT NULL AND "p" IS NOT NULL) AS x), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."pk" ORDER BY t."ldts" DESC, t."eff" DESC, t."e") AS "_n"
FROM "dds"."es" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE s."o" = t."o" AND s."p" = t."p")) AS x
WHERE "_n" = 1)
SELECT s."pk", s."c", s."o", s."p", CASE WHEN EXISTS (SELECT 1
FROM "dds"."es") THEN CAST(s."eff" AS TIMESTAMP) ELSE s."s" END, s."e", s."eff", s."note", s."ldts", s."src"
FROM s
WHERE NOT EXISTS (SELECT 1
FROM r
WHERE r."pk" = s."pk") UNION
SELECT s."pk", s."c", s."o", s."p", CAST(s."eff" AS TIMESTAMP), s."e", s."eff", s."note", s."ldts", s."src"
FROM s JOIN r ON r."pk" = s."pk"
WHERE NOT CAST(r."e" AS date) >= DATE '9999-12-31' AND CAST(s."e" AS date) >= DATE '9999-12-31' AND s."ldts" > r."ldts" UNION
SELECT r."pk", r."c", r."o", r."p", r."s", CAST(s."eff" AS TIMESTAMP), s."eff", s."note", s."ldts", r."src"
FROM s JOIN r ON r."o" = s."o" AND r."p" = s."p"
WHERE CAST(r."e" AS date) >= DATE '9999-12-31' AND s."ldts" >= r."ldts" AND NOT EXISTS (SELECT 1
FROM s AS o
WHERE o."pk" = r."pk" AND CAST(o."e" AS date) >= DATE '9999-12-31') AND NOT EXISTS (SELECT 1
FROM "dds"."es" AS t
WHERE t."pk" = s."pk" AND t."ldts" = s."ldts");

