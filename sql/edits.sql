-- Section 13: an edit says that somebody has a row open, across transactions; who it is, for how long, and whom it holds back.
SET client_min_messages = warning;
CREATE ROLE regress_app;
CREATE ROLE regress_other;
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc', edits => 'refuse');
INSERT INTO doc VALUES (1, 'a'), (2, 'b'), (3, 'c');
GRANT SELECT, UPDATE ON doc TO regress_app, regress_other;
-- (all but the times, which are looked at as differences)
\set begun 'granted, renewed, editor, exclusive, expires - clock_timestamp() > interval ''14 min'' AS over_14, expires - clock_timestamp() > interval ''15 min'' AS over_15, version'

-- Without concurrency.editor it is the role, and a notice says so; with it, the role speaks for somebody.
SET ROLE regress_app;
SET client_min_messages = notice;
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SET client_min_messages = warning;
SELECT table_name, key, editor, role_name, exclusive, expires = since + interval '15 min' AS fresh, remaining BETWEEN interval '14 min' AND interval '15 min' AS most_of_it FROM concurrency.edits ORDER BY editor;
-- in a SECURITY DEFINER function it is the role outside
RESET ROLE;
CREATE FUNCTION edit_by_owner(id int) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT editor FROM concurrency.begin_edit('doc', to_jsonb(id)) $$;
SET ROLE regress_app;
RESET concurrency.editor;
SELECT edit_by_owner(2);
SELECT editor, role_name FROM concurrency.edits WHERE key = '2';
SELECT concurrency.end_edit('doc', '2');
-- of another role, the same name is another editor
SET concurrency.editor = 'ann';
SELECT concurrency.end_edit('doc', '1');
SET ROLE regress_other;
SELECT concurrency.end_edit('doc', '1');
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
SET ROLE regress_app;
RESET concurrency.editor;
SELECT concurrency.end_edit('doc', '1'), concurrency.end_edit('doc', '1');
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
UPDATE doc SET body = 'mine' WHERE id = 1;
SELECT concurrency.end_edit('doc', '1');
-- at most 255 bytes
SET concurrency.editor = 'ann';
DO $$ BEGIN PERFORM set_config('concurrency.editor', repeat('é', 127) || 'e', false); END $$;
DO $$ BEGIN PERFORM set_config('concurrency.editor', repeat('é', 128), false); END $$;
SELECT length(current_setting('concurrency.editor'));

-- Two tabs of one person are one editor. Any number may edit a row together; an exclusive edit stands alone.
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1', false, '1 minute');
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'bob';
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
SELECT concurrency.end_edit('doc', '1'), concurrency.end_edit('doc', '1');
SET concurrency.editor = 'bob';
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
-- NULL is as it is: exclusive stays so, for as long as it was; so what was begun for an hour is an hour again
SELECT :begun FROM concurrency.begin_edit('doc', '1', lease => '40 minutes');
SELECT exclusive, expires - clock_timestamp() BETWEEN interval '39 min' AND interval '40 min' AS forty FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'bob';
SELECT :begun FROM concurrency.begin_edit('doc', '1', false);
-- ... the oldest that stands in the way is told
SET concurrency.editor = 'cid';
SELECT :begun FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
RESET ROLE;
SELECT concurrency.break_edits('doc');

-- What ran out holds nobody back, and who renews it learns that it had ended.
SET ROLE regress_app;
SET concurrency.editor = 'ann';
SELECT granted, renewed FROM concurrency.begin_edit('doc', '1', true, '1 microsecond');
SELECT count(*) FROM concurrency.edits;
SET concurrency.editor = 'bob';
UPDATE doc SET body = 'ran out' WHERE id = 1;
SELECT granted, renewed FROM concurrency.begin_edit('doc', '1', true, '1 microsecond');
SELECT granted, renewed, expires > clock_timestamp() AS lasts FROM concurrency.begin_edit('doc', '1');
RESET ROLE;
SELECT count(*) FROM concurrency.leases;
SELECT concurrency.break_edits('doc', '1');

