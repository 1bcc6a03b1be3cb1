-- Section 13: an edit is of a key, as the row stores it, under the topmost partitioned table; it does not follow a key that is
-- changed, and outlives a row that is deleted.
SET client_min_messages = warning;
SET concurrency.editor = 'ann';
-- Is the row with this key somebody else's, whatever the settings of whoever writes, and however it was spelled?
CREATE FUNCTION is_edited(named regclass, key jsonb, spelled jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	held text := 'not refused';
BEGIN
	PERFORM set_config('concurrency.editor', 'ann', true);
	PERFORM concurrency.begin_edit(named, key, true);
	PERFORM set_config('concurrency.editor', 'bob', true);
	PERFORM set_config('TimeZone', 'Asia/Tokyo', true), set_config('bytea_output', 'escape', true), set_config('DateStyle', 'German', true),
		set_config('IntervalStyle', 'sql_standard', true), set_config('extra_float_digits', '-3', true);
	BEGIN
		EXECUTE format('UPDATE %s SET body = %L', named, 'refused');
	EXCEPTION WHEN SQLSTATE 'PT423' THEN held := 'refused';
	END;
	PERFORM set_config('concurrency.editor', 'ann', true);
	RETURN format('%s, %s for another, %s', held, (SELECT count(*) FROM concurrency.edits), concurrency.end_edit(named, coalesce(spelled, key)));
END
$$;
CREATE PROCEDURE try(type text, value text, key jsonb, spelled jsonb DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE keyed (id %s PRIMARY KEY, body text)', type);
	PERFORM concurrency.attach('keyed', edits => 'refuse');
	EXECUTE format('INSERT INTO keyed VALUES (%L)', value);
	RAISE INFO '%: %', type, is_edited('keyed', key, spelled);
	DROP TABLE keyed;
END
$$;
CALL try('smallint', '1', '1');
CALL try('bigint', '9007199254740993', '9007199254740993');
CALL try('numeric', '1.00', '1', '1.0');
CALL try('numeric(5,2)', '1', '1.00', '1');
CALL try('float8', '0.1', '0.1');
CALL try('boolean', 'true', 'true');
CALL try('text', 'a', '"a"');
CALL try('text COLLATE "C"', repeat('long', 100), to_jsonb(repeat('long', 100)));
CALL try('varchar(3)', 'abc', '"abc"');
CALL try('char(4)', 'ab', '"ab"');
CALL try('name', 'ab', '"ab"');
CALL try('"char"', 'a', '"a"');
CALL try('bytea', '\x00ff', '"\\x00ff"', '"\\000\\377"');
CALL try('uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"');
CALL try('date', '2026-02-01', '"2026-02-01"');
CALL try('time', '10:00', '"10:00"');
CALL try('timestamptz', '2026-02-01 10:00+00', '"2026-02-01 10:00+00"', '"2026-02-01 11:00+01"');
CALL try('interval', '1 day', '"1 day"', '"24 hours"');
CALL try('inet', '10.0.0.1', '"10.0.0.1"');
CALL try('jsonb', '{"a": 1}', '{"id": {"a": 1}}');
CALL try('int[]', '{1,2}', '[1,2]');
CALL try('int4range', '[1,3)', '"[1,2]"');
CREATE DOMAIN code AS varchar(5) CHECK (VALUE <> '');
CALL try('code', 'abc', '"abc"');
DROP DOMAIN code;
CREATE TYPE color AS ENUM ('red', 'green');
CALL try('color', 'green', '"green"');
DROP TYPE color;

-- several columns, in another order than in the table
CREATE TABLE line (body text, no int, doc text, PRIMARY KEY (doc, no));
SELECT concurrency.attach('line', edits => 'refuse');
INSERT INTO line VALUES ('a', 1, 'x'), ('b', 11, '');
SELECT is_edited('line', '{"no": 1, "doc": "x"}');
-- ... and are shown in one way, however they were given
SELECT granted FROM concurrency.begin_edit('line', '{"no": 1, "doc": "x"}');
CREATE TABLE plain (id int PRIMARY KEY);
SELECT concurrency.attach('plain');
INSERT INTO plain VALUES (1);
SELECT granted FROM concurrency.begin_edit('plain', '{"id": "1"}');
SELECT table_name, key FROM concurrency.edits ORDER BY 1;
SELECT concurrency.break_edits('line'), concurrency.break_edits('plain');
DROP TABLE plain;
DROP TABLE line;

-- A key that is changed takes its edit nowhere; the old one is still edited, and so is a row that comes there.
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc', edits => 'refuse', guard_delete => true);
INSERT INTO doc VALUES (1), (2);
SELECT granted FROM concurrency.begin_edit('doc', '1', true);
UPDATE doc SET id = 7 WHERE id = 1;
SELECT key FROM concurrency.edits;
SET concurrency.editor = 'bob';
\set VERBOSITY sqlstate
UPDATE doc SET body = 'free' WHERE id = 7 RETURNING id;
UPDATE doc SET id = 1 WHERE id = 2;
UPDATE doc SET body = 'refused' WHERE id = 1;
SET concurrency.editor = 'ann';
DELETE FROM doc WHERE id = 1;
SET concurrency.editor = 'bob';
INSERT INTO doc VALUES (1);
UPDATE doc SET body = 'refused' WHERE id = 1;
TRUNCATE doc;
SELECT key FROM concurrency.edits;
-- ... the row is gone: the edit can be ended, and not renewed
SET concurrency.editor = 'ann';
SELECT concurrency.begin_edit('doc', '1');
\set VERBOSITY default
SELECT concurrency.end_edit('doc', '1');

-- The table is renamed, moved to another schema, dropped.
INSERT INTO doc VALUES (1);
SELECT granted FROM concurrency.begin_edit('doc', '1', true);
CREATE SCHEMA other;
ALTER TABLE doc RENAME TO page;
ALTER TABLE page SET SCHEMA other;
SET concurrency.editor = 'bob';
\set VERBOSITY sqlstate
UPDATE other.page SET body = 'refused';
\set VERBOSITY default
SELECT table_name, key FROM concurrency.edits;
DROP SCHEMA other CASCADE;
SELECT count(*) FROM concurrency.edits;

-- Partitions, in which the columns stand elsewhere: by whichever name, it is the row's; also when it moves.
CREATE TABLE part (id int, place text, body text, PRIMARY KEY (place, id)) PARTITION BY LIST (place);
CREATE TABLE part_a (body text, place text NOT NULL, gone int, id int NOT NULL);
ALTER TABLE part_a DROP gone;
ALTER TABLE part ATTACH PARTITION part_a FOR VALUES IN ('a', 'A');
CREATE TABLE part_b PARTITION OF part DEFAULT PARTITION BY LIST (place);
CREATE TABLE part_b_1 PARTITION OF part_b DEFAULT;
SELECT concurrency.attach('part', edits => 'refuse');
INSERT INTO part VALUES (1, 'a'), (1, 'b');
SET concurrency.editor = 'ann';
SELECT granted FROM concurrency.begin_edit('part_a', '{"id": 1, "place": "a"}', true);
SELECT granted, renewed FROM concurrency.begin_edit('part', '{"id": 1, "place": "a"}');
SELECT granted FROM concurrency.begin_edit('part_b_1', '{"id": 1, "place": "b"}', true);
SELECT table_name, key FROM concurrency.edits ORDER BY key;
SET concurrency.editor = 'bob';
\set VERBOSITY sqlstate
UPDATE part SET body = 'refused' WHERE place = 'a';
UPDATE part_a SET body = 'refused';
UPDATE part_b_1 SET body = 'refused';
UPDATE part SET place = 'c' WHERE place = 'b';
\set VERBOSITY default
SELECT granted, editor FROM concurrency.begin_edit('part_b', '{"id": 1, "place": "b"}');
SET concurrency.editor = 'ann';
SELECT concurrency.end_edit('part_b', '{"id": 1, "place": "b"}'), concurrency.end_edit('part', '{"id": 1, "place": "b"}');
SELECT concurrency.break_edits('part_a');
DROP TABLE part;

-- A root without a key, whose partitions have keys of their own: rows of two could not be told apart.
CREATE TABLE loose (id int, body text) PARTITION BY LIST (body);
CREATE TABLE loose_1 PARTITION OF loose (PRIMARY KEY (id)) FOR VALUES IN ('a');
SELECT concurrency.attach('loose');
INSERT INTO loose VALUES (1, 'a');
SELECT concurrency.begin_edit('loose_1', '1');
\set VERBOSITY sqlstate
SELECT concurrency.begin_edit('loose_1', '1');
\set VERBOSITY default
DROP TABLE loose;

-- Inheritance children are tables of their own, as for assert_current.
CREATE TABLE mother (id int PRIMARY KEY, body text);
CREATE TABLE daughter (PRIMARY KEY (id)) INHERITS (mother);
SELECT concurrency.attach('mother', edits => 'refuse');
INSERT INTO daughter VALUES (1);
\set VERBOSITY sqlstate
SELECT concurrency.begin_edit('mother', '1', true);
SELECT granted FROM concurrency.begin_edit('daughter', '1', true);
SET concurrency.editor = 'bob';
UPDATE mother SET body = 'refused';
\set VERBOSITY default
DROP TABLE mother CASCADE;
DROP FUNCTION is_edited;
DROP PROCEDURE try;
RESET concurrency.editor;
