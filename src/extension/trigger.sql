--
-- The trigger.
--
CREATE FUNCTION concurrency.version_trigger()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.version_trigger() IS
'keeps a version column: bumps it on every write, and refuses a write that is based on an old version; arguments: column, then option=value';

CREATE FUNCTION concurrency.check_trigger_arguments(table_name regclass, arguments text[])
RETURNS void
LANGUAGE c STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.check_trigger_arguments(regclass, text[]) IS
'raises the error that a version trigger with these arguments would raise at the table''s next write or conflict';

