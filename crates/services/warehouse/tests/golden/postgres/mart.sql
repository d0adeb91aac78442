CREATE TABLE "cdm"."guest_product" ("guest" text NOT NULL, "product" text NOT NULL, "greatest" text, "items" bigint, "last_name" text, "least" bigint, "orders" bigint, "quantity" bigint, "spent" numeric(38,2), PRIMARY KEY ("guest", "product"));
CREATE INDEX ON "cdm"."guest_product" ("product");
COMMENT ON COLUMN "cdm"."guest_product"."guest" IS 'Key';
COMMENT ON COLUMN "cdm"."guest_product"."product" IS 'Key';
COMMENT ON COLUMN "cdm"."guest_product"."greatest" IS 'Greatest name';
COMMENT ON COLUMN "cdm"."guest_product"."items" IS 'How many rows';
COMMENT ON COLUMN "cdm"."guest_product"."last_name" IS 'name of the newest event';
COMMENT ON COLUMN "cdm"."guest_product"."least" IS 'Least quantity';
COMMENT ON COLUMN "cdm"."guest_product"."orders" IS 'How many different id';
COMMENT ON COLUMN "cdm"."guest_product"."quantity" IS 'Sum of quantity';
COMMENT ON COLUMN "cdm"."guest_product"."spent" IS 'Sum of price';
CREATE TABLE "cdm"."product_greatest" ("product" text NOT NULL, "most" bigint, PRIMARY KEY ("product"));
COMMENT ON COLUMN "cdm"."product_greatest"."product" IS 'Key';
COMMENT ON COLUMN "cdm"."product_greatest"."most" IS 'Greatest orders';
CREATE TABLE "cdm"."product_totals" ("product" text NOT NULL, "guests" bigint, "orders" bigint, "_rows" bigint NOT NULL, PRIMARY KEY ("product"));
COMMENT ON COLUMN "cdm"."product_totals"."product" IS 'Key';
COMMENT ON COLUMN "cdm"."product_totals"."guests" IS 'How many rows';
COMMENT ON COLUMN "cdm"."product_totals"."orders" IS 'Sum of orders';
COMMENT ON COLUMN "cdm"."product_totals"."_rows" IS 'How many rows it is over';

-- cdm.guest_product: which keys are touched
INSERT INTO "work_guest_product" ("guest", "product") SELECT DISTINCT * FROM (SELECT s."guest", s."product" FROM "stage_items" AS s WHERE s."guest" IS NOT NULL AND s."product" IS NOT NULL UNION ALL SELECT r."guest", r."product" FROM "known_orders" AS k CROSS JOIN LATERAL (SELECT r."guest", r."product" FROM "stg"."shop_items" AS r WHERE r."_message" = k."_message" AND r."guest" IS NOT NULL AND r."product" IS NOT NULL OFFSET 0) AS r) AS t;

-- cdm.guest_product: one load of a key at a time
SELECT pg_advisory_xact_lock(-1599736689, b.bucket) FROM (SELECT DISTINCT hashtext(concat_ws('|', CAST(k."guest" AS text), CAST(k."product" AS text))) & 63 AS bucket FROM (SELECT * FROM "work_guest_product") AS k ORDER BY 1 OFFSET 0) AS b;

-- cdm.guest_product: what they were
INSERT INTO "before_guest_product" ("guest", "product", "greatest", "items", "last_name", "least", "orders", "quantity", "spent") SELECT t."guest", t."product", t."greatest", t."items", t."last_name", t."least", t."orders", t."quantity", t."spent" FROM "cdm"."guest_product" AS t JOIN "work_guest_product" AS w ON t."guest" = w."guest" AND t."product" = w."product";

