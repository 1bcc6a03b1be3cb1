-- Section 9: a trigger with wrong arguments refuses every write, and says what is valid.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, version int, dropped int, old_name int);
INSERT INTO doc VALUES (1, 1);

-- Tries a write with a trigger of these arguments, each a quoted literal.
CREATE FUNCTION try(arguments text) RETURNS TABLE (code text, message text, hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
					FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(%s)', arguments);
	BEGIN
		UPDATE doc SET id = 2;
		message := 'accepted';
		RETURN NEXT;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
		RETURN NEXT;
	END;
END
$$;

\pset expanded on
SELECT * FROM try($$ $$);
SELECT * FROM try($$ 'nosuch' $$);
SELECT * FROM try($$ 'Version' $$);
SELECT * FROM try($$ '' $$);
SELECT * FROM try($$ 'ctid' $$);
SELECT * FROM try($$ 'protocol=echo', 'version' $$);
SELECT * FROM try($$ 'version', 'reject' $$);
SELECT * FROM try($$ 'version', '' $$);
SELECT * FROM try($$ 'version', '=' $$);
SELECT * FROM try($$ 'version', 'blin=reject' $$);
SELECT * FROM try($$ 'version', 'blind =reject' $$);
SELECT * FROM try($$ 'version', 'blinds=reject' $$);
SELECT * FROM try($$ 'version', 'BLIND=reject' $$);
SELECT * FROM try($$ 'version', 'blind=' $$);
SELECT * FROM try($$ 'version', 'blind=rejected' $$);
SELECT * FROM try($$ 'version', 'blind=REJECT' $$);
SELECT * FROM try($$ 'version', 'blind= reject' $$);
SELECT * FROM try($$ 'version', 'protocol=etag' $$);
SELECT * FROM try($$ 'version', 'kind=timestamp' $$);
SELECT * FROM try($$ 'version', 'kind=' $$);
SELECT * FROM try($$ 'version', 'on_conflict=panic' $$);
SELECT * FROM try($$ 'version', 'blind=warn', 'blind=warn' $$);
SELECT * FROM try($$ 'version', 'protocol=echo', 'kind=counter', 'protocol=auto' $$);
SELECT * FROM try(format('%L', repeat('x', 64)));
\pset expanded off

-- a column that was renamed, dropped or retyped later
CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('old_name');
UPDATE doc SET id = 1;
ALTER TABLE doc RENAME old_name TO new_name;
UPDATE doc SET id = 2;
\set VERBOSITY sqlstate
UPDATE doc SET id = 2;
INSERT INTO doc VALUES (2);
DELETE FROM doc;
CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('dropped');
ALTER TABLE doc DROP COLUMN dropped;
UPDATE doc SET id = 2;
CREATE OR REPLACE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE ON doc
	FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
ALTER TABLE doc ALTER version TYPE numeric;
UPDATE doc SET id = 2;

-- ... and nothing was written by any of these
TABLE doc;

-- check_trigger_arguments raises the same error without a write
ALTER TABLE doc ALTER version TYPE int;
SELECT concurrency.check_trigger_arguments('doc', '{version,kind=counter,protocol=echo,blind=warn,on_conflict=error}');
SELECT concurrency.check_trigger_arguments('doc', '{version,blind=maybe}');
SELECT concurrency.check_trigger_arguments('doc', '{}');
SELECT concurrency.check_trigger_arguments('doc', '{nosuch}');
SELECT concurrency.check_trigger_arguments('doc', '{version,NULL}');
SELECT concurrency.check_trigger_arguments('nosuch', '{version}');
SELECT concurrency.check_trigger_arguments(0, '{version}');
SELECT concurrency.check_trigger_arguments(NULL, '{version}') IS NULL AS null_is_null;

DROP TABLE doc;
DROP FUNCTION try;
