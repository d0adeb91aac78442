---- daily ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" bytea NOT NULL, "diff" bytea, "phone" text, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.m
CREATE INDEX ON "dds"."m" ("h_pk", "ldts");

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

-- load dds.m: one load at a time
LOCK TABLE "dds"."m" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.m: a record of nothing
INSERT INTO "dds"."m" ("h_pk", "diff", "phone", "name", "ldts", "src")
SELECT CAST('\x00000000000000000000000000000000' AS bytea), CAST('\x00000000000000000000000000000000' AS bytea), CAST(NULL AS text), CAST(NULL AS text), TIMESTAMP '1900-01-01 00:00:00', 'AUTOMATE_DV_SYSTEM'
WHERE NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."diff" = CAST('\x00000000000000000000000000000000' AS bytea));

-- load dds.m: one load at a time
LOCK TABLE "dds"."m" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.m: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "diff", "phone", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL AND "phone" IS NOT NULL AND COALESCE("_load_time" >= DATE_TRUNC('day', (SELECT MAX(t."ldts")
FROM "dds"."m" AS t)), TRUE)) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."m" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded)) AS r
WHERE r.newest_rank = 1), load_count AS (SELECT "h_pk", COUNT(*) AS members
FROM (SELECT DISTINCT "h_pk", "phone", "diff"
FROM loaded AS l) AS c
GROUP BY "h_pk"), newest_count AS (SELECT "h_pk", COUNT(*) AS members
FROM (SELECT DISTINCT "h_pk", "phone", "diff"
FROM newest AS n) AS c
GROUP BY "h_pk") INSERT INTO "dds"."m" ("h_pk", "diff", "phone", "name", "ldts", "src")
SELECT r."h_pk", r."diff", r."phone", r."name", r."ldts", r."src"
FROM loaded AS r
WHERE r."h_pk" IN (SELECT m."h_pk"
FROM loaded AS m JOIN load_count AS lc ON lc."h_pk" = m."h_pk"
WHERE NOT EXISTS (SELECT 1
FROM newest AS n JOIN newest_count AS nc ON nc."h_pk" = n."h_pk"
WHERE n."h_pk" = m."h_pk" AND n."phone" = m."phone" AND n."diff" = m."diff" AND nc.members = lc.members)) AND NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."phone" = r."phone" AND t."diff" IS NOT DISTINCT
FROM r."diff");

---- given ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" bytea NOT NULL, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("hk"));

-- dds.m
CREATE TABLE "dds"."m" ("hk" text NOT NULL, "diff" text, "phone" text, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.m
CREATE INDEX ON "dds"."m" ("hk", "ldts");

-- load dds.m: one load at a time
LOCK TABLE "dds"."m" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.m: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "diff", "phone", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL AND "phone" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."m" AS h
WHERE h."hk" IN (SELECT "hk"
FROM loaded)) AS r
WHERE r.newest_rank = 1), load_count AS (SELECT "hk", COUNT(*) AS members
FROM (SELECT DISTINCT "hk", "phone", "diff"
FROM loaded AS l) AS c
GROUP BY "hk"), newest_count AS (SELECT "hk", COUNT(*) AS members
FROM (SELECT DISTINCT "hk", "phone", "diff"
FROM newest AS n) AS c
GROUP BY "hk") INSERT INTO "dds"."m" ("hk", "diff", "phone", "name", "ldts", "src")
SELECT r."hk", r."diff", r."phone", r."name", r."ldts", r."src"
FROM loaded AS r
WHERE r."hk" IN (SELECT m."hk"
FROM loaded AS m JOIN load_count AS lc ON lc."hk" = m."hk"
WHERE NOT EXISTS (SELECT 1
FROM newest AS n JOIN newest_count AS nc ON nc."hk" = n."hk"
WHERE n."hk" = m."hk" AND n."phone" = m."phone" AND n."diff" = m."diff" AND nc.members = lc.members)) AND NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."phone" = r."phone" AND t."diff" IS NOT DISTINCT
FROM r."diff");

