---- event ----

-- stg.cases_stg
CREATE TABLE "stg"."cases_stg" ("_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_place" bigint NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text, "_key_id" bytea, "id" text, "_diff_name" bytea, "name" text, "_is_newest" boolean NOT NULL, PRIMARY KEY ("_message", "_version", "_content", "_place"));

-- stg.cases_stg
CREATE INDEX ON "stg"."cases_stg" ("_key_id", "_event_time");

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.s
CREATE TABLE "dds"."s" ("h_pk" bytea NOT NULL, "hashdiff" bytea NOT NULL, "name" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk", "event_time", "load_dt", "hashdiff"));

-- dds.known
CREATE TABLE "dds"."known" ("h_pk" bytea NOT NULL, "as_of_date" timestamp NOT NULL, "s_pk" bytea NOT NULL, "s_ldts" timestamp NOT NULL);

-- dds.known
CREATE INDEX ON "dds"."known" ("h_pk", "as_of_date");

-- dds.p
CREATE TABLE "dds"."p" ("h_pk" bytea NOT NULL, "as_of_date" timestamp NOT NULL, "s_pk" bytea NOT NULL, "s_ldts" timestamp NOT NULL);

-- dds.p
CREATE INDEX ON "dds"."p" ("h_pk", "as_of_date");

-- load dds.s: one load of a key at a time
SELECT pg_advisory_xact_lock(1277701465, b.bucket)
FROM (SELECT DISTINCT hashtext(concat_ws('|', CAST(k."h_pk" AS text))) & 63 AS bucket
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_stg" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS k ORDER BY 1 OFFSET 0) AS b;

-- load dds.s: what was said last
WITH touched AS (SELECT s."h_pk" AS key, MIN(s."event_time") AS first
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_stg" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s
GROUP BY s."h_pk") INSERT INTO "work_s" (key, first, diff, is_late)
SELECT t.key, t.first, l."hashdiff", COALESCE(l."event_time" >= t.first, FALSE)
FROM touched AS t
LEFT JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stg"."cases_stg" AS r
WHERE r."_key_id" = t.key AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL ORDER BY r."_event_time" DESC, r."_load_time" DESC, r."_diff_name" DESC LIMIT 1)) AS l ORDER BY l."event_time" DESC, l."load_dt" DESC, l."hashdiff" DESC LIMIT 1) AS l ON TRUE;

-- load stg.cases_stg: rows that are new
INSERT INTO "stg"."cases_stg" ("_message", "_version", "_content", "_place", "_event_time", "_load_time", "_record_source", "_key_id", "id", "_diff_name", "name", "_is_newest")
SELECT f."_message", f."_version", f."_content", f."_place", f."_event_time", f."_load_time", f."_record_source", f."_key_id", f."id", f."_diff_name", f."name", TRUE
FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."_place") s."_message", s."_version", s."_content", s."_place", s."_event_time", s."_load_time", s."_record_source", s."_key_id", s."id", s."_diff_name", s."name"
FROM "stage_stg" AS s ORDER BY s."_message", s."_version", s."_content", s."_place", s."_load_time") AS f ORDER BY f."_message", f."_version", f."_content", f."_place"
ON CONFLICT DO NOTHING;

