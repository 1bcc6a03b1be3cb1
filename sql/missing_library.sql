-- Where the library is missing, writes are refused, and pass again as soon as it is there
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc', guard_delete => true);
INSERT INTO doc VALUES (1, 'draft');
SELECT probin AS library FROM pg_proc WHERE oid = 'concurrency.version_trigger'::regproc \gset

-- as on a standby that was promoted without the extension's files
CREATE TEMP TABLE kept AS SELECT oid, probin FROM pg_proc WHERE probin = :'library';
UPDATE pg_proc SET probin = '$libdir/concurrency_is_missing' WHERE oid IN (SELECT oid FROM kept);
\set VERBOSITY sqlstate
INSERT INTO doc VALUES (2, 'new');
UPDATE doc SET body = 'mine' WHERE id = 1;
DELETE FROM doc WHERE id = 1;
SELECT * FROM concurrency.attachments;
SELECT * FROM concurrency.audit();
\set VERBOSITY default
SELECT * FROM doc;

-- to get it out of the way takes nothing but catalogs
SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
  FROM pg_trigger WHERE tgfoid = 'concurrency.version_trigger'::regproc \gexec
UPDATE doc SET body = 'unchecked' WHERE id = 1 RETURNING *;

UPDATE pg_proc SET probin = kept.probin FROM kept WHERE pg_proc.oid = kept.oid;
SELECT mend FROM concurrency.audit() WHERE problem LIKE 'the trigger is disabled%' \gexec
UPDATE doc SET body = 'checked', version = 0 WHERE id = 1;
UPDATE doc SET body = 'checked', version = 1 WHERE id = 1 RETURNING version;
DROP TABLE doc, kept;
