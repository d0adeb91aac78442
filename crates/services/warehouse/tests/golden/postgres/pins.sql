CREATE TABLE "stg"."shop_pins" ("_message" bytea NOT NULL, "_version" bigint NOT NULL, "_content" bytea NOT NULL, "dictionary" text NOT NULL, "id" text NOT NULL, "entry" text, "_load_time" timestamp, PRIMARY KEY ("_message", "_version", "_content", "dictionary", "id"));
COMMENT ON TABLE "stg"."shop_pins" IS 'What dictionaries said when a message was first processed';

-- stg.shop_pins: what is new
INSERT INTO "stg"."shop_pins" ("_message", "_version", "_content", "dictionary", "id", "entry", "_load_time") SELECT DISTINCT ON (s."_message", s."_version", s."_content", s."dictionary", s."id") s."_message", s."_version", s."_content", s."dictionary", s."id", s."entry", s."_load_time" FROM "pins" AS s ORDER BY s."_message", s."_version", s."_content", s."dictionary", s."id" ON CONFLICT DO NOTHING;
