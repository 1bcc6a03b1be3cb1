-- Section 8: a DELETE is looked at only where the trigger is attached for it (guard_delete).
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text DEFAULT 'a', version int);
INSERT INTO doc (id, version) SELECT id, 5 FROM generate_series(1, 9) AS id;

-- without: a DELETE is none of our business
SELECT concurrency.attach('doc', blind => 'reject');
SELECT guard_delete FROM concurrency.attachments;
BEGIN;
SELECT concurrency.expect('doc', 4);
DELETE FROM doc WHERE id = 9;
ROLLBACK;

-- with: by the blind policy
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true);
SELECT guard_delete FROM concurrency.attachments;
DELETE FROM doc WHERE id = 9;
DELETE FROM doc WHERE id = 9 AND version = 5;
DELETE FROM doc WHERE id = 99;
SELECT concurrency.attach('doc', blind => 'warn', guard_delete => true);
DELETE FROM doc WHERE id IN (8, 9) RETURNING id;
SELECT concurrency.attach('doc', guard_delete => true, blind => '');
DELETE FROM doc WHERE id = 7 RETURNING id;
\set VERBOSITY sqlstate
SET concurrency.blind_writes = 'reject';
DELETE FROM doc WHERE id = 6;
RESET concurrency.blind_writes;

-- ... and by the expectation: error, skip, warn, call; the rows that go are counted
\set VERBOSITY default
BEGIN;
SELECT concurrency.expect('doc', 4);
DELETE FROM doc WHERE id = 6;
ROLLBACK;
\set VERBOSITY terse
UPDATE doc SET version = 5 WHERE id = 5;
SELECT concurrency.attach('doc', on_conflict => 'skip', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 5);
WITH gone AS (DELETE FROM doc RETURNING id) SELECT array_agg(id ORDER BY id) FROM gone;
SELECT * FROM doc ORDER BY id;
ROLLBACK;
SELECT concurrency.attach('doc', on_conflict => 'warn', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 5);
DELETE FROM doc WHERE id > 4 RETURNING *;
ROLLBACK;
CREATE FUNCTION decide(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	IF NOT attempted IS NULL THEN
		RAISE 'a DELETE attempts no row';
	ELSIF current.id = 4 THEN
		RAISE 'row 4 stays' USING ERRCODE = 'ZZ002';
	END IF;
	RETURN CASE WHEN current.id <> 3 THEN current END;
END
$$;
SELECT concurrency.attach('doc', on_conflict => 'call=public.decide', guard_delete => true);
BEGIN;
SELECT concurrency.expect('doc', 4);
DELETE FROM doc WHERE id IN (2, 3) RETURNING id;
DELETE FROM doc WHERE id = 4;
ROLLBACK;
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true, on_conflict => '');
DROP FUNCTION decide;

-- USING, a writable CTE, MERGE, a cursor: each row is looked at once; TRUNCATE deletes no rows
BEGIN;
SELECT concurrency.expect('doc', 5);
DELETE FROM doc USING (VALUES (1), (1), (2)) AS gone(id) WHERE doc.id = gone.id RETURNING doc.id;
WITH gone AS (DELETE FROM doc WHERE id = 3 RETURNING id) SELECT * FROM gone;
DECLARE c CURSOR FOR SELECT * FROM doc WHERE id = 4 FOR UPDATE;
FETCH c;
DELETE FROM doc WHERE CURRENT OF c;
MERGE INTO doc USING (VALUES (6)) AS gone(id) ON doc.id = gone.id WHEN MATCHED THEN DELETE;
SELECT * FROM doc ORDER BY id;
SAVEPOINT s;
MERGE INTO doc USING (VALUES (5)) AS gone(id) ON doc.id = gone.id WHEN MATCHED THEN DELETE;
ROLLBACK TO s;
DELETE FROM doc WHERE id = 5;
ROLLBACK;
BEGIN;
SELECT concurrency.expect('doc', 4);
TRUNCATE doc;
ROLLBACK;

