-- Section 11, audit: a version column that may be null, lacks a default, repeats its versions, or cannot be sent; and one
-- that is of our type, and not attached.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

-- rows without a version get one, also where nothing else bumps them; the rest stays as it is
CREATE TABLE nullable (id int, body text, version int, rev uuid);
INSERT INTO nullable VALUES (1), (2);
CREATE TABLE nullable_child () INHERITS (nullable);
INSERT INTO nullable_child VALUES (3);
SELECT concurrency.attach('nullable', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
SELECT concurrency.attach('nullable', 'rev', protocol => 'echo', blind => 'reject', ignore => 'body');
SELECT concurrency.attach('nullable_child', blind => 'reject');
ALTER TABLE nullable_child ENABLE ALWAYS TRIGGER zz_concurrency_rev;
UPDATE nullable SET body = 'b', version = NULL, rev = NULL WHERE id = 2;
:audit
SELECT mend();
SELECT tableoid::regclass, id, version, rev IS NOT NULL FROM nullable ORDER BY id;
SELECT table_name, column_name, protocol, blind, watch, ignore, enabled FROM concurrency.attachments ORDER BY 1, 2;
DROP TABLE nullable CASCADE;
-- ... in partitions, too
CREATE TABLE nullable (id int, version int, rev int DEFAULT 7) PARTITION BY LIST (id);
CREATE TABLE nullable_1 PARTITION OF nullable FOR VALUES IN (1);
CREATE TABLE nullable_2 (version int, rev int, id int);
ALTER TABLE nullable ATTACH PARTITION nullable_2 DEFAULT;
INSERT INTO nullable VALUES (1), (2);
SELECT concurrency.attach('nullable', blind => 'reject'), concurrency.attach('nullable_2', 'rev', blind => 'reject');
ALTER TABLE nullable_1 ENABLE REPLICA TRIGGER zz_concurrency_version;
SELECT severity, table_name, column_name, problem FROM ours;
SELECT mend FROM ours WHERE column_name = 'version' AND severity = 'notice' \gexec
SELECT * FROM nullable ORDER BY id;
SELECT table_oid::regclass, enabled FROM concurrency.version_triggers() ORDER BY 1;
DROP TABLE nullable;

-- new rows would have no version
CREATE TABLE bare (id int, body text, rev uuid NOT NULL);
SELECT concurrency.attach('bare', 'rev', kind => 'uuid', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE bare ALTER rev DROP DEFAULT;
:audit
SELECT mend();
INSERT INTO bare VALUES (1) RETURNING rev IS NOT NULL;
-- ... or all the same one: in a partition alone, too
ALTER TABLE bare ALTER rev SET DEFAULT '00000000-0000-4000-8000-000000000001';
CREATE TABLE part (id int, body text, version bigint NOT NULL) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
SELECT concurrency.attach('part', kind => 'clock', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
ALTER TABLE part_1 ALTER version SET DEFAULT 1;
:audit
SELECT mend();
SELECT count(DISTINCT pg_get_expr(adbin, adrelid)) FROM pg_attrdef WHERE adrelid IN ('part'::regclass, 'part_1'::regclass);
DROP TABLE part;

-- a token that nobody can send
SELECT concurrency.attach('bare', 'rev', protocol => 'increment');
:audit
SELECT mend();
DROP TABLE bare;

-- a smallint, in a domain, in partitions and in children too
CREATE DOMAIN tiny AS smallint;
CREATE TABLE small (id int, body text, version tiny NOT NULL);
CREATE TABLE small_child () INHERITS (small);
CREATE TABLE small_part (id int, body text, version smallint NOT NULL) PARTITION BY LIST (id);
CREATE TABLE small_part_1 PARTITION OF small_part DEFAULT;
SELECT concurrency.attach('small', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
SELECT concurrency.attach('small_part_1', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
:audit
SELECT mend();
SELECT count(*) FROM pg_attribute WHERE attrelid::regclass::text ~ '^small' AND attname = 'version' AND atttypid = 'bigint'::regtype;
DROP TABLE small, small_child, small_part;
DROP DOMAIN tiny;

-- a column that asks to be attached, and is not; a partition's is its parent's
CREATE TABLE unattached (id int, version concurrency.version NOT NULL, "Clock" concurrency.clock_version NOT NULL);
CREATE TABLE unattached_part (id int, version concurrency.version NOT NULL) PARTITION BY LIST (id);
CREATE TABLE unattached_part_1 PARTITION OF unattached_part DEFAULT;
:audit
SELECT mend();
SELECT table_name, column_name, kind FROM concurrency.attachments ORDER BY 1, 2;
DROP TABLE unattached, unattached_part;
-- A smallint whose type cannot be altered, being a row type's or that of two parents, has no mend; where one of two
-- triggers, even of the partition's parent, fills the column, new rows have a version.
CREATE TYPE row_type AS (id int, version smallint);
CREATE TABLE typed OF row_type (version NOT NULL DEFAULT 1);
CREATE TABLE father (version smallint NOT NULL DEFAULT 1);
CREATE TABLE mother (version smallint NOT NULL DEFAULT 1);
CREATE TABLE child () INHERITS (father, mother);
SELECT concurrency.attach('typed'), concurrency.attach('father'), concurrency.attach('mother');
CREATE TABLE part (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
SELECT concurrency.attach('part');
CREATE TRIGGER by_hand BEFORE UPDATE ON part_1 FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
:audit
DROP TABLE typed, child, father, mother, part;
DROP TYPE row_type;
-- What gives nulls a version does it whole, or not at all.
CREATE TABLE checked (id int PRIMARY KEY, version int CHECK (version <> 1));
INSERT INTO checked VALUES (1, NULL);
SELECT concurrency.attach('checked');
SELECT mend FROM ours WHERE problem = 'the column may be null' \gset
:mend
SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'checked'::regclass;
DROP TABLE checked;
DROP VIEW ours;
DROP FUNCTION mend;
