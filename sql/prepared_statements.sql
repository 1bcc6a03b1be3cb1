-- Section 12, prepared statements and PL/pgSQL: a plan that was made before DDL, or before the table was
-- attached with other options, is held to what is attached now.
SET plan_cache_mode = force_generic_plan;
CREATE TABLE doc (id int PRIMARY KEY, gone text, body text);
INSERT INTO doc VALUES (1, 'gone', 'a');
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

-- blind: attach, attach with other options, the setting, detach
PREPARE blind (text) AS UPDATE doc SET body = $1 WHERE id = 1;
CREATE FUNCTION blind(new_body text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE doc SET body = new_body WHERE id = 1;
END
$$;
EXECUTE blind ('b');
SELECT blind('c');
SELECT concurrency.attach('doc');
EXECUTE blind ('d');
SELECT blind('e');
TABLE doc;
SELECT concurrency.attach('doc', blind => 'reject');
EXECUTE blind ('f');
SELECT blind('f');
SELECT concurrency.attach('doc', blind => 'warn');
EXECUTE blind ('g');
SELECT blind('h');
SET concurrency.blind_writes = 'reject';
EXECUTE blind ('i');
SELECT blind('i');
RESET concurrency.blind_writes;
SELECT concurrency.detach('doc');
EXECUTE blind ('j');
SELECT blind('k');
TABLE doc;

-- with a token: protocols
SELECT concurrency.attach('doc', protocol => 'echo');
PREPARE save (text, int) AS UPDATE doc SET body = $1, version = $2 WHERE id = 1;
CREATE FUNCTION save(new_body text, ahead int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	d doc;
BEGIN
	SELECT * INTO d FROM doc WHERE id = 1;
	UPDATE doc SET body = new_body, version = d.version + ahead WHERE id = 1;
END
$$;
EXECUTE save ('l', 5);
SELECT save('m', 0);
EXECUTE save ('n', 8);
SELECT save('n', 1);
SELECT concurrency.attach('doc', protocol => 'increment');
EXECUTE save ('n', 8);
SELECT save('o', 1);
EXECUTE save ('p', 9);
SELECT save('p', 0);
SELECT concurrency.attach('doc', blind => 'reject', protocol => '');
EXECUTE save ('p', 9);
SELECT save('q', 0);
EXECUTE save ('r', 10);
SELECT save('r', -1);
TABLE doc;

-- other columns go, come, and change their type
ALTER TABLE doc DROP COLUMN gone;
EXECUTE save ('r', 10);
SELECT save('r', -1);
EXECUTE save ('r', 11);
SELECT save('s', 0);
ALTER TABLE doc ADD COLUMN added text DEFAULT 'added', ALTER COLUMN body TYPE varchar(10);
EXECUTE save ('t', 12);
SELECT save('t', -1);
EXECUTE save ('t', 13);
SELECT save('u', 0);
TABLE doc;

-- the version column changes its type
ALTER TABLE doc ALTER COLUMN version TYPE bigint;
EXECUTE save ('v', 14);
SELECT save('v', -1);
EXECUTE save ('v', 15);
SELECT save('w', 0);
-- ... to one that suits no kind: nobody writes
ALTER TABLE doc ALTER COLUMN version DROP DEFAULT, ALTER COLUMN version TYPE numeric;
EXECUTE blind ('x');
SELECT blind('x');
EXECUTE save ('x', 17);
SELECT save('x', 0);
ALTER TABLE doc ALTER COLUMN version TYPE smallint;
EXECUTE save ('x', 16);
SELECT save('x', -1);
EXECUTE save ('x', 17);
SELECT save('y', 0);
TABLE doc;

-- it goes: nobody writes; it comes back in another place, with other versions
ALTER TABLE doc DROP COLUMN version;
EXECUTE blind ('z');
SELECT blind('z');
EXECUTE save ('z', 19);
SELECT save('z', 0);
SELECT concurrency.attach('doc', blind => '');
EXECUTE save ('z', 19);
SELECT save('z', -1);
EXECUTE save ('z', 1);
SELECT save('A', 0);

-- it is renamed: nobody writes, until the new name is attached and the old one is not
ALTER TABLE doc RENAME version TO rev;
EXECUTE blind ('B');
SELECT blind('B');
SELECT concurrency.attach('doc', 'rev', blind => 'reject');
EXECUTE blind ('B');
SELECT blind('B');
SELECT concurrency.detach('doc');
EXECUTE blind ('B');
SELECT blind('B');
EXECUTE save ('B', 3);
-- ... and another one takes its name
ALTER TABLE doc ADD COLUMN version int DEFAULT 7;
EXECUTE save ('B', 7);
SELECT concurrency.detach('doc', 'rev');
SELECT concurrency.attach('doc');
EXECUTE save ('B', 3);
EXECUTE save ('B', 7);
SELECT save('C', 0);
TABLE doc;

-- another table of that name, with its columns in another order
CREATE SCHEMA other;
CREATE TABLE other.doc (version int, body text, id int);
SELECT concurrency.attach('other.doc', blind => 'reject');
INSERT INTO other.doc VALUES (40, 'a', 1);
SET search_path = other, public;
EXECUTE blind ('b');
SELECT blind('b');
EXECUTE save ('b', 9);
EXECUTE save ('b', 40);
TABLE other.doc;
RESET search_path;
EXECUTE save ('D', 41);
EXECUTE save ('D', 9);
TABLE doc;

-- partitions come and go; the detached one has no trigger until it is back
CREATE TABLE part (id int PRIMARY KEY, n int, version int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
SELECT concurrency.attach('part', blind => 'reject');
INSERT INTO part VALUES (1, 0, 7);
PREPARE move (int, int, int) AS UPDATE part SET id = $2, version = $3 WHERE id = $1 RETURNING tableoid::regclass, *;
PREPARE upsert (int, int) AS INSERT INTO part VALUES ($1, 1, $2) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version;
EXECUTE move (1, 2, 7);
EXECUTE upsert (2, 8);
CREATE TABLE part_2 (version int, dropped int, id int NOT NULL, n int);
ALTER TABLE part_2 DROP COLUMN dropped;
PREPARE behind (int) AS UPDATE part_2 SET n = $1;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20);
EXECUTE move (2, 11, 8);
EXECUTE move (2, 11, 9);
EXECUTE upsert (11, 9);
EXECUTE upsert (11, 10);
EXECUTE behind (2);
ALTER TABLE part DETACH PARTITION part_2;
EXECUTE behind (2);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20);
EXECUTE behind (3);
EXECUTE move (11, 3, 10);
EXECUTE move (11, 3, 11);
TABLE part;

DEALLOCATE ALL;
RESET plan_cache_mode;
DROP TABLE doc, part, other.doc;
DROP SCHEMA other;
DROP FUNCTION blind, save;
