-- Sections 3 and 4: whoever changes the kind changes the default protocol with it, and is told, and a DEFAULT that attach gave;
-- any other one that would give the same version again is told of, by attach and by audit.
\set SHOW_CONTEXT never
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc');
INSERT INTO doc VALUES (1, 'first life');

-- from a counter to a clock: a row that is inserted again does not begin at 1 again, where an old token would fit
SELECT concurrency.attach('doc', kind => 'clock');
SELECT kind, protocol FROM concurrency.attachments WHERE table_name = 'doc'::regclass;
DELETE FROM doc;
INSERT INTO doc VALUES (1, 'second life');
\set VERBOSITY sqlstate
UPDATE doc SET body = 'of the first life', version = 1 WHERE id = 1;
\set VERBOSITY default
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'doc'::regclass;
-- ... and back; nothing is told where nothing changes, or the protocol is named
SELECT concurrency.attach('doc', kind => 'clock');
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'auto');
SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'doc'::regclass;
SELECT concurrency.attach('doc', kind => 'counter', protocol => 'echo');
SELECT concurrency.attach('doc', kind => 'clock');
SELECT concurrency.attach('doc', protocol => '');
SELECT concurrency.attach('doc', kind => '');
SELECT kind, protocol FROM concurrency.attachments WHERE table_name = 'doc'::regclass;

-- in partitions and inheritance children, too
CREATE TABLE part (id int, version bigint DEFAULT 1) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (id int, version bigint DEFAULT 7);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT concurrency.attach('part');
SELECT concurrency.attach('part', kind => 'clock');
SELECT adrelid::regclass, pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid::regclass::text ~ '^part' ORDER BY adrelid::regclass::text;
SELECT severity, table_name, problem, mend FROM concurrency.audit() WHERE severity = 'error' \gx
SELECT mend FROM concurrency.audit() WHERE severity = 'error' ORDER BY mend \gexec
SELECT count(*) FROM concurrency.audit() WHERE severity = 'error';

-- What is a constant is told: a user's own, and that of a domain; not what is computed, nor what a counter begins with.
CREATE DOMAIN from_seven AS bigint DEFAULT 7;
CREATE DOMAIN from_seven_too AS from_seven;
CREATE DOMAIN by_clock AS bigint DEFAULT (EXTRACT(epoch FROM now()) * 1000000)::bigint;
CREATE DOMAIN nil AS uuid DEFAULT '00000000-0000-4000-8000-000000000001';
CREATE SEQUENCE numbers;
CREATE FUNCTION seven() RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT 7::bigint';
CREATE TABLE typed (id int PRIMARY KEY, own bigint DEFAULT 0, called bigint DEFAULT seven(), domain concurrency.version, deep from_seven_too, nil nil,
	version concurrency.clock_version, by_clock by_clock, by_number bigint DEFAULT nextval('numbers'), by_nothing bigint DEFAULT NULL, plain uuid, x xid8 DEFAULT '3');
SELECT concurrency.attach('typed', c, kind => 'clock') FROM unnest('{own,called,domain,deep,version,by_clock,by_number,by_nothing}'::name[]) AS c;
SELECT concurrency.attach('typed', c) FROM unnest('{nil,plain,x}'::name[]) AS c;
SELECT column_name, problem, mend FROM concurrency.audit() WHERE severity = 'error' ORDER BY column_name \gx
SELECT mend FROM concurrency.audit() WHERE severity = 'error' ORDER BY mend \gexec
SELECT count(*) FROM concurrency.audit() WHERE severity = 'error';
\set VERBOSITY sqlstate
ALTER TABLE typed ALTER own SET DEFAULT 5;
SELECT concurrency.attach('typed', 'own', kind => 'clock');
SELECT concurrency.attach('typed', 'own', kind => '');
SELECT count(*) FROM concurrency.audit() WHERE severity = 'error';

DROP TABLE doc, part, typed;
DROP SEQUENCE numbers;
DROP FUNCTION seven;
DROP DOMAIN from_seven_too, from_seven, by_clock, nil;
