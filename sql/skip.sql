-- Section 9, on_conflict=skip: a stale write leaves the row as it is and warns; the row count says so, and
-- the other rows of the statement go through.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', on_conflict => 'skip', guard_delete => true);
INSERT INTO doc VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
UPDATE doc SET body = 'x', version = 7 WHERE id = 1 RETURNING *;
\echo :ROW_COUNT :ERROR :SQLSTATE
\set VERBOSITY sqlstate
UPDATE doc SET body = 'x', version = 7 WHERE id = 1;
UPDATE doc SET body = 'x', version = 2 RETURNING *;
\echo :ROW_COUNT
SELECT * FROM doc ORDER BY id;
-- ... in a transaction, which goes on
BEGIN;
UPDATE doc SET body = 'y', version = 7 WHERE id = 1;
UPDATE doc SET body = 'y', version = 2 WHERE id = 1 RETURNING *;
COMMIT;
-- ... in PL/pgSQL
\set VERBOSITY terse
DO $$
DECLARE
	n int;
	r doc;
BEGIN
	UPDATE doc SET body = 'z', version = 7 WHERE id = 1 RETURNING * INTO r;
	RAISE NOTICE 'found: %, row: %', FOUND, r;
	UPDATE doc SET body = 'z', version = 3;
	GET DIAGNOSTICS n = ROW_COUNT;
	RAISE NOTICE 'rows: %', n;
	UPDATE doc SET body = 'z', version = 7 WHERE id = 1 RETURNING * INTO STRICT r;
EXCEPTION WHEN no_data_found THEN
	RAISE NOTICE 'no row';
END
$$;
-- ... what was skipped is no change to AFTER triggers, nor to a later BEFORE trigger
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % %', TG_WHEN, TG_OP, OLD.id;
	RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE FUNCTION tell_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '% % %', TG_WHEN, TG_OP, (SELECT string_agg(id::text, ',' ORDER BY id) FROM o);
	RETURN NULL;
END
$$;
CREATE TRIGGER zzz BEFORE UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER after AFTER UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER statement AFTER UPDATE ON doc REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION tell_all();
UPDATE doc SET body = 'tell', version = CASE id WHEN 2 THEN 7 ELSE 3 END;
-- ... an earlier one has fired already: what it has written elsewhere stays, of a write that was none
CREATE TABLE history (id int, body text);
CREATE FUNCTION note_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO history VALUES (NEW.id, NEW.body); RETURN NEW; END $$;
CREATE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION note_down();
UPDATE doc SET body = 'left out', version = 1 WHERE id = 2;
SELECT h.*, d.body AS stored FROM history h JOIN doc d USING (id);
DROP TRIGGER aaa ON doc;
DROP FUNCTION note_down;
DROP TABLE history;
-- ... a DELETE by what was expected
BEGIN;
SELECT concurrency.expect('doc', 4);
DELETE FROM doc RETURNING id;
\echo :ROW_COUNT
ROLLBACK;
DROP TRIGGER zzz ON doc;
DROP TRIGGER after ON doc;
DROP TRIGGER statement ON doc;

-- The warning is of the error's SQLSTATE, and tells who may not see the values no more than the error does;
-- row security does not become visible by it.
\set VERBOSITY sqlstate
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
SET ROLE regress_writer;
UPDATE doc SET version = 7 WHERE id = 1;
RESET ROLE;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_rows ON doc USING (id > 1) WITH CHECK (true);
SET ROLE regress_writer;
UPDATE doc SET version = 7 WHERE id < 3;
-- ... what the policy's WITH CHECK would refuse is not written, so it is not refused
RESET ROLE;
ALTER POLICY some_rows ON doc USING (true) WITH CHECK (body <> 'bad');
SET ROLE regress_writer;
\set VERBOSITY sqlstate
UPDATE doc SET body = 'bad', version = 7 WHERE id = 1;
UPDATE doc SET body = 'bad', version = version WHERE id = 1;
RESET ROLE;
ALTER TABLE doc DISABLE ROW LEVEL SECURITY;
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;

-- Upserts, MERGE, writable CTEs, cursors, COPY
UPDATE doc SET body = 'x', version = version;
SELECT * FROM doc ORDER BY id;
INSERT INTO doc VALUES (1, 'upserted', 1), (3, 'upserted', 5), (4, 'inserted', 6)
	ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING *;
