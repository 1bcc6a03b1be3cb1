/*-------------------------------------------------------------------------
 *
 * shortcut_row.c
 *	  What is done to a row that takes the shortcut: its version is counted where
 *	  the executor forms it, and the trigger is not called.
 *
 * That a table has a BEFORE row trigger makes the executor lock and fetch each
 * row for it, which costs far more than all that the trigger does.  But the
 * executor has OLD already when it forms the new row (ExecGetUpdateNewTuple(),
 * nodeModifyTable.c), and that is where we stand, in the place of the
 * projection.  If the trigger would plainly accept the write, NEW gets its
 * version here, and the executor's own copy of the table's trigger descriptor
 * says that there is no such trigger.  For every other row it says that there is
 * one, which locks the row, judges it and tells what it has to tell: no refusal
 * is ever ours to imitate.
 *
 * This is right because only free rows are accepted: ones that nobody has locked
 * or replaced at the time when we look.  Were the trigger called, it would have
 * its lock at once, find this very row, and judge it as we do; and all that the
 * executor evaluates next (generated columns, constraints, row security,
 * partition bounds) it would evaluate on this very row.  If somebody else comes
 * in between all the same, it is as if he had come first: table_tuple_update()
 * finds it out, and the executor raises its 40001, gives up a row that is gone,
 * or has EvalPlanQual() lock and recheck the row as it is now and forms it again,
 * where it is judged again.
 *
 * So a row is formed at four points, in 15, 17 and 18:
 *
 * (a) ExecModifyTable(), once a row, before anything is locked.
 * (b) ExecUpdate(), when the row that we accepted was updated meanwhile.
 * (c) ExecCrossPartitionUpdate(), the same, for a row that moves.
 * (d) ExecBRUpdateTriggers(), where the trigger is called next.
 *
 * At (a), and nowhere else, the row that the plan has fetched is the one that
 * the statement's EPQState was told of (EvalPlanQualSetSlot()); at the others it
 * is one that EvalPlanQual() has made.  At (b) and (c) the descriptor says that
 * there is no trigger, and at (d) that there is.  In an UPDATE nobody reads that
 * but ExecUpdatePrologue(), which follows (a); what has to know whether the table
 * has such triggers at all asks the relation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "session.h"
#include "shortcut_row.h"
#include "verdict.h"

/*
 * Tell whoever looks for it whether a table's updates take the shortcut in this
 * statement, or what keeps them from it.
 */
