/*-------------------------------------------------------------------------
 *
 * trigger.c
 *	  The trigger that SQL calls: called properly?  which event?  what row to
 *	  return?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "commands/trigger.h"
#include "utils/rel.h"

#include "conflict.h"
#include "policy.h"
#include "session.h"
#include "verdict.h"
#include "version.h"
#include "writer.h"

PG_FUNCTION_INFO_V1(version_trigger);

/* Refuse to be anything but what attach makes of us. */
static void
check_protocol(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"concurrency.version_trigger"),
				 errhint("Attach it to a table with concurrency.attach().")));

	if (!TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" on table \"%s\" must be fired BEFORE, FOR EACH ROW",
						trigdata->tg_trigger->tgname,
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Drop it, and attach the table with concurrency.attach()."),
				 errtable(trigdata->tg_relation)));
}

/*
 * Did the writer send a version?  It did if the SET list names the column; if
 * another trigger has set it, its word counts as the writer's.
 */
static inline bool
token_was_sent(const VersionColumn *column, TriggerData *trigdata,
			   const VersionChange *change)
{
	return bms_is_member(column->place.attnum - FirstLowInvalidHeapAttributeNumber,
						 trigdata->tg_updatedcols) ||
		!cc_version_equals(column, change->new, change->old);
}

/* What does the transaction say of this statement's writes? */
static const SessionView *
view_session(const VersionPolicy *policy, TriggerData *trigdata)
{
	SessionView *view = &policy->state->session;

	cc_session_view(view, &policy->column, trigdata->tg_relation);
	return view;
}

/* Is this statement a foreign key's?  One statement's rows all are, or none. */
static bool
is_foreign_keys(const VersionPolicy *policy, TriggerData *trigdata)
{
	StatementState *state = policy->state;

	if (!state->writer_is_known)
	{
		state->is_foreign_key = cc_writer_is_foreign_key(trigdata);
		state->writer_is_known = true;
	}
	return state->is_foreign_key;
}

/* Is this write none that can be stale or blind? */
static bool
is_exempt(const VersionPolicy *policy, TriggerData *trigdata)
{
	return is_foreign_keys(policy, trigdata) ||
		(cc_session_notes && view_session(policy, trigdata)->skips_check);
}

/*
 * Hold a row to the version that the transaction expects of it.  What the
 * transaction itself has made of the row since is as expected.
 */
static pg_noinline void
heed_expectation(const VersionPolicy *policy, TriggerData *trigdata,
				 VersionChange *change)
{
	SessionNote *note = view_session(policy, trigdata)->expectation;

	if (note == NULL || is_exempt(policy, trigdata))
		return;
	change->is_expected = true;
	if (cc_writer_made_row(trigdata, note->told))
		change->expected = change->old;
	else
	{
		change->expected = note->version;
		note->is_met = true;
	}
}

/* Fetch a row's version. */
static inline VersionValue
read_version(const VersionColumn *column, HeapTuple row, TupleDesc tupdesc)
{
	return cc_version_fetch(column, cc_version_find(column, row, tupdesc),
							row, tupdesc);
}

/* Collect what is known of a row's versions, and what the writer said. */
static pg_attribute_always_inline void
read_change(const VersionPolicy *policy, TriggerData *trigdata,
			VersionChange *change)
{
	const VersionColumn *column = &policy->column;
	HeapTuple	new = trigdata->tg_newtuple;
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);

	change->old = read_version(column, trigdata->tg_trigtuple, tupdesc);
	if (new)
	{
		change->place = cc_version_find(column, new, tupdesc);
		change->new = cc_version_fetch(column, change->place, new, tupdesc);
		change->token_was_sent = token_was_sent(column, trigdata, change);
	}
	else
	{
		change->place = NULL;
		change->new = change->old;
		change->token_was_sent = false;
	}
	change->is_expected = false;
	if (unlikely(cc_session_notes != NULL))
		heed_expectation(policy, trigdata, change);
}

