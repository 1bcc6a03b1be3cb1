-- Section 9, on_conflict=call=schema.function: the table owner's function decides what becomes of a stale
-- write: f(current row, attempted row) returns the row to store, or NULL.
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE SCHEMA handlers;
CREATE TABLE doc (id int PRIMARY KEY, body text, n int, version int);
INSERT INTO doc VALUES (1, 'a', 1, 5), (2, 'b', 2, 5);
-- Does what the attempted body says.
CREATE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'current %, attempted %', current, attempted;
	CASE attempted.body
		WHEN 'attempted' THEN RETURN attempted;
		WHEN 'current' THEN RETURN current;
		WHEN 'sum' THEN attempted.n := current.n + attempted.n; RETURN attempted;
		WHEN 'version' THEN attempted.version := 100; RETURN attempted;
		WHEN 'no version' THEN attempted.version := NULL; RETURN attempted;
		WHEN 'null' THEN RETURN NULL;
		WHEN 'other key' THEN attempted.id := 3; RETURN attempted;
		WHEN 'no key' THEN attempted.id := NULL; RETURN attempted;
		WHEN 'empty row' THEN RETURN ROW(NULL::int, NULL::text, NULL::int, NULL::int);
		WHEN 'raise' THEN RAISE 'not this one' USING ERRCODE = 'PT422';
		WHEN 'other row' THEN UPDATE doc SET n = n + 1 WHERE id <> current.id; RETURN attempted;
		WHEN 'same row' THEN UPDATE doc SET n = n + 1 WHERE id = current.id; RETURN attempted;
		WHEN 'once more' THEN
			IF pg_trigger_depth() < 3 THEN
				UPDATE doc SET body = 'once more', version = 1 WHERE id <> current.id;
			END IF;
			RETURN attempted;
		WHEN 'for ever' THEN UPDATE doc SET body = 'for ever', version = 1 WHERE id = current.id; RETURN attempted;
	END CASE;
END
$$;
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve');
SELECT on_conflict FROM concurrency.attachments WHERE table_name = 'doc'::regclass;

-- what fits is not asked about, nor is a blind write
UPDATE doc SET body = 'raise', version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'raise' WHERE id = 1 RETURNING *;
-- the row that it returns is stored, its version is the next one, whatever the row says
UPDATE doc SET body = 'attempted', version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'current', n = 7, version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'sum', n = 7, version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'version', version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'no version', version = NULL WHERE id = 1 RETURNING *;
-- NULL skips, and says nothing of its own
UPDATE doc SET body = CASE id WHEN 1 THEN 'null' ELSE 'attempted' END, version = 1 RETURNING *;
\echo :ROW_COUNT
-- an exception refuses
UPDATE doc SET body = 'raise', version = 1 WHERE id = 1;
\echo :SQLSTATE
UPDATE doc SET body = 'nothing that it knows', version = 1 WHERE id = 1;
-- another primary key is refused
\set VERBOSITY default
UPDATE doc SET body = 'other key', version = 1 WHERE id = 1;
\set VERBOSITY sqlstate
UPDATE doc SET body = 'no key', version = 1 WHERE id = 1;
UPDATE doc SET body = 'empty row', version = 1 WHERE id = 1;
UPDATE doc SET body = 'attempted', id = 3, version = 1 WHERE id = 1;
UPDATE doc SET body = 'current', id = 3, version = 1 WHERE id = 1 RETURNING *;
-- upserts and MERGE ask as well
\set VERBOSITY terse
INSERT INTO doc VALUES (1, 'sum', 1, 1) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, n = EXCLUDED.n, version = EXCLUDED.version RETURNING *;
MERGE INTO doc USING (VALUES (1), (2)) AS s(id) ON s.id = doc.id WHEN MATCHED THEN UPDATE SET body = 'null', version = 1;
\echo :ROW_COUNT

-- A handler may write, also to this table, where its own stale writes ask again; the row that is being
-- written is PostgreSQL's to protect.
UPDATE doc SET body = 'other row', version = 1 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'same row', version = 1 WHERE id = 1;
BEGIN;
UPDATE doc SET body = 'once more', version = 1 WHERE id = 1 RETURNING *;
ROLLBACK;
SET client_min_messages = warning;
\set VERBOSITY sqlstate
UPDATE doc SET body = 'for ever', version = 1 WHERE id = 1;
SELECT * FROM doc ORDER BY id;
RESET client_min_messages;

