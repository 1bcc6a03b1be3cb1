/*-------------------------------------------------------------------------
 *
 * executor_hooks.c
 *	  Another extension that looks into the executor: it counts the rows that
 *	  each UPDATE fetches, by standing in front of the node that fetches them.
 *	  It also has a trigger that is called as ours is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static ExecutorStart_hook_type previous_ExecutorStart = NULL;
static ExecutorEnd_hook_type previous_ExecutorEnd = NULL;

/* The UPDATE that is watched, if no other has begun meanwhile. */
static PlanState *watched = NULL;
static ExecProcNodeMtd fetch;
static int	rows;

/* Fetch a row, and stay in front, whatever the node makes of its function. */
static TupleTableSlot *
count_row(PlanState *node)
{
	TupleTableSlot *row = fetch(node);

	if (node == watched)
	{
		if (node->ExecProcNode != count_row)
			fetch = node->ExecProcNode;
		node->ExecProcNode = count_row;
		if (!TupIsNull(row))
			rows++;
	}
	return row;
}

static void
start(QueryDesc *queryDesc, int eflags)
{
	if (previous_ExecutorStart)
		previous_ExecutorStart(queryDesc, eflags);
	else
		standard_ExecutorStart(queryDesc, eflags);
	if (queryDesc->operation != CMD_UPDATE || watched)
		return;
	rows = 0;
	watched = outerPlanState(queryDesc->planstate);
	fetch = watched->ExecProcNode;
	watched->ExecProcNode = count_row;
}

static void
end(QueryDesc *queryDesc)
{
	if (queryDesc->operation == CMD_UPDATE && watched == outerPlanState(queryDesc->planstate))
	{
		ereport(NOTICE, (errmsg("%d rows were fetched", rows)));
		watched = NULL;
	}
	if (previous_ExecutorEnd)
		previous_ExecutorEnd(queryDesc);
	else
		standard_ExecutorEnd(queryDesc);
}

void
_PG_init(void)
{
	previous_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = start;
	previous_ExecutorEnd = ExecutorEnd_hook;
	ExecutorEnd_hook = end;
}

PG_FUNCTION_INFO_V1(version_trigger);

Datum
version_trigger(PG_FUNCTION_ARGS)
{
	ereport(NOTICE, (errmsg("another trigger was called")));
	return PointerGetDatum(((TriggerData *) fcinfo->context)->tg_newtuple);
}