-- load dds.h: new and earlier keys
INSERT INTO "dds"."h" AS h ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_stg"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
LEFT JOIN "dds"."h" AS k ON k."h_pk" = f."h_pk"
WHERE k."h_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND (f."id" COLLATE "C" < k."id" COLLATE "C" OR (k."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL)))))))) ORDER BY f."h_pk"
ON CONFLICT ("h_pk") DO UPDATE SET "id" = EXCLUDED."id", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (EXCLUDED."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND EXCLUDED."id" COLLATE "C" IS NOT NULL))))))));

-- load dds.s: versions in order
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT m.*, LAG(m."hashdiff") OVER (PARTITION BY m."h_pk" ORDER BY m."event_time", m."load_dt", m."hashdiff", m."hashdiff") AS was
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stage_stg" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m) AS m JOIN "work_s" AS w ON w.key = m."h_pk"
WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT
FROM m."hashdiff" ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

-- load dds.s: which versions late rows change
WITH late AS (SELECT DISTINCT s."h_pk", s."event_time", s."load_dt", s."hashdiff"
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stage_stg" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s JOIN "work_s" AS w ON w.key = s."h_pk"
WHERE w.is_late), affected AS (SELECT n."h_pk", n."event_time", n."load_dt", n."hashdiff"
FROM late AS n UNION
SELECT n."h_pk", x."event_time", x."load_dt", x."hashdiff"
FROM late AS n CROSS JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stg"."cases_stg" AS r
WHERE r."_key_id" = n."h_pk" AND (r."_event_time", r."_load_time", r."_diff_name") > (n."event_time", n."load_dt", n."hashdiff") AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL ORDER BY r."_event_time" ASC, r."_load_time" ASC, r."_diff_name" ASC LIMIT 1)) AS x ORDER BY x."event_time", x."load_dt", x."hashdiff" LIMIT 1) AS x) INSERT INTO "late_s" ("h_pk", "event_time", "load_dt", "hashdiff", is_wanted)
SELECT a."h_pk", a."event_time", a."load_dt", a."hashdiff", j.is_wanted
FROM affected AS a
LEFT JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_diff_name" AS "hashdiff"
FROM "stg"."cases_stg" AS r
WHERE r."_key_id" = a."h_pk" AND (r."_event_time", r."_load_time", r."_diff_name") < (a."event_time", a."load_dt", a."hashdiff") AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL ORDER BY r."_event_time" DESC, r."_load_time" DESC, r."_diff_name" DESC LIMIT 1)) AS x ORDER BY x."event_time" DESC, x."load_dt" DESC, x."hashdiff" DESC LIMIT 1) AS b ON TRUE CROSS JOIN LATERAL (SELECT b."hashdiff" IS DISTINCT
FROM a."hashdiff" AS is_wanted) AS j
WHERE j.is_wanted IS DISTINCT
FROM EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."h_pk" = a."h_pk" AND t."event_time" = a."event_time" AND t."load_dt" = a."load_dt" AND t."hashdiff" = a."hashdiff" OFFSET 0) OR (j.is_wanted AND EXISTS (SELECT 1
FROM (SELECT r."_key_id" AS "h_pk"
FROM "stg"."cases_stg" AS r
WHERE r."_key_id" = a."h_pk" AND r."_event_time" = a."event_time" AND r."_load_time" = a."load_dt" AND r."_diff_name" = a."hashdiff" AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s OFFSET 1));

-- load dds.s: versions that late rows end
DELETE
FROM "dds"."s" AS t USING "late_s" AS l
WHERE t."h_pk" = l."h_pk" AND t."event_time" = l."event_time" AND t."load_dt" = l."load_dt" AND t."hashdiff" = l."hashdiff";

-- load dds.s: versions that late rows begin
INSERT INTO "dds"."s" ("h_pk", "hashdiff", "name", "event_time", "load_dt", "load_src")
SELECT m."h_pk", m."hashdiff", m."name", m."event_time", m."load_dt", m."load_src"
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."hashdiff") s."h_pk", s."hashdiff", s."name", s."event_time", s."load_dt", s."load_src"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_name" AS "hashdiff", r."name" AS "name", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src"
FROM "stg"."cases_stg" AS r JOIN "late_s" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_diff_name" = l."hashdiff"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_diff_name" IS NOT NULL AND r."_diff_name" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."hashdiff", s."name" COLLATE "C", s."load_src" COLLATE "C") AS m ORDER BY m."h_pk", m."event_time", m."load_dt", m."hashdiff";

