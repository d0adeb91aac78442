CREATE TABLE "stg"."shop_waiting" ("_message" bytea, "_version" bigint, "_content" bytea, "_load_time" timestamp, "_topic" text NOT NULL, "_partition" bigint NOT NULL, "_offset" bigint NOT NULL, "_payload" bytea, "_headers" text, "_source" text, "missing" text, "deadline" timestamp, PRIMARY KEY ("_topic", "_partition", "_offset"));
COMMENT ON TABLE "stg"."shop_waiting" IS 'Messages that wait for an id that a dictionary does not know yet';

-- stg.shop_waiting: what is loaded now
DELETE FROM "stg"."shop_waiting" AS t WHERE EXISTS (SELECT 1 FROM "message_orders" AS s WHERE t."_source" = 'orders' AND t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset");

-- stg.shop_waiting: what is rejected now
DELETE FROM "stg"."shop_waiting" AS t WHERE EXISTS (SELECT 1 FROM "rejects" AS s WHERE t."_source" = s."_source" AND t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset");

-- stg.shop_waiting: what is new
INSERT INTO "stg"."shop_waiting" ("_message", "_version", "_content", "_load_time", "_topic", "_partition", "_offset", "_payload", "_headers", "_source", "missing", "deadline") SELECT DISTINCT ON (s."_topic", s."_partition", s."_offset") s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset", s."_payload", s."_headers", s."_source", s."missing", s."deadline" FROM "waiting" AS s ORDER BY s."_topic", s."_partition", s."_offset" ON CONFLICT DO NOTHING;
