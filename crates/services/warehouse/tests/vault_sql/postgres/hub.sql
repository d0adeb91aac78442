---- derived ----

-- dds.both
CREATE TABLE "dds"."both" ("both_pk" text NOT NULL, "id" text, "branch" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("both_pk"));

-- dds.realm
CREATE TABLE "dds"."realm" ("realm_pk" bytea NOT NULL, "id" text, "realm" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("realm_pk"));

-- dds.text
CREATE TABLE "dds"."text" ("text_pk" text NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("text_pk"));

-- load dds.both: new keys
INSERT INTO "dds"."both" ("both_pk", "id", "branch", "ldts", "src")
SELECT f."both_pk", f."id", f."branch", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."both_pk") s."both_pk", s."id", s."branch", s."ldts", s."src"
FROM (SELECT "both_pk", "id", "branch", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "both_pk" IS NOT NULL) AS s ORDER BY s."both_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C", s."branch" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."both" AS h
WHERE h."both_pk" = f."both_pk") ORDER BY f."both_pk"
ON CONFLICT DO NOTHING;

-- load dds.realm: new keys
INSERT INTO "dds"."realm" ("realm_pk", "id", "realm", "ldts", "src")
SELECT f."realm_pk", f."id", f."realm", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."realm_pk") s."realm_pk", s."id", s."realm", s."ldts", s."src"
FROM (SELECT "realm_pk", "id", "realm", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "realm_pk" IS NOT NULL) AS s ORDER BY s."realm_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C", s."realm" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."realm" AS h
WHERE h."realm_pk" = f."realm_pk") ORDER BY f."realm_pk"
ON CONFLICT DO NOTHING;

-- load dds.text: new keys
INSERT INTO "dds"."text" ("text_pk", "id", "ldts", "src")
SELECT f."text_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."text_pk") s."text_pk", s."id", s."ldts", s."src"
FROM (SELECT "text_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "text_pk" IS NOT NULL) AS s ORDER BY s."text_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."text" AS h
WHERE h."text_pk" = f."text_pk") ORDER BY f."text_pk"
ON CONFLICT DO NOTHING;

---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "id" text, "note" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("hk", "id", "note", "ldts", "src")
SELECT f."hk", f."id", f."note", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."hk") s."hk", s."id", s."note", s."ldts", s."src"
FROM (SELECT "hk", "id", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL
UNION ALL
SELECT "b_hk" AS "hk", "b_id" AS "id", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "b_hk" IS NOT NULL) AS s ORDER BY s."hk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C", s."note" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."hk" = f."hk") ORDER BY f."hk"
ON CONFLICT DO NOTHING;

---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.two
CREATE TABLE "dds"."two" ("two_pk" bytea NOT NULL, "id" text, "part" bigint, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("two_pk"));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk"
ON CONFLICT DO NOTHING;

-- load dds.two: new keys
INSERT INTO "dds"."two" ("two_pk", "id", "part", "ldts", "src")
SELECT f."two_pk", f."id", f."part", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."two_pk") s."two_pk", s."id", s."part", s."ldts", s."src"
FROM (SELECT "_key_id_part_72af4615" AS "two_pk", "id", "part", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."two_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C", s."part") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."two" AS h
WHERE h."two_pk" = f."two_pk") ORDER BY f."two_pk"
ON CONFLICT DO NOTHING;

---- kept ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk"
ON CONFLICT DO NOTHING;

---- replaced ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "id_before" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "id_before", "ldts", "src")
SELECT f."h_pk", f."id", f."id_before", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."id_before", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "id_before", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C", s."id_before" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk"
ON CONFLICT DO NOTHING;

---- safe ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "note" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.two
CREATE TABLE "dds"."two" ("two_pk" bytea NOT NULL, "id" text, "part" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("two_pk"));

-- load dds.h: new and earlier keys
INSERT INTO "dds"."h" AS h ("h_pk", "id", "note", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."note", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."note", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "note", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C", s."note" COLLATE "C") AS f
LEFT JOIN "dds"."h" AS k ON k."h_pk" = f."h_pk"
WHERE k."h_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND ((f."id" COLLATE "C" < k."id" COLLATE "C" OR (k."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL)) OR (f."id" COLLATE "C" IS NOT DISTINCT
FROM k."id" COLLATE "C" AND (f."note" COLLATE "C" < k."note" COLLATE "C" OR (k."note" COLLATE "C" IS NULL AND f."note" COLLATE "C" IS NOT NULL)))))))))) ORDER BY f."h_pk"
ON CONFLICT ("h_pk") DO UPDATE SET "id" = EXCLUDED."id", "note" = EXCLUDED."note", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND ((EXCLUDED."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND EXCLUDED."id" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."id" COLLATE "C" IS NOT DISTINCT
FROM h."id" COLLATE "C" AND (EXCLUDED."note" COLLATE "C" < h."note" COLLATE "C" OR (h."note" COLLATE "C" IS NULL AND EXCLUDED."note" COLLATE "C" IS NOT NULL))))))))));

-- load dds.two: new and earlier keys
INSERT INTO "dds"."two" AS h ("two_pk", "id", "part", "event_time", "load_dt", "load_src")
SELECT f."two_pk", f."id", f."part", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."two_pk") s."two_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "two_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."two_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C", s."part" COLLATE "C") AS f
LEFT JOIN "dds"."two" AS k ON k."two_pk" = f."two_pk"
WHERE k."two_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND ((f."id" COLLATE "C" < k."id" COLLATE "C" OR (k."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL)) OR (f."id" COLLATE "C" IS NOT DISTINCT
FROM k."id" COLLATE "C" AND (f."part" COLLATE "C" < k."part" COLLATE "C" OR (k."part" COLLATE "C" IS NULL AND f."part" COLLATE "C" IS NOT NULL)))))))))) ORDER BY f."two_pk"
ON CONFLICT ("two_pk") DO UPDATE SET "id" = EXCLUDED."id", "part" = EXCLUDED."part", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND ((EXCLUDED."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND EXCLUDED."id" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."id" COLLATE "C" IS NOT DISTINCT
FROM h."id" COLLATE "C" AND (EXCLUDED."part" COLLATE "C" < h."part" COLLATE "C" OR (h."part" COLLATE "C" IS NULL AND EXCLUDED."part" COLLATE "C" IS NOT NULL))))))))));

