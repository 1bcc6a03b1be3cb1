-- Section 5: the kind "uuid", which stores a random one with every write.
\set SHOW_CONTEXT never
SELECT kind, column_type, is_default, column_default FROM concurrency.version_kinds() WHERE kind = 'uuid';
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
-- attach gives the same one to the rows that are there
INSERT INTO doc VALUES (-1), (-2);
SELECT concurrency.attach('doc', kind => 'uuid');
SELECT count(DISTINCT version) FROM doc;
\d doc

-- An INSERT gets one of its own, by the trigger and by the DEFAULT alike, unless it brings one.
INSERT INTO doc SELECT i, 0, NULL FROM generate_series(1, 100) AS i;
INSERT INTO doc (id) SELECT i FROM generate_series(101, 200) AS i;
INSERT INTO doc VALUES (201, 0, '00000000-0000-0000-0000-000000000000') RETURNING version;
-- ... so does every write, also of one row in one transaction
CREATE TABLE seen AS SELECT version FROM doc WHERE id > 0;
INSERT INTO seen SELECT version FROM doc WHERE id = -1;
DO $$
BEGIN
	FOR i IN 1..100 LOOP
		WITH written AS (UPDATE doc SET n = i WHERE id IN (1, 201) RETURNING version)
		INSERT INTO seen SELECT version FROM written;
	END LOOP;
END
$$;
UPDATE doc SET n = n;
INSERT INTO seen SELECT version FROM doc;
SELECT count(*), count(DISTINCT version) FROM seen;
-- ... random, in the layout of version 4
SELECT count(*) FROM seen
 WHERE version <> '00000000-0000-0000-0000-000000000000'
   AND version::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';

-- An echo passes, however it is spelt; a stale one does not, and no increment does.
SELECT version AS read, '{' || upper(replace(version::text, '-', '')) || '}' AS spelt FROM doc WHERE id = 1 \gset
UPDATE doc SET n = 1000, version = :'spelt' WHERE id = 1 RETURNING n, version <> :'read' AS is_another;
\set VERBOSITY sqlstate
UPDATE doc SET n = 1001, version = :'read' WHERE id = 1;
UPDATE doc SET n = 1001, version = gen_random_uuid() WHERE id = 1;
UPDATE doc SET n = 1001, version = NULL WHERE id = 1;
UPDATE doc SET n = 1001, version = DEFAULT WHERE id = 1;
SELECT n FROM doc WHERE id = 1;
SELECT concurrency.attach('doc', kind => 'uuid', protocol => 'increment', blind => 'reject');
UPDATE doc SET n = 1001, version = version WHERE id = 1;
UPDATE doc SET n = 1001, version = gen_random_uuid() WHERE id = 1;
UPDATE doc SET n = 1001 WHERE id = 1;
SELECT concurrency.attach('doc', kind => 'uuid', protocol => 'echo', blind => '');
UPDATE doc SET n = 1001, version = gen_random_uuid() WHERE id = 1;
UPDATE doc SET n = 1001, version = version WHERE id = 1 RETURNING n;
SELECT concurrency.attach('doc', kind => 'uuid', protocol => 'ignore');
UPDATE doc SET n = 1002, version = :'read' WHERE id = 1 RETURNING n, version <> :'read' AS is_another;

-- A row from before the column, a domain, and types that do not suit.
CREATE DOMAIN etag AS uuid CHECK (value > '10000000-0000-0000-0000-000000000000');
CREATE TABLE others (id int PRIMARY KEY, version etag);
INSERT INTO others VALUES (1), (2);
SELECT concurrency.attach('others', kind => 'uuid');
UPDATE others SET version = 'f0000000-0000-4000-8000-000000000000' WHERE id = 1;
SELECT concurrency.detach('others');
ALTER DOMAIN etag DROP CONSTRAINT etag_check;
SELECT concurrency.attach('others');
UPDATE others SET version = NULL WHERE id = 1 RETURNING version IS NOT NULL AS is_stamped;
UPDATE others SET id = 3 WHERE id = 2 RETURNING version IS NOT NULL AS is_stamped;
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{text,bytea,bigint,char(36)}'::text[] LOOP
		EXECUTE format('ALTER TABLE others DROP COLUMN version, ADD COLUMN version %s', type);
		BEGIN
			PERFORM concurrency.attach('others', kind => 'uuid');
			RAISE 'accepted %', type;
		EXCEPTION WHEN datatype_mismatch THEN
			NULL;
		END;
	END LOOP;
END
$$;

DROP TABLE doc, others, seen;
DROP DOMAIN etag;
