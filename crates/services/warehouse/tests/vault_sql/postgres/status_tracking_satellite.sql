---- active ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.st
CREATE TABLE "dds"."st" ("hk" text NOT NULL, "ldts" timestamp NOT NULL, "src" text, "is_active" bigint NOT NULL, PRIMARY KEY ("hk", "ldts"));

-- load dds.st: one load at a time
LOCK TABLE "dds"."st" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.st: keys that appear and go
INSERT INTO "dds"."st" ("hk", "ldts", "src", "is_active") WITH s AS (SELECT "hk", "ldts", MIN("src") AS "src"
FROM (SELECT "hk" AS "hk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL
UNION ALL
SELECT "hk" AS "hk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "hk" IS NOT NULL) AS x
WHERE NOT EXISTS (SELECT 1
FROM "dds"."st" AS t
WHERE t."ldts" >= x."ldts")
GROUP BY "hk", "ldts"), l AS (SELECT DISTINCT "ldts"
FROM s), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."hk" ORDER BY t."ldts" DESC) AS "_n"
FROM "dds"."st" AS t) AS x
WHERE "_n" = 1 AND "is_active" = 1), k AS (SELECT "hk"
FROM s UNION
SELECT "hk"
FROM r), g AS (SELECT k."hk", l."ldts", s."src" AS "_source", r."src" AS "_first_source", s."hk" IS NOT NULL AS "_here", r."hk" IS NOT NULL AS "_began"
FROM k CROSS JOIN l
LEFT JOIN s ON s."hk" = k."hk" AND s."ldts" = l."ldts"
LEFT JOIN r ON r."hk" = k."hk"), w AS (SELECT g.*, COALESCE(LAG("_here") OVER (PARTITION BY "hk" ORDER BY "ldts"), "_began") AS "_was", COALESCE(LAG("_source") OVER (PARTITION BY "hk" ORDER BY "ldts"), "_first_source") AS "_source_before"
FROM g)
SELECT "hk", "ldts", "_source", CASE WHEN "_here" THEN 1 ELSE 0 END
FROM w
WHERE "_here" <> "_was";

---- status ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.st
CREATE TABLE "dds"."st" ("hk" text NOT NULL, "ldts" timestamp NOT NULL, "src" text, "status" text NOT NULL, "diff" bytea NOT NULL, PRIMARY KEY ("hk", "ldts"));

-- load dds.st: one load at a time
LOCK TABLE "dds"."st" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.st: keys that appear and go
INSERT INTO "dds"."st" ("hk", "ldts", "src", "status", "diff") WITH s AS (SELECT "hk", "ldts", MIN("src") AS "src"
FROM (SELECT "hk" AS "hk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS x
WHERE NOT EXISTS (SELECT 1
FROM "dds"."st" AS t
WHERE t."ldts" >= x."ldts")
GROUP BY "hk", "ldts"), l AS (SELECT DISTINCT "ldts"
FROM s), r AS (SELECT *
FROM (SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t."hk" ORDER BY t."ldts" DESC) AS "_n"
FROM "dds"."st" AS t) AS x
WHERE "_n" = 1 AND "status" <> 'D'), k AS (SELECT "hk"
FROM s UNION
SELECT "hk"
FROM r), g AS (SELECT k."hk", l."ldts", s."src" AS "_source", r."src" AS "_first_source", s."hk" IS NOT NULL AS "_here", r."hk" IS NOT NULL AS "_began"
FROM k CROSS JOIN l
LEFT JOIN s ON s."hk" = k."hk" AND s."ldts" = l."ldts"
LEFT JOIN r ON r."hk" = k."hk"), w AS (SELECT g.*, COALESCE(LAG("_here") OVER (PARTITION BY "hk" ORDER BY "ldts"), "_began") AS "_was", COALESCE(LAG("_source") OVER (PARTITION BY "hk" ORDER BY "ldts"), "_first_source") AS "_source_before"
FROM g), u AS (SELECT w.*, CASE WHEN "_here" AND NOT "_was" THEN 'I' WHEN "_here" THEN 'U' WHEN "_was" THEN 'D' END AS "_status"
FROM w), v AS (SELECT u.*, COALESCE(LAG("_status") OVER (PARTITION BY u."hk" ORDER BY u."ldts"), r."status", '') AS "_before"
FROM u
LEFT JOIN r ON r."hk" = u."hk")
SELECT "hk", "ldts", CASE WHEN "_status" = 'D' THEN "_source_before" ELSE "_source" END, "_status", CASE "_status" WHEN 'I' THEN CAST('\xdd7536794b63bf90eccfd37f9b147d7f' AS bytea) WHEN 'U' THEN CAST('\x4c614360da93c0a041b22e537de151eb' AS bytea) ELSE CAST('\xf623e75af30e62bbd73d6df5b50bb7b5' AS bytea) END
FROM v
WHERE "_status" IS NOT NULL AND NOT ("_status" = 'U' AND "_before" = 'U');

