-- Section 5: a row that is deleted and inserted again under the same key. A counter starts anew, so that an
-- old token fits once more; the other kinds cannot repeat a version.
\set SHOW_CONTEXT never
CREATE TABLE doc (kind text PRIMARY KEY, body text, counter int, clock timestamptz, micros bigint, xact xid8, uuid uuid);
SELECT concurrency.attach('doc', column_name, kind => kind)
  FROM (VALUES ('counter', 'counter'), ('clock', 'clock'), ('micros', 'clock'), ('xact', 'xact'), ('uuid', 'uuid')) AS c(column_name, kind);
INSERT INTO doc (kind, body) VALUES ('row', 'first life') RETURNING *\gset read_

-- while the row lives, whoever read it may write it ...
BEGIN;
UPDATE doc SET body = 'changed', counter = :'read_counter', clock = :'read_clock', micros = :'read_micros', xact = :'read_xact', uuid = :'read_uuid'
	RETURNING body;
ROLLBACK;

-- ... and a second life looks just like the first to whom has slept through it all
DELETE FROM doc;
INSERT INTO doc (kind, body) VALUES ('row', 'second life');
\set VERBOSITY sqlstate
BEGIN;
UPDATE doc SET body = 'of somebody who read the first', counter = :'read_counter' RETURNING kind, body, counter;
ROLLBACK;
UPDATE doc SET body = 'of somebody who read the first', clock = :'read_clock';
UPDATE doc SET body = 'of somebody who read the first', micros = :'read_micros';
UPDATE doc SET body = 'of somebody who read the first', xact = :'read_xact';
UPDATE doc SET body = 'of somebody who read the first', uuid = :'read_uuid';

-- so it is by an upsert, by TRUNCATE, and if a key comes back
BEGIN;
TRUNCATE doc;
INSERT INTO doc (kind, body) VALUES ('other', 'third life');
UPDATE doc SET kind = 'row';
SELECT clock > :'read_clock' AS clock, micros > :'read_micros' AS micros, xact > :'read_xact' AS xact, uuid <> :'read_uuid' AS uuid FROM doc;
ROLLBACK;

-- Within one transaction xact is one version, as it is for two writes; the others tell the lives apart.
BEGIN;
DELETE FROM doc;
INSERT INTO doc (kind) VALUES ('row') RETURNING *\gset a_
SELECT pg_sleep(0.002);
DELETE FROM doc;
INSERT INTO doc (kind) VALUES ('row');
SELECT counter = :'a_counter' AS counter, clock = :'a_clock' AS clock, micros = :'a_micros' AS micros, xact = :'a_xact' AS xact, uuid = :'a_uuid' AS uuid FROM doc;
COMMIT;

DROP TABLE doc;

-- A clock's token that lay ahead passes as an increment of the second life under "auto"; not where clients only echo, as by default.
CREATE TABLE ahead (id int PRIMARY KEY, version timestamptz);
SELECT concurrency.attach('ahead', protocol => 'auto');
INSERT INTO ahead VALUES (1);
UPDATE ahead SET version = clock_timestamp() + '30 s' RETURNING version AS ahead \gset
DELETE FROM ahead;
INSERT INTO ahead VALUES (1);
UPDATE ahead SET version = :'ahead' RETURNING id;
DELETE FROM ahead;
INSERT INTO ahead VALUES (1);
SELECT concurrency.attach('ahead', protocol => 'echo');
\set VERBOSITY sqlstate
UPDATE ahead SET version = :'ahead' RETURNING id;
DROP TABLE ahead;
