-- Names that are hard to quote or made to be misread, in attach, detach, the trigger and the error.
\set SHOW_CONTEXT never
CREATE TABLE names (name text);
INSERT INTO names VALUES
	('Upper Case'), ('with "double" quotes'), ('with ''single'' quotes'), ('back\slash\000'),
	('a=b'), ('blind=reject'), ('$1'), ('%s %I %L'), ('--'), ('a;b'), ('a.b'), ('select'), ('tab	and
newline'), ('Überprüfung_名前_🐘'), (repeat('x', 63)), (repeat('ä', 31) || 'x'), (repeat('名', 21)),
	('"; DROP TABLE names; --'), ('version"); DROP TABLE names; --'), ('''); DROP TABLE names; --'),
	('$$; DROP TABLE names; $$'), ($q$\'); DROP TABLE names; --$q$);

-- Attaches, writes to, and detaches a table that has the name in every place.
CREATE FUNCTION use_name(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tab text := format('%I.%I', 'schema ' || name, name);
	version_column name := 'v' || name;
	made name;
	told text;
BEGIN
	EXECUTE format('CREATE SCHEMA %I', 'schema ' || name);
	EXECUTE format('CREATE TABLE %s (%I int PRIMARY KEY, body text)', tab, name);
	EXECUTE format('INSERT INTO %s VALUES (1)', tab);
	made := concurrency.attach(tab::regclass, version_column);
	ASSERT (SELECT (a.column_name, a.trigger_name) = (version_column, made)
			  FROM concurrency.attachments a WHERE table_name = tab::regclass);
	BEGIN
		EXECUTE format('UPDATE %s SET %I = 7', tab, version_column);
		RETURN 'not refused';
	EXCEPTION WHEN SQLSTATE 'PT409' THEN
		GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
	END;
	ASSERT told = format('Key (%I)=(1) is at version 1, but the write is based on version 7.', name), told;
	PERFORM concurrency.attach(tab::regclass, version_column, blind => 'reject');
	PERFORM concurrency.detach(tab::regclass, version_column);
	EXECUTE format('DROP SCHEMA %I CASCADE', 'schema ' || name);
	RETURN made;
END
$$;
SET client_min_messages = warning;
SELECT name, octet_length(name), use_name(name) FROM names;
SELECT count(*) FROM names;

-- Option values are no way in either.
CREATE TABLE doc (id int);
SELECT concurrency.attach('doc', kind => E'counter''); DROP TABLE names; --');
SELECT concurrency.attach('doc', protocol => $$echo', 'blind=reject$$);
SELECT concurrency.attach('doc', blind => 'reject''');
SELECT concurrency.attach('doc', on_conflict => E'error\nblind=reject');
SELECT count(*) FROM names;

-- Columns whose names agree in their first 60 bytes keep a trigger each.
SELECT concurrency.attach('doc', (repeat('v', 60) || 'abc')::name);
SELECT concurrency.attach('doc', (repeat('v', 60) || 'abd')::name);
SELECT concurrency.attach('doc', (repeat('ä', 30) || 'abc')::name);
SELECT concurrency.attach('doc', (repeat('ä', 30) || 'abd')::name);
SELECT concurrency.attach('doc', (repeat('v', 48))::name);
SELECT concurrency.attach('doc', (repeat('v', 49))::name);
SELECT column_name, trigger_name, octet_length(trigger_name) FROM concurrency.attachments ORDER BY 1;
INSERT INTO doc VALUES (1);
UPDATE doc SET id = 2;
SELECT to_jsonb(doc) - 'id' - array_agg(a.column_name) AS left_over,
	   array_agg(DISTINCT (to_jsonb(doc) ->> a.column_name)) AS versions
  FROM doc, concurrency.attachments a GROUP BY doc;

-- A trigger that has the name already is not replaced, not even on a partition.
CREATE TABLE taken (id int, version int, rev int);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER zz_concurrency_version BEFORE UPDATE ON taken FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zz_concurrency_rev BEFORE UPDATE ON taken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
SELECT concurrency.attach('taken', 'rev');
DROP TRIGGER zz_concurrency_rev ON taken;
SELECT concurrency.attach('taken');
\set VERBOSITY sqlstate
SELECT concurrency.attach('taken');
CREATE TABLE part (LIKE taken) PARTITION BY LIST (id);
ALTER TABLE part ATTACH PARTITION taken DEFAULT;
SELECT concurrency.attach('part');
SELECT tgrelid::regclass, tgname, tgfoid::regproc FROM pg_trigger WHERE tgrelid IN ('part'::regclass, 'taken'::regclass);

DROP TABLE names, doc, part;
DROP FUNCTION use_name, nothing;
