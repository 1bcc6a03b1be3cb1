-- Section 9, on_conflict=call=…: which function may decide, and with whose rights. It is looked at by attach,
-- and again at each conflict, because a trigger's argument is no dependency.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_stranger;
CREATE ROLE regress_writer;
CREATE SCHEMA handlers AUTHORIZATION regress_owner;
GRANT USAGE, CREATE ON SCHEMA handlers TO PUBLIC;
GRANT CREATE ON SCHEMA public TO regress_owner;
SET ROLE regress_owner;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
INSERT INTO doc VALUES (1, 'a', 5), (2, 'b', 5);
GRANT SELECT, INSERT, UPDATE ON doc TO regress_writer;
CREATE TABLE other (LIKE doc);

-- What attach refuses at once, and what a trigger made by hand refuses at the first conflict
CREATE FUNCTION handlers.wrong(doc) RETURNS doc LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION handlers.wrong(doc, other) RETURNS doc LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION handlers.variadic(VARIADIC doc[]) RETURNS doc LANGUAGE sql AS 'SELECT $1[1]';
CREATE FUNCTION handlers.anything(anyelement, anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION handlers.other(doc, doc) RETURNS other LANGUAGE sql AS 'SELECT 1, '''', 1';
CREATE FUNCTION handlers.record(doc, doc) RETURNS record LANGUAGE sql AS 'SELECT $1.*';
CREATE FUNCTION handlers.set(doc, doc) RETURNS SETOF doc LANGUAGE sql AS 'SELECT $1.*';
CREATE FUNCTION handlers.aggregated(doc, doc) RETURNS doc LANGUAGE sql AS 'SELECT $1.*';
CREATE AGGREGATE handlers.aggregate(doc) (sfunc = handlers.aggregated, stype = doc);
CREATE PROCEDURE handlers.procedure(doc, doc) LANGUAGE sql AS '';
CREATE PROCEDURE handlers.procedure_out(doc, INOUT doc) LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted.*';
CREATE FUNCTION handlers."Resolve it"(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted.*';
CREATE FUNCTION refusal(handler text) RETURNS TABLE (code text, message text, hint text) LANGUAGE plpgsql AS $$
DECLARE
	attach_message text;
BEGIN
	BEGIN
		PERFORM concurrency.attach('doc', on_conflict => 'call=' || handler);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS attach_message = MESSAGE_TEXT;
	END;
	EXECUTE format('CREATE OR REPLACE TRIGGER zz_concurrency_version BEFORE UPDATE ON doc FOR EACH ROW'
				   ' EXECUTE FUNCTION concurrency.version_trigger(''version'', %L)', 'on_conflict=call=' || handler);
	BEGIN
		UPDATE doc SET body = 'written', version = 0 WHERE id = 1;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	END;
	IF message IS DISTINCT FROM replace(attach_message, 'public.', '') THEN
		message := concat(message, ' (but attach: ', attach_message, ')');
	END IF;
	RETURN NEXT;
END
$$;
\pset format unaligned
\pset tuples_only on
SELECT handler, r.* FROM unnest(ARRAY[
	'handlers.missing', 'missing.resolve', 'handlers.wrong', 'handlers.variadic', 'handlers.anything',
	'handlers.other', 'handlers.record', 'handlers.set', 'handlers.aggregate', 'handlers.procedure', 'handlers.procedure_out',
	'resolve', 'database.handlers.resolve', '', 'handlers.', 'handlers.resolve(doc, doc)', 'handlers."Resolve', 'handlers.Resolve it']) AS handler,
	refusal(handler) AS r;
SELECT handler, r.* FROM unnest(ARRAY['handlers.resolve', 'Handlers . RESOLVE', 'handlers."Resolve it"']) AS handler, refusal(handler) AS r;
\pset format aligned
\pset tuples_only off
SELECT * FROM doc ORDER BY id;
DROP FUNCTION refusal;

-- Missing, once it is dropped: conflicts are refused, other writes go on.
\set VERBOSITY sqlstate
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve');
DROP FUNCTION handlers.resolve(doc, doc);
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1;
UPDATE doc SET body = 'echoed', version = version WHERE id = 1 RETURNING body;
-- ... re-created by a stranger, who would run in everybody's name
RESET ROLE;
SET ROLE regress_stranger;
CREATE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil, as %', current_user; END $$;
RESET ROLE;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1;
SET ROLE regress_owner;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1;
\set VERBOSITY default
SELECT concurrency.attach('doc', on_conflict => 'call=handlers.resolve');
\set VERBOSITY sqlstate
RESET ROLE;
-- ... a member of the owner's role is not the owner; a superuser is as good
GRANT regress_owner TO regress_stranger;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1;
REVOKE regress_owner FROM regress_stranger;
DROP FUNCTION handlers.resolve(doc, doc);
CREATE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	attempted.body := concat(attempted.body, ', handled as ', CASE WHEN current_user <> session_user THEN current_user ELSE 'superuser' END);
	RETURN attempted;
END
$$;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1 RETURNING body;
-- ... one that was the owner's is not, when the table changes hands
ALTER FUNCTION handlers.resolve(doc, doc) OWNER TO regress_owner;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1 RETURNING body;
GRANT CREATE ON SCHEMA public TO regress_stranger;
ALTER TABLE doc OWNER TO regress_stranger;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1;
ALTER TABLE doc OWNER TO regress_owner;

-- It runs with the writer's rights ...
SET ROLE regress_writer;
UPDATE doc SET body = 'stale', version = 0 WHERE id = 1 RETURNING body;
RESET ROLE;
-- ... or, as SECURITY DEFINER, with its owner's, also where it returns columns that the writer may not write
ALTER FUNCTION handlers.resolve(doc, doc) SECURITY DEFINER;
REVOKE UPDATE ON doc FROM regress_writer;
GRANT UPDATE (id, version) ON doc TO regress_writer;
SET ROLE regress_writer;
UPDATE doc SET version = 0 WHERE id = 1 RETURNING body;
UPDATE doc SET body = 'direct', version = version WHERE id = 1 RETURNING body;
RESET ROLE;
ALTER FUNCTION handlers.resolve(doc, doc) SECURITY INVOKER;
-- ... so the writer must be allowed to call it, and to look into its schema
\set VERBOSITY terse
REVOKE EXECUTE ON FUNCTION handlers.resolve(doc, doc) FROM PUBLIC;
SET ROLE regress_writer;
UPDATE doc SET version = 0 WHERE id = 1;
UPDATE doc SET version = version WHERE id = 1;
RESET ROLE;
GRANT EXECUTE ON FUNCTION handlers.resolve(doc, doc) TO regress_writer;
REVOKE USAGE ON SCHEMA handlers FROM PUBLIC;
SET ROLE regress_writer;
UPDATE doc SET version = 0 WHERE id = 1;
RESET ROLE;
GRANT USAGE ON SCHEMA handlers TO PUBLIC;
SET ROLE regress_writer;
UPDATE doc SET version = 0 WHERE id = 1;
-- ... what it does on its own it may do only if the writer may
RESET ROLE;
CREATE OR REPLACE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO other VALUES (current.*);
	RETURN attempted;
END
$$;
SET ROLE regress_writer;
UPDATE doc SET version = 0 WHERE id = 1;
RESET ROLE;

-- Row security: it sees the row that the writer may update anyway; what it returns must pass WITH CHECK.
GRANT UPDATE ON doc TO regress_writer;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON doc TO regress_writer USING (id = 1) WITH CHECK (body LIKE 'good%');
CREATE OR REPLACE FUNCTION handlers.resolve(current doc, attempted doc) RETURNS doc LANGUAGE plpgsql AS $$
BEGIN
	attempted.body := format(attempted.body, (SELECT count(*) FROM doc));
	RETURN attempted;
END
$$;
SET ROLE regress_writer;
UPDATE doc SET body = 'good: sees %s', version = 0 RETURNING id, body;
UPDATE doc SET body = '%s is bad', version = 0;
RESET ROLE;

DROP TABLE doc, other CASCADE;
DROP SCHEMA handlers CASCADE;
REVOKE CREATE ON SCHEMA public FROM regress_owner, regress_stranger;
DROP ROLE regress_owner, regress_stranger, regress_writer;