-- cdm.guest_product: what they are to be
INSERT INTO "after_guest_product" ("guest", "product", "greatest", "items", "last_name", "least", "orders", "quantity", "spent") SELECT w."guest", w."product", a."greatest", a."items", a."last_name", a."least", a."orders", a."quantity", a."spent" FROM "work_guest_product" AS w CROSS JOIN LATERAL (SELECT MAX(r."name" COLLATE "C") AS "greatest", COUNT(*) AS "items", (ARRAY_AGG(r."name" ORDER BY r."_event_time" DESC, r."_load_time" DESC, r."_version" DESC, r."_message" DESC, r."_content" DESC, r."_place" DESC))[1] AS "last_name", MIN(r."quantity") AS "least", COUNT(DISTINCT r."id") AS "orders", CAST(SUM(r."quantity") AS bigint) AS "quantity", CAST(SUM(r."price") AS numeric(38,2)) AS "spent" FROM "stg"."shop_items" AS r WHERE r."guest" = w."guest" AND r."product" = w."product" AND r."_is_newest" AND CAST(r."status" AS text) = 'CLOSED' HAVING COUNT(*) > 0) AS a;

-- cdm.guest_product: rows that are gone or different
DELETE FROM "cdm"."guest_product" AS t USING (SELECT "guest", "product" FROM "work_guest_product" EXCEPT SELECT "guest", "product" FROM "after_guest_product") AS w WHERE t."guest" = w."guest" AND t."product" = w."product";

-- cdm.guest_product: rows that are new or different
INSERT INTO "cdm"."guest_product" AS t ("guest", "product", "greatest", "items", "last_name", "least", "orders", "quantity", "spent") SELECT a."guest", a."product", a."greatest", a."items", a."last_name", a."least", a."orders", a."quantity", a."spent" FROM "after_guest_product" AS a WHERE NOT EXISTS (SELECT 1 FROM "cdm"."guest_product" AS h WHERE h."guest" = a."guest" AND h."product" = a."product" AND h."greatest" IS NOT DISTINCT FROM a."greatest" AND h."items" IS NOT DISTINCT FROM a."items" AND h."last_name" IS NOT DISTINCT FROM a."last_name" AND h."least" IS NOT DISTINCT FROM a."least" AND h."orders" IS NOT DISTINCT FROM a."orders" AND h."quantity" IS NOT DISTINCT FROM a."quantity" AND h."spent" IS NOT DISTINCT FROM a."spent") ORDER BY a."guest", a."product" ON CONFLICT ("guest", "product") DO UPDATE SET "greatest" = EXCLUDED."greatest", "items" = EXCLUDED."items", "last_name" = EXCLUDED."last_name", "least" = EXCLUDED."least", "orders" = EXCLUDED."orders", "quantity" = EXCLUDED."quantity", "spent" = EXCLUDED."spent" WHERE NOT (EXCLUDED."greatest" IS NOT DISTINCT FROM t."greatest" AND EXCLUDED."items" IS NOT DISTINCT FROM t."items" AND EXCLUDED."last_name" IS NOT DISTINCT FROM t."last_name" AND EXCLUDED."least" IS NOT DISTINCT FROM t."least" AND EXCLUDED."orders" IS NOT DISTINCT FROM t."orders" AND EXCLUDED."quantity" IS NOT DISTINCT FROM t."quantity" AND EXCLUDED."spent" IS NOT DISTINCT FROM t."spent");

-- cdm.product_greatest: which keys are touched
INSERT INTO "work_product_greatest" ("product") SELECT f."product" FROM "before_guest_product" AS f WHERE f."product" IS NOT NULL UNION SELECT f."product" FROM "after_guest_product" AS f WHERE f."product" IS NOT NULL;

-- cdm.product_greatest: one load of a key at a time
SELECT pg_advisory_xact_lock(-1113848348, b.bucket) FROM (SELECT DISTINCT hashtext(concat_ws('|', CAST(k."product" AS text))) & 63 AS bucket FROM (SELECT * FROM "work_product_greatest") AS k ORDER BY 1 OFFSET 0) AS b;

-- cdm.product_greatest: what they are to be
INSERT INTO "after_product_greatest" ("product", "most") SELECT r."product", MAX(r."orders") FROM "cdm"."guest_product" AS r JOIN "work_product_greatest" AS w ON r."product" = w."product" WHERE TRUE GROUP BY r."product";

