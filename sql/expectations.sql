-- Section 8: concurrency.expect(), a token for statements that have no place for one: until the end of the transaction,
-- what the same role updates or deletes must be at this version.
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate

-- What a command would do: return what, else change how many rows, or raise which error.  It is undone.
CREATE FUNCTION outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	returned text;
BEGIN
	IF command LIKE '%RETURNING%' THEN
		EXECUTE command INTO returned;
	ELSE
		EXECUTE command;
	END IF;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce(returned, n || ' rows');
EXCEPTION
	WHEN SQLSTATE 'ZZ001' THEN RETURN SQLERRM;
	WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
CREATE FUNCTION outcomes(VARIADIC commands text[]) RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(outcome(command), ', ' ORDER BY i) FROM unnest(commands) WITH ORDINALITY AS c(command, i) $$;

CREATE TABLE doc (id int PRIMARY KEY, body text, version bigint);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 5), (3, 'c', 7), (4, 'd', NULL);
SELECT concurrency.attach('doc', guard_delete => true);

-- UPDATE and DELETE, fitting and not; every row of the statement; a row that has no version; a row that is not there
\set update 'UPDATE doc SET body = NULL WHERE id = '
\set delete 'DELETE FROM doc WHERE id = '
BEGIN;
SELECT concurrency.expect('doc', 5);
SELECT id, outcome(:'update' || id || ' RETURNING version'), outcome(:'delete' || id) FROM unnest('{1,2,3,4,99}'::int[]) AS id;
SELECT outcomes('UPDATE doc SET body = NULL WHERE version = 5', 'UPDATE doc SET body = NULL', 'DELETE FROM doc WHERE id < 3', 'DELETE FROM doc');
-- ... what only reads, locks or inserts is none of its business
SELECT outcomes('SELECT FROM doc FOR UPDATE', 'INSERT INTO doc VALUES (8)', 'TRUNCATE doc',
	'INSERT INTO doc VALUES (3, ''x'') ON CONFLICT DO NOTHING', 'INSERT INTO doc VALUES (3, ''x'') ON CONFLICT (id) DO UPDATE SET body = ''x''',
	'MERGE INTO doc USING (VALUES (3)) AS s(i) ON id = i WHEN MATCHED THEN DELETE',
	'MERGE INTO doc USING (VALUES (1)) AS s(i) ON id = i WHEN MATCHED THEN DELETE');
COMMIT;
SELECT outcomes(:'update' || 3, :'delete' || 3);
\set VERBOSITY default
BEGIN;
SELECT concurrency.expect('doc', 5);
UPDATE doc SET body = 'mine' WHERE id = 3;
ROLLBACK;
BEGIN;
SELECT concurrency.expect('doc', 5);
DELETE FROM doc WHERE id = 4;
ROLLBACK;
\set VERBOSITY sqlstate

-- Together with a token that is sent: both have to fit.
BEGIN;
SELECT concurrency.expect('doc', 5);
SELECT outcomes(
	'UPDATE doc SET version = 5 WHERE id = 1 RETURNING version', 'UPDATE doc SET version = 6 WHERE id = 1 RETURNING version',
	'UPDATE doc SET version = 4 WHERE id = 1', 'UPDATE doc SET version = 7 WHERE id = 3', 'UPDATE doc SET version = 5 WHERE id = 3');
ROLLBACK;
-- ... an expectation makes a write one that is not blind, under every protocol
SELECT concurrency.attach('doc', protocol => 'ignore', blind => 'reject', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 5);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 3, :'delete' || 3,
	'UPDATE doc SET version = 4 WHERE id = 1 RETURNING version', 'UPDATE doc SET version = 7 WHERE id = 3');
SELECT concurrency.expect('doc', NULL);
SELECT outcomes(:'update' || 1, :'delete' || 1);
ROLLBACK;
SELECT concurrency.attach('doc', protocol => 'increment', blind => 'reject', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 5);
SELECT outcomes(:'update' || 1, 'UPDATE doc SET version = 5 WHERE id = 1', 'UPDATE doc SET version = 6 WHERE id = 1 RETURNING version');

