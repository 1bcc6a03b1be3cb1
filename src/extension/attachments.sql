--
-- What is attached.  There is no table behind it: a trigger's arguments are
-- all the configuration that there is.
--
CREATE FUNCTION concurrency.version_triggers(
	for_table oid DEFAULT NULL,
	OUT trigger_oid oid,
	OUT root_oid oid,
	OUT root_table_oid oid,
	OUT is_clone boolean,
	OUT is_regular boolean,
	OUT table_oid oid,
	OUT trigger_name name,
	OUT column_name name,
	OUT column_number smallint,
	OUT kind text,
	OUT protocol text,
	OUT blind text,
	OUT on_conflict text,
	OUT watch text,
	OUT ignore text,
	OUT edits text,
	OUT guard_delete boolean,
	OUT stamp_insert boolean,
	OUT enabled "char",
	OUT column_default text)
RETURNS SETOF record
LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE ROWS 500
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.version_triggers(oid) IS
'every version trigger, or those of one table; those that partitions have from their parents included: of what attachments and audit are made';

CREATE VIEW concurrency.attachments AS
SELECT table_oid::regclass AS table_name,
	   column_name,
	   trigger_name,
	   kind,
	   protocol,
	   blind,
	   on_conflict,
	   watch,
	   ignore,
	   edits,
	   guard_delete,
	   stamp_insert,
	   CASE enabled
		   WHEN 'O' THEN 'origin'
		   WHEN 'A' THEN 'always'
		   WHEN 'R' THEN 'replica'
		   WHEN 'D' THEN 'disabled'
	   END AS enabled
  FROM concurrency.version_triggers()
 WHERE NOT is_clone;

COMMENT ON VIEW concurrency.attachments IS
'every version column that a trigger keeps, with the trigger''s options; partitions stand with their parent';
COMMENT ON COLUMN concurrency.attachments.table_name IS 'the table that the trigger was created on';
COMMENT ON COLUMN concurrency.attachments.column_name IS 'the version column';
COMMENT ON COLUMN concurrency.attachments.trigger_name IS 'the trigger''s name';
COMMENT ON COLUMN concurrency.attachments.kind IS 'how versions follow each other; null if the column is gone or of a type that suits no kind';
COMMENT ON COLUMN concurrency.attachments.protocol IS 'how writers say which version they read: auto, echo, increment or ignore; the kind''s own unless told otherwise';
COMMENT ON COLUMN concurrency.attachments.blind IS 'what happens to a write that does not say: allow, warn or reject';
COMMENT ON COLUMN concurrency.attachments.on_conflict IS 'what happens to a stale write: error, skip, warn or call=schema.function';
COMMENT ON COLUMN concurrency.attachments.watch IS 'only a change of these columns bumps; null: see ignore';
COMMENT ON COLUMN concurrency.attachments.ignore IS 'a change of only these columns does not bump; null, with watch null too: every write bumps';
COMMENT ON COLUMN concurrency.attachments.edits IS 'what happens to a write of a row that somebody else edits exclusively: ignore, warn or refuse';
COMMENT ON COLUMN concurrency.attachments.guard_delete IS 'are deletes checked, too?';
COMMENT ON COLUMN concurrency.attachments.stamp_insert IS 'does the trigger give inserted rows their first version, or only the column''s default?';
COMMENT ON COLUMN concurrency.attachments.enabled IS 'when the trigger fires: origin (as usual), always, replica, or disabled';

