-- Section 11 and doc/security.md: who owns and may call what, and that nothing of a stranger's is called with
-- somebody else's rights, or lets a write pass unchecked.  sql/install.sql has the schema itself.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_victim;
CREATE ROLE regress_stranger;
GRANT CREATE ON SCHEMA public TO regress_victim, regress_stranger;

-- Every function of the extension.  What is new here has to be looked at: owned by the installing superuser,
-- callable by all, with the caller's rights, and with a search_path of its own unless it is C.
\pset format unaligned
SELECT p.oid::regprocedure AS function, p.prorettype::regtype AS returns, l.lanname AS language, p.provolatile AS volatile,
	   p.proparallel AS parallel, p.proisstrict AS strict, p.prosecdef AS definer, r.rolsuper AS superusers, replace(p.proacl::text, quote_ident(r.rolname), 'owner') AS acl, p.proconfig AS config
  FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid JOIN pg_language l ON l.oid = p.prolang JOIN pg_roles r ON r.oid = p.proowner
 WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
 ORDER BY p.proname;

-- Every other member; later releases of PostgreSQL count row and array types, too.
CREATE VIEW members AS
	SELECT o.type, o.identity, coalesce(p.proowner, c.relowner, t.typowner, n.nspowner) AS owner, coalesce(p.proacl, c.relacl, t.typacl, n.nspacl)::text AS acl
	  FROM pg_depend d
	 CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) AS o
	  LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	  LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
	  LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
	  LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
	 WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
	   AND (t.oid IS NULL OR t.typtype = 'd');
SELECT type, identity, (SELECT rolsuper FROM pg_roles WHERE oid = owner) AS superusers,
	   (SELECT string_agg(concat_ws(' ', privilege_type, 'to', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END), ', ') FROM aclexplode(acl::aclitem[]) WHERE grantee <> owner) AS granted
  FROM members WHERE type <> 'function' ORDER BY type, identity;
\pset format aligned

-- A stranger's objects in front of everybody's search_path: whatever our functions call, and each operator, catalog
-- and type that they use, has a double that raises TRAP1.
CREATE SCHEMA trap AUTHORIZATION regress_stranger;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
SET ROLE regress_stranger;
CREATE FUNCTION trap.spring() RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN RAISE 'trapped: % runs a stranger''s code', current_user USING ERRCODE = 'TRAP1'; END $$;
DO $do$
DECLARE
	-- all that our functions and views are written in
	sources text := (SELECT string_agg(pg_get_functiondef(oid), '') FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace) ||
					(SELECT string_agg(pg_get_viewdef(oid), '') FROM pg_class WHERE relnamespace = 'concurrency'::regnamespace AND relkind = 'v');
	polymorphic regtype[] := '{anyelement,anyarray,anynonarray,anyenum,anyrange,anycompatible,anycompatiblearray}';
	body text := 'LANGUAGE plpgsql AS ''BEGIN PERFORM trap.spring(); END''';
	made int[] := '{0, 0, 0}';
	f record;
