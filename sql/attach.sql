-- Section 11, attach and detach: what they make, keep, refuse and need.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text);
INSERT INTO doc SELECT i FROM generate_series(1, 1000000) i;

-- a column is added without rewriting the table
SELECT pg_relation_filenode('doc') AS before \gset
SELECT concurrency.attach('doc');
SELECT pg_relation_filenode('doc') = :before AS not_rewritten;
\d doc
SELECT version, count(*) FROM doc GROUP BY 1;
DELETE FROM doc WHERE id > 2;

-- again: an option that is named is replaced, '' puts it back to its default, and the rest, the trigger's enabled
-- state and the column stay as they are
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo', blind => 'warn', on_conflict => 'error');
\d doc
SELECT concurrency.attach('doc', blind => 'reject');
SELECT * FROM concurrency.attachments;
SELECT concurrency.attach('doc', kind => '', protocol => '', blind => '');
SELECT * FROM concurrency.attachments;
ALTER TABLE doc DISABLE TRIGGER zz_concurrency_version;
SELECT concurrency.attach('doc');
SELECT enabled FROM concurrency.attachments;
ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_version;
SELECT concurrency.attach('doc');
SELECT enabled FROM concurrency.attachments;
ALTER TABLE doc ENABLE REPLICA TRIGGER zz_concurrency_version;
SELECT concurrency.attach('doc');
SELECT enabled FROM concurrency.attachments;
ALTER TABLE doc ENABLE TRIGGER zz_concurrency_version;

-- ... and so is a name that somebody gave it, and its comment
ALTER TRIGGER zz_concurrency_version ON doc RENAME TO zzz_last;
COMMENT ON TRIGGER zzz_last ON doc IS 'kept';
SELECT concurrency.attach('doc', protocol => 'echo');
SELECT tgname, obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgrelid = 'doc'::regclass;
-- ... of two for one column, one is left, unless what the other says would be lost
CREATE TRIGGER aaa_first BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=reject');
SELECT concurrency.attach('doc');
CREATE OR REPLACE TRIGGER aaa_first BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo');
ALTER TABLE doc DISABLE TRIGGER aaa_first;
SELECT concurrency.attach('doc');
ALTER TABLE doc ENABLE TRIGGER aaa_first;
SELECT concurrency.attach('doc');
SELECT column_name, trigger_name FROM concurrency.attachments;

-- detach keeps the column, and its versions
UPDATE doc SET body = 'a' WHERE id = 1;
SELECT concurrency.detach('doc');
UPDATE doc SET body = 'b', version = 0 WHERE id = 2;
SELECT * FROM doc ORDER BY id;
SELECT * FROM concurrency.attachments;

-- several columns are several triggers, each for itself
SELECT concurrency.attach('doc', protocol => '');
SELECT concurrency.attach('doc', 'second', protocol => 'increment');
UPDATE doc SET body = 'c', version = 2 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'd', second = 2 WHERE id = 1 RETURNING *;
UPDATE doc SET body = 'e', second = 3, version = 4 WHERE id = 1 RETURNING *;
SELECT concurrency.detach('doc', 'second');
SELECT column_name FROM concurrency.attachments;

-- a column that was renamed: the new name is another column, the old one can be detached
ALTER TABLE doc RENAME second TO renamed;
SELECT concurrency.attach('doc', 'renamed');
ALTER TABLE doc DROP COLUMN renamed;
UPDATE doc SET body = 'f';
SELECT concurrency.detach('doc', 'renamed');
UPDATE doc SET body = 'f';

-- bad input changes nothing
SELECT concurrency.attach(NULL);
SELECT concurrency.attach('doc', NULL);
SELECT concurrency.attach('nosuch');
SELECT concurrency.attach(0);
SELECT concurrency.attach('doc', 'ctid');
SELECT concurrency.attach('doc', '');
SELECT concurrency.attach('doc', 'nosuch', add_column => false);
SELECT concurrency.attach('doc', 'nosuch', kind => 'etag');
SELECT concurrency.attach('doc', 'nosuch', protocol => 'telepathy');
SELECT concurrency.attach('doc', on_conflict => 'panic');
SELECT concurrency.attach('doc', 'body');
SELECT concurrency.detach('doc', 'nosuch');
SELECT concurrency.detach('doc', 'body');
SELECT concurrency.detach(NULL);
SELECT concurrency.detach('doc', NULL);
\set VERBOSITY sqlstate
SELECT concurrency.attach(NULL);
SELECT concurrency.attach('nosuch');
SELECT concurrency.attach('doc', 'nosuch', add_column => false);
SELECT concurrency.attach('doc', 'nosuch', kind => 'etag');
SELECT concurrency.attach('doc', 'body');
SELECT concurrency.detach('doc', 'nosuch');
\set VERBOSITY default
\d doc

