---- daily ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" BLOB NOT NULL, "diff" BLOB, "phone" VARCHAR, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

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

-- load dds.m: a record of nothing
INSERT INTO "dds"."m" ("h_pk", "diff", "phone", "name", "ldts", "src")
SELECT CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB), CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), TIMESTAMP '1900-01-01 00:00:00', 'AUTOMATE_DV_SYSTEM'
WHERE NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."diff" = CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB));

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
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.m
CREATE TABLE "dds"."m" ("hk" VARCHAR NOT NULL, "diff" VARCHAR, "phone" VARCHAR, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

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
CREATE TABLE "stg"."cases_phones" ("_message" BLOB NOT NULL, "_version" BIGINT NOT NULL, "_content" BLOB NOT NULL, "_place" BIGINT NOT NULL, "_event_time" TIMESTAMP NOT NULL, "_load_time" TIMESTAMP NOT NULL, "_record_source" VARCHAR, "_key_id" BLOB, "_diff_phone_use_c8a18853" BLOB, "phone" VARCHAR, "use" VARCHAR, "_set__key_id__diff_phone_use_c8a18853_656aadf6" BLOB, "_is_newest" BOOLEAN NOT NULL);

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" BLOB NOT NULL, "hashdiff" BLOB NOT NULL, "phone" VARCHAR, "use" VARCHAR, "event_time" TIMESTAMP NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR, "_set" BLOB NOT NULL);

-- load dds.m: what was said last
WITH touched AS (SELECT s."h_pk" AS key, MIN(s."event_time") AS first
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s
GROUP BY s."h_pk") INSERT INTO "work_m" (key, first, diff, is_late)
SELECT t.key, t.first, b.diff, l.key IS NOT NULL
FROM touched AS t
LEFT JOIN (SELECT DISTINCT ON (h."h_pk") h."h_pk" AS key, h."_set" AS diff
FROM "dds"."m" AS h JOIN touched AS t ON h."h_pk" = t.key
WHERE h."event_time" < t.first ORDER BY h."h_pk", h."event_time" DESC, h."load_dt" DESC, h."_set" DESC) AS b ON b.key = t.key
LEFT JOIN (SELECT DISTINCT t.key AS key
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time"
FROM "stg"."cases_phones" AS r
WHERE r."_event_time" >= (SELECT MIN(first)
FROM touched) AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS r JOIN touched AS t ON r."h_pk" = t.key
WHERE r."event_time" >= t.first) AS l ON l.key = t.key;

-- load stg.cases_phones: rows that are new
INSERT INTO "stg"."cases_phones" ("_message", "_version", "_content", "_place", "_event_time", "_load_time", "_record_source", "_key_id", "_diff_phone_use_c8a18853", "phone", "use", "_set__key_id__diff_phone_use_c8a18853_656aadf6", "_is_newest")
SELECT f."_message", f."_version", f."_content", f."_place", f."_event_time", f."_load_time", f."_record_source", f."_key_id", f."_diff_phone_use_c8a18853", f."phone", f."use", f."_set__key_id__diff_phone_use_c8a18853_656aadf6", TRUE
FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."_place") s."_message", s."_version", s."_content", s."_place", s."_event_time", s."_load_time", s."_record_source", s."_key_id", s."_diff_phone_use_c8a18853", s."phone", s."use", s."_set__key_id__diff_phone_use_c8a18853_656aadf6"
FROM "stage_phones" AS s ORDER BY s."_message", s."_version", s."_content", s."_place", s."_load_time") AS f
WHERE NOT EXISTS (SELECT 1
FROM (SELECT h."_message", h."_version", h."_content", h."_place", h."_event_time"
FROM "stg"."cases_phones" AS h) AS h
WHERE h."_message" = f."_message" AND h."_version" = f."_version" AND h."_content" = f."_content" AND h."_place" = f."_place" AND h."_event_time" = f."_event_time") ORDER BY f."_event_time";

-- load dds.h: earlier keys
UPDATE "dds"."h" AS h SET "id" = f."id", "event_time" = f."event_time", "load_dt" = f."load_dt", "load_src" = f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id") AS f
WHERE h."h_pk" = f."h_pk" AND (f."event_time" < h."event_time" OR (f."event_time" = h."event_time" AND (f."load_dt" < h."load_dt" OR (f."load_dt" = h."load_dt" AND ((f."load_src" < h."load_src" OR (h."load_src" IS NULL AND f."load_src" IS NOT NULL)) OR (f."load_src" IS NOT DISTINCT
FROM h."load_src" AND (f."id" < h."id" OR (h."id" IS NULL AND f."id" IS NOT NULL))))))));

-- load dds.h: new keys
INSERT INTO "dds"."h" ("h_pk", "id", "event_time", "load_dt", "load_src")
SELECT f."h_pk", f."id", f."event_time", f."load_dt", f."load_src"
FROM (SELECT DISTINCT ON (s."h_pk") s."h_pk", s."id", s."event_time", s."load_dt", s."load_src"
FROM (SELECT "_key_id" AS "h_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."load_src", s."id") AS f
WHERE NOT EXISTS (SELECT 1
FROM "dds"."h" AS h
WHERE h."h_pk" = f."h_pk") ORDER BY f."h_pk";

-- load dds.m: a record of nothing
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB), CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), TIMESTAMP '1900-01-01 00:00:00', TIMESTAMP '1900-01-01 00:00:00', 'SYSTEM', CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB)
WHERE NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."hashdiff" = CAST('\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' AS BLOB));

