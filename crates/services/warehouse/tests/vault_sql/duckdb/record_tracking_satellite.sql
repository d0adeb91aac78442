---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.rt
CREATE TABLE "dds"."rt" ("h_pk" BLOB NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

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
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.rt
CREATE TABLE "dds"."rt" ("hk" VARCHAR NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

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
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "part" BIGINT, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.rt
CREATE TABLE "dds"."rt" ("h_pk" BLOB NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "part" = f."part", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "h_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id", s."part") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND ((f."id" < h."id" OR (h."id" IS NULL AND f."id" IS NOT NULL)) OR (f."id" IS NOT DISTINCT
FROM h."id" AND (f."part" < h."part" OR (h."part" IS NULL AND f."part" IS NOT NULL))))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "part", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."part", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "h_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id", s."part") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

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
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.rt
CREATE TABLE "dds"."rt" ("hk" VARCHAR NOT NULL, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR, "stg" VARCHAR);

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

