--
-- Is what was read still so?
--
CREATE FUNCTION concurrency.is_current(
	table_name regclass, key jsonb, version anycompatible, column_name name DEFAULT 'version')
RETURNS boolean
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.is_current(regclass, jsonb, anycompatible, name) IS
'whether the row with this primary key is there, and at this version';

CREATE FUNCTION concurrency.assert_current(
	table_name regclass, key jsonb, version anycompatible, column_name name DEFAULT 'version')
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.assert_current(regclass, jsonb, anycompatible, name) IS
'locks the row with this primary key FOR NO KEY UPDATE, and raises the conflict if it is not at this version; a later write of it is then not blind';

