-- Section 11, audit: a trigger that does not fire when it should, or fires when it should not.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part DEFAULT PARTITION BY RANGE (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
INSERT INTO part VALUES (1), (11);
SELECT concurrency.attach('part', 'version', protocol => 'echo', blind => 'reject', watch => 'body');

ALTER TABLE doc DISABLE TRIGGER zz_concurrency_version;
:audit
SELECT mend();
ALTER TABLE doc ENABLE REPLICA TRIGGER zz_concurrency_version;
:audit
SELECT mend();
ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_version;
:audit
SELECT mend();
-- on one partition only
ALTER TABLE part_2_1 DISABLE TRIGGER zz_concurrency_version;
:audit
SELECT mend();
UPDATE part SET body = 'stale', version = 0 WHERE id = 11;
-- on all but one
ALTER TABLE part DISABLE TRIGGER zz_concurrency_version;
ALTER TABLE part_1 ENABLE TRIGGER zz_concurrency_version;
:audit
SELECT mend();
UPDATE part SET body = 'stale', version = 0 WHERE id = 11;

DROP TABLE doc, part;
DROP VIEW ours;
DROP FUNCTION mend;