-- an UPDATE that was skipped is no judgement of the DELETE that follows in the same MERGE
SELECT concurrency.attach('doc', blind => 'reject', on_conflict => 'skip', guard_delete => true);
BEGIN;
MERGE INTO doc USING (VALUES (1, 'update'), (1, 'delete')) AS action(id, what) ON doc.id = action.id
	WHEN MATCHED AND what = 'update' THEN UPDATE SET version = 0
	WHEN MATCHED THEN DELETE;
ROLLBACK;
SELECT concurrency.attach('doc', blind => 'reject', guard_delete => true, on_conflict => '');

-- a trigger that sorts before ours, and keeps the row, comes first
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER aa_keep BEFORE DELETE ON doc FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION keep();
DELETE FROM doc WHERE id = 1;
DROP TRIGGER aa_keep ON doc;

-- foreign keys' actions are never refused, also where the child's and the parent's versions differ from what is expected
CREATE TABLE child (id int PRIMARY KEY REFERENCES doc ON DELETE CASCADE, version int);
CREATE TABLE grandchild (id int PRIMARY KEY REFERENCES child ON DELETE CASCADE, version int);
SELECT concurrency.attach(tab, blind => 'reject', on_conflict => 'skip', guard_delete => true) FROM unnest('{child,grandchild}'::regclass[]) AS tab;
INSERT INTO child VALUES (1, 7), (2, 7);
INSERT INTO grandchild VALUES (1, 8), (2, 8);
BEGIN;
SELECT concurrency.expect('doc', 5), concurrency.expect('child', 1), concurrency.expect('grandchild', 1);
DELETE FROM doc WHERE id = 1;
TABLE child;
TABLE grandchild;
-- ... a client's own DELETE is
DELETE FROM grandchild;
COMMIT;
DELETE FROM grandchild;
DROP TABLE grandchild, child;

-- partitions: each keeps its trigger; the DELETE that is half of a move was judged as an UPDATE
CREATE TABLE part (id int PRIMARY KEY, body text, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low (version int, body text, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part', blind => 'reject', guard_delete => true);
INSERT INTO part VALUES (1, 'a', 5), (2, 'b', 5), (11, 'c', 5);
DELETE FROM part WHERE id = 1;
DELETE FROM part_high WHERE id = 11;
UPDATE part SET id = 12, version = 5 WHERE id = 1 RETURNING tableoid::regclass, *;
UPDATE part SET id = 13, version = 4 WHERE id = 2;
UPDATE part SET id = 13 WHERE id = 2;
-- ... an increment, which stays in its partition, and one that leaves it
UPDATE part SET id = CASE id WHEN 11 THEN 3 ELSE 13 END, version = version + 1 WHERE id IN (2, 11) RETURNING tableoid::regclass, *;
-- ... a MERGE that moves one row and deletes another
MERGE INTO part USING (VALUES (3, 'move'), (12, 'delete')) AS action(id, what) ON part.id = action.id
	WHEN MATCHED AND what = 'move' THEN UPDATE SET id = 14, version = 6
	WHEN MATCHED THEN DELETE;
SELECT concurrency.attach('part', blind => 'reject', on_conflict => 'skip', guard_delete => true);
-- ... or skips one row's move, and would delete it then
MERGE INTO part USING (VALUES (3, 'move'), (3, 'delete')) AS action(id, what) ON part.id = action.id
	WHEN MATCHED AND what = 'move' THEN UPDATE SET id = 14, version = 4
	WHEN MATCHED THEN DELETE;
UPDATE part SET id = 4, version = 4 WHERE id = 12 RETURNING *;
SELECT tableoid::regclass, * FROM part ORDER BY id;
DROP TABLE part;

-- inheritance: the children are attached, too
CREATE TABLE base (id int PRIMARY KEY, version int);
CREATE TABLE derived (PRIMARY KEY (id)) INHERITS (base);
SELECT concurrency.attach('base', blind => 'reject', guard_delete => true);
INSERT INTO derived VALUES (1, 5);
DELETE FROM base;
DELETE FROM derived;
SELECT concurrency.attach('base', blind => 'reject', guard_delete => false);
DELETE FROM base RETURNING *;
DROP TABLE derived, base;

-- attached again without it: a DELETE is none of our business again
SELECT concurrency.attach('doc', guard_delete => false);
DELETE FROM doc WHERE id = 2 RETURNING *;
DROP TABLE doc;
