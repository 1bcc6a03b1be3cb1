-- Section 12, MERGE: each action follows its own section, and a column that one action names
-- counts as sent in all of them (section 2).
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0, version int);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1, 0, 7), (2, 0, 7), (3, 0, 7), (4, 0, 7);
-- what clients send: a token, and what they want
CREATE TABLE change (id int PRIMARY KEY, action text, n int, version int);
INSERT INTO change VALUES (1, 'update', 1, 7), (2, 'update', 1, 8), (3, 'delete', 1, 6), (4, 'nothing', 1, 6), (5, 'insert', 1, 40), (6, 'insert', 1, NULL);
\set VERBOSITY sqlstate

-- update by echo and by increment, delete (nobody looks at its token), do nothing, insert with a version and without
MERGE INTO doc d USING change c ON d.id = c.id
	WHEN MATCHED AND action = 'update' THEN UPDATE SET n = c.n, version = c.version
	WHEN MATCHED AND action = 'delete' THEN DELETE
	WHEN MATCHED THEN DO NOTHING
	WHEN NOT MATCHED AND id = 5 THEN INSERT VALUES (c.id, c.n, c.version)
	WHEN NOT MATCHED THEN INSERT (id, n, version) VALUES (c.id, c.n, c.version);
SELECT * FROM doc ORDER BY id;

-- a stale row refuses all of it
UPDATE change SET action = 'update', version = CASE id WHEN 2 THEN 7 ELSE 8 END, n = 2;
MERGE INTO doc d USING change c ON d.id = c.id
	WHEN MATCHED AND d.id < 4 THEN UPDATE SET n = c.n, version = c.version
	WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.n, c.version);
SELECT * FROM doc ORDER BY id;
-- ... unless the action says that such rows are left alone
MERGE INTO doc d USING change c ON d.id = c.id
	WHEN MATCHED AND d.version = c.version THEN UPDATE SET n = c.n, version = c.version
	WHEN MATCHED THEN DO NOTHING
	WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.n, c.version);
SELECT * FROM doc ORDER BY id;

-- blind: no action names the version, not even where INSERT does
MERGE INTO doc d USING (VALUES (1)) c (id) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 3
	WHEN NOT MATCHED THEN INSERT (id, version) VALUES (c.id, 7);
-- ... and inserting is never blind
MERGE INTO doc d USING (VALUES (7)) c (id) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 3
	WHEN NOT MATCHED THEN INSERT (id) VALUES (c.id);

-- the union: "n = 4" is not blind next to an action that names the version, even one that never happens
MERGE INTO doc d USING (VALUES (1), (2)) c (id) ON d.id = c.id
	WHEN MATCHED AND d.id = 1 THEN UPDATE SET n = 4
	WHEN MATCHED THEN UPDATE SET n = 4, version = d.version;
MERGE INTO doc d USING (VALUES (2)) c (id) ON d.id = c.id
	WHEN MATCHED AND false THEN UPDATE SET version = d.version
	WHEN MATCHED THEN UPDATE SET n = 5;
SELECT * FROM doc WHERE id < 3 ORDER BY id;
-- ... so it counts as an echo, which "increment" refuses
SELECT concurrency.attach('doc', protocol => 'increment', blind => '');
MERGE INTO doc d USING (VALUES (2)) c (id) ON d.id = c.id
	WHEN MATCHED AND d.id = 1 THEN UPDATE SET version = d.version + 1
	WHEN MATCHED THEN UPDATE SET n = 6;
MERGE INTO doc d USING (VALUES (1), (2)) c (id) ON d.id = c.id
	WHEN MATCHED AND d.id = 1 THEN UPDATE SET version = d.version + 1
	WHEN MATCHED THEN UPDATE SET n = 6, version = d.version + 1;
-- ... alone, it is blind
SELECT concurrency.attach('doc', protocol => 'increment', blind => 'warn');
MERGE INTO doc d USING (VALUES (2)) c (id) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 7;
SELECT * FROM doc WHERE id < 3 ORDER BY id;

