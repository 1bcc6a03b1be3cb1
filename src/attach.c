/*-------------------------------------------------------------------------
 *
 * attach.c
 *	  Attaching tables, in SQL: attach(), detach() and rename_column().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "alter.h"
#include "argument.h"
#include "attachment.h"
#include "catalog.h"
#include "condition.h"
#include "obstacle.h"
#include "perform.h"
#include "policy.h"
#include "tree.h"

PG_FUNCTION_INFO_V1(attach);
PG_FUNCTION_INFO_V1(detach);
PG_FUNCTION_INFO_V1(rename_column);

/* The arguments of attach(). */
enum
{
	ARG_TABLE,
	ARG_COLUMN,
	ARG_OPTIONS,				/* by TriggerOption */
	ARG_GUARD_DELETE = ARG_OPTIONS + OPTION_COUNT,
	ARG_STAMP_INSERT,
	ARG_ADD_COLUMN
};

/*
 * attach(table_name regclass, column_name name, kind text, protocol text,
 *		  blind text, on_conflict text, watch text, ignore text,
 *		  guard_delete boolean, stamp_insert boolean, add_column boolean)
 *		RETURNS name
 *
 * Have a trigger keep the column, with the options that are named; those that
 * are null stay as they are.
 */
Datum
attach(PG_FUNCTION_ARGS)
{
	AttachRequest request = {.function = cc_attachment_function(fcinfo)};

	cc_argument_require(fcinfo, ARG_TABLE, "table_name");
	cc_argument_require(fcinfo, ARG_COLUMN, "column_name");
	cc_argument_require(fcinfo, ARG_ADD_COLUMN, "add_column");
	request.relid = PG_GETARG_OID(ARG_TABLE);
	request.column = NameStr(*PG_GETARG_NAME(ARG_COLUMN));
	request.add_column = PG_GETARG_BOOL(ARG_ADD_COLUMN);
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (!PG_ARGISNULL(ARG_OPTIONS + i))
			request.text[i] = text_to_cstring(PG_GETARG_TEXT_PP(ARG_OPTIONS + i));
	}
	request.names_guard_delete = !PG_ARGISNULL(ARG_GUARD_DELETE);
	if (request.names_guard_delete)
		request.guard_delete = PG_GETARG_BOOL(ARG_GUARD_DELETE);
	request.names_stamp_insert = !PG_ARGISNULL(ARG_STAMP_INSERT);
	if (request.names_stamp_insert)
		request.stamp_insert = PG_GETARG_BOOL(ARG_STAMP_INSERT);

	return DirectFunctionCall1(namein, CStringGetDatum(cc_perform_attach(&request)));
}

/* List the triggers that keep a column of a table, but for its parent's. */
static List *
own_triggers(Relation rel, Oid function, const char *column)
{
	List	   *own = NIL;
	ListCell   *lc;

	foreach(lc, cc_attachment_triggers(rel, function, column))
	{
		if (!((const Trigger *) lfirst(lc))->tgisclone)
			own = lappend(own, lfirst(lc));
	}
	return own;
}

/* Refuse a table that does not have the column attached by a trigger of its own. */
static void
check_attached(Relation rel, Oid function, const char *column)
{
	if (own_triggers(rel, function, column) == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no attached column \"%s\"",
						RelationGetRelationName(rel), column),
				 errhint("The view concurrency.attachments lists what is attached. A partition is attached with its parent.")));
}

/* Lock a table that has the column attached, with its tree.  Returns all of it. */
static List *
lock_attached(Oid relid, Oid function, const char *column)
{
	List	   *rels = NIL;
	ListCell   *lc;

	check_attached(cc_catalog_require(relid), function, column);
	cc_tree_lock(relid, AccessExclusiveLock, true);
	foreach(lc, cc_tree_members(relid))
		rels = lappend(rels, cc_catalog_require(lfirst_oid(lc)));
	check_attached(linitial(rels), function, column);
	return rels;
}

