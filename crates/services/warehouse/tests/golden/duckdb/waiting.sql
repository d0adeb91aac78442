CREATE TABLE "stg"."shop_waiting" ("_message" BLOB, "_version" BIGINT, "_content" BLOB, "_load_time" TIMESTAMP, "_topic" VARCHAR NOT NULL, "_partition" BIGINT NOT NULL, "_offset" BIGINT NOT NULL, "_payload" BLOB, "_headers" VARCHAR, "_source" VARCHAR, "missing" VARCHAR, "deadline" TIMESTAMP);
COMMENT ON TABLE "stg"."shop_waiting" IS 'Messages that wait for an id that a dictionary does not know yet';

-- stg.shop_waiting: what is loaded now
DELETE FROM "stg"."shop_waiting" AS t WHERE EXISTS (SELECT 1 FROM "message_orders" AS s WHERE t."_source" = 'orders' AND t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset");

-- stg.shop_waiting: what is rejected now
DELETE FROM "stg"."shop_waiting" AS t WHERE EXISTS (SELECT 1 FROM "rejects" AS s WHERE t."_source" = s."_source" AND t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset");

-- stg.shop_waiting: what is new
INSERT INTO "stg"."shop_waiting" ("_message", "_version", "_content", "_load_time", "_topic", "_partition", "_offset", "_payload", "_headers", "_source", "missing", "deadline") SELECT DISTINCT ON (s."_topic", s."_partition", s."_offset") s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset", s."_payload", s."_headers", s."_source", s."missing", s."deadline" FROM "waiting" AS s WHERE NOT EXISTS (SELECT 1 FROM "stg"."shop_waiting" AS t WHERE t."_topic" = s."_topic" AND t."_partition" = s."_partition" AND t."_offset" = s."_offset") ORDER BY s."_topic", s."_partition", s."_offset";