-- load dds.m: versions in order
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set"
FROM (SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set", FIRST_VALUE(m.was) OVER (PARTITION BY m."h_pk", m."event_time", m."load_dt", m."_set" ORDER BY m."hashdiff") AS was
FROM (SELECT m.*, LAG(m."_set") OVER (PARTITION BY m."h_pk" ORDER BY m."event_time", m."load_dt", m."_set", m."hashdiff") AS was
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff") s."h_pk", s."hashdiff", s."phone", s."use", s."event_time", s."load_dt", s."load_src", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_phone_use_c8a18853" AS "hashdiff", r."phone" AS "phone", r."use" AS "use", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stage_phones" AS r
WHERE TRUE AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff", s."phone", s."use", s."load_src") AS m) AS m) AS m JOIN "work_m" AS w ON w.key = m."h_pk"
WHERE NOT w.is_late AND COALESCE(m.was, w.diff) IS DISTINCT
FROM m."_set" ORDER BY m."h_pk", m."event_time", m."load_dt", m."_set";

-- load dds.m: which versions late rows change
INSERT INTO "late_m" ("h_pk", "event_time", "load_dt", "_set", is_wanted)
SELECT h."h_pk", h."event_time", h."load_dt", h."_set", COALESCE(h.was, w.diff) IS DISTINCT
FROM h."_set"
FROM (SELECT s."h_pk", s."event_time", s."load_dt", s."_set", LAG(s."_set") OVER (PARTITION BY s."h_pk" ORDER BY s."event_time", s."load_dt", s."_set") AS was
FROM (SELECT DISTINCT r."h_pk", r."event_time", r."load_dt", r."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r JOIN "work_m" AS w ON w.key = r."_key_id"
WHERE w.is_late AND r."_event_time" >= w.first AND r."_event_time" >= (SELECT MIN(first)
FROM "work_m"
WHERE is_late) AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS r) AS s) AS h JOIN "work_m" AS w ON w.key = h."h_pk";

-- load dds.m: versions that late rows end
DELETE
FROM "dds"."m" AS t USING "late_m" AS l
WHERE t."h_pk" = l."h_pk" AND t."event_time" = l."event_time" AND t."load_dt" = l."load_dt" AND t."_set" = l."_set" AND NOT EXISTS (SELECT 1
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff") s."h_pk", s."hashdiff", s."phone", s."use", s."event_time", s."load_dt", s."load_src", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_phone_use_c8a18853" AS "hashdiff", r."phone" AS "phone", r."use" AS "use", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r JOIN "late_m" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" = l."_set"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff", s."phone", s."use", s."load_src") AS m
WHERE m."h_pk" = t."h_pk" AND m."event_time" = t."event_time" AND m."load_dt" = t."load_dt" AND m."_set" = t."_set" AND m."hashdiff" = t."hashdiff" AND m."phone" IS NOT DISTINCT
FROM t."phone" AND m."use" IS NOT DISTINCT
FROM t."use" AND m."load_src" IS NOT DISTINCT
FROM t."load_src");

-- load dds.m: versions that late rows begin
INSERT INTO "dds"."m" ("h_pk", "hashdiff", "phone", "use", "event_time", "load_dt", "load_src", "_set")
SELECT m."h_pk", m."hashdiff", m."phone", m."use", m."event_time", m."load_dt", m."load_src", m."_set"
FROM (SELECT DISTINCT ON (s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff") s."h_pk", s."hashdiff", s."phone", s."use", s."event_time", s."load_dt", s."load_src", s."_set"
FROM (SELECT r."_key_id" AS "h_pk", r."_diff_phone_use_c8a18853" AS "hashdiff", r."phone" AS "phone", r."use" AS "use", r."_event_time" AS "event_time", r."_load_time" AS "load_dt", r."_record_source" AS "load_src", r."_set__key_id__diff_phone_use_c8a18853_656aadf6" AS "_set"
FROM "stg"."cases_phones" AS r JOIN "late_m" AS l ON r."_key_id" = l."h_pk" AND r."_event_time" = l."event_time" AND r."_load_time" = l."load_dt" AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" = l."_set"
WHERE l.is_wanted AND r."_key_id" IS NOT NULL AND r."_set__key_id__diff_phone_use_c8a18853_656aadf6" IS NOT NULL AND r."_diff_phone_use_c8a18853" IS NOT NULL) AS s ORDER BY s."h_pk", s."event_time", s."load_dt", s."_set", s."hashdiff", s."phone", s."use", s."load_src") AS m
WHERE NOT EXISTS (SELECT 1
FROM "dds"."m" AS t
WHERE t."h_pk" = m."h_pk" AND t."event_time" = m."event_time" AND t."load_dt" = m."load_dt" AND t."_set" = m."_set" AND t."hashdiff" = m."hashdiff") ORDER BY m."h_pk", m."event_time", m."load_dt", m."_set";

---- wide ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "id" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.m
CREATE TABLE "dds"."m" ("h_pk" BLOB NOT NULL, "hashdiff" BLOB, "phone" VARCHAR, "extension" BIGINT, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

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

