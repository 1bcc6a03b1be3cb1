-- Section 11, rename_column: the column has another name, and its trigger keeps it as before, with every option.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1, rev int NOT NULL DEFAULT 1);
INSERT INTO doc VALUES (1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
SELECT concurrency.attach('doc', 'rev', protocol => 'increment', blind => 'reject', ignore => 'version, body');
ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_version;
\set attached 'SELECT * FROM concurrency.attachments ORDER BY table_name::text COLLATE "C", trigger_name;'
:attached
SELECT concurrency.rename_column('doc', 'version', 'Row "Version"');
:attached
UPDATE doc SET body = 'b', "Row ""Version""" = 1, rev = 2 RETURNING *;
UPDATE doc SET body = 'c', "Row ""Version""" = 1, rev = 3 RETURNING *;
-- ... what others watch, or ignore, follows
SELECT concurrency.rename_column('doc', 'Row "Version"', 'version');
ALTER TABLE doc ADD plain int;
SELECT concurrency.attach('doc', 'rev', ignore => 'version, body, plain');
SELECT concurrency.rename_column('doc', 'version', 'etag');
SELECT column_name, watch, ignore, enabled FROM concurrency.attachments ORDER BY column_name;

-- Where it was renamed already, the trigger follows.
ALTER TABLE doc RENAME etag TO version;
UPDATE doc SET body = 'refused';
SELECT concurrency.rename_column('doc', 'etag', 'version');
:attached
UPDATE doc SET body = 'd', version = 2, rev = 3 RETURNING *;

-- A trigger's own name stays, if somebody gave it one; a long one is cut as attach cuts it.
ALTER TRIGGER zz_concurrency_version ON doc RENAME TO zzz_mine;
SELECT concurrency.rename_column('doc', 'version', (repeat('v', 60))::name);
SELECT concurrency.rename_column('doc', 'rev', (repeat('r', 60))::name);
SELECT column_name, trigger_name FROM concurrency.attachments ORDER BY column_name;
SELECT concurrency.rename_column('doc', (repeat('v', 60))::name, 'version');
SELECT concurrency.rename_column('doc', (repeat('r', 60))::name, 'rev');

-- What cannot be: no such column, one that is not attached, a name that is taken, a view that is in the way of nothing.
CREATE VIEW docs AS SELECT id, version FROM doc;
SELECT concurrency.rename_column('doc', 'nosuch', 'version');
SELECT concurrency.rename_column('doc', 'body', 'text');
SELECT concurrency.rename_column('docs', 'version', 'rev');
SELECT concurrency.rename_column('doc', 'version', 'rev');
SELECT concurrency.rename_column('doc', 'version', 'xmin');
SELECT concurrency.rename_column('doc', 'version', '');
SELECT concurrency.rename_column('doc', 'version', 'version');
\set VERBOSITY sqlstate
SELECT concurrency.rename_column('doc', 'nosuch', 'version');
SELECT concurrency.rename_column('doc', 'version', 'rev');
\set VERBOSITY default
:attached

-- A trigger that does not fire for every UPDATE would do so if it were created anew: it is not.  A list that cannot be read
-- stays as it is.
SELECT concurrency.detach('doc', 'rev');
CREATE TRIGGER by_hand BEFORE UPDATE ON doc FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION concurrency.version_trigger('rev', 'ignore=version');
SELECT concurrency.rename_column('doc', 'version', 'etag');
\set VERBOSITY sqlstate
SELECT concurrency.rename_column('doc', 'version', 'etag');
\set VERBOSITY default
CREATE OR REPLACE TRIGGER by_hand BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('rev', 'watch="body');
SELECT concurrency.rename_column('doc', 'rev', 'etag');
:attached
DROP TABLE doc CASCADE;

-- Where it was renamed already, the new name is held to what attach asks of a column.
CREATE TABLE line (id bigint PRIMARY KEY, doc bigint REFERENCES line, body text, seen int, twice int, made int GENERATED ALWAYS AS (1) STORED, rev int, version bigint);
CREATE TABLE line_child () INHERITS (line);
SELECT concurrency.attach('line', kind => 'counter');
SELECT concurrency.attach('line', 'rev', watch => 'seen');
SELECT concurrency.attach('line', 'twice');
ALTER TABLE line DROP version;
SELECT concurrency.rename_column('line', 'version', 'id');
SELECT concurrency.rename_column('line', 'version', 'doc');
SELECT concurrency.rename_column('line', 'version', 'body');
SELECT concurrency.rename_column('line', 'version', 'seen');
SELECT concurrency.rename_column('line', 'version', 'twice');
SELECT concurrency.rename_column('line', 'version', 'made');
\set VERBOSITY sqlstate
SELECT concurrency.rename_column('line', 'version', 'id');
SELECT concurrency.rename_column('line', 'version', 'body');
SELECT concurrency.rename_column('line', 'version', 'seen');
SELECT concurrency.rename_column('line', 'version', 'twice');
SELECT concurrency.rename_column('line', 'version', '');
\set VERBOSITY default
SELECT concurrency.attach('line', 'rev', watch => '');
SELECT concurrency.rename_column('line', 'version', 'seen');
:attached
DROP TABLE line CASCADE;
-- (an asterisk that means all columns names none, whatever a column is called)
CREATE TABLE odd (id int PRIMARY KEY, body text, "*" int NOT NULL DEFAULT 1);
SELECT concurrency.attach('odd', '*', watch => '*');
SELECT concurrency.rename_column('odd', '*', 'version');
:attached
DROP TABLE odd;

-- in partitions, whose triggers are the parent's, and keep their state
CREATE TABLE part (id int, body text) PARTITION BY LIST (id);
CREATE TABLE part_1 (body text, id int);
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part DEFAULT PARTITION BY LIST (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
SELECT concurrency.attach('part', protocol => 'echo', blind => 'reject');
ALTER TABLE part_1 DISABLE TRIGGER zz_concurrency_version;
SELECT concurrency.rename_column('part_1', 'version', 'rev');
SELECT concurrency.rename_column('part', 'version', 'rev');
SELECT table_oid::regclass, trigger_name, column_name, protocol, blind, enabled FROM concurrency.version_triggers() ORDER BY 1;
INSERT INTO part VALUES (1), (2);
UPDATE part SET body = 'a', rev = 2 WHERE id = 2;
UPDATE part SET body = 'a', rev = 1 WHERE id = 2 RETURNING *;
DROP TABLE part;

-- in inheritance children, which have triggers of their own
CREATE TABLE mother (id int, body text, version int NOT NULL DEFAULT 1);
CREATE TABLE daughter () INHERITS (mother);
SELECT concurrency.attach('mother', protocol => 'echo');
SELECT concurrency.attach('daughter', blind => 'reject');
SELECT concurrency.rename_column('daughter', 'version', 'rev');
SELECT concurrency.rename_column('mother', 'version', 'rev');
:attached
DROP TABLE mother, daughter;

-- Whoever may ALTER the table may.
CREATE ROLE regress_owner;
CREATE ROLE regress_helper;
CREATE TABLE owned (id int, version int);
ALTER TABLE owned OWNER TO regress_owner;
GRANT CREATE ON SCHEMA public TO regress_owner;
SELECT concurrency.attach('owned');
GRANT ALL ON owned TO regress_helper;
SET ROLE regress_helper;
SELECT concurrency.rename_column('owned', 'version', 'rev');
SET ROLE regress_owner;
SELECT concurrency.rename_column('owned', 'version', 'rev');
RESET ROLE;
:attached
DROP TABLE owned;
REVOKE ALL ON SCHEMA public FROM regress_owner;
DROP ROLE regress_owner, regress_helper;
