--
-- What is wrong, in one answer.  No table but the catalogs is opened, no lock is
-- waited for, and nothing is called that is a table owner's.
--
-- What lets roles pass by: settings of roles, of databases and of the server, and who
-- may set them.
CREATE VIEW concurrency.audit_roles WITH (security_invoker) AS
SELECT CASE WHEN setting.name = 'concurrency.editor' THEN 'warning'
			WHEN setting.name = 'session_replication_role' OR setting.value NOT IN ('allow', 'warn') THEN 'error'
			WHEN setting.value = 'allow' AND r.rolname IS NULL THEN 'warning'
			ELSE 'notice' END AS severity,
	   concat('with ', setting.name, '=', setting.value,
			  CASE WHEN setting.name = 'session_replication_role' THEN ', no trigger fires for '
				   WHEN setting.name = 'concurrency.editor' THEN ', sessions that do not set it are one editor, for '
				   WHEN setting.value IN ('allow', 'warn') THEN ', no blind write is refused to '
				   ELSE ', which is no valid value, every write is refused to ' END,
			  coalesce('role ' || quote_ident(r.rolname), 'everybody'), ' in database ' || quote_ident(d.datname)) AS problem,
	   CASE WHEN r.rolname IS NULL AND d.datname IS NULL THEN format('ALTER ROLE ALL RESET %s;', setting.name)
			WHEN r.rolname IS NULL THEN format('ALTER DATABASE %I RESET %s;', d.datname, setting.name)
			ELSE concat(format('ALTER ROLE %I', r.rolname), ' IN DATABASE ' || quote_ident(d.datname),
						format(' RESET %s;', setting.name)) END AS mend
  FROM pg_db_role_setting s
  LEFT JOIN pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_database d ON d.oid = s.setdatabase
 CROSS JOIN unnest(s.setconfig) AS line
 CROSS JOIN LATERAL (SELECT lower(split_part(line, '=', 1)) AS name,
							substr(line, strpos(line, '=') + 1) AS value) AS setting
 WHERE (setting.name = 'session_replication_role' AND lower(setting.value) = 'replica'
		OR setting.name = 'concurrency.blind_writes' AND setting.value NOT IN ('table', 'reject')
		-- (a role's own is no more than another name for it)
		OR setting.name = 'concurrency.editor' AND setting.value <> '' AND r.rolname IS NULL)
   AND (d.datname IS NULL OR d.datname = current_database());

COMMENT ON VIEW concurrency.audit_roles IS
'of audit(): roles and databases whose settings let writes pass, or refuse them all';

CREATE VIEW concurrency.audit_server WITH (security_invoker) AS
SELECT CASE WHEN s.name = 'session_replication_role' OR s.setting NOT IN ('allow', 'warn') THEN 'error'
			WHEN s.setting = 'allow' THEN 'warning'
			ELSE 'notice' END AS severity,
	   format('with %s=%s, which the %s says, ', s.name, s.setting, s.source) ||
	   CASE WHEN s.name = 'session_replication_role' THEN 'no trigger fires for anybody'
			WHEN s.setting IN ('allow', 'warn') THEN 'no blind write is refused to anybody'
			ELSE 'which is no valid value, every write is refused to everybody' END AS problem,
	   CASE s.source WHEN 'configuration file'
			THEN format('ALTER SYSTEM SET %s = %L; -- then pg_reload_conf()', s.name, s.boot_val) END AS mend
  FROM pg_settings s
 WHERE s.source NOT IN ('default', 'database', 'user', 'database user', 'client', 'session')
   AND (s.name = 'session_replication_role' AND s.setting = 'replica'
		OR s.name = 'concurrency.blind_writes' AND s.setting NOT IN ('table', 'reject'));

COMMENT ON VIEW concurrency.audit_server IS
'of audit(): what the server''s configuration says, where it lets writes pass, or refuses them all';

CREATE VIEW concurrency.audit_grants WITH (security_invoker) AS
SELECT 'notice' AS severity,
	   concat(coalesce('role ' || quote_ident(r.rolname), 'everybody'), ' may set ', p.parname,
			  CASE p.parname WHEN 'session_replication_role' THEN ', with which no trigger fires'
							 ELSE ', with which no blind write is refused' END) AS problem,
	   format('REVOKE SET ON PARAMETER %s FROM %s;', p.parname, coalesce(quote_ident(r.rolname), 'PUBLIC')) AS mend
  FROM pg_parameter_acl p
 CROSS JOIN LATERAL aclexplode(p.paracl) AS acl
  LEFT JOIN pg_roles r ON r.oid = acl.grantee
 WHERE p.parname IN ('session_replication_role', 'concurrency.blind_writes')
   AND acl.privilege_type = 'SET' AND r.rolsuper IS NOT TRUE;

COMMENT ON VIEW concurrency.audit_grants IS
'of audit(): who may set what lets writes pass';

-- (jit: to compile the plan takes longer than to run it)
CREATE FUNCTION concurrency.audit()
RETURNS TABLE (severity text, table_name regclass, column_name name, problem text, mend text)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
	WITH of_tables AS MATERIALIZED (
		SELECT * FROM (SELECT * FROM concurrency.audit_refusals
					   UNION ALL SELECT * FROM concurrency.audit_disabled
					   UNION ALL SELECT * FROM concurrency.audit_events
					   UNION ALL SELECT * FROM concurrency.audit_twins
					   UNION ALL SELECT * FROM concurrency.audit_later_triggers
					   UNION ALL SELECT * FROM concurrency.audit_earlier_triggers
					   UNION ALL SELECT * FROM concurrency.audit_left_out_rows
					   UNION ALL SELECT * FROM concurrency.audit_children
					   UNION ALL SELECT * FROM concurrency.audit_unattached
					   UNION ALL SELECT * FROM concurrency.audit_nullable
					   UNION ALL SELECT * FROM concurrency.audit_defaults
					   UNION ALL SELECT * FROM concurrency.audit_smallint
					   UNION ALL SELECT * FROM concurrency.audit_protocols
					   UNION ALL SELECT * FROM concurrency.audit_column_uses) AS found
		 ORDER BY table_oid, column_name)
	SELECT severity, table_oid::regclass, column_name, problem, mend
	  FROM of_tables
	 -- (null where the table was dropped meanwhile: it is asked of what was found in the end)
	 WHERE pg_table_is_visible(table_oid) IS NOT NULL
	 UNION ALL
	SELECT severity, NULL, NULL, problem, mend
	  FROM (SELECT * FROM concurrency.audit_roles
			 UNION ALL SELECT * FROM concurrency.audit_server
			 UNION ALL SELECT * FROM concurrency.audit_grants) AS of_roles;
$$;

COMMENT ON FUNCTION concurrency.audit() IS
'what keeps versions from being checked, or clients from working, with SQL that mends it';
