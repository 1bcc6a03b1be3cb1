-- Sections 3, 6, 8 and 9: several version columns of one table are several triggers, each for itself: none hides from another
-- what it has to judge, nor takes back what another has done.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, title text, body text, a int, b int);
SELECT concurrency.attach('doc', 'a'), concurrency.attach('doc', 'b');
INSERT INTO doc VALUES (1, 'title', 'body', 5, 5);
UPDATE doc SET title = 'new' WHERE id = 1 RETURNING a, b;
UPDATE doc SET title = 'newer', a = 6, b = 7 WHERE id = 1 RETURNING a, b;
\set VERBOSITY sqlstate
UPDATE doc SET title = 'stale by b', a = 7, b = 6 WHERE id = 1;
UPDATE doc SET title = 'stale by a', a = 6, b = 7 WHERE id = 1;

-- A handler decides about its own column.  What it returns in another's does not count: neither does the row that is there take
-- back a bump of the trigger before ...
CREATE FUNCTION keep_current(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$ BEGIN current.body := 'handled'; RETURN current; END $$;
CREATE FUNCTION keep_attempt(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$ BEGIN attempted.a := -1; attempted.b := -1; RETURN attempted; END $$;
SELECT concurrency.attach('doc', 'b', on_conflict => 'call=public.keep_current');
-- Carl's write, stale by b, bumps a: so who has read a before is stale
SELECT a AS read_by_dora FROM doc \gset
UPDATE doc SET title = 'by Carl', b = 1 WHERE id = 1 RETURNING *;
UPDATE doc SET title = 'by Dora', a = :read_by_dora WHERE id = 1;
-- ... nor does it hide a stale token of the trigger behind
SELECT concurrency.attach('doc', 'a', on_conflict => 'call=public.keep_current'), concurrency.attach('doc', 'b', on_conflict => '');
UPDATE doc SET title = 'stale by both', a = 1, b = 1 WHERE id = 1;
UPDATE doc SET title = 'stale by a', a = 1, b = b WHERE id = 1 RETURNING *;
UPDATE doc SET title = 'stale by a, and blind to b', a = 1 WHERE id = 1 RETURNING *;
SELECT concurrency.attach('doc', 'a', on_conflict => 'call=public.keep_attempt');
UPDATE doc SET title = 'stale by a', a = 1, b = b WHERE id = 1 RETURNING *;
UPDATE doc SET title = 'stale by both', a = 1, b = 1 WHERE id = 1;
-- ... with handlers of both
SELECT concurrency.attach('doc', 'b', on_conflict => 'call=public.keep_current');
UPDATE doc SET title = 'stale by both', a = 1, b = 1 WHERE id = 1 RETURNING *;
-- ... of other kinds, too, whose tokens are stored elsewhere
ALTER TABLE doc ADD c uuid DEFAULT '00000000-0000-4000-8000-000000000001';
SELECT concurrency.attach('doc', 'c', kind => 'uuid');
UPDATE doc SET title = 'stale by b and c', b = 1, c = '00000000-0000-4000-8000-000000000002' WHERE id = 1;
UPDATE doc SET title = 'stale by b', b = 1, c = '00000000-0000-4000-8000-000000000001' WHERE id = 1 RETURNING title, body, a, b, c <> '00000000-0000-4000-8000-000000000001' AS bumped;
DROP TABLE doc CASCADE;

-- ... in a partition that has its columns elsewhere
CREATE TABLE part (id int, part int, a int, b int) PARTITION BY LIST (part);
CREATE TABLE part_1 (b int, gone int, part int, a int, id int);
ALTER TABLE part_1 DROP gone;
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
CREATE FUNCTION keep_part(current part, attempted part) RETURNS part LANGUAGE sql AS 'SELECT current.*';
SELECT concurrency.attach('part', 'a'), concurrency.attach('part', 'b', on_conflict => 'call=public.keep_part');
INSERT INTO part VALUES (1, 1, 5, 5);
UPDATE part SET b = 1 RETURNING *;

-- The DELETE that is half of a move was judged as an UPDATE.  One in a MERGE, after a move that another of our triggers has left
-- out, was not.
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
SELECT concurrency.attach('part', 'a', blind => 'reject', guard_delete => true), concurrency.attach('part', 'b', on_conflict => 'skip');
CREATE TABLE source (no int, what text);
UPDATE part SET part = 2, a = a, b = b RETURNING tableoid::regclass, *;
INSERT INTO source VALUES (1, 'move'), (2, 'delete');
\set VERBOSITY terse
MERGE INTO part USING (SELECT * FROM source ORDER BY no) AS source ON true
	WHEN MATCHED AND source.what = 'move' THEN UPDATE SET part = 1, a = part.a, b = 1
	WHEN MATCHED THEN DELETE;
SELECT tableoid::regclass, * FROM part;
-- ... the other way round, by a handler that leaves the row out, and where both delete
CREATE FUNCTION keep_none(current part, attempted part) RETURNS part LANGUAGE sql AS 'SELECT NULL::part';
SELECT concurrency.attach('part', 'b', on_conflict => 'call=public.keep_none');
MERGE INTO part USING (SELECT * FROM source ORDER BY no) AS source ON true
	WHEN MATCHED AND source.what = 'move' THEN UPDATE SET part = 1, a = part.a, b = 1
	WHEN MATCHED THEN DELETE;
SELECT concurrency.attach('part', 'a', on_conflict => 'skip', blind => '', guard_delete => false), concurrency.attach('part', 'b', blind => 'reject', guard_delete => true, on_conflict => '');
MERGE INTO part USING (SELECT * FROM source ORDER BY no) AS source ON true
	WHEN MATCHED AND source.what = 'move' THEN UPDATE SET part = 1, a = 1, b = part.b
	WHEN MATCHED THEN DELETE;
SELECT tableoid::regclass, * FROM part;
-- ... a move that comes behind a row that was left out is one all the same
INSERT INTO part VALUES (2, 2, 5, 5), (3, 2, 5, 5);
SELECT concurrency.attach('part', 'a', on_conflict => 'skip', blind => 'reject', guard_delete => true);
UPDATE part SET part = 1, a = CASE id WHEN 2 THEN 4 ELSE a END, b = b RETURNING tableoid::regclass, *;
-- ... so is one before whose DELETE another trigger's statement has left out rows of other tables
CREATE TABLE noise (id int PRIMARY KEY, n int, version int);
SELECT concurrency.attach('noise', on_conflict => 'skip');
INSERT INTO noise VALUES (1, 0, 5);
CREATE FUNCTION make_noise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE noise SET n = n + 1, version = 1; RETURN OLD; END $$;
CREATE TRIGGER aaa BEFORE DELETE ON part FOR EACH ROW EXECUTE FUNCTION make_noise();
UPDATE part SET part = 2, a = a, b = b WHERE id = 3 RETURNING tableoid::regclass, *;
DROP TABLE part CASCADE;
DROP TABLE source, noise;
DROP FUNCTION make_noise;

-- Version columns never count, so that to watch another one would mean: never bump.  An error, from either side.
CREATE TABLE doc (id int PRIMARY KEY, title text, a int, b int, seen int);
\set VERBOSITY default
SELECT concurrency.attach('doc', 'a'), concurrency.attach('doc', 'b', watch => 'title,a');
SELECT concurrency.attach('doc', 'a'), concurrency.attach('doc', 'b', watch => '*'), concurrency.attach('doc', 'b', ignore => 'a, seen', watch => '');
CREATE TABLE watched (id int PRIMARY KEY, title text, "A" int, b int);
SELECT concurrency.attach('watched', 'b', watch => 'title, "A"');
SELECT concurrency.attach('watched', 'A');
SELECT concurrency.attach('watched', 'A', kind => 'counter', add_column => false);
\set VERBOSITY sqlstate
SELECT concurrency.attach('watched', 'A', kind => '');
SELECT concurrency.check_trigger_arguments('watched', '{A}');
SELECT concurrency.check_trigger_arguments('doc', '{b,"watch=title,a"}');
-- ... where it was made by hand, no write goes through, and audit says why
INSERT INTO watched VALUES (1, 'a', 1, 1);
CREATE TRIGGER by_hand BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('A');
UPDATE watched SET title = 'b';
\set VERBOSITY default
UPDATE watched SET title = 'b';
SELECT severity, column_name, problem, mend FROM concurrency.audit() WHERE table_name = 'watched'::regclass AND severity = 'error' ORDER BY column_name \gx
-- ... what its hint says helps
SELECT concurrency.detach('watched', 'b');
SELECT concurrency.attach('watched', 'A');
SELECT concurrency.attach('watched', 'b', watch => 'title');
UPDATE watched SET title = 'b' RETURNING *;
UPDATE watched SET "A" = "A" RETURNING *;
DROP TABLE doc, watched;