-- the other protocols
SELECT concurrency.attach('doc', protocol => 'echo', blind => '');
MERGE INTO doc d USING (VALUES (1, 11)) c (id, token) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET version = token + 1;
MERGE INTO doc d USING (VALUES (1, 11)) c (id, token) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET version = token;
SELECT concurrency.attach('doc', protocol => 'ignore', blind => 'warn');
MERGE INTO doc d USING (VALUES (1, 3)) c (id, token) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET version = token;
SELECT * FROM doc WHERE id = 1;

-- one row that two sources match is PostgreSQL's own error, and changes nothing
SELECT concurrency.attach('doc', protocol => '', blind => '');
MERGE INTO doc d USING (VALUES (1), (1)) c (id) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 9;
SELECT * FROM doc WHERE id = 1;

-- a partitioned target, whose partitions have the columns in different orders, with a row that moves
CREATE TABLE part (id int, n int, version int) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version int, n int, id int);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
CREATE TABLE part_default PARTITION OF part DEFAULT;
SELECT concurrency.attach('part', blind => 'reject');
INSERT INTO part VALUES (1, 0, 7), (2, 0, 7), (3, 0, 7);
MERGE INTO part d USING (VALUES (1, 6), (2, 7), (3, 7), (4, 7)) c (id, token) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 1, version = c.token
	WHEN NOT MATCHED THEN INSERT VALUES (c.id, 1, c.token);
MERGE INTO part d USING (VALUES (1, 7), (2, 6), (3, 7), (4, 7)) c (id, token) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET n = 1, version = c.token
	WHEN NOT MATCHED THEN INSERT VALUES (c.id, 1, c.token);
MERGE INTO part d USING (VALUES (1, 7), (2, 7), (3, 7), (4, 7)) c (id, token) ON d.id = c.id
	WHEN MATCHED AND d.id = 3 THEN DELETE
	WHEN MATCHED THEN UPDATE SET id = 3 - d.id, n = 1, version = c.token
	WHEN NOT MATCHED THEN INSERT VALUES (c.id, 1, c.token);
SELECT tableoid::regclass, * FROM part ORDER BY id;
-- ... the parent's column number of "id" is that of "version" in part_2: nothing was sent here
MERGE INTO part d USING (VALUES (2)) c (id) ON d.id = c.id
	WHEN MATCHED THEN UPDATE SET id = 2, n = 2;

-- WHEN NOT MATCHED BY SOURCE and RETURNING, where MERGE has them (17 and later)
DO $$
DECLARE
	seen text;
BEGIN
	IF current_setting('server_version_num')::int >= 170000 THEN
		EXECUTE 'WITH merged AS (
			MERGE INTO doc d USING (VALUES (1)) c (id) ON d.id = c.id
				WHEN NOT MATCHED BY SOURCE AND d.id = 2 THEN UPDATE SET n = 8, version = 12
				WHEN NOT MATCHED BY SOURCE THEN DELETE
				WHEN MATCHED THEN DO NOTHING
				RETURNING merge_action() AS action, d.id, d.version)
			SELECT string_agg(action || '' '' || id || ''/'' || version, '', '' ORDER BY id) FROM merged' INTO seen;
		ASSERT seen = 'UPDATE 2/13, DELETE 3/8, DELETE 4/7, DELETE 5/40, DELETE 6/1, DELETE 7/1', seen;
		BEGIN
			EXECUTE 'MERGE INTO doc d USING (VALUES (1)) c (id) ON d.id = c.id
				WHEN NOT MATCHED BY SOURCE THEN UPDATE SET n = 9, version = 12';
			ASSERT false, 'a stale write was accepted';
		EXCEPTION WHEN SQLSTATE 'PT409' THEN
			NULL;
		END;
	END IF;
END
$$;

DROP TABLE doc, change, part;
