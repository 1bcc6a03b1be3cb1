-- Section 10: skip_check(), by which the table's owner overwrites what is stale, until the end of the transaction.
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
CREATE ROLE regress_skip_owner;
CREATE ROLE regress_skip_member IN ROLE regress_skip_owner;
CREATE ROLE regress_skip_stranger;
GRANT CREATE ON SCHEMA public TO regress_skip_owner, regress_skip_stranger;

-- What a command would do: change how many rows, or raise which error.  It is undone.
CREATE FUNCTION outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE command;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = n || ' rows';
EXCEPTION
	WHEN SQLSTATE 'ZZ001' THEN RETURN SQLERRM;
	WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

SET ROLE regress_skip_owner;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
CREATE TABLE other (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true);
SELECT concurrency.attach('other', blind => 'reject', guard_delete => true);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 5), (3, 'c', 5);
INSERT INTO other VALUES (1, 'a', 5);
GRANT ALL ON doc, other TO regress_skip_stranger;
\set stale 'UPDATE doc SET body = \'forced\', version = 3 WHERE id = 1'

-- what is written is what was sent; it bumps all the same
:stale;
BEGIN;
SELECT concurrency.skip_check('doc');
:stale;
UPDATE doc SET body = 'blind' WHERE id = 2;
UPDATE doc SET body = 'echo', version = 5 WHERE id = 3;
SELECT * FROM doc ORDER BY id;
-- ... an increment that fits is kept, and one that is wrong is no token
UPDATE doc SET version = version + 1 WHERE id = 2;
UPDATE doc SET version = NULL WHERE id = 3;
SELECT * FROM doc ORDER BY id;
DELETE FROM doc WHERE id = 3;
-- ... of that table only
SELECT outcome('UPDATE other SET version = 3'), outcome('DELETE FROM other');
COMMIT;
-- nothing is left of it
:stale;
SELECT outcome('UPDATE doc SET body = NULL'), outcome('DELETE FROM doc');
SELECT * FROM doc ORDER BY id;

-- an expectation is not looked at either
BEGIN;
SELECT concurrency.skip_check('doc'), concurrency.expect('doc', 1);
:stale;
ROLLBACK;

-- no table: all that the role owns; enabled => false; the newest word counts
BEGIN;
SELECT concurrency.skip_check();
SELECT outcome(:'stale'), outcome('UPDATE other SET version = 3');
SELECT concurrency.skip_check('other', false);
SELECT outcome(:'stale'), outcome('UPDATE other SET version = 3');
SELECT concurrency.skip_check(enabled => false);
SELECT outcome(:'stale'), outcome('UPDATE other SET version = 3');
SELECT concurrency.skip_check('other');
SELECT outcome(:'stale'), outcome('UPDATE other SET version = 3');
SELECT concurrency.skip_check(NULL, true);
SELECT outcome(:'stale'), outcome('UPDATE other SET version = 3');
ROLLBACK;

-- Who: the owner, a member of its role, a superuser; nobody else.
SET ROLE regress_skip_member;
BEGIN;
SELECT concurrency.skip_check('doc');
SELECT outcome(:'stale');
-- ... which is no gift to the roles that come after
SET LOCAL ROLE regress_skip_stranger;
SELECT outcome(:'stale');
SET LOCAL ROLE regress_skip_owner;
SELECT outcome(:'stale');
ROLLBACK;
RESET ROLE;
BEGIN;
SELECT concurrency.skip_check();
SELECT outcome(:'stale');
ROLLBACK;
SET ROLE regress_skip_stranger;
\set VERBOSITY default
SELECT concurrency.skip_check('doc');
\set VERBOSITY sqlstate
SELECT concurrency.skip_check('doc');
SELECT concurrency.skip_check('doc', false);
BEGIN;
SELECT concurrency.skip_check();
SELECT outcome(:'stale'), outcome('UPDATE doc SET body = NULL'), outcome('DELETE FROM doc');
ROLLBACK;

