---- first ----

-- dds.r
CREATE TABLE "dds"."r" ("code" VARCHAR NOT NULL, "name" VARCHAR, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.r: new codes
INSERT INTO "dds"."r" ("code", "name", "note", "ldts", "src")
SELECT s."code", s."name", s."note", s."ldts", s."src"
FROM (SELECT "code", "name", "note", "ldts", "src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "ldts", "name" NULLS LAST, "note" NULLS LAST, "src" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "name" AS "name", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "code" IS NOT NULL
UNION ALL
SELECT "iso" AS "code", "name" AS "name", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "iso" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."r" AS t
WHERE t."code" = s."code");

---- history ----

-- dds.codes
CREATE TABLE "dds"."codes" ("code" VARCHAR NOT NULL, "kind" BIGINT NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.r
CREATE TABLE "dds"."r" ("code" VARCHAR NOT NULL, "kind" BIGINT NOT NULL, "hashdiff" BLOB, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.codes: new codes
INSERT INTO "dds"."codes" ("code", "kind", "ldts", "src")
SELECT s."code", s."kind", s."ldts", s."src"
FROM (SELECT "code", "kind", "ldts", "src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code", "kind" ORDER BY "ldts", "src" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "kind" AS "kind", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "code" IS NOT NULL AND "kind" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."codes" AS t
WHERE t."code" = s."code" AND t."kind" = s."kind");

-- load dds.r: versions of codes
INSERT INTO "dds"."r" ("code", "kind", "hashdiff", "name", "ldts", "src") WITH s AS (SELECT "code" AS "code", "kind" AS "kind", "_diff_name" AS "hashdiff", "name" AS "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "code" IS NOT NULL AND "kind" IS NOT NULL)
SELECT "code", "kind", "hashdiff", "name", "ldts", "src"
FROM (SELECT x.*, LAG("hashdiff") OVER (PARTITION BY "code", "kind" ORDER BY "ldts", "_new", "ldts", "hashdiff" NULLS LAST, "name" NULLS LAST, "src" NULLS LAST) AS "_before"
FROM (SELECT "code", "kind", "hashdiff", "name", "ldts", "src", 1 AS "_new"
FROM s
UNION ALL
SELECT "code", "kind", "hashdiff", "name", "ldts", "src", 0
FROM "dds"."r" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE t."code" = s."code" AND t."kind" = s."kind")) AS x) AS y
WHERE "_new" = 1 AND "hashdiff" IS DISTINCT
FROM "_before" AND NOT EXISTS (SELECT 1
FROM "dds"."r" AS t
WHERE t."code" = y."code" AND t."kind" = y."kind" AND t."ldts" = y."ldts" AND t."hashdiff" = y."hashdiff");

---- newest ----

-- dds.r
CREATE TABLE "dds"."r" ("code" VARCHAR NOT NULL, "name" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.v
CREATE TABLE "dds"."v" ("code" VARCHAR NOT NULL, "hashdiff" BLOB, "name" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.r: newer values
UPDATE "dds"."r" AS t SET "name" = s."name", "event_time" = s."event_time", "load_dt" = s."load_dt", "load_src" = s."load_src"
FROM (SELECT "code", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "event_time" DESC, "load_dt" DESC, "name" NULLS LAST, "load_src" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE t."code" = s."code" AND (s."event_time", s."load_dt") > (t."event_time", t."load_dt");

-- load dds.r: new codes
INSERT INTO "dds"."r" ("code", "name", "event_time", "load_dt", "load_src")
SELECT s."code", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "code", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "event_time" DESC, "load_dt" DESC, "name" NULLS LAST, "load_src" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."r" AS t
WHERE t."code" = s."code");

-- load dds.v: versions of codes
INSERT INTO "dds"."v" ("code", "hashdiff", "name", "event_time", "load_dt", "load_src") WITH s AS (SELECT "code" AS "code", "_diff_name" AS "hashdiff", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL)
SELECT "code", "hashdiff", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, LAG("hashdiff") OVER (PARTITION BY "code" ORDER BY "event_time", "load_dt", "_new", "event_time", "load_dt", "hashdiff" NULLS LAST, "name" NULLS LAST, "load_src" NULLS LAST) AS "_before"
FROM (SELECT "code", "hashdiff", "name", "event_time", "load_dt", "load_src", 1 AS "_new"
FROM s
UNION ALL
SELECT "code", "hashdiff", "name", "event_time", "load_dt", "load_src", 0
FROM "dds"."v" AS t
WHERE EXISTS (SELECT 1
FROM s
WHERE t."code" = s."code")) AS x) AS y
WHERE "_new" = 1 AND "hashdiff" IS DISTINCT
FROM "_before" AND NOT EXISTS (SELECT 1
FROM "dds"."v" AS t
WHERE t."code" = y."code" AND t."event_time" = y."event_time" AND t."load_dt" = y."load_dt" AND t."hashdiff" = y."hashdiff");

