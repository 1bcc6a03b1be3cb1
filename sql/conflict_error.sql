-- Section 9, the error: its text, its fields, and who may see which values in it.
\set SHOW_CONTEXT never
CREATE SCHEMA "Sales";
CREATE TABLE "Sales"."Doc" (id int PRIMARY KEY, body text, "Rev" int);
SELECT concurrency.attach('"Sales"."Doc"', 'Rev');
INSERT INTO "Sales"."Doc" VALUES (1, 'a', 5);
UPDATE "Sales"."Doc" SET body = 'mine', "Rev" = 3 WHERE id = 1;
\set VERBOSITY sqlstate
UPDATE "Sales"."Doc" SET body = 'mine', "Rev" = 3 WHERE id = 1;
\set VERBOSITY default

-- Shows what a driver finds in an error.
CREATE FUNCTION fields_of(command text) RETURNS TABLE (field text, value text)
LANGUAGE plpgsql AS $$
DECLARE
	s text; t text; c text; n text; code text;
BEGIN
	EXECUTE command;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, s = SCHEMA_NAME, t = TABLE_NAME,
							c = COLUMN_NAME, n = CONSTRAINT_NAME;
	RETURN QUERY VALUES ('sqlstate', code), ('schema', s), ('table', t), ('column', c), ('constraint', n);
END
$$;
SELECT * FROM fields_of('UPDATE "Sales"."Doc" SET "Rev" = 3');
SELECT concurrency.attach('"Sales"."Doc"', 'Rev', blind => 'reject');
SELECT * FROM fields_of('UPDATE "Sales"."Doc" SET body = NULL');

-- the whole statement fails, and nothing is written
INSERT INTO "Sales"."Doc" VALUES (2, 'b', 3);
UPDATE "Sales"."Doc" SET body = 'mine', "Rev" = 3;
SELECT * FROM "Sales"."Doc" ORDER BY id;

-- a version that is NULL, on either side
UPDATE "Sales"."Doc" SET "Rev" = NULL WHERE id = 1;
CREATE TABLE unversioned (id int PRIMARY KEY, version int);
INSERT INTO unversioned VALUES (1);
SELECT concurrency.attach('unversioned');
UPDATE unversioned SET version = 4;

-- keys: none, of several columns in the order of the key, deferrable, not the first columns
CREATE TABLE keyless (id int, version int);
SELECT concurrency.attach('keyless');
INSERT INTO keyless VALUES (1, 5);
UPDATE keyless SET version = 3;
CREATE TABLE keyed (
	body text DEFAULT '', b text, version int, "A" date,
	PRIMARY KEY ("A", b) DEFERRABLE INITIALLY DEFERRED);
SELECT concurrency.attach('keyed');
INSERT INTO keyed (b, version, "A") VALUES ('it''s, "b"', 5, '2026-11-23');
UPDATE keyed SET version = 3;
-- a key that is being changed is told as it was read
UPDATE keyed SET b = 'new', version = 3;

-- a partition's conflict is told of the table that the trigger was created on
CREATE TABLE part (id int, body text, version int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
CREATE TABLE part_low_1 (version int, dropped int, body text, id int NOT NULL);
ALTER TABLE part_low_1 DROP COLUMN dropped;
ALTER TABLE part_low ATTACH PARTITION part_low_1 FOR VALUES FROM (0) TO (50);
SELECT concurrency.attach('part');
INSERT INTO part VALUES (1, 'a', 5);
UPDATE part SET version = 3;
UPDATE part_low_1 SET version = 3;
SELECT * FROM fields_of('UPDATE part_low_1 SET version = 3');

-- No values for those who may not read them.  Everybody may write here.
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA "Sales" TO regress_reader;
GRANT UPDATE ON "Sales"."Doc", part, part_low_1, keyless TO regress_reader;
SET ROLE regress_reader;
UPDATE "Sales"."Doc" SET "Rev" = 9;
UPDATE "Sales"."Doc" SET body = '';
UPDATE part SET version = 9;
UPDATE keyless SET version = 9;
RESET ROLE;

-- ... the key without the version, the version without the key
GRANT SELECT (id) ON "Sales"."Doc", part TO regress_reader;
SET ROLE regress_reader;
UPDATE "Sales"."Doc" SET "Rev" = 9 WHERE id = 1;
UPDATE part SET version = 9 WHERE id = 1;
RESET ROLE;
REVOKE SELECT (id) ON "Sales"."Doc", part FROM regress_reader;
GRANT SELECT ("Rev") ON "Sales"."Doc" TO regress_reader;
GRANT SELECT (version) ON part, keyless TO regress_reader;
SET ROLE regress_reader;
UPDATE "Sales"."Doc" SET "Rev" = 9;
UPDATE part SET version = 9;
UPDATE keyless SET version = 9;
RESET ROLE;

-- ... both; a partition's own privileges do not matter to those who write through its parent
GRANT SELECT (id) ON "Sales"."Doc", part TO regress_reader;
SET ROLE regress_reader;
UPDATE "Sales"."Doc" SET "Rev" = 9 WHERE id = 1;
UPDATE part SET version = 9;
UPDATE part_low_1 SET version = 9;
RESET ROLE;

-- ... everything, but row security
GRANT SELECT ON "Sales"."Doc", part TO regress_reader;
ALTER TABLE "Sales"."Doc" ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON "Sales"."Doc" USING (true);
ALTER TABLE part_low_1 ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON part_low_1 USING (true);
SET ROLE regress_reader;
UPDATE "Sales"."Doc" SET "Rev" = 9 WHERE id = 1;
UPDATE "Sales"."Doc" SET body = '' WHERE id = 1;
UPDATE part_low_1 SET version = 9;
RESET ROLE;

-- ... to whom row security does not apply, it changes nothing
UPDATE "Sales"."Doc" SET "Rev" = 9 WHERE id = 1;

SET client_min_messages = error;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
DROP SCHEMA "Sales" CASCADE;
DROP TABLE unversioned, keyless, keyed, part;
DROP FUNCTION fields_of;
