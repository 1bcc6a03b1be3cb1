-- Section 11, the view: one row per attached column, found by function, whatever the trigger says.
CREATE SCHEMA other;
CREATE TABLE doc (id int, version int, revision bigint);
CREATE TABLE other.doc (id int);
CREATE TABLE part (id int, version smallint) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part DEFAULT;
CREATE TEMP TABLE doc_temp (id int);
SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn');
SELECT concurrency.attach('doc', 'revision', kind => 'counter', on_conflict => 'error');
SELECT concurrency.attach('other.doc', protocol => 'increment', blind => 'reject');
SELECT concurrency.attach('part', protocol => 'ignore');
SELECT concurrency.attach('doc_temp');

-- hand-made triggers are seen as well, also those that refuse every write
CREATE TABLE broken (id int, version text);
CREATE TRIGGER by_hand BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER gone BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('gone', 'kind=counter', 'kind=etag', 'nonsense');
CREATE TRIGGER nothing BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger();
ALTER TABLE broken DISABLE TRIGGER gone;

SELECT * FROM concurrency.attachments ORDER BY "table"::text, "column";

-- everybody may look; what is dropped is not seen
CREATE ROLE regress_looker;
SET ROLE regress_looker;
SELECT count(*) FROM concurrency.attachments;
RESET ROLE;
DROP ROLE regress_looker;
DROP TABLE broken, part, doc_temp;
SELECT "table", "column" FROM concurrency.attachments ORDER BY "table"::text, "column";
DROP TABLE doc, other.doc;
DROP SCHEMA other;

-- the arguments of any trigger
SELECT concurrency.trigger_arguments('\x'), concurrency.trigger_arguments('\x00'),
	   concurrency.trigger_arguments('\x610062003d00'), concurrency.trigger_arguments('\x5c3030300000'),
	   concurrency.trigger_arguments(NULL);