BEGIN
	FOR f IN
		SELECT DISTINCT ON (p.proname, p.proargtypes::text) p.proname, p.prorettype::regtype AS result,
			   array_to_string(p.proargtypes::regtype[], ', ') AS arguments
		  FROM pg_proc p
		 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND sources ~ ('\m' || p.proname || '\M')
		   AND NOT EXISTS (SELECT FROM pg_type t
							WHERE t.oid = ANY (p.proargtypes || p.prorettype) AND t.typtype = 'p' AND t.oid <> ALL (polymorphic || '{void,record}'::regtype[]))
	LOOP
		EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s %s', f.proname, f.arguments, f.result, body);
		made[1] := made[1] + 1;
	END LOOP;
	-- better matches for those that take "any", which nothing but C can
	FOR f IN
		SELECT name, array_to_string(array_fill('text'::text, ARRAY[n]), ', ') AS arguments FROM unnest('{format,concat,concat_ws}'::text[]) AS name, generate_series(2, 9) AS n
		 UNION ALL VALUES ('jsonb_build_object', 'text, jsonb')
	LOOP
		EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS text %s', f.name, f.arguments, body);
	END LOOP;
	-- operators: those that there are, and better matches where core has none
	FOR f IN
		SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result
		  FROM pg_operator o
		 WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprkind = 'b' AND strpos(sources, ' ' || o.oprname || ' ') > 0
		   AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid IN (o.oprleft, o.oprright, o.oprresult) AND t.typtype = 'p' AND t.oid <> ALL (polymorphic))
		 UNION
		SELECT name, l, r, 'boolean'
		  FROM unnest('{=,<>,<,>}'::text[]) AS name,
			   unnest('{oid,regclass,regprocedure,regtype,regrole,name,text,"\"char\"",int,smallint,bigint}'::regtype[]) AS l,
			   unnest('{oid,regclass,regprocedure,regtype,regrole,name,text,"\"char\"",int,smallint,bigint}'::regtype[]) AS r
	LOOP
		IF to_regprocedure(format('trap.spring_%s(%s, %s)', md5(f.result::text), f.l, f.r)) IS NULL THEN
			EXECUTE format('CREATE FUNCTION trap.spring_%s(%s, %s) RETURNS %s %s', md5(f.result::text), f.l, f.r, f.result, body);
		END IF;
		EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = trap.spring_%s)', f.oprname, f.l, f.r, md5(f.result::text));
		made[2] := made[2] + 1;
	END LOOP;
	-- catalogs and types, in the schema that is looked into first unless a path says otherwise
	FOR f IN
		SELECT c.relname, string_agg(quote_ident(attname) || CASE WHEN atttypid = 'anyarray'::regtype THEN '::text' ELSE '' END, ', ' ORDER BY attnum) AS columns
		  FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
		 WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND sources ~ ('\m' || relname || '\M')
		 GROUP BY c.relname
	LOOP
		EXECUTE format('CREATE TEMPORARY VIEW %I AS SELECT %s FROM pg_catalog.%1$I WHERE trap.spring()', f.relname, f.columns);
		EXECUTE format('GRANT SELECT ON pg_temp.%I TO PUBLIC', f.relname);
		made[3] := made[3] + 1;
	END LOOP;
	FOR f IN SELECT typname FROM unnest('{oid,name,text,jsonb,regclass,regprocedure,regtype,regnamespace,bytea,record}'::text[]) AS typname LOOP
		EXECUTE format('CREATE DOMAIN pg_temp.%I AS text CHECK (trap.spring())', f.typname);
		made[3] := made[3] + 1;
	END LOOP;
	RAISE WARNING 'traps for functions: %, for operators: %, for catalogs and types: %', made[1] > 100, made[2] > 300, made[3] > 20;
END
$do$;

-- They do spring.
SET ROLE regress_victim;
SET search_path = trap, pg_temp, pg_catalog, public;
\set VERBOSITY sqlstate
SELECT quote_ident('a');
SELECT format('a', 'b', 'c');
SELECT 1::pg_catalog.oid = 'pg_catalog.pg_class'::pg_catalog.regclass;
SELECT 'a'::text;
SELECT FROM pg_class;
\set VERBOSITY terse

