-- Section 11, stamp_insert => false: no trigger for INSERT, so that COPY batches; the column's DEFAULT serves instead.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text DEFAULT 'a');
SELECT concurrency.attach('doc', stamp_insert => false);
SELECT t.tgtype & 4 AS insert_bit, a.stamp_insert, a.guard_delete FROM concurrency.attachments a JOIN pg_trigger t ON (t.tgrelid, t.tgname) = (a.table_name, a.trigger_name);

-- the DEFAULT; what is given is kept; NULL is refused by the column, not by us
INSERT INTO doc VALUES (1);
INSERT INTO doc VALUES (2, 'b', 7), (3, 'c', 0), (4, 'd', DEFAULT);
INSERT INTO doc VALUES (5, 'e', NULL);
\set VERBOSITY sqlstate
INSERT INTO doc VALUES (5, 'e', NULL);
\set VERBOSITY default
COPY doc (id) FROM stdin;
6
\.
COPY doc FROM stdin;
7	g	9
\.
\set VERBOSITY sqlstate
COPY doc FROM stdin;
8	h	\N
\.
\set VERBOSITY default
SELECT * FROM doc ORDER BY id;

-- writes are checked as ever
UPDATE doc SET body = 'x', version = 7 WHERE id = 2 RETURNING *;
UPDATE doc SET body = 'y', version = 7 WHERE id = 2;
INSERT INTO doc VALUES (2, 'upsert', 8) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING *;
\set VERBOSITY sqlstate
INSERT INTO doc VALUES (2, 'upsert', 8) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version;
-- ... the token of an upsert that gives none is the DEFAULT
INSERT INTO doc VALUES (2, 'upsert') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version;
INSERT INTO doc VALUES (1, 'upsert') ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING *;

-- attached again: with, and without
SELECT concurrency.attach('doc', stamp_insert => true);
INSERT INTO doc VALUES (9, 'i', NULL) RETURNING *;
SELECT concurrency.attach('doc', stamp_insert => false, guard_delete => true, blind => 'reject');
INSERT INTO doc VALUES (10, 'j', NULL) RETURNING *;
DELETE FROM doc WHERE id = 9;
SELECT stamp_insert, guard_delete FROM concurrency.attachments;
DROP TABLE doc;

-- a column that was there, and may be null: attach gives it a DEFAULT, and a row whose version is NULL gets its first by its first write
CREATE TABLE nullable (id int PRIMARY KEY, version uuid);
SELECT concurrency.attach('nullable', stamp_insert => false);
INSERT INTO nullable VALUES (1) RETURNING version IS NULL AS is_null;
INSERT INTO nullable VALUES (2, NULL) RETURNING version IS NULL AS is_null;
UPDATE nullable SET id = 3 WHERE id = 2 RETURNING version IS NULL AS is_null;
DROP TABLE nullable;

-- (a DEFAULT NULL is none, over that of a domain, too)
CREATE TABLE nullable (id int PRIMARY KEY, version concurrency.version DEFAULT NULL);
SELECT concurrency.attach('nullable', stamp_insert => false);
INSERT INTO nullable VALUES (1) RETURNING version;
DROP TABLE nullable;

-- a default that nothing can follow is not looked at before the first write
CREATE TABLE forever (id int PRIMARY KEY, version timestamptz DEFAULT 'infinity');
SELECT concurrency.attach('forever');
INSERT INTO forever VALUES (1);
SELECT concurrency.attach('forever', stamp_insert => false);
INSERT INTO forever VALUES (1);
UPDATE forever SET id = 2;
DROP TABLE forever;

-- rows that move to another partition keep counting
CREATE TABLE part (id int PRIMARY KEY, version int) PARTITION BY RANGE (id);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_high (version int DEFAULT 99, id int NOT NULL);
ALTER TABLE part ATTACH PARTITION part_high FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part', stamp_insert => false, guard_delete => true);
INSERT INTO part VALUES (1);
UPDATE part SET id = 11, version = 1 WHERE id = 1 RETURNING tableoid::regclass, *;
UPDATE part SET id = 2 WHERE id = 11 RETURNING tableoid::regclass, *;
UPDATE part SET id = 12, version = 2 WHERE id = 2;
SELECT tgrelid::regclass, tgtype & 4 AS insert_bit FROM pg_trigger WHERE tgname = 'zz_concurrency_version' ORDER BY 1;
DROP TABLE part;
