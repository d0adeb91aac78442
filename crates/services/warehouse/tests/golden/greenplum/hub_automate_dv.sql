CREATE TABLE "dds"."h_guest" ("h_guest_pk" bytea NOT NULL, "guest" text, "name" text, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_guest_pk"));
COMMENT ON TABLE "dds"."h_guest" IS 'Hub: each guest once';
COMMENT ON COLUMN "dds"."h_guest"."h_guest_pk" IS 'Hash of the business key';
COMMENT ON COLUMN "dds"."h_guest"."guest" IS 'Business key';
COMMENT ON COLUMN "dds"."h_guest"."name" IS 'As it was first seen';
COMMENT ON COLUMN "dds"."h_guest"."event_time" IS 'When it was first seen to happen';
COMMENT ON COLUMN "dds"."h_guest"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."h_guest"."load_src" IS 'Where it came from';
CREATE TABLE "dds"."h_order" ("h_order_pk" bytea NOT NULL, "id" bigint, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_order_pk"));
COMMENT ON TABLE "dds"."h_order" IS 'Hub: each id once';
COMMENT ON COLUMN "dds"."h_order"."h_order_pk" IS 'Hash of the business key';
COMMENT ON COLUMN "dds"."h_order"."id" IS 'Business key';
COMMENT ON COLUMN "dds"."h_order"."event_time" IS 'When it was first seen to happen';
COMMENT ON COLUMN "dds"."h_order"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."h_order"."load_src" IS 'Where it came from';
CREATE TABLE "dds"."h_product" ("h_product_pk" bytea NOT NULL, "product" text, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("h_product_pk"));
COMMENT ON TABLE "dds"."h_product" IS 'Hub: each product once';
COMMENT ON COLUMN "dds"."h_product"."h_product_pk" IS 'Hash of the business key';
COMMENT ON COLUMN "dds"."h_product"."product" IS 'Business key';
COMMENT ON COLUMN "dds"."h_product"."event_time" IS 'When it was first seen to happen';
COMMENT ON COLUMN "dds"."h_product"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."h_product"."load_src" IS 'Where it came from';

-- dds.h_guest: new keys
INSERT INTO "dds"."h_guest" ("h_guest_pk", "guest", "name", "event_time", "load_dt", "load_src") SELECT f."h_guest_pk", f."guest", f."name", f."event_time", f."load_dt", f."load_src" FROM (SELECT DISTINCT ON (s."h_guest_pk") s."h_guest_pk", s."guest", s."name", s."event_time", s."load_dt", s."load_src" FROM (SELECT "_key_guest" AS "h_guest_pk", "guest", "name", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_orders" WHERE "_key_guest" IS NOT NULL) AS s ORDER BY s."h_guest_pk", s."load_dt", s."load_src" COLLATE "C", s."guest" COLLATE "C", s."name" COLLATE "C") AS f WHERE NOT EXISTS (SELECT 1 FROM "dds"."h_guest" AS h WHERE h."h_guest_pk" = f."h_guest_pk") ORDER BY f."h_guest_pk";

-- dds.h_order: new keys
INSERT INTO "dds"."h_order" ("h_order_pk", "id", "event_time", "load_dt", "load_src") SELECT f."h_order_pk", f."id", f."event_time", f."load_dt", f."load_src" FROM (SELECT DISTINCT ON (s."h_order_pk") s."h_order_pk", s."id", s."event_time", s."load_dt", s."load_src" FROM (SELECT "_key_id" AS "h_order_pk", "id", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_orders" WHERE "_key_id" IS NOT NULL) AS s ORDER BY s."h_order_pk", s."load_dt", s."load_src" COLLATE "C", s."id") AS f WHERE NOT EXISTS (SELECT 1 FROM "dds"."h_order" AS h WHERE h."h_order_pk" = f."h_order_pk") ORDER BY f."h_order_pk";

-- dds.h_product: new keys
INSERT INTO "dds"."h_product" ("h_product_pk", "product", "event_time", "load_dt", "load_src") SELECT f."h_product_pk", f."product", f."event_time", f."load_dt", f."load_src" FROM (SELECT DISTINCT ON (s."h_product_pk") s."h_product_pk", s."product", s."event_time", s."load_dt", s."load_src" FROM (SELECT "_key_product" AS "h_product_pk", "product", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_items" WHERE "_key_product" IS NOT NULL) AS s ORDER BY s."h_product_pk", s."load_dt", s."load_src" COLLATE "C", s."product" COLLATE "C") AS f WHERE NOT EXISTS (SELECT 1 FROM "dds"."h_product" AS h WHERE h."h_product_pk" = f."h_product_pk") ORDER BY f."h_product_pk";
