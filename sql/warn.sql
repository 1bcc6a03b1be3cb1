-- Section 9, on_conflict=warn: a stale write goes through and bumps, and warns, so that one finds out who
-- writes stale rows before they are refused.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', on_conflict => 'warn', guard_delete => true);
INSERT INTO doc VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
UPDATE doc SET body = 'x', version = 7 WHERE id = 1 RETURNING *;
\echo :ROW_COUNT
\set VERBOSITY sqlstate
WITH written AS (UPDATE doc SET body = 'x', version = 2 RETURNING *) SELECT * FROM written ORDER BY id;
\echo :ROW_COUNT
-- ... from the version that the row has, whatever was sent
UPDATE doc SET version = NULL WHERE id = 1 RETURNING *;
UPDATE doc SET version = -7 WHERE id = 1 RETURNING *;
-- ... so that whoever read the row before is stale as well
UPDATE doc SET version = 5 WHERE id = 1 RETURNING *;
UPDATE doc SET version = 5 WHERE id = 1 RETURNING *;
-- ... also where a condition says that nothing worth a bump has changed
SELECT concurrency.attach('doc', on_conflict => 'warn', guard_delete => true, watch => 'body');
UPDATE doc SET body = body, version = 1 WHERE id = 1 RETURNING *;
SELECT concurrency.attach('doc', on_conflict => 'warn', guard_delete => true, watch => '');
-- ... the constraints of the column's type, and of the table, still hold
ALTER TABLE doc ADD CONSTRAINT few CHECK (version < 9);
UPDATE doc SET version = 1 WHERE id = 1;
ALTER TABLE doc DROP CONSTRAINT few;
-- ... a token that a clock has not reached is no conflict, but an error
ALTER TABLE doc ADD COLUMN at timestamptz;
SELECT concurrency.attach('doc', 'at', protocol => 'auto', on_conflict => 'warn');
UPDATE doc SET id = id;
UPDATE doc SET at = '2000-01-01Z' WHERE id = 1 RETURNING clock_timestamp() - at < interval '10 s' AS is_now;
UPDATE doc SET at = now() + interval '1 hour' WHERE id = 1;
SELECT concurrency.detach('doc', 'at');
ALTER TABLE doc DROP COLUMN at;

-- The warning is of the error's SQLSTATE, and tells who may not see the values no more than the error does.
SET concurrency.conflict_sqlstate = '23P99';
UPDATE doc SET version = 7 WHERE id = 1;
RESET concurrency.conflict_sqlstate;
\set VERBOSITY default
CREATE ROLE regress_writer;
GRANT UPDATE, SELECT (id) ON doc TO regress_writer;
SET ROLE regress_writer;
UPDATE doc SET version = 7 WHERE id = 1;
RESET ROLE;
GRANT SELECT ON doc TO regress_writer;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_rows ON doc USING (id <> 2) WITH CHECK (body <> 'bad');
SET ROLE regress_writer;
UPDATE doc SET version = 7 WHERE id < 3;
UPDATE doc SET body = 'bad', version = 7 WHERE id = 1;
RESET ROLE;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;
ALTER TABLE doc DISABLE ROW LEVEL SECURITY;
SELECT * FROM doc ORDER BY id;

-- Upserts, MERGE, DELETE, partitions, and blind writes, which have a policy of their own
\set VERBOSITY sqlstate
INSERT INTO doc VALUES (1, 'upserted', 1), (2, 'upserted', 3)
	ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING *;
MERGE INTO doc USING (VALUES (1, 1), (2, 4)) AS s(id, version) ON doc.id = s.id
	WHEN MATCHED THEN UPDATE SET body = 'merged', version = s.version;
\echo :ROW_COUNT
SELECT * FROM doc ORDER BY id;
BEGIN;
SELECT concurrency.expect('doc', 5);
DELETE FROM doc WHERE id > 1 RETURNING *;
ROLLBACK;
SELECT concurrency.attach('doc', on_conflict => 'warn', blind => 'reject', guard_delete => true);
UPDATE doc SET body = 'blind' WHERE id = 1;
DELETE FROM doc WHERE id = 1;
DROP TABLE doc;
CREATE TABLE part (id int, body text, version int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version int, body text, id int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT concurrency.attach('part', on_conflict => 'warn', guard_delete => true);
INSERT INTO part VALUES (1, 'a', 1), (2, 'b', 2);
UPDATE part SET id = 3 - id, version = 2 RETURNING *;
SELECT tableoid::regclass, * FROM part ORDER BY id;
DROP TABLE part;

-- A foreign key's action is no stale write, whatever another trigger makes of the version.
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON UPDATE CASCADE, version int);
SELECT concurrency.attach('child', on_conflict => 'warn', blind => 'reject');
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1, 1, 1);
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := -1; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION meddle();
UPDATE child SET parent = 1;
UPDATE parent SET id = 2;
TABLE child;

DROP TABLE child, parent;
DROP FUNCTION meddle;