/* Say what stays of an attachment, besides the column. */
static void
tell_of_default(Relation rel, const char *column)
{
	int			attnum = SPI_fnumber(RelationGetDescr(rel), column);

	if (attnum > 0 && TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atthasdef)
		ereport(NOTICE,
				(errmsg("column \"%s\" of table \"%s\" keeps its default",
						column, RelationGetRelationName(rel)),
				 errhint("To drop it as well, run: ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT;",
						 cc_catalog_table(rel), quote_identifier(column))));
}

/*
 * detach(table_name regclass, column_name name) RETURNS void
 *
 * Drop the triggers of the table's tree, and keep the column.
 */
Datum
detach(PG_FUNCTION_ARGS)
{
	Oid			function = cc_attachment_function(fcinfo);
	const char *column;
	List	   *rels;
	ListCell   *lc;
	ListCell   *lc2;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "column_name");
	column = NameStr(*PG_GETARG_NAME(1));
	rels = lock_attached(PG_GETARG_OID(0), function, column);

	foreach(lc, rels)
	{
		foreach(lc2, own_triggers(lfirst(lc), function, column))
			cc_alter_drop_trigger(lfirst(lc), ((const Trigger *) lfirst(lc2))->tgname);
	}
	tell_of_default(linitial(rels), column);
	PG_RETURN_VOID();
}

/* A column's two names. */
typedef struct Renaming
{
	const char *column;
	const char *name;			/* from now on */
} Renaming;

/* Rename a column in a list of columns that names it, and so can be read. */
static char *
rename_in_list(const Renaming *renaming, const char *names)
{
	List	   *list;
	ListCell   *lc;
	StringInfoData renamed;

	(void) SplitIdentifierString(pstrdup(names), ',', &list);
	initStringInfo(&renamed);
	foreach(lc, list)
	{
		const char *name = strcmp(lfirst(lc), renaming->column) == 0 ?
		renaming->name : lfirst(lc);

		appendStringInfo(&renamed, "%s%s", renamed.len > 0 ? "," : "",
						 quote_identifier(name));
	}
	return renamed.data;
}

/* Rename a column in a trigger's arguments, of which the others stay as they are. */
static List *
rename_in_arguments(const Renaming *renaming, const Trigger *trigger)
{
	bool		is_kept = strcmp(trigger->tgargs[0], renaming->column) == 0;
	List	   *args = list_make1(pstrdup(is_kept ? renaming->name : trigger->tgargs[0]));

	for (int i = 1; i < trigger->tgnargs; i++)
	{
		const char *value;
		int			option = cc_options_find(trigger->tgargs[i], &value);

		if ((option == OPTION_WATCH || option == OPTION_IGNORE) &&
			cc_condition_names(value, renaming->column))
			args = lappend(args, psprintf("%s=%s", cc_options_names[option],
										  rename_in_list(renaming, value)));
		else
			args = lappend(args, pstrdup(trigger->tgargs[i]));
	}
	return args;
}

/* Does the trigger name the column anywhere? */
static bool
names_column(const Trigger *trigger, const char *column)
{
	for (int i = 1; i < trigger->tgnargs; i++)
	{
		const char *value;
		int			option = cc_options_find(trigger->tgargs[i], &value);

		if ((option == OPTION_WATCH || option == OPTION_IGNORE) &&
			cc_condition_names(value, column))
			return true;
	}
	return strcmp(trigger->tgargs[0], column) == 0;
}

/* Refuse a trigger that would be another one if it were created anew. */
static void
check_regular(Relation rel, const Trigger *trigger)
{
	if (!cc_attachment_is_regular(trigger))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("trigger \"%s\" of table \"%s\" does not fire BEFORE every UPDATE, FOR EACH ROW",
						trigger->tgname, RelationGetRelationName(rel)),
				 errhint("Drop it, rename the column by ALTER TABLE, and attach it.")));
}

