-- Section 5: the kind "clock", which stores the real time of the write, and never goes back.
SET client_min_messages = error;
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set attempt :abs_srcdir '/test/attempt.sql'
\i :attempt
SELECT kind, column_type, is_default, protocol FROM concurrency.version_kinds() WHERE kind = 'clock' ORDER BY column_type::text;

-- What a version says in microseconds since 1970-01-01 UTC, and an expression for the version that says it.
CREATE FUNCTION us(version timestamptz) RETURNS bigint LANGUAGE sql AS
$$ SELECT (EXTRACT(epoch FROM version) * 1000000)::bigint $$;
CREATE FUNCTION us(version bigint) RETURNS bigint LANGUAGE sql AS 'SELECT version';
CREATE FUNCTION as_version(us bigint, type text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN us IS NULL THEN 'NULL'
				WHEN type = 'bigint' THEN us::text
				ELSE format('timestamptz %L + %s * interval %L', '1970-01-01 00:00+00', us, '1 microsecond') END
$$;

-- A table for each protocol and column type.
CREATE DOMAIN stamp AS timestamptz CHECK (value > '2000-01-01');
CREATE DOMAIN micros AS bigint CHECK (value > 0);
CREATE TABLE types (type text);
INSERT INTO types VALUES ('timestamptz'), ('bigint'), ('stamp'), ('micros');
DO $$
DECLARE
	protocol text;
	type text;
BEGIN
	FOR protocol, type IN SELECT p, types.type FROM types, unnest('{auto,echo,increment,ignore}'::text[]) AS p LOOP
		EXECUTE format('CREATE TABLE %I (n int, version %s)', protocol || ' ' || type, type);
		PERFORM concurrency.attach(format('%I', protocol || ' ' || type)::regclass, kind => 'clock', protocol => protocol);
	END LOOP;
END
$$;

-- The table of section 3.  Says what becomes of a version that is sent; old and sent are microseconds,
-- seen from now.
CREATE FUNCTION outcome(protocol text, type text, old bigint, sent bigint, is_sent boolean) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	tab text := format('%I', protocol || ' ' || type);
	base text := CASE WHEN type IN ('stamp', 'timestamptz') THEN 'timestamptz' ELSE 'bigint' END;
	now bigint := us(clock_timestamp());
	command text := format('UPDATE %s SET n = 1', tab);
	outcome text;
	stored bigint;
BEGIN
	EXECUTE 'TRUNCATE ' || tab;
	SET session_replication_role = replica;		-- else NULL would be stamped
	EXECUTE format('INSERT INTO %s VALUES (0, %s)', tab, as_version(now + old, base));
	SET session_replication_role = origin;
	IF is_sent THEN
		command := command || ', version = ' || as_version(now + sent, base);
	END IF;

	outcome := attempt(command);
	IF outcome NOT IN ('accepted', 'blind') THEN
		RETURN outcome;
	END IF;

	EXECUTE format('SELECT us(version) FROM %s WHERE n = 1', tab) INTO STRICT stored;
	RETURN CASE WHEN outcome = 'blind' THEN 'blind: ' ELSE '' END || CASE
		WHEN is_sent AND outcome <> 'blind' AND stored = now + sent THEN 'keep NEW'
		WHEN old > 0 AND stored = now + old + 1 THEN 'OLD + 1'
		WHEN coalesce(old <= 0, true) AND stored BETWEEN now AND us(clock_timestamp()) THEN 'now'
		ELSE format('stored now + %s', stored - now)
	END;
END
$$;

CREATE TABLE sendings (no int, what text, old bigint, sent bigint);
INSERT INTO sendings VALUES
	(1, 'nothing', -1000000, NULL),
	(2, 'nothing, OLD is NULL', NULL, NULL),
	(3, 'nothing, OLD lies an hour ahead', 3600000000, NULL),
	(4, 'OLD', -1000000, -1000000),
	(5, 'NULL where OLD is NULL', NULL, NULL),
	(6, 'OLD, an hour ahead', 3600000000, 3600000000),
	(7, 'OLD + 1', -1000000, -999999),
	(8, 'OLD + 1, an hour ahead', 3600000000, 3600000001),
	(9, 'after OLD, before now', -1000000, -1),
	(10, '50 seconds ahead of now', -1000000, 50000000),
	(11, 'now, where OLD is NULL', NULL, 0),
	(12, '70 seconds ahead of now', -1000000, 70000000),
	(13, 'OLD + 2, an hour ahead', 3600000000, 3600000002),
	(14, '70 seconds ahead of now, where OLD is NULL', NULL, 70000000),
	(15, 'OLD - 1', -1000000, -1000001),
	(16, 'OLD - 1, an hour ahead', 3600000000, 3599999999),
	(17, 'now, where OLD lies an hour ahead', 3600000000, 0),
	(18, 'NULL where OLD has a version', -1000000, NULL);

CREATE TABLE decided AS
SELECT no, what, p AS protocol, outcome(p, 'timestamptz', old, sent, no > 3)
  FROM sendings, unnest('{auto,echo,increment,ignore}'::text[]) AS p;
SELECT no, what, max(outcome) FILTER (WHERE protocol = 'auto') AS auto,
	   max(outcome) FILTER (WHERE protocol = 'echo') AS echo,
	   max(outcome) FILTER (WHERE protocol = 'increment') AS increment,
	   max(outcome) FILTER (WHERE protocol = 'ignore') AS ignore
  FROM decided GROUP BY no, what ORDER BY no;

-- The other types of the kind decide alike, whatever the time zone and the style of dates.
SELECT no, what, type, protocol FROM sendings JOIN decided USING (no, what), types
 WHERE outcome(protocol, type, old, sent, no > 3) <> outcome;
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'SQL, DMY';
SELECT no, what, type, protocol FROM sendings JOIN decided USING (no, what), types
 WHERE outcome(protocol, type, old, sent, no > 3) <> outcome;

-- Without a protocol of its own a clock has "echo": what clients fill with now() is "a later time" at any age.  The hint of the
-- error tells whoever counts by a clock, and checks in WHERE.
CREATE TABLE later (id int PRIMARY KEY, changed timestamptz, micros bigint);
SELECT concurrency.attach('later', 'changed', blind => 'reject'), concurrency.attach('later', 'micros', kind => 'clock');
SELECT column_name, kind, protocol FROM concurrency.attachments WHERE table_name = 'later'::regclass ORDER BY column_name;
INSERT INTO later VALUES (1, '2026-11-28 12:00+00', 1000);
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
UPDATE later SET changed = '2026-11-28 12:00:05+00' WHERE id = 1;
UPDATE later SET changed = '2026-11-28 12:00:00.000001+00' WHERE id = 1;
UPDATE later SET changed = changed, micros = 1001 WHERE id = 1;
\set VERBOSITY sqlstate
UPDATE later SET changed = now() WHERE id = 1;
UPDATE later SET changed = changed, micros = 1001 WHERE id = 1;
\set VERBOSITY default
-- ... no such hint for what no protocol takes, or the row's expectation refuses
UPDATE later SET changed = '2026-11-28 11:00+00' WHERE id = 1;
UPDATE later SET changed = NULL WHERE id = 1;
BEGIN;
SELECT concurrency.expect('later', '2026-11-28 11:00+00', 'changed');
UPDATE later SET changed = changed WHERE id = 1;
ROLLBACK;
-- ... and it says what helps
SELECT concurrency.attach('later', 'changed', protocol => 'auto', blind => 'reject'), concurrency.attach('later', 'micros', kind => 'clock', protocol => 'increment');
UPDATE later SET changed = '2026-11-28 12:00:01+00', micros = 1001 WHERE id = 1 AND changed = '2026-11-28 12:00+00' RETURNING *;
DROP TABLE later;
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'SQL, DMY';

-- A number counts from 1970, as clients' clocks do, in a column that attach adds, in the domain's DEFAULT and in what is written.
CREATE TABLE since (id int PRIMARY KEY, domain concurrency.clock_version);
SELECT concurrency.attach('since', 'added', kind => 'clock', add_column => false);
ALTER TABLE since ADD COLUMN added bigint;
SELECT concurrency.attach('since', 'added', kind => 'clock'), concurrency.attach('since', 'domain');
INSERT INTO since VALUES (1);
SELECT abs(EXTRACT(epoch FROM now()) * 1000000 - added) < 60e6 AS added, abs(EXTRACT(epoch FROM now()) * 1000000 - domain) < 60e6 AS domain FROM since;
UPDATE since SET id = 2 RETURNING EXTRACT(epoch FROM clock_timestamp()) * 1000000 - added BETWEEN 0 AND 60e6 AS added;
-- ... so that a client that counts as django-concurrency's IntegerVersionField does, 946684800 behind, is behind and never ahead
SELECT concurrency.attach('since', 'added', kind => 'clock', protocol => 'auto');
TRUNCATE since;
INSERT INTO since VALUES (1, 0, (EXTRACT(epoch FROM clock_timestamp()) * 1000000)::bigint - 946684800) RETURNING added AS read \gset
SELECT (EXTRACT(epoch FROM clock_timestamp()) * 1000000)::bigint - 946684800 AS sent \gset
UPDATE since SET added = :sent WHERE id = 1 AND added = :read RETURNING added = :sent AS kept;
UPDATE since SET added = :sent WHERE id = 1 AND added = :read;
DROP TABLE since;

-- ... in the versions that attach gives to rows that are there, in the DEFAULT, and in expectations
CREATE TABLE zoned (id int PRIMARY KEY);
INSERT INTO zoned VALUES (1);
SELECT concurrency.attach('zoned', kind => 'clock');
ALTER TABLE zoned ADD COLUMN micros bigint;
SELECT concurrency.attach('zoned', 'micros', kind => 'clock');
INSERT INTO zoned (id) VALUES (2);
SELECT id, clock_timestamp() - version BETWEEN interval '0' AND interval '5 min' AS is_now,
	   us(clock_timestamp()) - micros BETWEEN 0 AND 300000000 AS "micros is now"
  FROM zoned ORDER BY id;
SELECT concurrency.is_current('zoned', '2', version) FROM zoned WHERE id = 2;
BEGIN;
SELECT concurrency.expect('zoned', version) FROM zoned WHERE id = 2;
\set VERBOSITY sqlstate
UPDATE zoned SET id = 3 WHERE id = 2 RETURNING id;
ROLLBACK;
\set VERBOSITY default
RESET TimeZone;
RESET DateStyle;
DROP TABLE zoned;

-- "now" is the real time of the write, by the trigger and by the DEFAULT alike, also later in a transaction.
CREATE TABLE clocked (id int PRIMARY KEY, version timestamptz, micros bigint);
SELECT concurrency.attach('clocked'), concurrency.attach('clocked', 'micros', kind => 'clock');
BEGIN;
DO $$
DECLARE
	low timestamptz;
	r record;
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM pg_sleep(0.002);
		low := clock_timestamp();
		CASE i
			WHEN 1 THEN INSERT INTO clocked (id) VALUES (1) RETURNING * INTO r;
			WHEN 2 THEN INSERT INTO clocked VALUES (2, NULL, NULL) RETURNING * INTO r;
			WHEN 3 THEN UPDATE clocked SET id = 4 WHERE id = 1 RETURNING * INTO r;
		END CASE;
		ASSERT r.version BETWEEN low AND clock_timestamp(), i;
		ASSERT r.micros BETWEEN us(low) AND us(clock_timestamp()), i;
	END LOOP;
END
$$;
COMMIT;

-- Whatever the machine's clock does (here it is an hour behind the row), and if two writes share a
-- microsecond, each version follows the one before.
TRUNCATE clocked;
INSERT INTO clocked SELECT 1, t, us(t) FROM (SELECT now() + interval '1 hour') v(t) RETURNING micros AS old \gset
UPDATE clocked SET id = id RETURNING us(version) - :old AS version, micros - :old AS micros;
UPDATE clocked SET id = id RETURNING us(version) - :old AS version, micros - :old AS micros;
UPDATE clocked SET version = version, micros = micros RETURNING us(version) - :old AS version, micros - :old AS micros;
-- ... an old token does not fit
\set VERBOSITY sqlstate
UPDATE clocked SET micros = :old;

-- 100 000 writes of one row; fewer where caches forget at once, and each takes 50 ms
DO $$
DECLARE
	place tid;
	last timestamptz := '-infinity';
	last_us bigint := 0;
	this record;
BEGIN
	TRUNCATE clocked;
	INSERT INTO clocked VALUES (1) RETURNING ctid INTO place;
	FOR i IN 1..CASE current_setting('debug_discard_caches') WHEN '0' THEN 100000 ELSE 100 END LOOP
		UPDATE clocked SET id = i WHERE ctid = place RETURNING ctid, version, micros INTO this;
		ASSERT this.version > last AND this.micros > last_us, i;
		place := this.ctid;
		last := this.version;
		last_us := this.micros;
	END LOOP;
	ASSERT last <= clock_timestamp();
END
$$;

-- Nothing can follow infinity: it is refused from INSERT, and as a token.
\set VERBOSITY terse
TRUNCATE clocked;
INSERT INTO clocked VALUES (1, 'infinity');
INSERT INTO clocked VALUES (1, NULL, 9223372036854775807);
COPY clocked FROM stdin;
1	infinity	\N
\.
\set VERBOSITY sqlstate
INSERT INTO clocked VALUES (1, '294276-12-31 23:59:59.999999Z');
\set VERBOSITY terse
TABLE clocked;
INSERT INTO clocked VALUES (1);
SELECT concurrency.attach('clocked', protocol => 'auto'), concurrency.attach('clocked', 'micros', kind => 'clock', protocol => 'auto');
UPDATE clocked SET version = 'infinity';
UPDATE clocked SET micros = 9223372036854775807;
\set VERBOSITY default
UPDATE clocked SET version = 'infinity';
INSERT INTO clocked VALUES (2, 'infinity');
\set VERBOSITY sqlstate
SELECT concurrency.attach('clocked', protocol => 'echo'), concurrency.attach('clocked', 'micros', kind => 'clock', protocol => 'ignore');
UPDATE clocked SET version = 'infinity';
UPDATE clocked SET micros = 9223372036854775807 RETURNING us(clock_timestamp()) - micros BETWEEN 0 AND 10000000 AS is_now;
SELECT concurrency.attach('clocked', protocol => 'auto'), concurrency.attach('clocked', 'micros', kind => 'clock', protocol => 'auto');
-- ... but anything can follow -infinity, and the least bigint
INSERT INTO clocked VALUES (2, '-infinity', -9223372036854775808);
UPDATE clocked SET version = '-infinity', micros = -9223372036854775808 WHERE id = 1;
UPDATE clocked SET version = '-infinity', micros = -9223372036854775808 WHERE id = 2
	RETURNING clock_timestamp() - version BETWEEN interval '0' AND interval '5 min' AS is_now,
			  us(clock_timestamp()) - micros BETWEEN 0 AND 300000000 AS "micros is now";
INSERT INTO clocked VALUES (3, '-infinity', -9223372036854775808);
UPDATE clocked SET version = '1970-01-01Z', micros = -9223372036854775807 WHERE id = 3 RETURNING us(version), micros;
-- ... a row that was at infinity already cannot be bumped; an echo of it is no stale token
SET session_replication_role = replica;
UPDATE clocked SET version = 'infinity', micros = 9223372036854775807 WHERE id = 3;
RESET session_replication_role;
UPDATE clocked SET id = 4 WHERE id = 3;
UPDATE clocked SET version = 'infinity', micros = 9223372036854775807 WHERE id = 3;

-- A type that would round what the trigger stores cannot hold a version: no echo would ever fit.
CREATE TABLE rounded (id int, version timestamptz(3));
SELECT concurrency.attach('rounded', kind => 'clock');
CREATE DOMAIN rounded_stamp AS timestamptz(0);
ALTER TABLE rounded DROP COLUMN version, ADD COLUMN version rounded_stamp;
SELECT concurrency.attach('rounded', kind => 'clock');
-- ... nor can one without a time zone, or without microseconds
DO $$
DECLARE
	type text;
BEGIN
	FOREACH type IN ARRAY '{timestamp,date,time,interval,integer,smallint,numeric,float8}'::text[] LOOP
		EXECUTE format('ALTER TABLE rounded DROP COLUMN version, ADD COLUMN version %s', type);
		BEGIN
			PERFORM concurrency.attach('rounded', kind => 'clock');
			RAISE 'accepted %', type;
		EXCEPTION WHEN datatype_mismatch THEN
			NULL;
		END;
	END LOOP;
END
$$;

DO $$
DECLARE
	tab regclass;
BEGIN
	FOR tab IN SELECT DISTINCT table_name FROM concurrency.attachments WHERE kind = 'clock' LOOP
		EXECUTE 'DROP TABLE ' || tab;
	END LOOP;
END
$$;
DROP TABLE rounded, sendings, decided, types;
DROP FUNCTION us(timestamptz), us(bigint), as_version, attempt, outcome;
DROP DOMAIN stamp, micros, rounded_stamp;
