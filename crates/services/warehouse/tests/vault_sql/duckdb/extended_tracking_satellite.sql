---- hashed ----

-- dds.h
CREATE TABLE "dds"."h" ("h_pk" BLOB NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.s_a
CREATE TABLE "dds"."s_a" ("h_pk" BLOB NOT NULL, "hashdiff" BLOB, "zip" VARCHAR, "name" VARCHAR, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- dds.x
CREATE TABLE "dds"."x" ("h_pk" BLOB NOT NULL, "hashdiff" BLOB, "satellite_name" VARCHAR NOT NULL, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);

-- load dds.s_a: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "_key_id" AS "h_pk", "_diff_zip_name_49a5dbaa" AS "hashdiff", "zip", "name", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_pk" ORDER BY h."load_dt" DESC) AS newest_rank
FROM "dds"."s_a" AS h
WHERE h."h_pk" IN (SELECT "h_pk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."h_pk" = h."h_pk" AND l."load_dt" = h."load_dt" AND l."hashdiff" IS NOT DISTINCT
FROM h."hashdiff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."h_pk" ORDER BY s."load_dt") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."h_pk" = s."h_pk" AND n."hashdiff" = s."hashdiff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."h_pk", s."hashdiff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."hashdiff") OVER (PARTITION BY s."h_pk" ORDER BY s."load_dt", s.load_place, s."hashdiff", s."zip", s."name", s."load_src") AS was
FROM placed AS s) INSERT INTO "dds"."s_a" ("h_pk", "hashdiff", "zip", "name", "load_dt", "load_src")
SELECT r."h_pk", r."hashdiff", r."zip", r."name", r."load_dt", r."load_src"
FROM said AS r
WHERE (r.is_new OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s_a" AS t
WHERE t."h_pk" = r."h_pk" AND t."load_dt" = r."load_dt" AND t."hashdiff" IS NOT DISTINCT
FROM r."hashdiff");

-- load dds.x: versions of satellites
INSERT INTO "dds"."x" ("h_pk", "hashdiff", "satellite_name", "load_dt", "load_src")
SELECT "h_pk", "hashdiff", "satellite_name", "load_dt", "load_src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "h_pk", "satellite_name", "load_dt", "hashdiff" ORDER BY "h_pk", "hashdiff", "satellite_name", "load_dt", "load_src") AS "_n"
FROM (SELECT "_key_id" AS "h_pk", "_diff_zip_name_49a5dbaa" AS "hashdiff", 's_a' AS "satellite_name", "_load_time" AS "load_dt", "_record_source" AS "load_src"
FROM "stage_a"
WHERE "_key_id" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."x" AS t
WHERE t."h_pk" = s."h_pk" AND t."satellite_name" = s."satellite_name" AND t."load_dt" = s."load_dt" AND t."hashdiff" IS NOT DISTINCT
FROM s."hashdiff")) AS x
WHERE "_n" = 1;

---- one ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.s_a
CREATE TABLE "dds"."s_a" ("hk" VARCHAR NOT NULL, "diff" VARCHAR, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.x
CREATE TABLE "dds"."x" ("hk" VARCHAR NOT NULL, "diff" VARCHAR, "satellite_name" VARCHAR NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.s_a: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "diff", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s_a" AS h
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
FROM judged AS s), said AS (SELECT s.*, LAG(s."diff") OVER (PARTITION BY s."hk" ORDER BY s."ldts", s.load_place, s."diff", s."name", s."src") AS was
FROM placed AS s) INSERT INTO "dds"."s_a" ("hk", "diff", "name", "ldts", "src")
SELECT r."hk", r."diff", r."name", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s_a" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."diff" IS NOT DISTINCT
FROM r."diff");

-- load dds.x: versions of satellites
INSERT INTO "dds"."x" ("hk", "diff", "satellite_name", "ldts", "src")
SELECT "hk", "diff", "satellite_name", "ldts", "src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "hk", "satellite_name", "ldts", "diff" ORDER BY "hk", "diff", "satellite_name", "ldts", "src") AS "_n"
FROM (SELECT "hk" AS "hk", "diff" AS "diff", 's_a' AS "satellite_name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."x" AS t
WHERE t."hk" = s."hk" AND t."satellite_name" = s."satellite_name" AND t."ldts" = s."ldts" AND t."diff" IS NOT DISTINCT
FROM s."diff")) AS x
WHERE "_n" = 1;

---- two ----

