-- Section 3, for every layout of a row: the right version is stored, and nothing else changes.

-- the version column first, last, in the middle, behind dropped columns, at an offset that is not fixed
CREATE TABLE layout_first (version int, id int, a text, b bigint);
CREATE TABLE layout_last (id int, a text, b bigint, version int);
CREATE TABLE layout_middle (id int, a text, version smallint, b bigint);
CREATE TABLE layout_dropped (gone1 text, id int, a text, gone2 bigint, b bigint, version bigint);
CREATE TABLE layout_nulls (n1 text, n2 int, id int, a text, n3 bigint, version int, b bigint, n4 text);
-- ... behind eight columns, which is a byte of the null bitmap, that all have values, and that have none
CREATE TABLE layout_byte (f1 int DEFAULT 1, f2 int DEFAULT 2, f3 int DEFAULT 3, f4 int DEFAULT 4, f5 int DEFAULT 5, f6 int DEFAULT 6,
	f7 int DEFAULT 7, f8 int DEFAULT 8, id int, version int, a text, b bigint);
CREATE TABLE layout_byte_nulls (n1 int, n2 int, n3 int, n4 int, n5 int, n6 int, n7 int, n8 int, id int, version int, a text, b bigint);
INSERT INTO layout_dropped VALUES ('was', 0, 'here', 0, 0, 0);
ALTER TABLE layout_dropped DROP COLUMN gone1, DROP COLUMN gone2;
TRUNCATE layout_dropped;

CREATE FUNCTION check_layout(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	wrong bigint;
BEGIN
	PERFORM concurrency.attach(tab);
	EXECUTE format('INSERT INTO %s (id, a, b) SELECT i, nullif(repeat(chr(65 + i), i %% 7), ''''), nullif(i, 50) FROM generate_series(1, 100) i', tab);
	EXECUTE format('UPDATE %s SET b = b', tab);							-- blind
	EXECUTE format('UPDATE %s SET b = b, version = 2', tab);			-- echo
	EXECUTE format('UPDATE %s SET version = version + 1', tab);			-- increment
	EXECUTE format('UPDATE %s SET a = a || ''x'' WHERE id > 90', tab);	-- another length
	EXECUTE format('SELECT count(*) FROM generate_series(1, 100) i LEFT JOIN %s t ON t.id = i WHERE
		t.a IS DISTINCT FROM nullif(repeat(chr(65 + i), i %% 7), '''') || CASE WHEN i > 90 THEN ''x'' ELSE '''' END
		OR t.b IS DISTINCT FROM nullif(i, 50)
		OR t.version IS DISTINCT FROM CASE WHEN i > 90 THEN 5 ELSE 4 END', tab) INTO wrong;
	EXECUTE format('DROP TABLE %s', tab);
	RETURN format('%s wrong rows', wrong);
END
$$;
SELECT tab, check_layout(tab::regclass)
  FROM unnest('{layout_first,layout_last,layout_middle,layout_dropped,layout_nulls,layout_byte,layout_byte_nulls}'::text[]) AS tab;

-- rows that were there before the column was
CREATE TABLE layout_older (id int, a text);
INSERT INTO layout_older SELECT i, repeat('a', i) FROM generate_series(1, 5) i;
SELECT concurrency.attach('layout_older');
UPDATE layout_older SET a = a WHERE id <= 2;
UPDATE layout_older SET a = a, version = 1 WHERE id = 3;
SELECT * FROM layout_older ORDER BY id;
DROP TABLE layout_older;

-- ... and before it had a value
CREATE TABLE layout_null (id int, a text);
INSERT INTO layout_null SELECT i, repeat('a', i) FROM generate_series(1, 5) i;
ALTER TABLE layout_null ADD COLUMN version int, ADD COLUMN b text;
SELECT concurrency.attach('layout_null');
UPDATE layout_null SET a = a WHERE id <= 2;
UPDATE layout_null SET a = a, version = NULL WHERE id = 3;
UPDATE layout_null SET b = a, version = 1 WHERE id = 4;
SELECT * FROM layout_null ORDER BY id;
DROP TABLE layout_null;

-- 1600 columns, with NULLs among them
DO $$
BEGIN
	EXECUTE (SELECT format('CREATE TABLE layout_wide (%s, version int)', string_agg('c' || i || ' int', ', '))
			   FROM generate_series(1, 1599) i);
	PERFORM concurrency.attach('layout_wide');
	EXECUTE (SELECT format('INSERT INTO layout_wide SELECT %s FROM generate_series(1, 10) n',
						   string_agg('nullif(n * ' || i || ', 30)', ', '))
			   FROM generate_series(1, 1599) i);
END
$$;
SELECT md5(string_agg((to_jsonb(w) - 'version')::text, '' ORDER BY c1)) AS before FROM layout_wide w \gset
UPDATE layout_wide SET c1 = c1;
UPDATE layout_wide SET c1599 = c1599, version = 2;
SELECT count(*), sum(version), md5(string_agg((to_jsonb(w) - 'version')::text, '' ORDER BY c1)) = :'before' AS intact
  FROM layout_wide w;
DROP TABLE layout_wide;

-- a toasted row of 10 MB, of which nothing is stored again
CREATE TABLE layout_toasted (id int PRIMARY KEY, a text, b text, n int DEFAULT 0);
ALTER TABLE layout_toasted ALTER a SET STORAGE EXTERNAL;
SELECT concurrency.attach('layout_toasted');
INSERT INTO layout_toasted VALUES (1, repeat('0123456789', 1000000), repeat('ab', 5000));
SELECT md5(a || b) AS before,
	   pg_relation_size(reltoastrelid) AS toast_before
  FROM layout_toasted, pg_class WHERE pg_class.oid = 'layout_toasted'::regclass \gset
UPDATE layout_toasted SET n = n + 1;
UPDATE layout_toasted SET n = n + 1, version = 2;
UPDATE layout_toasted SET n = n + 1, version = version + 1;
SELECT length(a), md5(a || b) = :'before' AS intact, n, version,
	   pg_relation_size(reltoastrelid) = :toast_before AS not_stored_again
  FROM layout_toasted, pg_class WHERE pg_class.oid = 'layout_toasted'::regclass;
-- ... and one that is stored anew
UPDATE layout_toasted SET a = a || 'x', version = 4 RETURNING length(a), version;
DROP TABLE layout_toasted;
DROP FUNCTION check_layout;