-- Leases are cut to concurrency.max_lease, which a superuser sets; one must be positive.
SET ROLE regress_app;
SELECT expires - since FROM concurrency.begin_edit('doc', '1', lease => '200000 years');
SELECT expires - clock_timestamp() < interval '61 min' AS an_hour FROM concurrency.begin_edit('doc', '1');
SELECT concurrency.begin_edit('doc', '1', lease => '0');
SELECT concurrency.begin_edit('doc', '1', lease => '-1 day');
-- ... whatever the lengths of months and days
SELECT expires - clock_timestamp() <= interval '1 hour' AS cut FROM concurrency.begin_edit('doc', '1', lease => '12000 months -359999 days -23 hours');
SELECT expires - clock_timestamp() BETWEEN interval '4 min' AND interval '5 min' AS five FROM concurrency.begin_edit('doc', '1', lease => '-12000 months 360000 days 5 minutes');
SET concurrency.max_lease = '1 d';
RESET ROLE;
SET concurrency.max_lease = '2 min';
SET ROLE regress_app;
SELECT expires - clock_timestamp() < interval '3 min' AS cut FROM concurrency.begin_edit('doc', '1');
SELECT expires - since FROM concurrency.begin_edit('doc', '2', lease => '3 min');
RESET ROLE;
RESET concurrency.max_lease;
SELECT concurrency.break_edits('doc');
\set VERBOSITY sqlstate
SELECT concurrency.begin_edit('doc', '1', lease => '0');
-- READ COMMITTED only; a row that is not there; a table that is not attached, a column that is not; null; a key that does not fit
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT concurrency.begin_edit('doc', '1');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT concurrency.end_edit('doc', '1');
ROLLBACK;
SELECT concurrency.begin_edit('doc', '7');
CREATE TABLE plain (id int PRIMARY KEY);
SELECT concurrency.begin_edit('plain', '1');
SELECT concurrency.begin_edit('doc', '1', column_name => 'rev');
SELECT concurrency.begin_edit(NULL, '1');
SELECT concurrency.begin_edit('doc', NULL);
SELECT concurrency.begin_edit('doc', '1', column_name => NULL);
SELECT concurrency.begin_edit('doc', '{"id": 1, "no": 2}');
SELECT concurrency.end_edit('doc', NULL);
SELECT concurrency.break_edits(NULL);
\set VERBOSITY default
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT concurrency.begin_edit('doc', '1');
ROLLBACK;
-- a failed one leaves nothing; what is rolled back never was
BEGIN;
SELECT granted FROM concurrency.begin_edit('doc', '1', true);
ROLLBACK;
SELECT count(*) FROM concurrency.edits;

-- edits => 'refuse': the row is somebody's. The check comes before the version's.
SET ROLE regress_app;
SET concurrency.editor = 'ann';
SELECT :begun FROM concurrency.begin_edit('doc', '1', true);
UPDATE doc SET body = 'her own', version = version WHERE id = 1;
UPDATE doc SET body = 'again' WHERE id = 1;
SELECT count(*) FROM concurrency.edits;
SET concurrency.editor = 'bob';
\set VERBOSITY sqlstate
UPDATE doc SET body = 'his', version = 0 WHERE id = 1;
UPDATE doc SET body = 'all';
INSERT INTO doc VALUES (1) ON CONFLICT (id) DO UPDATE SET body = 'upsert';
RESET ROLE;
MERGE INTO doc USING (VALUES (1)) AS v(id) ON doc.id = v.id WHEN MATCHED THEN UPDATE SET body = 'merged';
\set VERBOSITY default
SET ROLE regress_app;
UPDATE doc SET body = 'his' WHERE id <> 1;
-- the error's fields, which are shown to those who may see them; times differ
RESET ROLE;
CREATE FUNCTION refusal(statement text) RETURNS TABLE (field text, value text) LANGUAGE plpgsql AS $$
DECLARE
	code text; message text; detail text; hint text; "schema" text; tab text; col text; con text;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN SQLSTATE 'PT423' THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
		"schema" = SCHEMA_NAME, tab = TABLE_NAME, col = COLUMN_NAME, con = CONSTRAINT_NAME;
	RETURN QUERY SELECT * FROM (VALUES ('code', code), ('message', message),
		('detail', regexp_replace(detail, '\d{4}-[-:.+ \w]+', 'TIME', 'g')), ('hint', hint),
		('schema', "schema"), ('table', tab), ('column', col), ('constraint', con)) AS v;
