--
-- Attaching tables.  Everything runs with the caller's rights: what the caller
-- may not do to a table, PostgreSQL itself refuses.
--
CREATE FUNCTION concurrency.attach(
	table_name regclass,
	column_name name DEFAULT 'version',
	kind text DEFAULT NULL,
	protocol text DEFAULT NULL,
	blind text DEFAULT NULL,
	on_conflict text DEFAULT NULL,
	watch text DEFAULT NULL,
	ignore text DEFAULT NULL,
	edits text DEFAULT NULL,
	guard_delete boolean DEFAULT NULL,
	stamp_insert boolean DEFAULT NULL,
	add_column boolean DEFAULT true)
RETURNS name
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.attach(regclass, name, text, text, text, text, text, text, text, boolean, boolean, boolean) IS
'protects a table: adds the version column where it is missing, and creates the trigger that keeps it, or changes the options that are named; returns the trigger''s name';

CREATE FUNCTION concurrency.detach(table_name regclass, column_name name DEFAULT 'version')
RETURNS void
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.detach(regclass, name) IS
'ends the protection of a table: drops the trigger, keeps the version column';

CREATE FUNCTION concurrency.rename_column(table_name regclass, old name, new name)
RETURNS void
LANGUAGE c
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.rename_column(regclass, name, name) IS
'renames a version column, and has its trigger keep it, with every option';