\echo :ROW_COUNT
MERGE INTO doc USING (VALUES (1, 1), (4, 6), (5, 1)) AS s(id, version) ON doc.id = s.id
	WHEN MATCHED THEN UPDATE SET body = 'merged', version = s.version
	WHEN NOT MATCHED THEN INSERT VALUES (s.id, 'merged', s.version);
\echo :ROW_COUNT
WITH written AS (UPDATE doc SET body = 'by a CTE', version = 7 RETURNING id),
	 copied AS (INSERT INTO doc SELECT id + 100, 'copied', 1 FROM written RETURNING id)
SELECT (SELECT array_agg(id) FROM written) AS written, (SELECT array_agg(id) FROM copied) AS copied;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM doc WHERE id = 1 FOR UPDATE;
FETCH c;
UPDATE doc SET body = 'by a cursor', version = 1 WHERE CURRENT OF c;
UPDATE doc SET body = 'by a cursor', version = 5 WHERE CURRENT OF c RETURNING *;
COMMIT;
COPY doc FROM stdin;
6	copied	1
\.
SELECT * FROM doc ORDER BY id;

-- Blind writes have a policy of their own, and are never skipped.
SELECT concurrency.attach('doc', on_conflict => 'skip', blind => 'reject', guard_delete => true);
UPDATE doc SET body = 'blind' WHERE id = 1;
DELETE FROM doc WHERE id = 1;
-- ... not even behind an UPDATE of the same statement that was skipped
MERGE INTO doc USING (VALUES (1, 'update'), (1, 'delete')) AS s(id, action) ON doc.id = s.id
	WHEN MATCHED AND action = 'update' THEN UPDATE SET body = 'merged', version = 0
	WHEN MATCHED AND action = 'delete' THEN DELETE;
SELECT * FROM doc WHERE id = 1;
DROP TABLE doc;

-- Partitions: a stale move leaves the row where it is; moved or not, no row is doubled or lost.
CREATE TABLE part (id int, body text, version int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version int, body text, id int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT concurrency.attach('part', on_conflict => 'skip', guard_delete => true);
INSERT INTO part VALUES (1, 'a', 1), (2, 'b', 2);
UPDATE part SET id = 3 - id, version = 2 RETURNING *;
UPDATE part SET id = 3 - id, version = 2 RETURNING *;
SELECT tableoid::regclass, * FROM part ORDER BY id, body;
BEGIN;
SELECT concurrency.expect('part', 1);
UPDATE part SET id = 3 - id;
DELETE FROM part;
SELECT tableoid::regclass, * FROM part ORDER BY id, body;
ROLLBACK;
-- ... nor does a move that was skipped open the door to a blind DELETE
SELECT concurrency.attach('part', on_conflict => 'skip', blind => 'reject', guard_delete => true);
MERGE INTO part USING (VALUES (1, 'update'), (1, 'delete')) AS s(id, action) ON part.id = s.id AND body = 'a'
	WHEN MATCHED AND action = 'update' THEN UPDATE SET version = 0
	WHEN MATCHED AND action = 'delete' THEN DELETE;
SELECT count(*) FROM part;
DROP TABLE part;

-- Foreign-key actions are never skipped, nor warned about, whatever another trigger makes of the version.
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (
	id int PRIMARY KEY,
	cascaded int REFERENCES parent ON UPDATE CASCADE ON DELETE CASCADE,
	nulled int REFERENCES parent ON UPDATE SET NULL ON DELETE SET NULL,
	version int);
SELECT concurrency.attach('child', on_conflict => 'skip', blind => 'reject', guard_delete => true);
INSERT INTO parent VALUES (1), (2), (3);
INSERT INTO child VALUES (1, 1, 2, 1), (2, 2, 3, 1);
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := -1; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT concurrency.expect('child', 7);
UPDATE child SET cascaded = 1 WHERE id = 2;
UPDATE parent SET id = 10 WHERE id = 1;
DELETE FROM parent WHERE id = 3;
SELECT * FROM child ORDER BY id;
BEGIN;
SELECT concurrency.expect('child', 7);
UPDATE parent SET id = 20 WHERE id = 2;
DELETE FROM parent WHERE id = 10;
COMMIT;
SELECT * FROM child ORDER BY id;
SELECT * FROM parent ORDER BY id;

DROP TABLE child, parent;
DROP FUNCTION tell, tell_all, meddle;