-- The owner's SECURITY DEFINER function forces one write, and leaves nothing behind for its caller.
SET ROLE regress_skip_owner;
CREATE FUNCTION force_save(which int, new_body text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT concurrency.skip_check('doc');
	UPDATE doc SET body = new_body WHERE id = which;
$$;
CREATE FUNCTION force_save_and_end(which int, new_body text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT concurrency.skip_check('doc');
	UPDATE doc SET body = new_body WHERE id = which;
	SELECT concurrency.skip_check('doc', false);
$$;
CREATE FUNCTION save(which int, new_body text, token int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE doc SET body = new_body, version = token WHERE id = which';
CREATE FUNCTION save_blindly(which int, new_body text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE doc SET body = new_body WHERE id = which';
CREATE FUNCTION remove(which int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'DELETE FROM doc WHERE id = which';
SET ROLE regress_skip_stranger;
BEGIN;
SELECT force_save(1, 'by function');
SELECT outcome(:'stale'), outcome('UPDATE doc SET body = NULL'), outcome('DELETE FROM doc');
-- ... but for the owner's other functions it holds, unless the first one ends it
SELECT outcome('SELECT save(1, NULL, 3)');
SELECT force_save_and_end(1, 'by function');
SELECT outcome('SELECT save(1, NULL, 3)'), outcome('SELECT save_blindly(1, NULL)');
ROLLBACK;

-- A stranger's word does not reach the owner's functions, whichever order.
BEGIN;
SELECT concurrency.skip_check();
SELECT outcome('SELECT save(1, NULL, 3)'), outcome('SELECT save_blindly(1, NULL)'), outcome('SELECT remove(1)');
ROLLBACK;
-- ... nor can a stranger end what the owner said
BEGIN;
SET LOCAL ROLE regress_skip_owner;
SELECT concurrency.skip_check();
SET LOCAL ROLE regress_skip_stranger;
SELECT concurrency.skip_check(enabled => false);
SELECT outcome('SELECT save(1, NULL, 3)');
ROLLBACK;

-- Nor does a stranger's own foreign key, whose action sets off a trigger of the stranger's.
CREATE TABLE strange_parent (id int PRIMARY KEY);
CREATE TABLE strange_child (id int PRIMARY KEY REFERENCES strange_parent ON UPDATE CASCADE ON DELETE CASCADE);
INSERT INTO strange_parent VALUES (1);
INSERT INTO strange_child VALUES (1);
CREATE FUNCTION run_command() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE current_setting('regress.command');
	RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER run_command BEFORE UPDATE OR DELETE ON strange_child FOR EACH ROW EXECUTE FUNCTION run_command();
-- What a command does when it runs below a foreign key's action.
CREATE FUNCTION outcome_below_cascade(command text) RETURNS text LANGUAGE sql AS $$
	SELECT set_config('regress.command', command, true);
	SELECT concat_ws(', ', outcome('UPDATE strange_parent SET id = id + 1'), outcome('DELETE FROM strange_parent'));
$$;
GRANT ALL ON strange_parent, strange_child TO regress_skip_owner;
BEGIN;
SELECT concurrency.skip_check();
SELECT command, outcome_below_cascade(command) FROM (VALUES
	('SELECT save(1, NULL, 3)'),
	('SELECT save_blindly(1, NULL)'),
	('SELECT remove(1)'),
	('UPDATE doc SET version = 3'),
	('UPDATE doc SET body = NULL'),
	('DELETE FROM doc')) AS attack(command);
ROLLBACK;
SELECT * FROM doc ORDER BY id;

-- ... not even where the function's write looks like a foreign key's action: no folder is gone
RESET ROLE;
BEGIN;
SET LOCAL ROLE regress_skip_owner;
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1), (2);
ALTER TABLE doc ADD COLUMN folder int DEFAULT 1 REFERENCES folder ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE other ADD COLUMN folder int REFERENCES folder;
CREATE FUNCTION move(which int, new_folder int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE doc SET folder = new_folder WHERE id = which';
CREATE FUNCTION move_other(which int, new_folder int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE other SET folder = new_folder WHERE id = which';
SET LOCAL ROLE regress_skip_stranger;
SELECT command, outcome_below_cascade(command) FROM (VALUES
	('SELECT move_other(1, 2)'),
	('SELECT move(1, 2)'),
	('SELECT remove(1)')) AS attack(command);
-- ... and the real one goes through
SET LOCAL ROLE regress_skip_owner;
UPDATE folder SET id = 3 WHERE id = 1;
SELECT * FROM doc ORDER BY id;
DELETE FROM folder WHERE id = 3;
SELECT * FROM doc ORDER BY id;
ROLLBACK;

-- A partitioned table stands for its partitions, each partition for itself; partitions may have owners of their own.
SET ROLE regress_skip_owner;
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (20) PARTITION BY RANGE (id);
CREATE TABLE part_low_1 PARTITION OF part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_low_2 PARTITION OF part_low FOR VALUES FROM (10) TO (20);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (20) TO (30);
SELECT concurrency.attach('part', blind => 'reject');
INSERT INTO part VALUES (1, 'a', 5), (11, 'b', 5), (21, 'c', 5);
GRANT ALL ON part TO regress_skip_stranger;
-- Which rows can be overwritten.
CREATE FUNCTION writable() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(id || ': ' || outcome('UPDATE part SET version = 3 WHERE id = ' || id), ', ' ORDER BY id) FROM unnest('{1,11,21}'::int[]) AS id;
$$;
BEGIN;
SELECT concurrency.skip_check('part_low_1');
SELECT writable();
SELECT concurrency.skip_check('part_low');
SELECT writable();
SELECT concurrency.skip_check('part');
SELECT writable();
-- ... a row that moves is a row of the partition that it leaves
SELECT concurrency.skip_check('part', false), concurrency.skip_check('part_low_2');
SELECT outcome('UPDATE part SET id = 22, version = 3 WHERE id = 11'), outcome('UPDATE part SET id = 12, version = 3 WHERE id = 21');
SELECT * FROM part ORDER BY id;
ROLLBACK;
RESET ROLE;
ALTER TABLE part_high OWNER TO regress_skip_stranger;
SET ROLE regress_skip_stranger;
BEGIN;
SELECT concurrency.skip_check('part_high');
SELECT writable();
SELECT concurrency.skip_check('part_high', false), concurrency.skip_check();
SELECT writable();
ROLLBACK;
SELECT concurrency.skip_check('part');
SELECT concurrency.skip_check('part_low');
SET ROLE regress_skip_owner;
BEGIN;
SELECT concurrency.skip_check('part');
SELECT writable();
-- ... whoever owns a partitioned table may disable the triggers of all partitions
SELECT concurrency.skip_check('part', false), concurrency.skip_check('part_high');
SELECT writable();
ROLLBACK;

-- Savepoints, errors, the end of the transaction.
BEGIN;
SAVEPOINT a;
SELECT concurrency.skip_check('doc');
SAVEPOINT b;
SELECT concurrency.skip_check('doc', false);
SELECT outcome(:'stale');
ROLLBACK TO b;
SELECT outcome(:'stale');
RELEASE b;
SELECT outcome(:'stale');
SELECT 1 / 0;
ROLLBACK TO a;
SELECT outcome(:'stale');
SAVEPOINT c;
SAVEPOINT d;
SELECT concurrency.skip_check('doc');
RELEASE d;
RELEASE c;
SELECT outcome(:'stale');
RESET ALL;
DISCARD PLANS;
SELECT outcome(:'stale');
COMMIT AND CHAIN;
SELECT outcome(:'stale');
SELECT concurrency.skip_check('doc');
ROLLBACK AND CHAIN;
SELECT outcome(:'stale');
COMMIT;
-- ... a statement is a transaction
SELECT concurrency.skip_check('doc');
SELECT outcome(:'stale');
-- ... blocks of PL/pgSQL
\set VERBOSITY terse
DO $$
BEGIN
	BEGIN
		PERFORM concurrency.skip_check('doc');
		RAISE NOTICE 'inside: %', outcome('UPDATE doc SET version = 3');
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		RAISE NOTICE 'rolled back: %', outcome('UPDATE doc SET version = 3');
	END;
	BEGIN
		PERFORM concurrency.skip_check('doc');
	EXCEPTION WHEN OTHERS THEN
	END;
	RAISE NOTICE 'block that went well: %', outcome('UPDATE doc SET version = 3');
	COMMIT;
	RAISE NOTICE 'after COMMIT: %', outcome('UPDATE doc SET version = 3');
	PERFORM concurrency.skip_check('doc');
	ROLLBACK;
	RAISE NOTICE 'after ROLLBACK: %', outcome('UPDATE doc SET version = 3');
END
$$;
\set VERBOSITY sqlstate

-- What Django's disable_concurrency does: a stale save without the version in WHERE.
BEGIN;
SELECT concurrency.skip_check('doc');
UPDATE doc SET body = 'saved by Django', version = 1 WHERE id = 2 RETURNING *;
COMMIT;

-- Bad input.
SELECT concurrency.skip_check('doc', NULL);
SELECT concurrency.skip_check('doc', 'perhaps');
SELECT concurrency.skip_check('nowhere');
SELECT concurrency.skip_check(0::regclass);
SELECT concurrency.skip_check('doc_pkey');
SELECT concurrency.skip_check('pg_class');
CREATE TABLE plain (id int, version int);
SELECT concurrency.skip_check('plain');
\set VERBOSITY default
SELECT concurrency.skip_check('plain');
SELECT concurrency.skip_check('doc', NULL);
SELECT concurrency.skip_check(4294967295::oid::regclass);
\set VERBOSITY sqlstate

\set VERBOSITY terse
-- Calls do not pile up in a transaction, also not in its subtransactions.
RESET ROLE;
CREATE FUNCTION used_memory() RETURNS bigint LANGUAGE sql AS
	$$ SELECT used_bytes FROM pg_backend_memory_contexts WHERE name = 'TopTransactionContext' $$;
DO $$
DECLARE
	used bigint := used_memory();
BEGIN
	FOR i IN 1..CASE current_setting('debug_discard_caches') WHEN '0' THEN 100000 ELSE 100 END LOOP
		PERFORM concurrency.skip_check('doc', i % 2 = 0), concurrency.skip_check();
	END LOOP;
	RAISE NOTICE 'calls pile up: %', used_memory() - used > 16384;
END
$$;
DO $$
DECLARE
	used bigint := used_memory();
BEGIN
	FOR i IN 1..CASE current_setting('debug_discard_caches') WHEN '0' THEN 10000 ELSE 100 END LOOP
		BEGIN
			PERFORM concurrency.skip_check('doc');
		EXCEPTION WHEN OTHERS THEN
		END;
	END LOOP;
	RAISE NOTICE 'calls in subtransactions pile up: %', used_memory() - used > 16384;
END
$$;
DO $$
DECLARE
	used bigint := used_memory();
BEGIN
	FOR i IN 1..CASE current_setting('debug_discard_caches') WHEN '0' THEN 10000 ELSE 100 END LOOP
		BEGIN
			PERFORM concurrency.skip_check('doc');
			RAISE EXCEPTION USING ERRCODE = 'ZZ001';
		EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		END;
	END LOOP;
	RAISE NOTICE 'calls in failed subtransactions pile up: %', used_memory() - used > 16384;
END
$$;

SET client_min_messages = error;
DROP OWNED BY regress_skip_stranger, regress_skip_member, regress_skip_owner CASCADE;
DROP ROLE regress_skip_stranger, regress_skip_member, regress_skip_owner;
DROP FUNCTION outcome, used_memory;
