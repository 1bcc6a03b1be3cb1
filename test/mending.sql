-- What the tests of audit() share: they include this file.
\set ECHO none
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on

-- What audit says of tables, and of the roles and the database of the tests: others are none of their business.
CREATE VIEW ours AS
	SELECT * FROM concurrency.audit()
	 WHERE table_name IS NOT NULL OR problem ~ 'regress_(by|may)|^everybody may set' OR problem LIKE '%everybody in database ' || quote_ident(current_database());
\set audit 'SELECT severity, table_name, column_name, problem, mend FROM ours WHERE table_name IS NOT NULL ORDER BY table_name::text COLLATE "C", column_name, problem COLLATE "C";'

-- Runs what audit proposes, and tells of every attachment that it begins, ends or changes an option of; then nothing
-- must be left to propose.
CREATE FUNCTION mend() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	mend text;
	attached CONSTANT text := $sql$
		SELECT table_name::text, column_name::text, option.key, option.value
		  FROM concurrency.attachments a, jsonb_each_text(to_jsonb(a) - '{table_name,column_name}'::text[]) AS option$sql$;
BEGIN
	EXECUTE 'CREATE TEMP TABLE before AS ' || attached;
	FOR mend IN SELECT o.mend FROM ours o WHERE o.mend IS NOT NULL ORDER BY o.table_name::text COLLATE "C", o.problem COLLATE "C" LOOP
		EXECUTE mend;
	END LOOP;
	EXECUTE 'CREATE TEMP TABLE after AS ' || attached;
	RETURN QUERY
		SELECT format('%s.%s: %s', table_name, column_name,
					  CASE WHEN count(b.key) = 0 THEN 'attached'
						   WHEN count(a.key) = 0 THEN 'not attached any more'
						   ELSE string_agg(format('%s was %s, is %s', key, coalesce(b.value, 'null'), coalesce(a.value, 'null')), ', ' ORDER BY key) END)
		  FROM before b FULL JOIN after a USING (table_name, column_name, key)
		 WHERE a IS NULL OR b IS NULL OR a.value IS DISTINCT FROM b.value
		 GROUP BY table_name, column_name ORDER BY table_name, column_name;
	DROP TABLE before, after;
	RETURN QUERY SELECT concat_ws(': ', 'still there', table_name, problem) FROM ours WHERE ours.mend IS NOT NULL;
END
$$;
\set ECHO all
