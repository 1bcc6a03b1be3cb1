-- Section 11, audit: a trigger that does not fire for every UPDATE; what mends it keeps its options.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE TABLE doc (id int PRIMARY KEY, body text, version int NOT NULL DEFAULT 1);
CREATE TRIGGER by_hand BEFORE INSERT OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=counter', 'protocol=echo', 'blind=warn', 'on_conflict=skip', 'watch=body');
:audit
SELECT mend();
CREATE OR REPLACE TRIGGER by_hand BEFORE INSERT OR UPDATE OF version OR DELETE ON doc FOR EACH ROW EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=counter', 'protocol=echo', 'blind=warn', 'on_conflict=skip', 'ignore=body');
:audit
SELECT mend();
CREATE OR REPLACE TRIGGER by_hand BEFORE UPDATE ON doc FOR EACH ROW WHEN (NEW.body <> '') EXECUTE FUNCTION
	concurrency.version_trigger('version', 'kind=counter', 'protocol=echo', 'blind=warn', 'on_conflict=skip', 'watch=body');
:audit
SELECT mend();
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'doc'::regclass;
DROP TABLE doc;
DROP VIEW ours;
DROP FUNCTION mend;