-- dds.h
CREATE TABLE "dds"."h" ("hk" BLOB NOT NULL, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.s_a
CREATE TABLE "dds"."s_a" ("hk" VARCHAR NOT NULL, "a_diff" VARCHAR, "name" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.s_b
CREATE TABLE "dds"."s_b" ("hk" VARCHAR NOT NULL, "b_diff" VARCHAR, "city" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.s_c
CREATE TABLE "dds"."s_c" ("hk" VARCHAR NOT NULL, "c_diff" VARCHAR, "phone" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- dds.x
CREATE TABLE "dds"."x" ("hk" VARCHAR NOT NULL, "hashdiff" VARCHAR, "sat" VARCHAR NOT NULL, "note" VARCHAR, "ldts" TIMESTAMP NOT NULL, "src" VARCHAR);

-- load dds.s_a: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "a_diff", "name", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s_a" AS h
WHERE h."hk" IN (SELECT "hk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."hk" = h."hk" AND l."ldts" = h."ldts" AND l."a_diff" IS NOT DISTINCT
FROM h."a_diff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."hk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."hk" = s."hk" AND n."a_diff" = s."a_diff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."a_diff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."a_diff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."a_diff") OVER (PARTITION BY s."hk" ORDER BY s."ldts", s.load_place, s."a_diff", s."name", s."src") AS was
FROM placed AS s) INSERT INTO "dds"."s_a" ("hk", "a_diff", "name", "ldts", "src")
SELECT r."hk", r."a_diff", r."name", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."a_diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s_a" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."a_diff" IS NOT DISTINCT
FROM r."a_diff");

-- load dds.s_b: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "b_diff", "city", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s_b" AS h
WHERE h."hk" IN (SELECT "hk"
FROM loaded) AND NOT EXISTS (SELECT 1
FROM loaded AS l
WHERE l."hk" = h."hk" AND l."ldts" = h."ldts" AND l."b_diff" IS NOT DISTINCT
FROM h."b_diff")) AS r
WHERE r.newest_rank = 1), ranked AS (SELECT s.*, DENSE_RANK() OVER (PARTITION BY s."hk" ORDER BY s."ldts") AS load_rank
FROM loaded AS s), judged AS (SELECT s.*, (s.load_rank = 1 AND NOT EXISTS (SELECT 1
FROM newest AS n
WHERE n."hk" = s."hk" AND n."b_diff" = s."b_diff")) AS is_new, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."b_diff" ORDER BY s.load_rank RANGE BETWEEN 1 PRECEDING AND 1 PRECEDING) IS NOT NULL AS is_before, MAX(s.load_rank) OVER (PARTITION BY s."hk", s."b_diff" ORDER BY s.load_rank RANGE BETWEEN 1 FOLLOWING AND 1 FOLLOWING) IS NOT NULL AS is_after
FROM ranked AS s), placed AS (SELECT s.*, CASE WHEN s.is_before OR (s.load_rank = 1 AND NOT s.is_new) THEN 0 WHEN s.is_after THEN 2 ELSE 1 END AS load_place
FROM judged AS s), said AS (SELECT s.*, LAG(s."b_diff") OVER (PARTITION BY s."hk" ORDER BY s."ldts", s.load_place, s."b_diff", s."city", s."src") AS was
FROM placed AS s) INSERT INTO "dds"."s_b" ("hk", "b_diff", "city", "ldts", "src")
SELECT r."hk", r."b_diff", r."city", r."ldts", r."src"
FROM said AS r
WHERE (r.is_new OR r."b_diff" <> r.was) AND NOT EXISTS (SELECT 1
FROM "dds"."s_b" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."b_diff" IS NOT DISTINCT
FROM r."b_diff");

-- load dds.s_c: what is new in this load
WITH loaded AS (SELECT DISTINCT *
FROM (SELECT "hk", "c_diff", "phone", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_c"
WHERE "hk" IS NOT NULL AND "phone" IS NOT NULL) AS d), newest AS (SELECT *
FROM (SELECT h.*, RANK() OVER (PARTITION BY h."hk" ORDER BY h."ldts" DESC) AS newest_rank
FROM "dds"."s_c" AS h
WHERE h."hk" IN (SELECT "hk"
FROM loaded)) AS r
WHERE r.newest_rank = 1), load_count AS (SELECT "hk", COUNT(*) AS members
FROM (SELECT DISTINCT "hk", "phone", "c_diff"
FROM loaded AS l) AS c
GROUP BY "hk"), newest_count AS (SELECT "hk", COUNT(*) AS members
FROM (SELECT DISTINCT "hk", "phone", "c_diff"
FROM newest AS n) AS c
GROUP BY "hk") INSERT INTO "dds"."s_c" ("hk", "c_diff", "phone", "ldts", "src")
SELECT r."hk", r."c_diff", r."phone", r."ldts", r."src"
FROM loaded AS r
WHERE r."hk" IN (SELECT m."hk"
FROM loaded AS m JOIN load_count AS lc ON lc."hk" = m."hk"
WHERE NOT EXISTS (SELECT 1
FROM newest AS n JOIN newest_count AS nc ON nc."hk" = n."hk"
WHERE n."hk" = m."hk" AND n."phone" = m."phone" AND n."c_diff" = m."c_diff" AND nc.members = lc.members)) AND NOT EXISTS (SELECT 1
FROM "dds"."s_c" AS t
WHERE t."hk" = r."hk" AND t."ldts" = r."ldts" AND t."phone" = r."phone" AND t."c_diff" IS NOT DISTINCT
FROM r."c_diff");

-- load dds.x: versions of satellites
INSERT INTO "dds"."x" ("hk", "hashdiff", "sat", "note", "ldts", "src")
SELECT "hk", "hashdiff", "sat", "note", "ldts", "src"
FROM (SELECT s.*, ROW_NUMBER() OVER (PARTITION BY "hk", "sat", "ldts", "hashdiff" ORDER BY "hk", "hashdiff", "sat", "note", "ldts", "src") AS "_n"
FROM (SELECT "hk" AS "hk", "a_diff" AS "hashdiff", 's_a' AS "sat", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL
UNION ALL
SELECT "hk" AS "hk", "b_diff" AS "hashdiff", 's_b' AS "sat", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_a"
WHERE "hk" IS NOT NULL
UNION ALL
SELECT "hk" AS "hk", "c_diff" AS "hashdiff", 's_c' AS "sat", "note" AS "note", "_load_time" AS "ldts", "_record_source" AS "src"
FROM "stage_c"
WHERE "hk" IS NOT NULL) AS s
WHERE NOT EXISTS (SELECT 1
FROM "dds"."x" AS t
WHERE t."hk" = s."hk" AND t."sat" = s."sat" AND t."ldts" = s."ldts" AND t."hashdiff" IS NOT DISTINCT
FROM s."hashdiff")) AS x
WHERE "_n" = 1;