-- load dds.known: one load at a time
LOCK TABLE "dds"."known" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.known: what holds
INSERT INTO "dds"."known" ("h_pk", "as_of_date", "s_pk", "s_ldts")
SELECT w."h_pk", w."as_of_date", w."s_pk", w."s_ldts"
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."known"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."h_pk", d."_date" AS "as_of_date", COALESCE(s0."_key", CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea)) AS "s_pk", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "s_ldts"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."h_pk" AS "_key", d."_date", MAX(v."load_dt") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."load_dt" <= d."_date"
GROUP BY v."h_pk", d."_date") AS s0 ON s0."_key" = h."h_pk" AND s0."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."known" AS t
WHERE w."h_pk" = t."h_pk" AND w."as_of_date" = t."as_of_date" AND w."s_pk" = t."s_pk" AND w."s_ldts" = t."s_ldts");

-- load dds.known: what holds no more
DELETE
FROM "dds"."known" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."known"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."h_pk", d."_date" AS "as_of_date", COALESCE(s0."_key", CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea)) AS "s_pk", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "s_ldts"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."h_pk" AS "_key", d."_date", MAX(v."load_dt") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."load_dt" <= d."_date"
GROUP BY v."h_pk", d."_date") AS s0 ON s0."_key" = h."h_pk" AND s0."_date" = d."_date") AS w
WHERE w."h_pk" = t."h_pk" AND w."as_of_date" = t."as_of_date" AND w."s_pk" = t."s_pk" AND w."s_ldts" = t."s_ldts");

-- load dds.p: one load at a time
LOCK TABLE "dds"."p" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.p: what holds
INSERT INTO "dds"."p" ("h_pk", "as_of_date", "s_pk", "s_ldts")
SELECT w."h_pk", w."as_of_date", w."s_pk", w."s_ldts"
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."p"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."h_pk", d."_date" AS "as_of_date", COALESCE(s0."_key", CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea)) AS "s_pk", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "s_ldts"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."h_pk" AS "_key", d."_date", MAX(v."event_time") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."event_time" <= d."_date"
GROUP BY v."h_pk", d."_date") AS s0 ON s0."_key" = h."h_pk" AND s0."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."p" AS t
WHERE w."h_pk" = t."h_pk" AND w."as_of_date" = t."as_of_date" AND w."s_pk" = t."s_pk" AND w."s_ldts" = t."s_ldts");

-- load dds.p: what holds no more
DELETE
FROM "dds"."p" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("day" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "day" IS NOT NULL UNION
SELECT DISTINCT "as_of_date" AS "_date"
FROM "dds"."p"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."h_pk", d."_date" AS "as_of_date", COALESCE(s0."_key", CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea)) AS "s_pk", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "s_ldts"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."h_pk" AS "_key", d."_date", MAX(v."event_time") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."event_time" <= d."_date"
GROUP BY v."h_pk", d."_date") AS s0 ON s0."_key" = h."h_pk" AND s0."_date" = d."_date") AS w
WHERE w."h_pk" = t."h_pk" AND w."as_of_date" = t."as_of_date" AND w."s_pk" = t."s_pk" AND w."s_ldts" = t."s_ldts");

---- load ----

-- dds.H
CREATE TABLE "dds"."H" ("PK" text NOT NULL, "ID" text, "LDTS" timestamp NOT NULL, "SRC" text, PRIMARY KEY ("PK"));

-- dds.S1
CREATE TABLE "dds"."S1" ("PK" text NOT NULL, "D1" text, "NAME" text, "LDTS" timestamp NOT NULL, "SRC" text);

-- dds.S1
CREATE INDEX ON "dds"."S1" ("PK", "LDTS");

-- dds.S2
CREATE TABLE "dds"."S2" ("PK" text NOT NULL, "D2" text, "CITY" text, "LDTS" timestamp NOT NULL, "SRC" text);

-- dds.S2
CREATE INDEX ON "dds"."S2" ("PK", "LDTS");

-- dds.P
CREATE TABLE "dds"."P" ("PK" text NOT NULL, "AS_OF_DATE" timestamp NOT NULL, "S1_PK" text NOT NULL, "S1_LDTS" timestamp NOT NULL, "S2_PK" text NOT NULL, "S2_LDTS" timestamp NOT NULL);

