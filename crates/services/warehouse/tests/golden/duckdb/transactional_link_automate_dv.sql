CREATE TABLE "dds"."t_order_product" ("t_order_product_pk" BLOB NOT NULL, "h_order_pk" BLOB NOT NULL, "h_product_pk" BLOB NOT NULL, "quantity" BIGINT, "event_time" TIMESTAMP, "load_dt" TIMESTAMP NOT NULL, "load_src" VARCHAR);
COMMENT ON TABLE "dds"."t_order_product" IS 'Link: each relation of h_order, h_product once';
COMMENT ON COLUMN "dds"."t_order_product"."t_order_product_pk" IS 'Hash of the related business keys';
COMMENT ON COLUMN "dds"."t_order_product"."h_order_pk" IS 'Hash key of h_order';
COMMENT ON COLUMN "dds"."t_order_product"."h_product_pk" IS 'Hash key of h_product';
COMMENT ON COLUMN "dds"."t_order_product"."quantity" IS 'Value of the transaction';
COMMENT ON COLUMN "dds"."t_order_product"."event_time" IS 'When it was first seen to happen';
COMMENT ON COLUMN "dds"."t_order_product"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."t_order_product"."load_src" IS 'Where it came from';

-- dds.t_order_product: new transactions
INSERT INTO "dds"."t_order_product" ("t_order_product_pk", "h_order_pk", "h_product_pk", "quantity", "event_time", "load_dt", "load_src") SELECT DISTINCT f."t_order_product_pk", f."h_order_pk", f."h_product_pk", f."quantity", f."event_time", f."load_dt", f."load_src" FROM (SELECT "_key_id__product_d5c00be3" AS "t_order_product_pk", "_key_id" AS "h_order_pk", "_key_product" AS "h_product_pk", "quantity", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_items" WHERE "_key_id__product_d5c00be3" IS NOT NULL AND "_key_id" IS NOT NULL AND "_key_product" IS NOT NULL) AS f WHERE NOT EXISTS (SELECT 1 FROM "dds"."t_order_product" AS h WHERE h."t_order_product_pk" = f."t_order_product_pk");
