-- Section 12, INSERT ... ON CONFLICT: where DO UPDATE names the version, EXCLUDED.version is the
-- client's token; where it does not, the write is blind.
\getenv abs_srcdir PG_ABS_SRCDIR
\set attempt :abs_srcdir '/test/attempt.sql'
\i :attempt
CREATE TABLE "auto" (id int PRIMARY KEY, n int, version int);
CREATE TABLE "echo" (LIKE "auto" INCLUDING ALL);
CREATE TABLE "increment" (LIKE "auto" INCLUDING ALL);
CREATE TABLE "ignore" (LIKE "auto" INCLUDING ALL);
SELECT concurrency.attach(tab::regclass, protocol => tab, blind => 'reject')
  FROM unnest('{auto,echo,increment,ignore}'::text[]) AS tab;

-- Says what an upsert does to the row (1, 0), at version 7, or to the row that it inserts: the
-- row's n and version, and "blind" before them if the write was.
CREATE FUNCTION outcome(protocol text, upsert text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
	stored text;
BEGIN
	EXECUTE format('TRUNCATE %I', protocol);
	EXECUTE format('INSERT INTO %I VALUES (1, 0, 7)', protocol);
	outcome := attempt(format('INSERT INTO %I AS t ', protocol) || upsert);
	IF outcome NOT IN ('accepted', 'blind') THEN
		RETURN outcome;
	END IF;
	EXECUTE format('SELECT string_agg(n || ''/'' || version, '', '' ORDER BY id) FROM %I', protocol) INTO stored;
	RETURN CASE WHEN outcome = 'blind' THEN 'blind ' ELSE '' END || stored;
END
$$;

CREATE TABLE upserts (no int, what text, sql text);
INSERT INTO upserts VALUES
	(1, 'echo', '(id, n, version) VALUES (1, 1, 7) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(2, 'increment', '(id, n, version) VALUES (1, 1, 8) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(3, 'increment, computed from the token', '(id, n, version) VALUES (1, 1, 7) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version + 1'),
	(4, 'stale', '(id, n, version) VALUES (1, 1, 6) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(5, 'stale, token + 1', '(id, n, version) VALUES (1, 1, 5) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version + 1'),
	(6, 'stale, checked in WHERE', '(id, n, version) VALUES (1, 1, 6) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version WHERE t.version = EXCLUDED.version'),
	(7, 'omitted: the token is the DEFAULT', '(id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(8, 'NULL: the token is the first value', '(id, n, version) VALUES (1, 1, NULL) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(9, 'a whole row', 'VALUES (1, 1, 7) ON CONFLICT (id) DO UPDATE SET (n, version) = (SELECT EXCLUDED.n, EXCLUDED.version)'),
	(10, 'blind: not named', '(id, n, version) VALUES (1, 1, 7) ON CONFLICT (id) DO UPDATE SET n = 1'),
	(11, 'blind: not named, stale', '(id, n, version) VALUES (1, 1, 6) ON CONFLICT (id) DO UPDATE SET n = 1'),
	(12, 'blind: neither given nor named', '(id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1'),
	(13, 'computed from the row: no token', '(id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1, version = t.version'),
	(14, 'computed from the row, + 1', '(id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 1, version = t.version + 1'),
	(15, 'DO NOTHING', '(id, n, version) VALUES (1, 1, 6) ON CONFLICT DO NOTHING'),
	(16, 'a new row keeps what it brings', '(id, n, version) VALUES (2, 1, 40) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(17, 'a new row, omitted', '(id, n) VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(18, 'a new row is never blind', '(id, n) VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET n = 1'),
	(19, 'two rows, one new', '(id, n, version) VALUES (1, 1, 7), (2, 1, NULL) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version'),
	(20, 'two rows, one stale: neither', '(id, n, version) VALUES (2, 1, NULL), (1, 1, 6) ON CONFLICT (id) DO UPDATE SET n = 1, version = EXCLUDED.version');
SELECT no, what,
	   outcome('auto', sql) AS auto,
	   outcome('echo', sql) AS echo,
	   outcome('increment', sql) AS increment,
	   outcome('ignore', sql) AS ignore
  FROM upserts ORDER BY no;

-- a refused upsert inserts none of its rows, and the same statement goes through with the right token
\set VERBOSITY sqlstate
TRUNCATE "auto";
INSERT INTO "auto" VALUES (1, 0, 7), (2, 0, 3);
INSERT INTO "auto" VALUES (3, 1, 1), (1, 1, 7), (2, 1, 2) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
SELECT * FROM "auto" ORDER BY id;
INSERT INTO "auto" VALUES (3, 1, 1), (1, 1, 7), (2, 1, 3) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version
RETURNING *;
-- ... the same row twice is PostgreSQL's own error
INSERT INTO "auto" VALUES (3, 2, 1), (3, 3, 2) ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;

-- concurrency.blind_writes decides over an upsert, too
SET concurrency.blind_writes = 'warn';
INSERT INTO "auto" VALUES (3, 2, 1) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n RETURNING *;
INSERT INTO "auto" VALUES (3, 3, 2) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version RETURNING *;
SET concurrency.blind_writes = 'reject';
INSERT INTO "auto" VALUES (3, 4, 1) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n;
INSERT INTO "auto" VALUES (4, 4) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n RETURNING *;
RESET concurrency.blind_writes;

-- a partitioned table, one partition of which has the columns in another order: by name, "version" is sent or not
CREATE TABLE part (id int PRIMARY KEY, n int, version int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 (version int, dropped int, body text, n int, id int NOT NULL);
ALTER TABLE part_2 DROP COLUMN dropped;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20);
SELECT concurrency.attach('part', blind => 'reject');
INSERT INTO part VALUES (1, 0, 7, 'a'), (11, 0, 7, 'b');
INSERT INTO part VALUES (1, 1, 7), (11, 1, 8) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version
RETURNING tableoid::regclass, *;
INSERT INTO part VALUES (1, 2, 7) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
INSERT INTO part VALUES (11, 2, 7) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
-- ... the parent's column numbers of "id" and "n" are those of "version" and of a dropped column in part_2
INSERT INTO part VALUES (1, 2, 8) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id, n = EXCLUDED.n;
INSERT INTO part VALUES (11, 2, 8) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id, n = EXCLUDED.n;
INSERT INTO part_2 VALUES (8, 'c', 2, 11) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version;
INSERT INTO part_2 VALUES (8, 'd', 3, 11) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version;
SELECT * FROM part ORDER BY id;

-- DO SELECT (19 and later) writes nothing, whatever the token is, and returns the version that is there
DO $$
DECLARE
	seen int;
BEGIN
	IF current_setting('server_version_num')::int >= 190000 THEN
		EXECUTE 'INSERT INTO "auto" VALUES (1, 9, 6) ON CONFLICT (id) DO SELECT FOR UPDATE RETURNING version' INTO seen;
		ASSERT seen = 8 AND (SELECT version = 8 FROM "auto" WHERE id = 1), seen::text;
	END IF;
END
$$;

DROP TABLE "auto", "echo", "increment", "ignore", upserts, part;
DROP FUNCTION attempt, outcome;
