---- given ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_c_pk"));

-- dds.h_n
CREATE TABLE "dds"."h_n" ("h_n_pk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_n_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("pk" text NOT NULL, "c" text NOT NULL, "n" text NOT NULL, "note" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("pk"));

-- load dds.l: new keys
INSERT INTO "dds"."l" ("pk", "c", "n", "note", "ldts", "src")
SELECT f."pk", f."c", f."n", f."note", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."pk") s."pk", s."c", s."n", s."note", s."ldts", s."src"
FROM (SELECT "pk", "c", "n", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "pk" IS NOT NULL AND "c" IS NOT NULL AND "n" IS NOT NULL
UNION ALL
SELECT "b_pk" AS "pk", "c", "nation" AS "n", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "b_pk" IS NOT NULL AND "c" IS NOT NULL AND "nation" IS NOT NULL) AS s ORDER BY s."pk", s."ldts", s."src" COLLATE "C", s."c" COLLATE "C", s."n" COLLATE "C", s."note" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."pk" = f."pk") ORDER BY f."pk"
ON CONFLICT DO NOTHING;

---- hashed ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "c_id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_c_pk"));

-- dds.h_n
CREATE TABLE "dds"."h_n" ("h_n_pk" bytea NOT NULL, "n_id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_n_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "c_fk" bytea NOT NULL, "n_fk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("l_pk"));

-- dds.lines
CREATE TABLE "dds"."lines" ("lines_pk" bytea NOT NULL, "c_fk" bytea NOT NULL, "n_fk" bytea NOT NULL, "line" bigint, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("lines_pk"));

-- load dds.h_c: new keys
INSERT INTO "dds"."h_c" ("h_c_pk", "c_id", "ldts", "src")
SELECT f."h_c_pk", f."c_id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."c_id", s."ldts", s."src"
FROM (SELECT "_key_c_id" AS "h_c_pk", "c_id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_c_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."ldts", s."src" COLLATE "C", s."c_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_c" AS h
WHERE h."h_c_pk" = f."h_c_pk") ORDER BY f."h_c_pk"
ON CONFLICT DO NOTHING;

-- load dds.h_n: new keys
INSERT INTO "dds"."h_n" ("h_n_pk", "n_id", "ldts", "src")
SELECT f."h_n_pk", f."n_id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_n_pk") s."h_n_pk", s."n_id", s."ldts", s."src"
FROM (SELECT "_key_n_id" AS "h_n_pk", "n_id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_n_id" IS NOT NULL) AS s ORDER BY s."h_n_pk", s."ldts", s."src" COLLATE "C", s."n_id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h_n" AS h
WHERE h."h_n_pk" = f."h_n_pk") ORDER BY f."h_n_pk"
ON CONFLICT DO NOTHING;

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "c_fk", "n_fk", "ldts", "src")
SELECT f."l_pk", f."c_fk", f."n_fk", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."c_fk", s."n_fk", s."ldts", s."src"
FROM (SELECT "_key_c_id__n_id_65444f60" AS "l_pk", "_key_c_id" AS "c_fk", "_key_n_id" AS "n_fk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_c_id__n_id_65444f60" IS NOT NULL AND "_key_c_id" IS NOT NULL AND "_key_n_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."ldts", s."src" COLLATE "C", s."c_fk", s."n_fk") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk"
ON CONFLICT DO NOTHING;

-- load dds.lines: new keys
INSERT INTO "dds"."lines" ("lines_pk", "c_fk", "n_fk", "line", "ldts", "src")
SELECT f."lines_pk", f."c_fk", f."n_fk", f."line", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."lines_pk") s."lines_pk", s."c_fk", s."n_fk", s."line", s."ldts", s."src"
FROM (SELECT "_key_c_id__n_id_line_0c49f37a" AS "lines_pk", "_key_c_id" AS "c_fk", "_key_n_id" AS "n_fk", "line", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_c_id__n_id_line_0c49f37a" IS NOT NULL AND "_key_c_id" IS NOT NULL AND "_key_n_id" IS NOT NULL) AS s ORDER BY s."lines_pk", s."ldts", s."src" COLLATE "C", s."c_fk", s."n_fk", s."line") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."lines" AS h
WHERE h."lines_pk" = f."lines_pk") ORDER BY f."lines_pk"
ON CONFLICT DO NOTHING;

---- safe ----

