/*-------------------------------------------------------------------------
 *
 * shortcut.c
 *	  Updates whose trigger has nothing to say, and need not be called: which
 *	  statements, and which of their tables.
 *
 * A statement is looked at when it starts, and its tables when its first row
 * turns up, which is when the executor prepares to form new rows
 * (ExecInitUpdateProjection(), nodeModifyTable.c).  That is done here in its
 * place, with something in front of the projection: see shortcut_row.c, which
 * also tells why nobody but the server can see a difference.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "settings.h"
#include "shortcut.h"
#include "shortcut_row.h"

#if EXECUTOR_IS_KNOWN

/* Of more tables, a statement that may meet few of their rows prepares none. */
#define FEW_TABLES 8

/* An UPDATE that waits for its first row. */
typedef struct AwaitedUpdate
{
	ModifyTableState *statement;
	ExecProcNodeMtd fetch;		/* how its subplan fetches rows */
	bool		has_begun;
	struct AwaitedUpdate *next;
	MemoryContextCallback at_end;
} AwaitedUpdate;

/* Those that are running, one called by the other; in the statements' memory. */
static AwaitedUpdate *awaited_updates = NULL;

static ExecutorStart_hook_type previous_ExecutorStart = NULL;

/* Does a trigger stand between a table's old rows and its new ones? */
static bool
is_called(const Trigger *trigger)
{
	bool		is_replica = SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA;

	return TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_ROW,
								TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_UPDATE) &&
		trigger->tgenabled != TRIGGER_DISABLED &&
		trigger->tgenabled != (is_replica ? TRIGGER_FIRES_ON_ORIGIN :
							   TRIGGER_FIRES_ON_REPLICA);
}

/*
 * Stand in front of a table's projection, after ExecInitUpdateProjection().
 */
static void
stand_in_front(Shortcut *shortcut, int which)
{
	ModifyTableState *statement = shortcut->statement;
	ResultRelInfo *table = shortcut->table;
	EState	   *estate = statement->ps.state;

	table->ri_oldTupleSlot = table_slot_create(table->ri_RelationDesc,
											   &estate->es_tupleTable);
	table->ri_newTupleSlot = table_slot_create(table->ri_RelationDesc,
											   &estate->es_tupleTable);
	if (statement->ps.ps_ExprContext == NULL)
		ExecAssignExprContext(estate, &statement->ps);
	shortcut->projection = ExecBuildUpdateProjection(outerPlan(statement->ps.plan)->targetlist,
													 false, /* the subplan did it */
													 list_nth(update_colnos_lists_compat(statement), which),
													 RelationGetDescr(table->ri_RelationDesc),
													 statement->ps.ps_ExprContext,
													 table->ri_newTupleSlot,
													 &statement->ps);

	shortcut->front = *shortcut->projection;
	shortcut->front.pi_state.evalfunc = cc_shortcut_form_row;
	shortcut->front.pi_state.evalfunc_private = shortcut;
	table->ri_projectNew = &shortcut->front;
	table->ri_projectNewInfoValid = true;
}

/*
 * Would the trigger's lock keep others from referring to the row?  So says
 * ExecUpdateLockMode() (execMain.c), in longer time.
 */
static bool
locks_keys(ResultRelInfo *table, EState *estate)
{
	TupleConstr *constraints = RelationGetDescr(table->ri_RelationDesc)->constr;
	Bitmapset  *updated;

	if (constraints && constraints->has_generated_stored)
		updated = ExecGetAllUpdatedCols(table, estate);
	else
		updated = ExecGetUpdatedCols(table, estate);
	return bms_overlap(updated, RelationGetIndexAttrBitmap(table->ri_RelationDesc,
														   INDEX_ATTR_BITMAP_KEY));
}

/*
 * What keeps a table's rows from the shortcut in this statement, whatever our
 * trigger was told?
 */
static const char *
find_obstacle(const Shortcut *shortcut, int ncalled)
{
	ResultRelInfo *table = shortcut->table;
	Relation	rel = table->ri_RelationDesc;

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_tableam != GetHeapamTableAmRoutine())
		return "it is not a table of the access method heap";
	if (shortcut->ntriggers < ncalled)
		return "it has other triggers that are called before";
	for (int i = 0; i < ncalled; i++)
	{
		const Trigger *trigger = shortcut->triggers[i].trigger;

		if (trigger->tgqual != NULL || trigger->tgnattr > 0)
			return "the trigger is not called for every row";
	}
	if (locks_keys(table, shortcut->statement->ps.state))
		return "the statement sets columns of a key";
	return NULL;
}

