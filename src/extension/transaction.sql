--
-- What a transaction may say of its own writes.
--
CREATE FUNCTION concurrency.skip_check(table_name regclass DEFAULT NULL, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.skip_check(regclass, boolean) IS
'until the end of the transaction, the owner''s writes to the table, or to all of the owner''s tables, are not checked; they still bump';

CREATE FUNCTION concurrency.skip_bump(table_name regclass DEFAULT NULL, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.skip_bump(regclass, boolean) IS
'until the end of the transaction, the owner''s writes to the table, or to all of the owner''s tables, leave versions as they are; they are still checked';

CREATE FUNCTION concurrency.expect(table_name regclass, version anycompatible, column_name name DEFAULT 'version')
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.expect(regclass, anycompatible, name) IS
'until the end of the transaction, every row of the table that the current user updates or deletes must be at this version; null ends it';

