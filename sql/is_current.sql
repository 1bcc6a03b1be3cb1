-- Section 8: is_current() and assert_current(): is the row, found by its primary key, still at the version that was read?
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate

CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', NULL);
SELECT concurrency.attach('doc');

-- current, stale, gone; a version that is NULL
SELECT concurrency.is_current('doc', '1', 5), concurrency.is_current('doc', '1', 4), concurrency.is_current('doc', '99', 5);
SELECT concurrency.is_current('doc', '2', NULL), concurrency.is_current('doc', '2', 5), concurrency.is_current('doc', '1', NULL);
SELECT concurrency.assert_current('doc', '1', 5), concurrency.assert_current('doc', '2', NULL);
\set VERBOSITY default
SELECT concurrency.assert_current('doc', '1', 4);
SELECT concurrency.assert_current('doc', '2', 5);
SELECT concurrency.assert_current('doc', '1', NULL);
SELECT concurrency.assert_current('doc', '99', 5);
\set VERBOSITY sqlstate
SELECT concurrency.assert_current('doc', '1', 4);
SELECT concurrency.assert_current('doc', '99', 5);
SET concurrency.conflict_sqlstate = 'PT412';
SELECT concurrency.assert_current('doc', '1', 4);
RESET concurrency.conflict_sqlstate;

