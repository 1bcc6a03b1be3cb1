-- Section 5: a domain counts as its base type, and a bump never stores what the domain forbids: the write is refused,
-- and the row stays as it is.
\set SHOW_CONTEXT never
\set VERBOSITY sqlstate
CREATE DOMAIN small_counter AS int CONSTRAINT small CHECK (value < 7);
CREATE DOMAIN given_counter AS bigint NOT NULL;
CREATE DOMAIN even_smaller AS small_counter CHECK (value < 6);
CREATE DOMAIN late_clock AS timestamptz CHECK (value < '2001-01-01');
CREATE DOMAIN known_uuid AS uuid CHECK (value < '00000000-0000-0000-0000-000000000002');
CREATE DOMAIN big_counter AS int CHECK (value >= 100);
CREATE DOMAIN free_counter AS int;

CREATE TABLE doc (id int PRIMARY KEY, body text DEFAULT 'a', version small_counter);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 6);
UPDATE doc SET body = 'echo', version = 5 WHERE id = 1 RETURNING *;
-- echo, increment, blind; in a statement of many rows none is written
UPDATE doc SET body = 'echo', version = 6 WHERE id = 1;
UPDATE doc SET body = 'increment', version = version + 1 WHERE id = 1;
UPDATE doc SET body = 'blind' WHERE id = 1;
INSERT INTO doc VALUES (3, 'c', 3);
UPDATE doc SET body = 'all';
SELECT * FROM doc ORDER BY id;
\set VERBOSITY default
UPDATE doc SET body = 'blind' WHERE id = 1;
\set VERBOSITY sqlstate
-- ... a conflict comes before
UPDATE doc SET body = 'stale', version = 2 WHERE id = 1;
-- ... what does not bump goes through
BEGIN;
SELECT concurrency.skip_bump('doc');
UPDATE doc SET body = 'kept' WHERE id = 1 RETURNING *;
ROLLBACK;
SELECT concurrency.attach('doc', watch => 'id');
UPDATE doc SET body = 'not watched' WHERE id = 1 RETURNING *;
UPDATE doc SET id = 9 WHERE id = 1;
SELECT concurrency.attach('doc', on_conflict => 'warn', watch => '');
\set VERBOSITY terse
UPDATE doc SET body = 'stale', version = 2 WHERE id = 1;
\set VERBOSITY sqlstate
SELECT * FROM doc ORDER BY id;
-- ... a constraint that changes later, also for a plan that was made before
PREPARE save AS UPDATE doc SET body = body || '!' WHERE id = 1 RETURNING *;
SELECT concurrency.attach('doc', on_conflict => '');
EXECUTE save;
ALTER DOMAIN small_counter DROP CONSTRAINT small;
EXECUTE save;
ALTER DOMAIN small_counter ADD CONSTRAINT small CHECK (value < 8);
EXECUTE save;
DEALLOCATE save;
SELECT * FROM doc ORDER BY id;
-- ... a foreign key's action cannot store it either
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1);
ALTER TABLE doc ADD COLUMN folder int REFERENCES folder ON UPDATE CASCADE;
UPDATE doc SET folder = 1 WHERE id = 2;
UPDATE folder SET id = 2;
TABLE folder;
DROP TABLE doc, folder;

-- NOT NULL; a domain over a domain, which has its constraints; one without any
CREATE TABLE given (id int PRIMARY KEY, version given_counter DEFAULT 1);
SELECT concurrency.attach('given');
INSERT INTO given VALUES (1);
INSERT INTO given VALUES (2, NULL);
UPDATE given SET version = 1 RETURNING *;
UPDATE given SET version = NULL;
UPDATE given SET version = 3 RETURNING *;
DROP TABLE given;
CREATE TABLE nested (id int PRIMARY KEY, version even_smaller, free free_counter);
SELECT concurrency.attach('nested'), concurrency.attach('nested', 'free');
INSERT INTO nested VALUES (1, 4, 2147483647);
UPDATE nested SET id = 1 RETURNING *;
UPDATE nested SET id = 1 RETURNING *;
DROP TABLE nested;

-- first versions, and kinds that are no counters
CREATE TABLE first (id int PRIMARY KEY, version big_counter);
SELECT concurrency.attach('first', stamp_insert => false);
INSERT INTO first VALUES (1, NULL);
SELECT concurrency.attach('first', stamp_insert => true);
INSERT INTO first VALUES (2, NULL);
UPDATE first SET id = 3 WHERE id = 1;
INSERT INTO first VALUES (4, 100);
UPDATE first SET id = 5 WHERE id = 4 RETURNING *;
SELECT * FROM first ORDER BY id;
DROP TABLE first;
CREATE TABLE kinds (id int PRIMARY KEY, ts late_clock, random known_uuid);
INSERT INTO kinds VALUES (1, '2000-01-01', '00000000-0000-0000-0000-000000000001');
SELECT concurrency.attach('kinds', 'ts');
UPDATE kinds SET id = 1;
SELECT concurrency.detach('kinds', 'ts'), concurrency.attach('kinds', 'random');
UPDATE kinds SET id = 1;
DROP TABLE kinds;

-- a partition whose own column has the domain as well
CREATE TABLE part (id int PRIMARY KEY, version small_counter) PARTITION BY RANGE (id);
CREATE TABLE part_low (version small_counter, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_low FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high PARTITION OF part FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part');
INSERT INTO part VALUES (1, 6);
UPDATE part SET id = 11 WHERE id = 1 RETURNING *;
UPDATE part SET id = 2 WHERE id = 11;
TABLE part;
DROP TABLE part;

DROP DOMAIN even_smaller, small_counter, given_counter, late_clock, known_uuid, big_counter, free_counter;
