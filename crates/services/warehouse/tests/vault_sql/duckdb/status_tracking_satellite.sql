---- active ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.st
CREATE TABLE "dds"."st" ("hk" VARCHAR NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR, "is_active" BIGINT NOT NULL);

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
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.st
CREATE TABLE "dds"."st" ("hk" VARCHAR NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR, "status" VARCHAR NOT NULL, "diff" BLOB NOT NULL);

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
SELECT "hk", "ldts", CASE WHEN "_status" = 'D' THEN "_source_before" ELSE "_source" END, "_status", CASE "_status" WHEN 'I' THEN CAST('\xDD\x75\x36\x79\x4B\x63\xBF\x90\xEC\xCF\xD3\x7F\x9B\x14\x7D\x7F' AS BLOB) WHEN 'U' THEN CAST('\x4C\x61\x43\x60\xDA\x93\xC0\xA0\x41\xB2\x2E\x53\x7D\xE1\x51\xEB' AS BLOB) ELSE CAST('\xF6\x23\xE7\x5A\xF3\x0E\x62\xBB\xD7\x3D\x6D\xF5\xB5\x0B\xB7\xB5' AS BLOB) END
FROM v
WHERE "_status" IS NOT NULL AND NOT ("_status" = 'U' AND "_before" = 'U');