---- lists ----

-- stg.cases_phones
CREATE TABLE "stg"."cases_phones" ("_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_place" bigint NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text, "_key_id" bytea, "_diff_phone_use_c8a18853" bytea, "phone" text, "use" text, "_set__key_id__diff_phone_use_c8a18853_656aadf6" bytea, "_is_newest" boolean NOT NULL, PRIMARY KEY ("_message", "_version", "_content", "_place"));

-- stg.cases_phones
CREATE INDEX ON "stg"."cases_phones" ("_key_id", "_event_time");

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_pk"));

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" bytea NOT NULL, "hashdiff" bytea NOT NULL, "phone" text, "use" text, "event_time" timestamp NOT NULL, "load_dt" timestamp NOT NULL, "load_src" text, "_set" bytea NOT NULL, PRIMARY KEY ("h_pk", "event_time", "load_dt", "_set", "hashdiff"));

-- load dds.m: one load of a key at a time
SELECT pg_advisory_xact_lock(66167303, b.bucket)
FROM (SELECT DISTINCT hashtext(concat_ws('|', CAST(k."h_pk" AS text))) & 63 AS bucket
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS k ORDER BY 1 OFFSET 0) AS b;

-- load dds.m: what was said last
WITH touched AS (SELECT s."h_pk" AS key, MIN(s."event_time") AS first
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s
GROUP BY s."h_pk") INSERT INTO "work_m" (key, first, diff, is_late)
SELECT t.key, t.first, l."_set", COALESCE(l."event_time" >= t.first, FALSE)
FROM touched AS t
LEFT JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r
WHERE r."_key_id" = t.key AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL ORDER BY r."_event_time" DESC, r."_load_time" DESC, r."_set__key_id__diff_phone_use_c8a18853_656aadf6" DESC LIMIT 1)) AS l ORDER BY l."event_time" DESC, l."load_dt" DESC, l."_set" DESC LIMIT 1) AS l ON TRUE;

-- load stg.cases_phones: rows that are new
INSERT INTO "stg"."cases_phones" ("_message", "_version", "_content", "_place", "_event_time", "_load_time", "_record_source", "_key_id", "_diff_phone_use_c8a18853", "phone", "use", "_set__key_id__diff_phone_use_c8a18853_656aadf6", "_is_newest")
SELECT f."_message", f."_version", f."_content", f."_place", f."_event_time", f."_load_time", f."_record_source", f."_key_id", f."_diff_phone_use_c8a18853", f."phone", f."use", f."_set__key_id__diff_phone_use_c8a18853_656aadf6", TRUE
FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."_place") s."_message", s."_version", s."_content", s."_place", s."_event_time", s."_load_time", s."_record_source", s."_key_id", s."_diff_phone_use_c8a18853", s."phone", s."use", s."_set__key_id__diff_phone_use_c8a18853_656aadf6"
FROM "stage_phones" AS s ORDER BY s."_message", s."_version", s."_content", s."_place", s."_load_time") AS f ORDER BY f."_message", f."_version", f."_content", f."_place"
ON CONFLICT DO NOTHING;