void
cc_shortcut_report(ResultRelInfo *table, const char *obstacle)
{
	const char *name = RelationGetRelationName(table->ri_RelationDesc);

	if (!message_level_is_interesting(DEBUG1))
		return;
	if (obstacle)
		ereport(DEBUG1,
				(errmsg_internal("updates of table \"%s\" do not take the shortcut: %s",
								 name, obstacle)));
	else
		ereport(DEBUG1,
				(errmsg_internal("updates of table \"%s\" take the shortcut", name)));
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
 * Find what keeps a table's rows from the shortcut, as far as its triggers up to
 * this one tell, which is about to be called for the first time; NULL if nothing
 * does.
 */
static const char *
find_obstacle(Shortcut *shortcut, ShortcutTrigger *trigger)
{
	EState	   *estate = shortcut->statement->ps.state;
	const char *obstacle;

	if (trigger == shortcut->triggers && locks_keys(shortcut->table, estate))
		return "the statement sets columns of a key";

	obstacle = cc_shortcut_trigger_prepare(trigger, shortcut->table, estate);
	if (obstacle)
		return obstacle;

	/* what one of them writes, the next one would take for the writer's word */
	for (const ShortcutTrigger *earlier = shortcut->triggers; earlier < trigger; earlier++)
	{
		if (earlier->policy->column.place.attnum == trigger->policy->column.place.attnum)
			return "two triggers keep the same column";
	}
	return NULL;
}

/*
 * Get to know a trigger.  False if it has to be called: this once, as nobody has
 * called it in this session, or for all rows, and then we step aside.
 */
static pg_noinline bool
prepare_trigger(Shortcut *shortcut, ShortcutTrigger *trigger)
{
	const char *obstacle;

	if (cc_policy_function == NULL)
		return false;
	obstacle = find_obstacle(shortcut, trigger);
	if (obstacle)
		shortcut->table->ri_projectNew = shortcut->projection;
	if (obstacle || trigger == &shortcut->triggers[shortcut->ntriggers - 1])
		cc_shortcut_report(shortcut->table, obstacle);
	return obstacle == NULL;
}

/*
 * Has nobody locked or replaced a row?  This is what the trigger's lock would go
 * by, under the lock of the row's buffer.
 */
static pg_noinline bool
is_found_free(TupleTableSlot *row, EState *estate)
{
	Buffer		buffer = ((BufferHeapTupleTableSlot *) row)->buffer;
	TM_Result	result;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	result = HeapTupleSatisfiesUpdate(((HeapTupleTableSlot *) row)->tuple,
									  estate->es_output_cid, buffer);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return result == TM_Ok;
}

/*
 * Has nobody locked or replaced a row?  Most rows tell at once.
 *
 * OLD is where it is in its buffer, as table_tuple_fetch_row_version() has just
 * found it.  A row that a trigger's call has updated keeps the lock that was
 * taken for it, though who took it is gone.
 */
static inline bool
is_free(TupleTableSlot *row, EState *estate)
{
	Assert(TTS_IS_BUFFERTUPLE(row) && !TTS_SHOULDFREE(row));
	return (((HeapTupleTableSlot *) row)->tuple->t_data->t_infomask & HEAP_XMAX_INVALID) != 0 ||
		is_found_free(row, estate);
}

/*
 * Choose the version to store, as the trigger does; false if it has more to say.
 * NEW is not a row yet: slot functions do not work on it.
 */
static inline bool
choose_version(ShortcutTrigger *trigger, TupleTableSlot *old, TupleTableSlot *new)
{
	const VersionPolicy *policy = trigger->policy;
	AttrNumber	attnum = policy->column.place.attnum;
	Verdict		verdict;
	VersionChange change = {
		.new = {new->tts_values[attnum - 1], new->tts_isnull[attnum - 1]},
		/* else it is OLD's: no other trigger writes to this column */
		.token_was_sent = trigger->is_sent
	};

	change.old.datum = slot_getattr(old, attnum, &change.old.isnull);
	verdict = cc_verdict(policy, &change);
	if (verdict == VERDICT_KEEP)
		trigger->next = change.new;
	else if (verdict != VERDICT_BUMP &&
			 (verdict != VERDICT_BLIND || policy->blind != BLIND_ALLOW))
		return false;
	else if (policy->condition && !cc_condition_is_met_by(policy->condition, old, new))
		trigger->next = change.old;
	else
		trigger->next = cc_version_next(&policy->column, change.old);
	return true;
}

/*
 * Give the new row its versions, if all of our triggers plainly accept it.  None
 * of them looks at what another one writes.
 */
static inline bool
accept_row(Shortcut *shortcut, TupleTableSlot *old, TupleTableSlot *new)
{
	if (cc_session_notes != NULL ||
		SessionReplicationRole != shortcut->session_role)
		return false;

	for (int i = 0; i < shortcut->ntriggers; i++)
	{
		ShortcutTrigger *trigger = &shortcut->triggers[i];

		if (unlikely(trigger->policy == NULL) && !prepare_trigger(shortcut, trigger))
			return false;
		if (!choose_version(trigger, old, new))
			return false;
	}

	for (int i = 0; i < shortcut->ntriggers; i++)
	{
		ShortcutTrigger *trigger = &shortcut->triggers[i];
		int			column = trigger->policy->column.place.attnum - 1;

		new->tts_values[column] = trigger->next.datum;
		new->tts_isnull[column] = trigger->next.isnull;
	}
	shortcut->session_changes = cc_session_changes;
	return true;
}

/*
 * Call the triggers for a row that the executor has locked already, and for which
 * it will not call them itself.
 */
static pg_noinline void
call_triggers(Shortcut *shortcut, TupleTableSlot *old, TupleTableSlot *new)
{
	LOCAL_FCINFO(fcinfo, 0);
	TupleDesc	tupdesc = old->tts_tupleDescriptor;
	HeapTuple	row = heap_form_tuple(tupdesc, new->tts_values, new->tts_isnull);
	TriggerData trigdata = {
		.type = T_TriggerData,
		.tg_event = TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE,
		.tg_relation = shortcut->table->ri_RelationDesc,
		.tg_trigtuple = ExecFetchSlotHeapTuple(old, false, NULL),
		.tg_trigslot = old,
		.tg_newslot = MakeSingleTupleTableSlot(tupdesc, &TTSOpsHeapTuple),
		.tg_updatedcols = ExecGetAllUpdatedCols(shortcut->table,
												shortcut->statement->ps.state)
	};

	for (int i = 0; i < shortcut->ntriggers; i++)
	{
		trigdata.tg_trigger = shortcut->triggers[i].trigger;
		trigdata.tg_newtuple = row;
		ExecStoreHeapTuple(row, trigdata.tg_newslot, false);
		InitFunctionCallInfoData(*fcinfo, shortcut->triggers[i].function, 0,
								 InvalidOid, (Node *) &trigdata, NULL);
		row = (HeapTuple) DatumGetPointer(FunctionCallInvoke(fcinfo));
		if (row == NULL)
			elog(ERROR, "row of table \"%s\" cannot be left out any more",
				 RelationGetRelationName(trigdata.tg_relation));
	}
	heap_deform_tuple(row, tupdesc, new->tts_values, new->tts_isnull);
	ExecDropSingleTupleTableSlot(trigdata.tg_newslot);
}

/*
 * Judge a row again that the executor has locked, as somebody has updated it since
 * we accepted it.
 *
 * The triggers are asked now, and would have been asked then.  If the statement
 * itself, by a function in a constraint, has told something of its writes in
 * between, that is not the same.
 */
static pg_noinline void
judge_again(Shortcut *shortcut, TupleTableSlot *old, TupleTableSlot *new)
{
	if (cc_session_changes != shortcut->session_changes)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (!accept_row(shortcut, old, new))
		call_triggers(shortcut, old, new);
}

/*
 * Form a new row: the function of the expression that the executor takes for the
 * projection.  It runs in the memory of one row.
 */
Datum
cc_shortcut_form_row(ExprState *state, ExprContext *econtext, bool *isnull)
{
	Shortcut   *shortcut = state->evalfunc_private;
	TriggerDesc *descriptor = shortcut->table->ri_TrigDesc;
	TupleTableSlot *old = econtext->ecxt_scantuple;
	TupleTableSlot *new = state->resultslot;
	ExprState  *projection = &shortcut->projection->pi_state;

	/* not kept: PostgreSQL exchanges the function after the first call */
	Datum		result = projection->evalfunc(projection, econtext, isnull);

	if (econtext->ecxt_outertuple == shortcut->statement->mt_epqstate.origslot)
		descriptor->trig_update_before_row =
			!is_free(old, shortcut->statement->ps.state) ||
			!accept_row(shortcut, old, new);
	else if (!descriptor->trig_update_before_row)
		judge_again(shortcut, old, new);
	return result;
}
