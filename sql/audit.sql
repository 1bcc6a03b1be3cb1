-- Section 11, audit: whoever asks sees the same; it opens no table, runs in a read-only transaction, and what it proposes
-- can be run as it stands, whatever the names are.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

CREATE ROLE regress_bypass;
GRANT SELECT ON ours TO regress_bypass;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;

-- Whoever has no privileges may ask as well, sees the same, and no row's values.
CREATE SCHEMA hidden;
CREATE TABLE hidden.secret (id int PRIMARY KEY, body text);
INSERT INTO hidden.secret VALUES (4711, 'secret');
SELECT concurrency.attach('hidden.secret');
CREATE FUNCTION hidden.decides(current hidden.secret, attempted hidden.secret) RETURNS hidden.secret RETURN attempted;
REVOKE ALL ON FUNCTION hidden.decides FROM PUBLIC;
SELECT concurrency.attach('hidden.secret', on_conflict => 'call=hidden.decides');
BEGIN READ ONLY;
SET ROLE regress_bypass;
:audit
ROLLBACK;
ALTER TABLE hidden.secret DISABLE TRIGGER zz_concurrency_version;
SET ROLE regress_bypass;
:audit
SELECT mend();
RESET ROLE;
SELECT mend();
ALTER FUNCTION hidden.decides OWNER TO regress_bypass;
:audit
SELECT mend();
DROP SCHEMA hidden CASCADE;
REVOKE ALL ON ours FROM regress_bypass;
DROP ROLE regress_bypass;

-- A temporary table is named as one, so that no other of its name is mended in its place.
CREATE TABLE shared (id int PRIMARY KEY, version concurrency.version NOT NULL);
CREATE TEMP TABLE shared (id int PRIMARY KEY, version concurrency.version NOT NULL);
SELECT concurrency.attach('public.shared'), concurrency.attach('pg_temp.shared');
ALTER TABLE public.shared ENABLE ALWAYS TRIGGER zz_concurrency_version;
ALTER TABLE pg_temp.shared DISABLE TRIGGER zz_concurrency_version;
SET search_path = public, pg_temp;
SELECT severity, problem, mend FROM ours WHERE table_name = 'pg_temp.shared'::regclass;
SELECT mend FROM ours WHERE table_name = 'pg_temp.shared'::regclass \gexec
RESET search_path;
SELECT tgrelid = 'public.shared'::regclass, tgenabled FROM pg_trigger WHERE tgrelid IN ('public.shared'::regclass, 'pg_temp.shared'::regclass) ORDER BY 1;
SELECT concurrency.sql_name('public.shared'::regclass), concurrency.sql_name('pg_temp.shared'::regclass), concurrency.sql_name(1::oid);
DROP TABLE public.shared, pg_temp.shared;

-- Names that are made to be misread, in what is proposed; this time by way of psql.
CREATE SCHEMA "a.b'";
CREATE TABLE "a.b'"."$$"";\' DROP TABLE doc; --" (id int, "$$"";\' DROP TABLE doc; --" smallint);
INSERT INTO "a.b'"."$$"";\' DROP TABLE doc; --" VALUES (1);
CREATE FUNCTION "a.b'"."Counts"() RETURNS trigger LANGUAGE plpgsql AS
	$fn$ BEGIN NEW."$$"";\' DROP TABLE doc; --" := 7; RETURN NEW; END $fn$;
CREATE TRIGGER "$$"";\' DROP TABLE doc; --" BEFORE UPDATE ON "a.b'"."$$"";\' DROP TABLE doc; --" FOR EACH ROW EXECUTE FUNCTION "a.b'"."Counts"();
CREATE TRIGGER "zzz$$"";\' DROP TABLE doc; --" BEFORE UPDATE ON "a.b'"."$$"";\' DROP TABLE doc; --" FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT concurrency.attach($q$"a.b'"."$$"";\' DROP TABLE doc; --"$q$, $q$$$";\' DROP TABLE doc; --$q$, blind => 'reject');
CREATE TABLE child () INHERITS ("a.b'"."$$"";\' DROP TABLE doc; --");
ALTER TABLE "a.b'"."$$"";\' DROP TABLE doc; --" DISABLE TRIGGER "zz_concurrency_$$"";\' DROP TABLE doc; --";
:audit
SELECT mend FROM ours ORDER BY table_name::text COLLATE "C", problem COLLATE "C" DESC \gexec
:audit

DROP SCHEMA "a.b'" CASCADE;
DROP FUNCTION nothing;
DROP VIEW ours;
DROP FUNCTION mend;
