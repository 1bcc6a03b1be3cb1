/*-------------------------------------------------------------------------
 *
 * attachment.c
 *	  Which columns of a table our triggers keep.
 *
 * A trigger is ours by its function, and keeps the column that its first
 * argument names.  All of it stands in the relation's descriptor.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/md5.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "attachment.h"

/*
 * Return our trigger function, which stands beside the one that is called.
 */
Oid
cc_attachment_function(FunctionCallInfo fcinfo)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);

	return LookupFuncName(list_make2(makeString(get_namespace_name(schema)),
									 makeString("version_trigger")),
						  0, NULL, false);
}

/*
 * Does the trigger keep this column, or any if it is NULL?
 */
bool
cc_attachment_keeps(const Trigger *trigger, Oid function, const char *column)
{
	return trigger->tgfoid == function && trigger->tgnargs > 0 &&
		(column == NULL || strcmp(trigger->tgargs[0], column) == 0);
}

/*
 * Does it fire as attach() makes one fire: BEFORE every UPDATE, FOR EACH ROW?
 */
bool
cc_attachment_is_regular(const Trigger *trigger)
{
	return TRIGGER_FOR_BEFORE(trigger->tgtype) && TRIGGER_FOR_ROW(trigger->tgtype) &&
		TRIGGER_FOR_UPDATE(trigger->tgtype) && trigger->tgqual == NULL &&
		trigger->tgnattr == 0 && !OidIsValid(trigger->tgconstraint);
}

/*
 * Find the trigger that keeps this column, or any if it is NULL.  A copy: to
 * look at a catalog may make the relation's own triggers anew.
 */
bool
cc_attachment_find(Relation rel, Oid function, const char *column,
				   Attachment *attachment)
{
	int			ntriggers = rel->trigdesc ? rel->trigdesc->numtriggers : 0;

	for (int i = 0; i < ntriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];

		if (cc_attachment_keeps(trigger, function, column))
		{
			attachment->trigger = trigger->tgoid;
			namestrcpy(&attachment->name, trigger->tgname);
			return true;
		}
	}
	return false;
}

/*
 * List the triggers that keep this column, or any if it is NULL, in the order in
 * which they fire, as const Trigger *: the relation's own, which the caller has
 * from the catalogs.
 */
List *
cc_attachment_triggers(Relation rel, Oid function, const char *column)
{
	List	   *list = NIL;

	for (int i = 0; i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (cc_attachment_keeps(trigger, function, column))
			list = lappend(list, trigger);
	}
	return list;
}

/*
 * Return the kind of a column of one of our types, or NULL if it is none.
 */
const char *
cc_attachment_domain_kind(Oid typid, Oid function)
{
	static const char *const domains[][2] = {
		{"version", "counter"}, {"clock_version", "clock"}
	};

	for (int i = 0; i < lengthof(domains); i++)
	{
		if (typid == GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									 CStringGetDatum(domains[i][0]),
									 ObjectIdGetDatum(get_func_namespace(function))))
			return domains[i][1];
	}
	return NULL;
}

/*
 * Name the trigger of a column: so that it sorts behind others, and fires last.
 * A long name is cut, behind a whole character, and given a hash.
 */
char *
cc_attachment_name(const char *column)
{
	char	   *name = psprintf("zz_concurrency_%s", column);
	const char *error;
	char		hash[33];

	if (strlen(name) < NAMEDATALEN)
		return name;
	if (!pg_md5_hash(column, strlen(column), hash, &error))
		elog(ERROR, "could not compute hash: %s", error);
	name[pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1 - 9)] = '\0';
	return psprintf("%s_%.8s", name, hash);
}

/*
 * Collect the numbers of all columns that our triggers keep, in the current
 * memory context.
 */
Bitmapset *
cc_attachment_columns(Relation rel, Oid function)
{
	Bitmapset  *columns = NULL;
	int			ntriggers = rel->trigdesc ? rel->trigdesc->numtriggers : 0;

	for (int i = 0; i < ntriggers; i++)
	{
		const Trigger *trigger = &rel->trigdesc->triggers[i];
		int			attnum = 0;

		if (cc_attachment_keeps(trigger, function, NULL))
			attnum = SPI_fnumber(RelationGetDescr(rel), trigger->tgargs[0]);
		if (attnum > 0)
			columns = bms_add_member(columns, attnum);
	}
	return columns;
}