-- dds.P
CREATE INDEX ON "dds"."P" ("PK", "AS_OF_DATE");

-- load dds.H: new keys
INSERT INTO "dds"."H" ("PK", "ID", "LDTS", "SRC")
SELECT f."PK", f."ID", f."LDTS", f."SRC"
FROM (SELECT DISTINCT ON (s."PK") s."PK", s."ID", s."LDTS", s."SRC"
FROM (SELECT "PK", "ID", "_load_time" AS "LDTS", "_record_source" AS "SRC"
FROM "stage_stg"
WHERE "PK" IS NOT NULL) AS s ORDER BY s."PK", s."LDTS", s."SRC" COLLATE "C", s."ID" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."H" AS h
WHERE h."PK" = f."PK") ORDER BY f."PK"
ON CONFLICT DO NOTHING;

-- load dds.S1: one load at a time
LOCK TABLE "dds"."S1" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.S1: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "PK", "D1", "NAME", "_load_time" AS "LDTS", "_record_source" AS "SRC"
FROM "stage_stg"
WHERE "PK" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."PK" ORDER BY h."LDTS" DESC) AS newest_rank
FROM "dds"."S1" AS h
WHERE h."PK" IN (SELECT "PK"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."PK" = h."PK" AND l."LDTS" = h."LDTS" AND l."D1" IS NOT DISTINCT
FROM h."D1")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."PK" ORDER BY s."LDTS") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."PK" = s."PK" AND n."D1" = s."D1")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."PK", s."D1" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."PK", s."D1" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."D1") OVER (PARTITION BY s."PK" ORDER BY s."LDTS", s.load_place, s."D1" COLLATE "C", s."NAME" COLLATE "C", s."SRC" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."S1" ("PK", "D1", "NAME", "LDTS", "SRC")
SELECT r."PK", r."D1", r."NAME", r."LDTS", r."SRC"
FROM said AS r
WHERE (r.is_new OR r."D1" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."S1" AS t
WHERE t."PK" = r."PK" AND t."LDTS" = r."LDTS" AND t."D1" IS NOT DISTINCT
FROM r."D1");

-- load dds.S2: one load at a time
LOCK TABLE "dds"."S2" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.S2: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "PK", "D2", "CITY", "_load_time" AS "LDTS", "_record_source" AS "SRC"
FROM "stage_stg"
WHERE "PK" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."PK" ORDER BY h."LDTS" DESC) AS newest_rank
FROM "dds"."S2" AS h
WHERE h."PK" IN (SELECT "PK"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."PK" = h."PK" AND l."LDTS" = h."LDTS" AND l."D2" IS NOT DISTINCT
FROM h."D2")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."PK" ORDER BY s."LDTS") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."PK" = s."PK" AND n."D2" = s."D2")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."PK", s."D2" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."PK", s."D2" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."D2") OVER (PARTITION BY s."PK" ORDER BY s."LDTS", s.load_place, s."D2" COLLATE "C", s."CITY" COLLATE "C", s."SRC" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."S2" ("PK", "D2", "CITY", "LDTS", "SRC")
SELECT r."PK", r."D2", r."CITY", r."LDTS", r."SRC"
FROM said AS r
WHERE (r.is_new OR r."D2" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."S2" AS t
WHERE t."PK" = r."PK" AND t."LDTS" = r."LDTS" AND t."D2" IS NOT DISTINCT
FROM r."D2");

-- load dds.P: one load at a time
LOCK TABLE "dds"."P" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.P: what holds
INSERT INTO "dds"."P" ("PK", "AS_OF_DATE", "S1_PK", "S1_LDTS", "S2_PK", "S2_LDTS")
SELECT w."PK", w."AS_OF_DATE", w."S1_PK", w."S1_LDTS", w."S2_PK", w."S2_LDTS"
FROM (WITH d AS (SELECT DISTINCT CAST("AS_OF_DATE" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "AS_OF_DATE" IS NOT NULL UNION
SELECT DISTINCT "AS_OF_DATE" AS "_date"
FROM "dds"."P"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."PK", d."_date" AS "AS_OF_DATE", COALESCE(s0."_key", '00000000000000000000000000000000') AS "S1_PK", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "S1_LDTS", COALESCE(s1."_key", '00000000000000000000000000000000') AS "S2_PK", COALESCE(s1."_time", TIMESTAMP '1900-01-01 00:00:00') AS "S2_LDTS"
FROM "dds"."H" AS h CROSS JOIN d
LEFT JOIN (SELECT v."PK" AS "_key", d."_date", MAX(v."LDTS") AS "_time"
FROM "dds"."S1" AS v JOIN d ON v."LDTS" <= d."_date"
GROUP BY v."PK", d."_date") AS s0 ON s0."_key" = h."PK" AND s0."_date" = d."_date"
LEFT JOIN (SELECT v."PK" AS "_key", d."_date", MAX(v."LDTS") AS "_time"
FROM "dds"."S2" AS v JOIN d ON v."LDTS" <= d."_date"
GROUP BY v."PK", d."_date") AS s1 ON s1."_key" = h."PK" AND s1."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."P" AS t
WHERE w."PK" = t."PK" AND w."AS_OF_DATE" = t."AS_OF_DATE" AND w."S1_PK" = t."S1_PK" AND w."S1_LDTS" = t."S1_LDTS" AND w."S2_PK" = t."S2_PK" AND w."S2_LDTS" = t."S2_LDTS");

-- load dds.P: what holds no more
DELETE
FROM "dds"."P" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("AS_OF_DATE" AS timestamp) AS "_date"
FROM "stage_as_of"
WHERE "AS_OF_DATE" IS NOT NULL UNION
SELECT DISTINCT "AS_OF_DATE" AS "_date"
FROM "dds"."P"
WHERE NOT EXISTS (SELECT 1
FROM "stage_as_of"))
SELECT h."PK", d."_date" AS "AS_OF_DATE", COALESCE(s0."_key", '00000000000000000000000000000000') AS "S1_PK", COALESCE(s0."_time", TIMESTAMP '1900-01-01 00:00:00') AS "S1_LDTS", COALESCE(s1."_key", '00000000000000000000000000000000') AS "S2_PK", COALESCE(s1."_time", TIMESTAMP '1900-01-01 00:00:00') AS "S2_LDTS"
FROM "dds"."H" AS h CROSS JOIN d
LEFT JOIN (SELECT v."PK" AS "_key", d."_date", MAX(v."LDTS") AS "_time"
FROM "dds"."S1" AS v JOIN d ON v."LDTS" <= d."_date"
GROUP BY v."PK", d."_date") AS s0 ON s0."_key" = h."PK" AND s0."_date" = d."_date"
LEFT JOIN (SELECT v."PK" AS "_key", d."_date", MAX(v."LDTS") AS "_time"
FROM "dds"."S2" AS v JOIN d ON v."LDTS" <= d."_date"
GROUP BY v."PK", d."_date") AS s1 ON s1."_key" = h."PK" AND s1."_date" = d."_date") AS w
WHERE w."PK" = t."PK" AND w."AS_OF_DATE" = t."AS_OF_DATE" AND w."S1_PK" = t."S1_PK" AND w."S1_LDTS" = t."S1_LDTS" AND w."S2_PK" = t."S2_PK" AND w."S2_LDTS" = t."S2_LDTS");

