CREATE TABLE "stg"."shop_rejects" ("_load_time" timestamp, "_topic" text NOT NULL, "_partition" bigint NOT NULL, "_offset" bigint NOT NULL, "_payload" bytea, "_headers" text, "_source" text, "stage" text, "reason" text, PRIMARY KEY ("_topic", "_partition", "_offset"));
COMMENT ON TABLE "stg"."shop_rejects" IS 'Messages that are not loaded, and why';

-- stg.shop_rejects: what is loaded now
DELETE FROM "stg"."shop_rejects" AS t WHERE EXISTS (SELECT 1 FROM "message_orders" AS s WHERE t."_source" = 'orders' AND t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset");

-- stg.shop_rejects: what is new
INSERT INTO "stg"."shop_rejects" ("_load_time", "_topic", "_partition", "_offset", "_payload", "_headers", "_source", "stage", "reason") SELECT DISTINCT ON (s."_topic", s."_partition", s."_offset") s."_load_time", s."_topic", s."_partition", s."_offset", s."_payload", s."_headers", s."_source", s."stage", s."reason" FROM "rejects" AS s ORDER BY s."_topic", s."_partition", s."_offset" ON CONFLICT DO NOTHING;