END
$$;
SET ROLE regress_app;
SELECT * FROM refusal('UPDATE doc SET body = body');
RESET ROLE;
REVOKE SELECT ON doc FROM regress_other;
GRANT SELECT (body) ON doc TO regress_other;
SET ROLE regress_other;
SELECT field, value FROM refusal('UPDATE doc SET body = body') WHERE field IN ('message', 'detail');
RESET ROLE;
-- 'warn' says the same, and lets it pass; 'ignore' does not look
SELECT concurrency.attach('doc', edits => 'warn');
SET ROLE regress_app;
\set VERBOSITY sqlstate
UPDATE doc SET body = 'his' WHERE id = 1 RETURNING body;
\set VERBOSITY default
RESET ROLE;
SELECT concurrency.attach('doc', edits => 'ignore');
UPDATE doc SET body = 'his' WHERE id = 1 RETURNING body;
SELECT concurrency.attach('doc', edits => 'refuse', on_conflict => 'skip', guard_delete => true);
SELECT edits FROM concurrency.attachments WHERE table_name = 'doc'::regclass;
-- an error also where a stale write would be skipped; a guarded DELETE is looked at, TRUNCATE and others' INSERTs are not
\set VERBOSITY sqlstate
UPDATE doc SET body = 'skipped', version = 0 WHERE id = 2;
UPDATE doc SET body = 'refused', version = 0 WHERE id = 1;
DELETE FROM doc WHERE id = 1;
DELETE FROM doc WHERE id = 3;
\set VERBOSITY default
-- exempt: the owner under skip_check; what foreign keys write
BEGIN;
SELECT concurrency.skip_check('doc');
UPDATE doc SET body = 'forced' WHERE id = 1 RETURNING body;
COMMIT;
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1);
ALTER TABLE doc ADD folder int DEFAULT 1 REFERENCES folder ON UPDATE CASCADE ON DELETE SET NULL;
UPDATE folder SET id = 2;
SELECT id, folder FROM doc ORDER BY id;
-- shared edits refuse nobody
SELECT concurrency.break_edits('doc', '1');
SET concurrency.editor = 'ann';
SELECT granted FROM concurrency.begin_edit('doc', '1');
SET concurrency.editor = 'bob';
UPDATE doc SET body = 'beside' WHERE id = 1 RETURNING body;

-- Only the owner breaks others' edits.
SET ROLE regress_app;
SELECT concurrency.break_edits('doc');
SELECT concurrency.break_edits('doc', '1');
RESET ROLE;
\set VERBOSITY sqlstate
SET ROLE regress_app;
SELECT concurrency.break_edits('doc');
RESET ROLE;
\set VERBOSITY default
SELECT concurrency.break_edits('doc', '2'), concurrency.break_edits('doc', '1'), concurrency.break_edits('doc', '1');

-- Nobody has a right to what the functions write.
SET ROLE regress_app;
SELECT * FROM concurrency.leases;
INSERT INTO concurrency.leases DEFAULT VALUES;
RESET ROLE;
SELECT relpersistence, (SELECT count(*) FROM aclexplode(relacl) WHERE grantee <> relowner) AS granted FROM pg_class WHERE oid = 'concurrency.leases'::regclass;

