-- Section 12, inheritance: PostgreSQL does not inherit row triggers, so attach covers the children that are
-- there, and those that come later once it is called again.
CREATE TABLE mother (id int, n int DEFAULT 0);
CREATE TABLE father (version bigint, id int, gone int);
ALTER TABLE father DROP COLUMN gone;
CREATE TABLE daughter (extra int) INHERITS (mother);
CREATE TABLE granddaughter () INHERITS (daughter);
SELECT concurrency.attach('mother', blind => 'reject');
INSERT INTO mother VALUES (1);
INSERT INTO daughter VALUES (2);
INSERT INTO granddaughter VALUES (3);
\set VERBOSITY sqlstate

-- through the parent, and each by itself
UPDATE mother SET n = 1, version = 1 RETURNING tableoid::regclass, *;
UPDATE mother SET n = 2 WHERE id = 1;
UPDATE mother SET n = 2 WHERE id = 2;
UPDATE mother SET n = 2 WHERE id = 3;
UPDATE mother SET n = 2, version = CASE id WHEN 3 THEN 1 ELSE 2 END;
UPDATE ONLY mother SET n = 2, version = 3 RETURNING *;
UPDATE ONLY mother SET n = 3, version = 2;
UPDATE daughter SET n = 3, version = version + 1 RETURNING tableoid::regclass, *;
UPDATE granddaughter SET n = 3, version = 2;
UPDATE granddaughter SET n = 3;
SELECT tableoid::regclass, * FROM mother ORDER BY id;

-- a child that comes later has the column, and no trigger: a stale write goes through, and nothing bumps
CREATE TABLE son (hobby text) INHERITS (mother);
INSERT INTO son VALUES (4);
UPDATE mother SET n = 4, version = 0 WHERE id = 4 RETURNING *;
UPDATE son SET n = 5 RETURNING *;
-- ... until attach is called again, which it may be as often as one likes
SELECT concurrency.attach('mother', blind => 'reject');
SELECT concurrency.attach('mother', blind => 'reject');
SELECT table_name, column_name, trigger_name, blind FROM concurrency.attachments ORDER BY table_name::text;
UPDATE mother SET n = 6, version = -1 WHERE id = 4;
UPDATE son SET n = 6;
UPDATE mother SET n = 6, version = 0 WHERE id = 4 RETURNING *;

-- a table that becomes a child later, with its columns in another order
CREATE TABLE stepson (version bigint NOT NULL, hobby text, n int, id int);
ALTER TABLE stepson INHERIT mother;
INSERT INTO stepson VALUES (7, 'chess', 0, 5);
SELECT concurrency.attach('mother', blind => 'reject');
UPDATE mother SET id = 5 WHERE id = 5;
UPDATE mother SET n = 7, version = 6 WHERE id = 5;
UPDATE mother SET n = 7, version = 7 WHERE id = 5 RETURNING tableoid::regclass, *;
-- ... and keeps its trigger when it is none any more
ALTER TABLE stepson NO INHERIT mother;
UPDATE stepson SET n = 8, version = 7;
SELECT concurrency.attach('mother', protocol => 'increment', blind => '');
UPDATE stepson SET n = 8, version = 8 RETURNING *;

-- two parents with one version column: one trigger, which is as the last attach made it
SET client_min_messages = warning;
CREATE TABLE child () INHERITS (mother, father);
RESET client_min_messages;
SELECT concurrency.attach('father', protocol => 'echo');
SELECT table_name, protocol FROM concurrency.attachments WHERE table_name <> 'stepson'::regclass ORDER BY table_name::text;
INSERT INTO child (id) VALUES (6);
UPDATE mother SET n = 9, version = 2 WHERE id = 6;
UPDATE mother SET n = 9, version = 1 WHERE id = 6;
UPDATE father SET version = 2 WHERE id = 6;
SELECT * FROM child;
SELECT concurrency.attach('mother', protocol => 'increment');
UPDATE father SET version = 3 WHERE id = 6;
UPDATE father SET version = 4 WHERE id = 6 RETURNING *;
SELECT concurrency.detach('father');
UPDATE mother SET n = 10, version = 0 WHERE id = 6 RETURNING *;
-- ... with two version columns: two triggers
ALTER TABLE father ADD COLUMN rev int;
SELECT concurrency.attach('father', 'rev');
SELECT concurrency.attach('mother', protocol => '');
UPDATE father SET rev = 1 WHERE id = 6;
SELECT version, rev FROM child;
UPDATE mother SET version = 0 WHERE id = 6;
UPDATE father SET rev = 3 WHERE id = 6;
UPDATE child SET version = 1, rev = 3 RETURNING version, rev;

\set VERBOSITY terse
SET client_min_messages = warning;
DROP TABLE mother, father, stepson CASCADE;

-- Each child is judged by its own options: its kind, its DEFAULT, its handler, and what excludes what it has.
CREATE TABLE mother (id int, body text, version bigint NOT NULL);
CREATE TABLE daughter () INHERITS (mother);
CREATE TABLE son () INHERITS (mother);
CREATE FUNCTION decides(current daughter, attempted daughter) RETURNS daughter LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('mother'), concurrency.attach('daughter', kind => 'clock', on_conflict => 'call=public.decides'), concurrency.attach('son', ignore => 'body');
SELECT concurrency.attach('mother', stamp_insert => false);
SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid::regclass::text IN ('mother', 'daughter', 'son') ORDER BY 1;
SELECT concurrency.attach('mother', kind => 'counter');
SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'daughter'::regclass;
SELECT concurrency.attach('mother', blind => 'warn');
SELECT table_name, kind, blind, on_conflict, ignore FROM concurrency.attachments ORDER BY table_name::text;
SELECT concurrency.attach('mother', watch => 'body');
ALTER FUNCTION decides RENAME TO decided;
SELECT concurrency.attach('mother', blind => 'allow');
SELECT concurrency.attach('mother', blind => 'allow', on_conflict => 'error');
SELECT table_name, kind, blind, on_conflict, ignore FROM concurrency.attachments ORDER BY table_name::text;
DROP TABLE mother CASCADE;
