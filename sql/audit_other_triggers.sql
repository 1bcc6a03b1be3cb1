-- Section 11, audit: other people's triggers that fire after ours, or before it: and what those may do.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1);
INSERT INTO doc VALUES (1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'error', watch => 'body', guard_delete => true, stamp_insert => false);
CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part DEFAULT PARTITION BY RANGE (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
SELECT concurrency.attach('part');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.Version := OLD.version + 1; RETURN NEW; END $$;
CREATE FUNCTION reads() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.version = 1 THEN NULL; END IF; RETURN NEW; END $$;
CREATE FUNCTION replaces() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW := OLD; RETURN NEW; END $$;

-- a trigger that fires after ours, whatever its name, and one of a partition; not one that is disabled, for INSERT or AFTER
CREATE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER "zzz; é" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz_disabled BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE doc DISABLE TRIGGER zzz_disabled;
CREATE TRIGGER zzz_insert BEFORE INSERT ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz_after AFTER UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz BEFORE UPDATE ON part_2 FOR EACH ROW EXECUTE FUNCTION nothing();
:audit
SELECT mend();
DROP TRIGGER zzz ON part_2;
CREATE TRIGGER "~~" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT mend();
SELECT format('CREATE TRIGGER %I BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing()', repeat('名', 20) || 'zzz') \gexec
SELECT mend();
SELECT tgname FROM pg_trigger WHERE tgrelid = 'doc'::regclass ORDER BY tgname;
UPDATE doc SET body = 'stale', version = 7;
DROP TABLE doc;

-- a trigger that fires before ours, and sets the version, or may; not one that cannot
CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1, changed timestamptz NOT NULL DEFAULT now());
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'error', watch => 'body', guard_delete => true, stamp_insert => false);
CREATE TRIGGER cannot BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER cannot_either BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER concurrency_doc_version BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION counts();
CREATE TRIGGER names BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing('version');
CREATE TRIGGER reads BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION reads();
CREATE TRIGGER replaces BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION replaces();
CREATE TRIGGER counts BEFORE UPDATE ON part FOR EACH ROW EXECUTE FUNCTION counts();
:audit
SELECT mend();
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgfoid <> 'concurrency.version_trigger'::regproc ORDER BY 1, 2;
-- ... on a partition with a trigger of its own it is the parent's, and is dropped there
SELECT concurrency.detach('part'), concurrency.attach('part_1');
CREATE TRIGGER counts BEFORE UPDATE ON part FOR EACH ROW EXECUTE FUNCTION counts();
:audit
SELECT mend();

-- a trigger that has fired already for rows that on_conflict leaves out: that is how it is
SELECT concurrency.attach('part_1', on_conflict => 'skip'), concurrency.attach('doc', on_conflict => 'warn');
CREATE TRIGGER history BEFORE UPDATE ON part_1 FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE FUNCTION decides(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
:audit
SELECT concurrency.attach('doc', on_conflict => 'call=public.decides'), concurrency.attach('part_1', on_conflict => '');
:audit
SELECT mend();

-- The new name that is proposed is nobody's, not even in a partition; and a source that is very long is not read.
CREATE TABLE later (id int PRIMARY KEY, version int NOT NULL DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE later_1 PARTITION OF later DEFAULT;
SELECT concurrency.attach('later');
CREATE TRIGGER zzz BEFORE UPDATE ON later FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER "~zz_concurrency_version" AFTER UPDATE ON later_1 FOR EACH ROW EXECUTE FUNCTION nothing();
DO $do$ BEGIN EXECUTE format('CREATE FUNCTION long() RETURNS trigger LANGUAGE plpgsql AS %L', 'BEGIN RETURN NEW; END;' || repeat(' ', 100000)); END $do$;
CREATE TRIGGER long BEFORE UPDATE ON later FOR EACH ROW EXECUTE FUNCTION long();
:audit
SELECT mend();
DROP TABLE later;
DROP FUNCTION long;

DROP TABLE doc, part CASCADE;
DROP FUNCTION nothing, counts, reads, replaces;
DROP VIEW ours;
DROP FUNCTION mend;
