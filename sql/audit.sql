-- Section 11, audit: every problem that it can find, each made for real, and the SQL that it
-- proposes run, after which the problem is gone.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\set audit 'SELECT severity, "table", "column", problem, mend FROM concurrency.audit() WHERE "table" IS NOT NULL ORDER BY "table"::text COLLATE "C", problem COLLATE "C", "column";'

-- What audit says of tables, and of the roles and the database of this test: others are none of its business.
CREATE VIEW ours AS
	SELECT * FROM concurrency.audit()
	 WHERE "table" IS NOT NULL OR problem ~ 'regress_(by|may)|^everybody may set' OR problem LIKE '%everybody in database ' || quote_ident(current_database());
-- Runs what audit proposes; then nothing must be left to propose.
CREATE FUNCTION mend() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	mend text;
BEGIN
	FOR mend IN SELECT o.mend FROM ours o ORDER BY o."table"::text COLLATE "C", o.problem COLLATE "C" LOOP
		EXECUTE mend;
	END LOOP;
	RETURN QUERY SELECT concat_ws(': ', 'still there', "table", problem) FROM ours;
END
$$;

CREATE TABLE doc (id int PRIMARY KEY, body text);
INSERT INTO doc VALUES (1);
SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn', watch => 'body', guard_delete => true);
CREATE TABLE part (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF part DEFAULT PARTITION BY RANGE (id);
CREATE TABLE part_2_1 PARTITION OF part_2 DEFAULT;
INSERT INTO part VALUES (1), (11);
SELECT concurrency.attach('part');
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.Version := OLD.version + 1; RETURN NEW; END $$;
CREATE FUNCTION replaces() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW := OLD; RETURN NEW; END $$;

-- what is as attach makes it has no problem
:audit

-- a trigger that does not fire, or fires for what it should not
ALTER TABLE doc DISABLE TRIGGER zz_concurrency_version;
:audit
SELECT mend();
ALTER TABLE doc ENABLE REPLICA TRIGGER zz_concurrency_version;
:audit
SELECT mend();
ALTER TABLE doc ENABLE ALWAYS TRIGGER zz_concurrency_version;
:audit
SELECT mend();
-- ... on one partition only
ALTER TABLE part_2_1 DISABLE TRIGGER zz_concurrency_version;
:audit
SELECT mend();
UPDATE part SET body = 'stale', version = 0 WHERE id = 11;

-- a trigger that refuses every write: the column is missing, of a wrong type, or generated
CREATE TABLE broken (id int, version bigint, rev int);
SELECT concurrency.attach('broken', blind => 'reject', watch => 'rev');
INSERT INTO broken VALUES (1);
ALTER TABLE broken ALTER version TYPE text;
:audit
SELECT mend();
ALTER TABLE broken ALTER version DROP DEFAULT, ALTER version TYPE int USING 1, ALTER version SET NOT NULL;
SELECT concurrency.attach('broken');
ALTER TABLE broken DROP version;
:audit
SELECT mend();
CREATE TRIGGER made_by_hand BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger();
:audit
SELECT mend();
ALTER TABLE broken ADD version int GENERATED ALWAYS AS (1) STORED NOT NULL;
CREATE TRIGGER made_by_hand BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
:audit
SELECT mend();
ALTER TABLE broken DROP version, ADD version int NOT NULL DEFAULT 1;
-- ... an option is wrong, or names a column that is gone
CREATE TRIGGER made_by_hand BEFORE UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version', 'blind=rejected');
:audit
SELECT mend();
SELECT concurrency.attach('broken', ignore => 'rev');
ALTER TABLE broken DROP rev;
:audit
SELECT mend();
-- ... it is no BEFORE ROW trigger
SELECT concurrency.detach('broken');
CREATE TRIGGER made_by_hand AFTER UPDATE ON broken FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
:audit
SELECT mend();
UPDATE broken SET version = 7;
-- A handler that is gone refuses conflicts, and nothing else.
CREATE FUNCTION decides(current broken, attempted broken) RETURNS broken RETURN attempted;
SELECT concurrency.attach('broken', on_conflict => 'call=public.decides');
DROP FUNCTION decides;
:audit
SELECT mend();

-- a trigger that does not see every update: its options are kept
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER made_by_hand BEFORE INSERT ON doc FOR EACH ROW
	EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo', 'blind=warn', 'watch=body');
:audit
SELECT mend();
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER made_by_hand BEFORE INSERT OR UPDATE OF version OR DELETE ON doc FOR EACH ROW
	EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo', 'blind=warn', 'watch=body');
:audit
SELECT mend();
DROP TRIGGER zz_concurrency_version ON doc;
CREATE TRIGGER made_by_hand BEFORE UPDATE ON doc FOR EACH ROW WHEN (NEW.body <> '')
	EXECUTE FUNCTION concurrency.version_trigger('version', 'protocol=echo', 'blind=warn', 'watch=body');
:audit
SELECT mend();
SELECT concurrency.attach('doc', protocol => 'echo', blind => 'warn', watch => 'body', guard_delete => true);

-- two triggers for one column, also if one of them is the parent's
CREATE TRIGGER made_by_hand BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
CREATE TRIGGER made_by_hand BEFORE UPDATE ON part_1 FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
:audit
SELECT mend();

-- a trigger that fires after ours, whatever its name, and one of a partition; not one that is disabled, for INSERT or AFTER
CREATE TRIGGER zzz BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER "zzz; é" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz_disabled BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE doc DISABLE TRIGGER zzz_disabled;
CREATE TRIGGER zzz_insert BEFORE INSERT ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz_after AFTER UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER zzz BEFORE UPDATE ON part_2 FOR EACH ROW EXECUTE FUNCTION nothing();
:audit
SELECT mend();
DROP TRIGGER zzz ON part_2;
CREATE TRIGGER "~~" BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT mend();
SELECT format('CREATE TRIGGER %I BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing()', repeat('名', 20) || 'zzz') \gexec
SELECT mend();
SELECT tgname FROM pg_trigger WHERE tgrelid = 'doc'::regclass ORDER BY tgname;
UPDATE doc SET body = 'stale', version = 7;
SELECT concurrency.detach('doc');
DROP TABLE doc;
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT concurrency.attach('doc');

-- a trigger that fires before ours, and may set the version; not one that cannot
CREATE TRIGGER cannot BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER cannot_either BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER concurrency_doc_version BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION counts();
CREATE TRIGGER replaces BEFORE UPDATE ON doc FOR EACH ROW EXECUTE FUNCTION replaces();
CREATE TRIGGER counts BEFORE UPDATE ON part FOR EACH ROW EXECUTE FUNCTION counts();
:audit
SELECT mend();
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgfoid IN ('nothing'::regproc, 'counts'::regproc) ORDER BY 1;

-- an inheritance child that is not covered: it is to have its parent's options
CREATE TABLE mother (id int, body text, token uuid NOT NULL);
SELECT concurrency.attach('mother', 'token', protocol => 'echo', blind => 'reject', on_conflict => 'skip',
						  ignore => 'body', guard_delete => true, stamp_insert => false);
CREATE TABLE daughter (extra int) INHERITS (mother);
CREATE TABLE granddaughter () INHERITS (daughter);
:audit
SELECT mend();
SELECT count(*), count(DISTINCT to_jsonb(a) - 'table') FROM concurrency.attachments a WHERE "column" = 'token';
DROP TABLE mother CASCADE;
-- ... but for the handler, which takes the parent's rows: the child's conflicts are errors
CREATE TABLE mother (id int, body text);
CREATE FUNCTION decides(current mother, attempted mother) RETURNS mother LANGUAGE sql AS 'SELECT attempted';
SELECT concurrency.attach('mother', protocol => 'echo', on_conflict => 'call=public.decides');
CREATE TABLE daughter (extra int) INHERITS (mother);
:audit
SELECT mend();
SELECT "table", protocol, on_conflict FROM concurrency.attachments WHERE "table" IN ('mother'::regclass, 'daughter'::regclass) ORDER BY 1;
ALTER TABLE mother ALTER version DROP NOT NULL;
SELECT mend();
SELECT "table", protocol, on_conflict FROM concurrency.attachments WHERE "table" IN ('mother'::regclass, 'daughter'::regclass) ORDER BY 1;
DROP FUNCTION decides;
DROP TABLE mother CASCADE;

-- a column that may be null: rows get a version, also where nothing else bumps them
CREATE TABLE nullable (id int, body text, version int, rev uuid);
INSERT INTO nullable VALUES (1), (2);
CREATE TABLE nullable_child () INHERITS (nullable);
INSERT INTO nullable_child VALUES (3);
SELECT concurrency.attach('nullable', protocol => 'increment', watch => 'body');
SELECT concurrency.attach('nullable', 'rev', protocol => 'echo', blind => 'reject', watch => 'body');
UPDATE nullable SET body = 'b', version = 1, rev = NULL WHERE id = 2;
UPDATE nullable SET body = 'c', version = 2, rev = rev WHERE id = 2;
:audit
SELECT mend();
SELECT tableoid::regclass, id, version, rev IS NOT NULL FROM nullable ORDER BY id;
SELECT "table", "column", protocol, blind, watch FROM concurrency.attachments WHERE watch = 'body' ORDER BY 1, 2;
DROP TABLE nullable CASCADE;

-- a column that new rows would have no version in
CREATE TABLE bare (id int, rev uuid NOT NULL);
SELECT concurrency.attach('bare', 'rev', stamp_insert => false);
ALTER TABLE bare ALTER rev DROP DEFAULT;
:audit
SELECT mend();
INSERT INTO bare VALUES (1) RETURNING rev IS NOT NULL;

-- a token that nobody can send
SELECT concurrency.attach('bare', 'rev', protocol => 'increment', blind => 'warn', stamp_insert => false);
:audit
SELECT mend();
SELECT protocol, blind, stamp_insert FROM concurrency.attachments WHERE "table" = 'bare'::regclass;
DROP TABLE bare;

-- a smallint, in a domain, in partitions and in children too
CREATE DOMAIN tiny AS smallint;
CREATE TABLE small (id int, version tiny NOT NULL);
CREATE TABLE small_child () INHERITS (small);
CREATE TABLE small_part (id int, version smallint NOT NULL) PARTITION BY LIST (id);
CREATE TABLE small_part_1 PARTITION OF small_part DEFAULT;
SELECT concurrency.attach('small');
SELECT concurrency.attach('small_part_1');
:audit
SELECT mend();
DROP TABLE small, small_child, small_part;
DROP DOMAIN tiny;

-- a version that rows are placed by: as a column, in an expression, further down
CREATE TABLE keyed (id int, version int NOT NULL) PARTITION BY LIST (version);
CREATE TABLE keyed_expr (id int, version int NOT NULL) PARTITION BY LIST ((version % 2));
CREATE TABLE keyed_below (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE keyed_below_1 (version int NOT NULL, id int) PARTITION BY LIST (version);
ALTER TABLE keyed_below ATTACH PARTITION keyed_below_1 DEFAULT;
SELECT concurrency.attach('keyed'), concurrency.attach('keyed_expr'), concurrency.attach('keyed_below');
:audit
SELECT mend();
DROP TABLE keyed, keyed_expr, keyed_below;

-- a version by which rows refer to others, or are referred to
CREATE TABLE target (id int, version int NOT NULL, UNIQUE (id, version));
CREATE TABLE refers (id int, version int NOT NULL);
SELECT concurrency.attach('target'), concurrency.attach('refers');
ALTER TABLE refers ADD CONSTRAINT refers_to FOREIGN KEY (id, version) REFERENCES target (id, version);
:audit
SELECT mend();
DROP TABLE refers, target;
-- ... in a partition alone, or in an inheritance child, which has a trigger of its own
CREATE TABLE target (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE target_1 (version int NOT NULL UNIQUE, id int);
ALTER TABLE target ATTACH PARTITION target_1 DEFAULT;
CREATE TABLE mother (id int, version int NOT NULL);
CREATE TABLE daughter (UNIQUE (version)) INHERITS (mother);
SELECT concurrency.attach('target'), concurrency.attach('mother');
CREATE TABLE refers (v int CONSTRAINT refers_to_target REFERENCES target_1 (version) CONSTRAINT refers_to_daughter REFERENCES daughter (version));
ALTER TABLE daughter ADD CONSTRAINT refers_too FOREIGN KEY (version) REFERENCES target_1 (version);
CREATE TABLE follows (v int REFERENCES target_1 (version) ON UPDATE CASCADE);
:audit
SELECT mend();
DROP TABLE refers, follows, mother, daughter, target;
-- ... in a partition that is attached without its parent, which has the key
CREATE TABLE target (version int PRIMARY KEY);
CREATE TABLE refers (id int, version int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE refers_1 PARTITION OF refers DEFAULT;
SELECT concurrency.attach('refers_1');
ALTER TABLE refers ADD CONSTRAINT refers_to FOREIGN KEY (version) REFERENCES target;
:audit
SELECT mend();
DROP TABLE refers, target;

-- a column that asks to be attached, and is not
CREATE TABLE unattached (id int, version concurrency.version NOT NULL, "Clock" concurrency.clock_version NOT NULL);
:audit
SELECT mend();
DROP TABLE unattached;

-- Roles that pass by: in this database, everywhere, and everybody in this database; not elsewhere.
CREATE ROLE regress_bypass;
CREATE ROLE "regress_by, pass";
GRANT SELECT ON ours TO regress_bypass;
SELECT format('ALTER ROLE regress_bypass IN DATABASE %I SET session_replication_role = ''Replica''', current_database()) AS in_database,
	   format('ALTER DATABASE %I SET concurrency.blind_writes = ''warn''', current_database()) AS everybody,
	   format('ALTER DATABASE %I SET session_replication_role = ''local''', current_database()) AS harmless,
	   format('ALTER DATABASE %I RESET session_replication_role', current_database()) AS harmless_no_more \gset
\o /dev/null
\set ECHO none
:in_database;
:everybody;
:harmless;
\set ECHO all
\o
ALTER ROLE "regress_by, pass" SET concurrency.blind_writes = 'allow';
ALTER ROLE "regress_by, pass" SET session_replication_role = 'replica';
ALTER ROLE regress_bypass SET concurrency.blind_writes = 'rejected';
ALTER ROLE regress_bypass IN DATABASE template1 SET concurrency.blind_writes = 'allow';
SELECT severity, replace(problem, quote_ident(current_database()), '(this)'),
	   replace(mend, quote_ident(current_database()), '(this)')
  FROM ours ORDER BY problem COLLATE "C";
SELECT mend();
SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'regress_bypass'::regrole;
\set ECHO none
:harmless_no_more;
\set ECHO all
DROP ROLE "regress_by, pass";

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

-- Who may pass by, by a grant
CREATE ROLE "regress_may, set";
GRANT SET ON PARAMETER session_replication_role, concurrency.blind_writes TO "regress_may, set";
GRANT SET ON PARAMETER concurrency.blind_writes TO PUBLIC;
GRANT ALTER SYSTEM ON PARAMETER concurrency.blind_writes TO "regress_may, set";
SELECT severity, problem, mend FROM ours ORDER BY problem COLLATE "C";
SELECT mend();
REVOKE ALL ON PARAMETER session_replication_role, concurrency.blind_writes FROM "regress_may, set";
DROP ROLE "regress_may, set";

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
SELECT mend FROM ours ORDER BY "table"::text COLLATE "C", problem COLLATE "C" DESC \gexec
:audit

DROP SCHEMA "a.b'" CASCADE;
DROP TABLE doc, part, broken;
DROP FUNCTION mend, nothing, counts, replaces;
DROP VIEW ours;
:audit
