-- Section 5: the kind "xact", which stores the id of the transaction that wrote the row last.
\set SHOW_CONTEXT never
SELECT kind, column_type, is_default, column_default FROM concurrency.version_kinds() WHERE kind = 'xact';
CREATE TABLE doc (id int PRIMARY KEY, n int DEFAULT 0);
-- attach gives one id to the rows that are there, that of the ALTER TABLE
INSERT INTO doc VALUES (0);
BEGIN;
SELECT concurrency.attach('doc', kind => 'xact');
SELECT version = pg_current_xact_id() AS is_this FROM doc;
COMMIT;
\d doc

-- An INSERT stores it, by the trigger and by the DEFAULT alike.
BEGIN;
INSERT INTO doc VALUES (1, 0, NULL);
INSERT INTO doc VALUES (2, 0);
INSERT INTO doc VALUES (3, 0, '5');
SELECT id, version = pg_current_xact_id() AS is_this, CASE id WHEN 3 THEN version END AS given
  FROM doc WHERE id > 0 ORDER BY id;
COMMIT;

-- Two writes of one row in one transaction keep one version, which fits both times.
BEGIN;
UPDATE doc SET n = n + 1, version = '5' WHERE id = 3 RETURNING n, version = pg_current_xact_id() AS is_this;
UPDATE doc SET n = n + 1, version = pg_current_xact_id() WHERE id = 3 RETURNING n, version = pg_current_xact_id() AS is_this;
UPDATE doc SET n = n + 1 WHERE id = 3 RETURNING n, version = pg_current_xact_id() AS is_this;
-- ... the one that it had before does not
SAVEPOINT s;
\set VERBOSITY sqlstate
UPDATE doc SET n = n + 1, version = '5' WHERE id = 3;
ROLLBACK TO s;
COMMIT;

-- Savepoints, and blocks that catch exceptions, are of the same transaction.
BEGIN;
UPDATE doc SET n = 10 WHERE id = 1 RETURNING version AS first \gset
SAVEPOINT s;
UPDATE doc SET n = 11 WHERE id = 1 RETURNING version = :'first' AS is_same, version = pg_current_xact_id() AS is_this;
SAVEPOINT t;
INSERT INTO doc VALUES (4, 0, NULL);
DO $$
BEGIN
	UPDATE doc SET n = 12 WHERE id = 1;
	UPDATE doc SET n = 12 / 0 WHERE id = 2;
EXCEPTION WHEN division_by_zero THEN
	UPDATE doc SET n = 13 WHERE id = 2;
END
$$;
ROLLBACK TO t;
UPDATE doc SET n = 14 WHERE id = 2 RETURNING version = :'first' AS is_same;
RELEASE s;
SELECT id, n, version = :'first' AS is_same FROM doc WHERE id > 0 ORDER BY id;
COMMIT;

-- An echo of another transaction's version passes, a stale one does not, and no increment does: nobody
-- can know what the next one will be.
SELECT version AS read FROM doc WHERE id = 1 \gset
UPDATE doc SET n = 20, version = :'read' WHERE id = 1;
UPDATE doc SET n = 21, version = :'read' WHERE id = 1;
UPDATE doc SET n = 21, version = NULL WHERE id = 1;
UPDATE doc SET n = 21, version = pg_current_xact_id() WHERE id = 1;
UPDATE doc SET n = 21, version = (version::text::bigint + 1)::text::xid8 WHERE id = 1;
UPDATE doc SET n = 21, version = version WHERE id = 1 RETURNING n, version = pg_current_xact_id() AS is_this;
SELECT concurrency.attach('doc', kind => 'xact', protocol => 'increment', blind => 'reject');
UPDATE doc SET n = 22, version = version WHERE id = 1;
UPDATE doc SET n = 22, version = pg_current_xact_id() WHERE id = 1;
UPDATE doc SET n = 22 WHERE id = 1;
SELECT concurrency.attach('doc', kind => 'xact', protocol => 'echo', blind => '');
UPDATE doc SET n = 22, version = pg_current_xact_id() WHERE id = 1;
UPDATE doc SET n = 22, version = version WHERE id = 1 RETURNING n;
SELECT concurrency.attach('doc', kind => 'xact', protocol => 'ignore');
UPDATE doc SET n = 23, version = '5' WHERE id = 1 RETURNING n, version = pg_current_xact_id() AS is_this;

-- Where the trigger has no word to say, no transaction id is taken: reading stays free.
BEGIN;
SELECT count(*) FROM doc WHERE version IS NOT NULL;
UPDATE doc SET n = 0 WHERE id = -1;
SELECT pg_current_xact_id_if_assigned() IS NULL AS is_unassigned;
COMMIT;

-- A row from before the column, a domain, and types that do not suit.
CREATE DOMAIN written_by AS xid8 CHECK (value > '3');
CREATE TABLE others (id int PRIMARY KEY, version written_by);
INSERT INTO others VALUES (1);
SELECT concurrency.attach('others');
UPDATE others SET version = '9' WHERE id = 1;
UPDATE others SET version = NULL WHERE id = 1 RETURNING version = pg_current_xact_id() AS is_this;
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{xid,bigint,text,pg_snapshot,uuid}'::text[] LOOP
		EXECUTE format('ALTER TABLE others DROP COLUMN version, ADD COLUMN version %s', type);
		BEGIN
			PERFORM concurrency.attach('others', kind => 'xact');
			RAISE 'accepted %', type;
		EXCEPTION WHEN datatype_mismatch THEN
			NULL;
		END;
	END LOOP;
END
$$;

DROP TABLE doc, others;
DROP DOMAIN written_by;