/* Judge a write, with those in mind that are above the table's own rules. */
static inline Verdict
judge(const VersionPolicy *policy, TriggerData *trigdata,
	  const VersionChange *change)
{
	Verdict		verdict = cc_verdict(policy, change);

	if (verdict == VERDICT_BUMP || verdict == VERDICT_KEEP)
		return verdict;
	if (verdict == VERDICT_BLIND &&
		(policy->blind == BLIND_ALLOW ||
		 cc_session_is_asserted(trigdata->tg_relation,
								&trigdata->tg_trigtuple->t_self,
								trigdata->tg_trigger->tgargs[0])))
		return VERDICT_BUMP;
	if (!is_exempt(policy, trigdata))
		return verdict;
	if (verdict == VERDICT_CONFLICT && !is_foreign_keys(policy, trigdata))
		cc_conflict_bypassed(trigdata);
	return VERDICT_BUMP;
}

/* Heed somebody else's edit of the row, if the table is to. */
static pg_noinline void
heed_edits(const VersionPolicy *policy, TriggerData *trigdata)
{
	Edit		edit;

	if (cc_edit_find(policy->watch, trigdata->tg_relation,
					 trigdata->tg_trigtuple, &edit) &&
		!is_exempt(policy, trigdata))
		cc_conflict_edited(policy, trigdata, &edit);
}

/* Choose the version to store with an updated row. */
static VersionValue
choose_version(const VersionPolicy *policy, TriggerData *trigdata,
			   const VersionChange *change, Verdict verdict)
{
	if (cc_session_notes && view_session(policy, trigdata)->skips_bump &&
		!is_foreign_keys(policy, trigdata))
		return change->old;
	if (verdict == VERDICT_KEEP)
		return change->new;
	if (policy->condition && verdict != VERDICT_CONFLICT &&
		!cc_condition_is_met(policy->condition, trigdata))
		return change->old;

	if (cc_version_is_last(&policy->column, change->old))
		cc_conflict_last(policy, trigdata, change->old);
	return cc_version_next(&policy->column, change->old);
}

/* Give an inserted row its first version, unless it brings one. */
static pg_noinline HeapTuple
stamp_inserted_row(const VersionPolicy *policy, TriggerData *trigdata)
{
	const VersionColumn *column = &policy->column;
	HeapTuple	row = trigdata->tg_trigtuple;
	TupleDesc	tupdesc = RelationGetDescr(trigdata->tg_relation);
	VersionValue version = read_version(column, row, tupdesc);

	if (cc_version_is_last(column, version))
		cc_conflict_last(policy, trigdata, version);
	if (!version.isnull)
		return row;

	return cc_version_write(column, row, tupdesc,
							cc_version_next(column, version));
}

/*
 * The row that one of our triggers has left out of an UPDATE last.  Another one
 * that came before it, on the same row, cannot know otherwise.
 */
static struct
{
	Oid			relid;
	ItemPointerData tid;
}			left_out;

/* Note that a row is left out. */
static void
remember_left_out(TriggerData *trigdata)
{
	left_out.relid = RelationGetRelid(trigdata->tg_relation);
	left_out.tid = trigdata->tg_trigtuple->t_self;
}

/* Is it this row that was left out last? */
static bool
was_left_out(TriggerData *trigdata)
{
	return left_out.relid == RelationGetRelid(trigdata->tg_relation) &&
		ItemPointerEquals(&left_out.tid, &trigdata->tg_trigtuple->t_self);
}

/* Note which row is about to be updated. */
static void
remember_judged(const VersionPolicy *policy, TriggerData *trigdata)
{
	policy->state->judged = trigdata->tg_trigtuple->t_self;
	if (was_left_out(trigdata))
		left_out.relid = InvalidOid;
}

/* Is there nothing to say of an inserted row?  So it is with nearly all. */
static inline bool
brings_version(const VersionPolicy *policy, TriggerData *trigdata)
{
	return policy->column.kind->wraps &&
		cc_place_is_filled(&policy->column.place, trigdata->tg_trigtuple);
}

/*
 * May the updated row be changed where it is?
 *
 * It may where the slot holds a tuple of its own.  ExecBRUpdateTriggers()
 * (trigger.c) has the slot materialize the new row before it calls a trigger,
 * and hands out the slot's very tuple (ExecFetchSlotHeapTuple(), execTuples.c);
 * when the trigger returns that, it goes on with the slot.  Nobody else knows
 * the tuple.  A virtual slot, as logical replication has it, hands out a copy
 * instead, of which it would never see the change.
 */
