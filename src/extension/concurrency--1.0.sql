/* concurrency--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION concurrency" to load this file. \quit

--
-- The schema.  Tables' owners let the functions in it act for them, so nobody
-- may put a function beside ours, or have left one there: the schema must be
-- empty, and made by somebody who may do anything to this database anyway or
-- by this very CREATE EXTENSION.
--
DO $$
DECLARE
	schema record;
	role oid;
BEGIN
	SELECT n.oid, n.nspowner, n.nspacl, d.datdba,
		   n.xmin = pg_current_xact_id()::xid AS is_new
	  INTO STRICT schema
	  FROM pg_namespace n, pg_database d
	 WHERE n.nspname = 'concurrency' AND d.datname = current_database();

	IF EXISTS (SELECT FROM pg_depend
				WHERE refclassid = 'pg_namespace'::regclass
				  AND refobjid = schema.oid
				  AND (classid, objid) <> ('pg_extension'::regclass,
						(SELECT oid FROM pg_extension WHERE extname = 'concurrency'))) THEN
		RAISE EXCEPTION 'schema "concurrency" is not empty'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  HINT = 'Drop the schema, or what it holds, and create the extension again.';
	END IF;

	FOR role IN
		SELECT schema.nspowner
		 UNION
		SELECT grantee FROM aclexplode(schema.nspacl) WHERE privilege_type = 'CREATE'
	LOOP
		CONTINUE WHEN schema.is_new OR role = 'pg_database_owner'::regrole;
		IF role = 0 OR NOT pg_has_role(role, schema.datdba, 'MEMBER') THEN
			RAISE EXCEPTION 'schema "concurrency" could have been prepared by %',
					CASE role WHEN 0 THEN 'anybody' ELSE format('role %I', role::regrole::text) END
				USING ERRCODE = 'insufficient_privilege',
					  HINT = 'Drop the schema; CREATE EXTENSION makes it anew.';
		END IF;
	END LOOP;

	EXECUTE format('ALTER SCHEMA concurrency OWNER TO %s', 10::oid::regrole);
	FOR role IN
		SELECT DISTINCT grantee FROM aclexplode(schema.nspacl)
	LOOP
		EXECUTE format('REVOKE ALL ON SCHEMA concurrency FROM %s CASCADE',
					   CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END);
	END LOOP;
	GRANT USAGE ON SCHEMA concurrency TO PUBLIC;
END
$$;

--
-- The trigger.
--
CREATE FUNCTION concurrency.version_trigger()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.version_trigger() IS
'keeps a version column: bumps it on every write, and refuses a write that is based on an old version; arguments: column, then option=value';

--
-- What the C code knows of kinds and options.
--
CREATE FUNCTION concurrency.version_kinds(
	for_type regtype DEFAULT NULL,
	OUT kind text,
	OUT column_type regtype,
	OUT is_default boolean,
	OUT column_default text)
RETURNS SETOF record
LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.version_kinds(regtype) IS
'the kinds of version column, with the types that each can use; only those that suit a type if one is given';

CREATE FUNCTION concurrency.check_trigger_arguments("table" regclass, arguments text[])
RETURNS void
LANGUAGE c STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.check_trigger_arguments(regclass, text[]) IS
'raises the error that a version trigger with these arguments would raise at the table''s next write';

--
-- What is attached.  There is no table behind it: a trigger's arguments are
-- all the configuration that there is.
--
CREATE FUNCTION concurrency.trigger_arguments(tgargs bytea)
RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN (
	SELECT array_agg(convert_from(substring(tgargs FROM start + 1 FOR stop - start),
								  getdatabaseencoding())
					 ORDER BY stop)
	  FROM (SELECT stop, coalesce(lag(stop) OVER (ORDER BY stop) + 1, 0) AS start
			  FROM generate_series(0, octet_length(tgargs) - 1) AS stop
			 WHERE get_byte(tgargs, stop) = 0) AS argument
);

COMMENT ON FUNCTION concurrency.trigger_arguments(bytea) IS
'the arguments of a trigger, given its pg_trigger.tgargs';

CREATE VIEW concurrency.attachments AS
SELECT t.tgrelid::regclass AS "table",
	   arguments[1] AS "column",
	   t.tgname AS trigger,
	   coalesce(option.kind, k.kind) AS kind,
	   coalesce(option.protocol, 'auto') AS protocol,
	   coalesce(option.blind, 'allow') AS blind,
	   coalesce(option.on_conflict, 'error') AS on_conflict,
	   CASE t.tgenabled
		   WHEN 'O' THEN 'origin'
		   WHEN 'A' THEN 'always'
		   WHEN 'R' THEN 'replica'
		   WHEN 'D' THEN 'disabled'
	   END AS enabled
  FROM pg_catalog.pg_trigger t
 CROSS JOIN LATERAL concurrency.trigger_arguments(t.tgargs) AS arguments
 CROSS JOIN LATERAL (
	SELECT max(substring(argument FROM '^kind=(.*)$')) AS kind,
		   max(substring(argument FROM '^protocol=(.*)$')) AS protocol,
		   max(substring(argument FROM '^blind=(.*)$')) AS blind,
		   max(substring(argument FROM '^on_conflict=(.*)$')) AS on_conflict
	  FROM unnest(arguments[2:]) AS argument) AS option
  LEFT JOIN pg_catalog.pg_attribute a
	ON a.attrelid = t.tgrelid AND a.attname = arguments[1]
   AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN LATERAL concurrency.version_kinds(a.atttypid::regtype) AS k
	ON a.attname IS NOT NULL AND k.is_default
 WHERE t.tgfoid = 'concurrency.version_trigger()'::regprocedure
   AND t.tgparentid = 0;

COMMENT ON VIEW concurrency.attachments IS
'every version column that a trigger keeps, with the trigger''s options; partitions stand with their parent';
COMMENT ON COLUMN concurrency.attachments."table" IS 'the table that the trigger was created on';
COMMENT ON COLUMN concurrency.attachments."column" IS 'the version column';
COMMENT ON COLUMN concurrency.attachments.trigger IS 'the trigger''s name';
COMMENT ON COLUMN concurrency.attachments.kind IS 'how versions follow each other; null if the column is gone or of a type that suits no kind';
COMMENT ON COLUMN concurrency.attachments.protocol IS 'how writers say which version they read: auto, echo, increment or ignore';
COMMENT ON COLUMN concurrency.attachments.blind IS 'what happens to a write that does not say: allow, warn or reject';
COMMENT ON COLUMN concurrency.attachments.on_conflict IS 'what happens to a stale write: error';
COMMENT ON COLUMN concurrency.attachments.enabled IS 'when the trigger fires: origin (as usual), always, replica, or disabled';

GRANT SELECT ON concurrency.attachments TO PUBLIC;

--
-- Management.  Everything runs with the caller's rights: what the caller may
-- not do to a table, PostgreSQL itself refuses.
--
CREATE FUNCTION concurrency.inheritance_tree("table" regclass)
RETURNS SETOF regclass
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE tree(relid) AS (
		SELECT inheritance_tree."table"::oid
		 UNION
		SELECT i.inhrelid FROM pg_inherits i JOIN tree ON i.inhparent = tree.relid)
	SELECT relid::regclass FROM tree;
$$;

COMMENT ON FUNCTION concurrency.inheritance_tree(regclass) IS
'a table, with all partitions or inheritance children below it';

CREATE FUNCTION concurrency.trigger_name("column" name)
RETURNS name
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	-- the cast to name cuts behind a whole character; nine blanks before it
	-- make it leave room for the hash
	SELECT CASE
		WHEN octet_length('zz_concurrency_' || trigger_name."column") <= 63
			THEN 'zz_concurrency_' || trigger_name."column"
		ELSE substr((repeat(' ', 9) || 'zz_concurrency_' || trigger_name."column")::name::text, 10)
			 || '_' || left(md5(trigger_name."column"), 8)
	END::name;
$$;

COMMENT ON FUNCTION concurrency.trigger_name(name) IS
'the name that attach gives to the trigger of a version column: it sorts behind other triggers, so that it fires last';

CREATE FUNCTION concurrency.check_attachable("table" regclass, "column" name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target pg_class;
	obstacle record;
BEGIN
	IF "table" IS NULL OR "column" IS NULL THEN
		RAISE EXCEPTION 'table and column must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;

	SELECT * INTO target FROM pg_class WHERE oid = "table";
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table with OID % does not exist', "table"::oid
			USING ERRCODE = 'undefined_table';
	END IF;
	IF target.relkind NOT IN ('r', 'p', 'f') THEN
		RAISE EXCEPTION 'cannot attach to "%": it is not a table', target.relname
			USING ERRCODE = 'wrong_object_type',
				  DETAIL = 'Only tables, partitioned tables and foreign tables have triggers that see a row before it is written.',
				  HINT = 'Attach the tables behind a view: what is written through the view is then checked.';
	END IF;
	IF target.oid < 16384 THEN
		RAISE EXCEPTION 'cannot attach to "%": it is a system catalog', target.relname
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = 'PostgreSQL fires no triggers for its own catalogs.';
	END IF;

	SELECT a."table", c.relname INTO obstacle
	  FROM pg_partition_ancestors("table") AS ancestor
	  JOIN concurrency.attachments a ON a."table" = ancestor
	  JOIN pg_class c ON c.oid = ancestor
	 WHERE ancestor <> check_attachable."table" AND a."column" = check_attachable."column";
	IF FOUND THEN
		RAISE EXCEPTION 'cannot attach to partition "%": its parent "%" is attached, for all partitions',
				target.relname, obstacle.relname
			USING ERRCODE = 'wrong_object_type',
				  HINT = format('To change the options, call concurrency.attach(%L, %L).', obstacle."table", "column");
	END IF;

	SELECT c.oid::regclass AS "table", c.relname, t.tgname INTO obstacle
	  FROM concurrency.inheritance_tree("table") AS relid
	  JOIN pg_class c ON c.oid = relid
	  JOIN pg_trigger t ON t.tgrelid = relid
	 WHERE starts_with(t.tgname, 'concurrency_') AND NOT t.tgisinternal
	   AND t.tgfoid <> 'concurrency.version_trigger()'::regprocedure
	 ORDER BY relid <> check_attachable."table", t.tgname
	 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'table "%" still has trigger "%", which counts versions without checking them',
				obstacle.relname, obstacle.tgname
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'It would overwrite the version that a client sent before it can be checked.',
				  HINT = format('Run: DROP TRIGGER %I ON %s;', obstacle.tgname, obstacle."table");
	END IF;
END
$$;

COMMENT ON FUNCTION concurrency.check_attachable(regclass, name) IS
'raises the error with which attach refuses what no version column can be attached to';

CREATE FUNCTION concurrency.attach(
	"table" regclass,
	"column" name DEFAULT 'version',
	kind text DEFAULT NULL,
	protocol text DEFAULT NULL,
	blind text DEFAULT NULL,
	on_conflict text DEFAULT NULL,
	add_column boolean DEFAULT true)
RETURNS name
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	arguments CONSTANT text[] := array_remove(ARRAY[
		"column"::text, 'kind=' || kind, 'protocol=' || protocol,
		'blind=' || blind, 'on_conflict=' || on_conflict], NULL);
	tree regclass[];
	has_column boolean;
	existing record;
	chosen record;
	member record;
	command text;
	states text[];
	attached name;
BEGIN
	PERFORM concurrency.check_attachable("table", "column");
	tree := ARRAY(SELECT concurrency.inheritance_tree("table"));

	-- the column
	SELECT a.atttypid::regtype AS type,
		   a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL AS has_default
	  INTO existing
	  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
	 WHERE a.attrelid = "table" AND a.attname = "column" AND NOT a.attisdropped;
	has_column := FOUND;
	SELECT k.* INTO chosen
	  FROM concurrency.version_kinds(existing.type) WITH ORDINALITY AS k
	 WHERE CASE WHEN attach.kind IS NULL THEN k.is_default ELSE k.kind = attach.kind END
	 ORDER BY k.ordinality
	 LIMIT 1;
	IF FOUND AND add_column AND NOT has_column
		AND NOT EXISTS (SELECT FROM pg_foreign_table WHERE ftrelid = ANY (tree)) THEN
		EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s NOT NULL DEFAULT %s',
					   "table", "column", chosen.column_type, chosen.column_default);
	END IF;
	PERFORM concurrency.check_trigger_arguments("table", arguments);
	IF NOT existing.has_default THEN
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
					   "table", "column", chosen.column_default);
	END IF;

	-- the triggers: one a table, and a partitioned table's serves its partitions
	FOR command IN
		SELECT format('DROP TRIGGER %I ON %s', a.trigger, a."table")
		  FROM concurrency.attachments a JOIN pg_class c ON c.oid = a."table"
		 WHERE a."table" = ANY (tree) AND a."column" = attach."column"
		   AND (c.relispartition AND a."table" <> attach."table"
				OR EXISTS (SELECT FROM concurrency.attachments twin
							WHERE (twin."table", twin."column") = (a."table", a."column")
							  AND twin.trigger > a.trigger))
	LOOP
		EXECUTE command;
	END LOOP;

	states := ARRAY(
		SELECT format('ALTER TABLE ONLY %s %s TRIGGER %I', t.tgrelid::regclass,
					  CASE t.tgenabled
						  WHEN 'D' THEN 'DISABLE'
						  WHEN 'R' THEN 'ENABLE REPLICA'
						  WHEN 'A' THEN 'ENABLE ALWAYS'
					  END, t.tgname)
		  FROM pg_trigger t
		 WHERE t.tgrelid = ANY (tree) AND t.tgenabled <> 'O'
		   AND t.tgfoid = 'concurrency.version_trigger()'::regprocedure
		   AND (concurrency.trigger_arguments(t.tgargs))[1] = attach."column");

	FOR member IN
		SELECT c.oid::regclass AS "table", c.relname,
			   coalesce(a.trigger, concurrency.trigger_name(attach."column")) AS trigger
		  FROM pg_class c
		  LEFT JOIN concurrency.attachments a
			ON a."table" = c.oid AND a."column" = attach."column"
		 WHERE c.oid = ANY (tree) AND (c.oid = attach."table" OR NOT c.relispartition)
		 ORDER BY c.oid <> attach."table"
	LOOP
		IF EXISTS (SELECT FROM pg_trigger t
					WHERE t.tgrelid IN (SELECT concurrency.inheritance_tree(member."table"))
					  AND t.tgname = member.trigger
					  AND (t.tgfoid <> 'concurrency.version_trigger()'::regprocedure
						   OR (concurrency.trigger_arguments(t.tgargs))[1] <> attach."column")) THEN
			RAISE EXCEPTION 'trigger "%" for table "%" already exists, and does not keep column "%"',
					member.trigger, member.relname, "column"
				USING ERRCODE = 'duplicate_object',
					  HINT = 'Rename or drop that trigger.';
		END IF;
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR UPDATE ON %s'
					   ' FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(%s)',
					   member.trigger, member."table",
					   (SELECT string_agg(quote_literal(argument), ', ' ORDER BY i)
						  FROM unnest(arguments) WITH ORDINALITY AS a(argument, i)));
		attached := coalesce(attached, member.trigger);
	END LOOP;

	FOREACH command IN ARRAY states LOOP
		EXECUTE command;
	END LOOP;
	RETURN attached;
END
$$;

COMMENT ON FUNCTION concurrency.attach(regclass, name, text, text, text, text, boolean) IS
'protects a table: adds the version column where it is missing, and creates or replaces the trigger that keeps it; returns the trigger''s name';

CREATE FUNCTION concurrency.detach("table" regclass, "column" name DEFAULT 'version')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	command text;
BEGIN
	IF "table" IS NULL OR "column" IS NULL THEN
		RAISE EXCEPTION 'table and column must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF NOT EXISTS (SELECT FROM concurrency.attachments a
					WHERE a."table" = detach."table" AND a."column" = detach."column") THEN
		RAISE EXCEPTION 'table "%" has no attached column "%"',
				coalesce((SELECT relname FROM pg_class WHERE oid = "table"), "table"::oid::text), "column"
			USING ERRCODE = 'undefined_column',
				  HINT = 'The view concurrency.attachments lists what is attached. A partition is attached with its parent.';
	END IF;

	FOR command IN
		SELECT format('DROP TRIGGER %I ON %s', a.trigger, a."table")
		  FROM concurrency.attachments a
		 WHERE a."table" IN (SELECT concurrency.inheritance_tree(detach."table"))
		   AND a."column" = detach."column"
	LOOP
		EXECUTE command;
	END LOOP;
END
$$;

COMMENT ON FUNCTION concurrency.detach(regclass, name) IS
'ends the protection of a table: drops the trigger, keeps the version column';
