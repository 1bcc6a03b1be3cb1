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

#include "commands/trigger.h"
#include "executor/spi.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

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

		if (trigger->tgfoid == function && trigger->tgnargs > 0 &&
			(column == NULL || strcmp(trigger->tgargs[0], column) == 0))
		{
			attachment->trigger = trigger->tgoid;
			namestrcpy(&attachment->name, trigger->tgname);
			return true;
		}
	}
	return false;
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

		if (trigger->tgfoid == function && trigger->tgnargs > 0)
			attnum = SPI_fnumber(RelationGetDescr(rel), trigger->tgargs[0]);
		if (attnum > 0)
			columns = bms_add_member(columns, attnum);
	}
	return columns;
}
