-- Section 6: what bumps. "watch" and "ignore" name the columns whose change counts; what is checked is
-- another thing.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, a text, b text, c text);
INSERT INTO doc VALUES (1, 'a', 'b', 'c');

-- Says by how much a write of the row bumps its version.
CREATE FUNCTION bump(command text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	before int := (SELECT version FROM doc WHERE id = 1);
BEGIN
	EXECUTE command;
	RETURN (SELECT version FROM doc WHERE id = 1) - before;
END
$$;
CREATE TABLE writes (no int, command text);
INSERT INTO writes VALUES
	(1, 'UPDATE doc SET a = a || ''x'''),
	(2, 'UPDATE doc SET b = b || ''x'''),
	(3, 'UPDATE doc SET c = c || ''x'''),
	(4, 'UPDATE doc SET a = NULL'),
	(5, 'UPDATE doc SET a = NULL, b = b'),
	(6, 'UPDATE doc SET a = ''a'', c = ''a'''),
	(7, 'UPDATE doc SET a = a, b = b, c = c'),
	(8, 'UPDATE doc SET (a, b) = (b, a)'),
	(9, 'UPDATE doc SET c = NULL'),
	(10, 'UPDATE doc SET c = c, version = version'),
	(11, 'INSERT INTO doc VALUES (1) ON CONFLICT (id) DO UPDATE SET b = doc.b'),
	(12, 'INSERT INTO doc VALUES (1) ON CONFLICT (id) DO UPDATE SET c = 3');
CREATE TABLE bumps (condition text, no int, bump int);
DO $$
DECLARE
	o record;
BEGIN
	FOR o IN SELECT * FROM (VALUES (NULL, NULL), ('a', NULL), ('b, a', NULL), ('*', NULL), (NULL, 'a'), (NULL, 'a,b')) AS v(watch, ignore) LOOP
		PERFORM concurrency.attach('doc', watch => coalesce(o.watch, ''), ignore => coalesce(o.ignore, ''));
		INSERT INTO bumps SELECT concat('watch=' || o.watch, 'ignore=' || o.ignore), no, bump(command) FROM writes ORDER BY no;
		UPDATE doc SET a = 'a', b = 'b', c = 'c';
	END LOOP;
END
$$;
SELECT command, sum(bump) FILTER (WHERE condition = '') AS "-",
	   sum(bump) FILTER (WHERE condition = 'watch=a') AS "watch=a",
	   sum(bump) FILTER (WHERE condition = 'watch=b, a') AS "watch=b, a",
	   sum(bump) FILTER (WHERE condition = 'watch=*') AS "watch=*",
	   sum(bump) FILTER (WHERE condition = 'ignore=a') AS "ignore=a",
	   sum(bump) FILTER (WHERE condition = 'ignore=a,b') AS "ignore=a,b"
  FROM bumps JOIN writes USING (no) GROUP BY no, command ORDER BY no;

-- A row that is rewritten with equal values: nothing bumps, an echoed token passes and a stale one
-- conflicts all the same, and an increment is kept.
\set VERBOSITY sqlstate
SET session_replication_role = replica;
UPDATE doc SET a = 'a', version = 5;
RESET session_replication_role;
SELECT concurrency.attach('doc', watch => '*', ignore => '');
UPDATE doc SET a = 'a', version = 5 RETURNING version;
UPDATE doc SET a = 'a', version = 4;
UPDATE doc SET a = 'a', version = NULL;
UPDATE doc SET a = 'a', version = 6 RETURNING version;
SELECT concurrency.attach('doc', watch => 'a', protocol => 'increment', blind => 'reject');
UPDATE doc SET c = 'x', version = 6;
UPDATE doc SET c = 'x', version = 7 RETURNING version;
UPDATE doc SET c = 'y';
-- ... a stale token conflicts whichever columns the write touches
SELECT concurrency.attach('doc', watch => 'a', protocol => 'echo', blind => 'reject');
UPDATE doc SET c = 'y', version = 6;
UPDATE doc SET a = 'y', version = 6;
UPDATE doc SET c = 'y', version = 7 RETURNING version;
UPDATE doc SET a = 'y', version = 7 RETURNING version;
-- ... under protocol ignore as well the version stays, whatever was sent
SELECT concurrency.attach('doc', watch => 'a', protocol => 'ignore', blind => '');
UPDATE doc SET c = 'z', version = 100 RETURNING version;
UPDATE doc SET a = 'z', version = 100 RETURNING version;
-- ... and where the row has no version yet, a write that does not bump leaves it so
ALTER TABLE doc ALTER COLUMN version DROP NOT NULL;
SET session_replication_role = replica;
UPDATE doc SET version = NULL;
RESET session_replication_role;
UPDATE doc SET c = '' RETURNING version;
UPDATE doc SET a = '' RETURNING version;
DROP TABLE doc;
DROP TABLE writes, bumps;

-- Values are compared as they are stored: what is equal to the type's "=" may be another value.
CREATE TYPE pair AS (n numeric, t text);
CREATE DOMAIN positive AS numeric CHECK (value > 0);
CREATE DOMAIN pairs AS pair[];
CREATE TABLE compared (no serial, type text, was text, is_now text, bumps boolean);
INSERT INTO compared (type, was, is_now) VALUES
	('int', '1', '01'), ('int', '1', '2'), ('int', '0', NULL), ('int', NULL, NULL),
	('boolean', 'f', NULL), ('boolean', 'f', 'no'),
	('numeric', '1.0', '1.0'), ('numeric', '1.0', '1.00'), ('numeric', 'NaN', 'NaN'),
	('positive', '1.0', '1.0'), ('positive', '1.0', '1.00'), ('positive', '1', NULL),
	('float8', '0', '-0'), ('float8', 'NaN', 'NaN'), ('float8', '0.1', '1e-1'),
	('text', '', NULL), ('text', 'a', 'a'), ('text', 'a', 'a '), ('text', 'a', 'A'),
	('char(3)', 'a', 'a  '), ('"char"', 'a', 'b'), ('name', 'a', 'a'), ('name', 'a', 'b'), ('bytea', '\x00', '\x0000'),
	('json', '{"a": 1}', '{"a": 1}'), ('json', '{"a": 1}', '{"a":1}'), ('json', 'null', NULL),
	('jsonb', '{"a": 1, "b": 2}', '{"b":2,"a":1}'), ('jsonb', '1.0', '1.00'), ('jsonb', 'null', NULL),
	('int[]', '{1,2}', '{1,2}'), ('int[]', '{1,2}', '{2,1}'), ('int[]', '{1,2}', '[0:1]={1,2}'),
	('int[]', '{1,NULL}', '{1,NULL}'), ('int[]', '{1,NULL}', '{1}'), ('int[]', '{}', NULL),
	('text[]', '{a,NULL}', '{a,"NULL"}'),
	('pair', '(1.0,a)', '(1.0,a)'), ('pair', '(1.0,a)', '(1.00,a)'), ('pair', '(1.0,)', '(1.0,"")'), ('pair', '(,)', NULL),
	('pairs', '{"(1.0,a)"}', '{"(1.0,a)"}'), ('pairs', '{"(1.0,a)"}', '{"(1.0,b)"}'),
	('int4range', '[1,3)', '[1,2]'), ('numrange', '[1,3)', '[1,3]'),
	('interval', '1 day', '24 hours'), ('timestamptz', '2026-11-23 12:00+00', '2026-11-23 13:00+01'),
	('bit(3)', '101', '100'), ('point', '(0,0)', '(-0,0)'), ('inet', '::1', '0::1'), ('tsvector', 'b a', 'a b');
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT * FROM compared LOOP
		EXECUTE format('CREATE TABLE doc (id int PRIMARY KEY, other int, v %s)', c.type);
		PERFORM concurrency.attach('doc', watch => 'v');
		EXECUTE format('INSERT INTO doc VALUES (1, 0, %L)', c.was);
		EXECUTE format('UPDATE doc SET other = 1, v = %L', c.is_now);
		UPDATE compared SET bumps = version > 1 FROM doc WHERE no = c.no;
		DROP TABLE doc;
	END LOOP;
END
$$;
SELECT type, quote_nullable(was) AS was, quote_nullable(is_now) AS is_now, bumps FROM compared ORDER BY no;
DROP TABLE compared;

-- Columns are named as in SQL.
CREATE TABLE doc (id int PRIMARY KEY, "Body" int, "a,b" int, "say ""hi""" int, "two words" int, "*" int, body int, watch int);
INSERT INTO doc VALUES (1, 0, 0, 0, 0, 0, 0, 0);
CREATE FUNCTION bumping_columns(watch text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text;
	names text[] = '{}';
BEGIN
	PERFORM concurrency.attach('doc', watch => bumping_columns.watch);
	FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = 'doc'::regclass AND attnum > 1 AND attname <> 'version' ORDER BY attnum LOOP
		names := names || CASE WHEN bump(format('UPDATE doc SET %I = %I + 1', name, name)) > 0 THEN name END;
	END LOOP;
	RETURN array_to_string(names, ' | ');
END
$$;
SELECT watch, bumping_columns(watch)
  FROM unnest(ARRAY['*', '"*"', 'body', 'BODY', '"Body"', '"a,b"', '"say ""hi""" , "two words"', ' body , "Body",body', 'watch']) AS watch;

-- ... and what is named wrongly refuses every write
CREATE TABLE wrong (id int PRIMARY KEY, body text, version int, length int GENERATED ALWAYS AS (length(body)) STORED, gone int);
ALTER TABLE wrong DROP COLUMN gone;
INSERT INTO wrong VALUES (1, 'a', 1);
CREATE FUNCTION refusal(VARIADIC arguments text[]) RETURNS TABLE (code text, message text, hint text) LANGUAGE plpgsql AS $$
DECLARE
	attach text := format('SELECT concurrency.attach(''wrong''%s)', (SELECT string_agg(format(', %s => %L', split_part(a, '=', 1), split_part(a, '=', 2)), '') FROM unnest(arguments) AS a));
	attach_message text;
BEGIN
	BEGIN
		EXECUTE attach;
		PERFORM concurrency.detach('wrong');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS attach_message = MESSAGE_TEXT;
	END;
	EXECUTE format('CREATE TRIGGER t BEFORE INSERT OR UPDATE ON wrong FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(''version''%s)',
				   (SELECT string_agg(format(', %L', a), '') FROM unnest(arguments) AS a));
	BEGIN
		UPDATE wrong SET body = 'written';
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	END;
	DROP TRIGGER t ON wrong;
	IF message IS DISTINCT FROM attach_message THEN
		message := concat(message, ' (but attach: ', coalesce(attach_message, 'accepted'), ')');
	END IF;
	RETURN NEXT;
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT * FROM refusal('watch=nobody');
SELECT * FROM refusal('ignore=body,nobody');
SELECT * FROM refusal('watch=Body,"Body"');
SELECT * FROM refusal('ignore=*');
SELECT * FROM refusal('watch=*,body');
SELECT * FROM refusal('watch=gone');
SELECT * FROM refusal('watch="........pg.dropped.5........"');
SELECT * FROM refusal('watch=ctid');
SELECT * FROM refusal('watch=version');
SELECT * FROM refusal('ignore=body, version');
SELECT * FROM refusal('watch=length');
SELECT * FROM refusal('ignore=length');
-- (to attach, an empty text is the default)
SELECT * FROM refusal('watch=');
SELECT * FROM refusal('ignore=  ');
SELECT * FROM refusal('watch=body,');
SELECT * FROM refusal('watch=body id');
SELECT * FROM refusal('watch="body');
SELECT * FROM refusal('watch=body', 'ignore=id');
SELECT * FROM refusal('watch=', 'ignore=');
\pset format aligned
\pset tuples_only off
TABLE wrong;
DROP TABLE wrong;
DROP FUNCTION refusal, bumping_columns;

-- A column that is retyped later is still watched; where a name is no column's any more, every write is
-- refused, be it watched or ignored.
DROP TABLE doc;
CREATE TABLE doc (id int PRIMARY KEY, a text DEFAULT 0, b text);
SELECT concurrency.attach('doc', watch => 'a');
INSERT INTO doc VALUES (1);
ALTER TABLE doc ALTER COLUMN a DROP DEFAULT, ALTER COLUMN a TYPE numeric USING a::numeric;
SELECT bump('UPDATE doc SET b = 1'), bump('UPDATE doc SET a = 1'), bump('UPDATE doc SET a = 1');
ALTER TABLE doc RENAME COLUMN a TO aa;
UPDATE doc SET b = 2;
ALTER TABLE doc RENAME COLUMN b TO a;
SELECT bump('UPDATE doc SET aa = 2'), bump('UPDATE doc SET a = 2');
ALTER TABLE doc DROP COLUMN a;
UPDATE doc SET aa = 3;
INSERT INTO doc VALUES (2);
SELECT concurrency.attach('doc', ignore => 'aa', watch => '');
ALTER TABLE doc ADD COLUMN c int;
SELECT bump('UPDATE doc SET aa = 3'), bump('UPDATE doc SET c = 3');
ALTER TABLE doc DROP COLUMN aa;
UPDATE doc SET c = 4;
-- ... "*" is all that there are
SELECT concurrency.attach('doc', watch => '*', ignore => '');
ALTER TABLE doc ADD COLUMN d int;
SELECT bump('UPDATE doc SET c = 4'), bump('UPDATE doc SET d = 4');
ALTER TABLE doc DROP COLUMN c;
SELECT bump('UPDATE doc SET d = 4'), bump('UPDATE doc SET d = NULL');
DROP TABLE doc;

-- Generated columns never count: they are not computed yet. Neither does any attached version column.
CREATE TABLE doc (
	id int PRIMARY KEY, a text, b text,
	tag text GENERATED ALWAYS AS (a || b) STORED,
	rev int DEFAULT 1, version int DEFAULT 1,
	etag text GENERATED ALWAYS AS ('v' || version::text) STORED);
INSERT INTO doc VALUES (1, 'a', 'b');
SELECT concurrency.attach('doc', 'rev'), concurrency.attach('doc', watch => '*');
UPDATE doc SET a = a RETURNING rev, version, tag, etag;
UPDATE doc SET a = 'A' RETURNING rev, version, tag, etag;
UPDATE doc SET rev = 3 RETURNING rev, version;
SELECT concurrency.attach('doc', 'rev', watch => '*'), concurrency.attach('doc', ignore => 'b', watch => '');
UPDATE doc SET b = b RETURNING rev, version;
UPDATE doc SET b = 'B' RETURNING rev, version, tag, etag;
UPDATE doc SET a = 'AA' RETURNING rev, version, tag, etag;
-- ... a column counts again once it is nobody's version
SELECT concurrency.detach('doc', 'rev');
UPDATE doc SET rev = 1 RETURNING rev, version;
DROP TABLE doc;
SET client_min_messages = warning;
DO $$
BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE 'CREATE TABLE doc (id int PRIMARY KEY, a int, b int, tag int GENERATED ALWAYS AS (a + b) VIRTUAL)';
		INSERT INTO doc (id, a, b) VALUES (1, 1, 1);
		PERFORM concurrency.attach('doc', watch => '*');
		ASSERT bump('UPDATE doc SET a = 1') = 0;
		ASSERT bump('UPDATE doc SET a = 2') = 1;
		PERFORM concurrency.attach('doc', ignore => 'a', watch => '');
		ASSERT bump('UPDATE doc SET a = 3') = 0;
		ASSERT bump('UPDATE doc SET b = 3') = 1;
		DROP TABLE doc;
	END IF;
END
$$;
RESET client_min_messages;

-- Partitions may have their columns in another order.
CREATE TABLE doc (id int, a int, b int, version int DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE doc_1 (dropped int, version int DEFAULT 1, b int, id int, x int, a int);
ALTER TABLE doc_1 DROP COLUMN dropped, DROP COLUMN x;
ALTER TABLE doc ATTACH PARTITION doc_1 FOR VALUES IN (1);
CREATE TABLE doc_2 PARTITION OF doc FOR VALUES IN (2);
INSERT INTO doc VALUES (1, 1, 1), (2, 1, 1);
SELECT concurrency.attach('doc', watch => 'a');
UPDATE doc SET b = 2 RETURNING id, version;
UPDATE doc SET a = 2 RETURNING id, version;
SELECT concurrency.attach('doc', ignore => 'a, id', watch => '');
UPDATE doc SET a = 3 RETURNING id, version;
UPDATE doc SET b = 3 RETURNING id, version;
-- ... a move between them is a change like any other
UPDATE doc SET id = 3 - id RETURNING id, version;
SELECT concurrency.attach('doc', watch => 'id', ignore => '');
UPDATE doc SET id = 3 - id RETURNING id, version;
DROP TABLE doc;

-- The row is compared as earlier triggers leave it.
CREATE TABLE doc (id int PRIMARY KEY, a int, b int);
CREATE FUNCTION set_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.a := TG_ARGV[0];
	NEW.b := NEW.b;
	RETURN NEW;
END
$$;
CREATE TRIGGER a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION set_columns(5);
SELECT concurrency.attach('doc', watch => 'a');
INSERT INTO doc VALUES (1, 1, 1);
SELECT bump('UPDATE doc SET b = 2'), bump('UPDATE doc SET b = 3'), bump('UPDATE doc SET a = 6');
DROP TABLE doc;

-- A toasted value that a write leaves alone is not fetched, also if a trigger has put the row together anew.
CREATE TABLE doc (id int PRIMARY KEY, a int, b int, big text, bigs text[])
	WITH (autovacuum_enabled = false, toast.autovacuum_enabled = false);
ALTER TABLE doc ALTER COLUMN big SET STORAGE EXTERNAL, ALTER COLUMN bigs SET STORAGE EXTERNAL;
INSERT INTO doc VALUES (1, 1, 1, repeat('x', 100000), ARRAY[repeat('y', 100000)]);
CREATE VIEW toast_io AS
	SELECT toast_blks_read + toast_blks_hit + tidx_blks_read + tidx_blks_hit AS blocks FROM pg_statio_user_tables WHERE relname = 'doc';
SELECT concurrency.attach('doc', watch => '*');
SELECT pg_stat_force_next_flush();
SELECT blocks FROM toast_io \gset
UPDATE doc SET a = a;
UPDATE doc SET a = 2 RETURNING version;
SELECT pg_stat_force_next_flush();
SELECT blocks - :blocks AS fetched, blocks FROM toast_io \gset
\echo :fetched
CREATE TRIGGER a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION set_columns(5);
UPDATE doc SET b = 2;
UPDATE doc SET b = 2 RETURNING version;
SELECT pg_stat_force_next_flush();
SELECT blocks - :blocks AS fetched, blocks FROM toast_io \gset
\echo :fetched
DROP TRIGGER a ON doc;
-- ... one that is written anew is compared by what it says
UPDATE doc SET big = repeat('x', 100000), bigs = ARRAY[repeat('y', 100000)] RETURNING version;
SELECT pg_stat_force_next_flush();
SELECT blocks - :blocks > 0 AS fetched FROM toast_io;
UPDATE doc SET big = repeat('x', 99999) || 'y' RETURNING version;
UPDATE doc SET bigs = ARRAY[repeat('y', 99999) || 'x'] RETURNING version;
UPDATE doc SET big = NULL RETURNING version;

DROP VIEW toast_io;
DROP TABLE doc;
DROP FUNCTION bump, set_columns;
DROP DOMAIN positive, pairs;
DROP TYPE pair;
