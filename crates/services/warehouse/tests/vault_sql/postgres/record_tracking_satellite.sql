---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.rt
CREATE TABLE "dds"."rt" ("h_pk" bytea NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text);

-- dds.rt
CREATE INDEX ON "dds"."rt" ("h_pk", "load_dt");

-- load dds.rt: one load at a time
LOCK TABLE "dds"."rt" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.rt: appearances
INSERT INTO "dds"."rt" ("h_pk", "load_dt", "load_src")
SELECT "h_pk", "load_dt", "load_src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "h_pk", "load_dt", "load_src" ORDER BY "h_pk", "load_dt", "load_src") AS "_n"
FROM (SELECT "_key_id" AS "h_pk", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."rt" AS t
WHERE t."h_pk" = s."h_pk" AND t."load_dt" = s."load_dt" AND t."load_src" IS NOT DISTINCT
FROM s."load_src")) AS x
WHERE "_n" = 1;

---- one ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.rt
CREATE TABLE "dds"."rt" ("hk" text NOT NULL, "ldts" timestamp NOT NULL, "src" text);

-- dds.rt
CREATE INDEX ON "dds"."rt" ("hk", "ldts");

-- load dds.rt: one load at a time
LOCK TABLE "dds"."rt" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.rt: appearances
INSERT INTO "dds"."rt" ("hk", "ldts", "src")
SELECT "hk", "ldts", "src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "hk", "ldts", "src" ORDER BY "hk", "ldts", "src") AS "_n"
FROM (SELECT "hk" AS "hk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."rt" AS t
WHERE t."hk" = s."hk" AND t."ldts" = s."ldts" AND t."src" IS NOT DISTINCT
FROM s."src")) AS x
WHERE "_n" = 1;

---- safe ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "part" bigint, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.rt
CREATE TABLE "dds"."rt" ("h_pk" bytea NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text);

-- dds.rt
CREATE INDEX ON "dds"."rt" ("h_pk", "load_dt");

-- load dds.h: new and earlier keys
INSERT INTO "dds"."h" AS h ("h_pk", "id", "part", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."part", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "h_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C", s."part") AS f
LEFT JOIN "dds"."h" AS k ON k."h_pk" = f."h_pk"
WHERE k."h_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND ((f."id" COLLATE "C" < k."id" COLLATE "C" OR (k."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL)) OR (f."id" COLLATE "C" IS NOT DISTINCT
FROM k."id" COLLATE "C" AND (f."part" < k."part" OR (k."part" IS NULL AND f."part" IS NOT NULL)))))))))) ORDER BY f."h_pk"
ON CONFLICT ("h_pk") DO UPDATE SET "id" = EXCLUDED."id", "part" = EXCLUDED."part", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND ((EXCLUDED."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND EXCLUDED."id" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."id" COLLATE "C" IS NOT DISTINCT
FROM h."id" COLLATE "C" AND (EXCLUDED."part" < h."part" OR (h."part" IS NULL AND EXCLUDED."part" IS NOT NULL))))))))));

-- load dds.rt: one load at a time
LOCK TABLE "dds"."rt" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.rt: appearances
INSERT INTO "dds"."rt" ("h_pk", "load_dt", "load_src")
SELECT "h_pk", "load_dt", "load_src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "h_pk", "load_dt", "load_src" ORDER BY "h_pk", "load_dt", "load_src") AS "_n"
FROM (SELECT "_key_id_part_72af4615" AS "h_pk", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."rt" AS t
WHERE t."h_pk" = s."h_pk" AND t."load_dt" = s."load_dt" AND t."load_src" IS NOT DISTINCT
FROM s."load_src")) AS x
WHERE "_n" = 1;

---- two ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.rt
CREATE TABLE "dds"."rt" ("hk" text NOT NULL, "note" text, "ldts" timestamp NOT NULL, "src" text, "stg" text);

-- dds.rt
CREATE INDEX ON "dds"."rt" ("hk", "ldts");

-- load dds.rt: one load at a time
LOCK TABLE "dds"."rt" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.rt: appearances
INSERT INTO "dds"."rt" ("hk", "note", "ldts", "src", "stg")
SELECT "hk", "note", "ldts", "src", "stg"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "hk", "ldts", "src", "stg" ORDER BY "hk", "note", "ldts", "src", "stg") AS "_n"
FROM (SELECT "hk" AS "hk", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src", 'A' AS "stg"
FROM "stage_a"
WHERE "hk" IS NOT NULL
UNION ALL
SELECT "other_hk" AS "hk", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src", 'B' AS "stg"
FROM "stage_b"
WHERE "other_hk" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."rt" AS t
WHERE t."hk" = s."hk" AND t."ldts" = s."ldts" AND t."src" IS NOT DISTINCT
FROM s."src" AND t."stg" IS NOT DISTINCT
FROM s."stg")) AS x
WHERE "_n" = 1;