-- what is no table is refused
CREATE VIEW a_view AS SELECT * FROM doc;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM doc;
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (a int);
SELECT concurrency.attach('a_view');
\set VERBOSITY sqlstate
SELECT concurrency.attach('a_view');
SELECT concurrency.attach('a_matview');
SELECT concurrency.attach('a_sequence');
SELECT concurrency.attach('a_type');
SELECT concurrency.attach('doc_pkey');
SELECT concurrency.attach('information_schema.tables');
SELECT concurrency.attach('pg_catalog.pg_class');
SELECT concurrency.attach('information_schema.sql_features');
\set VERBOSITY default
SELECT concurrency.attach('pg_catalog.pg_class');

-- django-concurrency's own trigger would hide every token
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := OLD.version + 1; RETURN NEW; END $$;
CREATE TRIGGER "concurrency_doc_Version" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION counts();
SELECT concurrency.attach('doc');
DROP TRIGGER "concurrency_doc_Version" ON public.doc;
-- ... ours may have such a name, and other people's triggers other names
CREATE TRIGGER concurrency_ours BEFORE INSERT OR UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER "concurrencyXdoc" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION counts();
SELECT concurrency.attach('doc');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'doc'::regclass ORDER BY 1;

-- a bump would change what a row refers to
CREATE TABLE referring (id int REFERENCES doc, version int);
SELECT concurrency.attach('referring', 'id');
SELECT concurrency.attach('referring');
DROP TABLE referring;
-- ... or what others refer to, in a partition or an inheritance child as well
CREATE TABLE target (id int, version int, other int, UNIQUE (id, version), UNIQUE (id, other)) PARTITION BY LIST (id);
CREATE TABLE target_1 (version int, id int, other int, UNIQUE (version));
ALTER TABLE target ATTACH PARTITION target_1 FOR VALUES IN (1);
CREATE TABLE referring (id int, version int, FOREIGN KEY (id, version) REFERENCES target (id, other));
SELECT concurrency.attach('target');
SELECT concurrency.detach('target');
CREATE TABLE referring_part (version int REFERENCES target_1 (version));
SELECT concurrency.attach('target');
DROP TABLE referring_part;
CREATE TABLE referring_all (id int, v int, CONSTRAINT refers FOREIGN KEY (id, v) REFERENCES target (id, version));
SELECT concurrency.attach('target');
\set VERBOSITY sqlstate
SELECT concurrency.attach('target');
\set VERBOSITY default
DROP TABLE referring_all;
CREATE TABLE mother (id int, version int);
CREATE TABLE daughter (FOREIGN KEY (id, version) REFERENCES target (id, version)) INHERITS (mother);
SELECT concurrency.attach('mother');
DROP TABLE mother, daughter, referring, target;

DROP TABLE doc CASCADE;
DROP SEQUENCE a_sequence;
DROP TYPE a_type;