-- What this transaction has itself written is exempt: its version is one that nobody could expect.  It is not blind.
UPDATE doc SET body = 'once' WHERE id = 1 RETURNING version;
UPDATE doc SET body = 'twice' WHERE id = 1 RETURNING version;
INSERT INTO doc VALUES (9, 'new', 3);
UPDATE doc SET body = 'mine' WHERE id = 9 RETURNING version;
-- ... a token that is sent is looked at all the same
SELECT outcomes('UPDATE doc SET version = 5 WHERE id = 1', 'UPDATE doc SET version = 8 WHERE id = 1 RETURNING version');
DELETE FROM doc WHERE id IN (1, 9) RETURNING id;
-- ... other rows are not exempt; and a write that was rolled back is none
SAVEPOINT s;
UPDATE doc SET body = 'once' WHERE id = 2 RETURNING version;
ROLLBACK TO s;
SELECT concurrency.expect('doc', 4);
SELECT outcomes(:'update' || 2, :'update' || 3);
ROLLBACK;
SELECT concurrency.attach('doc', guard_delete => true, protocol => '', blind => '');

-- How long: until the end of the transaction or the savepoint, another word, or NULL; RESET ALL is nothing to it.
BEGIN;
SAVEPOINT a;
SELECT concurrency.expect('doc', 4);
SELECT outcome(:'update' || 1);
RESET ALL;
DISCARD PLANS;
SELECT outcome(:'update' || 1);
SAVEPOINT b;
SELECT concurrency.expect('doc', NULL);
SELECT outcome(:'update' || 1);
ROLLBACK TO b;
SELECT outcome(:'update' || 1);
SELECT concurrency.expect('doc', 5);
SELECT outcome(:'update' || 1);
RELEASE b;
SELECT outcome(:'update' || 1);
SELECT concurrency.expect('doc', 4);
SELECT outcome(:'update' || 1);
ROLLBACK TO a;
SELECT outcome(:'update' || 1);
SAVEPOINT c;
SELECT concurrency.expect('doc', 4);
RELEASE c;
SELECT outcome(:'update' || 1);
COMMIT AND CHAIN;
SELECT outcome(:'update' || 1);
SELECT concurrency.expect('doc', 4);
ROLLBACK AND CHAIN;
SELECT outcome(:'update' || 1);
COMMIT;
SELECT concurrency.expect('doc', 4);
SELECT outcome(:'update' || 1);

-- ... a version of a type that the column no longer has is no version
BEGIN;
SELECT concurrency.expect('doc', 5);
ALTER TABLE doc ALTER version TYPE int;
SELECT outcomes(:'update' || 1, :'delete' || 1);
SELECT concurrency.expect('doc', 5);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 3);
ROLLBACK;

