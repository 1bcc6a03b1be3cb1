--
-- What is wrong with columns: a view a rule, all with the columns that audit() has, in
-- its order.
--
-- Inheritance children whose rows nobody checks.
CREATE VIEW concurrency.audit_children WITH (security_invoker) AS
SELECT 'error' AS severity, c.oid AS table_oid, v.column_name,
	   format('the table inherits from %s, but is not attached: its rows are not checked', concurrency.sql_name(v.table_oid)) AS problem,
	   format('SELECT concurrency.attach(%L, %L);', concurrency.sql_name(v.table_oid), v.column_name) AS mend
  FROM concurrency.version_triggers() v
  JOIN pg_inherits i ON i.inhparent = v.table_oid
  JOIN pg_class c ON c.oid = i.inhrelid AND NOT c.relispartition AND NOT pg_is_other_temp_schema(c.relnamespace)
 WHERE v.column_number IS NOT NULL
   AND NOT EXISTS (SELECT FROM concurrency.version_triggers() child
					WHERE child.table_oid = c.oid AND child.column_name = v.column_name);

COMMENT ON VIEW concurrency.audit_children IS
'of audit(): inheritance children that are not attached as their parent is';

CREATE VIEW concurrency.audit_unattached WITH (security_invoker) AS
SELECT 'warning' AS severity, a.attrelid AS table_oid, a.attname AS column_name,
	   format('the column is of type %s, but not attached: no write is checked', a.atttypid::regtype) AS problem,
	   format('SELECT concurrency.attach(%L, %L);', concurrency.sql_name(a.attrelid), a.attname) AS mend
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f')
 WHERE a.attnum > 0 AND a.attislocal AND a.attinhcount = 0 AND NOT pg_is_other_temp_schema(c.relnamespace)
   AND a.atttypid IN ('concurrency.version'::regtype, 'concurrency.clock_version'::regtype)
   AND NOT EXISTS (SELECT FROM concurrency.version_triggers() v
					WHERE v.table_oid = a.attrelid AND v.column_name = a.attname);

COMMENT ON VIEW concurrency.audit_unattached IS
'of audit(): columns of our types that no trigger keeps';

-- Version columns as the catalogs have them, partitions' included.
CREATE VIEW concurrency.version_columns WITH (security_invoker) AS
SELECT v.*, c.relkind, a.atttypid, a.attnotnull
  FROM concurrency.version_triggers() v
  JOIN pg_class c ON c.oid = v.table_oid AND c.relkind IN ('r', 'p', 'f')
  JOIN pg_attribute a ON a.attrelid = v.table_oid AND a.attnum = v.column_number;

COMMENT ON VIEW concurrency.version_columns IS
'attached columns with what the catalogs say of them: of what audit() is made';