-- partitioned tables: for all partitions, those to come included
CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
SELECT concurrency.attach('part_1');
ALTER TABLE part ADD COLUMN version int;
SELECT concurrency.attach('part_1');
SELECT concurrency.attach('part_1', protocol => 'echo');
-- ... a partition's own trigger gives way, unless it has other options
SELECT concurrency.attach('part');
\set VERBOSITY sqlstate
SELECT concurrency.attach('part');
\set VERBOSITY default
SELECT table_name, protocol FROM concurrency.attachments;
SELECT concurrency.attach('part_1', protocol => '');
SELECT concurrency.attach('part');
SELECT * FROM concurrency.attachments;
CREATE TABLE part_3 PARTITION OF part FOR VALUES FROM (20) TO (30);
INSERT INTO part VALUES (1), (11), (21);
UPDATE part SET body = 'a', version = 1;
UPDATE part SET body = 'b', version = 1 WHERE id = 1;
UPDATE part_2_1 SET body = 'b', version = 1;
UPDATE part SET id = id + 10, version = 2 WHERE id = 1;
SELECT tableoid::regclass, * FROM part ORDER BY 1;
SELECT concurrency.attach('part_1');
SELECT concurrency.attach('part_2_1', 'version');
SELECT concurrency.detach('part_1');
ALTER TABLE part_1 DISABLE TRIGGER zz_concurrency_version;
SELECT concurrency.attach('part', protocol => 'echo');
SELECT table_oid::regclass, is_clone, enabled, protocol FROM concurrency.version_triggers() ORDER BY 1;
-- another column of a partition is its own
SELECT concurrency.attach('part_1', 'id');
-- a detached partition has no trigger any more
SELECT concurrency.detach('part_1', 'id');
ALTER TABLE part DETACH PARTITION part_1;
SELECT concurrency.attach('part_1');
SELECT table_name FROM concurrency.attachments ORDER BY 1;
SELECT concurrency.detach('part');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'part_2_1'::regclass;
DROP TABLE part, part_1;

-- inheritance: the children that are there
CREATE TABLE mother (id int, body text);
CREATE TABLE daughter (extra int) INHERITS (mother);
CREATE TABLE granddaughter () INHERITS (daughter);
SELECT concurrency.attach('mother');
SELECT table_name, trigger_name FROM concurrency.attachments ORDER BY 1;
INSERT INTO granddaughter VALUES (1);
UPDATE mother SET body = 'a', version = 1 RETURNING tableoid::regclass, version;
UPDATE mother SET body = 'b', version = 1;
SELECT concurrency.detach('mother');
SELECT table_name, trigger_name FROM concurrency.attachments ORDER BY 1;
DROP TABLE mother CASCADE;

-- foreign tables have the column already, or are refused
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER dummy FOREIGN DATA WRAPPER dummy;
CREATE FOREIGN TABLE far (id int) SERVER dummy;
SELECT concurrency.attach('far');
\d far
ALTER FOREIGN TABLE far ADD COLUMN version int;
SELECT concurrency.attach('far');
SELECT table_name, kind FROM concurrency.attachments;
-- ... so are those with a foreign partition that has none
CREATE TABLE part (id int) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE part_far PARTITION OF part DEFAULT SERVER dummy;
SELECT concurrency.attach('part');
SET client_min_messages = warning;
DROP FOREIGN DATA WRAPPER dummy CASCADE;
RESET client_min_messages;
DROP TABLE part;

-- temporary tables
CREATE TEMP TABLE temporary (id int);
SELECT concurrency.attach('temporary');
INSERT INTO temporary VALUES (1);
UPDATE temporary SET id = 2, version = 1 RETURNING *;
UPDATE temporary SET id = 2, version = 1;
SELECT table_name FROM concurrency.attachments;
SELECT concurrency.detach('temporary');
DROP TABLE temporary;

-- Privileges: those of ALTER TABLE and CREATE TRIGGER, and PostgreSQL's own errors without.
CREATE TABLE owned (id int, other int);
CREATE ROLE regress_owner;
CREATE ROLE regress_helper;
ALTER TABLE owned OWNER TO regress_owner;
SET ROLE regress_helper;
SELECT concurrency.attach('owned');
SELECT concurrency.attach('owned', 'other');
RESET ROLE;
SET ROLE regress_owner;
SELECT concurrency.attach('owned');
GRANT TRIGGER ON owned TO regress_helper;
SET ROLE regress_helper;
SELECT concurrency.attach('owned', 'version', blind => 'reject');
SELECT concurrency.attach('owned', 'other');
SELECT concurrency.attach('owned', 'added');
SELECT concurrency.attach('owned', 'other', stamp_insert => false);
SELECT concurrency.detach('owned');
SELECT concurrency.rename_column('owned', 'version', 'rev');
RESET ROLE;
SELECT column_name, blind FROM concurrency.attachments;
DROP TABLE owned;
DROP ROLE regress_owner, regress_helper;
DROP FUNCTION counts;
