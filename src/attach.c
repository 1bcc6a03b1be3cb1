/*-------------------------------------------------------------------------
 *
 * attach.c
 *	  Attaching tables, in SQL: attach(), detach() and rename_column().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "alter.h"
#include "argument.h"
#include "attachment.h"
#include "catalog.h"
#include "condition.h"
#include "perform.h"
#include "tree.h"

PG_FUNCTION_INFO_V1(attach);
PG_FUNCTION_INFO_V1(detach);
PG_FUNCTION_INFO_V1(rename_column);

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
	AttachRequest request = {
		.function = cc_attachment_function(fcinfo),
		.names_guard_delete = !PG_ARGISNULL(8),
		.names_stamp_insert = !PG_ARGISNULL(9)
	};

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "column_name");
	cc_argument_require(fcinfo, 10, "add_column");
	request.relid = PG_GETARG_OID(0);
	request.column = NameStr(*PG_GETARG_NAME(1));
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		if (!PG_ARGISNULL(2 + i))
			request.text[i] = text_to_cstring(PG_GETARG_TEXT_PP(2 + i));
	}
	if (request.names_guard_delete)
		request.guard_delete = PG_GETARG_BOOL(8);
	if (request.names_stamp_insert)
		request.stamp_insert = PG_GETARG_BOOL(9);
	request.add_column = PG_GETARG_BOOL(10);

	return DirectFunctionCall1(namein, CStringGetDatum(cc_perform_attach(&request)));
}

/* Refuse a table that does not have the column attached by a trigger of its own. */
static void
check_attached(Oid relid, Oid function, const char *column)
{
	Relation	rel = cc_catalog_relation(relid);

	for (int i = 0; rel && i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (!trigger->tgisclone && cc_attachment_keeps(trigger, function, column))
			return;
	}
	ereport(ERROR,
			(errcode(rel ? ERRCODE_UNDEFINED_COLUMN : ERRCODE_UNDEFINED_TABLE),
			 rel ?
			 errmsg("table \"%s\" has no attached column \"%s\"",
					RelationGetRelationName(rel), column) :
			 errmsg("table with OID %u does not exist", relid),
			 rel ?
			 errhint("The view concurrency.attachments lists what is attached. A partition is attached with its parent.") : 0));
}

/* Say what stays of an attachment, besides the column. */
static void
tell_of_default(Oid relid, const char *column)
{
	HeapTuple	tuple = SearchSysCacheAttName(relid, column);

	if (!HeapTupleIsValid(tuple))
		return;
	if (((Form_pg_attribute) GETSTRUCT(tuple))->atthasdef)
		ereport(NOTICE,
				(errmsg("column \"%s\" of table \"%s\" keeps its default",
						column, get_rel_name(relid)),
				 errhint("To drop it, too: ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT;",
						 cc_catalog_table(relid), quote_identifier(column))));
	ReleaseSysCache(tuple);
}

/* Drop the triggers that keep a column of this table, but for its parent's. */
static void
drop_triggers(Relation rel, Oid function, const char *column)
{
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (!trigger->tgisclone && cc_attachment_keeps(trigger, function, column))
			cc_alter_drop_trigger(rel->rd_id, trigger->tgname);
	}
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
	Oid			relid;
	const char *column;
	ListCell   *lc;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "column_name");
	relid = PG_GETARG_OID(0);
	column = NameStr(*PG_GETARG_NAME(1));

	check_attached(relid, function, column);
	cc_tree_lock(relid, AccessExclusiveLock, true);
	check_attached(relid, function, column);
	foreach(lc, cc_tree_members(relid))
		drop_triggers(cc_catalog_relation(lfirst_oid(lc)), function, column);
	tell_of_default(relid, column);
	PG_RETURN_VOID();
}

/* Rename a column in a list of columns, if it is there. */
static const char *
rename_in_list(const char *names, const char *column, const char *name)
{
	List	   *list;
	ListCell   *lc;
	StringInfoData renamed;

	if (names == NULL || !cc_condition_names(names, column) ||
		!SplitIdentifierString(pstrdup(names), ',', &list))
		return names;
	initStringInfo(&renamed);
	foreach(lc, list)
		appendStringInfo(&renamed, "%s%s", lc == list_head(list) ? "" : ",",
						 quote_identifier(strcmp(lfirst(lc), column) == 0 ?
										  name : lfirst(lc)));
	return renamed.data;
}

/* Have a trigger know a column by its new name, whatever it does with it. */
static void
follow_rename(Relation rel, const Trigger *trigger, const char *column,
			  const char *name)
{
	TriggerOptions options = cc_options_read(trigger->tgnargs, trigger->tgargs,
											 trigger->tgtype);
	TriggerOptions renamed = options;
	bool		is_kept = strcmp(trigger->tgargs[0], column) == 0;

	renamed.text[OPTION_WATCH] = rename_in_list(options.text[OPTION_WATCH], column, name);
	renamed.text[OPTION_IGNORE] = rename_in_list(options.text[OPTION_IGNORE], column, name);
	if (is_kept || !cc_options_equal(&renamed, &options))
		cc_alter_create_trigger(rel->rd_id, trigger->tgname,
								cc_options_write(&renamed, is_kept ? name : trigger->tgargs[0]),
								&renamed);
}

/* Have all triggers of a table that are ours, and not its parent's, follow. */
static void
follow_rename_in(Relation rel, Oid function, const char *column, const char *name)
{
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (!trigger->tgisclone && cc_attachment_keeps(trigger, function, NULL))
			follow_rename(rel, trigger, column, name);
	}
}

/* Have the triggers of a table, those of its parent included, fire as they did. */
static void
restore_states(Relation rel, Oid function)
{
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (cc_attachment_keeps(trigger, function, NULL) &&
			trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN)
			cc_alter_set_state(rel->rd_id, trigger->tgname, trigger->tgenabled);
	}
}

/* Have those that bear the name of their column bear the new one. */
static void
rename_triggers(Relation rel, Oid function, const char *column, const char *name)
{
	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (!trigger->tgisclone && cc_attachment_keeps(trigger, function, column) &&
			strcmp(trigger->tgname, cc_attachment_name(column)) == 0)
			cc_alter_rename_trigger(rel->rd_id, trigger->tgname, cc_attachment_name(name));
	}
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
	Oid			relid;
	const char *column;
	const char *name;
	List	   *rels = NIL;
	ListCell   *lc;

	cc_argument_require(fcinfo, 0, "table_name");
	cc_argument_require(fcinfo, 1, "old");
	cc_argument_require(fcinfo, 2, "new");
	relid = PG_GETARG_OID(0);
	column = NameStr(*PG_GETARG_NAME(1));
	name = NameStr(*PG_GETARG_NAME(2));

	check_attached(relid, function, column);
	cc_tree_lock(relid, AccessExclusiveLock, true);
	check_attached(relid, function, column);
	foreach(lc, cc_tree_members(relid))
		rels = lappend(rels, cc_catalog_relation(lfirst_oid(lc)));

	if (get_attnum(relid, column) != InvalidAttrNumber ||
		get_attnum(relid, name) == InvalidAttrNumber)
		cc_alter_rename_column(relid, column, name);
	foreach(lc, rels)
		follow_rename_in(lfirst(lc), function, column, name);
	foreach(lc, rels)
		restore_states(lfirst(lc), function);
	foreach(lc, rels)
		rename_triggers(lfirst(lc), function, column, name);
	PG_RETURN_VOID();
}
