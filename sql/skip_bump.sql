-- Section 10: skip_bump(), by which the table's owner writes without counting, until the end of the transaction; what
-- is written is checked as ever.
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
CREATE ROLE regress_bump_owner;
CREATE ROLE regress_bump_member IN ROLE regress_bump_owner;
CREATE ROLE regress_bump_stranger;
GRANT CREATE ON SCHEMA public TO regress_bump_owner, regress_bump_stranger;

-- What a command would do: return which version, else change how many rows, or raise which error.  It is undone.
CREATE FUNCTION outcome(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	stored text;
BEGIN
	IF command LIKE '%RETURNING%' THEN
		EXECUTE command INTO stored;
	ELSE
		EXECUTE command;
	END IF;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE EXCEPTION USING ERRCODE = 'ZZ001', MESSAGE = coalesce('version ' || stored, n || ' rows');
EXCEPTION
	WHEN SQLSTATE 'ZZ001' THEN RETURN SQLERRM;
	WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;

SET ROLE regress_bump_owner;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', NULL), (3, 'c', 5);
SELECT concurrency.attach('doc', guard_delete => true);
GRANT ALL ON doc TO regress_bump_stranger;

-- echo, increment and blind writes keep the version, NULL too; what is stale conflicts; the next reader's token fits
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'echo', version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'increment', version = 6 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'computed', version = version + 1 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'blind' WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'none', version = NULL WHERE id = 2 RETURNING *;
UPDATE doc SET body = 'first', version = 1 WHERE id = 2 RETURNING *;
SELECT outcome('UPDATE doc SET version = 4 WHERE id = 1'), outcome('UPDATE doc SET version = NULL WHERE id = 1'),
	   outcome('UPDATE doc SET version = 7 WHERE id = 1'), outcome('UPDATE doc SET version = 5 WHERE id = 2');
-- ... an inserted row gets its first version
INSERT INTO doc VALUES (4, 'new', NULL) RETURNING *;
DELETE FROM doc WHERE id = 4;
COMMIT;
UPDATE doc SET body = 'counts again', version = 5 WHERE id = 1 RETURNING *;

-- expectations and blind policies hold
BEGIN;
SELECT concurrency.skip_bump('doc'), concurrency.expect('doc', 4);
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3'), outcome('DELETE FROM doc WHERE id = 3');
SELECT concurrency.expect('doc', 5);
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3 RETURNING version'), outcome('DELETE FROM doc WHERE id = 3');
ROLLBACK;
RESET ROLE;
BEGIN;
SET LOCAL concurrency.blind_writes = 'reject';
SELECT concurrency.skip_bump();
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3'), outcome('DELETE FROM doc WHERE id = 3'),
	   outcome('UPDATE doc SET version = version WHERE id = 3 RETURNING version');
-- ... both switches: neither checked nor counted
SELECT concurrency.skip_check();
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3 RETURNING version'),
	   outcome('UPDATE doc SET version = 4 WHERE id = 3 RETURNING version'), outcome('DELETE FROM doc WHERE id = 3');
ROLLBACK;
SET ROLE regress_bump_owner;

-- watch and ignore change nothing of it; each column is kept for itself; another trigger's version is the writer's word
ALTER TABLE doc ADD COLUMN rev int DEFAULT 9, ADD COLUMN seen int;
SELECT concurrency.attach('doc', watch => 'body', guard_delete => false), concurrency.attach('doc', 'rev', ignore => 'body', protocol => 'increment');
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'x', version = 5 WHERE id = 3 RETURNING *;
UPDATE doc SET seen = 1, rev = 10 WHERE id = 3 RETURNING *;
UPDATE doc SET body = 'y', rev = 10 WHERE id = 3 RETURNING *;
SELECT outcome('UPDATE doc SET seen = 2, rev = 9 WHERE id = 3');
SELECT concurrency.skip_bump('doc', false);
UPDATE doc SET body = 'z', seen = 2, rev = 10 WHERE id = 3 RETURNING *;
ROLLBACK;
SELECT concurrency.detach('doc', 'rev');
ALTER TABLE doc DROP COLUMN rev, DROP COLUMN seen;

-- a conflict that only warns writes, and keeps the version; one that is skipped does not write; a handler's row
-- does as any other
\set VERBOSITY terse
SELECT concurrency.attach('doc', on_conflict => 'warn', watch => '');
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'stale', version = 1 WHERE id = 3 RETURNING *;
ROLLBACK;
SELECT concurrency.attach('doc', on_conflict => 'skip');
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'stale', version = 1 WHERE id = 3 RETURNING *;
ROLLBACK;
CREATE FUNCTION public.decide(current doc, attempted doc) RETURNS doc LANGUAGE sql AS
	$$ SELECT current.id, current.body || ' and ' || attempted.body, 77 $$;
SELECT concurrency.attach('doc', on_conflict => 'call=public.decide');
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'theirs', version = 1 WHERE id = 3 RETURNING *;
SELECT concurrency.skip_bump('doc', false);
UPDATE doc SET body = 'theirs', version = 1 WHERE id = 3 RETURNING *;
ROLLBACK;
\set VERBOSITY sqlstate
DROP FUNCTION public.decide CASCADE;
SELECT concurrency.attach('doc', on_conflict => '');

-- every kind
CREATE TABLE kinds (id int PRIMARY KEY, n int, ts timestamptz, micros bigint, random uuid, xact xid8);
INSERT INTO kinds VALUES (1, 0, '2026-11-23 12:00+00', 5, '00000000-0000-4000-8000-000000000001', '3'), (2, 0, 'infinity', NULL, NULL, NULL);
SELECT concurrency.attach('kinds', 'ts'), concurrency.attach('kinds', 'micros', kind => 'clock', protocol => 'auto'),
	   concurrency.attach('kinds', 'random'), concurrency.attach('kinds', 'xact');
BEGIN;
SELECT concurrency.skip_bump('kinds');
UPDATE kinds SET n = 1;
UPDATE kinds SET n = n + 1, ts = ts, micros = micros, random = random, xact = xact;
-- ... a clock's increment
UPDATE kinds SET n = n + 1, micros = 6 WHERE id = 1;
SELECT id, n, ts AT TIME ZONE 'UTC' AS ts, micros, random, xact FROM kinds ORDER BY id;
SELECT outcome('UPDATE kinds SET random = gen_random_uuid()'), outcome('UPDATE kinds SET micros = 4'), outcome('UPDATE kinds SET xact = ''4''');
-- ... the same writes count without it
SELECT concurrency.skip_bump('kinds', false);
UPDATE kinds SET n = 1 WHERE id = 1 RETURNING ts > '2026-11-23 12:00+00', micros > 5, random <> '00000000-0000-4000-8000-000000000001', xact = pg_current_xact_id();
ROLLBACK;
DROP TABLE kinds;

-- foreign keys' actions bump
CREATE TABLE folder (id int PRIMARY KEY);
ALTER TABLE doc ADD COLUMN folder int REFERENCES folder ON UPDATE CASCADE ON DELETE SET NULL;
INSERT INTO folder VALUES (1);
UPDATE doc SET folder = 1, version = 5 WHERE id = 3;
BEGIN;
SELECT concurrency.skip_bump();
UPDATE folder SET id = 2;
SELECT id, version, folder FROM doc WHERE id = 3;
DELETE FROM folder;
SELECT id, version, folder FROM doc WHERE id = 3;
COMMIT;

-- Who: the owner, a member of its role, a superuser; nobody else.
SET ROLE regress_bump_member;
BEGIN;
SELECT concurrency.skip_bump('doc');
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3 RETURNING version');
SET LOCAL ROLE regress_bump_stranger;
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3 RETURNING version');
ROLLBACK;
SET ROLE regress_bump_stranger;
SELECT concurrency.skip_bump('doc');
SELECT concurrency.skip_bump('doc', false);
SET ROLE regress_bump_owner;
CREATE FUNCTION shadow_save(new_body text) RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
	SELECT concurrency.skip_bump('doc');
	UPDATE doc SET body = new_body WHERE id = 3 RETURNING version;
$$;
CREATE FUNCTION save(new_body text) RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	'UPDATE doc SET body = new_body WHERE id = 3 RETURNING version';
SET ROLE regress_bump_stranger;
BEGIN;
SELECT shadow_save('by function');
SELECT outcome('UPDATE doc SET body = NULL WHERE id = 3 RETURNING version');
ROLLBACK;

-- A stranger cannot have the owner's function, or a foreign key's action, write without counting.
BEGIN;
SELECT concurrency.skip_bump();
SELECT save('by the owner''s function');
RESET ROLE;
SET LOCAL ROLE regress_bump_owner;
INSERT INTO folder VALUES (7), (8);
UPDATE doc SET folder = 7 WHERE id = 3 RETURNING version;
GRANT ALL ON folder TO regress_bump_stranger;
SET LOCAL ROLE regress_bump_stranger;
UPDATE folder SET id = 9 WHERE id = 7;
SELECT version FROM doc WHERE id = 3;
CREATE TABLE strange_parent (id int PRIMARY KEY);
CREATE TABLE strange_child (id int PRIMARY KEY REFERENCES strange_parent ON UPDATE CASCADE);
INSERT INTO strange_parent VALUES (1);
INSERT INTO strange_child VALUES (1);
CREATE FUNCTION save_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM save('below a cascade'); RETURN NEW; END $$;
CREATE TRIGGER save_more AFTER UPDATE ON strange_child FOR EACH ROW EXECUTE FUNCTION save_more();
UPDATE strange_parent SET id = 2;
SELECT body, version FROM doc WHERE id = 3;
ROLLBACK;

-- Where: a partitioned table stands for its partitions; NULL for all; the newest word counts.  How long: as long as
-- the savepoint.
SET ROLE regress_bump_owner;
CREATE TABLE part (id int PRIMARY KEY, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low (version int, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part');
INSERT INTO part VALUES (1, 5), (11, 5);
BEGIN;
SELECT concurrency.skip_bump('part_low');
UPDATE part SET version = 5 RETURNING *;
SELECT concurrency.skip_bump('part'), concurrency.skip_bump('part_low', false);
UPDATE part SET version = version RETURNING *;
SELECT concurrency.skip_bump('part');
-- ... a row that moves keeps its version, too
UPDATE part SET id = 12 WHERE id = 1 RETURNING *;
SAVEPOINT s;
SELECT concurrency.skip_bump(enabled => false);
UPDATE part SET version = version RETURNING *;
ROLLBACK TO s;
UPDATE part SET version = version RETURNING *;
RESET ALL;
UPDATE part SET version = version RETURNING *;
COMMIT;
UPDATE part SET version = version RETURNING *;
DO $$
BEGIN
	BEGIN
		PERFORM concurrency.skip_bump('part');
		RAISE EXCEPTION USING ERRCODE = 'ZZ001';
	EXCEPTION WHEN SQLSTATE 'ZZ001' THEN
		UPDATE part SET version = version;
	END;
END
$$;
TABLE part;

-- Bad input.
SELECT concurrency.skip_bump('part', NULL);
SELECT concurrency.skip_bump('nowhere');
SELECT concurrency.skip_bump('folder');
SELECT concurrency.skip_bump(0::regclass);

RESET ROLE;
SET client_min_messages = error;
DROP OWNED BY regress_bump_stranger, regress_bump_member, regress_bump_owner CASCADE;
DROP ROLE regress_bump_stranger, regress_bump_member, regress_bump_owner;
DROP FUNCTION outcome;
