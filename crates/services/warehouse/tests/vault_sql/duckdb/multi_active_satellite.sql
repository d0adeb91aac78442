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

