-- Section 11: the schema belongs to the bootstrap superuser, and nobody can have prepared it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;

-- as installed: owned by the bootstrap superuser, USAGE for all, CREATE for nobody else
SELECT nspowner, nspacl::text ~ '=U/' AS usage_for_all,
	   (SELECT count(*) FROM aclexplode(nspacl) WHERE grantee <> nspowner AND privilege_type <> 'USAGE') AS others
  FROM pg_namespace WHERE nspname = 'concurrency';

-- every object has a comment, is owned by the bootstrap superuser, and runs with the caller's rights
SELECT pg_describe_object(classid, objid, 0) AS "without comment"
  FROM pg_depend
 WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'concurrency')
   AND classid IN ('pg_proc'::regclass, 'pg_class'::regclass)
   AND obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL;
SELECT attname AS "column without comment"
  FROM pg_attribute
 WHERE attrelid = 'concurrency.attachments'::regclass AND attnum > 0
   AND col_description(attrelid, attnum) IS NULL;
SELECT oid::regprocedure AS "with somebody else's rights, or an open search_path"
  FROM pg_proc
 WHERE pronamespace = 'concurrency'::regnamespace
   AND (prosecdef OR proowner <> 10
		OR prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
		   AND proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}');

-- the names of the schema's columns and functions are what users type
SELECT proname, pg_get_function_identity_arguments(oid)
  FROM pg_proc WHERE pronamespace = 'concurrency'::regnamespace ORDER BY 1;

DROP EXTENSION concurrency;

-- the empty schema that is left can be used again, and no other can be asked for
CREATE SCHEMA elsewhere;
CREATE EXTENSION concurrency SCHEMA elsewhere;
CREATE EXTENSION concurrency;
DROP EXTENSION concurrency;
DROP SCHEMA elsewhere, concurrency;

CREATE ROLE regress_dbowner;
CREATE ROLE regress_creator;
CREATE ROLE regress_stranger;
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I OWNER TO regress_dbowner', current_database());
	EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_creator, regress_stranger', current_database());
END
$$;

-- A stranger left a function that takes the calls of those who leave out a cast.
SET ROLE regress_stranger;
CREATE SCHEMA concurrency;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
RESET ROLE;
CREATE EXTENSION concurrency;
-- ... or, after the extension would be there, could leave one, or drop the schema
DROP FUNCTION concurrency.attach;
CREATE EXTENSION concurrency;
SET ROLE regress_dbowner;
CREATE EXTENSION concurrency;
RESET ROLE;
DROP SCHEMA concurrency;

-- The database's owner made the schema, and let a stranger, or everybody, in.
SET ROLE regress_dbowner;
CREATE SCHEMA concurrency;
GRANT CREATE ON SCHEMA concurrency TO regress_stranger;
CREATE EXTENSION concurrency;
REVOKE CREATE ON SCHEMA concurrency FROM regress_stranger;
GRANT CREATE ON SCHEMA concurrency TO PUBLIC;
CREATE EXTENSION concurrency;
REVOKE CREATE ON SCHEMA concurrency FROM PUBLIC;

-- Whatever it holds, a schema that is not empty is refused.
CREATE TYPE concurrency.t AS (a int);
CREATE EXTENSION concurrency;
DROP TYPE concurrency.t;
ALTER DEFAULT PRIVILEGES IN SCHEMA concurrency GRANT ALL ON FUNCTIONS TO regress_stranger;
CREATE EXTENSION concurrency;
ALTER DEFAULT PRIVILEGES IN SCHEMA concurrency REVOKE ALL ON FUNCTIONS FROM regress_stranger;
\set VERBOSITY sqlstate
CREATE TABLE concurrency.t ();
CREATE EXTENSION concurrency;
DROP TABLE concurrency.t;
GRANT CREATE ON SCHEMA concurrency TO regress_stranger;
CREATE EXTENSION concurrency;
REVOKE CREATE ON SCHEMA concurrency FROM regress_stranger;
\set VERBOSITY default

-- An empty one of the database's owner's is taken over, so that it is safe from then on.
GRANT USAGE ON SCHEMA concurrency TO regress_stranger WITH GRANT OPTION;
CREATE EXTENSION concurrency;
SELECT nspowner, nspacl::text ~ '=U/' AS usage_for_all,
	   (SELECT count(*) FROM aclexplode(nspacl) WHERE grantee NOT IN (0, nspowner)) AS others
  FROM pg_namespace WHERE nspname = 'concurrency';
SET ROLE regress_stranger;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
DROP SCHEMA concurrency CASCADE;
SET ROLE regress_dbowner;
CREATE FUNCTION concurrency.attach(text) RETURNS name LANGUAGE sql AS $$ SELECT 'mine'::name $$;
DROP SCHEMA concurrency CASCADE;
DROP EXTENSION concurrency;
RESET ROLE;
DROP SCHEMA concurrency;

-- Whoever may install it without owning the database lets CREATE EXTENSION make the schema.
SET ROLE regress_creator;
CREATE SCHEMA concurrency;
CREATE EXTENSION concurrency;
DROP SCHEMA concurrency;
CREATE EXTENSION concurrency;
RESET ROLE;
SELECT nspowner FROM pg_namespace WHERE nspname = 'concurrency';

-- and everybody else may not
DROP EXTENSION concurrency;
DROP SCHEMA concurrency;
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
CREATE EXTENSION concurrency;
