CREATE TABLE "cdm"."fans" ("guest" text NOT NULL, "product" text NOT NULL, "tag" text, "threshold" bigint NOT NULL, "event_time" timestamp NOT NULL, PRIMARY KEY ("guest", "product"));
COMMENT ON TABLE "cdm"."fans" IS 'Tags: where orders has reached its threshold';
COMMENT ON COLUMN "cdm"."fans"."guest" IS 'Key';
COMMENT ON COLUMN "cdm"."fans"."product" IS 'Key';
COMMENT ON COLUMN "cdm"."fans"."tag" IS 'The product that reached its threshold';
COMMENT ON COLUMN "cdm"."fans"."threshold" IS 'What it had to reach';
COMMENT ON COLUMN "cdm"."fans"."event_time" IS 'When the row happened that reached it';

-- cdm.fans: which tags the touched keys have
INSERT INTO "after_fans" ("guest", "product", "tag", "threshold", "event_time") SELECT n."guest", n."product", CAST(n."product" AS text), CAST(CASE WHEN CAST(n."product" AS text) = 'p1' THEN 2 ELSE 3 END AS bigint), n.at FROM (SELECT w."guest", w."product", e.at, e.reached FROM "after_guest_product" AS w CROSS JOIN LATERAL (SELECT x.at, ROW_NUMBER() OVER (ORDER BY x.at) AS reached FROM (SELECT MIN(r."_event_time") AS at FROM "stg"."shop_items" AS r WHERE r."guest" = w."guest" AND r."product" = w."product" AND r."_is_newest" AND CAST(r."status" AS text) = 'CLOSED' AND r."id" IS NOT NULL GROUP BY r."id") AS x) AS e WHERE w."orders" >= CAST(CASE WHEN CAST(w."product" AS text) = 'p1' THEN 2 ELSE 3 END AS bigint)) AS n WHERE n.reached = CAST(CASE WHEN CAST(n."product" AS text) = 'p1' THEN 2 ELSE 3 END AS bigint);

-- cdm.fans: rows that are gone or different
DELETE FROM "cdm"."fans" AS t USING (SELECT "guest", "product" FROM "work_guest_product" EXCEPT SELECT "guest", "product" FROM "after_fans") AS w WHERE t."guest" = w."guest" AND t."product" = w."product";

-- cdm.fans: rows that are new or different
INSERT INTO "cdm"."fans" AS t ("guest", "product", "tag", "threshold", "event_time") SELECT a."guest", a."product", a."tag", a."threshold", a."event_time" FROM "after_fans" AS a WHERE NOT EXISTS (SELECT 1 FROM "cdm"."fans" AS h WHERE h."guest" = a."guest" AND h."product" = a."product" AND h."tag" IS NOT DISTINCT FROM a."tag" AND h."threshold" IS NOT DISTINCT FROM a."threshold" AND h."event_time" IS NOT DISTINCT FROM a."event_time") ORDER BY a."guest", a."product" ON CONFLICT ("guest", "product") DO UPDATE SET "tag" = EXCLUDED."tag", "threshold" = EXCLUDED."threshold", "event_time" = EXCLUDED."event_time" WHERE NOT (EXCLUDED."tag" IS NOT DISTINCT FROM t."tag" AND EXCLUDED."threshold" IS NOT DISTINCT FROM t."threshold" AND EXCLUDED."event_time" IS NOT DISTINCT FROM t."event_time");
