-- Section 11, auto_attach: while it is on, every new column of type concurrency.version or
-- concurrency.clock_version is attached, once, whatever made it; off again leaves nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA auto;
SET search_path = auto;
\set attached 'SELECT table_name, column_name, kind, blind FROM concurrency.attachments ORDER BY table_name::text COLLATE "C", column_name COLLATE "C";'

-- off by default
CREATE TABLE before (id int PRIMARY KEY, version concurrency.version);
:attached
SELECT concurrency.auto_attach(NULL);
SELECT evtname FROM pg_event_trigger;

-- on, twice
SELECT concurrency.auto_attach(true);
SELECT concurrency.auto_attach(true);
SELECT evtname, evtevent, evtenabled, evttags,
	   EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_event_trigger'::regclass AND objid = e.oid AND deptype = 'e') AS is_member
  FROM pg_event_trigger e;
:attached

-- what makes tables
CREATE TABLE made (id int PRIMARY KEY, version concurrency.version, "Clock" concurrency.clock_version, other bigint);
CREATE TABLE IF NOT EXISTS made (id int);
CREATE TABLE IF NOT EXISTS made_if (version concurrency.version);
CREATE TABLE made_as AS SELECT * FROM made;
CREATE TABLE made_as_no_data AS SELECT * FROM made WITH NO DATA;
SELECT * INTO selected FROM made;
CREATE TABLE copied (LIKE made);
CREATE TABLE copied_all (LIKE made INCLUDING ALL);
CREATE TEMP TABLE temporary (version concurrency.version);
CREATE UNLOGGED TABLE unlogged (version concurrency.version);
CREATE SCHEMA auto_2 CREATE TABLE inside (version concurrency.version);
CREATE TABLE none (id int, version bigint);
CREATE VIEW made_view AS SELECT * FROM made;
CREATE MATERIALIZED VIEW made_matview AS SELECT * FROM made;
CREATE TYPE made_type AS (version concurrency.version);
CREATE TABLE typed OF made_type;
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER dummy FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE far (version concurrency.version) SERVER dummy;
:attached
DROP SCHEMA auto_2 CASCADE;
DROP FOREIGN DATA WRAPPER dummy CASCADE;
DROP TABLE made_if, made_as, made_as_no_data, selected, copied, copied_all, temporary, unlogged, none, typed;
DROP VIEW made_view;
DROP MATERIALIZED VIEW made_matview;

-- they keep their versions: the second echo of one version is stale
INSERT INTO made VALUES (1);
UPDATE made SET id = 2, version = 1 RETURNING version;
UPDATE made SET id = 3, version = 1;
UPDATE made SET id = 3, "Clock" = "Clock" RETURNING "Clock" > (EXTRACT(epoch FROM now()) * 1000000)::bigint AS is_real_time;
DROP TABLE made;

-- columns that are added, or get the type, to a table that has rows: it is not rewritten
CREATE TABLE altered (id int PRIMARY KEY);
INSERT INTO altered SELECT i FROM generate_series(1, 1000) i;
SELECT pg_relation_filenode('altered') AS before \gset
ALTER TABLE altered ADD version concurrency.version, ADD clock concurrency.clock_version;
SELECT pg_relation_filenode('altered') = :before AS not_rewritten;
SELECT version, count(*), count(DISTINCT clock), bool_and(abs(clock - EXTRACT(epoch FROM now()) * 1000000) < 60e6)
  FROM altered GROUP BY 1;
ALTER TABLE altered ADD COLUMN IF NOT EXISTS version concurrency.version;
ALTER TABLE altered ADD rev int NOT NULL DEFAULT 7;
ALTER TABLE altered ALTER rev TYPE concurrency.version;
:attached
UPDATE altered SET rev = 7 WHERE id = 1 RETURNING rev, version;
-- ... what is done to a table that has it changes nothing
SELECT concurrency.attach('altered', blind => 'reject');
ALTER TABLE altered ADD more text;
ALTER TABLE altered RENAME TO renamed;
:attached
-- ... and what is detached stays so
SELECT concurrency.detach('renamed', 'rev');
ALTER TABLE renamed DROP more;
CREATE INDEX ON renamed (rev);
ALTER TABLE renamed RENAME TO altered;
ALTER TABLE altered ALTER rev SET NOT NULL;
ALTER TABLE altered ALTER rev SET STATISTICS 7;
ALTER TABLE altered ALTER rev SET (n_distinct = -1);
ALTER TABLE altered ALTER rev SET DEFAULT 7;
ALTER TABLE altered RENAME rev TO revision;
CREATE TABLE above (revision concurrency.version NOT NULL);
SELECT concurrency.detach('above', 'revision');
ALTER TABLE altered INHERIT above;
ALTER TABLE altered NO INHERIT above;
:attached
-- ... until its type changes
ALTER TABLE altered ALTER revision TYPE concurrency.clock_version;
:attached
DROP TABLE altered, above;

