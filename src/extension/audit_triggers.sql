--
-- What is wrong with triggers: a view a rule, all with the columns that audit() has, in
-- its order.
--
CREATE FUNCTION concurrency.trigger_problem(trigger_oid oid, OUT problem text, OUT mend text)
LANGUAGE c STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.trigger_problem(oid) IS
'what a version trigger would refuse as it stands, and SQL that mends it; nulls if nothing';

-- What a trigger itself would refuse, at every write or at a conflict.  If its column
-- is gone (and is none of the system's), nothing was ever dropped, and one other column
-- could be it, that is its new name.  (A trigger that would be another one if it were
-- created anew is not renamed.)
CREATE VIEW concurrency.audit_refusals WITH (security_invoker) AS
SELECT 'error' AS severity, v.table_oid, v.column_name, refusal.problem,
	   coalesce((SELECT format('SELECT concurrency.rename_column(%L, %L, %L);',
							   concurrency.sql_name(v.table_oid), v.column_name, min(a.attname))
				   FROM pg_attribute a
				  WHERE v.column_number IS NULL AND v.column_name <> '' AND v.is_regular
					AND a.attrelid = v.table_oid AND a.attnum > 0 AND a.attgenerated = ''
					AND NOT EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = v.table_oid AND (o.attisdropped OR o.attname = v.column_name))
					AND EXISTS (SELECT FROM concurrency.version_kinds(a.atttypid) k
								 WHERE CASE WHEN v.kind IS NULL THEN k.is_default ELSE k.kind = v.kind END)
					AND NOT EXISTS (SELECT FROM concurrency.version_triggers(v.table_oid) o WHERE o.column_name = a.attname)
					AND NOT EXISTS (SELECT FROM concurrency.column_uses u
									 WHERE u.table_oid = v.table_oid AND u.column_number = a.attnum AND u.is_refused)
				 HAVING count(*) = 1),
				refusal.mend) AS mend
  FROM concurrency.version_triggers() v
 CROSS JOIN LATERAL concurrency.trigger_problem(v.trigger_oid) AS refusal
 WHERE NOT v.is_clone AND refusal.problem IS NOT NULL
   -- said of its parent, whose mend is for both
   AND NOT (v.column_number IS NULL AND EXISTS (
				SELECT FROM pg_inherits i CROSS JOIN LATERAL concurrency.version_triggers(i.inhparent) AS parent
				 WHERE i.inhrelid = v.table_oid AND parent.column_name = v.column_name AND parent.column_number IS NULL));

COMMENT ON VIEW concurrency.audit_refusals IS
'of audit(): triggers that refuse every write, or cannot handle a conflict';

-- Triggers that do not fire when they should; a partition's can differ from its parent's.
CREATE VIEW concurrency.audit_disabled WITH (security_invoker) AS
SELECT CASE v.enabled WHEN 'D' THEN 'error' ELSE 'warning' END AS severity, v.table_oid, v.column_name,
	   CASE v.enabled
		   WHEN 'D' THEN 'the trigger is disabled: no write is checked'
		   WHEN 'R' THEN 'the trigger fires only in replication: no other write is checked'
		   ELSE 'the trigger fires also in replication: what a publisher sends is judged as if a client had sent it'
	   END AS problem,
	   format('ALTER TABLE ONLY %s ENABLE TRIGGER %I;', concurrency.sql_name(v.table_oid), v.trigger_name) AS mend
  FROM concurrency.version_triggers() v
 WHERE v.enabled <> 'O';

COMMENT ON VIEW concurrency.audit_disabled IS
'of audit(): triggers that do not fire, or only or also in replication';

-- Triggers that do not fire for every row that is updated.  (That one is AFTER, or for
-- each statement, is a refusal.)
CREATE VIEW concurrency.audit_events WITH (security_invoker) AS
SELECT 'error' AS severity, v.table_oid, v.column_name,
	   CASE WHEN t.tgtype & 16 = 0 THEN 'the trigger is not for UPDATE: no update is checked'
			ELSE 'the trigger has a WHEN condition or a list of columns: not every update is checked' END AS problem,
	   format('SELECT concurrency.attach(%L, %L);', concurrency.sql_name(v.table_oid), v.column_name) AS mend
  FROM concurrency.version_triggers() v
  JOIN pg_trigger t ON t.oid = v.trigger_oid
 WHERE NOT v.is_clone AND NOT v.is_regular AND t.tgtype & 3 = 3 AND v.column_number IS NOT NULL;

COMMENT ON VIEW concurrency.audit_events IS
'of audit(): triggers that do not fire for every UPDATE';

-- Two triggers for one column: the last one stays, or that of a partition's parent.
-- Which of two that differ is meant, nobody but their owner knows.
CREATE VIEW concurrency.audit_twins WITH (security_invoker) AS
SELECT 'error' AS severity, twin.table_oid, twin.column_name,
	   format('two triggers keep the column%s: "%s" and "%s"',
			  CASE WHEN NOT is_same.it THEN ', with other options or in another state' END,
			  twin.trigger_name, stays.trigger_name) AS problem,
	   CASE WHEN is_same.it
			THEN format('DROP TRIGGER %I ON %s;', twin.trigger_name, concurrency.sql_name(twin.table_oid)) END AS mend
  FROM (SELECT v.*, count(*) OVER (PARTITION BY v.table_oid, v.column_name) AS triggers
		  FROM concurrency.version_triggers() v) AS twin
 CROSS JOIN LATERAL (
	SELECT * FROM concurrency.version_triggers(twin.table_oid) v
	 WHERE v.column_name = twin.column_name
	 ORDER BY v.is_clone DESC, v.trigger_name DESC LIMIT 1) AS stays
 CROSS JOIN LATERAL (
	SELECT (twin.is_regular, twin.kind, twin.protocol, twin.blind, twin.on_conflict, twin.watch, twin.ignore, twin.edits,
			twin.guard_delete, twin.stamp_insert, twin.enabled)
		   IS NOT DISTINCT FROM
		   (stays.is_regular, stays.kind, stays.protocol, stays.blind, stays.on_conflict, stays.watch, stays.ignore, stays.edits,
			stays.guard_delete, stays.stamp_insert, stays.enabled)) AS is_same(it)
 WHERE twin.triggers > 1 AND NOT twin.is_clone AND twin.trigger_name <> stays.trigger_name;

