-- Section 5: the kind "counter", and the column types that suit it.
\set SHOW_CONTEXT never
SELECT * FROM concurrency.version_kinds() WHERE kind = 'counter';

-- a domain counts as its base type, however deep
CREATE DOMAIN small AS smallint;
CREATE DOMAIN smaller AS small CHECK (value > 0);
SELECT * FROM concurrency.version_kinds('smaller');
CREATE TABLE counted (id int PRIMARY KEY, version smaller);
SELECT concurrency.attach('counted', kind => 'counter');
INSERT INTO counted VALUES (1, NULL), (2, 32767);
UPDATE counted SET id = id;
SELECT * FROM counted ORDER BY id;

-- every accepted write to a counter stores exactly OLD + 1
DO $$
BEGIN
	FOR i IN 1..1000 LOOP
		UPDATE counted SET id = id WHERE id = 1;
	END LOOP;
END
$$;
SELECT * FROM counted WHERE id = 1;

-- unsuitable types are refused by attach, and by a hand-made trigger at the first write
CREATE TABLE unsuitable (id int PRIMARY KEY, version text);
INSERT INTO unsuitable VALUES (1, 'a');
SELECT concurrency.attach('unsuitable');
SELECT concurrency.attach('unsuitable', kind => 'counter');
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON unsuitable
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
UPDATE unsuitable SET version = 'b';
\set VERBOSITY sqlstate
UPDATE unsuitable SET version = 'b';
INSERT INTO unsuitable VALUES (2, 'b');
SELECT concurrency.attach('unsuitable', kind => '');
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{numeric,real,boolean,date,json,int[],oid,xid,money}'::text[] LOOP
		EXECUTE format('ALTER TABLE unsuitable DROP COLUMN version, ADD COLUMN version %s', type);
		BEGIN
			UPDATE unsuitable SET id = id;
			RAISE 'accepted %', type;
		EXCEPTION WHEN datatype_mismatch THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT id FROM unsuitable;

-- a column that PostgreSQL computes cannot keep a version
CREATE TABLE computed (id int, version int GENERATED ALWAYS AS (id + 1) STORED);
SELECT concurrency.attach('computed');
\set VERBOSITY default
SELECT concurrency.attach('computed');
\d computed

DROP TABLE counted, unsuitable, computed;
DROP DOMAIN smaller, small;
