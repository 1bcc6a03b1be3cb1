-- Section 11: the schema is a member of the extension, belongs to a superuser, and nobody else may put anything into it,
-- whatever was there before, and whatever default privileges say.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- as installed: USAGE for all, CREATE for nobody else
CREATE VIEW schema AS
	SELECT rolsuper AS is_superusers,
		   (SELECT string_agg(concat_ws(' ', privilege_type, 'to', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, CASE WHEN is_grantable THEN 'with grant option' END), ', ')
			  FROM aclexplode(nspacl) WHERE grantee <> nspowner) AS granted,
		   EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND refclassid = 'pg_extension'::regclass AND deptype = 'e') AS is_member
	  FROM pg_namespace n JOIN pg_roles r ON r.oid = nspowner WHERE nspname = 'concurrency';
GRANT SELECT ON schema TO PUBLIC;
TABLE schema;

-- every object has a comment, is owned by a superuser, and runs with the caller's rights
SELECT pg_describe_object(classid, objid, 0) AS "without comment"
  FROM pg_depend
 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
   AND classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_namespace'::regclass)
   AND obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL;
SELECT attname AS "column without comment"
  FROM pg_attribute
 WHERE attrelid = 'concurrency.attachments'::regclass AND attnum > 0
   AND col_description(attrelid, attnum) IS NULL;
SELECT oid::regprocedure AS "with somebody else's rights, or an open search_path"
  FROM pg_proc
 WHERE pronamespace = 'concurrency'::regnamespace
   AND (prosecdef OR NOT (SELECT rolsuper FROM pg_roles WHERE oid = proowner)
		OR prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
		   AND proconfig[1] IS DISTINCT FROM 'search_path=pg_catalog, pg_temp');

-- the names of the schema's columns and functions are what users type
SELECT proname, pg_get_function_identity_arguments(oid)
  FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace ORDER BY 1;

-- It goes with the extension, and comes again; no other can be asked for.
DROP EXTENSION concurrency;
SELECT count(*) FROM pg_namespace WHERE nspname = 'concurrency';
CREATE SCHEMA elsewhere;
CREATE EXTENSION concurrency SCHEMA elsewhere;
CREATE EXTENSION concurrency;
TABLE schema;
ALTER EXTENSION concurrency SET SCHEMA elsewhere;
-- ... but not what somebody has put into it
CREATE TABLE concurrency.mine (id int);
DROP EXTENSION concurrency;
DROP TABLE concurrency.mine;
DROP EXTENSION concurrency;
DROP SCHEMA elsewhere;

-- One that is there already is refused, whoever made it, and whatever it holds.
CREATE ROLE regress_dbowner;
CREATE ROLE regress_creator;
CREATE ROLE regress_stranger;
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I OWNER TO regress_dbowner', current_database());
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_creator, regress_stranger', current_database());
END
$$;
SET ROLE regress_stranger;
CREATE SCHEMA concurrency;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
RESET ROLE;
CREATE EXTENSION concurrency;
SET ROLE regress_stranger;
DROP FUNCTION concurrency.attach;
RESET ROLE;
CREATE EXTENSION concurrency;
\set VERBOSITY sqlstate
CREATE EXTENSION concurrency;
\set VERBOSITY default
SET ROLE regress_dbowner;
CREATE EXTENSION concurrency;
RESET ROLE;
DROP SCHEMA concurrency;

-- It is read as standard_conforming_strings is, where that can be off, and does the same either way.
CREATE EXTENSION concurrency;
CREATE TABLE installed AS SELECT proname, prosrc, proconfig, pg_get_function_sqlbody(oid) FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace;
DROP EXTENSION concurrency;
SELECT set_config('standard_conforming_strings', 'off', false) WHERE current_setting('server_version_num')::int < 190000 \g /dev/null
CREATE EXTENSION concurrency;
RESET standard_conforming_strings;
SELECT proname, prosrc, proconfig, pg_get_function_sqlbody(oid) FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace EXCEPT TABLE installed;
DROP TABLE installed;
DROP EXTENSION concurrency;

-- Default privileges, of the superuser who installs it, open nothing.
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO regress_stranger WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO regress_stranger WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, regress_stranger;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO regress_stranger;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC;
CREATE EXTENSION concurrency;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM PUBLIC, regress_stranger;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM regress_stranger;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, regress_stranger;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM regress_stranger;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO PUBLIC;
SELECT count(*) FROM pg_default_acl;
TABLE schema;
SELECT DISTINCT kind, privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee, is_grantable
  FROM (SELECT 'function', proowner, proacl FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace
		 UNION ALL SELECT 'view', relowner, relacl FROM pg_class WHERE relnamespace = 'concurrency'::regnamespace
		 UNION ALL SELECT 'domain', typowner, typacl FROM pg_type WHERE typnamespace = 'concurrency'::regnamespace AND typtype = 'd') AS member(kind, owner, acl),
	   aclexplode(acl) WHERE grantee <> owner ORDER BY 1;
SET ROLE regress_stranger;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
DROP SCHEMA concurrency CASCADE;
SET ROLE regress_dbowner;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
DROP SCHEMA concurrency CASCADE;
RESET ROLE;
DROP EXTENSION concurrency;

-- Whoever may create schemas in the database may install it; the schema is a superuser's all the same.
SET ROLE regress_creator;
CREATE EXTENSION concurrency;
TABLE schema;
CREATE TABLE concurrency.t ();
DROP EXTENSION concurrency;
SET ROLE regress_dbowner;
CREATE EXTENSION concurrency;
DROP EXTENSION concurrency;
RESET ROLE;

-- and everybody else may not
CREATE ROLE regress_nobody;
SET ROLE regress_nobody;
\set VERBOSITY sqlstate
CREATE EXTENSION concurrency;
RESET ROLE;

DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user);
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM regress_creator, regress_stranger', current_database());
END
$$;
DROP OWNED BY regress_dbowner, regress_creator, regress_stranger, regress_nobody;
DROP ROLE regress_dbowner, regress_creator, regress_stranger, regress_nobody;
DROP VIEW schema;
CREATE EXTENSION concurrency;