COMMENT ON VIEW concurrency.audit_twins IS
'of audit(): columns that two triggers keep';

-- Triggers of others that fire BEFORE UPDATE of the same rows, with ours.  Of two
-- that a partition has from its parent, the parent's are looked at.
CREATE VIEW concurrency.other_triggers WITH (security_invoker) AS
SELECT v.root_oid, v.root_table_oid, v.column_name, v.on_conflict, o.trigger_oid, o.trigger_name, o.is_builtin,
	   o.trigger_name > v.trigger_name AS is_later
  FROM concurrency.version_triggers() v
  JOIN concurrency.update_triggers o ON o.table_oid = v.table_oid
 WHERE NOT (o.is_clone AND v.is_clone);

COMMENT ON VIEW concurrency.other_triggers IS
'triggers of others that fire BEFORE UPDATE of the same rows as ours: of what audit() is made';

-- What fires later fires before ours if that has a name behind its own: "~" comes last
-- of ASCII, and as much of the other's name as is needed where that has one.
CREATE VIEW concurrency.audit_later_triggers WITH (security_invoker) AS
SELECT 'warning' AS severity, later.table_oid, later.column_name,
	   format('the trigger fires before %s, which may change what has been judged', later.names) AS problem,
	   (SELECT format('ALTER TRIGGER %I ON %s RENAME TO %I;', t.tgname, concurrency.sql_name(t.tgrelid), new.name)
		  FROM pg_trigger t
		 CROSS JOIN generate_series(0, 63) AS kept
		 CROSS JOIN CAST(left(later.last_name::text, kept) || '~' || t.tgname AS name) AS new(name)
		 WHERE t.oid = later.root_oid AND new.name > later.last_name
		   AND NOT EXISTS (SELECT FROM concurrency.version_triggers() v
							 JOIN pg_trigger other ON other.tgrelid = v.table_oid AND other.tgname = new.name
							WHERE v.root_oid = later.root_oid)
		 ORDER BY kept LIMIT 1) AS mend
  FROM (SELECT o.root_oid, o.root_table_oid AS table_oid, o.column_name, max(o.trigger_name) AS last_name,
			   string_agg(DISTINCT format('"%s"', o.trigger_name), ', ') AS names
		  FROM concurrency.other_triggers o
		 WHERE o.is_later
		 GROUP BY o.root_oid, o.root_table_oid, o.column_name) AS later;

COMMENT ON VIEW concurrency.audit_later_triggers IS
'of audit(): triggers of others that fire after ours';

-- One that a partition has from its parent is dropped there; one of which it is not
-- known, perhaps a history's, stays.
CREATE VIEW concurrency.audit_earlier_triggers WITH (security_invoker) AS
SELECT DISTINCT CASE found.verdict WHEN 'sets' THEN 'warning' ELSE 'notice' END AS severity,
	   o.root_table_oid AS table_oid, o.column_name,
	   CASE found.verdict
		   WHEN 'sets' THEN format('trigger "%s" sets the version before what the client sent can be checked: every stale write goes through', o.trigger_name)
		   ELSE format('the trigger fires after "%s": if that sets the version, it hides what the client sent', o.trigger_name)
	   END AS problem,
	   (WITH RECURSIVE up AS (
			SELECT oid, tgrelid, tgparentid FROM pg_trigger WHERE oid = o.trigger_oid
			 UNION ALL
			SELECT p.oid, p.tgrelid, p.tgparentid FROM pg_trigger p JOIN up ON p.oid = up.tgparentid)
		SELECT format('DROP TRIGGER %I ON %s;', o.trigger_name, concurrency.sql_name(up.tgrelid))
		  FROM up WHERE up.tgparentid = 0 AND found.verdict = 'sets') AS mend
  FROM concurrency.other_triggers o
 CROSS JOIN LATERAL concurrency.may_set_column(o.trigger_oid, o.column_name) AS found(verdict)
 WHERE NOT o.is_later AND found.verdict IS NOT NULL;

COMMENT ON VIEW concurrency.audit_earlier_triggers IS
'of audit(): triggers of others that set, or may set, the version before ours sees it';

-- What these have done stays done.  Nothing mends it: it is how BEFORE triggers are.
CREATE VIEW concurrency.audit_left_out_rows WITH (security_invoker) AS
SELECT 'notice' AS severity, o.root_table_oid AS table_oid, o.column_name,
	   format('on_conflict may leave a row out for which %s has fired already',
			  string_agg(DISTINCT format('"%s"', o.trigger_name), ', ')) AS problem,
	   NULL AS mend
  FROM concurrency.other_triggers o
 WHERE NOT o.is_later AND NOT o.is_builtin
   AND (o.on_conflict = 'skip' OR starts_with(o.on_conflict, 'call='))
 GROUP BY o.root_table_oid, o.column_name;

COMMENT ON VIEW concurrency.audit_left_out_rows IS
'of audit(): triggers of others that fire for rows that on_conflict leaves out';
