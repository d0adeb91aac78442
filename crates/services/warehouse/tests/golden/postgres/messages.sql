CREATE TABLE "stg"."orders" ("id" bigint, "_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "_event_time" timestamp NOT NULL, "_load_time" timestamp NOT NULL, "_record_source" text NOT NULL, "_topic" text NOT NULL, "_partition" bigint NOT NULL, "_offset" bigint NOT NULL, "_payload" bytea NOT NULL, "_headers" text, PRIMARY KEY ("_message"));
COMMENT ON TABLE "stg"."orders" IS 'The newest version of each message of orders';
COMMENT ON COLUMN "stg"."orders"."id" IS 'Identity';
COMMENT ON COLUMN "stg"."orders"."_message" IS 'Hash of the message''s identity';
COMMENT ON COLUMN "stg"."orders"."_version" IS 'Orders the versions of a message';
COMMENT ON COLUMN "stg"."orders"."_content" IS 'Hash of the message''s bytes';
COMMENT ON COLUMN "stg"."orders"."_event_time" IS 'When it happened';
COMMENT ON COLUMN "stg"."orders"."_load_time" IS 'When it was loaded';
COMMENT ON COLUMN "stg"."orders"."_record_source" IS 'Where it came from';
COMMENT ON COLUMN "stg"."orders"."_topic" IS 'The topic or file';
COMMENT ON COLUMN "stg"."orders"."_partition" IS 'The partition';
COMMENT ON COLUMN "stg"."orders"."_offset" IS 'The offset or line';
COMMENT ON COLUMN "stg"."orders"."_payload" IS 'The message''s bytes';
COMMENT ON COLUMN "stg"."orders"."_headers" IS 'The message''s headers';

-- stg.orders: which messages are known
INSERT INTO "known_orders" ("_message", "_version", "_content") SELECT t."_message", t."_version", t."_content" FROM "stg"."orders" AS t WHERE t."_message" IN (SELECT "_message" FROM "message_orders");

-- stg.orders: which versions are the newest now
INSERT INTO "newest_orders" ("_message", "_version", "_content") SELECT DISTINCT ON ("_message") "_message", "_version", "_content" FROM (SELECT "_message", "_version", "_content" FROM "message_orders" UNION ALL SELECT "_message", "_version", "_content" FROM "known_orders") AS v ORDER BY "_message", "_version" DESC, "_content" DESC;

-- stg.orders: newer versions of known messages
UPDATE "stg"."orders" AS t SET "id" = f."id", "_version" = f."_version", "_content" = f."_content", "_event_time" = f."_event_time", "_load_time" = f."_load_time", "_record_source" = f."_record_source", "_topic" = f."_topic", "_partition" = f."_partition", "_offset" = f."_offset", "_payload" = f."_payload", "_headers" = f."_headers" FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content") s.* FROM "message_orders" AS s JOIN "newest_orders" AS n ON s."_message" = n."_message" AND s."_version" = n."_version" AND s."_content" = n."_content" JOIN "known_orders" AS k ON s."_message" = k."_message" WHERE NOT (s."_version" = k."_version" AND s."_content" = k."_content") ORDER BY s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset") AS f WHERE t."_message" = f."_message";

-- stg.orders: new messages
INSERT INTO "stg"."orders" AS t ("id", "_message", "_version", "_content", "_event_time", "_load_time", "_record_source", "_topic", "_partition", "_offset", "_payload", "_headers") SELECT f."id", f."_message", f."_version", f."_content", f."_event_time", f."_load_time", f."_record_source", f."_topic", f."_partition", f."_offset", f."_payload", f."_headers" FROM (SELECT DISTINCT ON (s."_message", s."_version", s."_content") s.* FROM "message_orders" AS s JOIN "newest_orders" AS n ON s."_message" = n."_message" AND s."_version" = n."_version" AND s."_content" = n."_content" WHERE NOT EXISTS (SELECT 1 FROM "known_orders" AS k WHERE k."_message" = s."_message") ORDER BY s."_message", s."_version", s."_content", s."_load_time", s."_topic", s."_partition", s."_offset") AS f ORDER BY f."_message" ON CONFLICT ("_message") DO UPDATE SET "id" = EXCLUDED."id", "_version" = EXCLUDED."_version", "_content" = EXCLUDED."_content", "_event_time" = EXCLUDED."_event_time", "_load_time" = EXCLUDED."_load_time", "_record_source" = EXCLUDED."_record_source", "_topic" = EXCLUDED."_topic", "_partition" = EXCLUDED."_partition", "_offset" = EXCLUDED."_offset", "_payload" = EXCLUDED."_payload", "_headers" = EXCLUDED."_headers" WHERE (EXCLUDED."_version", EXCLUDED."_content") > (t."_version", t."_content");