-- Everything that there is to call, and every path of the trigger: nobody steps into one.
CREATE TABLE public.doc (id int PRIMARY KEY, body pg_catalog.text);
CREATE FUNCTION public.keep(current public.doc, attempted public.doc) RETURNS public.doc LANGUAGE sql AS 'SELECT attempted.*';
SELECT concurrency.attach('public.doc', kind => 'counter', protocol => 'auto', blind => 'warn', on_conflict => 'error', guard_delete => true);
INSERT INTO public.doc VALUES (1, 'a'), (2, 'b');
UPDATE public.doc SET body = 'blind' RETURNING *;
UPDATE public.doc SET version = 2 RETURNING *;
UPDATE public.doc SET version = 4 RETURNING *;
\set VERBOSITY default
UPDATE public.doc SET version = 0;
\set VERBOSITY terse
SELECT concurrency.attach('public.doc', on_conflict => 'warn', watch => 'body', blind => '', guard_delete => false);
UPDATE public.doc SET version = 0 RETURNING *;
SELECT concurrency.attach('public.doc', on_conflict => 'skip', ignore => 'body', watch => '', blind => '', guard_delete => false);
UPDATE public.doc SET version = 0 RETURNING *;
SELECT concurrency.attach('public.doc', on_conflict => 'call=public.keep', guard_delete => true, ignore => '');
UPDATE public.doc SET version = 0 RETURNING *;
SELECT concurrency.attach('public.doc', c, kind => c::pg_catalog.text) FROM pg_catalog.unnest('{uuid,xact,clock}'::pg_catalog.name[]) AS c;
UPDATE public.doc SET body = 'all kinds' RETURNING version;
BEGIN;
SELECT concurrency.skip_check('public.doc'), concurrency.skip_bump(), concurrency.expect('public.doc', 3);
UPDATE public.doc SET version = 0 RETURNING version;
DELETE FROM public.doc RETURNING version;
ROLLBACK;
SELECT concurrency.is_current('public.doc', '1', 7), concurrency.is_current('public.doc', '{"id": 1}', 5);
SELECT concurrency.assert_current('public.doc', '1', 7);
SELECT concurrency.assert_current('public.doc', '1', 5);
SELECT concurrency.assert_current('public.doc', '99', 5);
SELECT concurrency.column_default('public.doc'::pg_catalog.regclass, 'version'), concurrency.column_origin('public.doc'::pg_catalog.regclass, 'version');
SELECT pg_catalog.count(*) FROM concurrency.version_triggers() AS t, concurrency.trigger_problem(t.trigger_oid);
SELECT concurrency.may_set_column(trigger_oid, column_name) FROM concurrency.version_triggers() LIMIT 1;
SELECT column_name, trigger_name, kind, on_conflict FROM concurrency.attachments ORDER BY trigger_name;
SELECT * FROM concurrency.obstacles('public.doc'::pg_catalog.regclass, 'body');
SELECT concurrency.check_trigger_arguments('public.doc', '{version,blind=warn}');
SELECT concurrency.attach('public.doc', 'long_long_long_long_long_long_long_long_long_long_long_long_lon');
SELECT concurrency.rename_column('public.doc', 'long_long_long_long_long_long_long_long_long_long_long_long_lon', 'renamed');
SELECT concurrency.detach('public.doc', 'renamed');
ALTER TABLE public.doc DROP renamed;
SELECT kind, column_type FROM concurrency.version_kinds('uuid');
ALTER TABLE public.doc DISABLE TRIGGER zz_concurrency_xact;
CREATE TABLE public.child () INHERITS (public.doc);
SELECT severity, table_name, column_name, problem FROM concurrency.audit() WHERE severity OPERATOR(pg_catalog.=) 'error' ORDER BY column_name, problem;
DROP TABLE public.child;
SELECT concurrency.detach('public.doc', c) FROM pg_catalog.unnest('{version,uuid,xact,clock}'::pg_catalog.name[]) AS c;
-- ... with a superuser's rights, too
RESET ROLE;
SELECT concurrency.attach('public.doc');
SELECT concurrency.auto_attach(true);
SET ROLE regress_victim;
CREATE TABLE public.task (id int PRIMARY KEY, version concurrency.version, changed concurrency.clock_version);
RESET ROLE;
SELECT concurrency.auto_attach(false);
SELECT table_name, column_name, kind FROM concurrency.attachments ORDER BY column_name, table_name::pg_catalog.text;
SELECT concurrency.is_current('public.doc', '1', 7);
RESET search_path;
SET ROLE regress_stranger;
DISCARD TEMP;
RESET ROLE;
DROP SCHEMA trap CASCADE;
DROP TABLE task, doc CASCADE;

