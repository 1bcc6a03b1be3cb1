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
	PlanState  *subplan;		/* which fetches its rows... */
	ExecProcNodeMtd fetch;		/* ...by this */
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
 * Stand in front of a table's projection, which is made here as
 * ExecInitUpdateProjection() (nodeModifyTable.c, static) makes it in 15, 17 and 18.
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
 * What keeps a table's rows from the shortcut in this statement, whatever our
 * triggers were told?  "ours" are their numbers.
 */
static const char *
find_obstacle(ResultRelInfo *table, List *ours, int ncalled)
{
	Relation	rel = table->ri_RelationDesc;
	Trigger    *triggers = table->ri_TrigDesc->triggers;
	ListCell   *lc;

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_tableam != GetHeapamTableAmRoutine())
		return "it is not a table of the access method heap";
	if (list_length(ours) < ncalled)
		return "it has other triggers that are called before";
	foreach(lc, ours)
	{
		const Trigger *trigger = &triggers[lfirst_int(lc)];

		if (trigger->tgqual != NULL || trigger->tgnattr > 0)
			return "the trigger is not called for every row";
		/* they know each other's columns by it */
		if (trigger->tgfoid != triggers[linitial_int(ours)].tgfoid)
			return "its triggers call different functions";
	}
	return NULL;
}

/* Prepare a table's rows to take the shortcut. */
static void
prepare_shortcut(ModifyTableState *statement, int which, List *ours)
{
	ResultRelInfo *table = &statement->resultRelInfo[which];
	Shortcut   *shortcut;
	ListCell   *lc;

	shortcut = palloc0(offsetof(Shortcut, triggers) +
					   list_length(ours) * sizeof(ShortcutTrigger));
	shortcut->statement = statement;
	shortcut->table = table;
	shortcut->session_role = SessionReplicationRole;
	foreach(lc, ours)
	{
		ShortcutTrigger *trigger = &shortcut->triggers[shortcut->ntriggers++];

		trigger->trigger = &table->ri_TrigDesc->triggers[lfirst_int(lc)];
		trigger->function = &table->ri_TrigFunctions[lfirst_int(lc)];
	}
	stand_in_front(shortcut, which);
}

/* Look at a table, one of whose rows may come. */
static void
look_at_table(ModifyTableState *statement, int which)
{
	ResultRelInfo *table = &statement->resultRelInfo[which];
	TriggerDesc *descriptor = table->ri_TrigDesc;
	List	   *ours = NIL;
	const char *obstacle;
	int			ncalled = 0;

	if (descriptor == NULL || !descriptor->trig_update_before_row ||
		table->ri_projectNewInfoValid)
		return;

	for (int i = 0; i < descriptor->numtriggers; i++)
	{
		if (!is_called(&descriptor->triggers[i]))
			continue;
		ncalled++;
		if (cc_shortcut_trigger_may_be_ours(&descriptor->triggers[i]))
			ours = lappend_int(ours, i);
	}
	if (ours == NIL)
		return;

	obstacle = find_obstacle(table, ours, ncalled);
	if (obstacle == NULL)
		prepare_shortcut(statement, which, ours);
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

	while (update && update->subplan != subplan)
		update = update->next;
	if (update == NULL)
		elog(ERROR, "no UPDATE fetches rows from this plan node");

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
			look_at_table(update->statement, i);
		MemoryContextSwitchTo(oldcontext);
	}
	return row;
}

/* Forget an UPDATE when its memory goes, by an error or in peace. */
static void
forget_update(void *arg)
{
	AwaitedUpdate **link = &awaited_updates;

	while (*link && *link != arg)
		link = &(*link)->next;
	if (*link)
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
	update->subplan = outerPlanState(planstate);
	update->fetch = update->subplan->ExecProcNode;
	update->subplan->ExecProcNode = fetch_row;
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
