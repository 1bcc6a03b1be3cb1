-- Section 8: an expectation that no write met fails open, so it is told before the commit, by a WARNING; a lone assertion, too.
\set SHOW_CONTEXT never
CREATE ROLE regress_web;
CREATE ROLE regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
GRANT regress_web TO regress_owner;
SET ROLE regress_owner;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', on_conflict => 'skip');
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 5);
GRANT SELECT, UPDATE, DELETE ON doc TO regress_web;

-- outside of a transaction block: the write that is meant comes in another transaction
SELECT concurrency.expect('doc', 4);
\set VERBOSITY sqlstate
SELECT concurrency.expect('doc', 4);
\set VERBOSITY terse
DELETE FROM doc WHERE id = 2;
-- ... all that a single statement does is one transaction
DO $$ BEGIN PERFORM concurrency.expect('doc', 5); UPDATE doc SET body = 'in a block' WHERE id = 1; END $$;
SELECT concurrency.expect('doc', 6) \; UPDATE doc SET body = 'in the same message' WHERE id = 1;
SELECT * FROM doc;

-- under another role, without guard_delete, where no row was found, or nothing was written at all
\set VERBOSITY default
BEGIN;
SELECT concurrency.expect('doc', 7);
SET LOCAL ROLE regress_web;
UPDATE doc SET body = 'by another role' WHERE id = 1 RETURNING version;
COMMIT;
\set VERBOSITY terse
BEGIN;
SELECT concurrency.expect('doc', 8);
UPDATE doc SET body = 'nobody' WHERE id = 99;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 8);
COMMIT;
SET ROLE regress_web;
BEGIN;
SELECT concurrency.expect('doc', 99);
DELETE FROM doc WHERE id = 1;
\set VERBOSITY default
COMMIT;
SET ROLE regress_owner;
\set VERBOSITY terse

-- It is met as soon as a write was judged by it, whatever became of that write: that passed ...
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 7);
BEGIN;
SELECT concurrency.expect('doc', 5);
UPDATE doc SET body = 'judged' WHERE id = 1;
COMMIT;
-- ... was skipped (one row of several is enough), or raised an error that was caught
BEGIN;
SELECT concurrency.expect('doc', 4);
UPDATE doc SET body = 'judged';
COMMIT;
SELECT concurrency.attach('doc', on_conflict => 'error', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 4);
DO $$ BEGIN DELETE FROM doc; EXCEPTION WHEN SQLSTATE 'PT409' THEN RAISE NOTICE 'caught'; END $$;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 6);
SAVEPOINT s;
UPDATE doc SET body = 'judged' WHERE id = 1 RETURNING version;
ROLLBACK TO s;
COMMIT;
-- ... or was refused for another reason
BEGIN;
SELECT concurrency.expect('doc', 6);
SAVEPOINT s;
UPDATE doc SET body = 'judged', version = 1 WHERE id = 1;
ROLLBACK TO s;
COMMIT;
-- ... by a trigger that is deferred until the commit, too
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE doc SET body = 'deferred' WHERE id = 1; RETURN NULL; END $$;
CREATE TABLE log (id int);
CREATE CONSTRAINT TRIGGER touch AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
BEGIN;
SELECT concurrency.expect('doc', 6);
INSERT INTO log VALUES (1);
COMMIT;
SELECT version FROM doc WHERE id = 1;
-- ... of a partition, of an inheritance child, of a partitioned table
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part');
INSERT INTO part VALUES (1, 'a', 5), (11, 'b', 5);
BEGIN;
SELECT concurrency.expect('part', 5);
UPDATE part_low SET body = 'judged';
SELECT concurrency.expect('part_high', 5);
UPDATE part SET body = 'judged' WHERE id = 11;
COMMIT;
BEGIN;
SELECT concurrency.expect('part_high', 6);
UPDATE part SET body = 'not judged' WHERE id = 1;
COMMIT;
DROP TABLE part;

-- No such write is what the transaction has written itself since, a foreign key's action, or what skip_check lets pass.
BEGIN;
SELECT concurrency.expect('doc', 6);
INSERT INTO doc VALUES (3, 'mine', 1);
UPDATE doc SET body = 'mine' WHERE id = 3;
COMMIT;
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1);
ALTER TABLE doc ADD folder int REFERENCES folder ON UPDATE CASCADE;
UPDATE doc SET folder = 1 WHERE id = 3;
BEGIN;
SELECT concurrency.expect('doc', 3);
UPDATE folder SET id = 2;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 6), concurrency.skip_check('doc');
UPDATE doc SET body = 'forced' WHERE id = 3;
COMMIT;