---- table ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.s
CREATE TABLE "dds"."s" ("hk" bytea NOT NULL, "diff" text, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.s
CREATE INDEX ON "dds"."s" ("hk", "ldts");

-- dds.snapshot
CREATE TABLE "dds"."snapshot" ("sdts" timestamp NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("sdts"));

-- dds.p
CREATE TABLE "dds"."p" ("hk" bytea NOT NULL, "sdts" timestamp NOT NULL, "hk_s" bytea, "ldts_s" timestamp);

-- dds.p
CREATE INDEX ON "dds"."p" ("hk", "sdts");

-- load dds.h: new keys
INSERT INTO "dds"."h" ("hk", "id", "ldts", "src")
SELECT f."hk", f."id", f."ldts", f."src"
FROM (SELECT DISTINCT ON (s."hk") s."hk", s."id", s."ldts", s."src"
FROM (SELECT "hk", "id", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_stg"
WHERE "hk" IS NOT NULL) AS s ORDER BY s."hk", s."ldts", s."src" COLLATE "C", s."id" COLLATE "C") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."hk" = f."hk") ORDER BY f."hk"
ON CONFLICT DO NOTHING;

-- load dds.s: one load at a time
LOCK TABLE "dds"."s" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.s: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "diff", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_stg"
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
FROM judged AS s), said AS (SELECT s.*, LAG(s."diff") OVER (PARTITION BY s."hk" ORDER BY s."ldts", s.load_place, s."diff" COLLATE "C", s."name" COLLATE "C", s."src" COLLATE "C") AS was
FROM placed AS s) INSERT INTO "dds"."s" ("hk", "diff", "name", "ldts", "src")
SELECT r."hk", r."diff", r."name", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."diff" IS NOT DISTINCT
FROM r."diff");

