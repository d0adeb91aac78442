---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.l
CREATE TABLE "dds"."l" ("pk" VARCHAR NOT NULL, "main" VARCHAR NOT NULL, "twin" VARCHAR NOT NULL, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.l: new keys
INSERT INTO "dds"."l" ("pk", "main", "twin", "note", "ldts", "src")
SELECT f."pk", f."main", f."twin", f."note", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."pk") s."pk", s."main", s."twin", s."note", s."ldts", s."src"
FROM (SELECT "pk", "main", "twin", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "pk" IS NOT NULL AND "main" IS NOT NULL AND "twin" IS NOT NULL
UNION ALL
SELECT "pk", "main", "other" AS "twin", "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "pk" IS NOT NULL AND "main" IS NOT NULL AND "other" IS NOT NULL) AS s ORDER BY s."pk", s."ldts", s."src", s."main", s."twin", s."note") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."pk" = f."pk") ORDER BY f."pk";

---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" BLOB NOT NULL, "main" BLOB NOT NULL, "twin" BLOB NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id" AS "h_pk", "main_id" AS "id", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id" IS NOT NULL
UNION ALL
SELECT "_key_twin_id" AS "h_pk", "twin_id" AS "id", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_twin_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."load_dt", s."load_src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "main", "twin", "load_dt", "load_src")
SELECT f."l_pk", f."main", f."twin", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."main", s."twin", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id__twin_id_c33ecde6" AS "l_pk", "_key_main_id" AS "main", "_key_twin_id" AS "twin", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id__twin_id_c33ecde6" IS NOT NULL AND "_key_main_id" IS NOT NULL AND "_key_twin_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."load_dt", s."load_src", s."main", s."twin") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk";

---- safe ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" BLOB NOT NULL, "main" BLOB NOT NULL, "twin" BLOB NOT NULL, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id" AS "h_pk", "main_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id" IS NOT NULL
UNION ALL
SELECT "_key_twin_id" AS "h_pk", "twin_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_twin_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."id" < h."id" OR (h."id" IS NULL AND f."id" IS NOT NULL))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id" AS "h_pk", "main_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id" IS NOT NULL
UNION ALL
SELECT "_key_twin_id" AS "h_pk", "twin_id" AS "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_twin_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.l: earlier keys
UPDATE "dds"."l" AS h SET "main" = f."main", "twin" = f."twin", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."main", s."twin", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id__twin_id_c33ecde6" AS "l_pk", "_key_main_id" AS "main", "_key_twin_id" AS "twin", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id__twin_id_c33ecde6" IS NOT NULL AND "_key_main_id" IS NOT NULL AND "_key_twin_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src", s."main", s."twin") AS f
WHERE h."l_pk" = f."l_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."main" < h."main" OR (f."main" = h."main" AND f."twin" < h."twin"))))))));

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "main", "twin", "event_time", "load_dt", "load_src")
SELECT f."l_pk", f."main", f."twin", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."main", s."twin", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_main_id__twin_id_c33ecde6" AS "l_pk", "_key_main_id" AS "main", "_key_twin_id" AS "twin", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_main_id__twin_id_c33ecde6" IS NOT NULL AND "_key_main_id" IS NOT NULL AND "_key_twin_id" IS NOT NULL) AS s ORDER BY s."l_pk", s."event_time", s."load_dt", s."load_src", s."main", s."twin") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk";

