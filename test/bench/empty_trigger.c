/*-------------------------------------------------------------------------
 *
 * empty_trigger.c
 *	  What any trigger costs, and what it costs to look into the old row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/rel.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(empty_trigger);
PG_FUNCTION_INFO_V1(walking_trigger);

/* The row that the trigger returns untouched. */
static HeapTuple
untouched_row(TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newtuple : trigdata->tg_trigtuple;
}

/* The floor: the executor locks the row and fetches it again for it. */
Datum
empty_trigger(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(untouched_row((TriggerData *) fcinfo->context));
}

/*
 * The floor, plus one walk over the columns of the old row up to the one
 * whose number is the trigger's argument.
 */
Datum
walking_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	int		   *attnum = fcinfo->flinfo->fn_extra;
	bool		isnull;

	if (attnum == NULL)
	{
		attnum = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(int));
		*attnum = atoi(trigdata->tg_trigger->tgargs[0]);
		fcinfo->flinfo->fn_extra = attnum;
	}
	(void) heap_getattr(trigdata->tg_trigtuple, *attnum,
						RelationGetDescr(trigdata->tg_relation), &isnull);
	return PointerGetDatum(untouched_row(trigdata));
}
