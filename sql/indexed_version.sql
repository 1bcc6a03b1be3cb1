-- Section 3, with the version in indexes: every index finds the version that the row stores.

-- The row is changed where the executor keeps it, so what the executor then takes
-- from it for an index has to be the changed one.

-- count the rows by version, as the table has them and as an index finds them
CREATE FUNCTION compare_indexes(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	condition text;
	query text;
	by_scan bigint[];
	by_index bigint[];
	plan jsonb;
	found_rows bigint := 0;
	wrong int := 0;
BEGIN
	FOREACH condition IN ARRAY
		'{version = v, version * 2 = v * 2, version = v AND version > 2, id + 0 = 7 AND version = v}'::text[]
	LOOP
		query := format('SELECT array_agg((SELECT count(*) FROM %s WHERE %s)) FROM generate_series(1, 12) AS v', tab, condition);
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true),
				set_config('enable_bitmapscan', 'off', true), set_config('enable_indexonlyscan', 'off', true);
		EXECUTE query INTO by_scan;
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
		EXECUTE query INTO by_index;
		EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
		IF by_index <> by_scan OR plan::text !~ '"Index Scan"' THEN
			wrong := wrong + 1;
		END IF;
		found_rows := found_rows + (SELECT sum(n) FROM unnest(by_index) AS n);
	END LOOP;
	RETURN format('%s wrong, %s found', wrong, found_rows);
END
$$;

CREATE FUNCTION check_indexes(columns text, watch text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	results text[];
BEGIN
	EXECUTE format('CREATE TABLE indexed (%s)', columns);
	INSERT INTO indexed (id, a, b) SELECT i, repeat('a', i % 5), i FROM generate_series(1, 40) i;
	IF columns ~ 'gone' THEN
		ALTER TABLE indexed DROP COLUMN gone;
	END IF;
	PERFORM concurrency.attach('indexed', watch => watch);
	INSERT INTO indexed (id, a, b) SELECT i, nullif(repeat('a', i % 5), ''), nullif(i, 50) FROM generate_series(41, 80) i;
	CREATE INDEX ON indexed (version);
	CREATE INDEX ON indexed ((version * 2));
	CREATE INDEX ON indexed (version) WHERE version > 2;
	CREATE UNIQUE INDEX ON indexed ((id + 0), version);

	UPDATE indexed SET b = b + 1 WHERE id % 8 <> 0;						-- blind
	UPDATE indexed SET b = b + 1, version = version WHERE id % 4 = 1;	-- echo
	UPDATE indexed SET b = b + 1, version = version + 1 WHERE id % 4 = 2;	-- increment
	UPDATE indexed SET a = a || 'longer' WHERE id % 4 = 3;				-- another length
	UPDATE indexed SET b = NULL WHERE id % 8 = 3;						-- another NULL
	UPDATE indexed SET b = b;											-- nothing
	results := results || compare_indexes('indexed');
	-- versions that were NULL
	ALTER TABLE indexed ALTER version DROP NOT NULL;
	PERFORM concurrency.skip_check('indexed');
	ALTER TABLE indexed DISABLE TRIGGER USER;
	UPDATE indexed SET version = NULL WHERE id < 10;
	ALTER TABLE indexed ENABLE TRIGGER USER;
	UPDATE indexed SET b = coalesce(b, 0) + 1, a = a || 'x';
	results := results || compare_indexes('indexed');
	DROP TABLE indexed;
	RETURN array_to_string(results, '; ');
END
$$;

-- at a fixed offset, last, in the middle, behind a dropped column, first
SELECT columns, watch, check_indexes(columns, watch)
  FROM (VALUES ('id int, b bigint, version bigint, a text'),
			   ('id int, a text, b bigint, version int'),
			   ('id int, a text, b bigint, version bigint'),
			   ('id int, a text, version smallint, b bigint'),
			   ('gone text DEFAULT 5, id int, a text, b bigint, version bigint, c text'),
			   ('version int, id int, a text, b bigint')) AS layout(columns),
	   (VALUES (NULL), ('b'), ('a,b')) AS condition(watch);

-- added to rows that were there before
SELECT check_indexes('id int, a text, b bigint');

-- ... and where an earlier trigger has replaced the row, or had the executor take it apart
CREATE FUNCTION replace_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.a = coalesce(NEW.a, '''') || ''y''; RETURN NEW; END';
CREATE TABLE indexed (id int, a text, b bigint, version int, c text);
SELECT concurrency.attach('indexed');
CREATE INDEX ON indexed (version);
CREATE INDEX ON indexed ((version * 2));
CREATE INDEX ON indexed (version) WHERE version > 2;
CREATE UNIQUE INDEX ON indexed ((id + 0), version);
INSERT INTO indexed (id, a, b) SELECT i, 'a', i FROM generate_series(1, 40) i;
CREATE TRIGGER a_replaces BEFORE UPDATE ON indexed FOR EACH ROW WHEN (NEW.id % 2 = 0) EXECUTE FUNCTION replace_row();
CREATE TRIGGER b_asks BEFORE UPDATE ON indexed FOR EACH ROW WHEN (NEW.version > 0 AND NEW.c IS NULL AND NEW.id < 10) EXECUTE FUNCTION replace_row();
UPDATE indexed SET b = b + 1;
UPDATE indexed SET b = b + 1, version = version WHERE id % 3 = 0;
UPDATE indexed SET b = b + 1 WHERE id % 5 = 0;
SELECT compare_indexes('indexed');
SELECT version, count(*) FROM indexed GROUP BY version ORDER BY version;
DROP TABLE indexed;
DROP FUNCTION replace_row, check_indexes, compare_indexes;

-- a version that is passed by reference
CREATE TABLE indexed (id int PRIMARY KEY, a text, version uuid, b text);
SELECT concurrency.attach('indexed');
CREATE UNIQUE INDEX ON indexed (version);
INSERT INTO indexed (id, a) SELECT i, repeat('a', i) FROM generate_series(1, 20) i;
UPDATE indexed SET b = a;
UPDATE indexed SET b = 'x', version = version;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT version FROM indexed ORDER BY id) all_rows
 WHERE EXISTS (SELECT FROM indexed i WHERE i.version = all_rows.version);
SELECT count(DISTINCT version) FROM indexed;
RESET enable_seqscan;
DROP TABLE indexed;
