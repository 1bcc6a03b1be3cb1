-- Section 7: blind writes, by the table's word and by concurrency.blind_writes.
CREATE TABLE blind_allow (id int PRIMARY KEY, n int DEFAULT 0);
CREATE TABLE blind_warn (LIKE blind_allow INCLUDING ALL);
CREATE TABLE blind_reject (LIKE blind_allow INCLUDING ALL);
SELECT concurrency.attach('blind_allow', blind => 'allow');
SELECT concurrency.attach('blind_warn', blind => 'warn');
SELECT concurrency.attach('blind_reject', blind => 'reject');
INSERT INTO blind_allow VALUES (1);
INSERT INTO blind_warn VALUES (1);
INSERT INTO blind_reject VALUES (1);

UPDATE blind_allow SET n = 1 RETURNING *;
UPDATE blind_warn SET n = 1 RETURNING *;
UPDATE blind_reject SET n = 1 RETURNING *;

-- whoever says what the write is based on is not blind, however it is said
UPDATE blind_reject SET n = 2, version = 1 RETURNING *;
UPDATE blind_reject SET n = 3, version = 3 RETURNING *;
UPDATE blind_reject SET n = 4, version = version RETURNING *;

-- a version that only stands in WHERE reaches no trigger
UPDATE blind_reject SET n = 5 WHERE version = 4;

-- under protocol "ignore" what is sent is no token
SELECT concurrency.attach('blind_reject', protocol => 'ignore', blind => 'reject');
UPDATE blind_reject SET n = 6, version = 4;

-- the setting overrides every table
SHOW concurrency.blind_writes;
SET concurrency.blind_writes = 'allow';
UPDATE blind_warn SET n = 7 RETURNING *;
UPDATE blind_reject SET n = 7 RETURNING *;
SET concurrency.blind_writes = 'warn';
UPDATE blind_allow SET n = 7 RETURNING *;
UPDATE blind_reject SET n = 8 RETURNING *;
\set VERBOSITY sqlstate
SET concurrency.blind_writes = 'reject';
UPDATE blind_allow SET n = 8 RETURNING *;
UPDATE blind_warn SET n = 8 RETURNING *;
SET concurrency.blind_writes = 'table';
UPDATE blind_reject SET n = 8 RETURNING *;

-- a misspelt value refuses writes
\set VERBOSITY default
SET concurrency.blind_writes = 'alow';
UPDATE blind_allow SET n = 9;
\set VERBOSITY sqlstate
UPDATE blind_allow SET n = 9;
INSERT INTO blind_allow VALUES (2);
SET concurrency.blind_writes = '';
UPDATE blind_allow SET n = 9;
RESET concurrency.blind_writes;
TABLE blind_allow;

-- nobody but a superuser sets it
CREATE ROLE regress_blind;
SET ROLE regress_blind;
SET concurrency.blind_writes = 'allow';
RESET ROLE;
DROP ROLE regress_blind;

-- foreign keys' actions are the server's own writes: they bump, and nothing else
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (
	id int PRIMARY KEY,
	changed int REFERENCES parent ON UPDATE CASCADE,
	emptied int REFERENCES parent ON DELETE SET NULL,
	gone int REFERENCES parent ON DELETE CASCADE);
SELECT concurrency.attach('child', blind => 'reject');
INSERT INTO parent VALUES (1), (2), (3);
INSERT INTO child VALUES (1, 1, 2, 3), (2, NULL, 2, NULL);
UPDATE parent SET id = 10 WHERE id = 1;
DELETE FROM parent WHERE id = 2;
SELECT * FROM child ORDER BY id;
DELETE FROM parent WHERE id = 3;
SELECT * FROM child ORDER BY id;
INSERT INTO child VALUES (3, 10);
SET concurrency.blind_writes = 'warn';
UPDATE parent SET id = 11 WHERE id = 10;
SELECT id, changed, version FROM child WHERE id = 3;
-- ... except that a misspelt setting refuses them, too
SET concurrency.blind_writes = 'wran';
\set SHOW_CONTEXT never
UPDATE parent SET id = 12 WHERE id = 11;

-- what a trigger writes is an ordinary write, also below a foreign key's action,
-- unless the table's owner wrote that trigger
RESET concurrency.blind_writes;
CREATE ROLE regress_blind;
GRANT USAGE, CREATE ON SCHEMA public TO regress_blind;
GRANT SELECT, UPDATE ON blind_reject TO regress_blind;
SET ROLE regress_blind;
CREATE TABLE strange_parent (id int PRIMARY KEY);
CREATE TABLE strange_child (id int PRIMARY KEY REFERENCES strange_parent ON UPDATE CASCADE);
INSERT INTO strange_parent VALUES (1);
INSERT INTO strange_child VALUES (1);
CREATE FUNCTION write_blindly() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE blind_reject SET n = 666;
	RETURN NEW;
END
$$;
CREATE TRIGGER write_blindly BEFORE UPDATE ON strange_child FOR EACH ROW EXECUTE FUNCTION write_blindly();
\set VERBOSITY terse
UPDATE strange_parent SET id = 2;
RESET ROLE;
SELECT * FROM blind_reject;

SET client_min_messages = error;
DROP OWNED BY regress_blind CASCADE;
DROP ROLE regress_blind;
DROP TABLE blind_allow, blind_warn, blind_reject, parent, child;
