---- daily ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("h_pk", "ldts");

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "_diff_name" AS "hashdiff", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL AND COALESCE("_load_time" >= DATE_TRUNC('day', (SELECT MAX(t."ldts")
FROM "dds"."s" AS t)), TRUE)) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."h_pk" = h."h_pk" AND l."ldts" = h."ldts" AND l."hashdiff" IS NOT DISTINCT
FROM h."hashdiff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_pk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."h_pk" = s."h_pk" AND n."hashdiff" = s."hashdiff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s.load_place, s."hashdiff", s."name" COLLATE "C", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "ldts", "src")
SELECT r."h_pk", r."hashdiff", r."name", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

---- derived ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "eff" timestamp, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "diff" bytea, "Zip" text, "name" text, "eff" timestamp, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("h_pk", "ldts");

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "eff", "ldts", "src")
SELECT f."h_pk", f."id", f."eff", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."eff", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: a record of nothing
INSERT INTO "dds"."s" ("h_pk", "diff", "Zip", "name", "eff", "ldts", "src")
SELECT CAST('\x00000000000000000000000000000000' AS bytea), CAST('\x00000000000000000000000000000000' AS bytea), CAST(NULL AS text), CAST(NULL AS text), TIMESTAMP '1900-01-01 00:00:00', TIMESTAMP '1900-01-01 00:00:00', 'AUTOMATE_DV_SYSTEM'
WHERE NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."diff" = CAST('\x00000000000000000000000000000000' AS bytea));

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "diff", "Zip", "name", "_event_time" AS "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."h_pk" = h."h_pk" AND l."ldts" = h."ldts" AND l."diff" IS NOT DISTINCT
FROM h."diff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s."eff") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."h_pk" = s."h_pk" AND n."diff" = s."diff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."diff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."diff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."diff") OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s."eff", s.load_place, s."diff", s."Zip" COLLATE "C", s."name" COLLATE "C", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("h_pk", "diff", "Zip", "name", "eff", "ldts", "src")
SELECT r."h_pk", r."diff", r."Zip", r."name", r."eff", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."diff" IS NOT DISTINCT
FROM r."diff");

---- effective ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea, "name" text, "since" date, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("h_pk", "ldts");

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: a record of nothing
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "since", "ldts", "src")
SELECT CAST('\x00000000000000000000000000000000' AS bytea), CAST('\x00000000000000000000000000000000' AS bytea), CAST(NULL AS text), CAST(TIMESTAMP '1900-01-01 00:00:00' AS date), TIMESTAMP '1900-01-01 00:00:00', 'AUTOMATE_DV_SYSTEM'
WHERE NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."hashdiff" = CAST('\x00000000000000000000000000000000' AS bytea));

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "_diff_name" AS "hashdiff", "name", "since", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."h_pk" = h."h_pk" AND l."ldts" = h."ldts" AND l."hashdiff" IS NOT DISTINCT
FROM h."hashdiff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s."since") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."h_pk" = s."h_pk" AND n."hashdiff" = s."hashdiff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s."since", s.load_place, s."hashdiff", s."name" COLLATE "C", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "since", "ldts", "src")
SELECT r."h_pk", r."hashdiff", r."name", r."since", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.s
CREATE TABLE "dds"."s" ("hk" text NOT NULL, "diff" text, "name" text, "eff" timestamp, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("hk", "ldts");

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "diff", "name", "eff", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."hk" IN (SELECT "hk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."hk" = h."hk" AND l."ldts" = h."ldts" AND l."diff" IS NOT DISTINCT
FROM h."diff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."hk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."hk" = s."hk" AND n."diff" = s."diff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."diff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."diff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."diff") OVER (PARTITION BY s."hk" ORDER BY s."ldts", s.load_place, s."diff" COLLATE "C", s."name" COLLATE "C", s."eff", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("hk", "diff", "name", "eff", "ldts", "src")
SELECT r."hk", r."diff", r."name", r."eff", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."diff" IS NOT DISTINCT
FROM r."diff");

---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea, "zip" text, "name" text, "born" date, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("h_pk", "ldts");

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "ldts", "src")
SELECT f."h_pk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."ldts", s."src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "_diff_zip_name_born_54320320" AS "hashdiff", "zip", "name", "born", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL
UNION ALL
SELECT "_key_b_id" AS "h_pk", "_diff_zip_b_name_born_2b94de89" AS "hashdiff", "zip", "b_name" AS "name", "born", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_b"
WHERE "_key_b_id" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."h_pk" = h."h_pk" AND l."ldts" = h."ldts" AND l."hashdiff" IS NOT DISTINCT
FROM h."hashdiff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_pk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."h_pk" = s."h_pk" AND n."hashdiff" = s."hashdiff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."ldts", s.load_place, s."hashdiff", s."zip" COLLATE "C", s."name" COLLATE "C", s."born", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("h_pk", "hashdiff", "zip", "name", "born", "ldts", "src")
SELECT r."h_pk", r."hashdiff", r."zip", r."name", r."born", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

---- safe ----

