-- Section 4: an inserted row keeps the version it brings; NULL becomes the first one.
CREATE TABLE ins (id int PRIMARY KEY, version int);
SELECT concurrency.attach('ins');
INSERT INTO ins VALUES (1, NULL), (2, 0), (3, 77), (4, -1), (5, 2147483647);
INSERT INTO ins (id) VALUES (6);
COPY ins FROM stdin;
7	42
8	\N
\.
COPY ins (id) FROM stdin;
9
\.
SELECT * FROM ins ORDER BY id;

-- attach gives a DEFAULT to a column that it adds: one that is there stays as it is, the trigger fills it
ALTER TABLE ins ADD COLUMN body text;
SELECT concurrency.attach('ins', 'added');
SELECT column_name, column_default FROM information_schema.columns WHERE table_name = 'ins' AND column_name IN ('version', 'added') ORDER BY 1;
SELECT concurrency.detach('ins', 'added');
ALTER TABLE ins DROP COLUMN added, DROP COLUMN body;

-- ... and leaves the one that is there
CREATE TABLE ins_default (id int, version int DEFAULT 0);
SELECT concurrency.attach('ins_default');
INSERT INTO ins_default VALUES (1, DEFAULT), (2, NULL) RETURNING *;

-- the token of an upsert is the client's word, not a value forced on INSERT
INSERT INTO ins VALUES (3, 77) ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version RETURNING *;
\set VERBOSITY sqlstate
INSERT INTO ins VALUES (3, 77) ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version RETURNING *;

DROP TABLE ins, ins_default;
