CREATE TABLE "stg"."orders_history" ("id" BIGINT, "_message" BLOB NOT NULL, "_version" BIGINT NOT NULL, "_content" BLOB NOT NULL, "_event_time" TIMESTAMP NOT NULL, "_load_time" TIMESTAMP NOT NULL, "_record_source" VARCHAR NOT NULL, "_topic" VARCHAR NOT NULL, "_partition" BIGINT NOT NULL, "_offset" BIGINT NOT NULL, "_payload" BLOB NOT NULL, "_headers" VARCHAR);
COMMENT ON TABLE "stg"."orders_history" IS 'Every version of each message of orders';
COMMENT ON COLUMN "stg"."orders_history"."id" IS 'Identity';
COMMENT ON COLUMN "stg"."orders_history"."_message" IS 'Hash of the message''s identity';
COMMENT ON COLUMN "stg"."orders_history"."_version" IS 'Orders the versions of a message';
COMMENT ON COLUMN "stg"."orders_history"."_content" IS 'Hash of the message''s bytes';
COMMENT ON COLUMN "stg"."orders_history"."_event_time" IS 'When it happened';
COMMENT ON COLUMN "stg"."orders_history"."_load_time" IS 'When it was loaded';
COMMENT ON COLUMN "stg"."orders_history"."_record_source" IS 'Where it came from';
COMMENT ON COLUMN "stg"."orders_history"."_topic" IS 'The topic or file';
COMMENT ON COLUMN "stg"."orders_history"."_partition" IS 'The partition';
COMMENT ON COLUMN "stg"."orders_history"."_offset" IS 'The offset or line';
COMMENT ON COLUMN "stg"."orders_history"."_payload" IS 'The message''s bytes';
COMMENT ON COLUMN "stg"."orders_history"."_headers" IS 'The message''s headers';

-- stg.orders_history: versions that are new
INSERT INTO "stg"."orders_history" ("id", "_message", "_version", "_content", "_event_time", "_load_time", "_record_source", "_topic", "_partition", "_offset", "_payload", "_headers") SELECT f."id", f."_message", f."_version", f."_content", f."_event_time", f."_load_time", f."_record_source", f."_topic", f."_partition", f."_offset", f."_payload", f."_headers" FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content") s.* FROM "message_orders" AS s ORDER BY s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset") AS f WHERE NOT EXISTS (SELECT 1 FROM (SELECT h."_message", h."_version", h."_content" FROM "stg"."orders_history" AS h JOIN "known_orders" AS k ON h."_message" = k."_message") AS h WHERE h."_message" = f."_message" AND h."_version" = f."_version" AND h."_content" = f."_content");
