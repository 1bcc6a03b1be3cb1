-- Every path through the library once, in few statements: for servers on which each of them is slow (make test-assert).
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- every kind, and what bumps it
CREATE DOMAIN small AS smallint CHECK (value < 4);
CREATE TABLE doc (id int PRIMARY KEY, body text, version int, changed timestamptz, micros bigint, random uuid, xact xid8, little small);
SELECT concurrency.attach('doc', guard_delete => true);
CREATE TRIGGER zz_changed BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('changed', 'protocol=auto', 'watch=body');
CREATE TRIGGER zz_micros BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('micros', 'kind=clock');
CREATE TRIGGER zz_random BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('random', 'ignore=body');
CREATE TRIGGER zz_xact BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('xact', 'watch=*');
CREATE TRIGGER zz_little BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('little');
INSERT INTO doc VALUES (1, 'a'), (2, 'b');
SELECT id, version, changed AS old_changed, micros AS old_micros, random AS old_random, little FROM doc WHERE id = 1 \gset
UPDATE doc SET body = 'blind' WHERE id = 1
	RETURNING version, changed > :'old_changed' AS changed, micros > :old_micros AS micros, random = :'old_random' AS same_random, little;
UPDATE doc SET version = 2 WHERE id = 1 RETURNING version, little;
UPDATE doc SET version = 2 WHERE id = 1;
UPDATE doc SET version = version + 1 WHERE id = 1;			-- the domain ends
DROP TRIGGER zz_little ON doc;
UPDATE doc SET version = version + 1 WHERE id = 1 RETURNING version;
UPDATE doc SET micros = 1 WHERE id = 1;
\set VERBOSITY sqlstate
UPDATE doc SET changed = clock_timestamp() + interval '1 hour' WHERE id = 1;
\set VERBOSITY terse

-- what a transaction says of its own writes
BEGIN;
SELECT concurrency.expect('doc', 3), concurrency.skip_bump('doc');
SAVEPOINT s;
DELETE FROM doc WHERE id = 1;
ROLLBACK TO s;
UPDATE doc SET version = 4 WHERE id = 1;
ROLLBACK TO s;
SELECT concurrency.expect('doc', 4);
UPDATE doc SET body = 'expected' WHERE id = 1 RETURNING version;
SELECT concurrency.skip_check(), concurrency.skip_bump('doc', false);
UPDATE doc SET version = 99 WHERE id = 1 RETURNING version;
COMMIT;
SELECT concurrency.is_current('doc', '1', 5), concurrency.assert_current('doc', '1', 5);
DO $$
DECLARE
	s text; t text; c text; n text;
BEGIN
	PERFORM concurrency.assert_current('doc', '1', 4);
EXCEPTION WHEN SQLSTATE 'PT409' THEN
	GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = COLUMN_NAME, n = CONSTRAINT_NAME;
	RAISE NOTICE '% % % %', s, t, c, n;
END
$$;
BEGIN;
SELECT concurrency.assert_current('doc', '99', 5);
ROLLBACK;
-- what was asserted counts as said, what was expected and not met is told
SET concurrency.blind_writes = 'reject';
BEGIN;
SAVEPOINT s;
SELECT concurrency.assert_current('doc', '1', 5), concurrency.expect('doc', 6), concurrency.expect('doc', 5);
RELEASE s;
SAVEPOINT s;
SELECT concurrency.assert_current('doc', '1', 5), concurrency.expect('doc', 7), concurrency.expect('doc', 5);
ROLLBACK TO s;
UPDATE doc SET body = 'asserted' WHERE id = 1 RETURNING version;
COMMIT;
RESET concurrency.blind_writes;
SELECT concurrency.assert_current('doc', '1', 3);

-- a foreign key's action, and others' blind writes
CREATE TABLE child (id int PRIMARY KEY REFERENCES doc ON UPDATE CASCADE ON DELETE CASCADE, version bigint);
CREATE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON child FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=reject');
INSERT INTO child VALUES (1);
UPDATE child SET id = 2;
DELETE FROM child;
UPDATE doc SET id = 3 WHERE id = 1;
SELECT * FROM child;
DELETE FROM doc WHERE id = 3;
SELECT * FROM child;

-- conflicts, in a partition of another layout, and in one that a row moves to
CREATE TABLE part (id int, place text, version int, PRIMARY KEY (id, place)) PARTITION BY LIST (place);
CREATE TABLE part_north PARTITION OF part FOR VALUES IN ('north');
CREATE TABLE part_south (gone int, version int, place text NOT NULL, id int NOT NULL);
ALTER TABLE part_south DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_south FOR VALUES IN ('south');
CREATE FUNCTION keep(current part, attempted part) RETURNS part LANGUAGE sql AS 'SELECT current';
CREATE FUNCTION hand_over(current part, attempted part) RETURNS part LANGUAGE sql AS 'SELECT attempted.id + 1, attempted.place, attempted.version';
INSERT INTO part VALUES (1, 'south', 5);
CREATE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE part SET place = 'north', version = 5 RETURNING *;
UPDATE part SET place = 'south', version = 6 RETURNING *;
UPDATE part SET version = 4;
CREATE OR REPLACE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'on_conflict=skip', 'blind=warn');
UPDATE part SET version = 4 RETURNING *;
UPDATE part SET version = NULL RETURNING *;
UPDATE part SET id = id RETURNING *;
CREATE OR REPLACE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'on_conflict=warn');
UPDATE part SET version = 4 RETURNING *;
CREATE OR REPLACE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'on_conflict=call=public.keep');
UPDATE part SET version = 4 RETURNING *;
CREATE OR REPLACE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'on_conflict=call=public.hand_over');
UPDATE part SET version = 4;
CREATE OR REPLACE TRIGGER zz_version BEFORE INSERT OR UPDATE OR DELETE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'on_conflict=call=public.nobody');
UPDATE part SET version = 4;
DROP FUNCTION keep(part, part), hand_over(part, part);
DROP TABLE part, child, doc;
DROP DOMAIN small;