-- Who may see what: of tables whose key the reader may SELECT, without row security; else one's own.
SET concurrency.editor = 'owner';
SELECT granted FROM concurrency.begin_edit('doc', '1');
CREATE TABLE secret (id int PRIMARY KEY, owner name DEFAULT current_user, body text);
SELECT concurrency.attach('secret', edits => 'refuse');
INSERT INTO secret VALUES (1, 'regress_app'), (2, 'regress_other');
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
CREATE POLICY see ON secret FOR SELECT USING (true);
GRANT SELECT, UPDATE ON secret TO regress_app, regress_other;
SET ROLE regress_app;
SELECT granted FROM concurrency.begin_edit('secret', '1', true);
SET ROLE regress_other;
SELECT table_name, key, editor, CASE WHEN role_name ~ 'regress' THEN role_name END AS role_name FROM concurrency.edits;
SELECT granted FROM concurrency.begin_edit('secret', '2', true);
SELECT table_name, key, editor, CASE WHEN role_name ~ 'regress' THEN role_name END AS role_name FROM concurrency.edits;
-- a row that may be seen, and not updated, is not there
\set VERBOSITY sqlstate
SELECT concurrency.begin_edit('secret', '1');
\set VERBOSITY default
SET ROLE regress_app;
SELECT table_name, key, editor, CASE WHEN role_name ~ 'regress' THEN role_name END AS role_name FROM concurrency.edits ORDER BY table_name::text;
RESET ROLE;
SELECT table_name, key, editor, CASE WHEN role_name ~ 'regress' THEN role_name END AS role_name FROM concurrency.edits ORDER BY table_name::text, key;
SELECT concurrency.break_edits('secret'), concurrency.break_edits('doc');

-- Where nobody can tell whose key it is, as it is gone, nobody sees it. What a key's type runs does not change who edits.
RESET concurrency.editor;
CREATE FUNCTION as_another(text) RETURNS boolean LANGUAGE sql AS $$ SELECT set_config('concurrency.editor', $1, false) IS NOT NULL $$;
CREATE DOMAIN rude AS text CHECK (as_another(VALUE) AND as_another(VALUE || ' and more'));
CREATE TYPE pair AS (a rude, b int);
CREATE TABLE rude_key (id pair PRIMARY KEY);
SELECT concurrency.attach('rude_key');
INSERT INTO rude_key VALUES (('another', 1));
SET concurrency.editor = 'ann';
SELECT granted, editor FROM concurrency.begin_edit('rude_key', '{"id": {"a": "another", "b": 1}}', true);
ALTER TABLE rude_key DROP CONSTRAINT rude_key_pkey;
SET ROLE regress_other;
SET concurrency.editor = 'nobody';
SELECT table_name FROM concurrency.edits WHERE table_name = 'rude_key'::regclass;
RESET ROLE;
SELECT concurrency.break_edits('rude_key');
DROP TABLE rude_key;
DROP TYPE pair;
DROP DOMAIN rude;
DROP FUNCTION as_another;

-- A table without a primary key cannot heed edits; nor can one that has lost it.
CREATE TABLE keyless (body text);
SELECT concurrency.attach('keyless', edits => 'refuse');
ALTER TABLE secret DISABLE ROW LEVEL SECURITY, DROP CONSTRAINT secret_pkey;
UPDATE secret SET body = 'refused';
SELECT problem, mend FROM concurrency.audit() WHERE table_name = 'secret'::regclass AND severity = 'error';
\set VERBOSITY sqlstate
SELECT concurrency.attach('keyless', edits => 'refuse');
SELECT concurrency.attach('doc', edits => 'lock');
\set VERBOSITY default
SELECT concurrency.attach('doc', edits => 'lock');

DROP TABLE doc, folder, secret, plain, keyless;
DROP FUNCTION edit_by_owner, refusal;
DROP ROLE regress_app, regress_other;
RESET concurrency.editor;