-- Constraints, conditions, and kinds: what is stored is a write like any other.
ALTER TABLE doc ADD CONSTRAINT few CHECK (n < 100);
UPDATE doc SET body = 'sum', n = 99, version = 1 WHERE id = 1;
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve', watch => 'n', blind => 'reject');
UPDATE doc SET body = 'current', version = 1 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'current' WHERE id = 1;
ALTER TABLE doc ALTER COLUMN version DROP DEFAULT, ALTER COLUMN version TYPE uuid USING gen_random_uuid();
CREATE OR REPLACE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE sql
	AS 'SELECT (attempted).id, (current).body || (attempted).body, (current).n, (attempted).version';
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve', blind => '', watch => '');
SELECT version AS before FROM doc WHERE id = 1 \gset
UPDATE doc SET body = '!', version = '00000000-0000-0000-0000-000000000000' WHERE id = 1
	RETURNING id, body, n, version NOT IN (:'before', '00000000-0000-0000-0000-000000000000') AS is_new;
DROP FUNCTION handlers.resolve;
DROP TABLE doc;

-- A DELETE attempts no row: any row lets it go on, NULL keeps the row. A strict handler keeps it unasked.
CREATE TABLE doc (id int PRIMARY KEY, body text);
INSERT INTO doc VALUES (1, 'gone'), (2, 'stays'), (3, 'goes as it is'), (4, 'raise');
\set VERBOSITY terse
CREATE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'current %, attempted %', current, attempted;
	CASE current.body
		WHEN 'gone' THEN RETURN current;
		WHEN 'goes as it is' THEN RETURN ROW(77, 'another row'::text, NULL::bigint);
		WHEN 'stays' THEN RETURN attempted;
		WHEN 'raise' THEN RAISE 'must not be deleted';
	END CASE;
END
$$;
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 7);
DELETE FROM doc WHERE id < 4 RETURNING *;
\echo :ROW_COUNT
TABLE doc;
DELETE FROM doc WHERE id = 4;
ROLLBACK;
ALTER FUNCTION handlers.resolve(doc, doc) STRICT;
BEGIN;
SELECT concurrency.expect('doc', 7);
DELETE FROM doc;
\echo :ROW_COUNT
UPDATE doc SET body = 'changed' WHERE id = 1 RETURNING *;
ROLLBACK;
DROP FUNCTION handlers.resolve;
DROP TABLE doc;

-- Keys: none, of several columns, of a domain, with columns that are only included
CREATE TABLE keyless (id int, body text, version int);
CREATE DOMAIN code AS text CHECK (value ~ '^[A-Z]+$');
CREATE TABLE keyed (a code, b numeric, body text, version int, PRIMARY KEY (b, a) INCLUDE (body));
CREATE FUNCTION handlers.resolve(current keyless, attempted keyless) RETURNS keyless LANGUAGE sql
	AS 'SELECT 2, (attempted).body, NULL::int';
CREATE FUNCTION handlers.resolve(current keyed, attempted keyed) RETURNS keyed LANGUAGE sql
	AS 'SELECT ((attempted).body)::code, (current).b, (attempted).body, 0';
SELECT concurrency.attach('keyless', on_conflict => 'call=handlers.resolve'), concurrency.attach('keyed', on_conflict => 'call=handlers.resolve');
INSERT INTO keyless VALUES (1, 'a', 5);
INSERT INTO keyed VALUES ('A', 1.0, 'a', 5);
UPDATE keyless SET body = 'b', version = 1 RETURNING *;
UPDATE keyed SET body = 'A', version = 1 RETURNING *;
\set VERBOSITY sqlstate
UPDATE keyed SET body = 'B', version = 1;
UPDATE keyed SET body = NULL, version = 1;
UPDATE keyed SET body = 'b', version = 1;
DROP FUNCTION handlers.resolve(keyless, keyless), handlers.resolve(keyed, keyed);
DROP TABLE keyless, keyed;
DROP DOMAIN code;

