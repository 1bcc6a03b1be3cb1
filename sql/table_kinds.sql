-- Section 12, kinds of tables: what a table is made of makes no difference to its versions.
\set VERBOSITY sqlstate

-- unlogged, temporary (with each ON COMMIT), full pages
CREATE UNLOGGED TABLE unlogged (id int, n int DEFAULT 0, version int);
CREATE TEMP TABLE temp (id int, n int DEFAULT 0, version int);
CREATE TEMP TABLE temp_delete (id int, n int DEFAULT 0, version int) ON COMMIT DELETE ROWS;
CREATE TABLE full_pages (id int, n int DEFAULT 0, version int) WITH (fillfactor = 100, autovacuum_enabled = off);
CREATE TABLE toasted (id int, n int DEFAULT 0, version int, body text DEFAULT repeat('x', 3000)) WITH (toast_tuple_target = 128);
CREATE FUNCTION check_table(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	refused int := 0;
	result text;
	stale text;
BEGIN
	EXECUTE format('INSERT INTO %s (id) SELECT generate_series(1, 1000)', tab);
	EXECUTE format('UPDATE %s SET n = 1, version = 1', tab);
	EXECUTE format('UPDATE %s SET n = 2, version = version + 1 WHERE id %% 2 = 0', tab);
	FOREACH stale IN ARRAY '{"version = 1", "version = 2", "id = id", "version = NULL"}'::text[] LOOP
		BEGIN
			EXECUTE format('UPDATE %s SET n = 3, %s', tab, stale);
		EXCEPTION WHEN SQLSTATE 'PT409' OR SQLSTATE 'PT428' THEN
			refused := refused + 1;
		END;
	END LOOP;
	EXECUTE format('SELECT count(*) || '' rows, '' || sum(n) || '' writes, '' || sum(version - 1) || '' bumps'' FROM %s', tab) INTO result;
	RETURN result || format(', %s of 4 refused', refused);
END
$$;
BEGIN;
SELECT tab, concurrency.attach(tab, blind => 'reject'), check_table(tab)
  FROM unnest('{unlogged,temp,temp_delete,full_pages,toasted}'::regclass[]) AS tab;
COMMIT;
SELECT count(*) FROM temp_delete;
INSERT INTO temp_delete VALUES (1, 0, 9) RETURNING *;
SELECT check_table('temp_delete');
-- ... dropped with its transaction
BEGIN;
CREATE TEMP TABLE temp_drop (id int, n int DEFAULT 0) ON COMMIT DROP;
SELECT concurrency.attach('temp_drop', blind => 'reject'), check_table('temp_drop');
COMMIT;
SELECT count(*) FROM concurrency.attachments WHERE table_name::text LIKE '%temp%';
DROP TABLE unlogged, temp, temp_delete, full_pages, toasted;

-- a bump keeps an update "heap-only", unless somebody indexed the version
CREATE TABLE hot (id int PRIMARY KEY, n int DEFAULT 0) WITH (fillfactor = 10, autovacuum_enabled = off);
SELECT concurrency.attach('hot');
INSERT INTO hot SELECT generate_series(1, 20);
CREATE FUNCTION hot_updates(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	counted bigint := pg_stat_get_xact_tuples_updated('hot'::regclass);
	counted_hot bigint := pg_stat_get_xact_tuples_hot_updated('hot'::regclass);
BEGIN
	EXECUTE command;
	RETURN format('%s of %s', pg_stat_get_xact_tuples_hot_updated('hot'::regclass) - counted_hot,
				  pg_stat_get_xact_tuples_updated('hot'::regclass) - counted);
END
$$;
SELECT hot_updates('UPDATE hot SET n = 1') AS blind,
	   hot_updates('UPDATE hot SET n = 2, version = 2') AS echo,
	   hot_updates('UPDATE hot SET n = 3, version = version + 1') AS increment;
CREATE INDEX ON hot (version);
SELECT hot_updates('UPDATE hot SET n = 4 WHERE id <= 10') AS indexed;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT version, count(*), min(id) FROM hot WHERE version IN (4, 5) GROUP BY version ORDER BY version;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TABLE hot;
DROP FUNCTION hot_updates;

-- 200 partitions, every second one with its columns in another order, and rows that all move
CREATE TABLE part (id int PRIMARY KEY, n int DEFAULT 0, version int) PARTITION BY LIST (id);
SELECT concurrency.attach('part', blind => 'reject');
DO $$
BEGIN
	FOR i IN 1 .. 200 LOOP
		EXECUTE format(CASE i % 2
			WHEN 0 THEN 'CREATE TABLE part_%1$s PARTITION OF part FOR VALUES IN (%1$s, %2$s)'
			ELSE 'CREATE TABLE part_%1$s (version int, id int NOT NULL, n int); ALTER TABLE part ATTACH PARTITION part_%1$s FOR VALUES IN (%1$s, %2$s)'
		END, i, i - 201);
	END LOOP;
END
$$;
INSERT INTO part SELECT generate_series(1, 200);
UPDATE part SET n = 1, version = 1;
UPDATE part SET n = 2, version = CASE id WHEN 199 THEN 1 ELSE 2 END;
UPDATE part SET n = 2;
UPDATE part SET id = -id, version = 3;
UPDATE part SET id = -id, version = CASE id WHEN -199 THEN 2 ELSE 3 END;
INSERT INTO part SELECT -i, 3, 4 FROM generate_series(1, 200) i ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
SELECT count(*), sum(n), max(id), min(version), max(version), count(DISTINCT tableoid) FROM part;
DROP TABLE part;

-- 10 version columns, each with its own trigger and options
CREATE TABLE ten (id int PRIMARY KEY, n int DEFAULT 0,
	v1 int DEFAULT 10, v2 int DEFAULT 20, v3 int DEFAULT 30, v4 smallint DEFAULT 40, v5 bigint DEFAULT 50,
	v6 int DEFAULT 60, v7 int DEFAULT 70, v8 int DEFAULT 80, v9 int DEFAULT 90, v10 int DEFAULT 100);
SELECT concurrency.attach('ten', format('v%s', i)::name, protocol => ('{auto,echo,increment,ignore}'::text[])[i % 4 + 1],
						  blind => CASE WHEN i > 8 THEN 'reject' END)
  FROM generate_series(1, 10) i;
INSERT INTO ten VALUES (1);
SELECT column_name, protocol, blind FROM concurrency.attachments WHERE table_name = 'ten'::regclass ORDER BY trigger_name;
UPDATE ten SET n = 1, v9 = 90, v10 = 101 RETURNING *;
UPDATE ten SET n = 2, v9 = 91;
UPDATE ten SET n = 2, v10 = 102;
UPDATE ten SET n = 2, v9 = 91, v10 = 101;
UPDATE ten SET n = 2, v9 = 91, v10 = 102, v1 = 12;
UPDATE ten SET n = 2, v1 = 11, v2 = 22, v3 = 0, v4 = 41, v5 = 51, v6 = 62, v7 = 0, v8 = 82, v9 = 91, v10 = 102 RETURNING *;
DROP TABLE ten;

-- row security: policies for reading see the version that is there, WITH CHECK the one that is stored
CREATE TABLE secured (id int PRIMARY KEY, n int DEFAULT 0, version int DEFAULT 1);
SELECT concurrency.attach('secured', blind => 'reject');
INSERT INTO secured VALUES (1), (2);
INSERT INTO secured VALUES (3, 0, 5);
CREATE ROLE regress_secured;
GRANT SELECT, INSERT, UPDATE ON secured TO regress_secured;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON secured USING (id < 3) WITH CHECK (version <= 2);
SET ROLE regress_secured;
UPDATE secured SET n = 1, version = 1 RETURNING *;
UPDATE secured SET n = 2, version = 1;
UPDATE secured SET n = 2;
UPDATE secured SET n = 2, version = 2;
INSERT INTO secured (id, version) VALUES (-1, NULL) RETURNING *;
INSERT INTO secured (id, version) VALUES (-2, 3);
INSERT INTO secured VALUES (-1, 3, 1) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version RETURNING *;
INSERT INTO secured VALUES (-1, 4, 1) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
INSERT INTO secured VALUES (-1, 4, 2) ON CONFLICT (id) DO UPDATE SET n = EXCLUDED.n, version = EXCLUDED.version;
-- ... a row that may not be seen cannot be written, whatever its version
UPDATE secured SET n = 3, version = 5 WHERE id = 3;
RESET ROLE;
SELECT * FROM secured ORDER BY id;
DROP TABLE secured;
DROP ROLE regress_secured;

-- parallel workers read what an UPDATE is based on, and what is attached
CREATE TABLE parallel (id int PRIMARY KEY, n int DEFAULT 0);
SELECT concurrency.attach('parallel', protocol => 'echo', blind => 'reject');
INSERT INTO parallel SELECT generate_series(1, 1000);
SET concurrency.blind_writes = 'warn';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
CREATE FUNCTION uses_workers(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		IF line LIKE '%Workers Planned%' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
SELECT uses_workers('SELECT * FROM concurrency.version_kinds()'), uses_workers('SELECT sum(version) FROM parallel');
SELECT DISTINCT kind FROM concurrency.version_kinds();
SELECT column_name, protocol FROM concurrency.attachments WHERE table_name = 'parallel'::regclass;
SELECT sum(version) FROM parallel;
CREATE TEMP TABLE summary AS SELECT id, version AS token FROM parallel WHERE n = 0;
UPDATE parallel SET n = 1, version = (SELECT token FROM summary WHERE summary.id = parallel.id);
UPDATE parallel SET n = 2, version = (SELECT token FROM summary WHERE summary.id = parallel.id);
SELECT sum(n), sum(version) FROM parallel;
RESET concurrency.blind_writes;
DO $$
BEGIN
	PERFORM set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
END
$$;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- A primary key WITHOUT OVERLAPS, where PostgreSQL has it: writes are judged as everywhere; whoever asks by the key is told to lock
-- the row.
SET DateStyle = 'ISO';
SET client_min_messages = warning;
DO $$
DECLARE
	what text;
BEGIN
	IF current_setting('server_version_num')::int < 180000 THEN
		RETURN;
	END IF;
	EXECUTE 'CREATE TABLE booking (room int4range, during daterange, who text, PRIMARY KEY (room, during WITHOUT OVERLAPS))';
	PERFORM concurrency.attach('booking');
	EXECUTE $sql$INSERT INTO booking VALUES ('[1,1]', '[2026-11-01,2026-11-08)', 'Ann', 5)$sql$;
	BEGIN
		EXECUTE $sql$UPDATE booking SET who = 'Bob', version = 4$sql$;
		RAISE 'not refused';
	EXCEPTION WHEN SQLSTATE 'PT409' THEN
		GET STACKED DIAGNOSTICS what = PG_EXCEPTION_DETAIL;
		ASSERT what = 'Key (room, during)=([1,2), [2026-11-01,2026-11-08)) is at version 5, but the write is based on version 4.', what;
	END;
	BEGIN
		PERFORM concurrency.is_current('booking', '{"room": "[1,1]", "during": "[2026-11-01,2026-11-08)"}', 5);
		RAISE 'not refused';
	EXCEPTION WHEN feature_not_supported THEN
		ASSERT SQLERRM = 'primary key of table "booking" is WITHOUT OVERLAPS', SQLERRM;
	END;
	EXECUTE 'DROP TABLE booking';
END
$$;
RESET client_min_messages;

DROP TABLE parallel, summary;
DROP FUNCTION check_table, uses_workers;
