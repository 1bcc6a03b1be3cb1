-- Section 11: who looks at a table runs no code of its owner's: neither attach, audit, attachments, detach and
-- check_trigger_arguments, nor what a transaction says of its own writes (sections 8 and 10).  A constraint of a domain is
-- asked for by a write only: the planner would call its immutable functions.
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
-- whoever runs the owner's code counts here, also where the error is caught
CREATE SEQUENCE springs;
GRANT ALL ON SEQUENCE springs TO PUBLIC;

SET ROLE regress_owner;
CREATE FUNCTION spring(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_user <> 'regress_owner' THEN
		PERFORM nextval('public.springs');
		RAISE 'trapped: % runs the owner''s code', current_user;
	END IF;
	RETURN true;
END
$$;
-- all that an owner can have computed, of constants, so that planning it is enough
CREATE DOMAIN trapped_version AS bigint CHECK (spring(1) AND value > 0);
CREATE DOMAIN trapped_deep AS trapped_version CHECK (spring(2));
CREATE DOMAIN trapped_time AS timestamptz CHECK (spring(3));
CREATE TABLE trapped (
	id int PRIMARY KEY DEFAULT spring(4)::int,
	body text CHECK (spring(5)),
	computed boolean GENERATED ALWAYS AS (spring(6) AND id > 0) STORED,
	version trapped_version,
	deep trapped_deep NOT NULL DEFAULT 1,
	changed trapped_time DEFAULT now());
CREATE INDEX ON trapped (body) WHERE spring(7);
CREATE INDEX ON trapped ((spring(8) AND id > 0));
CREATE STATISTICS trapped_statistics ON (spring(9) AND id > 0), body FROM trapped;
ALTER TABLE trapped ENABLE ROW LEVEL SECURITY;
CREATE POLICY trapped ON trapped USING (spring(10));
CREATE FUNCTION trapped_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM spring(11); RETURN new; END $$;
CREATE TRIGGER before_update BEFORE UPDATE ON trapped FOR EACH ROW WHEN (spring(12) AND new.id > 0) EXECUTE FUNCTION trapped_trigger();
CREATE RULE trapped AS ON UPDATE TO trapped WHERE spring(13) DO ALSO SELECT spring(14);
CREATE FUNCTION trapped_handler(trapped, trapped) RETURNS trapped IMMUTABLE LANGUAGE sql AS $$ SELECT $2 WHERE spring(15) $$;
CREATE TABLE trapped_child (CHECK (spring(16))) INHERITS (trapped);
CREATE TABLE trapped_parts (id int, body text, version trapped_deep, CHECK (spring(17))) PARTITION BY LIST (id);
CREATE TABLE trapped_part PARTITION OF trapped_parts (CHECK (spring(18))) FOR VALUES IN (1);
CREATE TABLE trapped_key (id int, body text) PARTITION BY LIST ((CASE WHEN spring(19) THEN id END));
CREATE TABLE trapped_key_part PARTITION OF trapped_key FOR VALUES IN (1);
CREATE TABLE plain_key (id int, body text) PARTITION BY LIST ((id + 1));
INSERT INTO trapped VALUES (1, 'a');
INSERT INTO trapped_child VALUES (2, 'b');
INSERT INTO trapped_parts VALUES (1, 'a', 5);

-- attached by the owner, and looked at by a superuser, whose session has planned nothing of it yet
SELECT concurrency.attach('trapped', 'version', on_conflict => 'call=public.trapped_handler', guard_delete => true),
	   concurrency.attach('trapped', 'deep', watch => 'body'), concurrency.attach('trapped', 'changed', blind => 'reject'), concurrency.attach('trapped_parts');
\c -
\set SHOW_CONTEXT never
SET client_min_messages = error;
SELECT severity, table_name, column_name, problem FROM concurrency.audit() WHERE table_name::text ~ '^trapped' AND severity = 'error' ORDER BY table_name::text, column_name, problem;
SELECT table_name, column_name, kind FROM concurrency.attachments WHERE table_name::text ~ '^trapped' ORDER BY table_name::text, column_name;
SELECT concurrency.check_trigger_arguments(t, ARRAY[c, 'blind=warn', 'watch=body']) FROM unnest('{trapped,trapped_child}'::regclass[]) AS t, unnest('{version,deep,changed}'::text[]) AS c;
BEGIN;
SELECT concurrency.expect('trapped', 5), concurrency.expect('trapped', '5'::text), concurrency.expect('trapped', 5, 'deep'),
	   concurrency.expect('trapped', '2026-11-28 12:00+00', 'changed'), concurrency.expect('trapped_parts', 5::smallint);
SELECT concurrency.skip_check('trapped'), concurrency.skip_bump('trapped'), concurrency.skip_check(), concurrency.expect('trapped', NULL);
ROLLBACK;

-- ... attached and detached by a superuser, too
\c -
SET client_min_messages = error;
SELECT concurrency.detach('trapped', c) FROM unnest('{version,deep,changed}'::name[]) AS c;
SELECT concurrency.detach('trapped_parts');
SELECT concurrency.attach('trapped', 'version', on_conflict => 'call=public.trapped_handler', guard_delete => true),
	   concurrency.attach('trapped', 'deep', blind => 'reject', stamp_insert => false, watch => ''), concurrency.attach('trapped', 'changed', ignore => 'body', blind => ''),
	   concurrency.attach('trapped_parts'), concurrency.attach('trapped', 'added', kind => 'uuid');
SELECT concurrency.attach('trapped', 'version', on_conflict => 'warn', guard_delete => false), concurrency.attach('trapped', 'added', kind => 'uuid', protocol => 'ignore');
SELECT count(*) > 0 AS found FROM concurrency.audit();
SELECT concurrency.detach('trapped', c) FROM unnest('{version,deep,changed,added}'::name[]) AS c;
SELECT concurrency.detach('trapped_parts');
-- ... CREATE TRIGGER itself would compute constants in a partition key
SELECT concurrency.attach('plain_key');
SELECT concurrency.attach('trapped_key');
SELECT concurrency.attach('trapped_key_part');
\set VERBOSITY sqlstate
SELECT concurrency.attach('trapped_key');
\set VERBOSITY default
SET ROLE regress_owner;
SELECT concurrency.attach('trapped_key');
\c -
SET client_min_messages = error;
SELECT count(*) > 0 AS found FROM concurrency.audit();
SELECT concurrency.expect('trapped_key', 1), concurrency.skip_check('trapped_key');
SELECT concurrency.rename_column('trapped_key', 'version', 'rev');
SELECT concurrency.detach('trapped_key');
-- ... nor is a column renamed, or added where a child has one of its own, which PostgreSQL 18 makes NOT NULL
SELECT concurrency.attach('trapped', 'deep');
SELECT concurrency.rename_column('trapped', 'deep', 'deeper'), concurrency.rename_column('trapped', 'deeper', 'deep');
SELECT concurrency.detach('trapped', 'deep');
SET ROLE regress_owner;
CREATE TABLE above (id int);
CREATE TABLE trapped_merge (version bigint, CHECK (spring(23) OR version > 5)) INHERITS (above);
\c -
SET client_min_messages = error;
SELECT concurrency.attach('above');
DROP TABLE above CASCADE;
-- ... or by the event trigger of a superuser, who adds the column
SELECT concurrency.auto_attach(true);
ALTER TABLE trapped ADD COLUMN automatic concurrency.version NOT NULL;
SELECT concurrency.auto_attach(false);
SELECT table_name, column_name FROM concurrency.attachments ORDER BY table_name::text;
SELECT is_called AS trapped FROM springs;

\c -
SET client_min_messages = error;
-- Whoever writes runs it, and the constraint holds for the version that is stored.
SELECT concurrency.attach('trapped_parts');
\set VERBOSITY sqlstate
UPDATE trapped_parts SET body = 'b';
\set VERBOSITY default
SELECT is_called AS trapped FROM springs;
SET ROLE regress_owner;
UPDATE trapped_parts SET body = 'b' RETURNING version;
ALTER DOMAIN trapped_version ADD CHECK (value < 7);
UPDATE trapped_parts SET body = 'c' RETURNING version;
RESET ROLE;

DROP TABLE trapped CASCADE;
DROP TABLE trapped_parts, trapped_key, plain_key;
DROP FUNCTION trapped_trigger;
DROP DOMAIN trapped_deep, trapped_version, trapped_time;
DROP FUNCTION spring;
DROP SEQUENCE springs;
DROP OWNED BY regress_owner;
DROP ROLE regress_owner;