-- load dds.snapshot: one load at a time
LOCK TABLE "dds"."snapshot" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.snapshot: new codes
INSERT INTO "dds"."snapshot" ("sdts", "ldts", "src")
SELECT s."sdts", s."ldts", s."src"
FROM (SELECT "sdts", "ldts", "src"
FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY "sdts" ORDER BY "ldts", "src" COLLATE "C" NULLS LAST) AS "_n"
FROM (SELECT "sdts" AS "sdts", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_dates"
WHERE "sdts" IS NOT NULL) AS x) AS y
WHERE "_n" = 1) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."snapshot" AS t
WHERE t."sdts" = s."sdts");

-- load dds.p: one load at a time
LOCK TABLE "dds"."p" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.p: what holds
INSERT INTO "dds"."p" ("hk", "sdts", "hk_s", "ldts_s")
SELECT w."hk", w."sdts", w."hk_s", w."ldts_s"
FROM (WITH d AS (SELECT DISTINCT CAST("sdts" AS timestamp) AS "_date"
FROM "dds"."snapshot"
WHERE "sdts" IS NOT NULL)
SELECT h."hk", d."_date" AS "sdts", s0."_key" AS "hk_s", s0."_time" AS "ldts_s"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."hk" AS "_key", d."_date", MAX(v."ldts") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."ldts" <= d."_date"
GROUP BY v."hk", d."_date") AS s0 ON s0."_key" = h."hk" AND s0."_date" = d."_date") AS w
WHERE NOT EXISTS (SELECT 1
FROM "dds"."p" AS t
WHERE w."hk" = t."hk" AND w."sdts" = t."sdts" AND w."hk_s" IS NOT DISTINCT
FROM t."hk_s" AND w."ldts_s" IS NOT DISTINCT
FROM t."ldts_s");

-- load dds.p: what holds no more
DELETE
FROM "dds"."p" AS t
WHERE NOT EXISTS (SELECT 1
FROM (WITH d AS (SELECT DISTINCT CAST("sdts" AS timestamp) AS "_date"
FROM "dds"."snapshot"
WHERE "sdts" IS NOT NULL)
SELECT h."hk", d."_date" AS "sdts", s0."_key" AS "hk_s", s0."_time" AS "ldts_s"
FROM "dds"."h" AS h CROSS JOIN d
LEFT JOIN (SELECT v."hk" AS "_key", d."_date", MAX(v."ldts") AS "_time"
FROM "dds"."s" AS v JOIN d ON v."ldts" <= d."_date"
GROUP BY v."hk", d."_date") AS s0 ON s0."_key" = h."hk" AND s0."_date" = d."_date") AS w
WHERE w."hk" = t."hk" AND w."sdts" = t."sdts" AND w."hk_s" IS NOT DISTINCT
FROM t."hk_s" AND w."ldts_s" IS NOT DISTINCT
FROM t."ldts_s");

