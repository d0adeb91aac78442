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

---- ordered ----

-- dds.guest
CREATE TABLE "dds"."guest" ("guest_pk" bytea NOT NULL, "guest" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("guest_pk"));

-- dds.shop
CREATE TABLE "dds"."shop" ("shop_pk" bytea NOT NULL, "shop" text, "town" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("shop_pk"));

-- dds.l
CREATE TABLE "dds"."l" ("l_pk" bytea NOT NULL, "guest_fk" bytea NOT NULL, "shop_fk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("l_pk"));

-- dds.lines
CREATE TABLE "dds"."lines" ("lines_pk" bytea NOT NULL, "guest_fk" bytea NOT NULL, "shop_fk" bytea NOT NULL, "line" bigint, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("lines_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("lines_pk" bytea NOT NULL, "hashdiff" bytea, "src" text, "ldts" timestamp NOT NULL);

-- dds.s
CREATE INDEX ON "dds"."s" ("lines_pk", "ldts");

-- load dds.guest: new keys
INSERT INTO "dds"."guest" ("guest_pk", "guest", "ldts", "src")
SELECT f."guest_pk", f."guest", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."guest_pk") s."guest_pk", s."guest", s."ldts", s."src"
FROM (SELECT "_key_guest" AS "guest_pk", "guest", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_guest" IS NOT NULL) AS s ORDER BY s."guest_pk", s."ldts", s."src" COLLATE "C", s."guest" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."guest" AS h
WHERE h."guest_pk" = f."guest_pk") ORDER BY f."guest_pk"
ON CONFLICT DO NOTHING;

-- load dds.shop: new keys
INSERT INTO "dds"."shop" ("shop_pk", "shop", "town", "ldts", "src")
SELECT f."shop_pk", f."shop", f."town", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."shop_pk") s."shop_pk", s."shop", s."town", s."ldts", s."src"
FROM (SELECT "_key_shop_town_44c79637" AS "shop_pk", "shop", "town", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_shop_town_44c79637" IS NOT NULL) AS s ORDER BY s."shop_pk", s."ldts", s."src" COLLATE "C", s."shop" COLLATE "C", s."town" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."shop" AS h
WHERE h."shop_pk" = f."shop_pk") ORDER BY f."shop_pk"
ON CONFLICT DO NOTHING;

-- load dds.l: new keys
INSERT INTO "dds"."l" ("l_pk", "guest_fk", "shop_fk", "ldts", "src")
SELECT f."l_pk", f."guest_fk", f."shop_fk", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."l_pk") s."l_pk", s."guest_fk", s."shop_fk", s."ldts", s."src"
FROM (SELECT "_key_shop_town__guest_f2c46b5d" AS "l_pk", "_key_guest" AS "guest_fk", "_key_shop_town_44c79637" AS "shop_fk", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_shop_town__guest_f2c46b5d" IS NOT NULL AND "_key_guest" IS NOT NULL AND "_key_shop_town_44c79637" IS NOT NULL) AS s ORDER BY s."l_pk", s."ldts", s."src" COLLATE "C", s."guest_fk", s."shop_fk") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."l" AS h
WHERE h."l_pk" = f."l_pk") ORDER BY f."l_pk"
ON CONFLICT DO NOTHING;

-- load dds.lines: new keys
INSERT INTO "dds"."lines" ("lines_pk", "guest_fk", "shop_fk", "line", "ldts", "src")
SELECT f."lines_pk", f."guest_fk", f."shop_fk", f."line", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."lines_pk") s."lines_pk", s."guest_fk", s."shop_fk", s."line", s."ldts", s."src"
FROM (SELECT "_key_line_shop_town__guest_d75db71d" AS "lines_pk", "_key_guest" AS "guest_fk", "_key_shop_town_44c79637" AS "shop_fk", "line", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_line_shop_town__guest_d75db71d" IS NOT NULL AND "_key_guest" IS NOT NULL AND "_key_shop_town_44c79637" IS NOT NULL) AS s ORDER BY s."lines_pk", s."ldts", s."src" COLLATE "C", s."guest_fk", s."shop_fk", s."line") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."lines" AS h
WHERE h."lines_pk" = f."lines_pk") ORDER BY f."lines_pk"
ON CONFLICT DO NOTHING;

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_line_shop_town__guest_d75db71d" AS "lines_pk", "_diff_src" AS "hashdiff", "src", "_load_time" AS "ldts"
FROM "stage_a"
WHERE "_key_line_shop_town__guest_d75db71d" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."lines_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."lines_pk" IN (SELECT "lines_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."lines_pk" = h."lines_pk" AND l."ldts" = h."ldts" AND l."hashdiff" IS NOT DISTINCT
FROM h."hashdiff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."lines_pk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."lines_pk" = s."lines_pk" AND n."hashdiff" = s."hashdiff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."lines_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."lines_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."hashdiff") OVER (PARTITION BY s."lines_pk" ORDER BY s."ldts", s.load_place, s."hashdiff", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("lines_pk", "hashdiff", "src", "ldts")
SELECT r."lines_pk", r."hashdiff", r."src", r."ldts"
FROM said AS r
WHERE (r.is_new OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."lines_pk" = r."lines_pk" AND t."ldts" = r."ldts" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

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

