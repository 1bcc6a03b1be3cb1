-- Section 17: with concurrency.shortcut, the trigger is called only for rows about which it has something to say

LOAD 'concurrency';

-- majors whose executor nobody has read refuse it
SET concurrency.shortcut = on;
SELECT current_setting('concurrency.shortcut', true) IS DISTINCT FROM 'on' AS refused \gset
\if :refused
\quit
\endif

-- it is for administrators, and off
SELECT boot_val, context FROM pg_settings WHERE name = 'concurrency.shortcut';
SET concurrency.shortcut = off;
CREATE ROLE regress_shortcut;
SET ROLE regress_shortcut;
\set VERBOSITY sqlstate
SET concurrency.shortcut = on;
\set VERBOSITY terse
RESET ROLE;
DROP ROLE regress_shortcut;

-- Run an UPDATE, and count for how many rows triggers were called before.
CREATE FUNCTION calls(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || statement INTO plan;
	RETURN (SELECT coalesce(sum((t ->> 'Calls')::int) FILTER (WHERE t ->> 'Trigger Name' LIKE 'zz\_concurrency%'), 0) || ' calls'
			  FROM json_array_elements(plan -> 0 -> 'Triggers') AS t);
END
$$;
-- ... and whether that is said of the statement
CREATE PROCEDURE tell(statement text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL client_min_messages = debug1;
	EXECUTE statement;
END
$$;

CREATE TABLE doc (id int PRIMARY KEY, body text);
SET client_min_messages = warning;
SELECT concurrency.attach('doc') \g /dev/null
SET client_min_messages = notice;
INSERT INTO doc SELECT i, 'a' FROM generate_series(1, 5) AS i;
SELECT calls('UPDATE doc SET body = body || 1');
-- a session's first row is the trigger's: it finds out whose function is called
\c -
LOAD 'concurrency';
SET concurrency.shortcut = on;
SELECT calls('UPDATE doc SET body = body || 2');
SELECT calls('UPDATE doc SET body = body || 3, version = version + 1 WHERE id = 1');
SELECT calls('UPDATE doc SET body = body || 4, version = version WHERE id = 1');
SELECT calls('UPDATE doc SET version = 6 WHERE id = 1');
SELECT * FROM doc ORDER BY id;
CALL tell('UPDATE doc SET body = body || 5 WHERE id = 2');

-- a write that is refused, or not as it should be, is the trigger's
\set VERBOSITY sqlstate
UPDATE doc SET body = 'b', version = 1 WHERE id = 1;
UPDATE doc SET body = 'b', version = 9 WHERE id = 1;
UPDATE doc SET body = 'b', version = NULL WHERE id = 1;
\set VERBOSITY terse
BEGIN;
SELECT concurrency.expect('doc', 6);
SELECT calls('UPDATE doc SET body = ''expected'' WHERE id = 1');
ROLLBACK;
BEGIN;
SELECT concurrency.skip_bump('doc');
SELECT calls('UPDATE doc SET body = ''skip'' WHERE id = 1');
ROLLBACK;

-- so is a row that somebody has locked since it was written
BEGIN;
SELECT id FROM doc WHERE id = 3 FOR KEY SHARE;
SELECT calls('UPDATE doc SET body = body || 6 WHERE id < 4');
COMMIT;
SELECT calls('UPDATE doc SET body = body || 7 WHERE id < 4');

-- a statement that updates a row twice does so once, as ever
SELECT calls('UPDATE doc SET body = i FROM generate_series(1, 3) AS i WHERE id = 1');
SELECT version FROM doc WHERE id = 1;

-- what the trigger would lock otherwise, or could not be done without
CALL tell('UPDATE doc SET id = 6 WHERE id = 5');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER other BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CALL tell('UPDATE doc SET body = body || 8 WHERE id = 2');
ALTER TABLE doc DISABLE TRIGGER other;
CALL tell('UPDATE doc SET body = body || 8 WHERE id = 2');
ALTER TABLE doc ENABLE REPLICA TRIGGER other;
CALL tell('UPDATE doc SET body = body || 8 WHERE id = 2');
SET session_replication_role = replica;
CALL tell('UPDATE doc SET body = body || 8 WHERE id = 2');
RESET session_replication_role;
DROP TRIGGER other ON doc;
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER zz_concurrency_version BEFORE UPDATE ON doc FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION concurrency.version_trigger('version');
CALL tell('UPDATE doc SET body = body || 9 WHERE id = 2');
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER zz_concurrency_version BEFORE UPDATE OF body ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CALL tell('UPDATE doc SET body = body || 9 WHERE id = 2');
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER zz_concurrency_version AFTER UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CALL tell('UPDATE doc SET body = body || 9 WHERE id = 2');
DROP TRIGGER zz_concurrency_version ON doc;

-- ... in the trigger's own words
CREATE FUNCTION offer(options text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL client_min_messages = warning;
	EXECUTE format('SELECT concurrency.attach(''doc''%s)', options);
END
$$;
SELECT offer(', edits => ''warn''');
CALL tell('UPDATE doc SET body = body || 10 WHERE id = 2');
SELECT offer(', edits => '''', on_conflict => ''skip''');
CALL tell('UPDATE doc SET body = body || 10 WHERE id = 2');
CALL tell('UPDATE doc SET body = body || 10, version = version WHERE id = 2');
SELECT offer(', on_conflict => ''error'', blind => ''reject''');
CALL tell('UPDATE doc SET body = body || 10, version = version WHERE id = 2');
SELECT calls('UPDATE doc SET body = body || 10, version = version WHERE id = 2');
\set VERBOSITY sqlstate
UPDATE doc SET body = 'blind';
SET concurrency.blind_writes = 'allow';
SELECT calls('UPDATE doc SET body = body || 11');
SET concurrency.blind_writes = 'warn';
SELECT calls('UPDATE doc SET body = body || 11 WHERE id = 2');
RESET concurrency.blind_writes;
\set VERBOSITY terse
DROP TABLE doc;

CREATE DOMAIN positive AS bigint CHECK (VALUE > 0);
CREATE TABLE doc (id int PRIMARY KEY, body text, version positive);
SELECT offer('');
INSERT INTO doc VALUES (2, 'a');
CALL tell('UPDATE doc SET body = body || 1 WHERE id = 2');
DROP TABLE doc;
DROP DOMAIN positive;
CREATE TABLE doc (id int PRIMARY KEY, body text, version timestamptz);
SELECT offer('');
INSERT INTO doc VALUES (2, 'a');
CALL tell('UPDATE doc SET body = body || 1 WHERE id = 2');
DROP TABLE doc;

-- every kind of version that is not a clock; several of them; what they watch
CREATE TABLE doc (id int, a text, b text, s smallint, i int, x xid8, u uuid);
SET client_min_messages = warning;
SELECT concurrency.attach('doc', c) FROM unnest('{s,x,u}'::name[]) AS c \g /dev/null
SELECT concurrency.attach('doc', 'i', watch => 'b') \g /dev/null
SET client_min_messages = notice;
INSERT INTO doc VALUES (1, 'a', 'b', 32766), (2, NULL, NULL, NULL);
CREATE TABLE before AS TABLE doc;
SELECT calls('UPDATE doc SET a = ''A''');
SELECT doc.id, doc.s, doc.i, doc.x IS DISTINCT FROM before.x AS new_x, doc.u IS DISTINCT FROM before.u AS new_u
  FROM doc JOIN before USING (id) ORDER BY id;
SELECT calls('UPDATE doc SET b = ''B''');
SELECT calls('UPDATE doc SET b = ''B''');
SELECT id, s, i FROM doc ORDER BY id;
-- the first trigger has nothing to say, the last one has: the row is its to judge, as it was
UPDATE doc SET a = 'stale', s = s, i = 1, u = gen_random_uuid();
SELECT id, s, i FROM doc ORDER BY id;
DROP TABLE doc, before;

-- partitions that do not look like their parent; generated columns, constraints, row security
CREATE TABLE doc (id int, part int, n int CHECK (n < 9), twice int GENERATED ALWAYS AS (n * 2) STORED) PARTITION BY LIST (part);
CREATE TABLE doc_1 PARTITION OF doc FOR VALUES IN (1);
CREATE TABLE doc_2 (n int CONSTRAINT doc_n_check CHECK (n < 9), dropped int, part int, id int, twice int GENERATED ALWAYS AS (n * 2) STORED);
ALTER TABLE doc_2 DROP dropped;
ALTER TABLE doc ATTACH PARTITION doc_2 FOR VALUES IN (2);
SELECT offer('');
INSERT INTO doc SELECT i, 1 + i % 2, i FROM generate_series(1, 6) AS i;
SELECT calls('UPDATE doc SET n = n + 1');
-- (a row that moves is inserted, and the trigger is called for that)
SELECT calls('UPDATE doc SET part = 3 - part WHERE id < 3');
SELECT tableoid::regclass, id, n, twice, version FROM doc ORDER BY id;
\set VERBOSITY sqlstate
UPDATE doc SET n = n * 3;
\set VERBOSITY terse
SELECT offer(', guard_delete => true');
CALL tell('UPDATE doc SET n = n - 1');
DROP TABLE doc;

-- what a function returns may have other bits beyond those that are stored
CREATE TABLE doc (id int, h int, o oid, s smallint, b bool);
SELECT offer(', watch => ''h, o, s, b''');
INSERT INTO doc SELECT i, hashtext(i::text), 3000000000, -1, i % 2 = 0 FROM generate_series(1, 6) AS i;
SELECT calls('UPDATE doc SET h = hashtext(id::text), o = (3000000000 + id - id)::oid, s = s * 1::smallint, b = NOT NOT b');
SELECT min(h) < 0 AS negative, min(version), max(version) FROM doc;
DROP TABLE doc;

-- many partitions, of which a statement writes to all, or to few
CREATE TABLE doc (id int, n int) PARTITION BY HASH (id);
SELECT format('CREATE TABLE doc_%s PARTITION OF doc FOR VALUES WITH (MODULUS 9, REMAINDER %s)', i, i) FROM generate_series(0, 8) AS i \gexec
SELECT offer('');
INSERT INTO doc SELECT i, 0 FROM generate_series(1, 100) AS i;
ANALYZE doc;
SELECT calls('UPDATE doc SET n = n + 1');
SELECT calls('UPDATE doc SET n = n + 1 WHERE n < 0 OR id % 100 = 1');
SELECT n, version, count(*) FROM doc GROUP BY n, version ORDER BY n;
DROP TABLE doc;

-- a child that came later, and has no trigger
CREATE TABLE doc (id int, n int);
SELECT offer('');
CREATE TABLE late () INHERITS (doc);
INSERT INTO doc VALUES (1, 0);
INSERT INTO late VALUES (2, 0);
SELECT calls('UPDATE doc SET n = n + 1');
SELECT tableoid::regclass, * FROM doc ORDER BY id;
DROP TABLE late, doc;

-- two triggers that look at what the other one writes
CREATE TABLE doc (id int, n int, version int, v2 int);
INSERT INTO doc VALUES (1, 0, 1, 1);
CREATE TRIGGER zz_concurrency_a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER zz_concurrency_b BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'ignore=n');
CALL tell('UPDATE doc SET n = 1, version = 1');
\set VERBOSITY sqlstate
UPDATE doc SET n = 2, version = 1;
\set VERBOSITY terse
DROP TRIGGER zz_concurrency_a ON doc;
SELECT format('CREATE FUNCTION another() RETURNS trigger LANGUAGE c AS %L, %L', probin, prosrc)
  FROM pg_proc WHERE oid = 'concurrency.version_trigger'::regproc \gexec
CREATE TRIGGER zz_concurrency_a BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION another('v2');
CALL tell('UPDATE doc SET n = 3');
SELECT * FROM doc;
DROP TABLE doc;
DROP FUNCTION another;

-- an error in the trigger's arguments comes when it would be called, and not before
CREATE TABLE doc (id int, version int);
CREATE TRIGGER zz_concurrency_version BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=never');
UPDATE doc SET id = 1;
INSERT INTO doc VALUES (1);
UPDATE doc SET id = 1;
DROP TABLE doc;

-- a function that is like ours, but called with settings of its own
CREATE TABLE doc (id int, version int);
INSERT INTO doc VALUES (1);
SELECT format('CREATE FUNCTION another() RETURNS trigger LANGUAGE c AS %L, %L', probin, prosrc)
  FROM pg_proc WHERE oid = 'concurrency.version_trigger'::regproc \gexec
CREATE TRIGGER zz_concurrency_version BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION another('version');
CALL tell('UPDATE doc SET id = 1');
ALTER FUNCTION another SET search_path = pg_catalog;
CALL tell('UPDATE doc SET id = 1');
ALTER FUNCTION another RESET ALL;
CALL tell('UPDATE doc SET id = 1');
SELECT * FROM doc;

-- ... also if that happens between two rows, of which the trigger was called for the first
CREATE FUNCTION alter_another(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF i = 2 THEN
		ALTER FUNCTION another SET concurrency.blind_writes = 'reject';
	END IF;
	RETURN i;
END
$$;
INSERT INTO doc VALUES (2);
BEGIN;
SELECT id FROM doc WHERE id = 1 FOR UPDATE;
UPDATE doc SET id = alter_another(id);
\set VERBOSITY sqlstate
UPDATE doc SET id = id WHERE id = 2;
\set VERBOSITY terse
ROLLBACK;
DELETE FROM doc WHERE id = 2;
DROP FUNCTION alter_another;

-- with track_functions, every call is counted
SET track_functions = 'all';
CALL tell('UPDATE doc SET id = 1');
SELECT calls('UPDATE doc SET id = 1');
RESET track_functions;

-- in a CTE, a rule, a view, a function, a cursor's row; and one in the middle of another
CREATE VIEW view AS SELECT * FROM doc WHERE id < 9 WITH CHECK OPTION;
SELECT calls('WITH u AS (UPDATE doc SET id = id + 1 RETURNING *) SELECT * FROM u');
SELECT calls('UPDATE view SET id = id + 1');
CREATE FUNCTION write(i int) RETURNS int LANGUAGE sql AS 'UPDATE doc SET id = id + i WHERE id < 1000 RETURNING id';
CREATE TABLE other (id int);
SELECT concurrency.attach('other') \g /dev/null
INSERT INTO other VALUES (1), (2);
SELECT calls('UPDATE other SET id = write(id)');
CREATE RULE also AS ON UPDATE TO other DO ALSO UPDATE doc SET id = NEW.id;
UPDATE other SET id = id + 1;
DROP RULE also ON other;
SELECT * FROM doc, other ORDER BY other.id;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc;
FETCH c;
SELECT calls('UPDATE doc SET id = 5 WHERE CURRENT OF c');
COMMIT;
PREPARE p AS UPDATE doc SET id = id + 1 RETURNING version;
EXECUTE p;
EXECUTE p;
EXPLAIN (COSTS OFF) UPDATE doc SET id = 1;

-- a statement that nobody reads to its end, and one that fails in between
BEGIN;
DECLARE d CURSOR FOR SELECT write(1) FROM generate_series(1, 3);
FETCH d;
SAVEPOINT s;
SELECT calls('UPDATE doc SET id = 1 / (id - id)');
ROLLBACK TO s;
SELECT calls('UPDATE doc SET id = 1');
ROLLBACK;
SELECT calls('UPDATE doc SET id = 1');

DROP TABLE doc, other CASCADE;
DROP FUNCTION calls, nothing, another, write, offer;
DROP PROCEDURE tell;
RESET concurrency.shortcut;
