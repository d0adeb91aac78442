CREATE TABLE "stg"."orders_history" ("id" bigint, "_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text NOT NULL, "_topic" text NOT NULL, "_partition" bigint NOT NULL, "_offset" bigint NOT NULL, "_payload" bytea NOT NULL, "_headers" text, PRIMARY KEY ("_message", "_version", "_content"));
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
INSERT INTO "stg"."orders_history" ("id", "_message", "_version", "_content", "_event_time", "_load_time", "_record_source", "_topic", "_partition", "_offset", "_payload", "_headers") SELECT f."id", f."_message", f."_version", f."_content", f."_event_time", f."_load_time", f."_record_source", f."_topic", f."_partition", f."_offset", f."_payload", f."_headers" FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content") s.* FROM "message_orders" AS s ORDER BY s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset") AS f ON CONFLICT DO NOTHING;