-- An inheritance child's rows are of its own type, so that it needs a handler of its own: without one, its
-- conflicts are errors.
CREATE TABLE mother (id int PRIMARY KEY, body text, version int);
CREATE TABLE daughter (extra text, PRIMARY KEY (id)) INHERITS (mother);
CREATE FUNCTION handlers.resolve(current mother, attempted mother) RETURNS mother LANGUAGE sql
	AS $$ SELECT (current).id, (attempted).body || ', mother', 0 $$;
INSERT INTO mother VALUES (1, 'a', 5);
INSERT INTO daughter VALUES (2, 'b', 5, 'daughter');
\set VERBOSITY default
SELECT concurrency.attach('mother', on_conflict => 'call=handlers.resolve');
SELECT concurrency.attach('daughter', on_conflict => 'call=handlers.resolve');
\set VERBOSITY sqlstate
SELECT table_name, on_conflict FROM concurrency.attachments ORDER BY table_name::text;
UPDATE mother SET body = 'stale', version = 1 WHERE id = 1 RETURNING *;
UPDATE mother SET body = 'stale', version = 1 WHERE id = 2;
CREATE FUNCTION handlers.resolve(current daughter, attempted daughter) RETURNS daughter LANGUAGE sql
	AS $$ SELECT (current).id, (attempted).body || ', ' || (current).extra, 0, (current).extra $$;
SELECT concurrency.attach('mother', on_conflict => 'call=handlers.resolve');
UPDATE mother SET body = 'stale', version = 1 RETURNING tableoid::regclass, *;
DROP FUNCTION handlers.resolve(mother, mother), handlers.resolve(daughter, daughter);
DROP TABLE mother CASCADE;

-- Whatever the rows look like: columns that were dropped or added, generated or toasted, and partitions
-- that have theirs in another order. The handler takes the type of the table that was attached.
CREATE TABLE part (gone int, id int, body text, gone_too text, big text, size int GENERATED ALWAYS AS (length(big)) STORED, version int)
	PARTITION BY LIST (id);
ALTER TABLE part DROP COLUMN gone, DROP COLUMN gone_too;
CREATE TABLE part_1 (version int, big text, x int, id int, size int GENERATED ALWAYS AS (length(big)) STORED, body text);
ALTER TABLE part_1 DROP COLUMN x;
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
INSERT INTO part VALUES (1, 'a', repeat('x', 100000), DEFAULT, 5), (2, 'b', repeat('y', 100000), DEFAULT, 5);
ALTER TABLE part ADD COLUMN added int DEFAULT 7;
\set VERBOSITY terse
CREATE FUNCTION handlers.resolve(current part, attempted part) RETURNS part LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'current % % % % % %, attempted % % %', current.id, current.body, current.version, length(current.big), current.size, current.added,
		attempted.id, attempted.body, length(attempted.big);
	IF attempted.body = 'current' THEN
		RETURN current;
	END IF;
	attempted.big := attempted.big || current.body;
	attempted.added := current.added + 1;
	attempted.size := 0;
	RETURN attempted;
END
$$;
SELECT concurrency.attach('part', on_conflict => 'call=handlers.resolve');
UPDATE part SET body = 'c', version = 1;
SELECT tableoid::regclass, id, body, right(big, 3) AS big, length(big), size, version, added FROM part ORDER BY id;
UPDATE part SET body = 'current', version = 1;
UPDATE part SET body = 'd', big = NULL, version = 1;
SELECT tableoid::regclass, id, body, big, size, version, added FROM part ORDER BY id;
-- ... by the partition's name, and in a move
UPDATE part_1 SET body = 'e', big = 'z', version = 1;
UPDATE part SET id = 2, body = 'f', version = 1 WHERE id = 1;
UPDATE part SET id = 1, body = 'current', version = 1 WHERE body = 'd';
SELECT tableoid::regclass, id, body, big, size, version, added FROM part ORDER BY id, body;
DROP FUNCTION handlers.resolve;
DROP TABLE part;

DROP SCHEMA handlers;
