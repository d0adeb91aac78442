---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("pk" text NOT NULL, "child" text NOT NULL, "parent" text NOT NULL, "note" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("pk"));

-- load dds.l: new keys
INSERT INTO "dds"."l" ("pk", "child", "parent", "note", "ldts", "src")
SELECT f."pk", f."child", f."parent", f."note", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."pk") s."pk", s."child", s."parent", s."note", s."ldts", s."src"
FROM (SELECT "pk", "child", "parent", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "pk" IS NOT NULL AND "child" IS NOT NULL AND "parent" IS NOT NULL
UNION ALL
SELECT "pk", "other" AS "child", "parent", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "pk" IS NOT NULL AND "other" IS NOT NULL AND "parent" IS NOT NULL) AS s ORDER BY s."pk", s."ldts", s."src" COLLATE "C", s."child" COLLATE "C", s."parent" COLLATE "C", s."note" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."pk" = f."pk") ORDER BY f."pk";

---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "child" bytea NOT NULL, "parent" bytea NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("l_pk"));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."load_dt", s."load_src"
FROM (SELECT "_key_parent_id" AS "h_pk", "parent_id" AS "id", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_parent_id" IS NOT NULL
UNION ALL
SELECT "_key_child_id" AS "h_pk", "child_id" AS "id", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "child", "parent", "load_dt", "load_src")
SELECT f."l_pk", f."child", f."parent", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."child", s."parent", s."load_dt", s."load_src"
FROM (SELECT "_key_child_id__parent_id_ba53b23d" AS "l_pk", "_key_child_id" AS "child", "_key_parent_id" AS "parent", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id__parent_id_ba53b23d" IS NOT NULL AND "_key_child_id" IS NOT NULL AND "_key_parent_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."load_dt", s."load_src" COLLATE "C", s."child", s."parent") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk";

---- safe ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "child" bytea NOT NULL, "parent" bytea NOT NULL, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("l_pk"));

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_parent_id" AS "h_pk", "parent_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_parent_id" IS NOT NULL
UNION ALL
SELECT "_key_child_id" AS "h_pk", "child_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_parent_id" AS "h_pk", "parent_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_parent_id" IS NOT NULL
UNION ALL
SELECT "_key_child_id" AS "h_pk", "child_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.l: earlier keys
UPDATE "dds"."l" AS h SET "child" = f."child", "parent" = f."parent", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."child", s."parent", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_child_id__parent_id_ba53b23d" AS "l_pk", "_key_child_id" AS "child", "_key_parent_id" AS "parent", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id__parent_id_ba53b23d" IS NOT NULL AND "_key_child_id" IS NOT NULL AND "_key_parent_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."child", s."parent") AS f
WHERE h."l_pk" = f."l_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."child" < h."child" OR (f."child" = h."child" AND f."parent" < h."parent"))))))));

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "child", "parent", "event_time", "load_dt", "load_src")
SELECT f."l_pk", f."child", f."parent", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."child", s."parent", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_child_id__parent_id_ba53b23d" AS "l_pk", "_key_child_id" AS "child", "_key_parent_id" AS "parent", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_child_id__parent_id_ba53b23d" IS NOT NULL AND "_key_child_id" IS NOT NULL AND "_key_parent_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."child", s."parent") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk";