-- Who: the role that said it, and no other one.
CREATE ROLE regress_expect_owner;
CREATE ROLE regress_expect_stranger;
GRANT CREATE ON SCHEMA public TO regress_expect_stranger;
ALTER TABLE doc OWNER TO regress_expect_owner;
GRANT ALL ON doc TO regress_expect_stranger;
CREATE FUNCTION save(which int, new_body text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE doc SET body = new_body WHERE id = which RETURNING version';
CREATE FUNCTION save_expecting(which int, token bigint) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT concurrency.expect('doc', token);
	UPDATE doc SET body = 'x' WHERE id = which RETURNING version;
$$;
ALTER FUNCTION save OWNER TO regress_expect_owner;
ALTER FUNCTION save_expecting OWNER TO regress_expect_owner;
SET ROLE regress_expect_stranger;
BEGIN;
SELECT concurrency.expect('doc', 4);
SELECT outcomes(:'update' || 1, 'SELECT save(1, NULL) AS "RETURNING"');
SET LOCAL ROLE regress_expect_owner;
SELECT outcome(:'update' || 1);
SET LOCAL ROLE regress_expect_stranger;
SELECT outcome(:'update' || 1);
ROLLBACK;
BEGIN;
SELECT outcome('SELECT save_expecting(1, 4)');
SELECT save_expecting(1, 5);
SELECT outcomes(:'update' || 2, :'update' || 3);
ROLLBACK;
-- ... so a stranger cannot have the owner's function skip rows
RESET ROLE;
SELECT concurrency.attach('doc', on_conflict => 'skip', guard_delete => true);
SET ROLE regress_expect_stranger;
\set VERBOSITY terse
BEGIN;
SELECT concurrency.expect('doc', 4);
SELECT save(1, 'not skipped');
UPDATE doc SET body = 'skipped' WHERE id = 2 RETURNING *;
ROLLBACK;
\set VERBOSITY sqlstate
RESET ROLE;
SELECT concurrency.attach('doc', guard_delete => true, on_conflict => '');

-- Foreign keys' actions are not held to it, the client's own writes to the same child are.
CREATE TABLE child (id int PRIMARY KEY REFERENCES doc ON UPDATE CASCADE ON DELETE CASCADE, up int REFERENCES doc ON DELETE SET NULL, version int);
SELECT concurrency.attach('child', blind => 'reject', guard_delete => true);
GRANT ALL ON child TO regress_expect_owner;
INSERT INTO child VALUES (1, 2, 3), (3, 3, 3);
SELECT r, outcomes('UPDATE doc SET id = 11 WHERE id = 1', :'delete' || 1, :'delete' || 2, 'UPDATE child SET up = 3', 'DELETE FROM child')
  FROM concurrency.expect('child', 99) AS r;
BEGIN;
SELECT concurrency.expect('child', 99), concurrency.expect('doc', 5);
UPDATE doc SET id = 11 WHERE id = 1;
DELETE FROM doc WHERE id = 2;
SELECT * FROM child ORDER BY id;
DELETE FROM doc WHERE id = 11;
SELECT * FROM child ORDER BY id;
ROLLBACK;
DROP TABLE child;

-- Partitions: a partitioned table's holds for all of them, and a partition's for itself.
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low (version int, body text, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE part_high_1 PARTITION OF part_high FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part', guard_delete => true);
INSERT INTO part VALUES (1, 'a', 5), (11, 'b', 5);
\set update 'UPDATE part SET body = NULL WHERE id = '
\set delete 'DELETE FROM part WHERE id = '
BEGIN;
SELECT concurrency.expect('part_low', 4);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 11, 'DELETE FROM part_low', 'DELETE FROM part_high_1');
SELECT concurrency.expect('part', 5);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 11, 'DELETE FROM part_low', 'DELETE FROM part_high_1');
SELECT concurrency.expect('part_high', 4);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 11, 'DELETE FROM part_low', 'DELETE FROM part_high_1');
SELECT concurrency.expect('part', NULL);
SELECT outcomes(:'update' || 1, :'delete' || 1, :'update' || 11, 'DELETE FROM part_low', 'DELETE FROM part_high_1');
ROLLBACK;
-- ... a row that moves is judged once, as an UPDATE
BEGIN;
SELECT concurrency.expect('part', 5);
UPDATE part SET id = 12 WHERE id = 1 RETURNING *;
-- ... and is this transaction's own from then on
UPDATE part SET id = 2 WHERE id = 12 RETURNING *;
SELECT concurrency.expect('part', 4);
SELECT outcome('UPDATE part SET id = 3 WHERE id = 11');
ROLLBACK;
SELECT concurrency.attach('part', blind => 'reject', guard_delete => true);
SELECT r, outcomes('UPDATE part SET id = 12, version = 5 WHERE id = 1 RETURNING version', 'UPDATE part SET id = 12, version = 6 WHERE id = 1 RETURNING version',
	'UPDATE part SET id = 12, version = 4 WHERE id = 1', 'UPDATE part SET id = 12 WHERE id = 1 RETURNING version')
  FROM concurrency.expect('part', 5) AS r;
SELECT outcomes('UPDATE part SET id = 12, version = 5 WHERE id = 1 RETURNING version', 'UPDATE part SET id = 12, version = 4 WHERE id = 1', 'UPDATE part SET id = 12 WHERE id = 1');
DROP TABLE part;

-- Inheritance: the rows of a table's children are its rows, too.
CREATE TABLE base (id int PRIMARY KEY, version int);
CREATE TABLE derived (PRIMARY KEY (id)) INHERITS (base);
SELECT concurrency.attach('base', guard_delete => true);
INSERT INTO base VALUES (1, 5);
INSERT INTO derived VALUES (2, 5);
SELECT r, outcomes('UPDATE base SET id = 3 WHERE id = 1', 'UPDATE base SET id = 3 WHERE id = 2', 'DELETE FROM base WHERE id = 2') FROM concurrency.expect('base', 4) AS r;
SELECT r, outcomes('UPDATE base SET id = 3 WHERE id = 1', 'UPDATE base SET id = 3 WHERE id = 2', 'DELETE FROM base WHERE id = 2') FROM concurrency.expect('derived', 4) AS r;
DROP TABLE derived, base;