static bool
is_own_row(TriggerData *trigdata)
{
	TupleTableSlot *slot = trigdata->tg_newslot;

	return (TTS_IS_BUFFERTUPLE(slot) || TTS_IS_HEAPTUPLE(slot)) &&
		TTS_SHOULDFREE(slot) &&
		((HeapTupleTableSlot *) slot)->tuple == trigdata->tg_newtuple;
}

/* Store a version with the updated row, in place if that is possible. */
static HeapTuple
write_version(const VersionPolicy *policy, TriggerData *trigdata,
			  const VersionChange *change, VersionValue version)
{
	const VersionColumn *column = &policy->column;
	HeapTuple	row = trigdata->tg_newtuple;

	if (cc_version_equals(column, version, change->new))
		return row;
	if (version.isnull || change->place == NULL ||
		OidIsValid(column->domain) || !is_own_row(trigdata))
		return cc_version_write(column, row,
								RelationGetDescr(trigdata->tg_relation),
								version);

	cc_version_overwrite(column, trigdata->tg_newslot, change->place, version);
	return row;
}

/* Judge an updated row, and give it its next version. */
static pg_noinline HeapTuple
advance_updated_row(const VersionPolicy *policy, TriggerData *trigdata)
{
	HeapTuple	row = trigdata->tg_newtuple;
	VersionChange change;
	Verdict		verdict;
	VersionValue version;

	if (policy->watch)
		heed_edits(policy, trigdata);
	read_change(policy, trigdata, &change);
	verdict = judge(policy, trigdata, &change);
	if (verdict == VERDICT_FUTURE)
		cc_conflict_future(policy, trigdata, change.new);
	if (verdict == VERDICT_BLIND)
		cc_conflict_blind(policy, trigdata, change.old);
	if (verdict == VERDICT_CONFLICT)
		row = cc_conflict_resolve(policy, trigdata, &change);
	if (row == NULL)
	{
		remember_left_out(trigdata);
		return NULL;
	}
	if (policy->sees_moves)
		remember_judged(policy, trigdata);

	version = choose_version(policy, trigdata, &change, verdict);
	if (row == trigdata->tg_newtuple)
		return write_version(policy, trigdata, &change, version);
	return cc_version_write(&policy->column, row,
							RelationGetDescr(trigdata->tg_relation), version);
}

/*
 * Is this DELETE half of an UPDATE that moves the row to another partition?
 * Then the row was judged a moment ago, by this statement's UPDATE, and none of
 * our triggers has left it out since, as MERGE might come to it again.  That
 * somebody else's trigger, behind ours, left it out cannot be seen: it is there
 * by the table owner's leave, and the row is still the one that was judged.
 */
static bool
is_half_of_move(const VersionPolicy *policy, TriggerData *trigdata)
{
	ItemPointer judged = &policy->state->judged;

	return ItemPointerIsValid(judged) &&
		ItemPointerEquals(judged, &trigdata->tg_trigtuple->t_self) &&
		!was_left_out(trigdata);
}

/* Judge a row that is to be deleted. */
static pg_noinline HeapTuple
judge_deleted_row(const VersionPolicy *policy, TriggerData *trigdata)
{
	HeapTuple	row = trigdata->tg_trigtuple;
	VersionChange change;
	Verdict		verdict;

	if (is_half_of_move(policy, trigdata))
		return row;

	if (policy->watch)
		heed_edits(policy, trigdata);
	read_change(policy, trigdata, &change);
	verdict = judge(policy, trigdata, &change);
	if (verdict == VERDICT_BLIND)
		cc_conflict_blind(policy, trigdata, change.old);
	if (verdict == VERDICT_CONFLICT)
		row = cc_conflict_resolve(policy, trigdata, &change);
	return row;
}

/*
 * version_trigger() RETURNS trigger
 *
 * Keeps the version column that the trigger's first argument names.
 */
Datum
version_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	const VersionPolicy *policy;

	check_protocol(fcinfo);
	policy = cc_policy_for_call(fcinfo);

	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		return PointerGetDatum(advance_updated_row(policy, trigdata));
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		return PointerGetDatum(brings_version(policy, trigdata) ?
							   trigdata->tg_trigtuple :
							   stamp_inserted_row(policy, trigdata));
	return PointerGetDatum(judge_deleted_row(policy, trigdata));
}