-- Asking for a row of a stranger's table runs nothing of the stranger's: no constraint of a domain, no cast.
SET ROLE regress_stranger;
CREATE FUNCTION spring(text) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN IF current_user <> 'regress_stranger' THEN RAISE 'trapped'; END IF; RETURN true; END $$;
CREATE DOMAIN strange_id AS int CHECK (spring(value::text));
CREATE DOMAIN strange_version AS bigint CHECK (spring(value::text));
CREATE TYPE strange_mood AS ENUM ('sad');
CREATE FUNCTION strange_cast(text) RETURNS strange_mood LANGUAGE sql AS $$ SELECT enum_first(NULL::strange_mood) FROM spring($1) $$;
CREATE CAST (text AS strange_mood) WITH FUNCTION strange_cast(text);
CREATE TABLE strange (id strange_id, mood strange_mood, version strange_version, PRIMARY KEY (id, mood));
INSERT INTO strange VALUES (1, 'sad', 5);
SELECT concurrency.attach('strange');
RESET ROLE;
SELECT concurrency.is_current('strange', '{"id": 1, "mood": "sad"}', 5), concurrency.is_current('strange', '{"id": 1, "mood": "sad"}', 4);
SELECT concurrency.assert_current('strange', '{"id": 1, "mood": "sad"}', 5);
DROP TABLE strange;
-- ... neither when the version's column is of a type that no version has, or is gone
SET ROLE regress_stranger;
CREATE FUNCTION strange_text(strange_mood) RETURNS text LANGUAGE sql AS $$ SELECT 'sad' FROM public.spring('') $$;
CREATE CAST (strange_mood AS text) WITH FUNCTION strange_text(strange_mood) AS IMPLICIT;
CREATE FUNCTION strange_json(strange_mood) RETURNS json LANGUAGE sql AS $$ SELECT json '1' FROM public.spring('') $$;
CREATE CAST (strange_mood AS json) WITH FUNCTION strange_json(strange_mood);
CREATE TABLE strange (id int PRIMARY KEY, mood strange_mood, version strange_mood, to_jsonb bigint);
INSERT INTO strange VALUES (1, 'sad', 'sad', 5);
CREATE TRIGGER made_by_hand BEFORE UPDATE ON strange FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger('version');
SELECT concurrency.attach('strange', 'to_jsonb');
ALTER TABLE strange DROP to_jsonb;
CREATE TABLE strange_later (id int PRIMARY KEY, version bigint);
SELECT concurrency.attach('strange_later');
INSERT INTO strange_later VALUES (1);
ALTER TABLE strange_later ALTER version DROP DEFAULT, ALTER version TYPE strange_mood USING 'sad';
RESET ROLE;
SELECT concurrency.is_current('strange', '1', 'sad');
SELECT concurrency.assert_current('strange', '1', 'sad');
SELECT concurrency.is_current('strange', '1', 5, 'to_jsonb');
SELECT concurrency.assert_current('strange', '1', 5, 'to_jsonb');
SELECT concurrency.is_current('strange_later', '1', 'sad');
SELECT concurrency.assert_current('strange_later', '1', 'sad');
DROP TABLE strange, strange_later;
-- ... nor an operator that fits the key's domain better than the index's, nor a constraint of a domain over an array
CREATE SCHEMA strange AUTHORIZATION regress_stranger;
CREATE TYPE strange.num;
CREATE FUNCTION strange.num_in(cstring) RETURNS strange.num IMMUTABLE STRICT LANGUAGE internal AS 'int4in';
CREATE FUNCTION strange.num_out(strange.num) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';
CREATE TYPE strange.num (INPUT = strange.num_in, OUTPUT = strange.num_out, LIKE = int);
CREATE FUNCTION strange.num_cmp(strange.num, strange.num) RETURNS int IMMUTABLE STRICT LANGUAGE internal AS 'btint4cmp';
SELECT format('CREATE FUNCTION strange.num_%1$s(strange.num, strange.num) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS ''int4%1$s'';', f),
	   format('CREATE OPERATOR strange.%s (LEFTARG = strange.num, RIGHTARG = strange.num, FUNCTION = strange.num_%s)', o, f)
  FROM (VALUES ('lt', '<'), ('le', '<='), ('eq', '='), ('ge', '>='), ('gt', '>')) AS operator(f, o) \gexec