/* Prepare a table's rows to take the shortcut, if they may. */
static void
prepare_table(ModifyTableState *statement, int which)
{
	ResultRelInfo *table = &statement->resultRelInfo[which];
	TriggerDesc *descriptor = table->ri_TrigDesc;
	Shortcut   *shortcut;
	const char *obstacle;
	int			ncalled = 0;

	if (descriptor == NULL || !descriptor->trig_update_before_row ||
		table->ri_projectNewInfoValid)
		return;

	shortcut = palloc0(offsetof(Shortcut, triggers) +
					   descriptor->numtriggers * sizeof(ShortcutTrigger));
	shortcut->statement = statement;
	shortcut->table = table;
	shortcut->session_role = SessionReplicationRole;
	for (int i = 0; i < descriptor->numtriggers; i++)
	{
		Trigger    *trigger = &descriptor->triggers[i];

		if (!is_called(trigger))
			continue;
		ncalled++;
		if (cc_shortcut_trigger_may_be_ours(trigger))
		{
			ShortcutTrigger *ours = &shortcut->triggers[shortcut->ntriggers++];

			ours->trigger = trigger;
			ours->function = &table->ri_TrigFunctions[i];
		}
	}
	if (shortcut->ntriggers == 0)
		return;

	obstacle = find_obstacle(shortcut, ncalled);
	if (obstacle == NULL)
		stand_in_front(shortcut, which);
	else
		cc_shortcut_report(table, obstacle);
}

/*
 * Fetch a row in the subplan's place, and if it is the first one, have it find
 * all prepared.
 */
static TupleTableSlot *
fetch_row(PlanState *subplan)
{
	AwaitedUpdate *update = awaited_updates;
	TupleTableSlot *row;

	while (outerPlanState(update->statement) != subplan)
		update = update->next;

	/* once is enough */
	if (subplan->ExecProcNode == fetch_row)
		subplan->ExecProcNode = update->fetch;
	row = update->fetch(subplan);
	if (!TupIsNull(row) && !update->has_begun)
	{
		MemoryContext oldcontext;

		update->has_begun = true;
		oldcontext = MemoryContextSwitchTo(subplan->state->es_query_cxt);
		for (int i = 0; i < update->statement->mt_nrels; i++)
			prepare_table(update->statement, i);
		MemoryContextSwitchTo(oldcontext);
	}
	return row;
}

/* Forget an UPDATE when its memory goes, by an error or in peace. */
static void
forget_update(void *arg)
{
	AwaitedUpdate **link = &awaited_updates;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

/* Wait for the first row of a statement, if its tables may be worth it. */
static void
await_update(PlanState *planstate)
{
	ModifyTableState *statement = (ModifyTableState *) planstate;
	AwaitedUpdate *update;
	bool		has_triggers = false;

	if (!IsA(planstate, ModifyTableState) || statement->operation != CMD_UPDATE)
		return;
	for (int i = 0; i < statement->mt_nrels; i++)
	{
		const TriggerDesc *descriptor = statement->resultRelInfo[i].ri_TrigDesc;

		if (descriptor && descriptor->trig_update_before_row)
			has_triggers = true;
	}
	if (!has_triggers ||
		(statement->mt_nrels > FEW_TABLES &&
		 outerPlan(planstate->plan)->plan_rows < 2.0 * statement->mt_nrels))
		return;

	update = MemoryContextAllocZero(planstate->state->es_query_cxt, sizeof(AwaitedUpdate));
	update->statement = statement;
	update->fetch = outerPlanState(planstate)->ExecProcNode;
	outerPlanState(planstate)->ExecProcNode = fetch_row;
	update->next = awaited_updates;
	awaited_updates = update;
	update->at_end.func = forget_update;
	update->at_end.arg = update;
	MemoryContextRegisterResetCallback(planstate->state->es_query_cxt, &update->at_end);
}

/* ExecutorStart hook */
static void
start_executor(QueryDesc *queryDesc, int eflags)
{
	ListCell   *lc;

	if (previous_ExecutorStart)
		previous_ExecutorStart(queryDesc, eflags);
	else
		standard_ExecutorStart(queryDesc, eflags);

	/* with track_functions, every call counts */
	if (!cc_shortcut || (eflags & EXEC_FLAG_EXPLAIN_ONLY) != 0 ||
		pgstat_track_functions == TRACK_FUNC_ALL)
		return;
	await_update(queryDesc->planstate);
	foreach(lc, queryDesc->estate->es_auxmodifytables)
	{
		/* what a rule does also is both */
		if (lfirst(lc) != queryDesc->planstate)
			await_update(lfirst(lc));
	}
}

/* Set the hook.  Called once, from _PG_init. */
void
cc_shortcut_init(void)
{
	cc_shortcut_trigger_init();
	previous_ExecutorStart = ExecutorStart_hook;
	ExecutorStart_hook = start_executor;
}

#else

void
cc_shortcut_init(void)
{
}

#endif
