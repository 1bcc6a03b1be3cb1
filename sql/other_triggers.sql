-- Section 12, other triggers, generated and identity columns: ours sees the row as the BEFORE triggers that
-- sort before it leave it, and what fires later sees the version as it is stored.
CREATE TABLE doc (id int PRIMARY KEY, body text, touched int DEFAULT 0);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc VALUES (1, 'a');
-- Sets columns of NEW, or skips the row, as the trigger's argument says.
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE TG_ARGV[0]
		WHEN 'touch' THEN NEW.touched := OLD.touched + 1;
		WHEN 'skip' THEN RETURN NULL;
		WHEN 'return old' THEN RETURN OLD;
		WHEN 'echo' THEN NEW.version := OLD.version;
		WHEN 'increment' THEN NEW.version := OLD.version + 1;
		WHEN 'reset' THEN NEW.version := 1;
	END CASE;
	RETURN NEW;
END
$$;
\set VERBOSITY sqlstate
\set SHOW_CONTEXT never

-- before ours: changed data is stored and bumped
CREATE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('touch');
UPDATE doc SET body = 'b', version = 1 RETURNING *;
UPDATE doc SET body = 'c', version = 1;
UPDATE doc SET body = 'c';
-- ... a skipped row is neither checked nor bumped
CREATE OR REPLACE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('skip');
UPDATE doc SET body = 'c', version = 1;
UPDATE doc SET body = 'c', version = 2 RETURNING *;
TABLE doc;
-- ... a version that is put there is the token: it hides what the client sent
CREATE OR REPLACE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('echo');
UPDATE doc SET body = 'c', version = 1 RETURNING *;
UPDATE doc SET body = 'd';
CREATE OR REPLACE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('increment');
UPDATE doc SET body = 'd' RETURNING *;
CREATE OR REPLACE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('reset');
UPDATE doc SET body = 'e', version = 4;
-- ... and OLD instead of NEW is an echo, if the version was named
CREATE OR REPLACE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('return old');
UPDATE doc SET body = 'e';
UPDATE doc SET body = 'e', version = 1 RETURNING *;
DROP TRIGGER aaa ON doc;

-- after ours: what was refused does not get there, a row that is skipped there keeps its version
CREATE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('touch');
UPDATE doc SET body = 'f', version = 5 RETURNING *;
UPDATE doc SET body = 'g', version = 5;
CREATE OR REPLACE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('skip');
UPDATE doc SET body = 'g', version = 5;
UPDATE doc SET body = 'g', version = 6;
TABLE doc;
-- ... a version that is put there is stored, which ours cannot see: it has to sort last
CREATE OR REPLACE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION meddle('reset');
UPDATE doc SET body = 'g', version = 6 RETURNING *;
DROP TRIGGER zzz ON doc;

-- a trigger that writes the same row: BEFORE, PostgreSQL refuses it; AFTER, it is a write like any other
CREATE FUNCTION write_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE TG_ARGV[0]
		WHEN 'new' THEN UPDATE doc SET touched = touched + 1, version = NEW.version WHERE id = NEW.id;
		WHEN 'old' THEN UPDATE doc SET touched = touched + 1, version = OLD.version WHERE id = NEW.id;
		WHEN 'blind' THEN UPDATE doc SET touched = touched + 1 WHERE id = NEW.id;
	END CASE;
	RETURN NEW;
END
$$;
CREATE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION write_again('old');
UPDATE doc SET body = 'h', version = 1;
DROP TRIGGER aaa ON doc;
CREATE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION write_again('old');
UPDATE doc SET body = 'h', version = 1;
DROP TRIGGER zzz ON doc;
CREATE TRIGGER again AFTER UPDATE ON doc FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION write_again('new');
UPDATE doc SET body = 'h', version = 1 RETURNING version;
TABLE doc;
CREATE OR REPLACE TRIGGER again AFTER UPDATE ON doc FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION write_again('old');
UPDATE doc SET body = 'i', version = 3;
CREATE OR REPLACE TRIGGER again AFTER UPDATE ON doc FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION write_again('blind');
UPDATE doc SET body = 'i', version = 3;
DROP TRIGGER again ON doc;
TABLE doc;
-- ... the version that RETURNING gave is old by then, so that an echo of it conflicts with oneself; with "ignore" for what the trigger
-- writes it is not
CREATE TABLE touched (id int PRIMARY KEY, body text, times int DEFAULT 0, version int);
SELECT concurrency.attach('touched');
INSERT INTO touched VALUES (1, 'a', 0, 1);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE touched SET times = times + 1 WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER again AFTER UPDATE ON touched FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION touch();
UPDATE touched SET body = 'b' RETURNING version AS returned \gset
SELECT version, :returned AS returned FROM touched;
UPDATE touched SET body = 'c', version = :returned;
SELECT concurrency.attach('touched', ignore => 'times');
UPDATE touched SET body = 'b' RETURNING version AS returned \gset
SELECT version, :returned AS returned FROM touched;
UPDATE touched SET body = 'c', version = :returned RETURNING *;
TABLE touched;
DROP TABLE touched;
DROP FUNCTION touch;