-- What the transaction has written since counts as its own, whoever it was written for: by a foreign key's action, or
-- by a trigger with its owner's rights.  To lock and look before the first write is what concurrency.assert_current() is for.
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON UPDATE CASCADE, body text, version int);
SELECT concurrency.attach('child');
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1, 1, 'a', 5), (2, NULL, 'b', 5);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN UPDATE child SET body = 'touched' WHERE id = 2; RETURN NULL; END $$;
CREATE TRIGGER touch AFTER UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION touch();
GRANT SELECT, UPDATE ON parent, child TO regress_expect_stranger;
BEGIN;
SET LOCAL ROLE regress_expect_stranger;
SELECT concurrency.expect('child', 4);
SELECT outcomes('UPDATE child SET body = ''x'' WHERE id = 1', 'UPDATE child SET body = ''x'' WHERE id = 2');
UPDATE parent SET id = 2;
SELECT * FROM child ORDER BY id;
SELECT outcomes('UPDATE child SET body = ''x'' WHERE id = 1', 'UPDATE child SET body = ''x'' WHERE id = 2');
ROLLBACK;
BEGIN;
SET LOCAL ROLE regress_expect_stranger;
SELECT outcomes('SELECT concurrency.assert_current(''child'', ''1'', 4)', 'SELECT concurrency.assert_current(''child'', ''2'', 4)');
ROLLBACK;
DROP TABLE parent, child;
DROP FUNCTION touch;

-- A version of any type that spells one of the column's.
CREATE TABLE kinds (id int PRIMARY KEY, small smallint, big bigint, ts timestamptz, micros bigint, random uuid, xact xid8);
INSERT INTO kinds VALUES (1, 5, 5, '2026-11-23 12:34:56.789012+00', 5, '00000000-0000-4000-8000-000000000001', '5');
SELECT concurrency.attach('kinds', c) FROM unnest('{small,big,ts,random,xact}'::name[]) AS c;
SELECT concurrency.attach('kinds', 'micros', kind => 'clock');
\set touch 'UPDATE kinds SET id = 1'
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '5', 'big');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 5, 'big');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 5::numeric, 'big');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', ' 5 '::varchar, 'big');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 5::bigint, 'small');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 5::smallint, 'micros');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '00000000-0000-4000-8000-000000000001', 'random');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '{00000000-0000-4000-8000-000000000001}'::text, 'random');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '00000000-0000-4000-8000-000000000001'::uuid, 'random');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '5'::xid8, 'xact');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 5, 'xact');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '2026-11-23 13:34:56.789012+01', 'ts');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '2026-11-23 13:34:56.789012+01'::timestamptz, 'ts');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '2026-11-23 13:34:56.789012+00'::timestamptz, 'ts');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', 4, 'big');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', gen_random_uuid(), 'random');
SELECT outcome(:'touch') FROM concurrency.expect('kinds', '4'::xid8, 'xact');
-- ... parameters, with a type and without
PREPARE typed(bigint, uuid) AS SELECT outcome($3) FROM concurrency.expect('kinds', $1, 'big') AS a, concurrency.expect('kinds', $2, 'random') AS b;
EXECUTE typed(5, '00000000-0000-4000-8000-000000000001', :'touch');
EXECUTE typed(4, '00000000-0000-4000-8000-000000000001', :'touch');
EXECUTE typed(4, NULL, :'touch');
EXECUTE typed(NULL, NULL, :'touch');
PREPARE untyped AS SELECT outcome($2) FROM concurrency.expect('kinds', $1, 'big');
EXECUTE untyped('5', :'touch');
EXECUTE untyped('4', :'touch');
EXECUTE untyped(NULL, :'touch');
DEALLOCATE typed;
DEALLOCATE untyped;
-- ... neither the time zone nor the style of dates play a part
BEGIN;
SET LOCAL TimeZone = 'Asia/Kolkata';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT outcome(:'touch') FROM kinds, LATERAL concurrency.expect('kinds', kinds.ts, 'ts');
SET LOCAL DateStyle = 'Postgres, MDY';
SET LOCAL TimeZone = 'America/New_York';
SELECT outcome(:'touch') FROM kinds, LATERAL concurrency.expect('kinds', kinds.ts, 'ts');
ROLLBACK;
-- ... what spells none is refused at once
SELECT concurrency.expect('kinds', 'five', 'big');
SELECT concurrency.expect('kinds', '', 'big');
SELECT concurrency.expect('kinds', 5.5, 'big');
SELECT concurrency.expect('kinds', true, 'big');
SELECT concurrency.expect('kinds', 70000, 'small');
SELECT concurrency.expect('kinds', 5, 'random');
SELECT concurrency.expect('kinds', 'soon', 'ts');

-- Two columns, each with an expectation of its own.
BEGIN;
SELECT concurrency.expect('kinds', 5, 'big'), concurrency.expect('kinds', 5, 'small');
SELECT outcome(:'touch');
SELECT concurrency.expect('kinds', 4, 'small');
SELECT outcome(:'touch');
SELECT concurrency.expect('kinds', 4, 'big'), concurrency.expect('kinds', 5, 'small');
SELECT outcome(:'touch');
SELECT concurrency.expect('kinds', NULL, 'big');
SELECT outcome(:'touch');
ROLLBACK;
DROP TABLE kinds;

