-- Section 8: what was asserted counts as said: the row is locked, so that a later write of that very row is not blind.
\set SHOW_CONTEXT never
\set VERBOSITY terse
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 6), (3, 'c', 7), (4, 'd', 8), (5, 'e', NULL);

-- several rows at several versions are several calls
BEGIN;
SELECT concurrency.assert_current('doc', to_jsonb(id), version) FROM doc WHERE id <> 4;
UPDATE doc SET body = 'changed' WHERE id < 3 RETURNING *;
DELETE FROM doc WHERE id = 3 RETURNING *;
UPDATE doc SET body = 'changed' WHERE id = 5 RETURNING *;
COMMIT;
-- ... no other row, and not in the next transaction
BEGIN;
SELECT concurrency.assert_current('doc', '1', 6);
UPDATE doc SET body = 'another row' WHERE id = 2;
ROLLBACK;
UPDATE doc SET body = 'too late' WHERE id = 1;
-- ... not what is rolled back, with which the lock goes
BEGIN;
SAVEPOINT s;
SELECT concurrency.assert_current('doc', '1', 6);
ROLLBACK TO s;
UPDATE doc SET body = 'no longer locked' WHERE id = 1;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SAVEPOINT t;
SELECT concurrency.assert_current('doc', '1', 6);
RELEASE t;
RELEASE s;
SAVEPOINT u;
SELECT concurrency.assert_current('doc', '2', 7);
ROLLBACK TO u;
UPDATE doc SET body = 'handed to the parent' WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'rolled back' WHERE id = 2;
ROLLBACK;
-- ... nor what was stale
BEGIN;
SAVEPOINT s;
SELECT concurrency.assert_current('doc', '1', 5);
ROLLBACK TO s;
UPDATE doc SET body = 'stale' WHERE id = 1;
ROLLBACK;
-- Once: the next write of the row is another's.
BEGIN;
SELECT concurrency.assert_current('doc', '1', 6);
UPDATE doc SET body = 'once' WHERE id = 1 RETURNING version;
UPDATE doc SET body = 'twice' WHERE id = 1;
ROLLBACK;

-- A token that is sent has to fit all the same, and so has an expectation.
BEGIN;
SELECT concurrency.assert_current('doc', '1', 6);
SAVEPOINT s;
UPDATE doc SET body = 'stale', version = 5 WHERE id = 1;
ROLLBACK TO s;
SELECT concurrency.expect('doc', 5);
UPDATE doc SET body = 'stale' WHERE id = 1;
ROLLBACK;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 6);
UPDATE doc SET body = 'fits', version = 6 WHERE id = 1 RETURNING *;
COMMIT;

-- An upsert brings no deleted row back, and is not blind.
BEGIN;
SELECT concurrency.assert_current('doc', '3', 7);
ROLLBACK;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 7);
INSERT INTO doc VALUES (1, 'upserted') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body RETURNING *;
COMMIT;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 8);
MERGE INTO doc USING (VALUES (1)) AS s(i) ON id = i WHEN MATCHED THEN UPDATE SET body = 'merged';
SELECT concurrency.assert_current('doc', '1', 9);
MERGE INTO doc USING (VALUES (1)) AS s(i) ON id = i WHEN MATCHED THEN DELETE;
ROLLBACK;

-- "warn" warns of the others only; where "concurrency.blind_writes" says so, too.
SELECT concurrency.attach('doc', blind => 'warn', guard_delete => false);
BEGIN;
SELECT concurrency.assert_current('doc', '1', 8);
UPDATE doc SET body = 'changed' WHERE id < 3 RETURNING *;
ROLLBACK;
SELECT concurrency.attach('doc', protocol => 'ignore', blind => '');
BEGIN;
SET LOCAL concurrency.blind_writes = 'reject';
SELECT concurrency.assert_current('doc', '1', 8);
UPDATE doc SET body = 'ignored', version = 1 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'ignored', version = 1 WHERE id = 2 RETURNING *;
ROLLBACK;
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true, protocol => '');

-- For who asserted it: another role has to say so itself.
CREATE ROLE regress_asserter;
CREATE FUNCTION save(no int, new_body text) RETURNS SETOF doc LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS 'UPDATE doc SET body = new_body WHERE id = no RETURNING *';
-- ... who may SELECT and UPDATE some columns only may assert
GRANT SELECT (id, version), UPDATE (body) ON doc TO regress_asserter;
SET ROLE regress_asserter;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 8);
SAVEPOINT s;
SELECT * FROM save(1, 'by the owner');
ROLLBACK TO s;
UPDATE doc SET body = 'by the asserter' WHERE id = 1 RETURNING id, version;
COMMIT;
RESET ROLE;

