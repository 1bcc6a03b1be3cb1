-- Section 3: what becomes of an UPDATE, by the table's protocol and by what was sent.
SET client_min_messages = error;
\getenv abs_srcdir PG_ABS_SRCDIR
\set attempt :abs_srcdir '/test/attempt.sql'
\i :attempt

CREATE TYPE version_type AS ENUM ('smallint', 'integer', 'bigint');

-- A table for each protocol and column type, which tells a blind write apart.
DO $$
DECLARE
	protocol text;
	type version_type;
BEGIN
	FOREACH protocol IN ARRAY '{auto,echo,increment,ignore}'::text[] LOOP
		FOREACH type IN ARRAY enum_range(NULL::version_type) LOOP
			EXECUTE format('CREATE TABLE %I (n int, version %s)', protocol || ' ' || type, type);
			PERFORM concurrency.attach(format('%I', protocol || ' ' || type)::regclass,
									   protocol => protocol, blind => 'warn');
		END LOOP;
	END LOOP;
END
$$;

-- Says what becomes of "SET n = 1, version = <sent>" for a row at version <old>,
-- which <next> follows.
CREATE FUNCTION outcome(protocol text, type version_type, old text, next text, sent text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	tab text := format('%I', protocol || ' ' || type);
	attempted text;
	outcome text;
	stored text;
BEGIN
	EXECUTE 'TRUNCATE ' || tab;
	SET session_replication_role = replica;		-- else NULL would be stamped
	EXECUTE format('INSERT INTO %s VALUES (0, %s)', tab, old);
	SET session_replication_role = origin;
	EXECUTE format('SELECT %s FROM %s', coalesce(sent, 'version'), tab) INTO STRICT attempted;

	outcome := attempt(format('UPDATE %s SET n = 1', tab) || coalesce(', version = ' || sent, ''));
	IF outcome NOT IN ('accepted', 'blind') THEN
		RETURN outcome;
	END IF;

	EXECUTE format('SELECT version FROM %s WHERE n = 1', tab) INTO STRICT stored;
	RETURN CASE
		WHEN stored IS DISTINCT FROM next THEN format('stored %s, not %s', stored, next)
		WHEN outcome = 'blind' THEN 'blind: bump'
		WHEN attempted = stored THEN 'keep NEW'
		ELSE 'bump'
	END;
END
$$;

CREATE TABLE sendings (no int, "sent?" text, "NEW against OLD" text, old text, next text, sent text);
INSERT INTO sendings VALUES
	(1, 'no', '', '7', '8', NULL),
	(2, 'no', 'NULL before and after', 'NULL', '1', NULL),
	(3, 'yes', 'NEW = OLD', '7', '8', '7'),
	(4, 'yes', 'NEW = OLD, both NULL', 'NULL', '1', 'NULL'),
	(5, 'yes', 'NEW = OLD, computed', '7', '8', 'version'),
	(6, 'yes', 'NEW = OLD, ORMs start at 0', '0', '1', '0'),
	(7, 'yes', 'NEW = next(OLD)', '7', '8', '8'),
	(8, 'yes', 'NEW = next(OLD), computed', '7', '8', 'version + 1'),
	(9, 'yes', 'NEW = next(NULL)', 'NULL', '1', '1'),
	(10, 'yes', 'NEW = next(0)', '0', '1', '1'),
	(11, 'yes', 'one behind', '7', '8', '6'),
	(12, 'yes', 'two ahead', '7', '8', '9'),
	(13, 'yes', 'NULL where OLD has a version', '7', '8', 'NULL'),
	(14, 'yes', 'a version where OLD is NULL', 'NULL', '1', '7'),
	(15, 'yes', 'negative', '0', '1', '-1');

SELECT no, "sent?", "NEW against OLD", old, sent,
	   outcome('auto', 'bigint', old, next, sent) AS auto,
	   outcome('echo', 'bigint', old, next, sent) AS echo,
	   outcome('increment', 'bigint', old, next, sent) AS increment,
	   outcome('ignore', 'bigint', old, next, sent) AS ignore
  FROM sendings ORDER BY no;

-- The other types of the kind decide alike.
SELECT type, no, protocol
  FROM sendings, enum_range(NULL::version_type) AS types, unnest(types) AS type,
	   unnest('{auto,echo,increment,ignore}'::text[]) AS protocol
 WHERE outcome(protocol, type, old, next, sent) <> outcome(protocol, 'bigint', old, next, sent);

-- After the type's maximum comes 1 again, for those who echo and for those who count.
SELECT type, protocol, maximum,
	   outcome(protocol, type, maximum, '1', NULL) AS "not sent",
	   outcome(protocol, type, maximum, '1', maximum) AS "NEW = OLD",
	   outcome(protocol, type, maximum, '1', '1') AS "NEW = next(OLD)"
  FROM (VALUES ('smallint'::version_type, '32767'),
			   ('integer', '2147483647'),
			   ('bigint', '9223372036854775807')) AS v(type, maximum),
	   unnest('{auto,echo,increment,ignore}'::text[]) AS protocol;

DO $$
DECLARE
	tab regclass;
BEGIN
	FOR tab IN SELECT table_name FROM concurrency.attachments LOOP
		EXECUTE 'DROP TABLE ' || tab;
	END LOOP;
END
$$;
DROP TABLE sendings;
DROP FUNCTION attempt, outcome;
DROP TYPE version_type;