-- stg.cases_a
CREATE TABLE "stg"."cases_a" ("_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_place" bigint NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text, "_key_id" bytea, "id" text, "_diff_name" bytea, "name" text, "_is_newest" boolean NOT NULL, PRIMARY KEY ("_message", "_version", "_content", "_place"));

-- stg.cases_a
CREATE INDEX ON "stg"."cases_a" ("_key_id", "_event_time");

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea NOT NULL, "name" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk", "event_time", "load_dt", "hashdiff"));

-- load dds.s: what was said last
WITH touched AS (SELECT s."h_pk" AS key, MIN(s."event_time") AS first
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_a" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s
GROUP BY s."h_pk") INSERT INTO "work_s" (key, first, diff, is_late)
SELECT t.key, t.first, b.diff, l.key IS NOT NULL
FROM touched AS t
LEFT JOIN (SELECT DISTINCT ON (h."h_pk") h."h_pk" AS key, h."hashdiff" AS diff
FROM "dds"."s" AS h JOIN touched AS t ON h."h_pk" = t.key
WHERE h."event_time" < t.first ORDER BY h."h_pk", h."event_time" DESC, h."load_dt" DESC, h."hashdiff" DESC) AS b ON b.key = t.key
LEFT JOIN (SELECT DISTINCT t.key AS key
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stg"."cases_a" AS r
WHERE r."_event_time" >= (SELECT MIN(first)
FROM touched) AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS r JOIN touched AS t ON r."h_pk" = t.key
WHERE r."event_time" >= t.first) AS l ON l.key = t.key;

-- load stg.cases_a: rows that are new
INSERT INTO "stg"."cases_a" ("_message", "_version", "_content", "_place", "_event_time", "_load_time", "_record_source", "_key_id", "id", "_diff_name", "name", "_is_newest")
SELECT f."_message", f."_version", f."_content", f."_place", f."_event_time", f."_load_time", f."_record_source", f."_key_id", f."id", f."_diff_name", f."name", TRUE
FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."_place") s."_message", s."_version", s."_content", s."_place", s."_event_time", s."_load_time", s."_record_source", s."_key_id", s."id", s."_diff_name", s."name"
FROM "stage_a" AS s ORDER BY s."_message", s."_version", s."_content", s."_place", s."_load_time") AS f
WHERE NOT EXISTS (SELECT 1
FROM (SELECT h."_message", h."_version", h."_content", h."_place", h."_event_time"
FROM "stg"."cases_a" AS h) AS h
WHERE h."_message" = f."_message" AND h."_version" = f."_version" AND h."_content" = f."_content" AND h."_place" = f."_place" AND h."_event_time" = f."_event_time") ORDER BY f."_event_time";

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: versions in order
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT m.*, LAG(m."hashdiff") OVER (PARTITION BY m."h_pk" ORDER BY m."event_time", m."load_dt", m."hashdiff", m."hashdiff") AS was
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stage_a" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m) AS m JOIN "work_s" AS w ON w.key = m."h_pk"
WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT
FROM m."hashdiff" ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

-- load dds.s: which versions late rows change
INSERT INTO "late_s" ("h_pk", "event_time", "load_dt", "hashdiff", is_wanted)
SELECT h."h_pk", h."event_time", h."load_dt", h."hashdiff", COALESCE(h.was, w.diff) IS DISTINCT
FROM h."hashdiff"
FROM (SELECT s."h_pk", s."event_time", s."load_dt", s."hashdiff", LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."event_time", s."load_dt", s."hashdiff") AS was
FROM (SELECT DISTINCT r."h_pk", r."event_time", r."load_dt", r."hashdiff"
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stg"."cases_a" AS r JOIN "work_s" AS w ON w.key = r."_key_id"
WHERE w.is_late AND r."_event_time" >= w.first AND r."_event_time" >= (SELECT MIN(first)
FROM "work_s"
WHERE is_late) AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS r) AS s) AS h JOIN "work_s" AS w ON w.key = h."h_pk";

-- load dds.s: versions that late rows end
DELETE
FROM "dds"."s" AS t USING "late_s" AS l
WHERE t."h_pk" = l."h_pk" AND t."event_time" = l."event_time" AND t."load_dt" = l."load_dt" AND t."hashdiff" = l."hashdiff" AND NOT EXISTS (SELECT 1
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stg"."cases_a" AS r JOIN "late_s" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_diff_name" = l."hashdiff"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m
WHERE m."h_pk" = t."h_pk" AND m."event_time" = t."event_time" AND m."load_dt" = t."load_dt" AND m."hashdiff" = t."hashdiff" AND m."name" IS NOT DISTINCT
FROM t."name" AND m."load_src" IS NOT DISTINCT
FROM t."load_src");

-- load dds.s: versions that late rows begin
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stg"."cases_a" AS r JOIN "late_s" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_diff_name" = l."hashdiff"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m
WHERE NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = m."h_pk" AND t."event_time" = m."event_time" AND t."load_dt" = m."load_dt" AND t."hashdiff" = m."hashdiff") ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

---- safe_ghost ----

-- stg.cases_a
CREATE TABLE "stg"."cases_a" ("_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_place" bigint NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text, "_key_id" bytea, "id" text, "_diff_name" bytea, "name" text, "_is_newest" boolean NOT NULL, PRIMARY KEY ("_message", "_version", "_content", "_place"));

