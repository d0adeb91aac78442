CREATE TABLE "dds"."m_order_items" ("h_order_pk" bytea NOT NULL, "hashdiff" bytea, "product" text, "quantity" bigint, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text);
CREATE INDEX ON "dds"."m_order_items" ("h_order_pk", "load_dt");
COMMENT ON TABLE "dds"."m_order_items" IS 'Multi-active satellite: the versions of sets that describe h_order';
COMMENT ON COLUMN "dds"."m_order_items"."h_order_pk" IS 'Hash key of h_order';
COMMENT ON COLUMN "dds"."m_order_items"."hashdiff" IS 'Hash of what describes it';
COMMENT ON COLUMN "dds"."m_order_items"."product" IS 'Tells the rows of a set apart';
COMMENT ON COLUMN "dds"."m_order_items"."event_time" IS 'From when it holds';
COMMENT ON COLUMN "dds"."m_order_items"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."m_order_items"."load_src" IS 'Where it came from';

-- dds.m_order_items: one load at a time
LOCK TABLE "dds"."m_order_items" IN SHARE ROW EXCLUSIVE MODE;

-- dds.m_order_items: what is new in this load
WITH loaded AS (SELECT DISTINCT * FROM (SELECT "_key_id" AS "h_order_pk", "_diff_product_quantity_d432f09c" AS "hashdiff", "product", "quantity", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_items" WHERE "_key_id" IS NOT NULL AND "product" IS NOT NULL) AS d), newest AS (SELECT * FROM (SELECT h.*, RANK() OVER (PARTITION BY h."h_order_pk" ORDER BY h."load_dt" DESC) AS newest_rank FROM "dds"."m_order_items" AS h WHERE h."h_order_pk" IN (SELECT "h_order_pk" FROM loaded)) AS r WHERE r.newest_rank = 1), load_count AS (SELECT "h_order_pk", COUNT(*) AS members FROM (SELECT DISTINCT "h_order_pk", "product", "hashdiff" FROM loaded AS l) AS c GROUP BY "h_order_pk"), newest_count AS (SELECT "h_order_pk", COUNT(*) AS members FROM (SELECT DISTINCT "h_order_pk", "product", "hashdiff" FROM newest AS n) AS c GROUP BY "h_order_pk") INSERT INTO "dds"."m_order_items" ("h_order_pk", "hashdiff", "product", "quantity", "event_time", "load_dt", "load_src") SELECT r."h_order_pk", r."hashdiff", r."product", r."quantity", r."event_time", r."load_dt", r."load_src" FROM loaded AS r WHERE r."h_order_pk" IN (SELECT m."h_order_pk" FROM loaded AS m JOIN load_count AS lc ON lc."h_order_pk" = m."h_order_pk" WHERE NOT EXISTS (SELECT 1 FROM newest AS n JOIN newest_count AS nc ON nc."h_order_pk" = n."h_order_pk" WHERE n."h_order_pk" = m."h_order_pk" AND n."product" = m."product" AND n."hashdiff" = m."hashdiff" AND nc.members = lc.members)) AND NOT EXISTS (SELECT 1 FROM "dds"."m_order_items" AS t WHERE t."h_order_pk" = r."h_order_pk" AND t."load_dt" = r."load_dt" AND t."product" = r."product" AND t."hashdiff" IS NOT DISTINCT FROM r."hashdiff");