-- cdm.product_greatest: rows that are gone or different
DELETE FROM "cdm"."product_greatest" AS t USING (SELECT "product" FROM "work_product_greatest" EXCEPT SELECT "product" FROM "after_product_greatest") AS w WHERE t."product" = w."product";

-- cdm.product_greatest: rows that are new or different
INSERT INTO "cdm"."product_greatest" AS t ("product", "most") SELECT a."product", a."most" FROM "after_product_greatest" AS a WHERE NOT EXISTS (SELECT 1 FROM "cdm"."product_greatest" AS h WHERE h."product" = a."product" AND h."most" IS NOT DISTINCT FROM a."most") ORDER BY a."product" ON CONFLICT ("product") DO UPDATE SET "most" = EXCLUDED."most" WHERE NOT (EXCLUDED."most" IS NOT DISTINCT FROM t."most");

-- cdm.product_totals: which keys are touched
INSERT INTO "work_product_totals" ("product") SELECT f."product" FROM "before_guest_product" AS f WHERE f."product" IS NOT NULL UNION SELECT f."product" FROM "after_guest_product" AS f WHERE f."product" IS NOT NULL;

-- cdm.product_totals: one load of a key at a time
SELECT pg_advisory_xact_lock(-770824960, b.bucket) FROM (SELECT DISTINCT hashtext(concat_ws('|', CAST(k."product" AS text))) & 63 AS bucket FROM (SELECT * FROM "work_product_totals") AS k ORDER BY 1 OFFSET 0) AS b;

-- cdm.product_totals: what they are to be
INSERT INTO "after_product_totals" ("product", "guests", "orders", "_rows") SELECT d."product", CAST(SUM(d."guests") AS bigint), CAST(SUM(d."orders") AS bigint), CAST(SUM(d."_rows") AS bigint) FROM (SELECT t."product", t."guests", t."orders", t."_rows" FROM "cdm"."product_totals" AS t JOIN "work_product_totals" AS w ON t."product" = w."product" UNION ALL SELECT r."product", 1 AS "guests", COALESCE(r."orders", 0) AS "orders", 1 AS "_rows" FROM "after_guest_product" AS r WHERE r."product" IS NOT NULL AND r."items" >= 2.0 UNION ALL SELECT r."product", -1 AS "guests", -COALESCE(r."orders", 0) AS "orders", -1 AS "_rows" FROM "before_guest_product" AS r WHERE r."product" IS NOT NULL AND r."items" >= 2.0) AS d GROUP BY d."product" HAVING SUM(d."_rows") <> 0;

-- cdm.product_totals: rows that are gone or different
DELETE FROM "cdm"."product_totals" AS t USING (SELECT "product" FROM "work_product_totals" EXCEPT SELECT "product" FROM "after_product_totals") AS w WHERE t."product" = w."product";

-- cdm.product_totals: rows that are new or different
INSERT INTO "cdm"."product_totals" AS t ("product", "guests", "orders", "_rows") SELECT a."product", a."guests", a."orders", a."_rows" FROM "after_product_totals" AS a WHERE NOT EXISTS (SELECT 1 FROM "cdm"."product_totals" AS h WHERE h."product" = a."product" AND h."guests" IS NOT DISTINCT FROM a."guests" AND h."orders" IS NOT DISTINCT FROM a."orders" AND h."_rows" IS NOT DISTINCT FROM a."_rows") ORDER BY a."product" ON CONFLICT ("product") DO UPDATE SET "guests" = EXCLUDED."guests", "orders" = EXCLUDED."orders", "_rows" = EXCLUDED."_rows" WHERE NOT (EXCLUDED."guests" IS NOT DISTINCT FROM t."guests" AND EXCLUDED."orders" IS NOT DISTINCT FROM t."orders" AND EXCLUDED."_rows" IS NOT DISTINCT FROM t."_rows");