-- A column that changes its type meanwhile: a version can be told again, and taken back.  (Its rows are all written anew.)
CREATE TABLE retyped (id int PRIMARY KEY, version int);
SELECT concurrency.attach('retyped');
INSERT INTO retyped VALUES (1, 5);
ALTER TABLE retyped ALTER version DROP DEFAULT;
BEGIN;
SELECT concurrency.expect('retyped', 5);
ALTER TABLE retyped ALTER version TYPE uuid USING '00000000-0000-4000-8000-000000000001';
SELECT concurrency.expect('retyped', '00000000-0000-4000-8000-000000000001');
SELECT outcome('UPDATE retyped SET id = 2');
ALTER TABLE retyped ALTER version TYPE bigint USING 5;
SELECT concurrency.expect('retyped', 5);
SELECT outcome('UPDATE retyped SET id = 2');
ALTER TABLE retyped ALTER version TYPE uuid USING '00000000-0000-4000-8000-000000000001';
SELECT concurrency.expect('retyped', NULL);
SELECT outcome('UPDATE retyped SET id = 2');
ROLLBACK;
DROP TABLE retyped;

-- Bad input.
\set VERBOSITY default
CREATE VIEW seen AS TABLE doc;
CREATE MATERIALIZED VIEW stored AS TABLE doc;
SELECT concurrency.expect('seen', 5);
SELECT concurrency.expect('stored', 5);
SELECT concurrency.expect('doc', 5, 'body');
SELECT concurrency.expect('doc', 5, 'no such column_name');
SELECT concurrency.expect(NULL, 5);
SELECT concurrency.expect('doc', 5, NULL);
SELECT concurrency.expect('doc', 'five');
\set VERBOSITY sqlstate
SELECT concurrency.expect('seen', 5);
SELECT concurrency.expect('doc', 5, 'body');
SELECT concurrency.expect('doc', 5, 'xmin');
SELECT concurrency.expect('pg_class', 5);
SELECT concurrency.expect(NULL, 5);
SELECT concurrency.expect('doc', 5, NULL);
SELECT concurrency.expect('nowhere', 5);
SELECT concurrency.expect(0::regclass, 5);
SELECT concurrency.expect('doc_pkey', 5);

-- Rows that COPY FREEZE wrote are the transaction's own, too, though nobody can see any more who wrote them: what came since is
-- as expected, what came before is not.
BEGIN;
CREATE TABLE frozen (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('frozen', guard_delete => true);
COPY frozen FROM stdin WITH (FREEZE);
1	before	7
2	before	5
\.
SELECT concurrency.expect('frozen', 5);
COPY frozen FROM stdin WITH (FREEZE);
3	since	7
\.
SELECT id, outcome('UPDATE frozen SET body = NULL WHERE id = ' || id), outcome('DELETE FROM frozen WHERE id = ' || id) FROM unnest('{1,2,3}'::int[]) AS id;
UPDATE frozen SET body = 'mine' WHERE id = 3 RETURNING *;
COMMIT;
BEGIN;
TRUNCATE frozen;
SELECT concurrency.expect('frozen', 5);
COPY frozen FROM stdin WITH (FREEZE);
1	since	7
\.
UPDATE frozen SET body = 'mine' RETURNING *;
COMMIT;
-- ... they are others' in the next transaction, and where the table was frozen by VACUUM
VACUUM (FREEZE) frozen;
BEGIN;
SELECT concurrency.expect('frozen', 5);
SELECT outcomes('UPDATE frozen SET body = NULL', 'DELETE FROM frozen');
COMMIT;
DROP TABLE frozen;

-- Calls do not pile up in a transaction.
CREATE FUNCTION used_memory() RETURNS bigint LANGUAGE sql AS
	$$ SELECT used_bytes FROM pg_backend_memory_contexts WHERE name = 'TopTransactionContext' $$;
\set VERBOSITY terse
DO $$
DECLARE
	used bigint := used_memory();
BEGIN
	FOR i IN 1..CASE current_setting('debug_discard_caches') WHEN '0' THEN 20000 ELSE 100 END LOOP
		PERFORM concurrency.expect('doc', i);
	END LOOP;
	RAISE NOTICE 'calls pile up: %', used_memory() - used > 16384;
END
$$;

SET client_min_messages = error;
DROP TABLE doc CASCADE;
DROP OWNED BY regress_expect_owner, regress_expect_stranger CASCADE;
DROP ROLE regress_expect_owner, regress_expect_stranger;
DROP FUNCTION outcome, outcomes, used_memory;