CREATE OPERATOR CLASS strange.num_ops DEFAULT FOR TYPE strange.num USING btree AS
	OPERATOR 1 strange.<, OPERATOR 2 strange.<=, OPERATOR 3 strange.=, OPERATOR 4 strange.>=, OPERATOR 5 strange.>,
	FUNCTION 1 strange.num_cmp(strange.num, strange.num);
SET ROLE regress_stranger;
DROP CAST (public.strange_mood AS text);
CREATE DOMAIN strange.number AS strange.num;
CREATE DOMAIN strange.numbers AS int[] CHECK (public.spring(value::text));
CREATE DOMAIN strange.moods AS public.strange_mood;
CREATE DOMAIN strange.few_moods AS strange.moods CHECK (public.spring(value::text));
CREATE TABLE strange.listed (id strange.number, ids strange.numbers, mood strange.few_moods, version int, PRIMARY KEY (id, ids, mood));
INSERT INTO strange.listed VALUES ('1', '{1,2}', 'sad', 5);
SELECT concurrency.attach('strange.listed');
CREATE FUNCTION strange.spring(strange.number, strange.num) RETURNS boolean LANGUAGE sql AS 'SELECT public.spring('''')';
CREATE OPERATOR strange.= (LEFTARG = strange.number, RIGHTARG = strange.num, FUNCTION = strange.spring);
RESET ROLE;
SELECT concurrency.is_current('strange.listed', key, 5), concurrency.is_current('strange.listed', key, 4) FROM CAST('{"id": 1, "ids": "{1,2}", "mood": "sad"}' AS jsonb) AS key;
SELECT concurrency.assert_current('strange.listed', '{"id": 1, "ids": "{1,2}", "mood": "sad"}', 5);
SET client_min_messages = warning;
DROP SCHEMA strange CASCADE;
RESET client_min_messages;
-- ... and needs the rights of that SELECT
SET ROLE regress_stranger;
CREATE TABLE strange (id int PRIMARY KEY, secret text, version int);
SELECT concurrency.attach('strange');
GRANT SELECT (version) ON strange TO regress_victim;
CREATE TABLE strange_too (id int PRIMARY KEY, version int);
SELECT concurrency.attach('strange_too');
SET ROLE regress_victim;
SELECT concurrency.is_current('strange', '1', 1);
SELECT concurrency.is_current('strange_too', '1', 1);
RESET ROLE;
DROP TABLE strange, strange_too;

-- What a stranger gives to an owner's function does not make its write pass for a foreign key's, below an action of
-- the stranger's own foreign key.
SET ROLE regress_victim;
CREATE TABLE doc (id int PRIMARY KEY, body text, version int);
SELECT concurrency.attach('doc', guard_delete => true, blind => 'reject');
INSERT INTO doc VALUES (1, 'a', 5);
CREATE FUNCTION save(new_body text, token int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE format('UPDATE doc SET body = %L, version = %L', new_body, token); END $$;
CREATE FUNCTION save_quoted(new_body text, token int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE format('UPDATE "doc" SET "body" = %L, "version" = %L', new_body, token); END $$;
CREATE FUNCTION save_new(new_body text, token int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE format('WITH new AS (SELECT %L AS body) UPDATE doc SET body = new.body, version = %L FROM new', new_body, token); END $$;
CREATE FUNCTION remove(the_body text, token int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE format('DELETE FROM doc WHERE body <> %L', the_body); END $$;
SET ROLE regress_stranger;
CREATE TABLE strange_parent (id int PRIMARY KEY);
CREATE TABLE strange_child (id int REFERENCES strange_parent ON UPDATE CASCADE);
INSERT INTO strange_parent VALUES (1);
INSERT INTO strange_child VALUES (1);
CREATE FUNCTION attack() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	call text;
	bait text;
	refused int := 0;
BEGIN
	FOR call, bait IN
		SELECT c, b FROM unnest('{save,save_quoted,save_new,remove}'::text[]) AS c,
						 unnest(ARRAY['x', ' WHERE $1 OPERATOR(pg_catalog.=) "id"', 'DELETE FROM ONLY "doc" WHERE $1 OPERATOR(pg_catalog.=) "id"',
									  'UPDATE ONLY "public"."doc" SET "id" = $1 WHERE $2 OPERATOR(pg_catalog.=) "id"']) AS b
	LOOP
		BEGIN
			EXECUTE format('SELECT %I(%L, 3)', call, bait);
			RAISE WARNING '% goes through with %', call, bait;
		EXCEPTION WHEN SQLSTATE 'PT409' OR SQLSTATE 'PT428' THEN
			refused := refused + 1;
		END;
	END LOOP;
	RAISE WARNING 'refused: %', refused;
	RETURN NEW;
END
$$;
CREATE TRIGGER attack BEFORE UPDATE ON strange_child FOR EACH ROW EXECUTE FUNCTION attack();
UPDATE strange_parent SET id = 2;
-- ... neither does the action itself, which in the context stands behind the owner's statement
DROP TRIGGER attack ON strange_child;
SET ROLE regress_victim;
CREATE FUNCTION save_by_id(new_body text, token int) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE 'UPDATE "doc" SET "body" = $1, "version" = $2 WHERE "id" = $3' USING new_body, token, 1; RETURN true; END $$;
CREATE FUNCTION save_all(new_body text, token int) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE 'UPDATE "doc" SET "body" = $1, "version" = $2' USING new_body, token; RETURN true; END $$;
CREATE FUNCTION clear(whether boolean) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ BEGIN EXECUTE 'UPDATE "doc" SET "body" = NULL WHERE $1' USING whether; RETURN true; END $$;
SET ROLE regress_stranger;
ALTER TABLE strange_child ADD CHECK (CASE id WHEN 3 THEN save_by_id('x', 3) WHEN 4 THEN save_all('x', 3) WHEN 5 THEN clear(true) ELSE true END);
UPDATE strange_parent SET id = 3;
UPDATE strange_parent SET id = 4;
UPDATE strange_parent SET id = 5;
UPDATE strange_parent SET id = 6;
RESET ROLE;
SELECT * FROM doc;

-- ... while a real action is known by its form, whatever its names and types
CREATE TABLE "DELETE FROM ""p"" WHERE $1
 UPDATE " (a varchar PRIMARY KEY, "B b" text COLLATE "C" UNIQUE);
CREATE TABLE child (a text REFERENCES "DELETE FROM ""p"" WHERE $1
 UPDATE " ON UPDATE CASCADE ON DELETE SET NULL, "SET' WHERE
 $1" varchar COLLATE "POSIX" REFERENCES "DELETE FROM ""p"" WHERE $1
 UPDATE " ("B b") ON UPDATE SET DEFAULT ON DELETE CASCADE, version int);
ALTER TABLE child RENAME TO "UPDATE c';""
 WHERE $1";
ALTER TABLE "DELETE FROM ""p"" WHERE $1
 UPDATE " RENAME TO parent;
SELECT concurrency.attach('"UPDATE c'';""
 WHERE $1"', blind => 'reject', guard_delete => true);
INSERT INTO parent VALUES ('a', 'b'), ('c', 'd');
INSERT INTO "UPDATE c';""
 WHERE $1" VALUES ('a', 'b', 1), ('c', 'b', 1), ('a', 'd', 1);
UPDATE parent SET a = 'x' WHERE a = 'a';
DELETE FROM parent WHERE a = 'c';
UPDATE parent SET "B b" = 'y';
SELECT a AS "cascaded", "SET' WHERE
 $1" IS NULL AS "set default", version FROM "UPDATE c';""
 WHERE $1" ORDER BY 1, 2;
DROP TABLE parent, "UPDATE c';""
 WHERE $1";

-- Nor does a row count as written by the transaction, and so as expected, because a foreign key's action has written it
-- before the owner's function said what it expects.
SET ROLE regress_victim;
CREATE TABLE folder (id int PRIMARY KEY);
INSERT INTO folder VALUES (1);
ALTER TABLE doc ADD folder int DEFAULT 1 REFERENCES folder ON UPDATE CASCADE;
GRANT SELECT, UPDATE ON folder TO regress_stranger;
CREATE FUNCTION save_expecting(new_body text, token int) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
	$$ SELECT concurrency.expect('doc', token); UPDATE doc SET body = new_body; UPDATE doc SET body = new_body || ', twice' $$;
SET ROLE regress_stranger;
BEGIN;
UPDATE folder SET id = 2;
SAVEPOINT s;
SELECT save_expecting('stale', 5);
ROLLBACK TO s;
SELECT save_expecting('based on what the action has made of it', 6);
COMMIT;
RESET ROLE;
SELECT * FROM doc;
DROP TABLE doc, folder CASCADE;

-- CREATE EXTENSION runs as a superuser, and nothing that a stranger has left in a schema of that name.
SELECT quote_ident(current_database()) AS db, quote_ident(session_user) AS superuser \gset
GRANT CREATE ON DATABASE :db TO regress_stranger;
DROP EXTENSION concurrency;
SET ROLE regress_stranger;
CREATE SCHEMA concurrency;
CREATE FUNCTION concurrency.spring(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN RAISE 'trapped: % runs a stranger''s code', current_user; END $$;
CREATE OPERATOR concurrency.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = concurrency.spring);
RESET ROLE;
CREATE EXTENSION concurrency;
DROP SCHEMA concurrency CASCADE;

-- A database's owner, who is no superuser, gets the same members with the same owners and privileges.
CREATE EXTENSION concurrency;
CREATE VIEW members_and_rights AS
	SELECT type, identity, rolsuper AS superusers, replace(acl, quote_ident(rolname), 'owner') AS acl FROM members JOIN pg_roles r ON r.oid = owner;
CREATE TABLE members_of_superuser AS TABLE members_and_rights;
DROP EXTENSION concurrency;
ALTER DATABASE :db OWNER TO regress_victim;
SET ROLE regress_victim;
CREATE EXTENSION concurrency;
RESET ROLE;
SELECT extowner::regrole, (SELECT count(*) > 20 FROM members) AS members FROM pg_extension WHERE extname = 'concurrency';
(TABLE members_and_rights EXCEPT TABLE members_of_superuser) UNION ALL (TABLE members_of_superuser EXCEPT TABLE members_and_rights);
-- ... none of which the extension's owner can change, nor take another in
SET ROLE regress_victim;
\set VERBOSITY sqlstate
CREATE OR REPLACE FUNCTION concurrency.detach(table_name regclass, column_name name DEFAULT 'version') RETURNS void LANGUAGE sql AS '';
ALTER FUNCTION concurrency.attach RESET search_path;
ALTER FUNCTION concurrency.attach OWNER TO regress_victim;
REVOKE EXECUTE ON FUNCTION concurrency.attach FROM PUBLIC;
ALTER VIEW concurrency.attachments RENAME TO attached;
ALTER DOMAIN concurrency.version ADD CHECK (value > 0);
ALTER SCHEMA concurrency RENAME TO mine;
CREATE TABLE concurrency.t ();
ALTER EXTENSION concurrency DROP FUNCTION concurrency.detach;
ALTER EXTENSION concurrency SET SCHEMA public;
RESET ROLE;

ALTER DATABASE :db OWNER TO :superuser;
DROP EXTENSION concurrency;
DROP VIEW members_and_rights, members;
DROP TABLE members_of_superuser;
DROP OWNED BY regress_victim, regress_stranger CASCADE;
DROP ROLE regress_victim, regress_stranger;
CREATE EXTENSION concurrency;
