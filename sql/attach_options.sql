-- Section 11, attach: every argument does what it says, is shown by attachments, stays where the table is attached
-- again without it, and is back at its default where it is named '' (or, where it is a boolean, by its default).
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text, "Upper, ""quoted""" text, seen int, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO doc (id) SELECT i FROM generate_series(1, 3) i;
\set attached 'SELECT column_name, kind, protocol, blind, on_conflict, watch, ignore, guard_delete AS del, stamp_insert AS ins FROM concurrency.attachments ORDER BY 1;'

-- Each kind adds a column of its first type: rows that are there get one version, all the same, and
-- are not rewritten; those to come get the real default.
SELECT pg_relation_filenode('doc') AS before \gset
SELECT concurrency.attach('doc', k.kind::name, kind => k.kind) FROM unnest('{counter,clock,xact,uuid}'::text[]) AS k(kind);
SELECT pg_relation_filenode('doc') = :before AS not_rewritten;
SELECT attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid)
  FROM pg_attribute a JOIN pg_attrdef d ON (adrelid, adnum) = (attrelid, attnum)
 WHERE attrelid = 'doc'::regclass AND attname IN ('counter', 'clock', 'xact', 'uuid') ORDER BY 1;
SELECT count(*), count(DISTINCT (counter, clock, xact, uuid)), bool_and(abs(extract(epoch FROM clock - now())) < 60) FROM doc;
INSERT INTO doc (id) VALUES (4), (5);
SELECT count(DISTINCT counter), count(DISTINCT clock), count(DISTINCT xact), count(DISTINCT uuid) FROM doc;
:attached
ALTER TABLE doc DROP counter, DROP clock, DROP xact, DROP uuid;
SELECT concurrency.detach('doc', column_name) FROM concurrency.attachments;

-- ... the rows' time is right, however this session writes times
SET datestyle = 'Postgres, DMY';
SET timezone = 'Asia/Kolkata';
SELECT concurrency.attach('doc', 'clock', kind => 'clock');
SELECT bool_and(abs(extract(epoch FROM clock - now())) < 60) FROM doc;
RESET datestyle;
RESET timezone;
SELECT concurrency.detach('doc', 'clock');
ALTER TABLE doc DROP clock;

-- A column that is there keeps its type, its rows and its default, or none; the kind must suit the type.
CREATE TABLE typed (s smallint, i int, b bigint, c bigint, t timestamptz DEFAULT '-infinity', x xid8, u uuid, d concurrency.version, e concurrency.clock_version, other text);
SELECT concurrency.attach('typed', 's'), concurrency.attach('typed', 'i', kind => 'counter'), concurrency.attach('typed', 'b'),
	   concurrency.attach('typed', 'c', kind => 'clock'), concurrency.attach('typed', 't'), concurrency.attach('typed', 'x'),
	   concurrency.attach('typed', 'u', kind => 'uuid'), concurrency.attach('typed', 'd'), concurrency.attach('typed', 'e', kind => 'clock');
:attached
\d typed
\set VERBOSITY sqlstate
SELECT concurrency.attach('typed', 's', kind => 'clock');
SELECT concurrency.attach('typed', 'x', kind => 'counter');
SELECT concurrency.attach('typed', 'u', kind => 'xact');
SELECT concurrency.attach('typed', 'other');
\set VERBOSITY default
DROP TABLE typed;

