---- derived ----

-- dds.both
CREATE TABLE "dds"."both" ("both_pk" VARCHAR NOT NULL, "id" VARCHAR, "branch" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.realm
CREATE TABLE "dds"."realm" ("realm_pk" BLOB NOT NULL, "id" VARCHAR, "realm" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.text
CREATE TABLE "dds"."text" ("text_pk" VARCHAR NOT NULL, "id" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.both: new keys
INSERT INTO "dds"."both" ("both_pk", "id", "branch", "ldts", "src")
SELECT f."both_pk", f."id", f."branch", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."both_pk") s."both_pk", s."id", s."branch", s."ldts", s."src"
FROM (SELECT "both_pk", "id", "branch", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "both_pk" IS NOT NULL) AS s ORDER BY s."both_pk", s."ldts", s."src", s."id", s."branch") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."both" AS h
WHERE h."both_pk" = f."both_pk") ORDER BY f."both_pk";

-- load dds.realm: new keys
INSERT INTO "dds"."realm" ("realm_pk", "id", "realm", "ldts", "src")
SELECT f."realm_pk", f."id", f."realm", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."realm_pk") s."realm_pk", s."id", s."realm", s."ldts", s."src"
FROM (SELECT "realm_pk", "id", "realm", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "realm_pk" IS NOT NULL) AS s ORDER BY s."realm_pk", s."ldts", s."src", s."id", s."realm") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."realm" AS h
WHERE h."realm_pk" = f."realm_pk") ORDER BY f."realm_pk";

-- load dds.text: new keys
INSERT INTO "dds"."text" ("text_pk", "id", "ldts", "src")
SELECT f."text_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."text_pk") s."text_pk", s."id", s."ldts", s."src"
FROM (SELECT "text_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "text_pk" IS NOT NULL) AS s ORDER BY s."text_pk", s."ldts", s."src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."text" AS h
WHERE h."text_pk" = f."text_pk") ORDER BY f."text_pk";

---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "id" VARCHAR, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

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
WHERE "b_hk" IS NOT NULL) AS s ORDER BY s."hk", s."ldts", s."src", s."id", s."note") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."hk" = f."hk") ORDER BY f."hk";

---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.two
CREATE TABLE "dds"."two" ("two_pk" BLOB NOT NULL, "id" VARCHAR, "part" BIGINT, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.two: new keys
INSERT INTO "dds"."two" ("two_pk", "id", "part", "ldts", "src")
SELECT f."two_pk", f."id", f."part", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."two_pk") s."two_pk", s."id", s."part", s."ldts", s."src"
FROM (SELECT "_key_id_part_72af4615" AS "two_pk", "id", "part", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."two_pk", s."ldts", s."src", s."id", s."part") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."two" AS h
WHERE h."two_pk" = f."two_pk") ORDER BY f."two_pk";

---- kept ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

---- replaced ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "id_before" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "id_before", "ldts", "src")
SELECT f."h_pk", f."id", f."id_before", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."id_before", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "id_before", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src", s."id", s."id_before") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

---- safe ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "note" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.two
CREATE TABLE "dds"."two" ("two_pk" BLOB NOT NULL, "id" VARCHAR, "part" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "note" = f."note", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."note", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "note", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id", s."note") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND ((f."id" < h."id" OR (h."id" IS NULL AND f."id" IS NOT NULL)) OR (f."id" IS NOT DISTINCT
FROM h."id" AND (f."note" < h."note" OR (h."note" IS NULL AND f."note" IS NOT NULL))))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "note", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."note", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."note", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "note", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id", s."note") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.two: earlier keys
UPDATE "dds"."two" AS h SET "id" = f."id", "part" = f."part", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."two_pk") s."two_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "two_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."two_pk", s."event_time", s."load_dt", s."load_src", s."id", s."part") AS f
WHERE h."two_pk" = f."two_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND ((f."id" < h."id" OR (h."id" IS NULL AND f."id" IS NOT NULL)) OR (f."id" IS NOT DISTINCT
FROM h."id" AND (f."part" < h."part" OR (h."part" IS NULL AND f."part" IS NOT NULL))))))))));

-- load dds.two: new keys
INSERT INTO "dds"."two" ("two_pk", "id", "part", "event_time", "load_dt", "load_src")
SELECT f."two_pk", f."id", f."part", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."two_pk") s."two_pk", s."id", s."part", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id_part_72af4615" AS "two_pk", "id", "part", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id_part_72af4615" IS NOT NULL) AS s ORDER BY s."two_pk", s."event_time", s."load_dt", s."load_src", s."id", s."part") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."two" AS h
WHERE h."two_pk" = f."two_pk") ORDER BY f."two_pk";

