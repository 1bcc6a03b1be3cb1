/*-------------------------------------------------------------------------
 *
 * alter.c
 *	  Changes to tables, by PostgreSQL's own commands.
 *
 * They run with the current user's rights, as if the user had typed them: event
 * triggers fire, and whatever PostgreSQL itself refuses is refused.  The
 * search_path begins with pg_catalog.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "alter.h"
#include "catalog.h"

/* Run a command. */
static void
execute(const char *command)
{
	int			result;

	SPI_connect();
	result = SPI_execute(command, false, 0);
	if (result < 0)
		elog(ERROR, "command \"%s\" failed: %s", command,
			 SPI_result_code_string(result));
	SPI_finish();
}

/* Spell a first version so that it is read again, whatever DateStyle is. */
static char *
spell_first_version(const VersionKind *kind)
{
	VersionValue none = {0, true};
	Datum		version = kind->next(kind, none);
	Oid			output;
	bool		is_varlena;

	if (kind->typid == TIMESTAMPTZOID)
		return JsonEncodeDateTime(NULL, version, kind->typid, NULL);
	getTypeOutputInfo(kind->typid, &output, &is_varlena);
	return OidOutputFunctionCall(output, version);
}

/*
 * Add a version column, in the table's tree as well.  The rows that are there
 * get one constant, so that none is rewritten; it stays the default until the
 * caller sets another.
 */
void
cc_alter_add_column(Relation rel, const char *column, const VersionKind *kind)
{
	execute(psprintf("ALTER TABLE %s ADD COLUMN %s %s NOT NULL DEFAULT %s",
					 cc_catalog_table(rel), quote_identifier(column),
					 format_type_be(kind->typid),
					 quote_literal_cstr(spell_first_version(kind))));
}

/*
 * Set the default of a column, in this table alone or in its tree as well.
 */
void
cc_alter_set_default(Relation rel, const char *column, const char *expression,
					 bool in_tree)
{
	execute(psprintf("ALTER TABLE %s%s ALTER COLUMN %s SET DEFAULT %s",
					 in_tree ? "" : "ONLY ", cc_catalog_table(rel),
					 quote_identifier(column), expression));
}

/*
 * Rename a column, in the table's tree as well.
 */
void
cc_alter_rename_column(Relation rel, const char *column, const char *name)
{
	execute(psprintf("ALTER TABLE %s RENAME COLUMN %s TO %s",
					 cc_catalog_table(rel), quote_identifier(column),
					 quote_identifier(name)));
}

/*
 * Create a version trigger with these arguments, C strings, or replace it; a
 * partitioned table's is its partitions', too.
 */
void
cc_alter_create_trigger(Relation rel, const char *name, List *args,
						const TriggerOptions *options)
{
	StringInfoData command;
	ListCell   *lc;

	initStringInfo(&command);
	appendStringInfo(&command, "CREATE OR REPLACE TRIGGER %s BEFORE %sUPDATE%s ON %s"
					 " FOR EACH ROW EXECUTE FUNCTION concurrency.version_trigger(",
					 quote_identifier(name),
					 options->stamp_insert ? "INSERT OR " : "",
					 options->guard_delete ? " OR DELETE" : "",
					 cc_catalog_table(rel));
	foreach(lc, args)
		appendStringInfo(&command, "%s%s", lc == list_head(args) ? "" : ", ",
						 quote_literal_cstr(lfirst(lc)));
	appendStringInfoChar(&command, ')');
	execute(command.data);
}

/*
 * Drop a trigger.
 */
void
cc_alter_drop_trigger(Relation rel, const char *name)
{
	execute(psprintf("DROP TRIGGER %s ON %s", quote_identifier(name),
					 cc_catalog_table(rel)));
}

/*
 * Rename a trigger.
 */
void
cc_alter_rename_trigger(Relation rel, const char *name, const char *new_name)
{
	execute(psprintf("ALTER TRIGGER %s ON %s RENAME TO %s", quote_identifier(name),
					 cc_catalog_table(rel), quote_identifier(new_name)));
}

/* Have a trigger of this table alone fire as pg_trigger.tgenabled says. */
static void
set_state(Relation rel, const char *name, char state)
{
	const char *how = "ENABLE";

	switch (state)
	{
		case TRIGGER_DISABLED:
			how = "DISABLE";
			break;
		case TRIGGER_FIRES_ALWAYS:
			how = "ENABLE ALWAYS";
			break;
		case TRIGGER_FIRES_ON_REPLICA:
			how = "ENABLE REPLICA";
			break;
	}
	execute(psprintf("ALTER TABLE ONLY %s %s TRIGGER %s", cc_catalog_table(rel),
					 how, quote_identifier(name)));
}

/*
 * Have these triggers, some of a table's as they were, fire as they did: to
 * create one again enables it.
 */
void
cc_alter_restore_states(Relation rel, List *triggers)
{
	ListCell   *lc;

	foreach(lc, triggers)
	{
		const Trigger *trigger = lfirst(lc);

		if (trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
			set_state(rel, trigger->tgname, trigger->tgenabled);
	}
}