-- suppress_redundant_updates_trigger: before ours it suppresses what changes nothing, also a stale token
-- that is the only change to be seen; after ours it finds nothing redundant
CREATE TRIGGER aaa BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
UPDATE doc SET body = 'h' RETURNING *;
UPDATE doc SET body = 'h', version = 3 RETURNING *;
UPDATE doc SET body = 'h', version = 2 RETURNING *;
UPDATE doc SET body = 'i', version = 3 RETURNING *;
ALTER TRIGGER aaa ON doc RENAME TO zzz;
UPDATE doc SET body = 'i';
UPDATE doc SET body = 'i', version = 4 RETURNING *;
DROP TRIGGER zzz ON doc;

-- WHEN: of others, BEFORE sees what was sent and AFTER what is stored; OF version fires if it was named
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '%: % -> %', TG_NAME, OLD.version, NEW.version;
	RETURN NEW;
END
$$;
CREATE TRIGGER a_before BEFORE UPDATE ON doc FOR EACH ROW WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION tell();
CREATE TRIGGER after AFTER UPDATE ON doc FOR EACH ROW WHEN (OLD.version <> NEW.version) EXECUTE FUNCTION tell();
CREATE TRIGGER after_of AFTER UPDATE OF version ON doc FOR EACH ROW EXECUTE FUNCTION tell();
CREATE FUNCTION tell_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE '%: %', TG_NAME, (SELECT string_agg(format('%s -> %s', o.version, n.version), ', ') FROM o JOIN n USING (id));
	RETURN NULL;
END
$$;
CREATE TRIGGER transition AFTER UPDATE ON doc REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tell_all();
\set VERBOSITY terse
SET concurrency.blind_writes = 'allow';
UPDATE doc SET body = 'j', version = 5;
UPDATE doc SET body = 'k', version = 7;
UPDATE doc SET body = 'l';
RESET concurrency.blind_writes;
DROP TRIGGER a_before ON doc;
DROP TRIGGER after ON doc;
DROP TRIGGER after_of ON doc;
DROP TRIGGER transition ON doc;
\set VERBOSITY sqlstate
-- ... ours, made by hand: what WHEN leaves out is neither checked nor bumped
CREATE OR REPLACE TRIGGER zz_concurrency_version BEFORE UPDATE ON doc FOR EACH ROW
	WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=reject');
UPDATE doc SET touched = 10 RETURNING *;
UPDATE doc SET body = 'm';
UPDATE doc SET body = 'm', version = 8 RETURNING *;
DROP TABLE doc;

-- generated columns are computed from the version as it is stored; identity columns, defaults, and an index on it
CREATE TABLE doc (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	version int DEFAULT 7,
	etag text GENERATED ALWAYS AS ('"' || version::text || '"') STORED,
	body text,
	size int GENERATED ALWAYS AS (length(body)) STORED UNIQUE,
	seen timestamptz DEFAULT '2026-11-23',
	UNIQUE (id, version));
CREATE INDEX ON doc (etag);
SELECT concurrency.attach('doc', blind => 'reject');
INSERT INTO doc (body) VALUES ('a'), ('bb');
INSERT INTO doc (body, version) VALUES ('ccc', NULL) RETURNING id, version, etag, size;
UPDATE doc SET body = body || 'xxx', version = version RETURNING id, version, etag, size;
UPDATE doc SET version = 8 WHERE id = 1 RETURNING id, version, etag, size;
UPDATE doc SET body = '' WHERE id = 1;
UPDATE doc SET seen = DEFAULT, version = DEFAULT WHERE id = 1;
UPDATE doc SET id = DEFAULT, seen = DEFAULT, version = 9 WHERE id = 1 RETURNING id, version, etag, size;
INSERT INTO doc (id, body, version) OVERRIDING SYSTEM VALUE VALUES (2, 'dd', 8)
	ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body, version = EXCLUDED.version RETURNING id, version, etag, size;
SET enable_seqscan = off;
SELECT id, version, etag FROM doc WHERE etag IN ('"9"', '"10"') ORDER BY id;
SELECT id, version FROM doc WHERE id = 2 AND version = 8;
RESET enable_seqscan;

-- ... virtual ones likewise (18 and later)
DO $$
DECLARE
	seen text;
BEGIN
	IF current_setting('server_version_num')::int >= 180000 THEN
		EXECUTE 'ALTER TABLE doc ADD COLUMN tag text GENERATED ALWAYS AS (''v'' || version::text) VIRTUAL';
		EXECUTE 'UPDATE doc SET body = ''eeeee'', version = 9 WHERE id = 2 RETURNING tag || etag' INTO seen;
		ASSERT seen = 'v10"10"', seen;
		BEGIN
			EXECUTE 'UPDATE doc SET body = tag, version = 9 WHERE id = 2';
			ASSERT false, 'a stale write was accepted';
		EXCEPTION WHEN SQLSTATE 'PT409' THEN
			NULL;
		END;
	END IF;
END
$$;

DROP TABLE doc;
DROP FUNCTION meddle, write_again, tell, tell_all;