-- stg.cases_a
CREATE INDEX ON "stg"."cases_a" ("_key_id", "_event_time");

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea NOT NULL, "name" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk", "event_time", "load_dt", "hashdiff"));

-- load dds.s: what was said last
WITH touched AS (SELECT s."h_pk" AS key, MIN(s."event_time") AS first
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_a" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s
GROUP BY s."h_pk") INSERT INTO "work_s" (key, first, diff, is_late)
SELECT t.key, t.first, b.diff, l.key IS NOT NULL
FROM touched AS t
LEFT JOIN (SELECT DISTINCT ON (h."h_pk") h."h_pk" AS key, h."hashdiff" AS diff
FROM "dds"."s" AS h JOIN touched AS t ON h."h_pk" = t.key
WHERE h."event_time" < t.first ORDER BY h."h_pk", h."event_time" DESC, h."load_dt" DESC, h."hashdiff" DESC) AS b ON b.key = t.key
LEFT JOIN (SELECT DISTINCT t.key AS key
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stg"."cases_a" AS r
WHERE r."_event_time" >= (SELECT MIN(first)
FROM touched) AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS r JOIN touched AS t ON r."h_pk" = t.key
WHERE r."event_time" >= t.first) AS l ON l.key = t.key;

-- load stg.cases_a: rows that are new
INSERT INTO "stg"."cases_a" ("_message", "_version", "_content", "_place", "_event_time", "_load_time", "_record_source", "_key_id", "id", "_diff_name", "name", "_is_newest")
SELECT f."_message", f."_version", f."_content", f."_place", f."_event_time", f."_load_time", f."_record_source", f."_key_id", f."id", f."_diff_name", f."name", TRUE
FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."_place") s."_message", s."_version", s."_content", s."_place", s."_event_time", s."_load_time", s."_record_source", s."_key_id", s."id", s."_diff_name", s."name"
FROM "stage_a" AS s ORDER BY s."_message", s."_version", s."_content", s."_place", s."_load_time") AS f
WHERE NOT EXISTS (SELECT 1
FROM (SELECT h."_message", h."_version", h."_content", h."_place", h."_event_time"
FROM "stg"."cases_a" AS h) AS h
WHERE h."_message" = f."_message" AND h."_version" = f."_version" AND h."_content" = f."_content" AND h."_place" = f."_place" AND h."_event_time" = f."_event_time") ORDER BY f."_event_time";

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (f."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: a record of nothing
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea), CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea), CAST(NULL AS text), TIMESTAMP '1900-01-01 00:00:00', TIMESTAMP '1900-01-01 00:00:00', 'SYSTEM'
WHERE NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."hashdiff" = CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea));

-- load dds.s: versions in order
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT m.*, LAG(m."hashdiff") OVER (PARTITION BY m."h_pk" ORDER BY m."event_time", m."load_dt", m."hashdiff", m."hashdiff") AS was
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stage_a" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m) AS m JOIN "work_s" AS w ON w.key = m."h_pk"
WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT
FROM m."hashdiff" ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

-- load dds.s: which versions late rows change
INSERT INTO "late_s" ("h_pk", "event_time", "load_dt", "hashdiff", is_wanted)
SELECT h."h_pk", h."event_time", h."load_dt", h."hashdiff", COALESCE(h.was, w.diff) IS DISTINCT
FROM h."hashdiff"
FROM (SELECT s."h_pk", s."event_time", s."load_dt", s."hashdiff", LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."event_time", s."load_dt", s."hashdiff") AS was
FROM (SELECT DISTINCT r."h_pk", r."event_time", r."load_dt", r."hashdiff"
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stg"."cases_a" AS r JOIN "work_s" AS w ON w.key = r."_key_id"
WHERE w.is_late AND r."_event_time" >= w.first AND r."_event_time" >= (SELECT MIN(first)
FROM "work_s"
WHERE is_late) AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS r) AS s) AS h JOIN "work_s" AS w ON w.key = h."h_pk";

-- load dds.s: versions that late rows end
DELETE
FROM "dds"."s" AS t USING "late_s" AS l
WHERE t."h_pk" = l."h_pk" AND t."event_time" = l."event_time" AND t."load_dt" = l."load_dt" AND t."hashdiff" = l."hashdiff" AND NOT EXISTS (SELECT 1
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stg"."cases_a" AS r JOIN "late_s" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_diff_name" = l."hashdiff"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m
WHERE m."h_pk" = t."h_pk" AND m."event_time" = t."event_time" AND m."load_dt" = t."load_dt" AND m."hashdiff" = t."hashdiff" AND m."name" IS NOT DISTINCT
FROM t."name" AND m."load_src" IS NOT DISTINCT
FROM t."load_src");

-- load dds.s: versions that late rows begin
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stg"."cases_a" AS r JOIN "late_s" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_diff_name" = l."hashdiff"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m
WHERE NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = m."h_pk" AND t."event_time" = m."event_time" AND t."load_dt" = m."load_dt" AND t."hashdiff" = m."hashdiff") ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

