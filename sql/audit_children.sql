-- Section 11, audit: an inheritance child that is not attached; what mends it gives it its parent's options.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE mother (id int, body text, token uuid NOT NULL);
SELECT concurrency.attach('mother', 'token', kind => 'uuid', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
CREATE TABLE daughter (extra int) INHERITS (mother);
CREATE TABLE granddaughter () INHERITS (daughter);
:audit
SELECT mend();
SELECT count(*), count(DISTINCT to_jsonb(a) - 'table_name') FROM concurrency.attachments a;
-- ... those that are there keep theirs
SELECT concurrency.attach('daughter', 'token', watch => '', ignore => 'extra', blind => 'reject');
CREATE TABLE son () INHERITS (mother);
:audit
SELECT mend();
SELECT table_name, blind, watch, ignore FROM concurrency.attachments ORDER BY 1;
DROP TABLE mother CASCADE;
-- ... but for the handler, which takes the parent's rows: the child's conflicts are errors
CREATE TABLE mother (id int, body text);
CREATE FUNCTION decides(current mother, attempted mother) RETURNS mother LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('mother', protocol => 'echo', on_conflict => 'call=public.decides');
CREATE TABLE daughter (extra int) INHERITS (mother);
:audit
SELECT mend();
SELECT table_name, protocol, on_conflict FROM concurrency.attachments ORDER BY 1;
-- (a partition is its parent's affair)
CREATE TABLE part (id int) PARTITION BY LIST (id);
SELECT concurrency.attach('part');
CREATE TABLE part_1 PARTITION OF part DEFAULT;
:audit
DROP TABLE part;
DROP TABLE mother CASCADE;
-- Where a parent's column was renamed, its children's was, too: that is said, and mended, once.
CREATE TABLE mother (id int PRIMARY KEY, version bigint NOT NULL);
CREATE TABLE daughter () INHERITS (mother);
CREATE TABLE granddaughter () INHERITS (daughter);
SELECT concurrency.attach('mother', blind => 'warn', guard_delete => true);
ALTER TABLE mother RENAME version TO rev;
:audit
SELECT mend();
SELECT table_name, column_name, blind, guard_delete FROM concurrency.attachments ORDER BY 1;
DROP TABLE mother CASCADE;
DROP VIEW ours;
DROP FUNCTION mend;