-- the conflict is the one that a write raises
CREATE FUNCTION fields_of(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s text; t text; c text; n text; m text; d text; h text;
BEGIN
	EXECUTE command;
EXCEPTION WHEN SQLSTATE 'PT409' THEN
	GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, n = CONSTRAINT_NAME,
							m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', s, t, c, n, m, d, h);
END
$$;
SELECT a, a = fields_of('UPDATE doc SET version = 4 WHERE id = 1') AS same FROM fields_of($$SELECT concurrency.assert_current('doc', '1', 4)$$) AS a;

-- versions of any type that spells one of the column's, as for concurrency.expect()
SELECT concurrency.is_current('doc', '1', '5'), concurrency.is_current('doc', '1', 5::numeric), concurrency.is_current('doc', '1', 5::bigint), concurrency.is_current('doc', '1', '4'::text);
SELECT concurrency.is_current('doc', '1', 'five');
SELECT concurrency.is_current('doc', '1', 5.5);
CREATE TABLE kinds (id int PRIMARY KEY, ts timestamptz, micros bigint, random uuid, xact xid8);
INSERT INTO kinds VALUES (1, '2026-11-23 12:34:56.789012+00', 5, '00000000-0000-4000-8000-000000000001', '5');
SELECT concurrency.attach('kinds', c, kind => CASE c WHEN 'micros' THEN 'clock' END) FROM unnest('{ts,micros,random,xact}'::name[]) AS c;
SELECT concurrency.is_current('kinds', '1', ts, 'ts'), concurrency.is_current('kinds', '1', micros, 'micros'),
	   concurrency.is_current('kinds', '1', random, 'random'), concurrency.is_current('kinds', '1', xact, 'xact') FROM kinds;
SELECT concurrency.is_current('kinds', '1', ts + interval '1 microsecond', 'ts'), concurrency.is_current('kinds', '1', 6, 'micros'),
	   concurrency.is_current('kinds', '1', gen_random_uuid(), 'random'), concurrency.is_current('kinds', '1', '6'::xid8, 'xact') FROM kinds;
BEGIN;
SET LOCAL TimeZone = 'Asia/Kolkata';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT concurrency.is_current('kinds', '1', ts, 'ts') FROM kinds;
SELECT concurrency.assert_current('kinds', '1', ts, 'ts') FROM kinds;
ROLLBACK;
DROP TABLE kinds;

-- keys of every common type; a key that only fits when it is cut or rounded is another key
CREATE TYPE mood AS ENUM ('sad', 'so-so');
CREATE DOMAIN code AS text CHECK (value <> '');
CREATE DOMAIN moods AS mood;
CREATE DOMAIN some_moods AS moods[] CHECK (cardinality(value) > 0);
CREATE TABLE by_type (key_type text, key jsonb, other jsonb);
INSERT INTO by_type VALUES
	('smallint', '1', '2'), ('bigint', '9007199254740993', '9007199254740992'), ('text', '"it''s"', '"its"'), ('text', '""', '" "'), ('text', '"null"', '"NULL"'), ('text', '5', '6'),
	('uuid', '"00000000-0000-4000-8000-000000000001"', '"00000000-0000-4000-8000-000000000002"'),
	('timestamptz', '"2026-11-23T12:00:00+00:00"', '"2026-11-23T12:00:00+01:00"'), ('timestamp(0)', '"2026-11-23T12:00:00"', '"2026-11-23T12:00:00.2"'), ('date', '"2026-11-23"', '"2026-11-22"'),
	('numeric(5,2)', '1.50', '1.501'), ('numeric', '1.5', '1.51'), ('double precision', '1.5', '1.25'), ('boolean', 'true', 'false'),
	('varchar(3)', '"abc"', '"abcd"'), ('char(3)', '"ab"', '"abcd"'), ('bit(2)', '"01"', '"011"'), ('"char"', '"a"', '"b"'), ('name', '"a"', '"b"'), ('bytea', '"\\x00ff"', '"\\x00fe"'),
	('mood', '"sad"', '"so-so"'), ('moods', '"sad"', '"so-so"'), ('some_moods', '"{sad}"', '"{sad,so-so}"'), ('code', '"a"', '"b"'), ('inet', '"127.0.0.1"', '"127.0.0.2"'), ('int[]', '"{1,2}"', '"{2,1}"'), ('jsonb', '{"key": {"a": 1}}', '{"key": {"a": 2}}');
-- Is the row with that key found, and no other one?
CREATE FUNCTION finds(key_type text, key jsonb, other jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('CREATE TABLE typed (key %s PRIMARY KEY, version int)', key_type);
	PERFORM concurrency.attach('typed');
	EXECUTE format('INSERT INTO typed VALUES (%L, 5)', CASE jsonb_typeof(key) WHEN 'object' THEN (key ->> 'key') ELSE key #>> '{}' END);
	answer := concat_ws(' ', concurrency.is_current('typed', key, 5), concurrency.is_current('typed', key, 4), concurrency.is_current('typed', other, 5));
	PERFORM concurrency.assert_current('typed', key, 5);
	DROP TABLE typed;
	RETURN answer;
END
$$;
SELECT key_type, key, finds(key_type, key, other) FROM by_type;
DROP TABLE by_type;

-- a key of several columns, in another order than the table's and with more than the index compares; hostile names
CREATE TABLE "We""ird, t'" (c int, version int, "B""b'" text, "a.%I" int, PRIMARY KEY ("B""b'", "a.%I") INCLUDE (c));
SELECT concurrency.attach('"We""ird, t''"');
INSERT INTO "We""ird, t'" VALUES (7, 5, 'x', 1), (7, 6, 'x', 2);
SELECT concurrency.is_current('"We""ird, t''"', '{"a.%I": 1, "B\"b''": "x"}', 5), concurrency.is_current('"We""ird, t''"', '{"B\"b''": "x", "a.%I": 2}', 5), concurrency.is_current('"We""ird, t''"', '{"B\"b''": "y", "a.%I": 1}', 5);
\set VERBOSITY default
SELECT concurrency.assert_current('"We""ird, t''"', '{"a.%I": 2, "B\"b''": "x"}', 5);
SELECT concurrency.assert_current('"We""ird, t''"', '{"a.%I": 3, "B\"b''": "x"}', 5);
SELECT concurrency.is_current('"We""ird, t''"', '{"a.%I": 3}', 5);
SELECT concurrency.is_current('"We""ird, t''"', '{"a.%I": 1, "B\"b''": "x", "c": 7}', 5);
\set VERBOSITY sqlstate
SELECT concurrency.is_current('"We""ird, t''"', '"x"', 5);
SELECT concurrency.is_current('"We""ird, t''"', '["x", 1]', 5);
SELECT concurrency.is_current('"We""ird, t''"', '{"a.%I": 1, "B\"b''": null}', 5);
DROP TABLE "We""ird, t'";

-- a scalar, or an object; what does not fit the key
SELECT concurrency.is_current('doc', '{"id": 1}', 5), concurrency.is_current('doc', '"1"', 5), concurrency.is_current('doc', '1e0', 5);
SELECT concurrency.is_current('doc', '{"id": 1, "body": "a"}', 5);
SELECT concurrency.is_current('doc', '{"body": "a"}', 5);
SELECT concurrency.is_current('doc', '{}', 5);
SELECT concurrency.is_current('doc', 'null', 5);
SELECT concurrency.is_current('doc', '{"id": null}', 5);
SELECT concurrency.is_current('doc', '"one"', 5);
SELECT concurrency.is_current('doc', 'true', 5);
SELECT concurrency.is_current('doc', '[1]', 5);
SELECT concurrency.is_current('doc', '{"id": {"id": 1}}', 5);
SELECT concurrency.is_current('doc', '1; DROP TABLE doc', 5);
SELECT concurrency.is_current('doc', '99999999999', 5);
SELECT concurrency.assert_current('doc', '{"body": "a"}', 5);

-- tables, columns and keys that are none
\set VERBOSITY default
CREATE TABLE keyless (id int UNIQUE NOT NULL, version int);
SELECT concurrency.attach('keyless');
-- a version column that is gone, or of a type that no version has
CREATE TABLE unfit (id int PRIMARY KEY, version bigint);
SELECT concurrency.attach('unfit');
ALTER TABLE unfit ALTER version DROP DEFAULT, ALTER version TYPE text;
SELECT concurrency.is_current('unfit', '1', '5');
ALTER TABLE unfit DROP version;
SELECT concurrency.is_current('unfit', '1', '5');
\set VERBOSITY sqlstate
ALTER TABLE unfit ADD version text;
SELECT concurrency.is_current('unfit', '1', '5');
SELECT concurrency.assert_current('unfit', '1', '5');
ALTER TABLE unfit DROP version;
SELECT concurrency.assert_current('unfit', '1', '5');
\set VERBOSITY default
DROP TABLE unfit;
SELECT concurrency.is_current('keyless', '1', 5);
SELECT concurrency.is_current('doc', '1', 5, 'body');
SELECT concurrency.is_current(NULL, '1', 5);
\set VERBOSITY sqlstate
SELECT concurrency.is_current('keyless', '1', 5);
SELECT concurrency.is_current('doc', '1', 5, 'body');
SELECT concurrency.assert_current('doc', '1', 5, 'no "such" column');
SELECT concurrency.is_current(NULL, '1', 5);
SELECT concurrency.is_current('doc', NULL, 5);
SELECT concurrency.is_current('doc', '1', 5, NULL);
SELECT concurrency.is_current('nowhere', '1', 5);
SELECT concurrency.is_current(0::regclass, '1', 5);
SELECT concurrency.is_current('pg_class', '1', 5);
CREATE VIEW seen AS TABLE doc;
SELECT concurrency.is_current('seen', '1', 5);
DROP VIEW seen;
DROP TABLE keyless;

-- a partitioned table and its partitions
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low (version int, dropped int, body text, id int NOT NULL);
ALTER TABLE part_low DROP COLUMN dropped;
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part');
INSERT INTO part VALUES (1, 'a', 5), (11, 'b', 5);
SELECT concurrency.is_current('part', '1', 5), concurrency.is_current('part', '11', 4), concurrency.is_current('part_low', '1', 5), concurrency.is_current('part_low', '11', 5), concurrency.is_current('part', '99', 5);
\set VERBOSITY default
SELECT concurrency.assert_current('part_low', '1', 4);
SELECT concurrency.assert_current('part_low', '11', 4);
\set VERBOSITY sqlstate
DROP TABLE part;

-- Who may ask: whoever may SELECT, and for assert_current, lock; a row that row security hides is not there.
CREATE ROLE regress_asker;
SET ROLE regress_asker;
SELECT concurrency.is_current('doc', '1', 5);
RESET ROLE;
GRANT SELECT (id) ON doc TO regress_asker;
SET ROLE regress_asker;
SELECT concurrency.is_current('doc', '1', 5);
RESET ROLE;
GRANT SELECT (version) ON doc TO regress_asker;
SET ROLE regress_asker;
SELECT concurrency.is_current('doc', '1', 5), concurrency.is_current('doc', '1', 4);
SELECT concurrency.assert_current('doc', '1', 5);
RESET ROLE;
GRANT UPDATE (body) ON doc TO regress_asker;
SET ROLE regress_asker;
SELECT concurrency.assert_current('doc', '1', 5);
SELECT fields_of($$SELECT concurrency.assert_current('doc', '1', 4)$$);
RESET ROLE;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY second_row ON doc USING (id = 2);
SET ROLE regress_asker;
SELECT concurrency.is_current('doc', '1', 5), concurrency.is_current('doc', '1', 4), concurrency.is_current('doc', '2', NULL);
SELECT concurrency.assert_current('doc', '2', NULL);
SELECT fields_of($$SELECT concurrency.assert_current('doc', '2', 4)$$);
SELECT concurrency.assert_current('doc', '1', 5);
RESET ROLE;
SELECT concurrency.is_current('doc', '1', 5);
-- ... a row that may be read but not written cannot be locked either
CREATE POLICY all_rows ON doc FOR SELECT USING (true);
SET ROLE regress_asker;
SELECT concurrency.is_current('doc', '1', 5);
SELECT concurrency.assert_current('doc', '1', 5);
RESET ROLE;

-- a key's type may be in a schema that the caller may not look into, as for a SELECT; an error of the type names the argument
CREATE SCHEMA private;
CREATE TYPE private.color AS ENUM ('red', 'blue');
CREATE TABLE colored (color private.color, kind regclass, version int, PRIMARY KEY (color, kind));
SELECT concurrency.attach('colored');
INSERT INTO colored VALUES ('red', 'doc', 5);
GRANT SELECT ON colored TO regress_asker;
SET ROLE regress_asker;
SELECT concurrency.is_current('colored', '{"color": "red", "kind": "doc"}', 5), concurrency.is_current('colored', '{"color": "blue", "kind": "doc"}', 5);
\set VERBOSITY default
SELECT concurrency.is_current('colored', '{"color": "green", "kind": "doc"}', 5);
SELECT concurrency.is_current('colored', '{"color": "red", "kind": "nowhere"}', 5);
\set VERBOSITY sqlstate
SELECT concurrency.is_current('colored', '{"color": "red", "kind": "nowhere"}', 5);
RESET ROLE;
DROP TABLE colored;
DROP TYPE private.color;
DROP SCHEMA private;

-- what looks like ours, in front of the search path, is not called
CREATE SCHEMA trap;
CREATE FUNCTION trap.equal(int, int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.equal);
CREATE TABLE trap.pg_class (id int);
SET search_path = trap, pg_catalog, public;
SELECT concurrency.is_current('public.doc', '1', 5);
RESET search_path;

SET client_min_messages = error;
DROP SCHEMA trap CASCADE;
DROP OWNED BY regress_asker;
DROP ROLE regress_asker;
DROP TABLE doc;
DROP DOMAIN code, some_moods, moods;
DROP TYPE mood;
DROP FUNCTION fields_of, finds;
