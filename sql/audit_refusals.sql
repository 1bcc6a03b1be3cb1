-- Section 11, audit: a trigger that would refuse every write, or could not handle a conflict; what mends it keeps all
-- options that are well.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE doc (id int PRIMARY KEY, body text, seen int, version int NOT NULL DEFAULT 1);
INSERT INTO doc VALUES (1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
-- what is as attach makes it has no problem
:audit

-- the column is gone, and nothing could be it: neither a key, nor what is generated, nor what is of another type
ALTER TABLE doc DROP version, ADD generated int GENERATED ALWAYS AS (1) STORED, ADD other text, DROP seen;
:audit
SELECT mend();
-- ... nor what could be, where a column was dropped
ALTER TABLE doc ADD version int NOT NULL DEFAULT 1, ADD quantity int;
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE doc DROP version;
:audit
SELECT mend();
-- ... it was renamed
DROP TABLE doc;
CREATE TABLE doc (id int PRIMARY KEY, body text, generated int GENERATED ALWAYS AS (1) STORED, other text, version int NOT NULL DEFAULT 1);
INSERT INTO doc VALUES (1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE doc RENAME version TO rev;
UPDATE doc SET body = 'refused';
:audit
SELECT mend();
SELECT * FROM concurrency.attachments;
UPDATE doc SET body = 'stale', rev = 7;
UPDATE doc SET body = 'b', rev = rev RETURNING rev;
-- ... perhaps, or it is another one
ALTER TABLE doc RENAME rev TO version;
ALTER TABLE doc ADD number int;
:audit
SELECT mend();
ALTER TABLE doc DROP number;

-- the column's type has changed: to one of another kind, to one of none
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE doc ALTER version DROP DEFAULT, ALTER version TYPE uuid USING gen_random_uuid();
:audit
SELECT mend();
SELECT concurrency.attach('doc', kind => 'uuid');
ALTER TABLE doc ALTER version TYPE text;
:audit
SELECT mend();
-- ... to one that has not all digits of a clock, in a table whose parent has it too
CREATE TABLE mother (id int, body text, version timestamptz NOT NULL);
CREATE TABLE daughter () INHERITS (mother);
SELECT concurrency.attach('daughter', kind => 'clock', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE mother ALTER version TYPE timestamptz(3);
:audit
SELECT mend();
DROP TABLE mother, daughter;
-- ... it is generated, or the trigger names none
ALTER TABLE doc DROP version, ADD version int GENERATED ALWAYS AS (1) STORED NOT NULL;
CREATE TRIGGER by_hand BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER "by hand" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger();
:audit
SELECT mend();
ALTER TABLE doc DROP version, ADD version int NOT NULL DEFAULT 1, ADD seen int;

-- a list that cannot be read; the trigger of a view, and a constraint's
CREATE TRIGGER by_hand BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'watch="body');
CREATE VIEW docs AS SELECT * FROM doc;
CREATE TRIGGER instead INSTEAD OF UPDATE ON docs FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'kind=uuid');
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('seen');
:audit
SELECT mend();
SELECT concurrency.detach('doc');
DROP VIEW docs;

-- options that are wrong, of a trigger that is made by hand: each goes, and the others stay
CREATE TRIGGER by_hand BEFORE UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=counter', 'protocol=echo', 'blind=rejected', 'on_conflict=skip', 'watch=body');
:audit
SELECT mend();
CREATE OR REPLACE TRIGGER by_hand BEFORE UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=uuid', 'protocol=telepathy', 'blind=warn', 'on_conflict=panic', 'watch=nosuch');
:audit
SELECT mend();
CREATE OR REPLACE TRIGGER by_hand BEFORE UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'protocol=echo', 'blind=warn', 'watch=body', 'ignore=seen', 'etag=weak', 'blind=warn');
:audit
SELECT mend();
-- ... of a clock that has all its digits, and of a system column
CREATE TABLE page (id int, read_at timestamptz NOT NULL DEFAULT now());
CREATE TRIGGER by_hand BEFORE UPDATE ON page FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('read_at', 'blind=rejected', 'protocol=auto');
CREATE TRIGGER "by hand" BEFORE UPDATE ON page FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('xmin');
:audit
SELECT mend();
DROP TABLE page;
-- ... a column that is watched, or ignored, is gone
SELECT concurrency.attach('doc', watch => 'body, seen', blind => 'reject', guard_delete => true);
ALTER TABLE doc RENAME seen TO "Seen";
:audit
SELECT mend();
SELECT concurrency.attach('doc', watch => '', ignore => '"Seen", other', on_conflict => 'skip');
ALTER TABLE doc DROP "Seen";
:audit
SELECT mend();
SELECT concurrency.attach('doc', ignore => '', watch => 'other');
ALTER TABLE doc DROP other;
:audit
SELECT mend();
-- ... another version column is watched: that trigger is mended, whichever is asked
CREATE TRIGGER watches BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('rev', 'blind=warn', 'watch=body,version');
ALTER TABLE doc ADD rev int NOT NULL DEFAULT 1;
:audit
SELECT mend();
SELECT concurrency.detach('doc', 'rev');

-- ... it is a partition's, of which its parent's trigger is mended
CREATE TABLE part (id int, body text, version int NOT NULL DEFAULT 1, rev int NOT NULL DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
CREATE TRIGGER watches BEFORE INSERT OR UPDATE ON part FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('rev', 'watch=body,version');
CREATE TRIGGER by_hand BEFORE INSERT OR UPDATE ON part_1 FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
:audit
SELECT mend();
DROP TABLE part;

-- it is no BEFORE ROW trigger
SELECT concurrency.detach('doc');
CREATE TRIGGER by_hand AFTER UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=counter', 'protocol=echo', 'blind=warn', 'on_conflict=skip', 'watch=body');
:audit
SELECT mend();
UPDATE doc SET version = 7;

-- A handler that is gone, or somebody else's, refuses conflicts, and nothing else.
CREATE FUNCTION decides(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('doc', on_conflict => 'call=public.decides');
DROP FUNCTION decides;
:audit
SELECT mend();
CREATE ROLE regress_stranger;
CREATE ROLE regress_owner;
CREATE FUNCTION decides(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('doc', on_conflict => 'call=public.decides');
ALTER TABLE doc OWNER TO regress_owner;
ALTER FUNCTION decides OWNER TO regress_stranger;
:audit
SELECT mend();
-- ... who may not look into its schema is not told that it is not there
CREATE SCHEMA hidden;
CREATE FUNCTION hidden.decides(current doc, attempted doc) RETURNS doc LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('doc', on_conflict => 'call=hidden.decides');
GRANT SELECT ON ours TO regress_stranger;
SET ROLE regress_stranger;
:audit
RESET ROLE;

DROP SCHEMA hidden CASCADE;
DROP TABLE doc CASCADE;
DROP VIEW ours;
DROP FUNCTION mend;
DROP ROLE regress_stranger, regress_owner;