-- what is rolled back is not attached
BEGIN;
CREATE TABLE rolled_back (version concurrency.version);
SAVEPOINT s;
ALTER TABLE rolled_back ADD clock concurrency.clock_version;
:attached
ROLLBACK TO s;
:attached
ROLLBACK;
:attached

-- partitions: the parent's trigger serves them; without one, they have their own
CREATE TABLE part (id int, version concurrency.version) PARTITION BY LIST (id);
SELECT concurrency.attach('part', blind => 'reject');
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version concurrency.version, id int);
SELECT concurrency.detach('part_2');
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT tgrelid::regclass, tgname, tgparentid <> 0 AS is_clone FROM pg_trigger
 WHERE tgfoid = 'concurrency.version_trigger'::regproc ORDER BY 1;
ALTER TABLE part DETACH PARTITION part_1;
:attached
DROP TABLE part, part_1;
SELECT concurrency.auto_attach(false);
CREATE TABLE part (id int, version concurrency.version) PARTITION BY LIST (id);
SELECT concurrency.auto_attach(true);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
:attached
DROP TABLE part;

-- inheritance: children are attached with their parent's options
CREATE TABLE mother (id int, version concurrency.version);
SELECT concurrency.attach('mother', blind => 'reject');
CREATE TABLE daughter (extra int) INHERITS (mother);
ALTER TABLE mother ADD clock concurrency.clock_version;
:attached
-- ... but not with the handler, which takes the parent's rows
CREATE FUNCTION decides(current mother, attempted mother) RETURNS mother RETURN attempted;
DROP TABLE daughter;
SELECT concurrency.attach('mother', blind => 'warn', on_conflict => 'call=auto.decides');
CREATE TABLE daughter (extra int) INHERITS (mother);
CREATE TABLE son (id int);
CREATE FUNCTION decides(current son, attempted son) RETURNS son LANGUAGE sql AS 'SELECT attempted';
ALTER TABLE son ADD version concurrency.version, ADD clock concurrency.clock_version, INHERIT mother;
SELECT table_name, column_name, blind, on_conflict FROM concurrency.attachments ORDER BY table_name::text, column_name;
DROP FUNCTION decides(mother, mother), decides(son, son);
DROP TABLE mother CASCADE;

-- A table that still has a trigger of django-concurrency's is left as it is, with the reason.
CREATE TABLE django (id int);
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER concurrency_django_version BEFORE UPDATE ON django FOR EACH ROW EXECUTE FUNCTION counts();
ALTER TABLE django ADD version concurrency.version;
\set VERBOSITY sqlstate
ALTER TABLE django ADD version concurrency.version;
\d django
ALTER TABLE django ADD other int;
DROP TABLE django;

-- Whoever makes a table attaches it with no more rights than that; nobody but a superuser turns it on or off.
CREATE ROLE regress_maker;
GRANT USAGE, CREATE ON SCHEMA auto TO regress_maker;
SET ROLE regress_maker;
CREATE TABLE theirs (id int, version concurrency.version);
INSERT INTO theirs VALUES (1);
UPDATE theirs SET version = 7;
SELECT concurrency.auto_attach(false);
SELECT concurrency.auto_attach(true);
RESET ROLE;
:attached
SELECT concurrency.auto_attach(false);
SET ROLE regress_maker;
SELECT concurrency.auto_attach(true);
SELECT concurrency.auto_attach(false);
RESET ROLE;
SELECT evtname FROM pg_event_trigger;
DROP TABLE theirs;

-- a column that comes with a row type's
SELECT concurrency.auto_attach(true);
CREATE TYPE row_type AS (id int);
CREATE TABLE typed OF row_type;
ALTER TYPE row_type ADD ATTRIBUTE version concurrency.version CASCADE;
:attached
DROP TABLE typed;
DROP TYPE row_type;
SELECT concurrency.auto_attach(false);

-- on and off in a transaction that rolls back
BEGIN;
SELECT concurrency.auto_attach(true);
CREATE TABLE rolled_back (version concurrency.version);
:attached
ROLLBACK;
SELECT evtname FROM pg_event_trigger;

-- one that somebody disabled is on again
SELECT concurrency.auto_attach(true);
ALTER EVENT TRIGGER concurrency_auto_attach DISABLE;
SELECT concurrency.auto_attach(true);
SELECT evtenabled FROM pg_event_trigger;

-- off, twice, leaves nothing but what is attached
CREATE TABLE last_one (version concurrency.version);
SELECT concurrency.auto_attach(false);
SELECT concurrency.auto_attach(false);
CREATE TABLE too_late (version concurrency.version);
SELECT count(*) FROM pg_event_trigger;
:attached

SET client_min_messages = error;
DROP SCHEMA auto CASCADE;
DROP ROLE regress_maker;
