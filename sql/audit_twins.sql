-- Section 11, audit: two triggers for one column, also if one of them is a partition's parent's.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1);
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'skip', watch => 'body', guard_delete => true, stamp_insert => false);
CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
SELECT concurrency.attach('part', 'version', protocol => 'echo', blind => 'reject', watch => 'body');
CREATE TRIGGER by_hand BEFORE UPDATE OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'watch=body', 'on_conflict=skip', 'blind=warn', 'protocol=echo');
CREATE TRIGGER zzz_by_hand BEFORE INSERT OR UPDATE ON part_1 FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo', 'blind=reject', 'watch=body', 'kind=counter');
-- (another column of the same name, and another column of the same table, are none)
CREATE TABLE other (id int PRIMARY KEY, version int NOT NULL DEFAULT 1, rev int NOT NULL DEFAULT 1);
SELECT concurrency.attach('other'), concurrency.attach('other', 'rev');
:audit
SELECT mend();
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('doc'::regclass, 'part'::regclass, 'part_1'::regclass) ORDER BY 1, 2;
-- Of two that differ, nobody but their owner knows which is meant: nothing is dropped.
CREATE TRIGGER zzz_lax BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER strict BEFORE INSERT OR UPDATE OR DELETE ON part_1 FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo', 'blind=reject', 'watch=body');
CREATE TRIGGER a_state BEFORE INSERT OR UPDATE ON other FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
ALTER TABLE other DISABLE TRIGGER zz_concurrency_version;
:audit
DROP TABLE doc, part, other;
DROP VIEW ours;
DROP FUNCTION mend;