-- load dds.h: new and earlier keys
INSERT INTO "dds"."h" AS h ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src" COLLATE "C", s."id" COLLATE "C") AS f
LEFT JOIN "dds"."h" AS k ON k."h_pk" = f."h_pk"
WHERE k."h_pk" IS NULL OR (f."event_time" < k."event_time" OR (f."event_time" = k."event_time" AND (f."load_dt" < k."load_dt" OR (f."load_dt" = k."load_dt" AND ((f."load_src" COLLATE "C" < k."load_src" COLLATE "C" OR (k."load_src" COLLATE "C" IS NULL AND f."load_src" COLLATE "C" IS NOT NULL)) OR (f."load_src" COLLATE "C" IS NOT DISTINCT
FROM k."load_src" COLLATE "C" AND (f."id" COLLATE "C" < k."id" COLLATE "C" OR (k."id" COLLATE "C" IS NULL AND f."id" COLLATE "C" IS NOT NULL)))))))) ORDER BY f."h_pk"
ON CONFLICT ("h_pk") DO UPDATE SET "id" = EXCLUDED."id", "event_time" = EXCLUDED."event_time", "load_dt" = EXCLUDED."load_dt", "load_src" = EXCLUDED."load_src"
WHERE (EXCLUDED."event_time" < h."event_time" OR (EXCLUDED."event_time" = h."event_time" AND (EXCLUDED."load_dt" < h."load_dt" OR (EXCLUDED."load_dt" = h."load_dt" AND ((EXCLUDED."load_src" COLLATE "C" < h."load_src" COLLATE "C" OR (h."load_src" COLLATE "C" IS NULL AND EXCLUDED."load_src" COLLATE "C" IS NOT NULL)) OR (EXCLUDED."load_src" COLLATE "C" IS NOT DISTINCT
FROM h."load_src" COLLATE "C" AND (EXCLUDED."id" COLLATE "C" < h."id" COLLATE "C" OR (h."id" COLLATE "C" IS NULL AND EXCLUDED."id" COLLATE "C" IS NOT NULL))))))));

-- load dds.m: a record of nothing
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea), CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea), CAST(NULL AS text), CAST(NULL AS text), TIMESTAMP '1900-01-01 00:00:00', TIMESTAMP '1900-01-01 00:00:00', 'SYSTEM', CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea)
WHERE NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."hashdiff" = CAST('\x0000000000000000000000000000000000000000000000000000000000000000' AS bytea))
ON CONFLICT DO NOTHING;