/* Have all triggers of a table that are ours, and not its parent's, follow. */
static void
follow_renaming(const Renaming *renaming, Relation rel, Oid function)
{
	ListCell   *lc;

	foreach(lc, own_triggers(rel, function, NULL))
	{
		const Trigger *trigger = lfirst(lc);
		TriggerOptions options = cc_options_of(trigger);

		if (!names_column(trigger, renaming->column))
			continue;
		check_regular(rel, trigger);
		cc_alter_create_trigger(rel, trigger->tgname,
								rename_in_arguments(renaming, trigger), &options);
	}
}

/* Have those that bear the name of their column bear the new one. */
static void
rename_triggers(const Renaming *renaming, Relation rel, Oid function)
{
	const char *old = cc_attachment_name(renaming->column);
	ListCell   *lc;

	foreach(lc, own_triggers(rel, function, renaming->column))
	{
		if (strcmp(((const Trigger *) lfirst(lc))->tgname, old) == 0)
			cc_alter_rename_trigger(rel, old, cc_attachment_name(renaming->name));
	}
}

/* Refuse a column that others of our triggers keep. */
static void
check_unattached(Relation rel, Oid function, const char *column)
{
	if (cc_attachment_triggers(rel, function, column) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("column \"%s\" of table \"%s\" is attached already",
						column, RelationGetRelationName(rel)),
				 errhint("Detach one of the two.")));
}

/* Raise the errors that attach() would raise of a column that is there already. */
static void
check_new_name(const Renaming *renaming, Relation rel, Oid function)
{
	ListCell   *lc;

	check_unattached(rel, function, renaming->name);
	foreach(lc, own_triggers(rel, function, renaming->column))
	{
		TriggerOptions options = cc_options_of(lfirst(lc));
		const char *kind = options.text[OPTION_KIND];
		char	   *args[] = {pstrdup(renaming->name), NULL};

		if (kind)
			args[1] = psprintf("%s=%s", cc_options_names[OPTION_KIND], kind);
		cc_policy_check(rel, function, kind ? 2 : 1, args);
	}
}

/* Rename the column; where that was done already, see that it can be one of ours. */
static void
rename_or_check(const Renaming *renaming, List *rels, Oid function)
{
	Oid			relid = RelationGetRelid((Relation) linitial(rels));
	ListCell   *lc;

	if (get_attnum(relid, renaming->column) != InvalidAttrNumber ||
		get_attnum(relid, renaming->name) == InvalidAttrNumber)
	{
		cc_obstacle_check_rights(relid);
		cc_alter_rename_column(linitial(rels), renaming->column, renaming->name);
		return;
	}
	cc_obstacle_check(relid, renaming->name);
	foreach(lc, rels)
		check_new_name(renaming, lfirst(lc), function);
}

/*
 * rename_column(table_name regclass, old name, new name) RETURNS void
 *
 * Rename a version column in the table's tree, and have all triggers of ours
 * know it by its new name.  Where it was renamed already, they follow.
 */
Datum
rename_column(PG_FUNCTION_ARGS)
{
	Oid			function = cc_attachment_function(fcinfo);
	Renaming	renaming;
	List	   *rels;
	ListCell   *lc;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "old");
	cc_argument_require(fcinfo, 2, "new");
	renaming.column = NameStr(*PG_GETARG_NAME(1));
	renaming.name = NameStr(*PG_GETARG_NAME(2));
	if (*renaming.name == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("new name of column \"%s\" is empty", renaming.column)));
	rels = lock_attached(PG_GETARG_OID(0), function, renaming.column);

	rename_or_check(&renaming, rels, function);
	foreach(lc, rels)
		follow_renaming(&renaming, lfirst(lc), function);
	foreach(lc, rels)
		cc_alter_restore_states(lfirst(lc), cc_attachment_triggers(lfirst(lc), function, NULL));
	foreach(lc, rels)
		rename_triggers(&renaming, lfirst(lc), function);
	PG_RETURN_VOID();
}
