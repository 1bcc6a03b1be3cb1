-- Sections 3 and 12, UPDATE ... FROM, writable CTEs and RETURNING: a row is judged and bumped once
-- per statement, and RETURNING shows the version as stored.
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0, boss int);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc (id, boss) VALUES (1, 2), (2, 3), (3, 3);
\set VERBOSITY sqlstate

-- RETURNING: an increment, an echo, computed from the stored version
UPDATE doc SET n = 1, version = 2 WHERE id = 1 RETURNING *;
UPDATE doc SET n = 1, version = 1 WHERE id = 2 RETURNING version, version * 10 AS computed;

-- two matches for one row: one of them is taken, and bumps once
UPDATE doc SET n = m.n, version = 2
  FROM (VALUES (1, 100), (1, 100), (2, 100)) m (id, n) WHERE doc.id = m.id;
SELECT * FROM doc ORDER BY id;
-- ... also where they bring two tokens that both fit, or one that fits and one that does not
UPDATE doc SET version = m.token
  FROM (VALUES (1, 3), (1, 4)) m (id, token) WHERE doc.id = m.id RETURNING doc.id, version;
DO $$
BEGIN
	UPDATE doc SET n = 200, version = m.token
	  FROM (VALUES (2, 3), (2, 2)) m (id, token) WHERE doc.id = m.id;
	ASSERT (SELECT version FROM doc WHERE id = 2) = 4;
EXCEPTION WHEN SQLSTATE 'PT409' THEN
	ASSERT (SELECT version FROM doc WHERE id = 2) = 3;
END
$$;

-- tokens come from another table, one is stale: nothing is written
CREATE TABLE change (id int, n int, token int);
INSERT INTO change SELECT id, 5, version FROM doc;
UPDATE doc SET n = c.n, version = c.token FROM change c WHERE doc.id = c.id;
SELECT doc.id, n FROM doc ORDER BY id;
UPDATE change SET token = doc.version, n = 6 FROM doc WHERE doc.id = change.id AND doc.id < 3;
UPDATE doc SET n = c.n, version = c.token FROM change c WHERE doc.id = c.id;
UPDATE doc SET n = c.n, version = c.token FROM change c WHERE doc.id = c.id AND doc.id < 3;
SELECT doc.id, doc.n, version - token AS bumps FROM doc JOIN change USING (id) ORDER BY id;

-- self-join: another row's version is a token like any other
SELECT concurrency.attach('doc', blind => '');
TRUNCATE doc;
INSERT INTO doc VALUES (1, 0, 2, 5), (2, 6, 3, 5), (3, 5, 3, 9);
UPDATE doc SET n = boss.n + 1, version = boss.version FROM doc boss WHERE boss.id = doc.boss AND doc.id = 1 RETURNING doc.*;
UPDATE doc SET n = boss.n + 1, version = boss.version FROM doc boss WHERE boss.id = doc.boss AND doc.id = 2;
WITH u AS (UPDATE doc SET n = boss.n + 1 FROM doc boss WHERE boss.id = doc.boss RETURNING doc.id, doc.version, boss.version AS boss_was)
SELECT * FROM u ORDER BY id;

-- writable CTEs: a row that two of them change is changed and bumped once
WITH first AS (UPDATE doc SET n = 31, version = 10 WHERE id = 3 RETURNING *),
	 second AS (UPDATE doc SET n = 32, version = 10 WHERE id = 3 RETURNING *)
SELECT count(*) AS changed, min(version) AS version FROM (TABLE first UNION ALL TABLE second) AS both_of_them;
SELECT n IN (31, 32) AS one_of_them, version FROM doc WHERE id = 3;
-- ... what one returns is a token for the other, which sees the row as it was
WITH u AS (UPDATE doc SET n = 33, version = 11 WHERE id = 3 RETURNING id, version)
UPDATE doc SET n = 34, version = u.version FROM u WHERE doc.id = u.id;
SELECT n, version FROM doc WHERE id = 3;
WITH u AS (UPDATE doc SET n = 35, version = 12 WHERE id = 3 RETURNING version)
UPDATE doc SET n = 36, version = u.version FROM u WHERE doc.id = 1;
WITH u AS (UPDATE doc SET n = 35, version = 12 WHERE id = 3 RETURNING version)
SELECT version, (SELECT version FROM doc WHERE id = 3) AS as_it_was FROM u;
-- ... a stale one refuses the whole statement, even if nobody reads it
WITH u AS (UPDATE doc SET n = 37, version = 12 WHERE id = 3)
UPDATE doc SET n = 37 WHERE id = 1;
SELECT * FROM doc ORDER BY id;
-- ... and a row that is deleted here and inserted there takes its version along
CREATE TABLE archive (LIKE doc INCLUDING ALL);
SELECT concurrency.attach('archive');
WITH gone AS (DELETE FROM doc WHERE id = 3 RETURNING *) INSERT INTO archive SELECT * FROM gone RETURNING *;

-- RETURNING tells OLD from NEW (18 and later)
DO $$
DECLARE
	before int;
	after int;
BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE 'UPDATE doc SET n = 0 WHERE id = 1 RETURNING old.version, new.version' INTO before, after;
		ASSERT before = 7 AND after = 8, format('%s %s', before, after);
		EXECUTE 'INSERT INTO doc (id, version) VALUES (1, 8) ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version
			RETURNING old.version, new.version' INTO before, after;
		ASSERT before = 8 AND after = 9, format('%s %s', before, after);
	END IF;
END
$$;

DROP TABLE doc, change, archive;