-- load dds.m: versions in order
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set"
FROM (SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set", FIRST_VALUE(m.was) OVER (PARTITION BY m."h_pk", m."event_time", m."load_dt", m."_set" ORDER BY m."hashdiff") AS was
FROM (SELECT m.*, LAG(m."_set") OVER (PARTITION BY m."h_pk" ORDER BY m."event_time", m."load_dt", m."_set", m."hashdiff") AS was
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff") s."h_pk", s."hashdiff", s."phone", s."use", s."event_time", s."load_dt", s."load_src", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_phone_use_c8a18853" AS "hashdiff", r."phone" AS "phone", r."use" AS "use", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff", s."phone" COLLATE "C", s."use" COLLATE "C", s."load_src" COLLATE "C") AS m) AS m) AS m JOIN "work_m" AS w ON w.key = m."h_pk"
WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT
FROM m."_set" ORDER BY m."h_pk", m."event_time", m."load_dt", m."_set";

-- load dds.m: which versions late rows change
WITH late AS (SELECT DISTINCT s."h_pk", s."event_time", s."load_dt", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s JOIN "work_m" AS w ON w.key = s."h_pk"
WHERE w.is_late), affected AS (SELECT n."h_pk", n."event_time", n."load_dt", n."_set"
FROM late AS n UNION
SELECT n."h_pk", x."event_time", x."load_dt", x."_set"
FROM late AS n CROSS JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r
WHERE r."_key_id" = n."h_pk" AND (r."_event_time", r."_load_time", r."_set__key_id__diff_phone_use_c8a18853_656aadf6") > (n."event_time", n."load_dt", n."_set") AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL ORDER BY r."_event_time" ASC, r."_load_time" ASC, r."_set__key_id__diff_phone_use_c8a18853_656aadf6" ASC LIMIT 1)) AS x ORDER BY x."event_time", x."load_dt", x."_set" LIMIT 1) AS x) INSERT INTO "late_m" ("h_pk", "event_time", "load_dt", "_set", is_wanted)
SELECT a."h_pk", a."event_time", a."load_dt", a."_set", j.is_wanted
FROM affected AS a
LEFT JOIN LATERAL (SELECT *
FROM ((SELECT r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r
WHERE r."_key_id" = a."h_pk" AND (r."_event_time", r."_load_time", r."_set__key_id__diff_phone_use_c8a18853_656aadf6") < (a."event_time", a."load_dt", a."_set") AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL ORDER BY r."_event_time" DESC, r."_load_time" DESC, r."_set__key_id__diff_phone_use_c8a18853_656aadf6" DESC LIMIT 1)) AS x ORDER BY x."event_time" DESC, x."load_dt" DESC, x."_set" DESC LIMIT 1) AS b ON TRUE CROSS JOIN LATERAL (SELECT b."_set" IS DISTINCT
FROM a."_set" AS is_wanted) AS j
WHERE j.is_wanted IS DISTINCT
FROM EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."h_pk" = a."h_pk" AND t."event_time" = a."event_time" AND t."load_dt" = a."load_dt" AND t."_set" = a."_set" OFFSET 0) OR (j.is_wanted AND EXISTS (SELECT 1
FROM (SELECT r."_key_id" AS "h_pk"
FROM "stg"."cases_phones" AS r
WHERE r."_key_id" = a."h_pk" AND r."_event_time" = a."event_time" AND r."_load_time" = a."load_dt" AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" = a."_set" AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s OFFSET 1));

-- load dds.m: versions that late rows end
DELETE
FROM "dds"."m" AS t USING "late_m" AS l
WHERE t."h_pk" = l."h_pk" AND t."event_time" = l."event_time" AND t."load_dt" = l."load_dt" AND t."_set" = l."_set";

-- load dds.m: versions that late rows begin
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set"
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff") s."h_pk", s."hashdiff", s."phone", s."use", s."event_time", s."load_dt", s."load_src", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_phone_use_c8a18853" AS "hashdiff", r."phone" AS "phone", r."use" AS "use", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r JOIN "late_m" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" = l."_set"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff", s."phone" COLLATE "C", s."use" COLLATE "C", s."load_src" COLLATE "C") AS m ORDER BY m."h_pk", m."event_time", m."load_dt", m."_set";

---- wide ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" bytea NOT NULL, "id" text, "ldts" timestamp NOT NULL, "src" text, PRIMARY KEY ("h_pk"));

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" bytea NOT NULL, "hashdiff" bytea, "phone" text, "extension" bigint, "name" text, "ldts" timestamp NOT NULL, "src" text);

-- dds.m
CREATE INDEX ON "dds"."m" ("h_pk", "ldts");

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

-- load dds.m: one load at a time
LOCK TABLE "dds"."m" IN SHARE ROW EXCLUSIVE MODE;

-- load dds.m: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "_diff_phone_extension_name_16ac2325" AS "hashdiff", "phone", "extension", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL AND "phone" IS NOT NULL AND "extension" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."m" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded)) AS r
WHERE r.newest_rank = 1), load_count AS (SELECT "h_pk", COUNT(*) AS members
FROM (SELECT DISTINCT "h_pk", "phone", "extension", "hashdiff"
FROM loaded AS l) AS c
GROUP BY "h_pk"), newest_count AS (SELECT "h_pk", COUNT(*) AS members
FROM (SELECT DISTINCT "h_pk", "phone", "extension", "hashdiff"
FROM newest AS n) AS c
GROUP BY "h_pk") INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "extension", "name", "ldts", "src")
SELECT r."h_pk", r."hashdiff", r."phone", r."extension", r."name", r."ldts", r."src"
FROM loaded AS r
WHERE r."h_pk" IN (SELECT m."h_pk"
FROM loaded AS m JOIN load_count AS lc ON lc."h_pk" = m."h_pk"
WHERE NOT EXISTS (SELECT 1
FROM newest AS n JOIN newest_count AS nc ON nc."h_pk" = n."h_pk"
WHERE n."h_pk" = m."h_pk" AND n."phone" = m."phone" AND n."extension" = m."extension" AND n."hashdiff" = m."hashdiff" AND nc.members = lc.members)) AND NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."h_pk" = r."h_pk" AND t."ldts" = r."ldts" AND t."phone" = r."phone" AND t."extension" = r."extension" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