-- Where row security holds, as it holds for a SELECT.
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY first_rows ON doc TO regress_asserter USING (id < 2);
SET ROLE regress_asserter;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 9);
UPDATE doc SET body = 'mine' WHERE id = 1 RETURNING id, version;
SELECT concurrency.assert_current('doc', '2', 7);
ROLLBACK;
-- ... but a row that a policy locks is not asserted
RESET ROLE;
CREATE TABLE other (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('other', blind => 'reject');
INSERT INTO other VALUES (1, 'x', 3);
GRANT SELECT, UPDATE ON other TO regress_asserter;
CREATE POLICY by_other ON doc AS RESTRICTIVE TO regress_asserter USING (EXISTS (SELECT FROM other FOR UPDATE));
SET ROLE regress_asserter;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 9);
SAVEPOINT s;
UPDATE other SET body = 'blind' WHERE id = 1;
ROLLBACK TO s;
UPDATE doc SET body = 'mine' WHERE id = 1 RETURNING id, version;
ROLLBACK;
RESET ROLE;
ALTER TABLE doc DISABLE ROW LEVEL SECURITY;
DROP POLICY first_rows ON doc;
DROP POLICY by_other ON doc;
DROP TABLE other;
DROP FUNCTION save;
DROP OWNED BY regress_asserter;
DROP ROLE regress_asserter;

-- Several version columns are each for itself.
CREATE TABLE two (id int PRIMARY KEY, body text, a int, b int);
SELECT concurrency.attach('two', 'a', blind => 'reject'), concurrency.attach('two', 'b', blind => 'reject');
INSERT INTO two VALUES (1, 'x', 5, 6);
BEGIN;
SELECT concurrency.assert_current('two', '1', 5, 'a');
SAVEPOINT s;
UPDATE two SET body = 'y' WHERE id = 1;
ROLLBACK TO s;
SELECT concurrency.assert_current('two', '1', 6, 'b');
UPDATE two SET body = 'y' WHERE id = 1 RETURNING *;
COMMIT;
DROP TABLE two;

-- Partitions: the row is where it was found, also by way of the partition or of its parent.
CREATE TABLE part (id int, no int, body text, version int, PRIMARY KEY (no, id)) PARTITION BY RANGE (id);
CREATE TABLE part_low (version int, body text, no int NOT NULL, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part', blind => 'reject', guard_delete => true);
INSERT INTO part VALUES (1, 1, 'a', 5), (11, 1, 'b', 6);
BEGIN;
SELECT concurrency.assert_current('part', '{"id": 1, "no": 1}', 5);
-- ... both rows are the first of their partition
SELECT ctid, tableoid::regclass FROM part;
SAVEPOINT s;
UPDATE part SET body = 'not this one' WHERE id = 11;
ROLLBACK TO s;
UPDATE part_low SET body = 'changed' RETURNING *;
SELECT concurrency.assert_current('part_high', '{"id": 11, "no": 1}', 6);
-- ... and is moved
UPDATE part SET id = 2 WHERE id = 11 RETURNING tableoid::regclass, *;
COMMIT;
DROP TABLE part;

-- A row that stands in another's place, after the table was rewritten, is another one.
CREATE TABLE shuffled (id int PRIMARY KEY, body text, version int);
CREATE INDEX by_body ON shuffled (body);
SELECT concurrency.attach('shuffled', blind => 'reject');
INSERT INTO shuffled VALUES (1, 'z', 5), (2, 'a', 6);
BEGIN;
SELECT concurrency.assert_current('shuffled', '1', 5);
CLUSTER shuffled USING by_body;
SELECT ctid, id FROM shuffled ORDER BY ctid;
UPDATE shuffled SET body = 'not this one' WHERE id = 2;
ROLLBACK;
BEGIN;
SELECT concurrency.assert_current('shuffled', '1', 5);
TRUNCATE shuffled;
INSERT INTO shuffled VALUES (3, 'c', 7);
UPDATE shuffled SET body = 'not this one' WHERE id = 3;
ROLLBACK;
DROP TABLE shuffled;

-- Foreign keys' actions are not asked, and take the row elsewhere.
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1);
ALTER TABLE doc ADD folder int REFERENCES folder ON UPDATE CASCADE;
UPDATE doc SET folder = 1, version = 9 WHERE id = 1;
BEGIN;
SELECT concurrency.assert_current('doc', '1', 10);
UPDATE folder SET id = 2;
UPDATE doc SET body = 'after the action' WHERE id = 1;
ROLLBACK;
-- ... a version that is the same, by the transaction's own write
BEGIN;
SELECT concurrency.assert_current('doc', '1', 10);
UPDATE doc SET body = 'mine', version = 10 WHERE id = 1 RETURNING version;
SELECT concurrency.assert_current('doc', '1', 11);
UPDATE doc SET body = 'mine again' WHERE id = 1 RETURNING version;
COMMIT;

-- Many.
CREATE TABLE many (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1);
SELECT concurrency.attach('many', blind => 'reject');
INSERT INTO many SELECT i FROM generate_series(1, 1000) AS i;
ANALYZE many;
BEGIN;
SELECT count(*) FROM (SELECT concurrency.assert_current('many', to_jsonb(id), 1) FROM many OFFSET 0) AS a;
UPDATE many SET body = 'changed';
COMMIT;
SELECT count(*), min(version), max(version) FROM many;
DROP TABLE many, doc, folder;