-- dds.h_c
CREATE TABLE "dds"."h_c" ("h_c_pk" bytea NOT NULL, "c_id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_c_pk"));

-- dds.h_n
CREATE TABLE "dds"."h_n" ("h_n_pk" bytea NOT NULL, "n_id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_n_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "c_fk" bytea NOT NULL, "n_fk" bytea NOT NULL, "note" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("l_pk"));

-- load dds.h_c: new and earlier keys
INSERT INTO "dds"."h_c" AS h ("h_c_pk", "c_id", "event_time", "load_dt", "load_src")
SELECT f."h_c_pk", f."c_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_c_pk") s."h_c_pk", s."c_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id" AS "h_c_pk", "c_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id" IS NOT NULL) AS s ORDER BY s."h_c_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_id" COLLATE "C") AS f
LEFT JOIN "dds"."h_c" AS k ON k."h_c_pk" = f."h_c_pk"
WHERE k."h_c_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND (f."c_id" COLLATE "C" < k."c_id" COLLATE "C" OR (k."c_id" COLLATE "C" IS NULL AND f."c_id" COLLATE "C" IS NOT NULL)))))))) ORDER BY f."h_c_pk"
ON CONFLICT ("h_c_pk") DO UPDATE SET "c_id" = EXCLUDED."c_id", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (EXCLUDED."c_id" COLLATE "C" < h."c_id" COLLATE "C" OR (h."c_id" COLLATE "C" IS NULL AND EXCLUDED."c_id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h_n: new and earlier keys
INSERT INTO "dds"."h_n" AS h ("h_n_pk", "n_id", "event_time", "load_dt", "load_src")
SELECT f."h_n_pk", f."n_id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_n_pk") s."h_n_pk", s."n_id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_n_id" AS "h_n_pk", "n_id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_n_id" IS NOT NULL) AS s ORDER BY s."h_n_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."n_id" COLLATE "C") AS f
LEFT JOIN "dds"."h_n" AS k ON k."h_n_pk" = f."h_n_pk"
WHERE k."h_n_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND (f."n_id" COLLATE "C" < k."n_id" COLLATE "C" OR (k."n_id" COLLATE "C" IS NULL AND f."n_id" COLLATE "C" IS NOT NULL)))))))) ORDER BY f."h_n_pk"
ON CONFLICT ("h_n_pk") DO UPDATE SET "n_id" = EXCLUDED."n_id", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (EXCLUDED."n_id" COLLATE "C" < h."n_id" COLLATE "C" OR (h."n_id" COLLATE "C" IS NULL AND EXCLUDED."n_id" COLLATE "C" IS NOT NULL))))))));

-- load dds.l: new and earlier keys
INSERT INTO "dds"."l" AS h ("l_pk", "c_fk", "n_fk", "note", "event_time", "load_dt", "load_src")
SELECT f."l_pk", f."c_fk", f."n_fk", f."note", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."c_fk", s."n_fk", s."note", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_c_id__n_id_65444f60" AS "l_pk", "_key_c_id" AS "c_fk", "_key_n_id" AS "n_fk", "note", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_c_id__n_id_65444f60" IS NOT NULL AND "_key_c_id" IS NOT NULL AND "_key_n_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."c_fk", s."n_fk", s."note" COLLATE "C") AS f
LEFT JOIN "dds"."l" AS k ON k."l_pk" = f."l_pk"
WHERE k."l_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND (f."c_fk" < k."c_fk" OR (f."c_fk" = k."c_fk" AND (f."n_fk" < k."n_fk" OR (f."n_fk" = k."n_fk" AND (f."note" COLLATE "C" < k."note" COLLATE "C" OR (k."note" COLLATE "C" IS NULL AND f."note" COLLATE "C" IS NOT NULL)))))))))))) ORDER BY f."l_pk"
ON CONFLICT ("l_pk") DO UPDATE SET "c_fk" = EXCLUDED."c_fk", "n_fk" = EXCLUDED."n_fk", "note" = EXCLUDED."note", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (EXCLUDED."c_fk" < h."c_fk" OR (EXCLUDED."c_fk" = h."c_fk" AND (EXCLUDED."n_fk" < h."n_fk" OR (EXCLUDED."n_fk" = h."n_fk" AND (EXCLUDED."note" COLLATE "C" < h."note" COLLATE "C" OR (h."note" COLLATE "C" IS NULL AND EXCLUDED."note" COLLATE "C" IS NOT NULL))))))))))));

