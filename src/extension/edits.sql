--
-- Who edits which row now.  Unlogged: no WAL, in no publication and no dump; after a
-- crash or on another server there are none.  Written by the functions below, as its
-- owner; nobody else has a right to it.
--
CREATE UNLOGGED TABLE concurrency.leases (
	table_oid oid NOT NULL,
	row_key bytea NOT NULL,
	role_oid oid NOT NULL,
	editor text COLLATE "C" NOT NULL,
	exclusive boolean NOT NULL,
	since timestamptz NOT NULL,
	expires timestamptz NOT NULL,
	lease interval NOT NULL,
	key jsonb NOT NULL,
	PRIMARY KEY (row_key, role_oid, editor));
CREATE INDEX leases_row_key ON concurrency.leases USING hash (row_key);
CREATE INDEX leases_table_oid ON concurrency.leases (table_oid);
CREATE INDEX leases_expires ON concurrency.leases (expires);

COMMENT ON TABLE concurrency.leases IS
'edits as they are stored: read the view edits, and write by begin_edit, end_edit and break_edits';

CREATE FUNCTION concurrency.begin_edit(
	table_name regclass,
	key jsonb,
	exclusive boolean DEFAULT NULL,
	lease interval DEFAULT NULL,
	column_name name DEFAULT 'version',
	OUT granted boolean,
	OUT renewed boolean,
	OUT editor text,
	OUT exclusive boolean,
	OUT since timestamptz,
	OUT expires timestamptz,
	OUT version text)
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.begin_edit(regclass, jsonb, boolean, interval, name) IS
'begins one''s own edit of the row with this primary key, or renews it; where somebody else''s stands in the way, tells of that';

CREATE FUNCTION concurrency.end_edit(table_name regclass, key jsonb)
RETURNS boolean
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.end_edit(regclass, jsonb) IS
'ends one''s own edit of the row with this primary key; whether there was one';

CREATE FUNCTION concurrency.break_edits(table_name regclass, key jsonb DEFAULT NULL)
RETURNS bigint
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.break_edits(regclass, jsonb) IS
'for the table''s owner: ends everybody''s edits of the row with this primary key, or of all rows; how many there were';

-- Whose rows may the reader see?  Those of a table whose key he may SELECT, and that
-- has no row security for him; and one's own.
CREATE VIEW concurrency.edits WITH (security_barrier) AS
SELECT l.table_oid::regclass AS table_name,
	   l.key,
	   l.editor,
	   pg_get_userbyid(l.role_oid) AS role_name,
	   l.exclusive,
	   l.since,
	   l.expires,
	   l.expires - clock_timestamp() AS remaining
  FROM concurrency.leases l
  JOIN pg_class c ON c.oid = l.table_oid
 WHERE l.expires > clock_timestamp()
   AND (pg_get_userbyid(l.role_oid) = current_user
		AND l.editor = coalesce(nullif(current_setting('concurrency.editor', true), ''), current_user)
		OR NOT row_security_active(c.oid)
		AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
		AND NOT EXISTS (SELECT FROM pg_index i
						 CROSS JOIN LATERAL unnest(i.indkey::int2[]) AS k(attnum)
						 WHERE i.indrelid = c.oid AND i.indisprimary
						   AND NOT has_column_privilege(c.oid, k.attnum, 'SELECT')));

COMMENT ON VIEW concurrency.edits IS
'who edits which row now, as far as the reader may see the rows'' keys';
COMMENT ON COLUMN concurrency.edits.table_name IS 'the table, or the topmost partitioned one';
COMMENT ON COLUMN concurrency.edits.key IS 'the row''s primary key, as begin_edit takes it: a bare value of one column, an object of several';
COMMENT ON COLUMN concurrency.edits.editor IS 'who edits: concurrency.editor, or the role';
COMMENT ON COLUMN concurrency.edits.role_name IS 'the role whose session has begun the edit';
COMMENT ON COLUMN concurrency.edits.exclusive IS 'may nobody else edit, or write, the row meanwhile?';
COMMENT ON COLUMN concurrency.edits.since IS 'when it began';
COMMENT ON COLUMN concurrency.edits.expires IS 'when it ends, unless it is renewed';
COMMENT ON COLUMN concurrency.edits.remaining IS 'how long that is from now';
