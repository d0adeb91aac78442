CREATE TABLE "dds"."s_guest_name" ("h_guest_pk" BLOB NOT NULL, "hashdiff" BLOB, "name" VARCHAR, "status" VARCHAR, "event_time" TIMESTAMP, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);
COMMENT ON TABLE "dds"."s_guest_name" IS 'Satellite: the versions of what describes h_guest';
COMMENT ON COLUMN "dds"."s_guest_name"."h_guest_pk" IS 'Hash key of h_guest';
COMMENT ON COLUMN "dds"."s_guest_name"."hashdiff" IS 'Hash of what describes it';
COMMENT ON COLUMN "dds"."s_guest_name"."status" IS 'Makes no version';
COMMENT ON COLUMN "dds"."s_guest_name"."event_time" IS 'From when it holds';
COMMENT ON COLUMN "dds"."s_guest_name"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."s_guest_name"."load_src" IS 'Where it came from';

-- dds.s_guest_name: what is new in this load
WITH loaded AS (SELECT DISTINCT * FROM (SELECT "_key_guest" AS "h_guest_pk", "_diff_name" AS "hashdiff", "name", "status", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_orders" WHERE "_key_guest" IS NOT NULL) AS d), newest AS (SELECT * FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_guest_pk" ORDER BY h."load_dt" DESC) AS newest_rank FROM "dds"."s_guest_name" AS h WHERE h."h_guest_pk" IN (SELECT "h_guest_pk" FROM loaded)) AS r WHERE r.newest_rank = 1), ranked AS (SELECT s.*, RANK() OVER (PARTITION BY s."h_guest_pk" ORDER BY s."load_dt") AS load_rank, LAG(s."hashdiff") OVER (PARTITION BY s."h_guest_pk" ORDER BY s."load_dt", s."hashdiff", s."name", s."status", s."event_time", s."load_src") AS was FROM loaded AS s) INSERT INTO "dds"."s_guest_name" ("h_guest_pk", "hashdiff", "name", "status", "event_time", "load_dt", "load_src") SELECT r."h_guest_pk", r."hashdiff", r."name", r."status", r."event_time", r."load_dt", r."load_src" FROM ranked AS r WHERE ((r.load_rank = 1 AND NOT EXISTS (SELECT 1 FROM newest AS n WHERE n."h_guest_pk" = r."h_guest_pk" AND n."hashdiff" = r."hashdiff")) OR r."hashdiff" <> r.was) AND NOT EXISTS (SELECT 1 FROM "dds"."s_guest_name" AS t WHERE t."h_guest_pk" = r."h_guest_pk" AND t."load_dt" = r."load_dt" AND t."hashdiff" IS NOT DISTINCT FROM r."hashdiff");