-- Rows without a version get one behind the triggers' backs, so that nothing else
-- is bumped or refused; each trigger then fires as before.  In one statement: another
-- session's writes never meet triggers that are disabled, and an error leaves none so.
CREATE VIEW concurrency.audit_nullable WITH (security_invoker) AS
SELECT 'notice' AS severity, n.table_oid, n.column_name, 'the column may be null' AS problem,
	   format('DO %L;', concat_ws(' ', 'BEGIN', tree.disable,
				 format('UPDATE %1$s SET %2$I = %3$s WHERE %2$I IS NULL;', concurrency.sql_name(n.table_oid), n.column_name, n.column_default),
				 'SET CONSTRAINTS ALL IMMEDIATE;', tree.enable,
				 format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', concurrency.sql_name(n.table_oid), n.column_name), 'END')) AS mend
  FROM concurrency.version_columns n
 CROSS JOIN LATERAL (
	WITH RECURSIVE below(relid) AS (
		SELECT n.table_oid
		 UNION
		SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.relid)
	SELECT string_agg(format('ALTER TABLE ONLY %s DISABLE TRIGGER %I;', concurrency.sql_name(v.table_oid), v.trigger_name), ' '
					  ORDER BY v.table_oid, v.trigger_name) AS disable,
		   string_agg(format('ALTER TABLE ONLY %s ENABLE %sTRIGGER %I;', concurrency.sql_name(v.table_oid),
							 CASE v.enabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' END, v.trigger_name), ' '
					  ORDER BY v.table_oid, v.trigger_name) AS enable
	  FROM below CROSS JOIN LATERAL concurrency.version_triggers(below.relid) v
	 WHERE v.enabled <> 'D') AS tree
 WHERE NOT n.is_clone AND n.relkind <> 'f' AND n.column_default IS NOT NULL AND NOT n.attnotnull
   -- said of its parent
   AND NOT EXISTS (SELECT FROM pg_inherits i
					 JOIN concurrency.version_columns parent ON parent.table_oid = i.inhparent
					WHERE i.inhrelid = n.table_oid AND parent.column_name = n.column_name AND NOT parent.attnotnull);

COMMENT ON VIEW concurrency.audit_nullable IS
'of audit(): columns that may be null';

CREATE FUNCTION concurrency.column_default(
	table_oid oid, column_name name, OUT is_there boolean, OUT is_constant boolean)
LANGUAGE c STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.column_default(oid, name) IS
'whether a column or its domain has a default, and whether that is a constant';

-- New rows have no version, or the same one each time.  What partitions have from their
-- parent is said once, and mended from there.
CREATE VIEW concurrency.audit_defaults WITH (security_invoker) AS
SELECT CASE WHEN has.is_there THEN 'error' ELSE 'warning' END AS severity, c.table_oid, c.column_name,
	   CASE WHEN has.is_there
			THEN format('the column''s default is a constant, for kind "%s": a row that is inserted again has an old version', c.kind)
			ELSE 'the column has no default, and the trigger is not for INSERT: new rows have no version' END AS problem,
	   format('ALTER TABLE %s%s ALTER COLUMN %I SET DEFAULT %s;', CASE WHEN has.is_there AND c.relkind <> 'p' THEN 'ONLY ' END,
			  concurrency.sql_name(c.table_oid), c.column_name, c.column_default) AS mend
  FROM concurrency.version_columns c
 CROSS JOIN LATERAL concurrency.column_default(c.table_oid, c.column_name) AS has
 WHERE c.column_default IS NOT NULL
   AND CASE WHEN has.is_there THEN has.is_constant AND c.kind <> 'counter'
			ELSE NOT c.is_clone AND NOT EXISTS (SELECT FROM concurrency.version_triggers(c.table_oid) v
												 WHERE v.column_name = c.column_name AND v.stamp_insert) END
   AND NOT (c.is_clone AND (SELECT parent.is_constant
							  FROM pg_inherits i
							 CROSS JOIN LATERAL concurrency.column_default(i.inhparent, c.column_name) AS parent
							 WHERE i.inhrelid = c.table_oid));

COMMENT ON VIEW concurrency.audit_defaults IS
'of audit(): columns that lack a default, or have one that repeats versions';

CREATE FUNCTION concurrency.column_origin(table_oid oid, column_name name)
RETURNS regclass
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.column_origin(oid, name) IS
'the topmost table from which a column is inherited, or the table itself: where its type can be altered';

CREATE VIEW concurrency.audit_smallint WITH (security_invoker) AS
SELECT 'notice' AS severity, c.table_oid, c.column_name,
	   'a smallint starts again at 1 after 32767 writes of a row: an old version may fit again' AS problem,
	   -- (the columns of a row type, and of two parents of one child, cannot be altered so)
	   CASE WHEN t.reloftype = 0
			 AND NOT EXISTS (SELECT FROM pg_inherits i
							   JOIN pg_attribute a ON a.attrelid = i.inhrelid AND a.attname = c.column_name AND a.attinhcount > 1
							  WHERE i.inhparent = c.table_oid)
			THEN format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint;',
						concurrency.sql_name(concurrency.column_origin(c.table_oid, c.column_name)), c.column_name) END AS mend
  FROM concurrency.version_columns c
  JOIN pg_class t ON t.oid = c.table_oid
 CROSS JOIN LATERAL concurrency.version_kinds(c.atttypid) AS k
 WHERE NOT c.is_clone AND k.is_default AND k.column_type = 'smallint'::regtype
   -- said of its parent
   AND NOT EXISTS (SELECT FROM pg_inherits i
					 JOIN concurrency.version_triggers() parent ON parent.table_oid = i.inhparent
					WHERE i.inhrelid = c.table_oid AND parent.column_name = c.column_name);

COMMENT ON VIEW concurrency.audit_smallint IS
'of audit(): columns whose versions come again soon';

CREATE VIEW concurrency.audit_protocols WITH (security_invoker) AS
SELECT 'warning' AS severity, v.table_oid, v.column_name,
	   format('no client can send an increment of kind "%s", which protocol "increment" asks for', v.kind) AS problem,
	   format('SELECT concurrency.attach(%L, %L, protocol => '''');', concurrency.sql_name(v.table_oid), v.column_name) AS mend
  FROM concurrency.version_triggers() v
 WHERE NOT v.is_clone AND v.protocol = 'increment' AND v.kind IN ('xact', 'uuid') AND v.column_default IS NOT NULL;

COMMENT ON VIEW concurrency.audit_protocols IS
'of audit(): protocols that no client can follow';

-- Partitions have their keys and indexes from their parent: those are said once.
CREATE VIEW concurrency.audit_column_uses WITH (security_invoker) AS
SELECT u.severity, v.root_table_oid AS table_oid, v.column_name,
	   'the column is more than a version: ' ||
	   string_agg(DISTINCT format('%s (%s)', u.what, u.consequence), ', ') AS problem,
	   CASE WHEN u.severity = 'error' THEN format('SELECT concurrency.detach(%L, %L);', concurrency.sql_name(v.root_table_oid), v.column_name) END AS mend
  FROM concurrency.version_triggers() v
  JOIN concurrency.column_uses u ON u.table_oid = v.table_oid AND u.column_number = v.column_number
 WHERE NOT (u.is_inherited AND v.is_clone)
 GROUP BY u.severity, v.root_table_oid, v.column_name;

COMMENT ON VIEW concurrency.audit_column_uses IS
'of audit(): version columns that are something else, too';
