CREATE TABLE "dds"."l_guest_product" ("l_guest_product_pk" bytea NOT NULL, "h_guest_pk" bytea NOT NULL, "h_product_pk" bytea NOT NULL, "event_time" timestamp, "load_dt" timestamp NOT NULL, "load_src" text, PRIMARY KEY ("l_guest_product_pk"));
COMMENT ON TABLE "dds"."l_guest_product" IS 'Link: each relation of h_guest, h_product once';
COMMENT ON COLUMN "dds"."l_guest_product"."l_guest_product_pk" IS 'Hash of the related business keys';
COMMENT ON COLUMN "dds"."l_guest_product"."h_guest_pk" IS 'Hash key of h_guest';
COMMENT ON COLUMN "dds"."l_guest_product"."h_product_pk" IS 'Hash key of h_product';
COMMENT ON COLUMN "dds"."l_guest_product"."event_time" IS 'When it was first seen to happen';
COMMENT ON COLUMN "dds"."l_guest_product"."load_dt" IS 'When it was loaded';
COMMENT ON COLUMN "dds"."l_guest_product"."load_src" IS 'Where it came from';

-- dds.l_guest_product: new keys
INSERT INTO "dds"."l_guest_product" ("l_guest_product_pk", "h_guest_pk", "h_product_pk", "event_time", "load_dt", "load_src") SELECT f."l_guest_product_pk", f."h_guest_pk", f."h_product_pk", f."event_time", f."load_dt", f."load_src" FROM (SELECT DISTINCT ON (s."l_guest_product_pk") s."l_guest_product_pk", s."h_guest_pk", s."h_product_pk", s."event_time", s."load_dt", s."load_src" FROM (SELECT "_key_guest__product_11d1d666" AS "l_guest_product_pk", "_key_guest" AS "h_guest_pk", "_key_product" AS "h_product_pk", "_event_time" AS "event_time", "_load_time" AS "load_dt", "_record_source" AS "load_src" FROM "stage_items" WHERE "_key_guest__product_11d1d666" IS NOT NULL AND "_key_guest" IS NOT NULL AND "_key_product" IS NOT NULL) AS s ORDER BY s."l_guest_product_pk", s."load_dt", s."load_src" COLLATE "C", s."h_guest_pk", s."h_product_pk") AS f WHERE NOT EXISTS (SELECT 1 FROM "dds"."l_guest_product" AS h WHERE h."l_guest_product_pk" = f."l_guest_product_pk") ORDER BY f."l_guest_product_pk" ON CONFLICT DO NOTHING;