-- every option; then others, one by one and together
CREATE FUNCTION decides(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('doc', blind => 'reject', protocol => 'echo', on_conflict => 'call=public.decides',
						  watch => ' body , "Upper, ""quoted""" ', guard_delete => true, stamp_insert => false);
:attached
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'doc'::regclass;
UPDATE doc SET seen = 1, version = 1 WHERE id = 1 RETURNING version;
UPDATE doc SET "Upper, ""quoted""" = 'x', version = 1 WHERE id = 1 RETURNING version;
DELETE FROM doc WHERE id = 2;
SELECT concurrency.attach('doc');
:attached
SELECT concurrency.attach('doc', on_conflict => 'skip');
:attached
SELECT concurrency.attach('doc', watch => '', ignore => 'SEEN,body', guard_delete => false);
:attached
SELECT concurrency.attach('doc', ignore => '', watch => '*', on_conflict => 'warn', protocol => 'increment', kind => 'counter', blind => 'warn');
:attached
SELECT concurrency.attach('doc', kind => '', protocol => '', blind => '', on_conflict => '', watch => '', ignore => '', guard_delete => false, stamp_insert => true);
:attached
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'doc'::regclass;
DELETE FROM doc WHERE id = 2;

-- stamp_insert: without it, an INSERT has only the column's default
SELECT concurrency.attach('doc', stamp_insert => false);
\set VERBOSITY sqlstate
INSERT INTO doc (id, version) VALUES (6, NULL);
\set VERBOSITY default
INSERT INTO doc (id) VALUES (6) RETURNING version;
SELECT concurrency.attach('doc', stamp_insert => true);
INSERT INTO doc (id, version) VALUES (7, NULL) RETURNING version;

-- add_column: without it, the column has to be there
SELECT concurrency.attach('doc', 'missing', add_column => false);
SELECT concurrency.attach('doc', 'seen', add_column => false);
SELECT concurrency.detach('doc', 'seen');
SELECT count(*) FROM pg_attribute WHERE attrelid = 'doc'::regclass AND attname = 'missing';

-- what makes no sense is refused, with what would, and changes nothing
SELECT concurrency.attach('doc', kind => 'etag');
SELECT concurrency.attach('doc', kind => 'Counter');
SELECT concurrency.attach('doc', kind => 'uuid');
SELECT concurrency.attach('doc', protocol => 'echo ');
SELECT concurrency.attach('doc', blind => 'table');
SELECT concurrency.attach('doc', on_conflict => 'call');
SELECT concurrency.attach('doc', on_conflict => 'call=');
SELECT concurrency.attach('doc', on_conflict => 'call=decides');
SELECT concurrency.attach('doc', on_conflict => 'call=public.nosuch');
SELECT concurrency.attach('doc', on_conflict => 'call=pg_catalog.upper');
SELECT concurrency.attach('doc', watch => 'body', ignore => 'seen');
SELECT concurrency.attach('doc', watch => ' ');
SELECT concurrency.attach('doc', ignore => 'body,');
SELECT concurrency.attach('doc', watch => 'body;seen');
SELECT concurrency.attach('doc', watch => 'Upper');
SELECT concurrency.attach('doc', ignore => '*');
SELECT concurrency.attach('doc', watch => 'ctid');
SELECT concurrency.attach('doc', watch => 'version');
SELECT concurrency.attach('doc', ignore => 'twice');
SELECT concurrency.attach('doc', watch => $$body', 'blind=reject$$);
SELECT concurrency.attach('doc', ignore => '"; DROP TABLE doc; --');
\set VERBOSITY sqlstate
SELECT concurrency.attach('doc', kind => 'etag');
SELECT concurrency.attach('doc', kind => 'uuid');
SELECT concurrency.attach('doc', protocol => 'echo ');
SELECT concurrency.attach('doc', on_conflict => 'call=');
SELECT concurrency.attach('doc', on_conflict => 'call=decides');
SELECT concurrency.attach('doc', on_conflict => 'call=public.nosuch');
SELECT concurrency.attach('doc', watch => 'body', ignore => 'seen');
SELECT concurrency.attach('doc', watch => ' ');
SELECT concurrency.attach('doc', watch => 'Upper');
SELECT concurrency.attach('doc', watch => 'version');
SELECT concurrency.attach('doc', ignore => 'twice');
-- ... also a null where there is nothing that it could stand for
SELECT concurrency.attach('doc', add_column => NULL);
SELECT concurrency.attach('doc', 'missing', add_column => NULL);
\set VERBOSITY default
-- ... elsewhere null leaves the option as it is
SELECT concurrency.attach('doc', watch => 'body', guard_delete => true, stamp_insert => false);
SELECT concurrency.attach('doc', 'version', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
:attached
-- ... one of watch and ignore excludes the other, until it is taken away
SELECT concurrency.attach('doc', ignore => 'seen');
\set VERBOSITY sqlstate
SELECT concurrency.attach('doc', ignore => 'seen');
\set VERBOSITY default
SELECT concurrency.attach('doc', ignore => 'seen', watch => '');
SELECT concurrency.attach('doc', watch => 'seen');
SELECT concurrency.attach('doc', ignore => '', watch => 'seen');
:attached
-- ... and a table that is not attached has the defaults
CREATE TABLE fresh (id int, version int);
SELECT concurrency.attach('fresh', kind => '', protocol => '', blind => '', on_conflict => '', watch => '', ignore => '', guard_delete => NULL, stamp_insert => NULL);
:attached
DROP TABLE fresh;
SELECT count(*) FROM pg_attribute WHERE attrelid = 'doc'::regclass AND attname = 'missing';

-- What is no option, perhaps of a later release, does not go without a word.
CREATE OR REPLACE TRIGGER zz_concurrency_version BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'etag=weak', 'blind=warn');
SELECT concurrency.attach('doc', protocol => 'echo');
:attached

DROP TABLE doc CASCADE;
