/* concurrency--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION concurrency" to load this file. \quit

--
-- The schema is a member of the extension: one that is there already is refused, and
-- nobody can have left anything in it.  privileges.sql, the last part, has the rest.
--
-- Here and in all parts, a string with a backslash is an E'': the whole script is read
-- before any of it runs, as standard_conforming_strings is then.
--
CREATE SCHEMA concurrency;
COMMENT ON SCHEMA concurrency IS
'optimistic locking: version columns, and the refusal of stale writes';

