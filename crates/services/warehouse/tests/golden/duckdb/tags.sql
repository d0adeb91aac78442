CREATE TABLE "cdm"."fans" ("guest" VARCHAR NOT NULL, "product" VARCHAR NOT NULL, "tag" VARCHAR, "threshold" BIGINT NOT NULL, "event_time" TIMESTAMP NOT NULL);
COMMENT ON TABLE "cdm"."fans" IS 'Tags: where orders has reached its threshold';
COMMENT ON COLUMN "cdm"."fans"."guest" IS 'Key';
COMMENT ON COLUMN "cdm"."fans"."product" IS 'Key';
COMMENT ON COLUMN "cdm"."fans"."tag" IS 'The product that reached its threshold';
COMMENT ON COLUMN "cdm"."fans"."threshold" IS 'What it had to reach';
COMMENT ON COLUMN "cdm"."fans"."event_time" IS 'When the row happened that reached it';

-- cdm.fans: which tags the touched keys have
INSERT INTO "after_fans" ("guest", "product", "tag", "threshold", "event_time") SELECT n."guest", n."product", CAST(n."product" AS text), CAST(CASE WHEN CAST(n."product" AS text) = 'p1' THEN 2 ELSE 3 END AS BIGINT), n.at FROM (SELECT e.*, ROW_NUMBER() OVER (PARTITION BY e."guest", e."product" ORDER BY e.at) AS reached FROM (SELECT r."guest", r."product", MIN(r."_event_time") AS at FROM "stg"."shop_items" AS r, "after_guest_product" AS w WHERE w."orders" >= CAST(CASE WHEN CAST(w."product" AS text) = 'p1' THEN 2 ELSE 3 END AS BIGINT) AND r."guest" = w."guest" AND r."product" = w."product" AND r."_is_newest" AND CAST(r."status" AS text) = 'CLOSED' AND r."id" IS NOT NULL GROUP BY r."guest", r."product", r."id") AS e) AS n WHERE n.reached = CAST(CASE WHEN CAST(n."product" AS text) = 'p1' THEN 2 ELSE 3 END AS BIGINT);

-- cdm.fans: rows that are gone or different
DELETE FROM "cdm"."fans" AS t USING "work_guest_product" AS w WHERE t."guest" = w."guest" AND t."product" = w."product" AND NOT EXISTS (SELECT 1 FROM "after_fans" AS a WHERE a."guest" = t."guest" AND a."product" = t."product" AND a."tag" IS NOT DISTINCT FROM t."tag" AND a."threshold" IS NOT DISTINCT FROM t."threshold" AND a."event_time" IS NOT DISTINCT FROM t."event_time");

-- cdm.fans: rows that are new or different
INSERT INTO "cdm"."fans" ("guest", "product", "tag", "threshold", "event_time") SELECT a."guest", a."product", a."tag", a."threshold", a."event_time" FROM "after_fans" AS a WHERE NOT EXISTS (SELECT 1 FROM "cdm"."fans" AS h WHERE h."guest" = a."guest" AND h."product" = a."product") ORDER BY a."guest", a."product";
