--
-- Types for version columns, which auto_attach knows.  Each has a DEFAULT that
-- is computed once per statement, and no constraint, so that adding such a
-- column does not rewrite the table.
--
CREATE DOMAIN concurrency.version AS bigint DEFAULT 1;
COMMENT ON DOMAIN concurrency.version IS
'version column of kind "counter"';

CREATE DOMAIN concurrency.clock_version AS bigint
	DEFAULT (EXTRACT(epoch FROM now()) * 1000000)::bigint;
COMMENT ON DOMAIN concurrency.clock_version IS
'version column of kind "clock": microseconds since 1970-01-01 UTC';

CREATE FUNCTION concurrency.version_kinds(
	for_type regtype DEFAULT NULL,
	OUT kind text,
	OUT column_type regtype,
	OUT is_default boolean,
	OUT column_default text,
	OUT protocol text)
RETURNS SETOF record
LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE ROWS 7
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.version_kinds(regtype) IS
'the kinds of version column, with the types that each can use; only those that suit a type if one is given';