-- One that is taken back, or rolled back, is none.
BEGIN;
SELECT concurrency.expect('doc', 4);
SELECT concurrency.expect('doc', NULL);
COMMIT;
BEGIN;
SAVEPOINT s;
SELECT concurrency.expect('doc', 4);
ROLLBACK TO s;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 4);
ROLLBACK;
BEGIN;
SELECT concurrency.expect('doc', 4);
SAVEPOINT s;
SELECT concurrency.expect('doc', NULL);
ROLLBACK TO s;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 4);
SAVEPOINT s;
SELECT concurrency.expect('doc', NULL);
RELEASE s;
COMMIT;
-- One that is replaced before a write met it is told, of several the first; of another version only.
BEGIN;
SELECT concurrency.expect('doc', 1), concurrency.expect('doc', 2), concurrency.expect('doc', 3), concurrency.expect('doc', 7);
UPDATE doc SET body = 'judged' WHERE id = 1;
\set VERBOSITY default
COMMIT;
\set VERBOSITY terse
BEGIN;
SELECT concurrency.expect('doc', 8), concurrency.expect('doc', 8);
SAVEPOINT s;
SELECT concurrency.expect('doc', 8);
RELEASE s;
UPDATE doc SET body = 'judged' WHERE id = 1;
SELECT concurrency.expect('doc', 7);
UPDATE doc SET body = 'judged' WHERE id = 2;
COMMIT;
BEGIN;
SELECT concurrency.expect('doc', 1);
SAVEPOINT s;
SELECT concurrency.expect('doc', 9);
UPDATE doc SET body = 'judged' WHERE id = 1;
RELEASE s;
COMMIT;

-- Several: each is told. A procedure's COMMIT tells, too, and the table's name is that of the time.
CREATE TABLE gone (id uuid PRIMARY KEY, version timestamptz);
SELECT concurrency.attach('gone');
SET TimeZone = 'UTC';
\set VERBOSITY default
-- ... a role that is gone at the commit, too
RESET ROLE;
CREATE ROLE regress_gone;
BEGIN;
SET LOCAL ROLE regress_gone;
SELECT concurrency.expect('doc', 4);
RESET ROLE;
DROP ROLE regress_gone;
\set VERBOSITY terse
COMMIT;
SET ROLE regress_owner;
\set VERBOSITY default
BEGIN;
SELECT concurrency.expect('gone', '2026-11-28 12:00+00'), concurrency.expect('doc', 4);
DROP TABLE gone;
COMMIT;
CREATE PROCEDURE save() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM concurrency.expect('doc', 10);
	COMMIT;
	UPDATE doc SET body = 'after the commit' WHERE id = 1;
	PERFORM concurrency.expect('doc', 11);
	UPDATE doc SET body = 'before the commit' WHERE id = 1;
	COMMIT;
END
$$;
CALL save();
BEGIN;
SET LOCAL ROLE regress_web;
SELECT concurrency.expect('doc', 4);
RESET ROLE;
ALTER ROLE regress_web RENAME TO regress_renamed;
COMMIT;
ALTER ROLE regress_renamed RENAME TO regress_web;
SET ROLE regress_owner;
-- ... it is never an error, and who has no messages of that level gets none
SET client_min_messages = error;
SELECT concurrency.expect('doc', 4);
RESET client_min_messages;

-- An assertion is told where it is all that its transaction does, so that the lock has held off nobody.
SELECT concurrency.assert_current('doc', '1', 12);
\set VERBOSITY sqlstate
SELECT concurrency.assert_current('doc', '1', 12);
\set VERBOSITY default
DO $$ BEGIN PERFORM concurrency.assert_current('doc', '1', 12); PERFORM FROM doc; END $$;
SELECT concurrency.assert_current('doc', '1', 12) \; SELECT 1;
-- ... not in a transaction block, and not where something is written, which it may guard
BEGIN;
SELECT concurrency.assert_current('doc', '1', 12);
COMMIT;
-- ... by the same statement, too
WITH guard AS MATERIALIZED (SELECT concurrency.assert_current('doc', '1', 12)) INSERT INTO log SELECT 3 FROM guard WHERE false;
WITH guard AS MATERIALIZED (SELECT concurrency.assert_current('doc', '1', 12)) UPDATE doc SET body = 'by one statement' FROM guard WHERE id = 1 RETURNING version;
UPDATE doc SET body = 'by one statement' WHERE id = 1 AND concurrency.assert_current('doc', '1', 13) IS NOT NULL RETURNING version;
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM concurrency.assert_current('doc', '1', 14);
	RETURN NULL;
END
$$;
CREATE TABLE guarded (id int);
CREATE TRIGGER guard AFTER INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard();
INSERT INTO guarded VALUES (1);
DROP TABLE guarded;
DROP FUNCTION guard;
DO $$ BEGIN PERFORM concurrency.assert_current('doc', '1', 14); INSERT INTO log VALUES (2); END $$;
DO $$ BEGIN PERFORM concurrency.assert_current('doc', '1', 15); UPDATE doc SET body = 'asserted' WHERE id = 1; END $$;
SELECT concurrency.is_current('doc', '1', 16);

DROP TABLE log, doc, folder;
DROP FUNCTION touch;
DROP PROCEDURE save;
RESET ROLE;
DROP OWNED BY regress_owner;
DROP ROLE regress_web, regress_owner;
