-- Section 11, audit: roles that pass by, and who may.
\getenv abs_srcdir PG_ABS_SRCDIR
\set mending :abs_srcdir '/test/mending.sql'
\i :mending

-- Roles that pass by: in this database, everywhere, and everybody in this database; not elsewhere.
CREATE ROLE regress_bypass;
CREATE ROLE "regress_by, pass";
SELECT format('ALTER ROLE regress_bypass IN DATABASE %I SET session_replication_role = ''Replica''', current_database()) AS in_database,
	   format('ALTER DATABASE %I SET concurrency.blind_writes = ''warn''', current_database()) AS everybody,
	   format('ALTER DATABASE %I SET concurrency.editor = ''the application''', current_database()) AS one_editor,
	   format('ALTER DATABASE %I SET session_replication_role = ''local''', current_database()) AS harmless,
	   format('ALTER DATABASE %I RESET session_replication_role', current_database()) AS harmless_no_more \gset
\o /dev/null
\set ECHO none
:in_database;
:everybody;
:one_editor;
:harmless;
\set ECHO all
\o
ALTER ROLE "regress_by, pass" SET concurrency.blind_writes = 'allow';
ALTER ROLE "regress_by, pass" SET concurrency.editor = 'one of its own';
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

-- Who may pass by, by a grant
CREATE ROLE "regress_may, set";
GRANT SET ON PARAMETER session_replication_role, concurrency.blind_writes TO "regress_may, set";
GRANT SET ON PARAMETER concurrency.blind_writes TO PUBLIC;
GRANT ALTER SYSTEM ON PARAMETER concurrency.blind_writes TO "regress_may, set";
SELECT severity, problem, mend FROM ours ORDER BY problem COLLATE "C";
SELECT mend();
REVOKE ALL ON PARAMETER session_replication_role, concurrency.blind_writes FROM "regress_may, set";
DROP ROLE "regress_may, set";

DROP ROLE regress_bypass;
DROP VIEW ours;
DROP FUNCTION mend;
