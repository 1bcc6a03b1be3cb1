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

SELECT * FROM concurrency.attachments ORDER BY table_name::text, column_name;

-- everybody may look; what is dropped is not seen
CREATE ROLE regress_looker;
SET ROLE regress_looker;
SELECT count(*) FROM concurrency.attachments;
RESET ROLE;
DROP ROLE regress_looker;
DROP TABLE broken, part, doc_temp;
SELECT table_name, column_name FROM concurrency.attachments ORDER BY table_name::text, column_name;
DROP TABLE doc, other.doc;
DROP SCHEMA other;

-- arguments that are empty, no options, given twice, or hard to read
CREATE TABLE odd (id int, version int);
CREATE TRIGGER a BEFORE UPDATE ON odd FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('');
CREATE TRIGGER b BEFORE UPDATE ON odd FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', '', 'a', '=', 'b=', 'blind', 'blind=', 'watch=a=b');
CREATE TRIGGER c BEFORE UPDATE ON odd FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('\000', 'protocol=echo', 'protocol=\000', E'on_conflict=call=a\n"é"');
SELECT column_name, trigger_name, kind, protocol, blind, on_conflict, watch FROM concurrency.attachments ORDER BY trigger_name;
DROP TABLE odd;
