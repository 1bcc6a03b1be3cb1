/* concurrency--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION concurrency" to load this file. \quit

-- The schema, if it is there already, may hold a stranger's operators, and a
-- superuser runs this.
SET LOCAL search_path = pg_catalog, pg_temp;

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
		   -- seen, and still in progress: it is of this transaction or a savepoint of it
		   age(n.xmin) BETWEEN 0 AND 1000000 AND pg_xact_status(
			   (pg_current_xact_id()::text::bigint - age(n.xmin))::text::xid8) = 'in progress' AS is_new
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
-- Types for version columns, which auto_attach knows.  Each has a DEFAULT that
-- is computed once per statement, and no constraint, so that adding such a
-- column does not rewrite the table.
--
CREATE DOMAIN concurrency.version AS bigint DEFAULT 1;
COMMENT ON DOMAIN concurrency.version IS
'version column of kind "counter"';

CREATE DOMAIN concurrency.clock_version AS bigint
	DEFAULT (EXTRACT(epoch FROM now()) * 1000000)::bigint;
COMMENT ON DOMAIN concurrency.clock_version IS
'version column of kind "clock": microseconds since 1970-01-01 UTC';

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
	OUT column_default text,
	OUT protocol text)
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

CREATE FUNCTION concurrency.column_default("table" regclass, "column" name, OUT kind text, OUT is_constant boolean)
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.column_default(regclass, name) IS
'of which kind a column''s default is, and whether it is a constant, as the default of a domain may be, too; null if there is none';

CREATE FUNCTION concurrency.is_own_transaction(xid)
RETURNS boolean
LANGUAGE c STABLE STRICT
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.is_own_transaction(xid) IS
'whether this is the current transaction, or a savepoint of it';

--
-- What a transaction may say of its own writes.
--
CREATE FUNCTION concurrency.skip_check("table" regclass DEFAULT NULL, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.skip_check(regclass, boolean) IS
'until the end of the transaction, the owner''s writes to the table, or to all of the owner''s tables, are not checked; they still bump';

CREATE FUNCTION concurrency.skip_bump("table" regclass DEFAULT NULL, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.skip_bump(regclass, boolean) IS
'until the end of the transaction, the owner''s writes to the table, or to all of the owner''s tables, leave versions as they are; they are still checked';

CREATE FUNCTION concurrency.expect("table" regclass, version anycompatible, "column" name DEFAULT 'version')
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.expect(regclass, anycompatible, name) IS
'until the end of the transaction, every row of the table that the current user updates or deletes must be at this version; null ends it';

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
	   coalesce(option.protocol, k.protocol) AS protocol,
	   coalesce(option.blind, 'allow') AS blind,
	   coalesce(option.on_conflict, 'error') AS on_conflict,
	   option.watch,
	   option.ignore,
	   t.tgtype & 8 <> 0 AS guard_delete,
	   t.tgtype & 4 <> 0 AS stamp_insert,
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
		   max(substring(argument FROM '^on_conflict=(.*)$')) AS on_conflict,
		   max(substring(argument FROM '^watch=(.*)$')) AS watch,
		   max(substring(argument FROM '^ignore=(.*)$')) AS ignore
	  FROM unnest(arguments[2:]) AS argument) AS option
  LEFT JOIN pg_catalog.pg_attribute a
	ON a.attrelid = t.tgrelid AND a.attname = arguments[1]
   AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN LATERAL concurrency.version_kinds(a.atttypid::regtype) AS k
	ON a.attname IS NOT NULL AND CASE WHEN option.kind IS NULL THEN k.is_default ELSE k.kind = option.kind END
 WHERE t.tgfoid = 'concurrency.version_trigger()'::regprocedure
   AND t.tgparentid = 0;

COMMENT ON VIEW concurrency.attachments IS
'every version column that a trigger keeps, with the trigger''s options; partitions stand with their parent';
COMMENT ON COLUMN concurrency.attachments."table" IS 'the table that the trigger was created on';
COMMENT ON COLUMN concurrency.attachments."column" IS 'the version column';
COMMENT ON COLUMN concurrency.attachments.trigger IS 'the trigger''s name';
COMMENT ON COLUMN concurrency.attachments.kind IS 'how versions follow each other; null if the column is gone or of a type that suits no kind';
COMMENT ON COLUMN concurrency.attachments.protocol IS 'how writers say which version they read: auto, echo, increment or ignore; the kind''s own unless told otherwise';
COMMENT ON COLUMN concurrency.attachments.blind IS 'what happens to a write that does not say: allow, warn or reject';
COMMENT ON COLUMN concurrency.attachments.on_conflict IS 'what happens to a stale write: error, skip, warn or call=schema.function';
COMMENT ON COLUMN concurrency.attachments.watch IS 'only a change of these columns bumps; null: see ignore';
COMMENT ON COLUMN concurrency.attachments.ignore IS 'a change of only these columns does not bump; null, with watch null too: every write bumps';
COMMENT ON COLUMN concurrency.attachments.guard_delete IS 'are deletes checked, too?';
COMMENT ON COLUMN concurrency.attachments.stamp_insert IS 'does the trigger give inserted rows their first version, or only the column''s default?';
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

	-- CREATE TRIGGER computes the constants in a partition key, with the caller's rights
	SELECT c.relname, c.relowner::regrole AS owner INTO obstacle
	  FROM concurrency.inheritance_tree("table") AS relid
	  JOIN pg_class c ON c.oid = relid AND c.relowner <> current_user::regrole
	  JOIN pg_partitioned_table p ON p.partrelid = relid AND p.partexprs IS NOT NULL
	  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = relid AND d.objsubid = 0
	   AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
	 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'cannot attach to "%": its partition key may run code of its owner', obstacle.relname
			USING ERRCODE = 'insufficient_privilege',
				  DETAIL = 'To create a trigger, PostgreSQL computes the constants in the key, with your rights.',
				  HINT = format('Run SET ROLE %s, and attach again.', obstacle.owner);
	END IF;

	SELECT c.relname, k.conname, k.referring INTO obstacle
	  FROM concurrency.inheritance_tree("table") AS relid
	  JOIN pg_class c ON c.oid = relid
	  JOIN pg_attribute a ON a.attrelid = relid AND a.attname = "column"
	  JOIN (SELECT conrelid, unnest(conkey), conname, NULL FROM pg_constraint WHERE contype = 'f'
			 UNION ALL
			SELECT confrelid, unnest(confkey), conname, r.relname
			  FROM pg_constraint JOIN pg_class r ON r.oid = conrelid
			 WHERE contype = 'f' AND confupdtype <> 'c') AS k(home, attnum, conname, referring)
		ON (k.home, k.attnum) = (a.attrelid, a.attnum)
	 ORDER BY relid <> check_attachable."table", k.referring NULLS FIRST, k.conname
	 LIMIT 1;
	IF FOUND AND obstacle.referring IS NOT NULL THEN
		RAISE EXCEPTION 'cannot attach to column "%" of table "%": foreign key "%" of table "%" refers to it',
				"column", obstacle.relname, obstacle.conname, obstacle.referring
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Every write would change what is referred to.',
				  HINT = 'Use a column of its own for the version, or a foreign key that is ON UPDATE CASCADE.';
	ELSIF FOUND THEN
		RAISE EXCEPTION 'cannot attach to column "%" of table "%": it is part of foreign key "%"',
				"column", obstacle.relname, obstacle.conname
			USING ERRCODE = 'object_not_in_prerequisite_state',
				  DETAIL = 'Every write would change what the row refers to.',
				  HINT = 'Use a column of its own for the version.';
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
	watch text DEFAULT NULL,
	ignore text DEFAULT NULL,
	guard_delete boolean DEFAULT false,
	stamp_insert boolean DEFAULT true,
	add_column boolean DEFAULT true)
RETURNS name
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	arguments text[];
	events CONSTANT text := concat_ws(' OR ', CASE WHEN stamp_insert THEN 'INSERT' END,
		'UPDATE', CASE WHEN guard_delete THEN 'DELETE' END);
	tree regclass[];
	without_handler regclass[] = '{}';
	existing_type regtype;
	chosen record;
	previous record;
	first_version text;
	member record;
	command text;
	states text[];
	attached name;
BEGIN
	IF guard_delete IS NULL OR stamp_insert IS NULL OR add_column IS NULL THEN
		RAISE EXCEPTION 'guard_delete, stamp_insert and add_column must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM concurrency.check_attachable("table", "column");
	-- one after the other, where the caller may lock the table at all
	IF EXISTS (SELECT FROM pg_class
				WHERE oid = "table" AND relkind IN ('r', 'p')
				  AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')) THEN
		EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', "table");
	END IF;
	-- ... of which partitions may have come while it waited
	PERFORM concurrency.check_attachable("table", "column");
	tree := ARRAY(SELECT concurrency.inheritance_tree("table"));

	-- the column
	SELECT a.atttypid INTO existing_type
	  FROM pg_attribute a
	 WHERE a.attrelid = "table" AND a.attname = "column" AND NOT a.attisdropped;
	IF existing_type = 'concurrency.clock_version'::regtype THEN
		kind := coalesce(kind, 'clock');
	END IF;
	arguments := array_remove(ARRAY[
		"column"::text, 'kind=' || kind, 'protocol=' || protocol,
		'blind=' || blind, 'on_conflict=' || on_conflict,
		'watch=' || watch, 'ignore=' || ignore], NULL);
	SELECT k.* INTO chosen
	  FROM concurrency.version_kinds(existing_type) WITH ORDINALITY AS k
	 WHERE CASE WHEN attach.kind IS NULL THEN k.is_default ELSE k.kind = attach.kind END
	 ORDER BY k.ordinality
	 LIMIT 1;
	IF FOUND AND add_column AND existing_type IS NULL AND "column" <> ''
		AND NOT EXISTS (SELECT FROM pg_foreign_table WHERE ftrelid = ANY (tree)) THEN
		-- one constant for the rows that are there, so that none is rewritten;
		-- as JSON has it, so that DateStyle plays no part
		EXECUTE format('SELECT to_jsonb(%s) #>> ''{}''', chosen.column_default) INTO first_version;
		EXECUTE format('ALTER TABLE %s ADD COLUMN %I %s NOT NULL DEFAULT %L',
					   "table", "column", chosen.column_type, first_version);
		EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
					   "table", "column", chosen.column_default);
	END IF;
	SELECT a.kind, a.protocol INTO previous
	  FROM concurrency.attachments a WHERE a."table" = attach."table" AND a."column" = attach."column";
	-- for each table that is to have a trigger: a handler may not take a child's rows
	FOR member IN
		SELECT c.oid::regclass AS "table", c.relname
		  FROM pg_class c
		 WHERE c.oid = ANY (tree) AND (c.oid = attach."table" OR NOT c.relispartition)
		 ORDER BY c.oid <> attach."table", c.relname
	LOOP
		BEGIN
			PERFORM concurrency.check_trigger_arguments(member."table", arguments);
		EXCEPTION WHEN undefined_function THEN
			IF member."table" = attach."table" THEN
				RAISE;
			END IF;
			RAISE WARNING 'table "%" is attached without the conflict handler of its parent: conflicts raise errors', member.relname
				USING DETAIL = SQLERRM || '.',
					  HINT = 'Create that function, and attach again.';
			without_handler := without_handler || member."table";
		END;
	END LOOP;
	FOR command IN
		SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s',
					  relid, attach."column", chosen.column_default)
		  FROM unnest(tree) AS relid
		  JOIN pg_attribute a ON a.attrelid = relid AND a.attname = attach."column"
		  JOIN pg_type t ON t.oid = a.atttypid
		 WHERE NOT a.atthasdef AND a.attidentity = '' AND t.typdefault IS NULL
			-- that of the kind before was ours
			OR a.atthasdef AND previous.kind <> chosen.kind
		   AND previous.kind = (SELECT d.kind FROM concurrency.column_default(relid, attach."column") d)
	LOOP
		EXECUTE command;
	END LOOP;
	FOR member IN
		SELECT c.relname, format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s;',
								 relid, attach."column", chosen.column_default) AS mend
		  FROM unnest(tree) AS relid
		  JOIN pg_class c ON c.oid = relid
		 CROSS JOIN LATERAL concurrency.column_default(relid, attach."column") d
		 WHERE chosen.kind <> 'counter' AND d.is_constant
		 ORDER BY c.relname
	LOOP
		RAISE WARNING 'default of version column "%" of table "%" is a constant: a row that is inserted again has an old version', "column", member.relname
			USING ERRCODE = 'invalid_parameter_value',
				  HINT = 'Run: ' || member.mend;
	END LOOP;
	IF previous.kind <> chosen.kind AND attach.protocol IS NULL AND previous.protocol <> chosen.protocol THEN
		RAISE NOTICE 'protocol of version column "%" is "%" now, as kind "%" has it', "column", chosen.protocol, chosen.kind
			USING HINT = format('To keep it, name it: protocol => %L.', previous.protocol);
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
		EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON %s'
					   ' FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(%s)',
					   member.trigger, events, member."table",
					   (SELECT string_agg(quote_literal(argument), ', ' ORDER BY i)
						  FROM unnest(arguments) WITH ORDINALITY AS a(argument, i)
						 WHERE i = 1 OR NOT starts_with(argument, 'on_conflict=')
							OR member."table" <> ALL (without_handler)));
		attached := coalesce(attached, member.trigger);
	END LOOP;

	FOREACH command IN ARRAY states LOOP
		EXECUTE command;
	END LOOP;
	RETURN attached;
END
$$;

COMMENT ON FUNCTION concurrency.attach(regclass, name, text, text, text, text, text, text, boolean, boolean, boolean) IS
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

--
-- Is what was read still so?
--
CREATE FUNCTION concurrency.is_current(
	"table" regclass, key jsonb, version anycompatible, "column" name DEFAULT 'version')
RETURNS boolean
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.is_current(regclass, jsonb, anycompatible, name) IS
'whether the row with this primary key is there, and at this version';

CREATE FUNCTION concurrency.assert_current(
	"table" regclass, key jsonb, version anycompatible, "column" name DEFAULT 'version')
RETURNS void
LANGUAGE c
AS 'MODULE_PATHNAME';

COMMENT ON FUNCTION concurrency.assert_current(regclass, jsonb, anycompatible, name) IS
'locks the row with this primary key FOR NO KEY UPDATE, and raises the conflict if it is not at this version; a later write of it is then not blind';

--
-- What is wrong?
--
CREATE FUNCTION concurrency.audit()
RETURNS TABLE (severity text, "table" regclass, "column" text, problem text, mend text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	ours CONSTANT regprocedure := 'concurrency.version_trigger()';
	attached record;
	arguments text[];
	consequence text;
BEGIN
	-- what the trigger itself would refuse, at every write or at a conflict
	FOR attached IN
		SELECT t.tgrelid::regclass AS "table", t.tgname, t.tgtype, r.relowner,
			   coalesce(concurrency.trigger_arguments(t.tgargs), '{}') AS arguments,
			   EXISTS (SELECT FROM pg_attribute c, concurrency.version_kinds(c.atttypid::regtype)
						WHERE c.attrelid = t.tgrelid AND c.attnum > 0 AND c.attgenerated = ''
						  AND c.attname = (concurrency.trigger_arguments(t.tgargs))[1]
						  AND r.relkind IN ('r', 'p', 'f')) AS is_attachable
		  FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid
		 WHERE t.tgfoid = ours AND t.tgparentid = 0
	LOOP
		BEGIN
			consequence := 'writes are refused: ';
			IF attached.tgtype & 3 <> 3 THEN
				RAISE EXCEPTION 'trigger % is not BEFORE, FOR EACH ROW', attached.tgname;
			END IF;
			arguments := ARRAY(SELECT argument FROM unnest(attached.arguments) WITH ORDINALITY AS a(argument, i)
								WHERE i = 1 OR NOT starts_with(argument, 'on_conflict=call=') ORDER BY i);
			PERFORM concurrency.check_trigger_arguments(attached."table", arguments);
			consequence := 'conflicts cannot be handled: ';
			PERFORM concurrency.check_trigger_arguments(attached."table", attached.arguments);
		EXCEPTION WHEN OTHERS THEN
			-- whether the caller may call a handler, or gets a lock, is not what is asked
			CONTINUE WHEN SQLSTATE = '42501' AND NOT pg_has_role(attached.relowner, 'USAGE');
			IF SQLSTATE NOT IN ('22023', '42501', '42703', '42804', '428C9', '42883', '42P13', 'P0001') THEN
				RAISE;
			END IF;
			RETURN QUERY SELECT 'error', attached."table", attached.arguments[1], consequence || SQLERRM,
				format('DROP TRIGGER %I ON %s;', attached.tgname, attached."table") ||
				CASE WHEN attached.is_attachable
					 THEN format(' SELECT concurrency.attach(%L, %L);', attached."table", attached.arguments[1])
					 ELSE '' END;
		END;
	END LOOP;

	RETURN QUERY
	WITH RECURSIVE attached AS (
		SELECT a.*, t.oid AS tgoid, t.tgtype, t.tgqual, t.tgattr,
			   r.relkind, c.attnum, c.attnotnull, k.column_type, k.column_default,
			   c.atthasdef OR c.attidentity <> '' OR y.typdefault IS NOT NULL AS has_default,
			   concat(', kind => ' || quote_literal(a.kind),
					  ', protocol => ' || quote_literal(nullif(a.protocol, k.protocol)),
					  ', blind => ' || quote_literal(nullif(a.blind, 'allow')),
					  ', on_conflict => ' || quote_literal(nullif(a.on_conflict, 'error')),
					  ', watch => ' || quote_literal(a.watch), ', ignore => ' || quote_literal(a.ignore),
					  CASE WHEN a.guard_delete THEN ', guard_delete => true' END,
					  CASE WHEN NOT a.stamp_insert AND t.tgtype & 16 <> 0 THEN ', stamp_insert => false' END) AS options
		  FROM concurrency.attachments a
		  JOIN pg_class r ON r.oid = a."table"
		  JOIN pg_trigger t ON t.tgrelid = a."table" AND t.tgname = a.trigger
		  LEFT JOIN pg_attribute c ON c.attrelid = a."table" AND c.attname = a."column" AND c.attnum > 0
		  LEFT JOIN pg_type y ON y.oid = c.atttypid
		  LEFT JOIN LATERAL concurrency.version_kinds(c.atttypid::regtype) k
			ON c.attnum IS NOT NULL AND k.kind = a.kind
	),
	-- the column of each table, with those of all tables below it
	kept AS (
		SELECT a."table", a."column", c.attrelid, c.attnum
		  FROM attached a
		 CROSS JOIN concurrency.inheritance_tree(a."table") AS member
		  JOIN pg_attribute c ON c.attrelid = member AND c.attname = a."column"
	),
	-- each trigger, with the one that it is a partition's clone of
	root(tgoid, tgroot) AS (
		SELECT oid, oid FROM pg_trigger WHERE tgparentid = 0 AND NOT tgisinternal
		 UNION ALL
		SELECT t.oid, root.tgroot FROM pg_trigger t JOIN root ON t.tgparentid = root.tgoid
	),
	-- those of others that fire BEFORE UPDATE, FOR EACH ROW of the same table
	other AS (
		SELECT DISTINCT our_root.tgroot AS attached, o.tgname > t.tgname AS is_later,
			   other_root.tgroot, o.tgname, o.tgfoid
		  FROM pg_trigger t
		  JOIN root our_root ON our_root.tgoid = t.oid
		  JOIN pg_trigger o ON o.tgrelid = t.tgrelid AND o.tgfoid <> ours
		   AND o.tgtype & 19 = 19 AND o.tgenabled <> 'D'
		  JOIN root other_root ON other_root.tgoid = o.oid
		 WHERE t.tgfoid = ours
	)
	-- triggers that do not fire; a partition's clone can differ from its parent's
	SELECT CASE t.tgenabled WHEN 'D' THEN 'error' ELSE 'warning' END, t.tgrelid::regclass,
		   (concurrency.trigger_arguments(t.tgargs))[1],
		   CASE t.tgenabled
			   WHEN 'D' THEN 'the trigger is disabled: no write is checked'
			   WHEN 'R' THEN 'the trigger fires only in replication: no other write is checked'
			   ELSE 'the trigger fires also in replication: what a publisher sends is judged as if a client had sent it'
		   END,
		   format('ALTER TABLE ONLY %s ENABLE TRIGGER %I;', t.tgrelid::regclass, t.tgname)
	  FROM pg_trigger t
	 WHERE t.tgfoid = ours AND t.tgenabled <> 'O'
	UNION ALL
	-- ... or not for every row that is updated
	SELECT 'error', a."table", a."column",
		   CASE WHEN a.tgtype & 16 = 0 THEN 'the trigger is not for UPDATE: no update is checked'
				ELSE 'the trigger has a WHEN condition or a list of columns: not every update is checked' END,
		   format('DROP TRIGGER %I ON %s; SELECT concurrency.attach(%L, %L%s);',
				  a.trigger, a."table", a."table", a."column", a.options)
	  FROM attached a
	 WHERE a.tgtype & 3 = 3 AND (a.tgtype & 16 = 0 OR a.tgqual IS NOT NULL OR a.tgattr <> '')
	UNION ALL
	SELECT 'error', a."table", a."column",
		   format('two triggers keep the column: %s and %s', a.trigger, twin.trigger),
		   format('DROP TRIGGER %I ON %s;', a.trigger, a."table")
	  FROM attached a
	  JOIN attached twin ON twin."column" = a."column"
	   AND (twin."table" = a."table" AND twin.trigger > a.trigger
			OR twin."table" <> a."table" AND twin."table" IN (SELECT pg_partition_ancestors(a."table")))
	UNION ALL
	-- other triggers
	SELECT 'warning', a."table", a."column",
		   format('the trigger fires before %s, which may change what has been judged',
				  string_agg(DISTINCT other.tgname, ', ' ORDER BY other.tgname)),
		   (SELECT format('ALTER TRIGGER %I ON %s RENAME TO %I;', a.trigger, a."table", name)
			  FROM generate_series(0, 63) AS kept,
				   CAST(left(max(other.tgname)::text, kept) || '~' || a.trigger AS name) AS name
			 WHERE name > max(other.tgname) ORDER BY kept LIMIT 1)
	  FROM attached a JOIN other ON other.attached = a.tgoid AND other.is_later
	 GROUP BY a."table", a."column", a.trigger
	UNION ALL
	SELECT 'notice', a."table", a."column",
		   format('the trigger fires after %s: if that sets the version, it hides what the client sent', other.tgname),
		   format('DROP TRIGGER %I ON %s;', other.tgname, t.tgrelid::regclass)
	  FROM attached a
	  JOIN other ON other.attached = a.tgoid AND NOT other.is_later
	  JOIN pg_trigger t ON t.oid = other.tgroot
	  JOIN pg_proc p ON p.oid = other.tgfoid AND p.oid >= 16384
	  JOIN pg_language l ON l.oid = p.prolang
	 WHERE l.lanname <> 'plpgsql' OR strpos(lower(p.prosrc), replace(lower(a."column"), '"', '""')) > 0
		OR p.prosrc ~* '\mnew\s*:?=' OR p.prosrc ~* '\minto\s+(strict\s+)?new\M'
	UNION ALL
	-- what is not attached
	SELECT 'error', c.oid::regclass, a."column",
		   format('the table inherits from %s, but is not attached: its rows are not checked', a."table"),
		   -- a handler takes the parent's rows: without one, the child's conflicts are errors
		   format('SELECT concurrency.attach(%L, %L%s);', c.oid::regclass, a."column",
				  CASE WHEN starts_with(a.on_conflict, 'call=')
					   THEN replace(a.options, ', on_conflict => ' || quote_literal(a.on_conflict), '')
					   ELSE a.options END)
	  FROM attached a
	  JOIN pg_inherits i ON i.inhparent = a."table"
	  JOIN pg_class c ON c.oid = i.inhrelid AND NOT c.relispartition
	 WHERE NOT EXISTS (SELECT FROM attached child
						WHERE (child."table", child."column") = (c.oid::regclass, a."column"))
	UNION ALL
	SELECT 'warning', r.oid::regclass, c.attname::text,
		   format('the column is of type %s, but not attached: no write is checked', c.atttypid::regtype),
		   format('SELECT concurrency.attach(%L, %L, kind => %L);', r.oid::regclass, c.attname,
				  CASE c.atttypid WHEN 'concurrency.version'::regtype THEN 'counter' ELSE 'clock' END)
	  FROM pg_attribute c
	  JOIN pg_class r ON r.oid = c.attrelid AND r.relkind IN ('r', 'p', 'f')
	 WHERE c.attnum > 0 AND c.attislocal AND c.attinhcount = 0
	   AND c.atttypid IN ('concurrency.version'::regtype, 'concurrency.clock_version'::regtype)
	   AND NOT EXISTS (SELECT FROM attached a WHERE (a."table", a."column") = (r.oid::regclass, c.attname))
	UNION ALL
	-- the column
	SELECT 'notice', a."table", a."column",
		   'the column may be null',
		   format('DO %L;', format('BEGIN PERFORM concurrency.skip_check();'
				  ' PERFORM concurrency.attach(%1$L, %2$L, kind => %3$L, protocol => %4$L);'
				  ' UPDATE %1$s SET %2$I = %5$s WHERE %2$I IS NULL;'
				  ' PERFORM concurrency.attach(%1$L, %2$L%6$s);'
				  ' PERFORM concurrency.skip_check(enabled => false);'
				  ' ALTER TABLE %1$s ALTER COLUMN %2$I SET NOT NULL; END',
				  a."table", a."column", a.kind, 'ignore', a.column_default, a.options))
	  FROM attached a
	 WHERE NOT a.attnotnull AND a.relkind <> 'f' AND a.kind IS NOT NULL
	   AND NOT EXISTS (SELECT FROM attached parent JOIN pg_inherits i ON i.inhparent = parent."table"
						WHERE i.inhrelid = a."table" AND parent."column" = a."column" AND NOT parent.attnotnull)
	UNION ALL
	SELECT 'warning', a."table", a."column",
		   'the column has no default, and the trigger is not for INSERT: new rows have no version',
		   format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s;', a."table", a."column", a.column_default)
	  FROM attached a
	 WHERE NOT a.stamp_insert AND NOT a.has_default
	UNION ALL
	SELECT 'error', kept.attrelid::regclass, a."column",
		   format('the column''s default is a constant, for kind %s: a row that is inserted again has an old version', a.kind),
		   format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s;', kept.attrelid::regclass, a."column", a.column_default)
	  FROM attached a
	  JOIN kept ON kept."table" = a."table" AND kept."column" = a."column"
	 CROSS JOIN LATERAL concurrency.column_default(kept.attrelid::regclass, a."column") d
	 WHERE a.kind IN ('clock', 'xact', 'uuid') AND d.is_constant
	   AND (kept.attrelid = a."table" OR NOT EXISTS (
			SELECT FROM attached child WHERE child."table" = kept.attrelid::regclass AND child."column" = a."column"))
	UNION ALL
	SELECT 'notice', a."table", a."column",
		   'a smallint starts again at 1 after 32767 writes of a row: an old version may fit again',
		   format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint;',
				  coalesce(pg_partition_root(a."table"), a."table"), a."column")
	  FROM attached a
	 WHERE a.column_type = 'smallint'::regtype
	   AND NOT EXISTS (SELECT FROM attached parent JOIN pg_inherits i ON i.inhparent = parent."table"
						WHERE i.inhrelid = a."table" AND parent."column" = a."column")
	UNION ALL
	-- (a partition key's columns depend on the table, those in expressions too)
	SELECT 'error', kept."table", kept."column", string_agg(DISTINCT bad.use, '; ' ORDER BY bad.use),
		   format('SELECT concurrency.detach(%L, %L);', kept."table", kept."column")
	  FROM kept
	  JOIN (
		SELECT p.partrelid, d.objsubid, NULL, 'the column is part of a partition key: every write may move the row'
		  FROM pg_partitioned_table p
		  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = p.partrelid
		   AND d.refclassid = 'pg_class'::regclass AND d.refobjid = p.partrelid AND d.refobjsubid = 0
		 UNION ALL
		SELECT k.conrelid, unnest(k.conkey), parent.conrelid,
			   format('the column is part of foreign key %s of table %s: every write changes what the row refers to',
					  k.conname, k.conrelid::regclass)
		  FROM pg_constraint k LEFT JOIN pg_constraint parent ON parent.oid = k.conparentid
		 WHERE k.contype = 'f'
		 UNION ALL
		SELECT k.confrelid, unnest(k.confkey), parent.confrelid,
			   format('foreign key %s of table %s refers to the column: every write changes what is referred to',
					  k.conname, k.conrelid::regclass)
		  FROM pg_constraint k LEFT JOIN pg_constraint parent ON parent.oid = k.conparentid
		 WHERE k.contype = 'f' AND k.confupdtype <> 'c'
		) AS bad(relid, attnum, parent, use) ON (bad.relid, bad.attnum) = (kept.attrelid, kept.attnum)
	   -- said of the parent's foreign key already
	   AND NOT EXISTS (SELECT FROM kept said
						WHERE (said.attrelid, said."table", said."column") = (bad.parent, kept."table", kept."column"))
	 -- (detach takes the tables below with it)
	 WHERE NOT EXISTS (SELECT FROM kept above
						WHERE (above.attrelid, above."column") = (kept."table"::oid, kept."column")
						  AND above."table" <> kept."table")
	 GROUP BY kept."table", kept."column"
	UNION ALL
	SELECT 'warning', a."table", a."column",
		   format('no client can send an increment of kind %s, which protocol "increment" asks for', a.kind),
		   format('SELECT concurrency.attach(%L, %L%s);', a."table", a."column",
				  replace(a.options, 'protocol => ''increment''', 'protocol => ''echo'''))
	  FROM attached a
	 WHERE a.protocol = 'increment' AND a.kind IN ('xact', 'uuid')
	UNION ALL
	-- roles that pass by
	SELECT CASE setting.value WHEN 'allow' THEN 'warning' WHEN 'warn' THEN 'notice' ELSE 'error' END, NULL, NULL,
		   concat('with ', setting.name, '=', setting.value,
				  CASE WHEN setting.name = 'session_replication_role' THEN ', no trigger fires for '
					   WHEN setting.value IN ('allow', 'warn') THEN ', no blind write is refused to '
					   ELSE ', which is no valid value, every write is refused to ' END,
				  coalesce('role ' || quote_ident(r.rolname), 'everybody'), ' in database ' || quote_ident(d.datname)),
		   CASE WHEN r.rolname IS NULL AND d.datname IS NULL THEN format('ALTER ROLE ALL RESET %s;', setting.name)
				WHEN r.rolname IS NULL THEN format('ALTER DATABASE %I RESET %s;', d.datname, setting.name)
				ELSE concat(format('ALTER ROLE %I', r.rolname), ' IN DATABASE ' || quote_ident(d.datname),
							format(' RESET %s;', setting.name)) END
	  FROM pg_db_role_setting s
	  LEFT JOIN pg_roles r ON r.oid = s.setrole
	  LEFT JOIN pg_database d ON d.oid = s.setdatabase
	 CROSS JOIN unnest(s.setconfig) AS line
	 CROSS JOIN LATERAL (SELECT lower(split_part(line, '=', 1)) AS name,
								substr(line, strpos(line, '=') + 1) AS value) AS setting
	 WHERE (setting.name = 'session_replication_role' AND lower(setting.value) = 'replica'
			OR setting.name = 'concurrency.blind_writes' AND setting.value NOT IN ('table', 'reject'))
	   AND (d.datname IS NULL OR d.datname = current_database())
	UNION ALL
	-- ... and what the server's configuration lets everybody pass by; it is known
	-- once the library is loaded, which all of the above has seen to
	SELECT CASE s.setting WHEN 'allow' THEN 'warning' WHEN 'warn' THEN 'notice' ELSE 'error' END, NULL, NULL,
		   format('with %s=%s, which the %s says, ', s.name, s.setting, s.source) ||
		   CASE WHEN s.name = 'session_replication_role' THEN 'no trigger fires for anybody'
				WHEN s.setting IN ('allow', 'warn') THEN 'no blind write is refused to anybody'
				ELSE 'which is no valid value, every write is refused to everybody' END,
		   CASE s.source WHEN 'configuration file'
				THEN format('ALTER SYSTEM SET %s = %L; -- then pg_reload_conf()', s.name, s.boot_val) END
	  FROM pg_settings s
	 WHERE s.source NOT IN ('default', 'database', 'user', 'database user', 'client', 'session')
	   AND (s.name = 'session_replication_role' AND s.setting = 'replica'
			OR s.name = 'concurrency.blind_writes' AND s.setting NOT IN ('table', 'reject'))
	UNION ALL
	-- ... or who may
	SELECT 'notice', NULL, NULL,
		   concat(coalesce('role ' || quote_ident(r.rolname), 'everybody'), ' may set ', p.parname,
				  CASE p.parname WHEN 'session_replication_role' THEN ', with which no trigger fires'
								 ELSE ', with which no blind write is refused' END),
		   format('REVOKE SET ON PARAMETER %s FROM %s;', p.parname, coalesce(quote_ident(r.rolname), 'PUBLIC'))
	  FROM pg_parameter_acl p
	 CROSS JOIN LATERAL aclexplode(p.paracl) AS acl
	  LEFT JOIN pg_roles r ON r.oid = acl.grantee
	 WHERE p.parname IN ('session_replication_role', 'concurrency.blind_writes')
	   AND acl.privilege_type = 'SET' AND r.rolsuper IS NOT TRUE;
END
$$;

COMMENT ON FUNCTION concurrency.audit() IS
'what keeps versions from being checked, or clients from working, with SQL that mends it';

--
-- Attach new columns of our domains by themselves.  The event trigger is no
-- member of the extension, so that pg_dump restores it after the triggers.
--
CREATE FUNCTION concurrency.attach_new_columns()
RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	added record;
	parent concurrency.attachments;
BEGIN
	-- A column is new where its dependency on its type is: what else is done to it,
	-- or to its table, leaves that alone.
	FOR added IN
		SELECT DISTINCT a.attrelid::regclass AS "table", c.relname, a.attname AS "column"
		  FROM pg_event_trigger_ddl_commands() AS command
		  JOIN pg_class c ON c.oid = command.objid AND c.relkind IN ('r', 'p', 'f')
		  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		  JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = a.attnum
		   AND d.refclassid = 'pg_type'::regclass AND d.refobjid = a.atttypid
		 WHERE command.classid = 'pg_class'::regclass
		   AND command.command_tag NOT LIKE 'COMMENT%'
		   AND a.atttypid IN ('concurrency.version'::regtype, 'concurrency.clock_version'::regtype)
		   AND concurrency.is_own_transaction(d.xmin)
	LOOP
		CONTINUE WHEN EXISTS (
			SELECT FROM concurrency.attachments a
			 WHERE a."column" = added."column"
			   AND (a."table" = added."table"
					OR a."table" IN (SELECT pg_partition_ancestors(added."table"))));
		-- a child does as its parent does
		SELECT a.* INTO parent
		  FROM concurrency.attachments a JOIN pg_inherits i ON i.inhparent = a."table"
		 WHERE i.inhrelid = added."table" AND a."column" = added."column"
		 ORDER BY i.inhseqno
		 LIMIT 1;
		-- ... but for a handler that takes only the parent's rows
		IF starts_with(parent.on_conflict, 'call=') THEN
			BEGIN
				PERFORM concurrency.check_trigger_arguments(added."table",
					ARRAY[added."column"::text, 'on_conflict=' || parent.on_conflict]);
			EXCEPTION WHEN undefined_function THEN
				RAISE WARNING 'table "%" is attached without the conflict handler of its parent: conflicts raise errors', added.relname
					USING DETAIL = SQLERRM || '.',
						  HINT = 'Create that function, and attach again.';
				parent.on_conflict := NULL;
			END;
		END IF;
		PERFORM concurrency.attach(added."table", added."column",
			parent.kind, parent.protocol, parent.blind, parent.on_conflict, parent.watch, parent.ignore,
			coalesce(parent.guard_delete, false), coalesce(parent.stamp_insert, true));
	END LOOP;
END
$$;

COMMENT ON FUNCTION concurrency.attach_new_columns() IS
'attaches every new column of type concurrency.version or concurrency.clock_version; auto_attach makes an event trigger of it';

CREATE FUNCTION concurrency.auto_attach(enabled boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	is_on CONSTANT boolean := EXISTS (SELECT FROM pg_event_trigger WHERE evtname = 'concurrency_auto_attach');
BEGIN
	IF enabled IS NULL THEN
		RAISE EXCEPTION 'argument "enabled" must not be null'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF enabled AND is_on THEN
		ALTER EVENT TRIGGER concurrency_auto_attach ENABLE;
	ELSIF enabled THEN
		CREATE EVENT TRIGGER concurrency_auto_attach ON ddl_command_end
			EXECUTE FUNCTION concurrency.attach_new_columns();
		COMMENT ON EVENT TRIGGER concurrency_auto_attach IS
			'attaches new columns of the types concurrency.version and concurrency.clock_version';
	ELSIF is_on THEN
		DROP EVENT TRIGGER concurrency_auto_attach;
	END IF;
END
$$;

COMMENT ON FUNCTION concurrency.auto_attach(boolean) IS
'whether every new column of type concurrency.version or concurrency.clock_version is attached by itself; for superusers';
