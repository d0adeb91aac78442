---- first ----

-- dds.r
CREATE TABLE "dds"."r" ("code" text NOT NULL, "name" text, "note" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("code"));

-- load dds.r: one load at a time
LOCK TABLE "dds"."r" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.r: new codes
INSERT INTO "dds"."r" ("code", "name", "note", "ldts", "src")
SELECT s."code", s."name", s."note", s."ldts", s."src"
FROM (SELECT "code", "name", "note", "ldts", "src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "ldts", "name" COLLATE "C" NULLS LAST, "note" COLLATE "C" NULLS LAST, "src" COLLATE "C" NULLS LAST) AS "_n"
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
CREATE TABLE "dds"."codes" ("code" text NOT NULL, "kind" bigint NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("code", "kind"));

-- dds.r
CREATE TABLE "dds"."r" ("code" text NOT NULL, "kind" bigint NOT NULL, "hashdiff" bytea, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.r
CREATE INDEX ON "dds"."r" ("code", "kind", "ldts");

-- load dds.codes: one load at a time
LOCK TABLE "dds"."codes" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.codes: new codes
INSERT INTO "dds"."codes" ("code", "kind", "ldts", "src")
SELECT s."code", s."kind", s."ldts", s."src"
FROM (SELECT "code", "kind", "ldts", "src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code", "kind" ORDER BY "ldts", "src" COLLATE "C" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "kind" AS "kind", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "code" IS NOT NULL AND "kind" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."codes" AS t
WHERE t."code" = s."code" AND t."kind" = s."kind");

-- load dds.r: one load at a time
LOCK TABLE "dds"."r" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.r: versions of codes
INSERT INTO "dds"."r" ("code", "kind", "hashdiff", "name", "ldts", "src") WITH s AS (SELECT "code" AS "code", "kind" AS "kind", "_diff_name" AS "hashdiff", "name" AS "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "code" IS NOT NULL AND "kind" IS NOT NULL)
SELECT "code", "kind", "hashdiff", "name", "ldts", "src"
FROM (SELECT x.*, LAG("hashdiff") OVER (PARTITION BY "code", "kind" ORDER BY "ldts", "_new", "ldts", "hashdiff" NULLS LAST, "name" COLLATE "C" NULLS LAST, "src" COLLATE "C" NULLS LAST) AS "_before"
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
CREATE TABLE "dds"."r" ("code" text NOT NULL, "name" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("code"));

-- dds.v
CREATE TABLE "dds"."v" ("code" text NOT NULL, "hashdiff" bytea, "name" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text);

-- dds.v
CREATE INDEX ON "dds"."v" ("code", "load_dt");

-- load dds.r: one load at a time
LOCK TABLE "dds"."r" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.r: newer values
UPDATE "dds"."r" AS t SET "name" = s."name", "event_time" = s."event_time", "load_dt" = s."load_dt", "load_src" = s."load_src"
FROM (SELECT "code", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "event_time" DESC, "load_dt" DESC, "name" COLLATE "C" NULLS LAST, "load_src" COLLATE "C" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE t."code" = s."code" AND (s."event_time", s."load_dt") > (t."event_time", t."load_dt");

-- load dds.r: new codes
INSERT INTO "dds"."r" ("code", "name", "event_time", "load_dt", "load_src")
SELECT s."code", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "code", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "code" ORDER BY "event_time" DESC, "load_dt" DESC, "name" COLLATE "C" NULLS LAST, "load_src" COLLATE "C" NULLS LAST) AS "_n"
FROM (SELECT "code" AS "code", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."r" AS t
WHERE t."code" = s."code");

-- load dds.v: one load at a time
LOCK TABLE "dds"."v" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.v: versions of codes
INSERT INTO "dds"."v" ("code", "hashdiff", "name", "event_time", "load_dt", "load_src") WITH s AS (SELECT "code" AS "code", "_diff_name" AS "hashdiff", "name" AS "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "code" IS NOT NULL)
SELECT "code", "hashdiff", "name", "event_time", "load_dt", "load_src"
FROM (SELECT x.*, LAG("hashdiff") OVER (PARTITION BY "code" ORDER BY "event_time", "load_dt", "_new", "event_time", "load_dt", "hashdiff" NULLS LAST, "name" COLLATE "C" NULLS LAST, "load_src" COLLATE "C" NULLS LAST) AS "_before"
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

