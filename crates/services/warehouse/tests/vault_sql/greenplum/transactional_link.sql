---- given ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_c_pk"));

-- dds.h_o
CREATE TABLE "dds"."h_o" ("h_o_pk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_o_pk"));

-- dds.t
CREATE TABLE "dds"."t" ("pk" text NOT NULL, "c" text NOT NULL, "o" text NOT NULL, "amount" numeric(10,2), "at" timestamp, "ldts" timestamp NOT NULL, "src" text);

-- dds.t
CREATE INDEX ON "dds"."t" ("pk");

-- load dds.t: one load at a time
LOCK TABLE "dds"."t" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.t: new transactions
INSERT INTO "dds"."t" ("pk", "c", "o", "amount", "at", "ldts", "src")
SELECT DISTINCT f."pk", f."c", f."o", f."amount", f."at", f."ldts", f."src"
FROM (SELECT "pk", "c", "o", "amount", "at", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL
UNION ALL
SELECT "pk", "c", "o", "sum" AS "amount", "at", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "o" IS NOT NULL) AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."t" AS h
WHERE h."pk" = f."pk");

---- hashed ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "c_id" text, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_c_pk"));

-- dds.t
CREATE TABLE "dds"."t" ("t_pk" bytea NOT NULL, "c_fk" bytea NOT NULL, "number" bigint, "amount" bigint, "load_dt" timestamp NOT NULL, "load_src" text);

-- dds.t
CREATE INDEX ON "dds"."t" ("t_pk");

-- load dds.h_c: new keys
INSERT INTO "dds"."h_c" ("h_c_pk", "c_id", "load_dt", "load_src")
SELECT f."h_c_pk", f."c_id", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."c_id", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id" AS "h_c_pk", "c_id", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."load_dt", s."load_src" COLLATE "C", s."c_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_c" AS h
WHERE h."h_c_pk" = f."h_c_pk") ORDER BY f."h_c_pk";

-- load dds.t: one load at a time
LOCK TABLE "dds"."t" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.t: new transactions
INSERT INTO "dds"."t" ("t_pk", "c_fk", "number", "amount", "load_dt", "load_src")
SELECT DISTINCT f."t_pk", f."c_fk", f."number", f."amount", f."load_dt", f."load_src"
FROM (SELECT "_key_c_id_number_8abec43b" AS "t_pk", "_key_c_id" AS "c_fk", "number", "amount", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id_number_8abec43b" IS NOT NULL AND "_key_c_id" IS NOT NULL) AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."t" AS h
WHERE h."t_pk" = f."t_pk");

---- safe ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "c_id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_c_pk"));

-- dds.t
CREATE TABLE "dds"."t" ("t_pk" bytea NOT NULL, "c_fk" bytea NOT NULL, "number" text, "amount" bigint, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("t_pk"));

-- load dds.h_c: earlier keys
UPDATE "dds"."h_c" AS h SET "c_id" = f."c_id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."c_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id" AS "h_c_pk", "c_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_id" COLLATE "C") AS f
WHERE h."h_c_pk" = f."h_c_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."c_id" COLLATE "C" < h."c_id" COLLATE "C" OR (h."c_id" COLLATE "C" IS NULL AND f."c_id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h_c: new keys
INSERT INTO "dds"."h_c" ("h_c_pk", "c_id", "event_time", "load_dt", "load_src")
SELECT f."h_c_pk", f."c_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."c_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id" AS "h_c_pk", "c_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_c" AS h
WHERE h."h_c_pk" = f."h_c_pk") ORDER BY f."h_c_pk";

-- load dds.t: earlier keys
UPDATE "dds"."t" AS h SET "c_fk" = f."c_fk", "number" = f."number", "amount" = f."amount", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."t_pk") s."t_pk", s."c_fk", s."number", s."amount", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id_number_8abec43b" AS "t_pk", "_key_c_id" AS "c_fk", "number", "amount", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id_number_8abec43b" IS NOT NULL AND "_key_c_id" IS NOT NULL) AS s ORDER BY s."t_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_fk", s."number" COLLATE "C", s."amount") AS f
WHERE h."t_pk" = f."t_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."c_fk" < h."c_fk" OR (f."c_fk" = h."c_fk" AND ((f."number" COLLATE "C" < h."number" COLLATE "C" OR (h."number" COLLATE "C" IS NULL AND f."number" COLLATE "C" IS NOT NULL)) OR (f."number" COLLATE "C" IS NOT DISTINCT
FROM h."number" COLLATE "C" AND (f."amount" < h."amount" OR (h."amount" IS NULL AND f."amount" IS NOT NULL))))))))))));

-- load dds.t: new keys
INSERT INTO "dds"."t" ("t_pk", "c_fk", "number", "amount", "event_time", "load_dt", "load_src")
SELECT f."t_pk", f."c_fk", f."number", f."amount", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."t_pk") s."t_pk", s."c_fk", s."number", s."amount", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id_number_8abec43b" AS "t_pk", "_key_c_id" AS "c_fk", "number", "amount", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id_number_8abec43b" IS NOT NULL AND "_key_c_id" IS NOT NULL) AS s ORDER BY s."t_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_fk", s."number" COLLATE "C", s."amount") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."t" AS h
WHERE h."t_pk" = f."t_pk") ORDER BY f."t_pk";

