--
-- How often writes were refused, or let through on purpose: in shared memory, since the
-- server was started.
--
CREATE FUNCTION concurrency.trigger_statistics(
	OUT trigger_oid oid,
	OUT conflicts bigint,
	OUT skipped bigint,
	OUT warned bigint,
	OUT handled bigint,
	OUT blind_warned bigint,
	OUT blind_refused bigint,
	OUT edit_refused bigint,
	OUT bypassed bigint,
	OUT last_conflict timestamptz,
	OUT stats_reset timestamptz)
RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 100
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.trigger_statistics() IS
'what was counted of each version trigger whose table the caller has any privilege on; without one, of all that had no room: of what statistics is made';

CREATE VIEW concurrency.statistics AS
SELECT v.table_oid::regclass AS table_name,
	   v.column_name,
	   s.conflicts,
	   s.skipped,
	   s.warned,
	   s.handled,
	   s.blind_warned,
	   s.blind_refused,
	   s.edit_refused,
	   s.bypassed,
	   s.last_conflict,
	   s.stats_reset
  FROM concurrency.trigger_statistics() s
  LEFT JOIN concurrency.version_triggers() v ON v.trigger_oid = s.trigger_oid;

COMMENT ON VIEW concurrency.statistics IS
'how often writes of attached tables were refused, or let through on purpose, since the server was started or they were reset';
COMMENT ON COLUMN concurrency.statistics.table_name IS 'the attached table; null: all those that had no room';
COMMENT ON COLUMN concurrency.statistics.column_name IS 'the version column';
COMMENT ON COLUMN concurrency.statistics.conflicts IS 'stale writes, whatever became of them';
COMMENT ON COLUMN concurrency.statistics.skipped IS 'those of them that were left out';
COMMENT ON COLUMN concurrency.statistics.warned IS 'those of them that went through with a warning';
COMMENT ON COLUMN concurrency.statistics.handled IS 'those of them that a handler decided';
COMMENT ON COLUMN concurrency.statistics.blind_warned IS 'blind writes that went through with a warning';
COMMENT ON COLUMN concurrency.statistics.blind_refused IS 'blind writes that were refused';
COMMENT ON COLUMN concurrency.statistics.edit_refused IS 'writes that were refused because somebody else edited the row';
COMMENT ON COLUMN concurrency.statistics.bypassed IS 'stale writes that skip_check let pass; not counted as conflicts';
COMMENT ON COLUMN concurrency.statistics.last_conflict IS 'when the last conflict was';
COMMENT ON COLUMN concurrency.statistics.stats_reset IS 'when they were reset; null: never';

CREATE FUNCTION concurrency.recent_conflicts()
RETURNS TABLE ("time" timestamptz, table_name regclass, column_name name, role_name name,
			   application_name text, sqlstate text, done text)
LANGUAGE c VOLATILE ROWS 100
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.recent_conflicts() IS
'the last hundred writes that were refused, or let through on purpose, the newest first, of tables that the caller owns';

CREATE FUNCTION concurrency.reset_statistics(table_name regclass DEFAULT NULL)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.reset_statistics(regclass) IS
'has the statistics of a table, or of all of this database, begin anew';
